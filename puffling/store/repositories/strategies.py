"""The person's configured strategies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import col, func, select

from puffling.runtime.errors import Conflict, NotFound
from puffling.runtime.text import tr
from puffling.store.events import StrategiesChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.research import StrategyConfig
from puffling.store.tables.research import StrategyConfigRow

MANUAL = "manual"


class StrategyConfigs(Repository):
    """Makes, changes and removes configurations; whether parameters fit is known before they come here."""

    def all(self) -> tuple[StrategyConfig, ...]:
        """Give all configurations, by name."""
        wanted = (
            select(StrategyConfigRow)
            .where(StrategyConfigRow.user_id == self._user)
            .order_by(func.lower(col(StrategyConfigRow.name)), col(StrategyConfigRow.id))
        )
        return tuple(_value(row) for row in self._session.exec(wanted))

    def names(self) -> dict[str, str]:
        """Give the name of each configuration by its id."""
        wanted = select(StrategyConfigRow.id, StrategyConfigRow.name)
        return dict(self._session.exec(wanted.where(StrategyConfigRow.user_id == self._user)).all())

    def has(self, id: str) -> bool:
        """Tell whether there is a configuration of this id."""
        row = self._session.get(StrategyConfigRow, id)
        return row is not None and row.user_id == self._user

    def get(self, id: str) -> StrategyConfig:
        """Give one, by its id or its name."""
        return _value(self._row(id))

    def create(
        self, *, name: str, strategy: str, parameters: dict[str, Any], symbols: Iterable[str], interval: str
    ) -> StrategyConfig:
        """Keep a new configuration."""
        row = StrategyConfigRow(
            id=new_id(),
            user_id=self._user,
            name=self._free_name(name),
            strategy_type=strategy,
            params=checked_json(parameters, "parameters"),
            symbols=list(symbols),
            interval=interval,
            mode=MANUAL,
            created_at=self._now,
            updated_at=self._now,
        )
        return self._changed(row)

    def change(
        self,
        id: str,
        *,
        name: str,
        strategy: str,
        parameters: dict[str, Any],
        symbols: Iterable[str],
        interval: str,
    ) -> StrategyConfig:
        """Change a configuration; it gets a new version."""
        row = self._row(id)
        self._refuse_active(row, tr("Deactivate it before it is changed."))
        row.name = self._free_name(name, besides=row.id)
        row.strategy_type, row.params = strategy, checked_json(parameters, "parameters")
        row.symbols, row.interval = list(symbols), interval
        row.version += 1
        row.updated_at = self._now
        return self._changed(row)

    def remove(self, id: str) -> StrategyConfig:
        """Remove a configuration that nothing runs, and give it back; its results stay."""
        row = self._row(id)
        self._refuse_active(row, tr("Deactivate it before it is deleted."))
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(StrategiesChanged(self._user))
        return removed

    def restore(self, config: StrategyConfig) -> StrategyConfig:
        """Bring a removed configuration back as it was."""
        row = StrategyConfigRow(
            id=config.id,
            user_id=self._user,
            name=self._free_name(config.name),
            strategy_type=config.strategy,
            params=config.parameters,
            symbols=list(config.symbols),
            interval=config.interval,
            mode=MANUAL,
            version=config.version,
            created_at=config.created_at,
            updated_at=self._now,
        )
        return self._changed(row)

    def set_mode(self, id: str, mode: str) -> StrategyConfig:
        """Let a configuration act by itself in a mode, or with `manual` no more."""
        row = self._row(id)
        row.mode, row.enabled = mode, mode != MANUAL
        return self._changed(row)

    def _refuse_active(self, row: StrategyConfigRow, hint: str) -> None:
        if row.enabled:
            raise Conflict(tr("{name} is active.", name=row.name), hint=hint)

    def _changed(self, row: StrategyConfigRow) -> StrategyConfig:
        self._session.add(row)
        self._session.flush()
        self._tell(StrategiesChanged(self._user))
        return _value(row)

    def _free_name(self, name: str, *, besides: str = "") -> str:
        name = checked_text(name, "name")
        for other in self.all():
            if other.id != besides and other.name.casefold() == name.casefold():
                raise Conflict(
                    tr("There is a strategy named {name} already.", name=other.name),
                    hint=tr("Choose another name."),
                )
        return name

    def _row(self, id: str) -> StrategyConfigRow:
        mine = select(StrategyConfigRow).where(StrategyConfigRow.user_id == self._user)
        row = self._session.exec(mine.where(StrategyConfigRow.id == id)).one_or_none()
        if row is None:
            named = mine.where(func.lower(col(StrategyConfigRow.name)) == id.lower())
            row = self._session.exec(named).first()
        if row is None:
            known = ", ".join(each.name for each in self.all())
            raise NotFound(
                tr("There is no configured strategy {id}.", id=id),
                hint=tr("There are: {known}.", known=known) if known else tr("Create one first."),
            )
        return row


def _value(row: StrategyConfigRow) -> StrategyConfig:
    return StrategyConfig(
        row.id,
        row.name,
        row.strategy_type,
        row.params,
        tuple(row.symbols),
        row.interval,
        row.enabled,
        row.version,
        row.created_at,
        row.updated_at,
        row.mode,
    )
