"""Lives through a past range bar by bar; runs in a process of its own, on a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from puffling.automation.rehearsal.comparing import differences_of, tested_by
from puffling.automation.rehearsal.task import Lived, RehearsalTask
from puffling.automation.rehearsal.values import RehearsedOrder
from puffling.automation.runner.activation import activate
from puffling.automation.runner.deciding import code_of
from puffling.automation.runner.runner import SETTLE, StrategyRunner
from puffling.automation.runner.timing import Timing
from puffling.automation.runner.values import Activation
from puffling.market.calendar import calendar
from puffling.market.market import Market
from puffling.market.played_feed import PlayedFeed
from puffling.market.values import Instrument
from puffling.puffin.backtest.aims import Aims
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.fills import Candle
from puffling.puffin.backtest.heard import Heard
from puffling.puffin.backtest.hearing import Acts
from puffling.puffin.backtest.orders import Sizing, Steps
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.broker.base import Asset
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import PaperTerms, hours_of
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.puffin.strategies.asking import Settled, Trouble, act, aim
from puffling.puffin.strategies.recipe import Recipe
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.compute import checkpoint
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.store.bars import BarArchive
from puffling.store.database import Store, Unit
from puffling.store.decisions import Decision, DecisionState, Fate, StrategyMode
from puffling.store.orders import ApprovalState
from puffling.trading.approvals import ApprovalBook, give, proposal_of, seal_of, show
from puffling.trading.desk import OrderDesk
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import PriceSeen
from puffling.trading.limits import LimitReader
from puffling.trading.parts import DeskParts

ACCOUNT = "rehearsal"
_STEP = Decimal("0.000000001")


def rehearse(task: RehearsalTask) -> Lived:
    """Live through the range, in a folder that goes at the end."""
    with TemporaryDirectory(prefix="puffling-rehearsal-") as folder:
        return asyncio.run(_live(task, Path(folder)))


class _Shelf:
    """The one strategy there is; it may be asked here, in a process of its own."""

    def __init__(self, task: RehearsalTask) -> None:
        self._task = task

    async def recipe(self, name: str, parameters: Mapping[str, object]) -> tuple[Recipe, Settled]:
        """Give the strategy as it was settled."""
        return self._task.recipe, self._task.settled

    async def aims(self, recipe: Recipe, series: Mapping[str, Bars], terms: Terms, sizing: Sizing) -> Aims:
        """Give what it wants to hold after the newest bar."""
        answer = aim(recipe, series, terms, sizing)
        if isinstance(answer, Trouble):
            raise InvalidInput(f"{answer.message}.", field=answer.field)
        return answer

    async def acts(
        self,
        recipe: Recipe,
        series: Mapping[str, Bars],
        heard: Sequence[Heard],
        terms: Terms,
        rule: Rule,
        *,
        first_us: int,
        steps: Steps,
    ) -> Acts:
        """Give what it says to the last close it heard of."""
        answer = act(recipe, series, heard, terms, rule, first_us=first_us, steps=steps)
        if isinstance(answer, Trouble):
            raise InvalidInput(f"{answer.message}.", field=answer.field)
        return answer


class _Prices:
    """Prices of the past market as the desk sees them."""

    def __init__(self, feed: PlayedFeed, clock: FixedClock) -> None:
        self._feed = feed
        self._clock = clock
        self._known = {each.symbol: each for each in feed.instruments()}

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Watch nothing: nothing moves between two bars."""
        return lambda: None

    async def look(self, symbol: str) -> PriceSeen | None:
        """Give the price of the moment."""
        return PriceSeen(Decimal(repr(self._feed.price(symbol).price)), self._clock.now())

    async def instrument(self, symbol: str) -> Instrument | None:
        """Give what is known of a symbol."""
        return self._known.get(symbol)


