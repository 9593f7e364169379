"""Takes back what strategies left that were stopped, when whoever stopped them did not come to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from puffling.automation.runner.activation import Running, ended
from puffling.automation.runner.taking_back import TakingBack, tell_stuck
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.tasks import TaskScope
from puffling.store.database import Store
from puffling.store.events import DatabaseRestored, StrategiesChanged
from puffling.trading.desk import OrderDesk
from puffling.trading.values import LineState

# Whoever stops a strategy takes its orders back at once. What was on its way to the desk at that moment
# has come there by then.
SECOND_LOOK = timedelta(seconds=60)
# So long after a start a broker may take to answer before the person is told.
PATIENCE = timedelta(minutes=2)
_AGAIN = timedelta(seconds=5)
_UNREACHED = frozenset({LineState.STARTING, LineState.LOST})

_log = logging.getLogger(__name__)


class Leftovers:
    """Looks after the orders of strategies that run no more, until none would open a position."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bus: Bus,
        user: UserId,
        desk: OrderDesk,
        taking_back: TakingBack,
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._user = user
        self._desk = desk
        self._taking_back = taking_back
        self._opened = opened
        self._changed = asyncio.Event()
        self._began = clock.now()

    def start(self, scope: TaskScope) -> Callable[[], None]:
        """Begin to look after what is left; the answer stops it."""
        self._began = self._clock.now()
        ends = [
            self._bus.on(StrategiesChanged, lambda _: self._changed.set()),
            self._bus.on(DatabaseRestored, lambda _: self._changed.set()),
        ]
        self._changed.set()
        looking = scope.spawn(self._keep_looking(), name="strategies.leftovers")

        def stop() -> None:
            for end in ends:
                end()
            looking.cancel()

        return stop

    async def _keep_looking(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                again = await self._look()
            except Exception as error:  # noqa: BLE001  the edge: it is read again
                bug = not isinstance(error, PufflingError)
                _log.warning("What strategies left cannot be read: %s", error, exc_info=bug)
                again = self._clock.now() + SECOND_LOOK
            if again is not None:
                await self._clock.sleep_until(again)
                self._changed.set()

    async def _look(self) -> datetime | None:
        """Take back what is due; gives when to look again, None when nothing is left."""
        left = await self._store.read(self._user, ended)
        if not left:
            return None
        await self._opened()
        waits = []
        with calling_as(Caller(Actor.SCHEDULE, self._user)):
            for run in left:
                try:
                    wait = await self._waits_until(run)
                    if wait is None:
                        await self._taking_back.finish(run, for_good=True)
                        continue
                except Exception as error:  # noqa: BLE001  the edge: it is tried again, and the others go on
                    bug = not isinstance(error, PufflingError)
                    name = run.config.name
                    _log.warning("What %s left cannot be taken back: %s", name, error, exc_info=bug)
                    await self._tell_in_time(run)
                    wait = self._clock.now() + SECOND_LOOK
                waits.append(wait)
        return min(waits, default=None)

    async def _waits_until(self, run: Running) -> datetime | None:
        """Give when it is worth looking at one again, None for now."""
        now, ended_at = self._clock.now(), run.ended_at
        assert ended_at is not None
        if self._began < ended_at <= now < ended_at + SECOND_LOOK:
            return ended_at + SECOND_LOOK
        if now < max(self._began, ended_at) + PATIENCE and not await self._is_reached(run):
            return now + _AGAIN
        return None

    async def _tell_in_time(self, run: Running) -> None:
        assert run.ended_at is not None
        if self._clock.now() >= max(self._began, run.ended_at) + PATIENCE:
            with suppress(PufflingError):
                await self._store.run(self._user, tell_stuck, run)

    async def _is_reached(self, run: Running) -> bool:
        try:
            view = await self._desk.account(run.activation.account)
        except PufflingError:
            return False
        return view.state not in _UNREACHED
