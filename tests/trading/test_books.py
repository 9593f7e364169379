"""The books: when an account's worth is marked, and how a split reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from puffling.core.core import Core
from puffling.puffin.broker.base import AccountInfo, BrokerAbilities
from puffling.puffin.orders import Side
from puffling.puffin.portfolio.lots import Matching
from puffling.store.events import WorthMarked
from puffling.store.orders import Account, Trade, Worth
from puffling.trading.books import BURST, MARK_EVERY, due_mark
from puffling.trading.history import OPENING
from puffling.trading.portfolio.accounting import days, gain_since, settled
from puffling.trading.portfolio.lines import read_choices
from puffling.trading.portfolio.reading import Record, Standing, curve_of, gains_of, portfolio_of
from puffling.trading.values import AccountView, LineState
from tests.fixtures.portfolios import TellingBroker

NOW = datetime(2026, 3, 4, 20, 59, tzinfo=UTC)
CLOSE = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)
LAST = Worth("mine", NOW - timedelta(minutes=1), Decimal(1_000), Decimal(200))


def view(equity: int, as_of: datetime) -> AccountView:
    """An account as its broker tells it."""
    info = AccountInfo(Decimal(equity), Decimal(200), 0, 0, 0, 0, as_of)
    account = Account("mine", "own", "PAPER", "Mine", NOW)
    return AccountView(account, LineState.READY, "", BrokerAbilities(), info, as_of, (), (), ())


def test_the_first_word_of_a_broker_is_marked() -> None:
    mark = due_mark(view(1_000, NOW), None, CLOSE, traded=False)
    assert mark == Worth("mine", NOW, Decimal(1_000), Decimal(200))
    assert due_mark(replace(view(1, NOW), info=None), None, CLOSE, traded=False) is None


@pytest.mark.parametrize(
    ("equity", "age", "traded", "marked"),
    [
        (1_001, timedelta(seconds=30), False, False),
        (1_001, MARK_EVERY, False, True),
        (1_000, MARK_EVERY, False, False),
        (1_000, BURST, True, True),
        (1_000, BURST - timedelta(seconds=1), True, False),
    ],
)
def test_worth_is_marked_while_it_changes_and_after_trades(
    equity: int, age: timedelta, traded: bool, marked: bool
) -> None:
    found = due_mark(view(equity, LAST.at + age), LAST, CLOSE - timedelta(days=1), traded=traded)
    assert (found is not None) is marked


def test_the_close_of_the_exchange_is_marked_once() -> None:
    after = due_mark(view(1_000, CLOSE + timedelta(seconds=5)), LAST, CLOSE, traded=False)
    assert after is not None
    assert due_mark(view(1_000, CLOSE + timedelta(minutes=1)), after, CLOSE, traded=False) is None


async def test_an_account_that_is_connected_is_marked_by_itself(core: Core) -> None:
    heard: list[WorthMarked] = []
    core.bus.on(WorthMarked, heard.append)
    broker = TellingBroker(Decimal(200), Decimal(1_000), now=core.clock.now)
    await core.desk.connect(Account("mine", "own", "PAPER", "Mine", core.clock.now()), broker)
    await core.desk.compared("mine")
    await core.books.mark()
    marks = await core.store.read(core.user, lambda unit: unit.worth.curve("mine"))
    assert [(mark.equity, mark.cash) for mark in marks] == [(Decimal(1_000), Decimal(200))]
    await core.books.mark()
    assert await core.store.read(core.user, lambda unit: unit.worth.curve("mine")) == marks


def trade(number: int, side: Side, quantity: str, price: str, source: str = "person") -> Trade:
    """A trade of the history."""
    return Trade(
        id=str(number),
        account="mine",
        mode="PAPER",
        source=source,
        symbol="XYZ",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fees=Decimal(0),
        realized=None,
        traded_at=NOW + timedelta(days=number),
    )


def test_more_of_the_same_for_nothing_is_a_split_and_a_reverse_split_is_one_too() -> None:
    bought = trade(0, Side.BUY, "30", "90")
    [lot] = settled([bought, trade(1, Side.BUY, "60", "0", OPENING)]).book.lots()
    assert (lot.quantity, lot.cost, lot.opened) == (Decimal(90), Decimal(2_700), bought.traded_at)
    [lot] = settled([bought, trade(1, Side.SELL, "20", "0", OPENING)]).book.lots()
    assert (lot.quantity, lot.cost, lot.id) == (Decimal(10), Decimal(2_700), "0")


def test_a_split_of_what_was_sold_short_is_one_too() -> None:
    short = trade(0, Side.SELL, "10", "90")
    [lot] = settled([short, trade(1, Side.SELL, "10", "0", OPENING)]).book.lots()
    assert (lot.quantity, lot.cost) == (Decimal(-20), Decimal(-900))


def test_what_was_held_before_we_looked_is_a_lot_at_its_price() -> None:
    [lot] = settled([trade(0, Side.BUY, "7", "12", OPENING)]).book.lots()
    assert (lot.quantity, lot.cost) == (Decimal(7), Decimal(84))


def test_what_was_chosen_and_cannot_be_read_counts_as_nothing_chosen() -> None:
    stored = {"a": {"b": "1.5", "c": "much", "d": 3}, "e": "f"}
    assert read_choices(stored) == {"a": {"b": Decimal("1.5")}}
    assert read_choices(["a"]) == {}


def test_gains_count_from_the_mark_before_and_leave_out_what_was_paid() -> None:
    from puffling.puffin.portfolio.returns import Flow

    curve = [
        Worth("mine", NOW - timedelta(days=3), Decimal(1_000), Decimal(0)),
        Worth("mine", NOW - timedelta(days=1), Decimal(1_600), Decimal(0)),
    ]
    paid = [Flow(NOW - timedelta(days=2), Decimal(500))]
    assert gain_since(curve, paid, Decimal(1_650), NOW - timedelta(hours=1)) == 50
    assert gain_since(curve, paid, Decimal(1_650), NOW - timedelta(days=9)) == 150
    assert gain_since([], paid, Decimal(1), NOW) is None
    assert [each.gain for each in days(curve, paid)] == [Decimal(0), Decimal(100)]


def test_a_trade_of_nothing_moves_nothing() -> None:
    found = settled([trade(0, Side.BUY, "0", "12"), trade(1, Side.BUY, "3", "12")])
    assert [(lot.id, lot.quantity) for lot in found.book.lots()] == [("1", Decimal(3))]
    assert found.earned() == {"1": None}


def record(*curve: Worth) -> Record:
    """An account that never traded, with what it was worth."""
    return Record("mine", (), (), curve, (), settled(()), Matching.FIFO)


def test_what_only_the_cash_is_known_of_is_worth_its_cash_and_has_no_day() -> None:
    shown = portfolio_of(Standing("mine", "Mine", "PAPER", cash=Decimal(100)), record(), (), NOW)
    assert (shown.equity, shown.total, shown.day_start, shown.today) == (Decimal(100), None, None, None)


def test_what_an_account_is_worth_now_is_the_newest_point_once() -> None:
    standing = Standing("mine", "Mine", "PAPER", connected=True, equity=Decimal(1_200))
    before = Worth("mine", NOW - timedelta(days=40), Decimal(1_000), Decimal(200))
    gains = gains_of(standing, record(before), (), NOW)
    assert (gains.since, gains.total) == (before.at, Decimal(200))
    assert gains.time_weighted.whole == pytest.approx(0.2)
    curve = curve_of(record(before), NOW, standing.equity, "SPY")
    assert (curve.times, curve.equity) == ((before.at, NOW), (1_000.0, 1_200.0))
    # A mark of this very moment is that point already.
    marked = record(before, Worth("mine", NOW, Decimal(1_200), Decimal(200)))
    assert curve_of(marked, NOW, standing.equity, "SPY").times == (before.at, NOW)
    assert gains_of(standing, marked, (), NOW).time_weighted.whole == pytest.approx(0.2)