class _Room:
    """Everything that lives, and the steps of a bar."""

    def __init__(
        self,
        task: RehearsalTask,
        clock: FixedClock,
        port: Port,
        store: Store,
        feed: PlayedFeed,
        desk: OrderDesk,
        broker: PaperBroker,
        runner: StrategyRunner,
        strategy: str,
    ) -> None:
        self.task = task
        self.clock = clock
        self._port = port
        self._store = store
        self._feed = feed
        self._desk = desk
        self._broker = broker
        self._runner = runner
        self._strategy = strategy
        self.asked = 0

    async def close_bar(self) -> None:
        """Let the strategy hear that a bar has closed."""
        if self.task.settled.trades:
            # It is told how its orders for the day came out, so that has to be known.
            await self._desk.look_after(ACCOUNT)
        await self._runner.look(self._strategy)

    async def open_bar(self) -> None:
        """Let what was decided be carried out, and meet the bar that begins."""
        await self._desk.look_after(ACCOUNT)
        # What has to wait for another order goes after that has filled: both at the opening.
        for whole in (False, True):
            await self._runner.look(self._strategy)
            if self.task.agrees:
                await self._agree()
            await self._meet(whole=whole)

    async def worth(self) -> float:
        """Give what the account is worth."""
        return float((await self._port.thread(self._broker.get_account)).equity)

    async def _agree(self) -> None:
        waiting = await self._store.read(
            DEFAULT_USER, lambda unit: unit.approvals.in_states({ApprovalState.WAITING})
        )
        for each in waiting:
            self.asked += 1
            preview = await self._desk.preview(proposal_of(each))
            shown = await self._store.run(DEFAULT_USER, show, each.id, preview.worst_price)
            await self._store.run(DEFAULT_USER, give, each.id, seal_of(shown), "rehearsal")
            await self._desk.place(proposal_of(each), approval_id=each.id)

    async def _meet(self, *, whole: bool) -> None:
        """Let what waits meet the opening alone, or all of the bar after it."""
        now, candles = self.clock.now(), {}
        for symbol in self.task.symbols:
            begun = self._feed.running(symbol)
            if len(begun):
                candle = Candle(*(float(column[-1]) for column in begun.columns()))
                opened = candle.open
                candles[symbol] = candle if whole else Candle(opened, opened, opened, opened, candle.volume)
        self._broker.on_bars(candles, now, until=now)
        # Asking keeps the book, and lets what it did be told.
        await self._port.thread(self._broker.get_account)
        await self._desk.look_after(ACCOUNT)

    async def decisions(self) -> tuple[Decision, ...]:
        """Give what was decided, the oldest first."""
        newest = await self._store.read(
            DEFAULT_USER, lambda unit: unit.decisions.newest(self._strategy, 100_000)
        )
        return newest[::-1]

    async def made(self) -> tuple[RehearsedOrder, ...]:
        """Give the fills and what the gate refused, in the order they happened."""
        fills = await self._store.read(DEFAULT_USER, lambda unit: unit.fills.of(ACCOUNT))
        done = [
            RehearsedOrder(fill.filled_at, fill.symbol, fill.side.value, float(fill.quantity), "filled",
                           float(fill.price), float(fill.fees))
            for fill in fills
        ]  # fmt: skip
        for decision in await self.decisions():
            done += [
                RehearsedOrder(decision.opens_at, order.symbol, order.side.value, float(order.quantity),
                               order.fate.value, text=order.text)
                for order in decision.orders
                if order.fate is not Fate.ENTERED and not (order.fate is Fate.ASKED and self.task.agrees)
            ]  # fmt: skip
        return tuple(sorted(done, key=lambda each: each.at))


