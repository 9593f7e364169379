"""Positions, lots, gains, returns, money in and out: through the core, from rows as the desk writes them."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest

from puffling.core.core import Core
from puffling.puffin.orders import Side
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.port import Port
from puffling.store.database import Store, Unit
from puffling.store.events import TradesChanged
from puffling.store.orders import Account, Fill, FillKind, FlowKind, OrderTerms
from puffling.trading.events import OrderFilled
from puffling.trading.history import write_trade
from puffling.trading.portfolio.values import TradeLine
from puffling.trading.proposals import Proposal
from tests.fakes.own_broker import OwnBroker

pytestmark = pytest.mark.usefixtures("as_person")

NOON = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


def fill(
    number: int,
    side: Side,
    quantity: str,
    price: str,
    at: datetime,
    *,
    symbol: str = "SPY",
    kind: FillKind = FillKind.FILL,
    fees: str = "1",
) -> Fill:
    """An execution of the paper account."""
    return Fill(
        broker_order_id=f"b{number}",
        execution_id=f"e{number}",
        account="paper",
        mode="PAPER",
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fees=Decimal(fees),
        filled_at=at,
        received_at=at,
        kind=kind,
    )


async def write(core: Core, *fills: Fill, source: str = "person") -> None:
    """Write fills as the desk does, and wait until the books know what they earned."""

    def work(unit: Unit) -> None:
        for each in fills:
            write_trade(unit, each, source=source)

    await core.store.run(core.user, work)
    await settled(core)


async def settled(core: Core) -> None:
    """Come back when the books have nothing left to tell."""
    while not core.books.up_to_date:  # noqa: ASYNC110  what ends it is what is tested
        await asyncio.sleep(0.001)


def day(number: int, hour: int = 15) -> datetime:
    """So many days before today, in the session."""
    return NOON.replace(hour=hour) - timedelta(days=number)


BOUGHT = (
    fill(1, Side.BUY, "10", "500", day(30)),
    fill(2, Side.BUY, "10", "520", day(20)),
)
SOLD = fill(3, Side.SELL, "5", "540", day(10))


async def mark(core: Core, at: datetime, equity: str, cash: str) -> None:
    """Write down what the account was worth."""
    await core.store.run(core.user, lambda unit: unit.worth.mark("paper", at, Decimal(equity), Decimal(cash)))


async def test_an_account_that_never_traded_holds_money_and_nothing_else(core: Core) -> None:
    await core.desk.connect(Account("mine", "own", "PAPER", "Mine", NOON), OwnBroker(now=core.clock.now))
    await core.desk.compared("mine")
    shown = await core.portfolio.show("mine")
    assert (shown.label, shown.mode, shown.connected, shown.positions) == ("Mine", "PAPER", True, ())
    assert (shown.equity, shown.cash, shown.realized) == (Decimal(100_000), Decimal(100_000), Decimal(0))
    assert shown.today == 0
    assert await core.portfolio.lots(account="mine") == ()
    gains = await core.monitor.pnl("mine")
    assert (gains.realized, gains.time_weighted.whole) == (Decimal(0), None)
    assert gains.time_weighted.why_not
    assert await core.monitor.trades(account="mine") == ()
    with pytest.raises(NotFound, match="no account paper") as caught:
        await core.portfolio.show("paper")
    assert "mine" in caught.value.hint


async def test_play_money_is_not_noted_by_hand(core: Core) -> None:
    def keep(unit: Unit) -> None:
        unit.accounts.add("play", broker="paper", mode="PAPER", label="Play money")

    await core.store.run(core.user, keep)
    with pytest.raises(Conflict, match="knows of all its money"):
        await core.portfolio.add_flow(FlowKind.DEPOSIT, Decimal(100), account="play")


async def test_every_trade_is_told_what_it_earned_by_the_lots_before_it(core: Core) -> None:
    await write(core, *BOUGHT, SOLD)
    trades = await core.monitor.trades()
    assert [trade.realized for trade in trades] == [Decimal("198.5"), None, None]
    assert [trade.amount for trade in trades] == [Decimal(2_699), Decimal(-5_201), Decimal(-5_001)]


async def test_another_way_to_match_lots_tells_all_trades_anew(core: Core) -> None:
    await write(core, *BOUGHT, SOLD)
    await core.settings.put("portfolio.matching", "lifo")
    await settled(core)
    assert (await core.monitor.trades(limit=1))[0].realized == Decimal("98.5")
    trades = await core.monitor.trades()
    await core.settings.put("portfolio.matching", "chosen")
    before = await core.portfolio.choose_lots(
        trades[0].id, {trades[1].id: Decimal(2), trades[2].id: Decimal(3)}
    )
    assert before == {}
    await settled(core)
    # 2 of 520.1 and 3 of 500.1 against 540, less a fee of 1.
    assert (await core.monitor.trades(limit=1))[0].realized == Decimal("158.5")
    lots = await core.portfolio.lots("SPY", "paper")
    assert [lot.quantity for lot in lots] == [Decimal(7), Decimal(8)]
    again = await core.portfolio.choose_lots(trades[0].id, {})
    assert again == {trades[1].id: Decimal(2), trades[2].id: Decimal(3)}
    with pytest.raises(InvalidInput, match="did not open"):
        await core.portfolio.choose_lots(trades[0].id, {trades[0].id: Decimal(1)})


async def test_a_position_has_its_price_its_gain_and_its_day(core: Core) -> None:
    await write(core, *BOUGHT, SOLD, fill(4, Side.BUY, "1", "600", NOON - timedelta(minutes=30)))
    await mark(core, day(40), "20000", "20000")
    [position] = (await core.portfolio.show("paper")).positions
    price = await core.market.latest("SPY")
    now, close = Decimal(repr(price.price)), Decimal(repr(price.previous_close))
    assert (position.quantity, position.symbol, position.asset_class) == (Decimal(16), "SPY", "etf")
    assert position.cost == Decimal("2500.5") + Decimal(5_201) + Decimal(601)
    assert position.value == 16 * now
    assert position.unrealized == 16 * now - position.cost
    assert position.today == 16 * now - 15 * close - 601
    assert position.realized == Decimal("198.5")


async def test_what_was_found_without_a_price_while_something_is_held_is_a_split(core: Core) -> None:
    await write(
        core,
        *BOUGHT,
        fill(4, Side.BUY, "20", "0", day(5), kind=FillKind.OPENING, fees="0"),
        fill(5, Side.SELL, "20", "270", day(4), fees="0"),
    )
    [lot] = await core.portfolio.lots(account="paper")
    assert (lot.quantity, lot.cost, lot.opened) == (Decimal(20), Decimal(5_201), BOUGHT[1].filled_at)
    assert (await core.monitor.trades(limit=1))[0].realized == 20 * 270 - Decimal(5_001)


async def test_gains_leave_out_what_was_paid_in_and_add_up(core: Core) -> None:
    await mark(core, day(40), "20000", "20000")
    await write(core, *BOUGHT, SOLD)
    await mark(core, day(9), "20500", "12497")
    await core.portfolio.add_flow(
        FlowKind.DEPOSIT, Decimal(1_000), day(5).date(), note="Pay", account="paper"
    )
    await core.portfolio.add_flow(FlowKind.DIVIDEND, Decimal(15), day(3).date(), "SPY", account="paper")
    await mark(core, day(2), "21600", "13512")
    gains = await core.monitor.pnl("paper")
    assert (gains.deposits, gains.dividends, gains.withdrawals) == (Decimal(1_000), Decimal(15), Decimal(0))
    assert gains.realized == Decimal("198.5")
    assert gains.equity is not None
    assert gains.total == gains.equity - 20_000 - 1_000
    [spy] = gains.symbols
    assert spy.total == spy.realized + (spy.unrealized or 0) + 15
    assert (spy.fees, spy.trades) == (Decimal(3), 3)
    assert [each.gain for each in gains.days] == [Decimal(0), Decimal(500), Decimal(100)]
    assert gains.time_weighted.whole is not None
    assert gains.money_weighted.whole is not None


async def test_the_curve_stands_beside_a_benchmark_on_the_same_moments(core: Core) -> None:
    await write(core, *BOUGHT)
    for number, equity in ((40, "20000"), (20, "21000"), (1, "22000")):
        await mark(core, day(number), equity, "10000")
    curve = await core.portfolio.curve("paper")
    assert curve.benchmark_symbol == "SPY"
    assert len(curve.times) == len(curve.equity) == len(curve.growth) == len(curve.benchmark) == 3
    assert curve.growth == pytest.approx((1.0, 1.05, 1.1))
    assert curve.benchmark[0] == 1.0
    assert (await core.portfolio.curve("paper", "NOTHING-LIKE-IT")).benchmark == ()


async def test_a_year_is_reported_lot_by_lot_and_as_a_file(core: Core) -> None:
    await write(core, *BOUGHT, SOLD)
    report = await core.portfolio.yearly(2026, "paper")
    assert (len(report.rows), report.total.gain, report.short_term.count) == (1, Decimal("198.5"), 1)
    assert report.years == (2026,)
    assert (await core.portfolio.yearly(2025, "paper")).rows == ()
    file = await core.portfolio.export_yearly(2026, "paper")
    [titles, row] = list(csv.reader(StringIO(file.text)))
    assert dict(zip(titles, row, strict=True))["gain"] == "198.5000000000"


async def test_money_in_and_out_can_be_undone(core: Core) -> None:
    await write(core, *BOUGHT)
    made = await core.portfolio.add_flow(FlowKind.WITHDRAWAL, Decimal("250.50"), account="paper")
    assert (made.amount, made.at, made.by_hand) == (Decimal("-250.50"), NOON, True)
    gone = await core.portfolio.remove_flow(made.id)
    assert await core.portfolio.flows("paper") == ()
    back = await core.portfolio.restore_flow(
        gone.id, gone.account, FlowKind(gone.kind), gone.amount, gone.at, gone.symbol, gone.note
    )
    assert back == made
    with pytest.raises(InvalidInput, match="yet to come"):
        await core.portfolio.add_flow(
            FlowKind.DEPOSIT, Decimal(1), (NOON + timedelta(days=2)).date(), account="paper"
        )
    with pytest.raises(InvalidInput):
        await core.portfolio.add_flow(FlowKind.DEPOSIT, Decimal("0.001"), account="paper")


async def found(core: Core, **wanted: object) -> list[str]:
    """The ids of the executions that are found."""
    lines: tuple[TradeLine, ...] = await core.registry.invoke("monitor.trades", wanted)
    return [f"{line.symbol} {line.quantity}" for line in lines]


async def test_trades_are_found_by_what_they_are_and_what_was_said_of_them(core: Core) -> None:
    await write(core, *BOUGHT)
    await write(core, fill(7, Side.SELL, "3", "100", day(2), symbol="AAPL"), source="assistant")
    [first] = await core.monitor.trades(symbol="AAPL")
    noted = await core.monitor.annotate_trade(first.id, "Earnings play", ("swing",))
    assert (noted.note, noted.tags) == ("Earnings play", ("swing",))
    assert await found(core, text="earnings aapl") == ["AAPL 3"]
    assert await found(core, tag="swing") == ["AAPL 3"]
    assert await found(core, source="assistant") == ["AAPL 3"]
    assert await found(core, side="buy", limit=1) == ["SPY 10"]
    assert await found(core, start=day(21).date(), end=day(20).date()) == ["SPY 10"]
    assert await found(core, account="other") == []


async def test_no_cell_of_an_export_is_a_formula_and_numbers_stay_numbers(core: Core) -> None:
    await write(core, *BOUGHT, SOLD)
    [newest, *_] = await core.monitor.trades()
    await core.monitor.annotate_trade(newest.id, '=HYPERLINK("http://a")', ("+1", "@now"))
    file = await core.monitor.export_trades(symbol="SPY")
    titles, first, *rest = csv.reader(StringIO(file.text))
    row = dict(zip(titles, first, strict=True))
    assert row["note"] == '\'=HYPERLINK("http://a")'
    assert row["tags"] == "'+1, @now"
    assert (row["quantity"], row["price"], row["amount"]) == ("5", "540", "2699")
    assert (file.rows, len(rest)) == (3, 2)


async def test_a_restart_tells_trades_what_a_crash_kept_from_them(core: Core, clock: FixedClock) -> None:
    await write(core, *BOUGHT, SOLD)
    await core.close()

    def forget(unit: Unit) -> None:
        newest = unit.trades.of("paper")[-1]
        unit.trades.realize("paper", "SPY", {newest.id: None})

    port = Port(clock)
    store = await Store.open(core.paths, port=port, bus=Bus(), clock=clock)
    await store.run(core.user, forget)
    await store.close()
    await port.close()

    again = await Core.open(core.paths, clock=clock, environment={})
    told = asyncio.Event()
    again.bus.on(TradesChanged, lambda _: told.set())
    while not told.is_set():
        clock.advance(1.0)
        await asyncio.sleep(0.001)
    assert (await again.monitor.trades(limit=1))[0].realized == Decimal("198.5")
    await again.close()


async def test_health_names_every_account(core: Core) -> None:
    await write(core, *BOUGHT)
    accounts = {each.account: each.connected for each in (await core.monitor.health()).accounts}
    assert accounts["paper"] is False


async def connected(core: Core) -> OwnBroker:
    """A broker that fills every order at once."""
    broker = OwnBroker(now=core.clock.now, fills="all")
    broker.price = Decimal(repr(core.market.price("SPY").price))
    await core.desk.connect(Account("mine", "own", "DEMO", "Mine", NOON - timedelta(days=9)), broker)
    await core.desk.compared("mine")
    await core.settings.put("trading.duplicate_seconds", 0)
    return broker


async def fill_one(core: Core, side: Side, source: str = "person", version: str = "") -> None:
    """Order one share, and come back when it has filled."""
    filled = asyncio.Event()
    end = core.bus.on(OrderFilled, lambda _: filled.set())
    terms = OrderTerms("mine", "SPY", side, Decimal(1))
    until = NOON + timedelta(minutes=5)
    await core.desk.place(Proposal(terms, source, side.value, until, source_version=version))
    await filled.wait()
    end()


async def test_orders_that_fill_at_a_broker_are_trades_with_what_they_earned(core: Core) -> None:
    broker = await connected(core)
    await fill_one(core, Side.BUY)
    broker.price += 3
    await fill_one(core, Side.SELL)
    await settled(core)
    sold, bought = await core.monitor.trades(account="mine")
    assert (sold.side, bought.side, sold.source) == ("sell", "buy", "person")
    assert sold.realized == 3
    assert bought.intent_id is not None
    assert (await core.portfolio.show("mine")).positions == ()


async def test_a_trade_of_a_strategy_is_called_by_the_name_of_the_strategy(core: Core) -> None:
    await connected(core)
    config = await core.strategies.create("Slow crossing", "momentum", ("SPY",))
    await fill_one(core, Side.BUY, "strategy", f"{config.id}.{config.version}")
    await fill_one(core, Side.SELL)
    sold, bought = await core.monitor.trades(account="mine")
    assert (bought.strategy, bought.strategy_id, bought.source) == ("Slow crossing", config.id, "strategy")
    assert (sold.strategy, sold.strategy_id) == ("", None)
    assert await core.monitor.trades(text="crossing") == (bought,)
    [titles, row] = csv.reader(StringIO((await core.monitor.export_trades(text="crossing")).text))
    assert dict(zip(titles, row, strict=True))["strategy"] == "Slow crossing"
    await core.strategies.delete(config.id)
    assert [each.strategy for each in await core.monitor.trades(account="mine")] == ["", ""]


async def test_a_fill_counts_though_the_strategy_that_ordered_it_is_gone(core: Core) -> None:
    await connected(core)
    await fill_one(core, Side.BUY, "strategy", "gone.3")
    [bought] = await core.monitor.trades(account="mine")
    assert (bought.strategy_id, bought.source) == (None, "strategy")
