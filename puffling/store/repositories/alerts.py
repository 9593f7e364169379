"""What a person wants to hear about, and what was heard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlmodel import col, func, select

from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import AlertRaised, AlertsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id, same_json
from puffling.store.tables.automation import AlertConfigRow, AlertHistoryRow
from puffling.store.values import Alert, AlertNote

MOST_ALERTS = 1000
# What a condition remembers stands beside it, under this name.
_MEMORY = "memory"


class Alerts(Repository):
    """Keeps conditions with what they remember, and writes down each time one was met."""

    def all(self) -> tuple[Alert, ...]:
        """Give all alerts, the newest first."""
        wanted = (
            select(AlertConfigRow)
            .where(AlertConfigRow.user_id == self._user)
            .order_by(col(AlertConfigRow.created_at).desc(), col(AlertConfigRow.id))
        )
        return tuple(_value(row) for row in self._session.exec(wanted))

    def get(self, id: str) -> Alert:
        """Give one alert."""
        return _value(self._row(id))

    def add(
        self,
        *,
        name: str,
        kind: str,
        condition: Mapping[str, Any],
        memory: Mapping[str, Any],
        cooldown_seconds: int = 0,
    ) -> Alert:
        """Keep a new alert."""
        self._check_room()
        row = AlertConfigRow(
            id=new_id(),
            user_id=self._user,
            name=_name(name),
            alert_type=checked_text(kind, "kind"),
            condition=_joined(condition, memory),
            cooldown_seconds=cooldown_seconds,
            created_at=self._now,
            updated_at=self._now,
        )
        return self._changed(row)

    def change(
        self,
        id: str,
        *,
        name: str | None = None,
        condition: Mapping[str, Any] | None = None,
        memory: Mapping[str, Any] | None = None,
        cooldown_seconds: int | None = None,
        enabled: bool | None = None,
    ) -> Alert:
        """Change what is given of an alert."""
        row = self._row(id)
        known = _value(row)
        row.condition = _joined(
            known.condition if condition is None else condition, known.memory if memory is None else memory
        )
        if condition is not None:
            row.alert_type = str(condition["kind"])
        row.name = known.name if name is None else _name(name)
        row.cooldown_seconds = known.cooldown_seconds if cooldown_seconds is None else cooldown_seconds
        row.enabled = known.enabled if enabled is None else enabled
        row.updated_at = self._now
        return self._changed(row)

    def remove(self, id: str) -> Alert:
        """Remove an alert and give it back, so that `restore` can bring it back; what was heard stays."""
        row = self._row(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(AlertsChanged(self._user))
        return removed

    def restore(self, alert: Alert) -> Alert:
        """Bring a removed alert back as it was."""
        if any(known.id == alert.id for known in self.all()):
            raise Conflict(tr("The alert {name} is there already.", name=alert.name or alert.id))
        self._check_room()
        row = AlertConfigRow(
            id=alert.id,
            user_id=self._user,
            name=alert.name,
            alert_type=alert.kind,
            condition=_joined(alert.condition, alert.memory),
            enabled=alert.enabled,
            cooldown_seconds=alert.cooldown_seconds,
            last_triggered_at=alert.last_raised_at,
            created_at=alert.created_at,
            updated_at=self._now,
        )
        return self._changed(row)

    def remember(self, memories: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        """Keep what conditions remember; of one that is another by now, or gone, nothing."""
        for id, (condition, memory) in memories.items():
            row = self._find(id)
            if row is not None and same_json(_value(row).condition, dict(condition)):
                row.condition = _joined(condition, memory)
        self._session.flush()

    def raised(
        self,
        met: Alert,
        memory: Mapping[str, Any],
        message: str,
        details: Mapping[str, Any],
        *,
        once: bool,
        severity: str = "info",
    ) -> AlertNote | None:
        """Write down that an alert was met and what it remembers now, both or neither.

        None when it is another by now, or switched off, or was raised too short a time ago: then it is only
        remembered.
        """
        row = self._find(met.id)
        if row is None or not row.enabled or not same_json(_value(row).condition, dict(met.condition)):
            return None
        row.condition = _joined(met.condition, memory)
        last, pause = row.last_triggered_at, timedelta(seconds=row.cooldown_seconds)
        if last is not None and self._now - last < pause:
            self._session.flush()
            return None
        row.last_triggered_at = self._now
        row.enabled = not once
        note = AlertHistoryRow(
            id=new_id(),
            user_id=self._user,
            alert_config_id=row.id,
            triggered_at=self._now,
            severity=severity,
            message=message,
            details=checked_json({**details, "alert": row.id, "name": row.name}, "details"),
        )
        self._session.add(note)
        self._session.flush()
        told = _note(note)
        self._tell(AlertRaised(self._user, told))
        self._tell(AlertsChanged(self._user))
        return told

    def tell(
        self, name: str, message: str, details: Mapping[str, Any], *, severity: str = "info"
    ) -> AlertNote:
        """Write down what something that runs by itself wants a person to hear."""
        note = AlertHistoryRow(
            id=new_id(),
            user_id=self._user,
            triggered_at=self._now,
            severity=severity,
            message=message,
            details=checked_json({**details, "name": name}, "details"),
        )
        self._session.add(note)
        self._session.flush()
        told = _note(note)
        self._tell(AlertRaised(self._user, told))
        self._tell(AlertsChanged(self._user))
        return told

    def history(self, limit: int = 200) -> tuple[AlertNote, ...]:
        """Give what was heard, the newest first."""
        wanted = (
            select(AlertHistoryRow)
            .where(AlertHistoryRow.user_id == self._user)
            .order_by(col(AlertHistoryRow.triggered_at).desc(), col(AlertHistoryRow.id))
            .limit(limit)
        )
        return tuple(_note(row) for row in self._session.exec(wanted))

    def mark_read(self) -> int:
        """Take note that everything was read; gives how much was not."""
        wanted = select(AlertHistoryRow).where(
            AlertHistoryRow.user_id == self._user, col(AlertHistoryRow.read_at).is_(None)
        )
        unread = list(self._session.exec(wanted))
        for row in unread:
            row.read_at = self._now
        if unread:
            self._session.flush()
            self._tell(AlertsChanged(self._user))
        return len(unread)

    def _changed(self, row: AlertConfigRow) -> Alert:
        self._session.add(row)
        self._session.flush()
        self._tell(AlertsChanged(self._user))
        return _value(row)

    def _check_room(self) -> None:
        count = select(func.count()).select_from(AlertConfigRow).where(AlertConfigRow.user_id == self._user)
        if self._session.exec(count).one() >= MOST_ALERTS:
            raise InvalidInput(
                tr("There can be {most} alerts at most.", most=MOST_ALERTS),
                hint=tr("Remove some that are over."),
            )

    def _find(self, id: str) -> AlertConfigRow | None:
        wanted = select(AlertConfigRow).where(AlertConfigRow.user_id == self._user, AlertConfigRow.id == id)
        return self._session.exec(wanted).one_or_none()

    def _row(self, id: str) -> AlertConfigRow:
        row = self._find(id)
        if row is None:
            raise NotFound(
                tr("There is no alert {id}.", id=id), hint=tr("The list of alerts shows what is there.")
            )
        return row


def _name(name: str) -> str:
    return checked_text(name, "name", longest=120) if name.strip() else ""


def _joined(condition: Mapping[str, Any], memory: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = checked_json({**condition, _MEMORY: dict(memory)}, "condition")
    return joined


def _value(row: AlertConfigRow) -> Alert:
    condition = {name: value for name, value in row.condition.items() if name != _MEMORY}
    return Alert(
        row.id,
        row.name,
        row.alert_type,
        condition,
        row.condition.get(_MEMORY, {}),
        row.enabled,
        row.cooldown_seconds,
        row.last_triggered_at,
        row.created_at,
    )


def _note(row: AlertHistoryRow) -> AlertNote:
    return AlertNote(
        row.id,
        row.details.get("alert", row.alert_config_id or ""),
        row.triggered_at,
        row.message,
        row.details.get("symbol", ""),
        row.severity,
        row.details,
        row.read_at,
    )
