"""The settings in force, kept in step with the rows they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from puffling.runtime.actor import UserId
from puffling.settings.model import Settings
from puffling.settings.resolve import (
    CUSTOM,
    Problem,
    SettingView,
    check_value,
    former_keys,
    is_for_the_person_only,
    is_limit,
    resolve,
    view,
    views,
)


class SettingRows(Protocol):
    """Where the rows are kept; core hands in the database."""

    async def load(self, user: UserId) -> dict[str, Any]:
        """Give all rows of this user."""
        ...

    async def put(self, user: UserId, key: str, value: object, superseded: tuple[str, ...]) -> None:
        """Keep one row, and drop those under keys of older versions."""
        ...

    async def remove(self, user: UserId, keys: tuple[str, ...]) -> None:
        """Drop rows."""
        ...


class LiveSettings:
    """One user's settings, always of the declared types.

    What is in force follows the news of the rows and not the calls that change them: a caller that was
    cancelled while its row was written must not leave the old value in force.
    """

    def __init__(self, rows: SettingRows, environment: Mapping[str, str], stored: Mapping[str, Any]) -> None:
        self._rows = rows
        self._environment = environment
        self.load(stored)

    @property
    def now(self) -> Settings:
        """Give the settings in force."""
        return self._resolved.settings

    @property
    def environment(self) -> Mapping[str, str]:
        """Give what counts before the stored rows."""
        return self._environment

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Name the stored values that cannot be used; defaults stand in for them."""
        return self._resolved.problems

    def views(self) -> tuple[SettingView, ...]:
        """Give every setting as a face shows it."""
        return views(self._resolved, self._stored)

    def view(self, key: str) -> SettingView:
        """Give one setting as a face shows it."""
        return view(self._resolved, self._stored, key)

    def is_for_the_person_only(self, key: str) -> bool:
        """Tell whether no program may change this setting."""
        return is_for_the_person_only(Settings, key)

    def is_limit(self, key: str) -> bool:
        """Tell whether this setting is a limit of trading, which only a present person makes looser."""
        return is_limit(Settings, key)

    def rows_under(self, start: str) -> dict[str, Any]:
        """Give the stored rows whose keys begin so."""
        return {key: value for key, value in self._stored.items() if key.startswith(start)}

    async def put(self, user: UserId, key: str, value: object) -> None:
        """Give a setting a value of its declared type and keep it."""
        checked = check_value(Settings, key, value)
        superseded = former_keys(Settings, key)
        await self._rows.put(user, key, checked, superseded)

    async def reset(self, user: UserId, key: str) -> None:
        """Let a setting go back to its default."""
        keys = (key, *former_keys(Settings, key))
        if key.startswith(CUSTOM):
            self.view(key)
        await self._rows.remove(user, keys)

    def stored(self, key: str, value: object) -> None:
        """Take note of a row that was written."""
        self.load({**self._stored, key: value})

    def removed(self, key: str) -> None:
        """Take note of a row that was removed."""
        self.load({name: value for name, value in self._stored.items() if name != key})

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take all rows anew."""
        self._stored = dict(stored)
        self._resolved = resolve(Settings, self._stored, self._environment)
