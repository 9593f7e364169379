"""A runner with a desk and a paper broker, on the demo market that plays up to a clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import get_ident
from typing import Any, TypeVar

from puffling.automation.runner.activation import activate, deactivate, ended, running_one
from puffling.automation.runner.runner import SETTLE, StrategyRunner
from puffling.automation.runner.taking_back import TakingBack
from puffling.automation.runner.values import Activation
from puffling.automation.strategies import StrategyShelf
from puffling.market.calendar import EXCHANGE, Calendar, calendar
from puffling.market.feeds import FeedParts
from puffling.market.market import Market
from puffling.market.values import AssetClass, Instrument
from puffling.puffin.backtest.costs import CommissionModel, SlippageModel
from puffling.puffin.backtest.fills import Candle
from puffling.puffin.broker.base import Asset
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import PaperTerms, hours_of
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.compute import Compute
from puffling.runtime.jobs import JobBoard
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from puffling.store.database import Store, Unit
from puffling.store.decisions import Decision, StrategyMode
from puffling.store.orders import OrderTerms
from puffling.store.research import StrategyConfig
from puffling.trading.approvals import ApprovalBook
from puffling.trading.desk import OrderDesk
from puffling.trading.events import DeskAlarmed
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import PriceSeen
from puffling.trading.limits import LimitReader
from puffling.trading.parts import DeskParts
from puffling.trading.proposals import Proposal
from tests.market.memory import MemoryBars
from tests.trading.rooms import LOOSE

R = TypeVar("R")

# A Monday, eleven in the morning in New York.
MONDAY = datetime(2025, 3, 3, 16, 0, tzinfo=UTC)
SLIPPAGE = SlippageModel(pct=0.0005)
COMMISSION = CommissionModel(per_share=0.005, minimum=1.0)
_TURNS = 20_000
ACCOUNT = "demo"


class OpeningPrices:
    """The market at its opening: every symbol costs what its day began with."""

    def __init__(self, market: Market, clock: FixedClock) -> None:
        self._market = market
        self._clock = clock
        self.silent = False
        # What happens, once, while somebody looks a price up.
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.age = timedelta()
        # Every look finds another price, this many percent higher than the one before.
        self.wandering = Decimal(0)
        self._looks = 0

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Watch nothing: nothing moves between two openings."""
        return lambda: None

    async def look(self, symbol: str) -> PriceSeen | None:
        """The opening price of the day."""
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        if self.silent:
            return None
        bar = await day_of(self._market, symbol, self._clock.now())
        self._looks += 1
        price = Decimal(repr(float(bar.open[-1]))) * (1 + self.wandering * self._looks / 100)
        return PriceSeen(price, self._clock.now() - self.age, previous_close=price, made_up=True)

    async def instrument(self, symbol: str) -> Instrument:
        """A share that trades in New York."""
        return Instrument(symbol, symbol, AssetClass.EQUITY, EXCHANGE)


async def day_of(market: Market, symbol: str, at: datetime) -> Bars:
    """The daily bars until a moment, the one that runs included."""
    history = await market.bars(symbol, Interval.D1, to_us(at - timedelta(days=14)), to_us(at) + 1)
    return history.bars


