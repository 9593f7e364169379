"""The state of trading, kept in two places of which either halts: the halt file and the database.

Halting touches the file first, because that is what every order looks at last; the database remembers it too,
so that a file that was lost or could not be written halts nothing less. Going on again is written to the
database first: until the file is gone as well, nothing leaves.
"""

from __future__ import annotations

import logging

from puffling.runtime.actor import UserId
from puffling.runtime.clock import Clock
from puffling.runtime.errors import StorageFailed
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.trading.flags import (
    ACTIVE,
    LIVE,
    STATE,
    Standing,
    read_standing,
    standing_of,
    strictest,
    write_standing,
)
from puffling.trading.halt import HaltSwitch
from puffling.trading.values import TradingState

_log = logging.getLogger(__name__)


class StateOfTrading:
    """Reads and changes whether orders may leave."""

    def __init__(self, switch: HaltSwitch, store: Store, live: LiveSettings, clock: Clock) -> None:
        self._switch = switch
        self._store = store
        self._live = live
        self._clock = clock

    def look(self) -> Standing:
        """Give the state at this instant: the file as it is, the database as it last told."""
        return strictest(self._switch.read(), standing_of(self._live.rows_under(STATE)))

    def live_accounts(self) -> tuple[str, ...]:
        """Name the accounts with which the person went live."""
        return tuple(key.removeprefix(LIVE) for key in self._live.rows_under(LIVE))

    async def halt(self, user: UserId, reason: str, by: str) -> None:
        """Let nothing leave from now on; a halt that stands keeps its reason."""
        now = self._clock.now()
        unwritten: StorageFailed | None = None
        try:
            halt = self._switch.press(reason, by, now)
        except StorageFailed as error:
            unwritten = error
            standing = Standing(TradingState.HALTED, reason, by, now)
        else:
            standing = Standing(TradingState.HALTED, halt.reason, halt.by, halt.since or now)

        def work(unit: Unit) -> None:
            if read_standing(unit).state is not TradingState.HALTED:
                write_standing(unit, standing)

        try:
            await self._store.run(user, work)
        except StorageFailed as error:
            if unwritten is not None:
                raise unwritten from error
            # The file halts by itself.
            _log.error("The database does not remember the halt: %s", error)

    async def reduce(self, user: UserId, reason: str, by: str) -> None:
        """Let only what makes a position smaller leave from now on; a halt that stands goes on standing."""
        standing = Standing(TradingState.REDUCING, reason, by, self._clock.now())
        before, self._switch.narrowed = self._switch.narrowed, reason

        def work(unit: Unit) -> None:
            if read_standing(unit).state is TradingState.ACTIVE:
                write_standing(unit, standing)

        try:
            await self._store.run(user, work)
        except StorageFailed:
            self._switch.narrowed = before
            raise

    async def halted_to_reducing(self, user: UserId, reason: str, by: str) -> None:
        """Let ways out leave, and nothing else: what a confirmed flatten needs."""
        standing = Standing(TradingState.REDUCING, reason, by, self._clock.now())
        await self._store.run(user, write_standing, standing)
        self._switch.narrowed = reason
        self._switch.lift()

    async def resume(self, user: UserId) -> None:
        """Let everything leave again. Only what a present person asked for may come here."""
        await self._store.run(user, write_standing, ACTIVE)
        # Before the file goes: where it cannot be removed, it alone keeps everything back.
        self._switch.narrowed = ""
        self._switch.lift()
