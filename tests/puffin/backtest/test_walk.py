"""What waits at the market, what holding costs, and strategies with a memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk import Walked, walk
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side
from tests.puffin.backtest.markets import Row, panel_of_rows

FLAT = (100.0, 101.0, 99.0, 100.0)
Act = Callable[[View], object]


class Acts:
    """A strategy that does what it is told on the bars it is told."""

    def __init__(self, acts: dict[int, Act]) -> None:
        self._acts = acts

    def on_bar(self, view: View) -> None:
        """Do what is due."""
        if view.bar in self._acts:
            self._acts[view.bar](view)


def gone(
    rows: list[Row],
    acts: dict[int, Act],
    terms: Terms | None = None,
    *,
    volume: float = 1_000.0,
    intrabar: Intrabar = Intrabar.PESSIMISTIC,
) -> Walked:
    """The walk of a strategy through a market written out by hand."""
    panel = panel_of_rows(rows, volume=volume)
    return walk(panel, terms or Terms(capital=100_000.0), trader=Acts(acts), intrabar=intrabar)


def sends(
    side: Side,
    quantity: float,
    kind: Kind = Kind.MARKET,
    *,
    limit: float | None = None,
    stop: float | None = None,
    trail: float | None = None,
    take_profit: float | None = None,
    stop_loss: float | None = None,
) -> Act:
    """Sends an order; prices to leave at make it a bracket."""
    ticket = Ticket("X", side, quantity, kind, limit, stop, trail)
    return lambda view: view.send(ticket, take_profit=take_profit, stop_loss=stop_loss)


def told(walked: Walked) -> list[tuple[int, float, float]]:
    """Bar, quantity and price of every fill."""
    fills = walked.fills
    return list(zip(fills.bar.tolist(), fills.quantity.tolist(), fills.price.tolist(), strict=True))


BUY, SELL = Side.BUY, Side.SELL
GAP_BELOW = (118.0, 119.0, 100.0, 101.0)
GAP_DOWN, GAP_UP = (80.0, 85.0, 75.0, 82.0), (120.0, 125.0, 118.0, 121.0)


@pytest.mark.parametrize(
    ("side", "kind", "prices", "bar", "filled_at"),
    [
        (BUY, Kind.LIMIT, {"limit": 99.0}, FLAT, 99.0),
        (BUY, Kind.LIMIT, {"limit": 98.9}, FLAT, None),
        (BUY, Kind.LIMIT, {"limit": 99.0}, GAP_DOWN, 80.0),
        (SELL, Kind.LIMIT, {"limit": 101.0}, FLAT, 101.0),
        (SELL, Kind.LIMIT, {"limit": 101.0}, GAP_UP, 120.0),
        (BUY, Kind.STOP, {"stop": 101.0}, FLAT, 101.0),
        (BUY, Kind.STOP, {"stop": 101.0}, GAP_UP, 120.0),
        (SELL, Kind.STOP, {"stop": 99.0}, FLAT, 99.0),
        (SELL, Kind.STOP, {"stop": 99.0}, GAP_DOWN, 80.0),
        (SELL, Kind.STOP, {"stop": 98.0}, FLAT, None),
        (BUY, Kind.STOP_LIMIT, {"stop": 100.5, "limit": 101.0}, FLAT, 100.5),
        (BUY, Kind.STOP_LIMIT, {"stop": 100.5, "limit": 101.0}, GAP_UP, None),
        (SELL, Kind.STOP_LIMIT, {"stop": 99.0, "limit": 98.0}, GAP_DOWN, None),
    ],
)
def test_an_order_fills_where_its_price_was_or_at_the_open_beyond_it(
    side: Side, kind: Kind, prices: dict[str, float], bar: Row, filled_at: float | None
) -> None:
    walked = gone([FLAT, bar], {0: sends(side, 10.0, kind, **prices)})
    assert [price for _, _, price in told(walked)] == ([] if filled_at is None else [filled_at])


def test_a_stop_limit_that_was_jumped_over_waits_as_a_limit() -> None:
    rows = [FLAT, GAP_UP, (110.0, 111.0, 100.8, 105.0)]
    walked = gone(rows, {0: sends(BUY, 10.0, Kind.STOP_LIMIT, stop=100.5, limit=101.0)})
    assert told(walked) == [(2, 10.0, 101.0)]


def test_slippage_makes_a_stop_worse_and_never_moves_a_limit() -> None:
    terms = Terms(slippage=SlippageModel(fixed=0.25))
    stopped = gone([FLAT, FLAT], {0: sends(SELL, 10.0, Kind.STOP, stop=99.5)}, terms)
    limited = gone([FLAT, FLAT], {0: sends(SELL, 10.0, Kind.LIMIT, limit=100.5)}, terms)
    better = gone([FLAT, GAP_UP], {0: sends(SELL, 10.0, Kind.LIMIT, limit=100.5)}, terms)
    assert [told(each)[0][2] for each in (stopped, limited, better)] == [99.25, 100.5, 119.75]


def test_of_a_stop_and_a_limit_in_one_bar_the_worse_came_first_unless_asked_otherwise() -> None:
    rows = [FLAT, FLAT, (100.0, 112.0, 88.0, 100.0)]
    bracket = {0: sends(BUY, 10.0, take_profit=110.0, stop_loss=90.0)}
    assert told(gone(rows, bracket)) == [(1, 10.0, 100.0), (2, -10.0, 90.0)]
    assert told(gone(rows, bracket, intrabar=Intrabar.OPTIMISTIC)) == [(1, 10.0, 100.0), (2, -10.0, 110.0)]


def test_a_bracket_protects_from_the_bar_it_was_entered_on() -> None:
    rows = [FLAT, (100.0, 101.0, 85.0, 95.0), FLAT]
    assert told(gone(rows, {0: sends(BUY, 10.0, take_profit=110.0, stop_loss=90.0)})) == [
        (1, 10.0, 100.0),
        (1, -10.0, 90.0),
    ]


def test_who_enters_beyond_the_price_to_leave_at_leaves_where_they_entered() -> None:
    gap = (85.0, 88.0, 80.0, 84.0)
    assert told(gone([FLAT, gap], {0: sends(BUY, 10.0, stop_loss=90.0)})) == [
        (1, 10.0, 85.0),
        (1, -10.0, 85.0),
    ]
    gap = (120.0, 125.0, 118.0, 121.0)
    walked = gone([FLAT, gap], {0: sends(BUY, 10.0, take_profit=110.0)})
    assert told(walked) == [(1, 10.0, 120.0), (1, -10.0, 120.0)]
    stopped_in = (100.0, 108.0, 99.0, 105.0)
    walked = gone([FLAT, stopped_in], {0: sends(BUY, 10.0, Kind.STOP, stop=105.0, stop_loss=106.0)})
    assert told(walked) == [(1, 10.0, 105.0), (1, -10.0, 105.0)]


def test_a_profit_before_the_entry_within_a_bar_is_not_taken() -> None:
    # It may have been at 112 before it fell to the limit.
    rows = [FLAT, (105.0, 112.0, 94.0, 100.0), FLAT]
    walked = gone(rows, {0: sends(BUY, 10.0, Kind.LIMIT, limit=95.0, take_profit=110.0)})
    assert told(walked) == [(1, 10.0, 95.0)]


def test_one_leg_of_a_bracket_takes_the_other_with_it() -> None:
    rows = [FLAT, FLAT, (100.0, 111.0, 99.0, 110.0), (100.0, 101.0, 80.0, 90.0)]
    walked = gone(rows, {0: sends(BUY, 10.0, take_profit=110.0, stop_loss=90.0)})
    assert told(walked) == [(1, 10.0, 100.0), (2, -10.0, 110.0)]
    assert walked.held[-1].tolist() == [0.0]


def test_a_trailing_stop_follows_highs_and_leaves_below_them() -> None:
    rows = [FLAT, FLAT, (100.0, 120.0, 100.0, 119.0), (118.0, 119.0, 105.0, 106.0)]
    acts = {0: sends(BUY, 10.0), 1: sends(SELL, 10.0, Kind.TRAILING_STOP, trail=10.0)}
    assert told(gone(rows, acts)) == [(1, 10.0, 100.0), (3, -10.0, 110.0)]


def test_a_trailing_stop_counts_a_bars_own_high_only_when_its_close_came_back_from_it() -> None:
    spike = (100.0, 130.0, 99.0, 110.0)
    acts = {0: sends(BUY, 10.0), 1: sends(SELL, 10.0, Kind.TRAILING_STOP, trail=10.0)}
    assert told(gone([FLAT, FLAT, spike], acts))[1:] == [(2, -10.0, 120.0)]
    held = (100.0, 130.0, 99.0, 125.0)
    assert told(gone([FLAT, FLAT, held], acts))[1:] == []


def test_no_order_takes_more_of_a_bar_than_the_cap_and_the_rest_waits() -> None:
    terms = Terms(capital=1e6, volume_cap=0.1)
    walked = gone([FLAT] * 5, {0: sends(BUY, 250.0)}, terms, volume=1_000.0)
    assert told(walked) == [(1, 100.0, 100.0), (2, 100.0, 100.0), (3, 50.0, 100.0)]


def test_a_target_too_large_for_one_bar_is_reached_over_several_and_given_up_for_a_new_one() -> None:
    panel = panel_of_rows([FLAT] * 6, volume=1_000.0)
    targets = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])[:, None]
    walked = walk(panel, Terms(capital=100_000.0, volume_cap=0.1), targets=targets)
    assert told(walked) == [
        (1, 100.0, 100.0),
        (2, 100.0, 100.0),
        (3, 100.0, 100.0),
        (4, -100.0, 100.0),
        (5, -100.0, 100.0),
    ]


def test_a_larger_order_pays_more_for_each_share() -> None:
    terms = Terms(capital=1e6, slippage=SlippageModel(impact=0.1, volume_share=0.2))
    small = told(gone([FLAT, FLAT], {0: sends(BUY, 10.0)}, terms))[0][2]
    large = told(gone([FLAT, FLAT], {0: sends(BUY, 250.0)}, terms))[0][2]
    assert small == 100.0 * (1.0 + 0.2 * 0.01**2 + 0.1 * 0.01**0.5)
    assert large == 100.0 * (1.0 + 0.2 * 0.25**2 + 0.1 * 0.25**0.5)


@pytest.mark.parametrize(
    ("lasting", "filled"),
    [
        (Lasting.GTC, [(1, 100.0), (2, 100.0)]),
        (Lasting.DAY, [(1, 100.0)]),
        (Lasting.IOC, [(1, 100.0)]),
        (Lasting.FOK, []),
    ],
)
def test_orders_wait_as_long_as_they_were_told_to(lasting: Lasting, filled: list[tuple[int, float]]) -> None:
    ticket = Ticket("X", BUY, 200.0, lasting=lasting)
    walked = gone([FLAT] * 4, {0: lambda view: view.send(ticket)}, Terms(capital=1e6, volume_cap=0.1))
    assert [(bar, quantity) for bar, quantity, _ in told(walked)] == filled


def test_what_cannot_be_paid_is_refused_with_the_reason_and_closing_never_is() -> None:
    acts = {0: sends(BUY, 900.0), 1: sends(BUY, 200.0), 2: sends(SELL, 900.0)}
    walked = gone([FLAT] * 5, acts, Terms(capital=100_000.0))
    assert [quantity for _, quantity, _ in told(walked)] == [900.0, -900.0]
    assert [each.reason for each in walked.refusals] == ["Not enough buying power"]


def test_an_order_taken_back_never_fills() -> None:
    kept: list[object] = []
    limit = Ticket("X", BUY, 10.0, Kind.LIMIT, limit=95.0)

    def cancels(view: View) -> None:
        view.cancel(view.waiting[0])
        kept.append(view.waiting)

    walked = gone([FLAT, FLAT, FLAT, GAP_DOWN], {0: lambda view: view.send(limit), 1: cancels})
    assert told(walked) == []
    assert kept == [()]


def test_time_is_paid_for_by_who_borrows_and_to_who_lends() -> None:
    carry = Carry(cash_rate=0.0365, margin_rate=0.073, borrow_rate=0.365)
    lent = gone([FLAT] * 3, {}, Terms(capital=100_000.0, carry=carry))
    assert lent.cash.tolist() == pytest.approx([100_000.0, 100_010.0, 100_020.001])
    short = gone([FLAT] * 3, {0: sends(SELL, 500.0)}, Terms(capital=100_000.0, carry=carry))
    # 150,010 in cash earns 15.001, 50,000 of shares cost 50.
    assert short.carry[2] == pytest.approx(15.001 - 50.0)
    margin = gone([FLAT] * 3, {0: sends(BUY, 1_500.0)}, Terms(capital=100_000.0, leverage=2.0, carry=carry))
    assert margin.carry[2] == pytest.approx(-49_990.0 * 0.0002)


def test_a_split_changes_nothing_of_what_one_has_and_a_dividend_is_paid_once() -> None:
    rows = [FLAT, FLAT, (50.0, 50.5, 49.5, 50.0), (50.0, 50.5, 49.5, 50.0)]
    actions = {"X": [CorporateAction(date(1970, 1, 4), split_ratio=2.0, dividend=1.5)]}
    panel = panel_of_rows(rows)
    walked = walk(panel, Terms(capital=10_000.0), targets=np.ones((4, 1)), actions=actions)
    assert walked.held[:, 0].tolist() == [0.0, 100.0, 200.0, 200.0]
    assert walked.equity.tolist() == [10_000.0, 10_000.0, 10_150.0, 10_150.0]


def test_orders_and_protections_are_split_with_the_share() -> None:
    rows = [FLAT, FLAT, (50.0, 50.5, 46.0, 47.0), (47.0, 47.0, 44.0, 44.5)]
    actions = {"X": [CorporateAction(date(1970, 1, 4), split_ratio=2.0)]}
    walked = walk(
        panel_of_rows(rows),
        Terms(capital=10_000.0),
        targets=np.ones((4, 1)),
        actions=actions,
        protection=Protection(stop_loss=0.1),
    )
    assert told(walked) == [(1, 100.0, 100.0), (3, -200.0, 45.0)]


@pytest.mark.parametrize(
    ("protection", "rows", "left_at", "why"),
    [
        (Protection(stop_loss=0.1), [(95.0, 96.0, 85.0, 88.0)], 90.0, "stop loss"),
        (Protection(stop_loss=0.1), [(80.0, 85.0, 75.0, 82.0)], 80.0, "stop loss"),
        (Protection(take_profit=0.1), [(105.0, 115.0, 104.0, 112.0)], 110.0, "take profit"),
        (Protection(stop_loss=0.1, take_profit=0.1), [(100.0, 115.0, 85.0, 100.0)], 90.0, "stop loss"),
        (Protection(stop_loss=0.1, take_profit=0.1), [(112.0, 115.0, 85.0, 100.0)], 112.0, "take profit"),
        (
            Protection(trail=0.1),
            [(100.0, 120.0, 100.0, 119.0), (118.0, 119.0, 100.0, 101.0)],
            108.0,
            "trailing stop",
        ),
        (Protection(most_bars=1), [(95.0, 96.0, 94.0, 95.0)], 95.0, "time stop"),
    ],
)
def test_a_protected_position_is_left_and_not_entered_again_on_the_same_signal(
    protection: Protection, rows: list[Row], left_at: float, why: str
) -> None:
    panel = panel_of_rows([FLAT, FLAT, *rows, FLAT, FLAT])
    walked = walk(panel, Terms(capital=10_000.0), targets=np.ones((len(panel), 1)), protection=protection)
    assert [quantity for _, quantity, _ in told(walked)] == [100.0, -100.0]
    assert [price for _, _, price in told(walked)] == pytest.approx([100.0, left_at])
    assert walked.reasons == ("target", why)


def test_a_strategy_sees_the_past_its_money_and_its_position_and_nothing_else() -> None:
    seen: list[tuple[int, float, float, float]] = []

    def looks(view: View) -> None:
        bars = view.history("X")
        seen.append((len(bars), view.position("X"), view.close("X"), round(view.equity, 6)))

    rows = [FLAT, FLAT, (100.0, 111.0, 99.0, 110.0)]
    gone(rows, {0: sends(BUY, 10.0), 1: looks, 2: looks}, Terms(capital=10_000.0))
    assert seen == [(2, 10.0, 100.0, 10_000.0), (3, 10.0, 110.0, 10_100.0)]


def test_an_aim_is_reached_at_the_next_open_by_the_rule_of_targets() -> None:
    walked = gone([FLAT] * 4, {0: lambda view: view.target("X", 0.5), 1: lambda view: view.target("X", -0.5)})
    assert told(walked) == [(1, 500.0, 100.0), (2, -500.0, 100.0), (2, -500.0, 100.0)]


def test_what_a_share_buys_is_what_an_aim_at_it_would_buy() -> None:
    terms = Terms(
        capital=10_000.0,
        commission=CommissionModel(flat=3.0, per_share=0.01, pct=0.002),
        slippage=SlippageModel(fixed=0.05, pct=0.001),
        size=0.8,
        lot=0.5,
    )
    for weight in (0.5, -0.5, 1.0, 1e-9):
        asked: list[float] = []

        def looks(view: View, weight: float = weight, asked: list[float] = asked) -> None:
            asked.append(view.quantity_for(weight, 100.0))
            view.target("X", weight)

        walked = gone([FLAT, FLAT], {0: looks}, terms)
        assert asked == [abs(sum(quantity for _, quantity, _ in told(walked)))]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Ticket("X", BUY, 0.0), "quantity"),
        (lambda: Ticket("X", BUY, float("nan")), "quantity"),
        (lambda: Ticket("X", BUY, 1.0, Kind.LIMIT), "limit"),
        (lambda: Ticket("X", BUY, 1.0, Kind.STOP_LIMIT, limit=1.0), "stop"),
        (lambda: Ticket("X", BUY, 1.0, Kind.LIMIT, limit=-1.0), "limit"),
        (lambda: Ticket("X", BUY, 1.0, Kind.TRAILING_STOP), "trail"),
        (lambda: Protection(stop_loss=1.0), "stop_loss"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_by_the_field(make: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        make()
    assert refused.value.field == field


def test_a_commission_is_paid_for_every_part_that_fills() -> None:
    terms = Terms(capital=1e6, volume_cap=0.1, commission=CommissionModel(flat=1.0, per_share=0.01))
    walked = gone([FLAT] * 4, {0: sends(BUY, 150.0)}, terms)
    assert walked.fills.commission.tolist() == [2.0, 1.5]