@dataclass
class RunnerRoom:
    """The runner with everything around it."""

    store: Store
    market: Market
    clock: FixedClock
    bus: Bus
    scope: TaskScope
    port: Port
    broker: PaperBroker
    desk: OrderDesk
    parts: DeskParts
    prices: OpeningPrices
    shelf: StrategyShelf
    runner: StrategyRunner
    another: Callable[[], StrategyRunner]
    switch: HaltSwitch
    bars: MemoryBars
    alarms: list[DeskAlarmed]
    failures: list[BaseException]
    calendar: Calendar = field(default_factory=lambda: calendar(EXCHANGE))

    async def run(self, work: Callable[[Unit], R]) -> R:
        """Work in a transaction."""
        return await self.store.run(DEFAULT_USER, work)

    async def read(self, work: Callable[[Unit], R]) -> R:
        """Read from the store."""
        return await self.store.read(DEFAULT_USER, work)

    async def activated(
        self,
        strategy: str = "momentum",
        symbols: tuple[str, ...] = ("SPY",),
        *,
        mode: StrategyMode = StrategyMode.AUTO_TRADE,
        parameters: dict[str, Any] | None = None,
        name: str = "Mine",
        interval: str = "1d",
        **how: Any,
    ) -> StrategyConfig:
        """Keep a strategy and let it run by itself."""
        _, settled = await self.shelf.recipe(strategy, parameters or {})
        config = await self.run(
            lambda unit: unit.strategies.create(
                name=name,
                strategy=strategy,
                parameters=settled.parameters,
                symbols=symbols,
                interval=interval,
            )
        )
        return await self.activate_again(config, mode=mode, **how)

    async def activate_again(
        self, config: StrategyConfig, *, mode: StrategyMode = StrategyMode.AUTO_TRADE, **how: Any
    ) -> StrategyConfig:
        """Let a strategy that is kept run by itself."""
        wanted: dict[str, Any] = {
            "strategy_id": config.id,
            "version": config.version,
            "code": "",
            "mode": mode,
            "account": ACCOUNT,
            "capital": 20_000.0,
            "size": 1.0,
            "sizing": "equity",
            "lot": 1.0,
            "since": self.clock.now(),
        }

        def work(unit: Unit) -> StrategyConfig:
            seen = unit.strategies.get(config.id).updated_at
            return activate(unit, Activation(**{**wanted, **how}), EXCHANGE, seen)

        return await self.run(work)

    async def buys(self, symbol: str, quantity: int, slot: str = "by hand") -> None:
        """Let the person trade by hand, and be filled."""
        side = Side.BUY if quantity > 0 else Side.SELL
        terms = OrderTerms(ACCOUNT, symbol, side, Decimal(abs(quantity)))
        wish = Proposal(terms, "person", slot, self.clock.now() + timedelta(hours=1))
        await self.look_after()
        await self.desk.place(wish)
        await self.meet((symbol,))

    async def has_decided(self, id: str, count: int) -> bool:
        """Whether so many decisions are written down, and noted at the job too."""
        decisions = await self.decisions(id)
        return len(decisions) >= count

    async def close_of_day(self, id: str) -> None:
        """Let the day end, and the strategy look."""
        self.clock.set(self.calendar.next_close(self.clock.now()) + SETTLE)
        await self.runner.look(id)

    async def open_of_day(self, id: str, symbols: Iterable[str] = ("SPY",)) -> None:
        """Let the next day open, the strategy look, and its orders meet the day."""
        self.clock.set(self.calendar.next_open(self.clock.now()))
        await self.look_after()
        await self.runner.look(id)
        await self.meet(symbols)
        # What had to wait for another order goes now, and meets the same day.
        await self.runner.look(id)
        await self.meet(symbols)

    async def look_after(self) -> None:
        """Let the desk compare the account."""
        await self.desk.look_after(ACCOUNT)

    async def meet(self, symbols: Iterable[str]) -> None:
        """Let the day's prices pass at the broker."""
        if not await self.port.thread(self.broker.get_all_orders, "open", 100):
            return
        candles = {}
        for symbol in symbols:
            bars = await day_of(self.market, symbol, self.clock.now())
            one = (float(column[-1]) for column in bars.columns())
            candles[symbol] = Candle(*one)
        now = self.clock.now()
        self.broker.on_bars(candles, now, until=now)
        # Asking keeps the book.
        await self.port.thread(self.broker.get_account)
        await self.look_after()

    async def decisions(self, id: str) -> tuple[Decision, ...]:
        """What was decided, the oldest first."""
        return (await self.read(lambda unit: unit.decisions.newest(id, 1_000)))[::-1]

    async def told(self) -> list[str]:
        """What a person was told, the oldest first."""
        notes = await self.read(lambda unit: unit.alerts.history(1_000))
        return [note.message for note in notes[::-1]]

    async def is_active(self, id: str) -> bool:
        """Whether it still runs by itself."""
        return await self.read(lambda unit: running_one(unit, id)) is not None

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        """Wait for a condition; it fails when it never comes."""
        for _ in range(_TURNS):
            if await condition():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never came")


