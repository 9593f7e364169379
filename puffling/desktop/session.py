"""What every part of the window shares: the core once it is open, and what the person looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from puffling.desktop import numbers
from puffling.desktop.actions import ActionBook
from puffling.desktop.dispatch import Dispatch
from puffling.desktop.notices import Level, Notices
from puffling.desktop.selection import Selection
from puffling.runtime.errors import PufflingError

if TYPE_CHECKING:
    from puffling.core.core import Core

S = TypeVar("S")

_LONGEST_WAIT_SECONDS = 2.0


class Session:
    """Handed to every panel; panels reach nothing else and never each other."""

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        selection: Selection,
        actions: ActionBook,
        notices: Notices,
        show_panel: Callable[[str], None],
    ) -> None:
        self.dispatch = dispatch
        self.selection = selection
        self.actions = actions
        self.notices = notices
        self.show_panel = show_panel
        self._core: Core | None = None
        self._filled = asyncio.Event()
        self._shared: dict[object, object] = {}

    def shared(self, make: Callable[[Session], S]) -> S:
        """Give the one thing of this kind that the panels of this window have in common."""
        if make not in self._shared:
            self._shared[make] = make(self)
        return cast("S", self._shared[make])

    @property
    def connected(self) -> bool:
        """Tell whether the core is open."""
        return self._core is not None

    @property
    def core(self) -> Core:
        """Give the open core; asking before it is open is a fault."""
        if self._core is None:
            raise RuntimeError("the core is not open yet")
        return self._core

    def connect(self, core: Core) -> None:
        """Take the core that was opened after the first paint."""
        self._core = core

    def note_filled(self) -> None:
        """Say that every panel in sight has its first content."""
        self._filled.set()

    async def until_filled(self) -> None:
        """Wait with what nobody misses so early until every panel in sight has its first content."""
        # A panel that has nothing to show must not keep the others waiting.
        with suppress(TimeoutError):
            # Not `wait_for`: on Python 3.11 a panel that falls asleep at that very moment would go on.
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._filled.wait()

    def tell_error(self, error: PufflingError) -> None:
        """Say what went wrong and what to do about it."""
        self.notices.tell(error.message, level=Level.ERROR, hint=error.hint)

    def time(self, moment: datetime) -> str:
        """Give a moment the way people read it: today's by the hour."""
        return numbers.moment(moment, now=self._core.clock.now() if self._core is not None else None)

    def disconnect(self) -> None:
        """Let go of the core; panels fall asleep."""
        self._core = None

    def can(self, ability_id: str) -> bool:
        """Tell whether this ability exists; what does not is offered nowhere."""
        return self._core is not None and any(ability.id == ability_id for ability in self._core.registry)
