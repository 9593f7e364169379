"""What rehearsals came to; they lie beside the results of backtests, and their grade tells them apart."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import RehearsalsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.research import REHEARSAL, StoredRehearsal
from puffling.store.tables.research import BacktestResultRow


class Rehearsals(Repository):
    """Keeps rehearsals, the newest first."""

    def add(
        self, *, name: str, strategy_id: str, request: dict[str, Any], summary: dict[str, Any],
        report: dict[str, Any],
    ) -> StoredRehearsal:  # fmt: skip
        """Keep a rehearsal."""
        row = BacktestResultRow(
            id=new_id(),
            user_id=self._user,
            strategy_id=strategy_id,
            name=checked_text(name, "name", longest=200),
            request=checked_json(request, "request"),
            metrics=checked_json(summary, "summary"),
            report=checked_json(report, "report"),
            grade=REHEARSAL,
            created_at=self._now,
            tags=[],
        )
        self._session.add(row)
        self._session.flush()
        self._tell(RehearsalsChanged(self._user))
        return _value(row, row.report)

    def all(self, limit: int = 200) -> tuple[StoredRehearsal, ...]:
        """Give the newest rehearsals, without their curves and orders."""
        wanted = (
            self._mine()
            .options(defer(cast("QueryableAttribute[Any]", BacktestResultRow.report)))
            .order_by(col(BacktestResultRow.created_at).desc(), col(BacktestResultRow.id))
            .limit(limit)
        )
        return tuple(_value(row, {}) for row in self._session.exec(wanted))

    def get(self, id: str) -> StoredRehearsal:
        """Give one rehearsal, whole."""
        row = self._row(id)
        return _value(row, row.report)

    def remove(self, id: str) -> StoredRehearsal:
        """Remove a rehearsal and give it back."""
        row = self._row(id)
        removed = _value(row, row.report)
        self._session.delete(row)
        self._session.flush()
        self._tell(RehearsalsChanged(self._user))
        return removed

    def _mine(self) -> Any:
        return select(BacktestResultRow).where(
            BacktestResultRow.user_id == self._user, BacktestResultRow.grade == REHEARSAL
        )

    def _row(self, id: str) -> BacktestResultRow:
        row = self._session.exec(self._mine().where(BacktestResultRow.id == id)).one_or_none()
        if row is None:
            raise NotFound(tr("There is no rehearsal {id}.", id=id), hint=tr("List the rehearsals."))
        found: BacktestResultRow = row
        return found


def _value(row: BacktestResultRow, report: dict[str, Any]) -> StoredRehearsal:
    return StoredRehearsal(
        row.id, row.name, row.strategy_id, row.request, row.metrics, row.created_at, report
    )
