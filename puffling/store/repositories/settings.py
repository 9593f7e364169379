"""The person's settings: a key, plain data, and a version that grows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from puffling.runtime.errors import Conflict, NotFound
from puffling.runtime.text import tr
from puffling.store.events import SettingChanged
from puffling.store.repositories.base import USER, Repository, checked_json, checked_text, same_json
from puffling.store.tables.base import table_of
from puffling.store.tables.people import SettingRow
from puffling.store.values import Json, Setting

_SETTINGS = table_of(SettingRow)
_ONE = _SETTINGS.select().where(_SETTINGS.c.user_id == USER, _SETTINGS.c.key == bindparam("key"))


class StoredSettings(Repository):
    """Keeps settings; what they mean is the business of the settings floor."""

    def all(self) -> tuple[Setting, ...]:
        """Give all stored settings, by key."""
        wanted = select(SettingRow).where(SettingRow.user_id == self._user).order_by(col(SettingRow.key))
        return tuple(_value(row) for row in self._session.exec(wanted))

    def find(self, key: str) -> Setting | None:
        """Give a setting, or None when it was never stored."""
        row = self._run(_ONE, key=key).one_or_none()
        return None if row is None else _value(row)

    def put(self, key: str, value: Json, *, version: int | None = None) -> Setting:
        """Store a setting; with a version, only if nobody has changed it since."""
        key = checked_text(key, "key", longest=200)
        value = checked_json(value, key)
        row = self._row(key)
        found = 0 if row is None else row.version
        if version is not None and version != found:
            raise Conflict(
                tr("The setting {key} was changed meanwhile.", key=key),
                hint=tr("Read it again, then change it."),
            )
        if row is None:
            row = SettingRow(user_id=self._user, key=key, value=value, version=1, updated_at=self._now)
            self._session.add(row)
        elif same_json(row.value, value):
            return _value(row)
        else:
            row.value, row.version, row.updated_at = value, found + 1, self._now
        self._session.flush()
        self._tell(SettingChanged(self._user, key, value))
        return _value(row)

    def remove(self, key: str) -> None:
        """Forget a setting, which brings its default back."""
        row = self._row(key)
        if row is None:
            raise NotFound(tr("The setting {key} is not stored.", key=key))
        self._session.delete(row)
        self._session.flush()
        self._tell(SettingChanged(self._user, key, removed=True))

    def _row(self, key: str) -> SettingRow | None:
        wanted = select(SettingRow).where(SettingRow.user_id == self._user, SettingRow.key == key)
        return self._session.exec(wanted).one_or_none()


def _value(row: Any) -> Setting:
    return Setting(row.key, row.value, row.version, row.updated_at)
