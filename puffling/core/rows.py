"""Joins floors that must not know each other: settings and policy on one side, the database on the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from puffling.core.policy import Attempt
from puffling.runtime.actor import UserId
from puffling.store.database import Store, Unit
from puffling.store.values import AuditEntry


class StoredRows:
    """The rows of the settings, as the settings want them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, user: UserId) -> dict[str, Any]:
        """Give all rows of this user."""
        stored = await self._store.read(user, lambda unit: unit.settings.all())
        return {setting.key: setting.value for setting in stored}

    async def put(self, user: UserId, key: str, value: Any, superseded: tuple[str, ...]) -> None:
        """Keep one row, and drop those under keys of older versions, in one transaction."""

        def work(unit: Unit) -> None:
            unit.settings.put(key, value)
            _remove(unit, superseded)

        await self._store.run(user, work)

    async def remove(self, user: UserId, keys: tuple[str, ...]) -> None:
        """Drop rows."""
        await self._store.run(user, _remove, keys)


def _remove(unit: Unit, keys: tuple[str, ...]) -> None:
    for key in keys:
        if unit.settings.find(key) is not None:
            unit.settings.remove(key)


class AuditLine:
    """Writes what the policy decided into the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(self, attempt: Attempt) -> AuditEntry:
        """Write one line: who tried what, with which arguments, and the answer."""
        details: Mapping[str, object] = {
            "arguments": dict(attempt.arguments),
            "reason": attempt.verdict.reason,
        }
        return await self._store.run(
            attempt.caller.user,
            lambda unit: unit.audit.append(
                actor=str(attempt.caller.actor),
                capability=attempt.ability.id,
                outcome=str(attempt.verdict.answer),
                summary=attempt.ability.title,
                details=dict(details),
            ),
        )
