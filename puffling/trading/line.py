"""The line to one account's broker: a thread of its own, a limit to our patience, and what was last heard."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from puffling.puffin.broker.base import (
    AccountInfo,
    Asset,
    Broker,
    BrokerAbilities,
    BrokerBusyError,
    BrokerUpdate,
    UnclearError,
)
from puffling.puffin.errors import PuffinError
from puffling.runtime.port import Port
from puffling.runtime.redaction import redactor
from puffling.runtime.text import tr
from puffling.store.orders import Account
from puffling.trading.values import Difference, LineState, Mode

R = TypeVar("R")

PATIENCE_SECONDS = 20.0


class HeldBack(Exception):
    """At the last look, in the thread that was to send it, an order was found not to be sendable any more."""

    def __init__(self, reason: str, *, too_late: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.too_late = too_late


class BrokerLine:
    """One broker of one account; every call to it goes through here, one at a time.

    Somebody's own broker may never answer. Then the caller is told after a while that nothing is known, and
    calls that had not begun are taken back: they certainly did nothing.
    """

    def __init__(
        self,
        account: Account,
        broker: Broker,
        *,
        port: Port,
        live_keys: bool = False,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.account = account
        self.mode = Mode(account.mode)
        self.abilities: BrokerAbilities = getattr(broker, "abilities", BrokerAbilities())
        self.state = LineState.STARTING
        self.reason = tr("{account} has not been compared with its broker yet.", account=account.label)
        self.info: AccountInfo | None = None
        self.info_at: datetime | None = None
        # Whether something was filled or ended since that was asked; one asks for all who want to know.
        self.moved = False
        self.asking = asyncio.Lock()
        self.skew_seconds: float | None = None
        # Whether the keys it was made with are those for real money.
        self.live_keys = live_keys
        self.assets: dict[str, Asset] = {}
        # Whether its stream of news is there, and until when everything was seen to agree.
        self.streaming = False
        self.agreed_at: datetime | None = None
        # Where what is held differs, when they were last compared and the broker said the same twice.
        self.apart: tuple[Difference, ...] = ()
        self.comparing = asyncio.Lock()
        self.updates: asyncio.Queue[BrokerUpdate] = asyncio.Queue()
        self.nudged = asyncio.Event()
        self._broker = broker
        self._lane = port.lane(f"broker-{account.id}")
        self._patience_seconds = patience_seconds
        self._deafen: Callable[[], None] | None = None

    @property
    def ready(self) -> bool:
        """Tell whether orders may leave over it."""
        return self.state is LineState.READY

    async def call(self, ask: Callable[[Broker], R]) -> R:
        """Ask the broker and give its answer; silence is `UnclearError`, not begun `BrokerBusyError`."""
        claim = threading.Lock()

        def work() -> R:
            if not claim.acquire(blocking=False):
                raise BrokerBusyError("The call was taken back before it began")
            try:
                return ask(self._broker)
            except (PuffinError, HeldBack):
                raise
            except Exception as error:
                # The edge: what the library of a broker lets through says nothing of what the broker did.
                said = redactor.clean(f"{type(error).__name__}: {error}")
                raise UnclearError(f"The broker failed ({said})") from error

        try:
            async with asyncio.timeout(self._patience_seconds):
                return await self._lane.begin(work)
        except TimeoutError as error:
            if claim.acquire(blocking=False):
                raise BrokerBusyError("The broker is still at an earlier call") from error
            raise UnclearError("The broker did not answer in time") from error

    async def hear(self) -> None:
        """Take in news of the broker from now on, where it tells any; they queue up in `updates`."""
        loop = asyncio.get_running_loop()

        def arrived(update: BrokerUpdate) -> None:
            # A loop that has ended has nobody left to be told.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.updates.put_nowait, update)

        def listen(broker: Broker) -> Callable[[], None]:
            return broker.listen(arrived)

        if self.abilities.streams and self._deafen is None:
            self._deafen = await self.call(listen)

    def deafen(self) -> None:
        """Hear nothing any more."""
        if self._deafen is not None:
            self._deafen()
            self._deafen = None

    async def close(self) -> None:
        """End the thread, after the call that is under way."""

        def let_go(broker: Broker) -> None:
            self.deafen()
            broker.close()

        try:
            await self.call(let_go)
        except PuffinError:
            # It hangs in an earlier call; letting go from here is all that may free it.
            let_go(self._broker)
        await self._lane.close()