async def stopped(room: RunnerRoom, id: str) -> None:
    """Deactivate a strategy as the person does."""
    await room.run(lambda unit: deactivate(unit, id, "It was deactivated before."))
    taking_back = TakingBack(room.store, room.desk, DEFAULT_USER)
    for run in await room.read(lambda unit: ended(unit, id)):
        await taking_back.finish(run)


@asynccontextmanager
async def open_room(
    folder: Path,
    *,
    clock: FixedClock | None = None,
    limits: dict[str, Any] | None = None,
    cash: int = 1_000_000,
    broker: PaperBroker | None = None,
    costs: tuple[SlippageModel, CommissionModel] = (SLIPPAGE, COMMISSION),
) -> AsyncIterator[RunnerRoom]:
    """Open everything, and take it down again."""
    clock = clock or FixedClock(MONDAY)
    paths, bus, port = Paths.under(folder), Bus(), Port(clock)
    failures: list[BaseException] = []
    scope = TaskScope("runner", on_failure=lambda _, failure: failures.append(failure))
    alarms: list[DeskAlarmed] = []
    bus.on(DeskAlarmed, alarms.append)
    paths.prepare()
    store = await Store.open(paths, port=port, bus=bus, clock=clock)
    bars = MemoryBars()
    parts = FeedParts(clock, port, lambda name: None, paths.data, MarketSettings())
    market = Market.of(("demo",), parts=parts, bus=bus, scope=scope, bar_store=bars)
    board = JobBoard(clock, bus, scope, compute=Compute(port))
    try:

        def keep(unit: Unit) -> None:
            for key, value in {**LOOSE, **(limits or {})}.items():
                unit.settings.put(key, value)
            if unit.accounts.find(ACCOUNT) is None:
                unit.accounts.add(ACCOUNT, broker="paper", mode="DEMO", label="Demo account")

        await store.run(DEFAULT_USER, keep)
        account = await store.read(DEFAULT_USER, lambda unit: unit.accounts.get(ACCOUNT))
        switch, prices = HaltSwitch(paths.data), OpeningPrices(market, clock)
        gate = SafetyGate(switch, LimitReader({}))
        held = DeskParts(store, DEFAULT_USER, clock, bus, scope, switch, gate, ApprovalBook(), prices)
        desk = OrderDesk(lambda: held, port)
        broker = broker or paper_broker(clock, cash, costs, folder / "broker.json")
        shelf = StrategyShelf(paths, port, board)

        async def opened() -> None:
            return None

        def another() -> StrategyRunner:
            return StrategyRunner(
                store=store,
                market=market,
                clock=clock,
                bus=bus,
                user=DEFAULT_USER,
                shelf=shelf,
                desk=desk,
                costs=lambda account: costs,
                opened=opened,
            )

        await desk.connect(account, broker)
        await desk.compared(ACCOUNT)
        try:
            yield RunnerRoom(
                store, market, clock, bus, scope, port, broker, desk, held, prices, shelf, another(), another,
                switch, bars, alarms, failures,
            )  # fmt: skip
        finally:
            await desk.close()
    finally:
        await board.close()
        await scope.close()
        await market.close()
        await store.close()
        await port.close()


def paper_broker(
    clock: FixedClock,
    cash: int,
    costs: tuple[SlippageModel, CommissionModel],
    file: Path,
    kind: type[PaperBroker] = PaperBroker,
) -> PaperBroker:
    """A paper account that fills by the bars it is given, and keeps its book in a file."""
    days = calendar(EXCHANGE)

    def keep(book: dict[str, Any]) -> None:
        # The loop and the broker's thread may both keep it.
        whole = file.with_suffix(f".{get_ident()}")
        whole.write_text(json.dumps(book), encoding="utf-8")
        whole.replace(file)

    broker = kind(
        cash,
        now=clock.now,
        name=ACCOUNT,
        terms=PaperTerms(slippage=costs[0], commission=costs[1], short=True),
        hours=lambda symbol, at: hours_of(days.sessions, at),
        asset=lambda symbol: Asset(
            symbol, shortable=True, fractionable=True, quantity_step=Decimal("0.0001")
        ),
        keep=keep,
    )
    if file.exists():
        broker.restore(json.loads(file.read_text(encoding="utf-8")))
    return broker
