"""Tasks with an owner, a name and an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

R = TypeVar("R")

_log = logging.getLogger(__name__)


class TaskScope:
    """Owns the tasks that are spawned in it and ends them when it is closed."""

    def __init__(self, name: str, *, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self.name = name
        # In the order of their birth, so that they end in the same order every time.
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._on_failure = on_failure
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def spawn(self, work: Coroutine[Any, Any, R], *, name: str) -> asyncio.Task[R]:
        """Start the coroutine as a named task that ends with this scope at the latest."""
        if self._closed:
            work.close()
            raise RuntimeError(f"the scope {self.name} is closed and cannot start {name}")
        # A toolkit may ring a timer while the loop woven into it pauses: what it starts waits for the loop.
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        if self._loop is None or self._loop.is_closed():
            work.close()
            raise RuntimeError(f"the scope {self.name} has no loop in which it could start {name}")
        task = self._loop.create_task(work, name=f"{self.name}.{name}")
        self._tasks[task] = None
        task.add_done_callback(self._finished)
        return task

    @property
    def closed(self) -> bool:
        """Tell whether this scope takes no more tasks."""
        return self._closed

    def __len__(self) -> int:
        return len(self._tasks)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        self._closed = True
        own = asyncio.current_task()
        while tasks := [task for task in self._tasks if task is not own]:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            return
        if self._on_failure is not None:
            self._on_failure(task.get_name(), failure)
        else:
            _log.error("The task %s failed", task.get_name(), exc_info=failure)
