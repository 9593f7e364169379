"""A size told in pieces, money, percent or risk becomes pieces to trade, never more than was meant."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.orders import Side
from puffling.runtime.errors import InvalidInput
from puffling.trading.sizing import Ground, Size, pieces
from puffling.trading.values import Measure

BUY = Ground(Side.BUY, Decimal("410.50"), Decimal(100_000), Decimal("400.50"))
SELL = Ground(Side.SELL, Decimal("410.50"), Decimal(100_000), Decimal("420.50"))


@pytest.mark.parametrize(
    ("measure", "amount", "ground", "found"),
    [
        (Measure.QUANTITY, "7", BUY, "7"),
        (Measure.MONEY, "1000", BUY, "2"),
        (Measure.PERCENT, "10", BUY, "24"),
        (Measure.RISK, "500", BUY, "50"),
        (Measure.RISK, "505", SELL, "50"),
    ],
)
def test_every_measure_gives_whole_pieces(measure: Measure, amount: str, ground: Ground, found: str) -> None:
    assert str(pieces(Size(measure, Decimal(amount)), ground)) == found


def test_fractions_are_used_where_they_are_traded() -> None:
    ground = Ground(Side.BUY, Decimal(300), step=Decimal("0.000001"))
    assert pieces(Size(Measure.MONEY, Decimal(100)), ground) == Decimal("0.333333")
    assert pieces(Size(Measure.QUANTITY, Decimal("0.5")), ground) == Decimal("0.5")


@pytest.mark.parametrize(
    ("size", "ground", "field", "said"),
    [
        (Size(Measure.QUANTITY, Decimal(0)), BUY, "size", "above 0"),
        (Size(Measure.QUANTITY, Decimal("NaN")), BUY, "size", "above 0"),
        (Size(Measure.QUANTITY, Decimal("1.5")), BUY, "size", "no multiple of 1"),
        (Size(Measure.MONEY, Decimal(100)), BUY, "size", "less than 1"),
        (Size(Measure.MONEY, Decimal(100)), Ground(Side.BUY), "size", "no price"),
        (Size(Measure.PERCENT, Decimal(5)), Ground(Side.BUY, Decimal(10)), "size", "worth is not known"),
        (Size(Measure.RISK, Decimal(5)), Ground(Side.BUY, Decimal(10)), "stop_loss", "there is none"),
        (Size(Measure.RISK, Decimal(5)), Ground(Side.BUY, stop=Decimal(10)), "stop_loss", "there is none"),
        (
            Size(Measure.RISK, Decimal(5)),
            Ground(Side.BUY, Decimal(10), stop=Decimal(11)),
            "stop_loss",
            "below the price",
        ),
        (
            Size(Measure.RISK, Decimal(5)),
            Ground(Side.SELL, Decimal(10), stop=Decimal(10)),
            "stop_loss",
            "above the price",
        ),
    ],
)
def test_what_cannot_be_worked_out_is_said_at_its_field(
    size: Size, ground: Ground, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        pieces(size, ground)
    assert refused.value.field == field
    assert refused.value.hint


STEPS = st.sampled_from(["1", "0.001", "0.000000001"])
AMOUNTS = st.decimals(min_value="0.01", max_value=10_000_000, places=2)


@given(st.sampled_from([Measure.MONEY, Measure.PERCENT, Measure.RISK]), AMOUNTS, AMOUNTS, STEPS)
def test_rounding_never_makes_more_of_it(
    measure: Measure, amount: Decimal, price: Decimal, step: str
) -> None:
    ground = Ground(Side.BUY, price, Decimal(1_000_000), price / 2, Decimal(step))
    each = {Measure.MONEY: price, Measure.PERCENT: price / 10_000, Measure.RISK: price / 2}[measure]
    try:
        found = pieces(Size(measure, amount), ground)
    except InvalidInput:
        assert amount / each < Decimal(step)
        return
    assert found * each <= amount < (found + Decimal(step)) * each
