"""A paper account on the demo market, over a real store, with the desk that sends it orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from puffling.market.feeds import FeedParts
from puffling.market.market import Market
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.orders import Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from puffling.store.database import Store, Unit
from puffling.store.orders import Account, OrderTerms
from puffling.trading.approvals import ApprovalBook
from puffling.trading.desk import OrderDesk
from puffling.trading.events import DeskAlarmed
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import HaltSwitch
from puffling.trading.limits import LimitReader
from puffling.trading.paper import PaperAccount
from puffling.trading.parts import DeskParts
from puffling.trading.prices import MarketPrices
from puffling.trading.proposals import Proposal
from tests.market.memory import MemoryBars
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE

R = TypeVar("R")

DEMO = Account("demo", "paper", "DEMO", "Demo account", NOW)
_TURNS = 10_000


@dataclass
class PaperRoom:
    """The account with everything around it."""

    store: Store
    market: Market
    clock: FixedClock
    bus: Bus
    scope: TaskScope
    port: Port
    paper: PaperAccount
    desk: OrderDesk
    alarms: list[DeskAlarmed]
    failures: list[BaseException]

    def wish(
        self, slot: str = "one", *, symbol: str = "SPY", quantity: int | str = 5, **terms: Any
    ) -> Proposal:
        """Something to order, good for an hour."""
        side = terms.pop("side", Side.BUY)
        wanted = OrderTerms(DEMO.id, symbol, side, Decimal(quantity), **terms)
        return Proposal(wanted, "person", slot, self.clock.now() + timedelta(hours=1))

    async def read(self, work: Callable[[Unit], R]) -> R:
        """Read from the store."""
        return await self.store.read(DEFAULT_USER, work)

    async def book(self) -> dict[str, Any]:
        """The book as it is kept."""
        book = await self.read(lambda unit: unit.books.find(DEMO.id))
        assert book is not None
        return book

    async def held(self, symbol: str = "SPY") -> Decimal:
        """What the ledger says is held."""
        holding = await self.read(lambda unit: unit.holdings.find(DEMO.id, symbol))
        return Decimal(0) if holding is None else holding.quantity

    async def state(self, intent_id: str) -> str:
        """Where an intent stands."""
        return str((await self.read(lambda unit: unit.intents.get(intent_id))).state)

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        """Wait for a condition; it fails when it never comes."""
        for _ in range(_TURNS):
            if await condition():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never came")


@asynccontextmanager
async def open_paper(
    folder: Path,
    *,
    clock: FixedClock | None = None,
    terms: PaperTerms | None = None,
    cash: int = 100_000,
    bus: Bus | None = None,
    store_type: type[Store] = Store,
) -> AsyncIterator[PaperRoom]:
    """Open a paper account and its desk, and take both down again."""
    clock = clock or FixedClock(NOW)
    paths, bus, port = Paths.under(folder), bus or Bus(), Port(clock)
    failures: list[BaseException] = []
    scope = TaskScope("paper", on_failure=lambda _, failure: failures.append(failure))
    alarms: list[DeskAlarmed] = []
    bus.on(DeskAlarmed, alarms.append)
    paths.prepare()
    store = await store_type.open(paths, port=port, bus=bus, clock=clock)
    parts = FeedParts(clock, port, lambda name: None, paths.data, MarketSettings())
    market = Market.of(("demo",), parts=parts, bus=bus, scope=scope, bar_store=MemoryBars())
    try:
        await market.start()

        def keep(unit: Unit) -> None:
            for key, value in LOOSE.items():
                unit.settings.put(key, value)

        await store.run(DEFAULT_USER, keep)
        switch = HaltSwitch(paths.data)
        gate = SafetyGate(switch, LimitReader({}))
        prices = MarketPrices(market, clock)
        held = DeskParts(store, DEFAULT_USER, clock, bus, scope, switch, gate, ApprovalBook(), prices)
        desk = OrderDesk(lambda: held, port)
        paper = PaperAccount(
            DEMO,
            store=store,
            user=DEFAULT_USER,
            market=market,
            clock=clock,
            bus=bus,
            scope=scope,
            terms=terms or PaperTerms(),
        )
        await paper.open(Decimal(cash))
        try:
            await desk.connect(DEMO, paper.broker)
            await desk.compared(DEMO.id)
            yield PaperRoom(store, market, clock, bus, scope, port, paper, desk, alarms, failures)
        finally:
            await desk.close()
            await paper.close()
    finally:
        await scope.close()
        await market.close()
        await store.close()
        await port.close()
