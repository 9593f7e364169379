"""A strategy with a memory lives through what it heard of a book kept elsewhere, and says the same again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.fills import Candle, Intrabar, Touch
from puffling.puffin.backtest.heard import PROFIT_LEG, STOP_LEG, Heard, Standing, key_of
from puffling.puffin.backtest.hearing import Acts, Sent, acts_of
from puffling.puffin.backtest.orders import Ticket, Wanted
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Waiting, met, settle
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side
from tests.puffin.backtest.markets import bars_of, panel_of_rows

BARS = bars_of([(price, price + 1.0, price - 1.0, price) for price in (100.0, 101.0, 102.0, 103.0, 104.0)])
Act = Callable[[View], object]


class Counts:
    """Counts the closes it hears of, and acts at some of them."""

    def __init__(self, acts: Mapping[int, Act]) -> None:
        self.count = 0
        self._acts = acts

    def on_bar(self, view: View) -> None:
        """Count, and act."""
        self.count += 1
        if self.count in self._acts:
            self._acts[self.count](view)


def heard(day: int, *orders: Standing, cash: float = 1_000.0, held: float = 0.0) -> Heard:
    """The close of a day, heard a moment later."""
    return Heard(day * US_PER_DAY + 7, day * US_PER_DAY, cash, {"X": held} if held else {}, orders)


def said(
    acts: Mapping[int, Act],
    *closes: Heard,
    steps: Mapping[str, Decimal | None] | None = None,
    first: int = 1,
    terms: Terms | None = None,
) -> Acts:
    """What it says at the last of these closes."""
    return acts_of(
        Counts(acts),
        {"X": BARS},
        closes,
        terms or Terms(capital=1_000.0),
        Rule(),
        first_us=first * US_PER_DAY,
        steps=steps or {},
    )


def test_it_remembers_every_close_and_says_what_it_says_at_the_newest() -> None:
    acts = {at: lambda view, at=at: view.target("X", at / 10) for at in (1, 2, 3)}
    assert said(acts, heard(3), heard(4), heard(5)) == Acts({"X": 0.3}, (), ())
    # Closes of bars that are gone, or that it could not have heard of, are passed over.
    assert said(acts, heard(0), heard(2), heard(4), heard(5), first=3).aims == {"X": 0.2}
    assert said(acts, heard(5), first=99).aims == {"X": 0.1}


def test_it_sees_the_book_as_it_was() -> None:
    seen: list[tuple[float, float, float]] = []

    def look(view: View) -> None:
        seen.append((view.cash, view.position("X"), view.equity))

    said({1: look, 2: look}, heard(1), heard(2, cash=495.0, held=5.0))
    assert seen == [(1_000.0, 0.0, 1_000.0), (495.0, 5.0, 1_000.0)]


def test_orders_are_sent_on_the_steps_of_their_market() -> None:
    def send(view: View) -> None:
        limit = Ticket("X", Side.BUY, 2.0, Kind.LIMIT, limit=99.126)
        view.send(limit, take_profit=120.004, stop_loss=90.016, reason="cheap")
        trail = Ticket("X", Side.SELL, 2.0, Kind.TRAILING_STOP, trail=5.004)
        view.send(trail)

    entry, trailing = said({1: send}, heard(5), steps={"X": None}).sent
    cheap = Ticket("X", Side.BUY, 2.0, Kind.LIMIT, limit=99.13)
    assert entry == Sent(1, cheap, 120.0, 90.02, "cheap")
    assert (trailing.number, trailing.ticket.trail) == (2, 5.0)
    coarse = said({1: send}, heard(5), steps={"X": Decimal("0.5")}).sent[0]
    assert (coarse.ticket.limit, coarse.take_profit, coarse.stop_loss) == (99.0, 120.0, 90.0)


def test_an_open_quantity_is_sized_where_its_price_is_met_or_at_its_own() -> None:
    def send(view: View) -> None:
        view.send(Ticket("X", Side.BUY))
        view.send(Ticket("X", Side.BUY, None, Kind.LIMIT, limit=50.0))

    market, limit = said({1: send}, heard(5)).sent
    assert (market.ticket.quantity, market.wanted) == (None, Wanted(1.0))
    assert (limit.ticket.quantity, limit.wanted) == (20.0, None)


@pytest.mark.parametrize(
    ("taken_back", "left"),
    [
        (lambda order: order.legs[0], (120.0, None)),
        (lambda order: order.legs[1], (None, 90.0)),
        (lambda order: order, None),
    ],
    ids=["its stop", "its profit", "all of it"],
)
def test_what_is_taken_back_at_the_same_close_is_never_sent(
    taken_back: Callable[[Waiting], Waiting], left: tuple[float | None, float | None] | None
) -> None:
    def send(view: View) -> None:
        order = view.send(Ticket("X", Side.BUY, 1.0), take_profit=120.0, stop_loss=90.0)
        view.cancel(taken_back(order))
        # Once is enough, and twice is no more.
        view.cancel(taken_back(order))

    told = said({1: send}, heard(5))
    assert told.cancelled == ()
    assert [(each.take_profit, each.stop_loss) for each in told.sent] == ([] if left is None else [left])


def test_orders_that_stand_are_known_again_and_taken_back_by_their_names() -> None:
    slot = 3 * US_PER_DAY + 7
    entry = Standing(key_of(slot, 1), "X", Side.BUY, Kind.LIMIT, 4.0, 3.0, limit=90.0, lasting=Lasting.DAY)
    stop = Standing(key_of(slot, 1, STOP_LEG), "X", Side.SELL, Kind.STOP, 4.0, 1.0, stop=80.0)
    profit = Standing(
        key_of(slot, 1, PROFIT_LEG), "X", Side.SELL, Kind.LIMIT, 4.0, 1.0, limit=99.0, loose=False
    )
    gone = Standing(key_of(slot, 2), "X", Side.BUY, Kind.MARKET, 1.0, 0.0, over=True)
    assert (entry.is_leg, stop.is_leg, stop.entry) == (False, True, entry.key)
    known: list[tuple[Waiting, ...]] = []

    def look(view: View) -> None:
        known.append(view.waiting)

    def take_back(view: View) -> None:
        look(view)
        view.cancel(view.waiting[0])

    told = said({1: look, 2: take_back}, heard(4, entry, stop, profit, gone), heard(5, entry, stop, profit))
    first, second = known
    assert [each.remaining for each in first] == [3.0, 1.0, 1.0]
    assert [one is other for one, other in zip(first, second, strict=True)] == [True] * 3
    assert first[1].parent is first[0]
    # Its profit was not let loose and goes with it; its stop protects what has filled.
    assert told == Acts({}, (), (entry.key,))
    later = said({1: lambda view: view.cancel(view.waiting[1])}, heard(5, entry, stop, profit))
    assert later.cancelled == (stop.key,)
    assert said({1: take_back}, heard(5, stop)).cancelled == (stop.key,)


def test_of_an_order_that_was_sent_at_this_close_a_leg_is_known_by_its_name_too() -> None:
    def send(view: View) -> None:
        view.send(Ticket("X", Side.BUY, 1.0), stop_loss=90.0)

    told = said({1: send, 2: send}, heard(4), heard(5))
    assert [(each.number, each.stop_loss) for each in told.sent] == [(1, 90.0)]


def test_what_costs_more_than_there_is_buys_nothing() -> None:
    def ask(view: View) -> None:
        assert view.quantity_for(0.0, 100.0) == 0.0
        assert view.quantity_for(0.5, 100.0) == 5.0
        assert view.quantity_for(-0.5, 100.0) == 5.0
        with pytest.raises(InvalidValue, match="between -1 and 1"):
            view.target("X", 1.5)
        with pytest.raises(InvalidValue, match="Y is not part of this test"):
            view.close("Y")
        with pytest.raises(InvalidValue, match="A share must lie above 0"):
            view.send(Ticket("X", Side.BUY), share=0.0)
        assert view.symbols == ("X",)

    said({1: ask}, heard(1))


def test_what_a_rule_makes_nothing_of_is_said_and_sent_nowhere() -> None:
    def send(view: View) -> None:
        order = view.send(Ticket("X", Side.BUY, None, Kind.LIMIT, limit=5_000.0))
        assert order.remaining == 0.0

    assert said({1: send}, heard(5)).sent == ()


class TestWaiting:
    """Orders that wait, through splits and bars."""

    def test_a_split_changes_every_price_and_quantity_of_it(self) -> None:
        order = Waiting(Ticket("X", Side.SELL, 10.0, Kind.TRAILING_STOP, trail=4.0), 6.0, since=0, best=100.0)
        order.split(2.0)
        assert (order.remaining, order.best) == (12.0, 50.0)
        assert (order.ticket.quantity, order.ticket.trail) == (20.0, 2.0)
        open_ = Waiting(Ticket("X", Side.BUY), 0.0, since=0, wanted=Wanted(0.1, stop=90.0))
        open_.split(2.0)
        assert open_.wanted == Wanted(0.1, stop=45.0)
        assert open_.ticket.quantity is None

    def test_a_leg_that_is_loose_already_only_grows(self) -> None:
        entry = Waiting(Ticket("X", Side.BUY, 4.0), 2.0, since=0)
        leg = Waiting(Ticket("X", Side.SELL, 4.0, Kind.STOP, stop=90.0), 2.0, since=1, parent=entry)
        leg.loose = True
        entry.legs.append(leg)
        assert settle(entry, 2.0, Touch(100.0, None, at_once=True), 5, Intrabar.PESSIMISTIC) == []
        assert (leg.remaining, leg.since, leg.first) == (4.0, 1, None)


def test_what_is_good_for_a_day_or_a_moment_is_over_with_it() -> None:
    class Once:
        def on_bar(self, view: View) -> None:
            if view.bar == 0:
                view.send(Ticket("X", Side.BUY, 1.0, Kind.LIMIT, limit=90.0, lasting=Lasting.DAY))
                view.send(Ticket("X", Side.BUY, 1.0, Kind.LIMIT, limit=50.0, lasting=Lasting.IOC))
                view.send(Ticket("X", Side.BUY, 1e6, Kind.MARKET, lasting=Lasting.FOK))

    rows = [(100.0, 101.0, 99.0, 100.0)] * 2 + [(80.0, 81.0, 79.0, 80.0)] * 2
    result = Backtester(initial_capital=1_000.0).trade(Once(), panel_of_rows(rows))
    assert result.fills == []


def test_a_stop_limit_goes_on_as_a_limit_once_it_was_triggered() -> None:
    order = Waiting(Ticket("X", Side.BUY, 1.0, Kind.STOP_LIMIT, limit=100.0, stop=105.0), 1.0, since=0)
    candles = [(101.0, 104.0, 101.0, 103.0), (106.0, 107.0, 105.0, 106.0), (102.0, 102.0, 99.0, 100.0)]
    told = [(met(order, Candle(*each, 1_000.0), each[0]), order.armed) for each in candles]
    assert told[:2] == [(None, False), (None, True)]
    assert told[2][0] is not None
    assert told[2][0].price == 100.0
