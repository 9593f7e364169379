"""Lots: worked examples of the tax office, and what holds for any sequence of deals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.errors import InvalidValue
from puffling.puffin.portfolio.gains import is_long_term, yearly
from puffling.puffin.portfolio.lots import Deal, LotBook, Matching, Split, settle

START = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
EVERY = tuple(Matching)


def told(*rows: tuple[object, ...]) -> list[tuple[object, ...]]:
    """Rows as they are compared: a decimal is equal to the whole number it is."""
    return list(rows)


def deals(*rows: tuple[str, str] | tuple[str, str, str]) -> list[Deal]:
    """Deals in one symbol, a day apart: quantity, price and perhaps fees."""
    made = []
    for place, row in enumerate(rows):
        quantity, price, fees = (Decimal(number) for number in (*row, "0")[:3])
        made.append(Deal(f"d{place}", START + timedelta(days=place), "XYZ", quantity, price, fees))
    return made


def test_the_oldest_go_first_as_in_the_tax_offices_example() -> None:
    """Publication 550 of the IRS: 100 at $10, 200 at $11, 50 given away, 100 at $9, then 130 sold."""
    book, closed = settle(deals(("100", "10"), ("200", "11"), ("-50", "10"), ("100", "9"), ("-130", "12")))
    sold = [each for each in closed if each.closed_by == "d4"]
    assert told(*((each.quantity, each.basis) for each in sold)) == [(50, 500), (80, 880)]
    assert sum(each.basis for each in sold) == 1_380
    assert told(*((lot.quantity, lot.price) for lot in book.lots("XYZ"))) == [(120, 11), (100, 9)]


def test_a_split_leaves_what_was_paid_as_in_the_tax_offices_example() -> None:
    """Publication 551 of the IRS: 100 for $1,000 and 100 for $1,600, then two for one."""
    split = Split(START + timedelta(days=5), "XYZ", Decimal(2))
    book, _ = settle(deals(("100", "10"), ("100", "16")), [split])
    assert told(*((lot.quantity, lot.price, lot.cost) for lot in book.lots("XYZ"))) == [
        (200, 5, 1_000),
        (200, 8, 1_600),
    ]


def test_a_split_between_two_deals_counts_for_those_before_it_only() -> None:
    split = Split(START + timedelta(hours=12), "XYZ", Decimal(4))
    book, closed = settle(deals(("10", "100"), ("-40", "30")), [split])
    assert [each.gain for each in closed] == [200]
    assert book.quantity("XYZ") == 0
    with pytest.raises(InvalidValue):
        book.split(Split(START, "XYZ", Decimal(0)))


@pytest.mark.parametrize(
    ("matching", "gain"), [(Matching.FIFO, 1_000), (Matching.LIFO, 500), (Matching.CHOSEN, 800)]
)
def test_which_lots_a_sale_closes_decides_what_it_brought(matching: Matching, gain: int) -> None:
    _, closed = settle(
        deals(("100", "20"), ("100", "22"), ("100", "25"), ("-100", "30")),
        matching=matching,
        choices={"d3": {"d1": Decimal(100)}},
    )
    assert sum(each.gain for each in closed) == gain


def test_what_was_not_chosen_goes_by_age_and_what_cannot_be_closed_is_passed_over() -> None:
    _, closed = settle(
        deals(("10", "20"), ("10", "22"), ("-15", "30")),
        matching=Matching.CHOSEN,
        choices={"d2": {"d1": Decimal(4), "gone": Decimal(3), "d0": Decimal(2)}},
    )
    assert told(*((each.lot, each.quantity) for each in closed)) == [
        ("d1", 4),
        ("d0", 2),
        ("d0", 8),
        ("d1", 1),
    ]
    assert sum(each.basis for each in closed) == 10 * 20 + 5 * 22


def test_a_short_sale_is_bought_back_with_its_gain() -> None:
    book, closed = settle(deals(("-10", "50", "1"), ("4", "40", "2"), ("10", "45", "3")))
    assert told(*((each.quantity, each.proceeds, each.basis) for each in closed)) == [
        (Decimal(-4), Decimal("199.6"), Decimal(162)),
        (Decimal(-6), Decimal("299.4"), Decimal("271.8")),
    ]
    assert all(each.is_short for each in closed)
    [left] = book.lots("XYZ")
    assert told((left.quantity, left.cost, left.id)) == [(4, Decimal("181.2"), "d2")]


def test_fees_are_part_of_what_was_paid_and_taken_off_what_came_in() -> None:
    _, [closed] = settle(deals(("100", "10", "5"), ("-100", "12", "7")))
    assert told((closed.basis, closed.proceeds, closed.gain)) == [(1_005, 1_193, 188)]


def test_a_deal_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidValue):
        LotBook().take(Deal("d", START, "XYZ", Decimal(0), Decimal(1)))


quantities = st.decimals("-50", "50", places=3).filter(bool)
prices = st.decimals("0.01", "900", places=4)
fees = st.decimals("0", "3", places=2)
rows = st.lists(st.tuples(quantities, prices, fees), min_size=1, max_size=25)


def dealt(found: list[tuple[Decimal, Decimal, Decimal]]) -> list[Deal]:
    """The deals of some drawn rows."""
    return [Deal(f"d{place}", START + timedelta(hours=place), "XYZ", *row) for place, row in enumerate(found)]


@given(rows, prices, st.sampled_from(EVERY))
def test_realised_and_unrealised_add_up_to_the_money_to_the_last_digit(
    found: list[tuple[Decimal, Decimal, Decimal]], last: Decimal, matching: Matching
) -> None:
    made = dealt(found)
    chosen = {deal.id: {"d0": Decimal(1), "d1": Decimal("0.5")} for deal in made}
    book, closed = settle(made, matching=matching, choices=chosen)
    held = sum((deal.quantity for deal in made), Decimal(0))
    money = -sum((deal.cost for deal in made), Decimal(0)) + held * last
    assert book.quantity("XYZ") == held
    assert sum((each.gain for each in closed), Decimal(0)) + book.unrealised({"XYZ": last}) == money


@given(rows, prices)
def test_when_all_is_sold_it_does_not_matter_which_went_first(
    found: list[tuple[Decimal, Decimal, Decimal]], last: Decimal
) -> None:
    made = dealt(found)
    held = sum((deal.quantity for deal in made), Decimal(0))
    if held:
        made.append(Deal("last", START + timedelta(days=9), "XYZ", -held, last))
    totals = set()
    for matching in EVERY:
        book, closed = settle(made, matching=matching)
        assert book.lots() == ()
        totals.add(sum((each.gain for each in closed), Decimal(0)))
    assert len(totals) == 1


@given(rows, st.decimals("0.1", "10", places=2), prices)
def test_a_split_earns_nothing(
    found: list[tuple[Decimal, Decimal, Decimal]], ratio: Decimal, last: Decimal
) -> None:
    made = dealt(found)
    before, _ = settle(made)
    after, _ = settle(made, [Split(START + timedelta(days=30), "XYZ", ratio)])
    assert after.cost("XYZ") == before.cost("XYZ")
    assert abs(after.quantity("XYZ") - before.quantity("XYZ") * ratio) < Decimal("1e-6")


def test_long_term_begins_the_day_after_a_full_year() -> None:
    assert not is_long_term(date(2024, 3, 5), date(2025, 3, 5))
    assert is_long_term(date(2024, 3, 5), date(2025, 3, 6))
    assert not is_long_term(date(2024, 2, 29), date(2025, 2, 28))
    assert is_long_term(date(2024, 2, 29), date(2025, 3, 1))


def test_a_year_is_told_lot_by_lot_by_the_days_of_the_exchange() -> None:
    made = [
        Deal("a", datetime(2024, 3, 5, 15, tzinfo=UTC), "XYZ", Decimal(10), Decimal(100)),
        Deal("b", datetime(2025, 12, 15, 15, tzinfo=UTC), "XYZ", Decimal(5), Decimal(120)),
        # In New York it is still 2025.
        Deal("c", datetime(2026, 1, 1, 1, tzinfo=UTC), "XYZ", Decimal(-12), Decimal(110)),
        Deal("d", datetime(2026, 1, 5, 15, tzinfo=UTC), "XYZ", Decimal(2), Decimal(109)),
        Deal("e", datetime(2026, 1, 6, 15, tzinfo=UTC), "ABC", Decimal(-3), Decimal(50)),
        Deal("f", datetime(2027, 6, 6, 15, tzinfo=UTC), "ABC", Decimal(3), Decimal(40)),
    ]
    _, closed = settle(made)
    report = yearly(closed, 2025, NEW_YORK, deals=made)
    assert told(*((line.gain, line.long_term, line.bought_again) for line in report.lines)) == [
        (100, True, False),
        (-20, False, True),
    ]
    assert {line.closed for line in report.lines} == {date(2025, 12, 31)}
    assert told((report.long_term.gain, report.short_term.gain, report.total.gain)) == [(100, -20, 80)]
    assert told((report.total.proceeds, report.total.basis, report.total.count)) == [(1_320, 1_240, 2)]
    [short] = yearly(closed, 2027, NEW_YORK).lines
    assert told((short.short_sale, short.long_term, short.gain)) == [(True, False, 30)]