async def _live(task: RehearsalTask, folder: Path) -> Lived:
    clock = FixedClock(task.start)
    async with AsyncExitStack() as closing:
        room = await _room(task, folder, clock, closing)
        timing = Timing(calendar(task.hours), Interval(task.interval))
        hours, whole = calendar(task.hours), (task.end - task.start).total_seconds()
        time, equity, begun = [], [], await room.worth()
        close = timing.next_close(task.start)
        while close <= task.end:
            lived = (close - task.start).total_seconds()
            checkpoint(lived, whole, tr("Living through {day}", day=f"{close:%Y-%m-%d}"))
            clock.set(close)
            time.append(close)
            equity.append(task.capital + await room.worth() - begun)
            clock.set(close + SETTLE)
            await room.close_bar()
            following = timing.next_close(close)
            slot = timing.newest(close)
            assert slot is not None
            if slot.opens_at > clock.now():
                clock.set(slot.opens_at)
            if hours.is_open(clock.now()) and slot.opens_at < task.end:
                await room.open_bar()
            close = following
        made, decisions = await room.made(), await room.decisions()
        undecided = [each for each in decisions if each.state is not DecisionState.DONE]
        first = timing.newest(timing.next_close(task.start))
        assert first is not None
        tested_equity, fills = tested_by(task, first.bar_at, len(time))
        return Lived(
            tuple(time),
            tuple(equity),
            tested_equity,
            made,
            room.asked,
            len([each for each in undecided if each.state is not DecisionState.DUE]),
            differences_of(made, fills),
        )


async def _room(task: RehearsalTask, folder: Path, clock: FixedClock, closing: AsyncExitStack) -> _Room:
    paths, bus, port = Paths.under(folder), Bus(), Port(clock)
    closing.push_async_callback(port.close)
    paths.prepare()
    scope = TaskScope("rehearsal")
    store = await Store.open(paths, port=port, bus=bus, clock=clock)
    closing.push_async_callback(store.close)
    bars = await BarArchive.open(paths, port=port, bus=bus, clock=clock)
    closing.push_async_callback(bars.close)
    feed = PlayedFeed(clock, Interval(task.interval), task.series, task.hours)
    market = Market(clock=clock, bus=bus, scope=scope, feeds=(feed,), bar_store=bars)
    closing.push_async_callback(market.close)
    closing.push_async_callback(scope.close)
    strategy = await store.run(DEFAULT_USER, _prepare, task)
    switch = HaltSwitch(paths.data)
    parts = DeskParts(
        store, DEFAULT_USER, clock, bus, scope, switch, SafetyGate(switch, LimitReader({})), ApprovalBook(),
        _Prices(feed, clock),
    )  # fmt: skip
    desk = OrderDesk(lambda: parts, port)
    closing.push_async_callback(desk.close)
    broker = _broker(task, clock)
    await desk.connect(await store.read(DEFAULT_USER, lambda unit: unit.accounts.get(ACCOUNT)), broker)
    await desk.compared(ACCOUNT)
    runner = StrategyRunner(
        store=store,
        market=market,
        clock=clock,
        bus=bus,
        user=DEFAULT_USER,
        shelf=_Shelf(task),
        desk=desk,
        costs=lambda account: (task.slippage, task.commission),
        opened=_at_once,
    )
    return _Room(task, clock, port, store, feed, desk, broker, runner, strategy)


def _prepare(unit: Unit, task: RehearsalTask) -> str:
    """Write down what the person allows, the account and the strategy."""
    for key, value in task.limits.items():
        unit.settings.put(key, value)
    unit.accounts.add(ACCOUNT, broker="paper", mode="PAPER", label="Rehearsal")
    config = unit.strategies.create(
        name="Rehearsed",
        strategy=task.recipe.strategy,
        parameters=dict(task.recipe.parameters),
        symbols=task.symbols,
        interval=task.interval,
    )
    wanted = Activation(
        config.id, config.version, code_of(task.recipe, task.settled),
        StrategyMode.AUTO_TRADE, ACCOUNT, task.capital, task.size, task.sizing, task.lot, task.start,
    )  # fmt: skip
    return activate(unit, wanted, task.hours, config.updated_at).id


def _broker(task: RehearsalTask, clock: FixedClock) -> PaperBroker:
    days = calendar(task.hours)
    return PaperBroker(
        Decimal(repr(task.account)),
        now=clock.now,
        name=ACCOUNT,
        terms=PaperTerms(
            slippage=task.slippage, commission=task.commission, leverage=task.leverage, short=task.short
        ),
        hours=lambda symbol, at: hours_of(days.sessions, at),
        asset=lambda symbol: Asset(symbol, shortable=True, fractionable=True, quantity_step=_STEP),
    )


async def _at_once() -> None:
    """Wait for nothing: the account is there."""
