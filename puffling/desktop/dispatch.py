"""The one way from a click to an ability: it says who is calling, owns the task, and takes every ending."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject

from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.errors import PufflingError, Stopped
from puffling.runtime.tasks import TaskScope

R = TypeVar("R")

PERSON = Caller(Actor.PERSON, present=True)

_log = logging.getLogger(__name__)


class Dispatch:
    """Runs what the person asked for; results, refusals and bugs each go where they belong."""

    def __init__(
        self, *, on_error: Callable[[PufflingError], None], on_bug: Callable[[BaseException], None]
    ) -> None:
        self.scope = TaskScope("window", on_failure=lambda _, failure: on_bug(failure))
        self._on_error = on_error
        self._on_bug = on_bug
        self._newest: dict[str, asyncio.Task[None]] = {}

    def run(
        self,
        work: Callable[[], Coroutine[Any, Any, R]],
        *,
        name: str,
        then: Callable[[R], None] | None = None,
        failed: Callable[[PufflingError], None] | None = None,
        newest: str | None = None,
        owner: QObject | None = None,
    ) -> asyncio.Task[None]:
        """Start the work as the person's own act; of those with one `newest` key only the last survives.

        What came of it is not handed to an owner that is gone; the work itself is done all the same.
        """
        if newest is not None and (older := self._newest.pop(newest, None)) is not None:
            older.cancel()
        task = self.scope.spawn(self._carried_out(work, then, failed, owner), name=name)
        if newest is not None:
            self._newest[newest] = task
        return task

    async def close(self) -> None:
        """End whatever is still under way."""
        await self.scope.close()

    async def _carried_out(
        self,
        work: Callable[[], Coroutine[Any, Any, R]],
        then: Callable[[R], None] | None,
        failed: Callable[[PufflingError], None] | None,
        owner: QObject | None,
    ) -> None:
        def there() -> bool:
            return owner is None or shiboken6.isValid(owner)

        with calling_as(PERSON):
            try:
                result = await work()
                if then is not None and there():
                    then(result)
            except Stopped:
                return
            except PufflingError as error:
                (failed if failed is not None and there() else self._on_error)(error)
            except Exception as bug:  # noqa: BLE001  the edge: a bug ends in the crash dialog, not in silence
                _log.exception("Something the person asked for failed")
                self._on_bug(bug)
