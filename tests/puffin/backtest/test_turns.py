"""How a changed target becomes trades."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.simulation import FillColumns, simulate
from puffling.puffin.errors import InvalidValue
from tests.puffin.backtest.markets import bars_of, panel_of_rows

FLAT = (100.0, 101.0, 99.0, 100.0)


def traded(weights: list[float], terms: Terms, *, price: float = 100.0) -> FillColumns:
    """The fills of one symbol at one price that never changes."""
    panel = panel_of_rows([(price, price, price, price)] * len(weights))
    return simulate(panel, np.array(weights)[None, :, None], terms).fills(0)


def test_the_quantity_is_what_the_money_buys_with_all_costs_paid() -> None:
    terms = Terms(
        capital=10_000.0,
        commission=CommissionModel(flat=5.0, per_share=0.01, pct=0.001),
        slippage=SlippageModel(fixed=0.05, pct=0.001),
    )
    fills = traded([1.0, 1.0, 0.0], terms)
    paid = 100.0 + (0.05 + 0.001 * 100.0)
    assert fills.price.tolist() == [paid]
    assert fills.quantity.tolist() == [np.floor((10_000.0 - 5.0) / (paid * 1.001 + 0.01))]
    assert fills.commission[0] == 5.0 + 0.01 * fills.quantity[0] + 0.001 * fills.quantity[0] * paid
    assert fills.quantity[0] * paid + fills.commission[0] <= 10_000.0


def test_a_reversal_is_an_order_that_closes_and_one_that_opens() -> None:
    fills = traded([1.0, -1.0, -1.0], Terms(capital=1_000.0, commission=CommissionModel(flat=1.0)))
    assert fills.bar.tolist() == [1, 2, 2]
    assert fills.quantity.tolist() == [9.0, -9.0, -9.0]
    assert fills.commission.tolist() == [1.0, 1.0, 1.0]


def test_a_target_that_stays_trades_nothing_however_prices_move() -> None:
    panel = panel_of_rows([FLAT, FLAT, (150.0, 200.0, 90.0, 180.0), (60.0, 70.0, 50.0, 55.0)])
    fills = simulate(panel, np.ones((1, 4, 1)), Terms()).fills(0)
    assert fills.bar.tolist() == [1]


def test_a_weaker_signal_sells_a_part_and_a_stronger_one_buys_to_it() -> None:
    fills = traded([1.0, 0.5, 1.0, 0.0, 0.0], Terms(capital=1_000.0))
    assert fills.quantity.tolist() == [10.0, -5.0, 5.0, -10.0]


def test_rebalancing_brings_everything_back_to_its_share() -> None:
    rising = bars_of([FLAT, FLAT, (200.0, 200.0, 200.0, 200.0), (200.0, 200.0, 200.0, 200.0)])
    still = bars_of([FLAT] * 4)
    panel = Panel.of({"UP": rising, "STILL": still})
    half = np.full((1, 4, 2), 0.5)
    again = np.array([False, False, True, False])
    held = simulate(panel, half, Terms(capital=10_000.0), rebalance=again).positions(0)
    # 50 of each; then 10,000 in one and 5,000 in the other become 7,500 in each.
    assert held.tolist() == [[0.0, 0.0], [50.0, 50.0], [50.0, 50.0], [37.0, 75.0]]


def test_positions_that_would_outgrow_the_leverage_share_what_room_there_is() -> None:
    panel = Panel.of({"A": bars_of([FLAT] * 3), "B": bars_of([FLAT] * 3)})
    held = simulate(panel, np.ones((1, 3, 2)), Terms(capital=10_000.0)).positions(0)
    assert held[-1].tolist() == [50.0, 50.0]
    held = simulate(panel, np.ones((1, 3, 2)), Terms(capital=10_000.0, leverage=2.0)).positions(0)
    assert held[-1].tolist() == [100.0, 100.0]


def test_a_symbol_without_a_bar_is_traded_on_its_next_one() -> None:
    daily, late = bars_of([FLAT] * 5), bars_of([FLAT] * 5)
    panel = Panel.of({"DAILY": daily, "LATE": late[3:]})
    fills = simulate(panel, np.full((1, 5, 2), 0.5), Terms()).fills(0)
    assert list(zip(fills.bar.tolist(), fills.symbol.tolist(), strict=True)) == [(1, 0), (3, 1)]


def test_lots_are_kept_and_fractions_allowed_where_asked() -> None:
    for lot, bought in ((1.0, [3.0]), (0.0, [1_000.0 / 300.0]), (0.5, [3.0]), (100.0, [])):
        assert traded([1.0, 1.0], Terms(capital=1_000.0, lot=lot), price=300.0).quantity.tolist() == bought


def test_who_has_lost_everything_buys_nothing_more() -> None:
    rows = [FLAT, FLAT, (300.0, 300.0, 300.0, 300.0), (300.0, 300.0, 300.0, 300.0)]
    targets = np.array([-1.0, -1.0, 1.0, 1.0])[None, :, None]
    fills = simulate(panel_of_rows(rows), targets, Terms(capital=1_000.0)).fills(0)
    assert fills.quantity.tolist() == [-10.0, 10.0]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Terms(capital=0.0), "capital"),
        (lambda: Terms(capital=float("nan")), "capital"),
        (lambda: Terms(size=-1.0), "size"),
        (lambda: Terms(leverage=0.0), "leverage"),
        (lambda: Terms(lot=-1.0), "lot"),
        (lambda: Terms(volume_cap=2.0), "volume_cap"),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_name(make: Callable[[], Terms], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        make()
    assert refused.value.field == field


@pytest.mark.parametrize("model", [SlippageModel, CommissionModel])
def test_nobody_is_paid_for_trading(model: type[SlippageModel | CommissionModel]) -> None:
    for wrong in (-0.01, float("nan"), float("inf")):
        with pytest.raises(InvalidValue):
            model(pct=wrong)


def test_costs_may_come_as_any_kind_of_number() -> None:
    one, share, price, quantity = (Decimal(text) for text in ("1", "0.001", "100", "10"))
    make: Any = CommissionModel
    fees = make(flat=one, pct=share)
    assert fees == CommissionModel(flat=1.0, pct=0.001)
    assert fees.calculate(price, quantity) == pytest.approx(2.0)
    make = SlippageModel
    assert make(pct=share).calculate(price) == pytest.approx(0.1)
