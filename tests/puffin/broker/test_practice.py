"""Practising: past bars come one by one, nothing of those to come is known, and one can go back."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel
from puffling.puffin.broker.base import InsufficientFundsError, InvalidOrderError
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.broker.practice import AT_A_TIME, Practice
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.orders import Kind, Side

FREE = PaperTerms()
# Open, high, low, close: a rise, a fall below where it began, and a rise again.
ROWS = (
    (100, 101, 99, 100),
    (101, 106, 100, 105),
    (106, 112, 105, 110),
    (109, 110, 90, 92),
    (93, 99, 91, 98),
    (98, 121, 97, 120),
)


def end_of(begun_us: int) -> int:
    """When a day is over."""
    return begun_us + US_PER_DAY


def days(rows: tuple[tuple[float, ...], ...] = ROWS) -> Bars:
    """Daily bars from 1970 on."""
    return bars_from_rows([(place * US_PER_DAY, *row, 1e6) for place, row in enumerate(rows)])


def begun(bars: Bars, terms: PaperTerms = FREE, cash: str = "10000") -> Practice:
    """A practice that stands at the end of the first bar."""
    return Practice(
        "SPY", cash=Decimal(cash), at_us=end_of(int(bars.time[0])), price=float(bars.close[0]), terms=terms
    )


def lead(practice: Practice, bars: Bars, count: int) -> None:
    """Go on until so many bars are over."""
    while practice.follow(bars, end_of, count * US_PER_DAY):
        pass


def state(practice: Practice) -> object:
    """All there is to be seen of a practice but how often it went back."""
    score = replace(practice.score, rewinds=0)
    return practice.at_us, practice.position, practice.orders, practice.points, practice.fills, score


def test_what_is_ordered_at_a_bar_fills_at_the_next_open() -> None:
    bars = days()
    practice = begun(bars)
    practice.order(Side.BUY, Decimal(10))
    assert practice.position is None
    lead(practice, bars, 2)
    assert [(fill.price, fill.filled_at.day) for fill in practice.fills] == [(Decimal(101), 2)]
    assert practice.equity == Decimal(10040)


def test_bars_that_are_not_over_are_not_read() -> None:
    bars = days()
    practice = begun(bars)
    practice.order(Side.BUY, Decimal(10))
    practice.follow(bars, end_of, 2 * US_PER_DAY - 1)
    assert (practice.at_us, practice.fills) == (US_PER_DAY, [])


def test_bars_to_come_change_nothing() -> None:
    known, other = days(), days((*ROWS[:3], (500, 900, 400, 700), (1, 2, 0.5, 1), (1, 1, 1, 1)))
    seen = []
    for bars in (known, other):
        practice = begun(bars)
        practice.order(Side.BUY, Decimal(10))
        lead(practice, bars, 2)
        practice.order(Side.SELL, Decimal(10), Kind.STOP, 95.0)
        lead(practice, bars, 3)
        seen.append(state(practice))
    assert seen[0] == seen[1]


def test_a_stop_and_a_limit_wait_until_their_price_is_met() -> None:
    bars = days()
    practice = begun(bars)
    practice.order(Side.BUY, Decimal(10), Kind.LIMIT, 95.0)
    lead(practice, bars, 3)
    assert [order.limit_price for order in practice.orders] == [Decimal("95.0")]
    lead(practice, bars, 4)
    assert [fill.price for fill in practice.fills] == [Decimal("95.0")]
    practice.order(Side.SELL, Decimal(10), Kind.STOP, 97.0)
    practice.move(practice.orders[0].order_id, 92.0)
    lead(practice, bars, 5)
    assert [fill.price for fill in practice.fills][1:] == [Decimal("92.0")]
    assert practice.orders == ()


def test_closing_lets_nothing_wait_and_sells_at_the_next_open() -> None:
    bars = days()
    practice = begun(bars)
    practice.order(Side.BUY, Decimal(10))
    lead(practice, bars, 2)
    practice.order(Side.SELL, Decimal(10), Kind.LIMIT, 200.0)
    practice.close()
    lead(practice, bars, 3)
    assert (practice.position, practice.orders) == (None, ())
    assert practice.fills[-1].price == Decimal(106)


def test_a_stop_and_a_limit_for_the_same_shares_wait_together_and_one_ends_the_other() -> None:
    bars = days()
    practice = begun(bars)
    practice.order(Side.BUY, Decimal(10))
    lead(practice, bars, 2)
    practice.order(Side.SELL, Decimal(10), Kind.STOP, 95.0)
    practice.order(Side.SELL, Decimal(10), Kind.LIMIT, 111.0)
    assert [order.type for order in practice.orders] == [Kind.STOP, Kind.LIMIT]
    lead(practice, bars, 3)
    assert practice.position is None
    assert not practice.orders
    assert practice.fills[-1].price == Decimal("111.0")
    practice.rewind(2 * US_PER_DAY)
    assert len(practice.orders) == 2


def test_what_cannot_be_paid_or_lies_before_the_beginning_is_refused() -> None:
    practice = begun(days())
    with pytest.raises(InsufficientFundsError, match="buying power"):
        practice.order(Side.BUY, Decimal(1000))
    with pytest.raises(InsufficientFundsError, match="does not sell short"):
        practice.order(Side.SELL, Decimal(1))
    with pytest.raises(InvalidOrderError, match="began later"):
        practice.rewind(0)


def test_the_score_stands_beside_holding_and_tells_what_it_cost() -> None:
    bars = days()
    terms = PaperTerms(slippage=SlippageModel(pct=0.01), commission=CommissionModel(flat=2.0))
    practice = begun(bars, terms)
    practice.order(Side.BUY, Decimal(10))
    lead(practice, bars, 2)
    practice.order(Side.SELL, Decimal(10), Kind.STOP, 100.0)
    lead(practice, bars, 4)
    practice.order(Side.BUY, Decimal(10), Kind.LIMIT, 92.0)
    lead(practice, bars, 5)
    practice.order(Side.SELL, Decimal(10), Kind.LIMIT, 115.0)
    lead(practice, bars, 6)
    score = practice.score
    # Bought at 101 and sold at 100, each slipped by 1 %; bought at 92 and sold at 115, as limits are.
    made = (99 - 102.01 + 115 - 92) * 10 - 8
    assert float(score.equity) == pytest.approx(10_000 + made)
    assert score.gained == pytest.approx(made / 10_000)
    assert score.held == pytest.approx(0.2)
    assert score.held_drawdown == pytest.approx(92 / 110 - 1)
    assert (score.fills, score.trades, score.wins, score.win_rate) == (4, 2, 1, 0.5)
    assert score.costs == Decimal("28.10")
    assert score.bars == 5
    assert score.ahead == pytest.approx(score.gained - 0.2)


def test_nothing_done_scores_nothing_and_no_win_rate() -> None:
    bars = days()
    practice = begun(bars)
    lead(practice, bars, 6)
    score = practice.score
    assert (score.gained, score.drawdown, score.trades, score.win_rate) == (0.0, 0.0, 0, None)


def test_to_go_back_over_nothing_done_is_no_rewind() -> None:
    bars = days()
    practice = begun(bars)
    lead(practice, bars, 6)
    practice.rewind(2 * US_PER_DAY)
    lead(practice, bars, 2)
    assert (practice.at_us, practice.rewinds) == (2 * US_PER_DAY, 0)


@pytest.mark.parametrize("seed", range(12))
def test_gone_back_everything_is_as_it_was_then(seed: int) -> None:
    dice = random.Random(seed)
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 80)))
    bars = days(
        tuple(
            (float(close) * dice.uniform(0.98, 1.02), float(close) * 1.03, float(close) * 0.97, float(close))
            for close in closes
        )
    )
    terms = PaperTerms(
        slippage=SlippageModel(pct=0.001), commission=CommissionModel(per_share=0.01), short=True
    )
    practice = begun(bars, terms)
    stood: dict[int, object] = {}
    for day in range(1, 70):
        lead(practice, bars, day)
        for _ in range(dice.choice((0, 0, 1, 2))):
            act(practice, dice)
        stood[day] = state(practice)
    for day in sorted(dice.sample(range(1, 70), 12), reverse=True):
        practice.rewind(day * US_PER_DAY)
        lead(practice, bars, day)
        assert state(practice) == stood[day]
    # And from there it goes on as if nothing had been.
    lead(practice, bars, 80)
    assert practice.at_us == 80 * US_PER_DAY
    assert practice.rewinds > 0


def test_many_bars_come_some_at_a_time() -> None:
    bars = days(tuple((100.0, 101.0, 99.0, 100.0) for _ in range(3 * AT_A_TIME)))
    practice = begun(bars)
    assert practice.follow(bars, end_of, len(bars) * US_PER_DAY)
    assert practice.at_us == (AT_A_TIME + 1) * US_PER_DAY
    lead(practice, bars, len(bars))
    assert practice.at_us == len(bars) * US_PER_DAY


def act(practice: Practice, dice: random.Random) -> None:
    """Do anything a person may do, sensible or not."""
    price = practice.points[-1].price
    waiting = practice.orders
    what = dice.choice(("market", "limit", "stop", "close", "cancel", "move"))
    side, quantity = dice.choice((Side.BUY, Side.SELL)), Decimal(dice.randint(1, 20))
    if what == "close":
        practice.close()
    elif what == "market":
        practice.order(side, quantity)
    elif what in {"cancel", "move"} and not waiting:
        return
    elif what == "cancel":
        practice.cancel(waiting[0].order_id)
    elif what == "move":
        if waiting[0].type is not Kind.MARKET:
            practice.move(waiting[0].order_id, price * dice.uniform(0.9, 1.1))
    else:
        practice.order(side, quantity, Kind(what), price * dice.uniform(0.9, 1.1))
