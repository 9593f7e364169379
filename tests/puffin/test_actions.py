"""Splits and dividends."""

from __future__ import annotations

from datetime import date, timedelta

from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.instants import day_to_us

DAY = date(2020, 8, 31)
SPLIT = CorporateAction(DAY, split_ratio=4.0, price_factor=0.25)
PAYOUT = CorporateAction(DAY + timedelta(days=1), dividend=1.0, price_factor=0.99)


def days() -> Bars:
    closes = {-1: 400.0, 0: 100.0, 1: 99.0}
    return bars_from_rows([(day_to_us(DAY + timedelta(days=n)), c, c, c, c, 8.0) for n, c in closes.items()])


def test_history_is_comparable_over_a_split_and_a_dividend() -> None:
    bars = Adjustment.of((PAYOUT, SPLIT), as_of=DAY + timedelta(days=5)).apply(days())
    assert bars.close.tolist() == [99.0, 99.0, 99.0]
    assert bars.volume.tolist() == [32.0, 8.0, 8.0]


def test_what_has_not_happened_yet_corrects_nothing() -> None:
    assert Adjustment.of((PAYOUT, SPLIT), as_of=DAY).apply(days()).close.tolist() == [100.0, 100.0, 99.0]
    assert Adjustment.of((PAYOUT, SPLIT), as_of=DAY - timedelta(days=1)).apply(days()) == days()
