"""Rates of return: examples with published numbers, and where there is no rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.portfolio.exposure import exposure
from puffling.puffin.portfolio.returns import Flow, NoRate, Worth, money_weighted, time_weighted

START = datetime(2024, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365, hours=6)


def worth(years: float, amount: float) -> Worth:
    """What there is so many years after the start."""
    return Worth(START + YEAR * years, Decimal(str(amount)))


def flow(years: float, amount: float) -> Flow:
    """What comes or goes so many years after the start."""
    return Flow(START + YEAR * years, Decimal(str(amount)))


# One share for $200, another for $225 a year later, both worth $235 after two; each paid $5 a year, which was
# taken out. The textbooks of the CFA Institute give 10.8 % by time and 9.39 % by money.
SHARES = [worth(0, 200), worth(1, 450), worth(2, 480)]
SHARES_MOVED = [flow(1, 220)]


def test_rates_of_a_textbooks_two_shares() -> None:
    by_time = time_weighted(SHARES, SHARES_MOVED)
    assert by_time.annual == pytest.approx(0.108, abs=5e-4)
    by_money = money_weighted(SHARES[0], SHARES[-1], SHARES_MOVED)
    assert by_money.annual == pytest.approx(0.0939, abs=5e-5)


def test_a_deposit_in_august_does_not_change_the_rate_by_time() -> None:
    """A million, $1,162,484 when $100,000 came on 15 August, $1,192,328 at the end: 9.79 %."""
    begin = datetime(2023, 12, 31, tzinfo=UTC)
    august, end = begin.replace(2024, 8, 15), begin.replace(2024)
    amounts = {begin: 1_000_000, august: 1_262_484, end: 1_192_328}
    marks = [Worth(at, Decimal(amount)) for at, amount in amounts.items()]
    rate = time_weighted(marks, [Flow(august, Decimal(100_000))])
    assert rate.whole == pytest.approx(0.0979, abs=5e-5)


def test_a_flow_nobody_looked_at_takes_part_for_the_time_that_was_left() -> None:
    """Modified Dietz: $100, $50 more in the middle, $160 at the end is 10 on 125."""
    rate = time_weighted([worth(0, 100), worth(1, 160)], [flow(0.5, 50)])
    assert rate.whole == pytest.approx(0.08)


def test_less_than_a_year_has_no_rate_for_a_year() -> None:
    by_time = time_weighted([worth(0, 100), worth(0.1, 110)])
    assert by_time.whole == pytest.approx(0.1)
    assert by_time.annual is None
    rate = money_weighted(worth(0, 100), worth(0.1, 110))
    assert rate.whole == pytest.approx(0.1)
    assert rate.annual is None


def test_where_there_is_no_rate_it_is_said_why() -> None:
    assert time_weighted([worth(0, 1)]).why_not is NoRate.TOO_SHORT
    assert money_weighted(worth(0, 1), worth(0, 1)).why_not is NoRate.TOO_SHORT
    assert time_weighted([worth(0, 0), worth(1, 10)]).why_not is NoRate.FROM_NOTHING
    assert money_weighted(worth(0, 0), worth(1, 10)).why_not is NoRate.FROM_NOTHING
    none = money_weighted(worth(0, 1_000), worth(1, 0), [flow(0.5, -2_000), flow(1, 1_500)])
    assert none.why_not is NoRate.NONE_FITS
    # The textbook's case of two: 10 % and 20 %.
    both = money_weighted(worth(0, 100), worth(2, 0), [flow(1, -230), flow(2, 132)])
    assert both.why_not is NoRate.SEVERAL_FIT
    assert both.whole is None


def test_what_is_lost_is_lost() -> None:
    assert money_weighted(worth(0, 100), worth(1, 0)).whole == -1.0
    assert time_weighted([worth(0, 100), worth(1, 0), worth(2, 50)], [flow(2, 50)]).whole == -1.0


amounts = st.decimals("1", "100000", places=2)


@given(amounts, st.lists(st.tuples(st.floats(-0.5, 0.5), st.decimals("0", "5000", places=2)), min_size=1))
def test_money_that_comes_beside_never_changes_the_rate_by_time(
    begin: Decimal, steps: list[tuple[float, Decimal]]
) -> None:
    marks, moved, growth = [Worth(START, begin)], [], 1.0
    for place, (rate, came) in enumerate(steps, 1):
        at = START + timedelta(days=place)
        growth *= 1.0 + rate
        marks.append(Worth(at, marks[-1].amount * (1 + Decimal(str(rate))) + came))
        moved.append(Flow(at, came))
    found = time_weighted(marks, moved).whole
    assert found == pytest.approx(growth - 1.0, rel=1e-9, abs=1e-9)


@given(amounts, st.lists(st.tuples(st.integers(1, 99), amounts), max_size=6), st.floats(-0.9, 3.0))
def test_the_rate_by_money_is_the_one_every_deposit_grew_by(
    begin: Decimal, deposits: list[tuple[int, Decimal]], rate: float
) -> None:
    moved = [Flow(START + YEAR * (part / 100), amount) for part, amount in deposits]
    end = float(begin) * (1 + rate) + sum(
        float(amount) * (1 + rate) ** (1 - part / 100) for part, amount in deposits
    )
    found = money_weighted(Worth(START, begin), Worth(START + YEAR, Decimal(str(end))), moved)
    assert found.annual == pytest.approx(rate, rel=1e-6, abs=1e-6)


def test_exposure_adds_up_by_kind_with_both_sides_told_apart() -> None:
    found = exposure(
        [("Stock", Decimal(600)), ("Crypto", Decimal(50)), ("Stock", Decimal(-200))], Decimal(1_000)
    )
    assert [(each.name, each.share) for each in found] == [
        ("Stock", Decimal("0.4")),
        ("Crypto", Decimal("0.05")),
    ]
    assert (found[0].net, found[0].gross) == (Decimal(400), Decimal(800))
    assert exposure([("Stock", Decimal(1))], Decimal(0))[0].share is None
