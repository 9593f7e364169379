"""A strategy's part of what an account holds: its own orders, beside whatever else is done there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from puffling.automation.runner.own import part_of
from puffling.puffin.orders import Side
from puffling.store.orders import Fill, FillKind
from tests.automation.runner.rooms import MONDAY

OWN = frozenset({"own"})


def fill(
    number: int,
    quantity: int | str,
    price: int | str = 100,
    *,
    own: bool = False,
    fees: int | str = 0,
    kind: FillKind = FillKind.FILL,
    name: str = "",
    corrects: str | None = None,
) -> Fill:
    """A fill so many minutes after the beginning."""
    signed, at = Decimal(quantity), MONDAY + timedelta(minutes=number)
    return Fill(
        broker_order_id="own" if own else "other",
        execution_id=name or f"e{number}",
        account="demo",
        mode="DEMO",
        symbol="SPY",
        side=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed),
        price=Decimal(price),
        fees=Decimal(fees),
        filled_at=at,
        received_at=at,
        kind=kind,
        corrects=corrects,
    )


def whole(*numbers: Decimal) -> tuple[int, ...]:
    """Figures as whole numbers, which all of them are."""
    assert all(number == int(number) for number in numbers)
    return tuple(int(number) for number in numbers)


def test_its_own_fills_move_its_money_and_nobody_elses() -> None:
    part = part_of(
        [fill(1, 10, 100, own=True, fees=1), fill(2, 7, 101), fill(3, -4, 110, own=True)], OWN, MONDAY
    )
    assert whole(part.held, part.others) == (6, 7)
    assert part.moved == -1001 + 440


def test_what_the_person_sells_of_theirs_leaves_the_strategy_alone() -> None:
    part = part_of([fill(1, 20), fill(2, 10, own=True), fill(3, -20, 120)], OWN, MONDAY)
    assert whole(part.held, part.others, part.moved) == (10, 0, -1000)


def test_who_sells_more_than_is_theirs_sells_the_strategys_for_good() -> None:
    fills = [fill(1, 5), fill(2, 10, own=True), fill(3, -12, 120)]
    part = part_of(fills, OWN, MONDAY)
    assert whole(part.held, part.others, part.moved) == (3, 0, -1000 + 7 * 120)
    # What is bought back afterwards is whose it was bought by.
    again = part_of([*fills, fill(4, 9, 130)], OWN, MONDAY)
    assert whole(again.held, again.others) == (3, 9)


def test_who_covers_what_the_strategy_sold_short_has_closed_it() -> None:
    part = part_of([fill(1, -10, 100, own=True), fill(2, 15, 90)], OWN, MONDAY)
    assert whole(part.held, part.others, part.moved) == (0, 5, 1000 - 900)


def test_what_it_has_from_before_is_taken_on_at_its_cost() -> None:
    before = [fill(-9, 10, 80, own=True), fill(-5, -2, 95, own=True)]
    part = part_of(before, OWN, MONDAY)
    assert whole(part.held, part.moved) == (8, -640)
    after = part_of([*before, fill(5, -8, 100, own=True)], OWN, MONDAY)
    assert whole(after.held, after.moved) == (0, 160)


def test_a_split_keeps_everybodys_part() -> None:
    split = fill(3, 60, 0, kind=FillKind.OPENING, name="split-1")
    part = part_of([fill(1, 10, own=True), fill(2, 20), split], OWN, MONDAY)
    assert whole(part.held, part.others, part.moved) == (30, 60, -1000)


def test_what_no_order_explains_is_nobodys_but_the_persons() -> None:
    part = part_of([fill(1, 10, own=True), fill(2, 5, kind=FillKind.ADJUSTMENT)], OWN, MONDAY)
    assert whole(part.held, part.others) == (10, 5)
    gone = part_of([fill(1, 10, own=True), fill(2, -4, 90, kind=FillKind.ADJUSTMENT)], OWN, MONDAY)
    assert whole(gone.held, gone.others) == (6, 0)


def test_a_fill_that_was_taken_back_is_none() -> None:
    bust = fill(2, 10, own=True, kind=FillKind.BUST, corrects="e1")
    assert part_of([fill(1, 10, own=True), bust], OWN, MONDAY).held == 0


@given(
    st.lists(st.tuples(st.integers(-30, 30).filter(bool), st.integers(50, 150), st.booleans()), max_size=20)
)
def test_the_parts_always_add_up_to_what_the_account_holds(made: list[tuple[int, int, bool]]) -> None:
    fills = [fill(place, quantity, price, own=own) for place, (quantity, price, own) in enumerate(made)]
    part = part_of(fills, OWN, MONDAY)
    assert part.held + part.others == sum(quantity for quantity, _, _ in made)
