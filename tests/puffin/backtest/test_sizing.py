"""How large positions are made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.metrics import annual_volatility, returns_of
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk import walk
from puffling.puffin.errors import InvalidValue
from tests.puffin.backtest.markets import panel_of_rows, random_panel, random_targets, real


def held(panel: Panel, terms: Terms, sizing: Sizing, weights: list[float] | None = None) -> BacktestResult:
    """A test of one symbol that is held all the time, or as told."""
    told = np.ones((len(panel), 1)) if weights is None else np.array(weights)[:, None]
    targets, made = sized(Targets(told), panel, terms, sizing, stop_loss=0.1), terms_for(sizing, terms)
    return Backtester(terms=made, protection=Protection(stop_loss=0.1)).hold(targets, panel)


def test_a_fixed_size_is_a_share_of_the_first_capital_however_it_grew() -> None:
    rows = [(price,) * 4 for price in (100.0, 100.0, 200.0, 200.0, 200.0)]
    on_off = [1.0, 1.0, 0.0, 1.0, 1.0]
    terms = Terms(capital=1_000.0)
    fixed = held(panel_of_rows(rows), terms, Sizing.FIXED, on_off)
    grown = held(panel_of_rows(rows), terms, Sizing.EQUITY, on_off)
    assert [fill.qty for fill in fixed.fills] == [10.0, 10.0, 5.0]
    assert [fill.qty for fill in grown.fills] == [10.0, 10.0, 10.0]


def test_who_has_less_than_a_fixed_size_buys_what_there_is_money_for() -> None:
    rows = [(price,) * 4 for price in (100.0, 100.0, 50.0, 50.0, 50.0)]
    terms = Terms(capital=1_000.0)
    made = Backtester(terms=terms_for(Sizing.FIXED, terms))
    result = made.hold(Targets(np.array([1.0, 0.0, 1.0, 1.0, 1.0])[:, None]), panel_of_rows(rows))
    assert [fill.qty for fill in result.fills] == [10.0, 10.0, 10.0]


def test_by_risk_a_stop_costs_the_share_that_was_risked() -> None:
    flat = (100.0, 100.0, 100.0, 100.0)
    panel = panel_of_rows([flat, flat, (100.0, 100.0, 80.0, 85.0), (85.0, 85.0, 85.0, 85.0)])
    result = held(panel, Terms(capital=100_000.0, size=0.02), Sizing.RISK)
    assert result.final_value == pytest.approx(98_000.0)
    with pytest.raises(InvalidValue) as refused:
        sized(Targets(np.ones((4, 1))), panel, Terms(), Sizing.RISK)
    assert refused.value.field == "leaving.stop_loss"


def test_by_volatility_it_moves_about_as_much_as_was_asked_for() -> None:
    panel = Panel.of({"AAPL": real("AAPL")})
    weights = np.repeat([1.0, -1.0], 21)
    told = Targets(np.tile(weights, len(panel) // 42 + 1)[: len(panel), None])
    asked = Terms(size=0.1, leverage=2.0)
    targets = sized(told, panel, asked, Sizing.VOLATILITY)
    terms = terms_for(Sizing.VOLATILITY, asked)
    equity = Backtester(terms=terms).hold(targets, panel).equity
    assert annual_volatility(returns_of(equity)[63:]) == pytest.approx(0.1, rel=0.25)


def test_kelly_bets_nothing_on_what_never_paid_and_more_on_what_did() -> None:
    panel = random_panel(3, symbols=1, bars=300, gaps=False)
    moves = np.zeros(300)
    moves[:-2] = panel.open[2:, 0] / panel.open[1:-1, 0] - 1.0
    good = np.where(moves > 0.0, 1.0, -1.0)[:, None]
    winner = sized(Targets(good), panel, Terms(), Sizing.KELLY)
    loser = sized(Targets(-good), panel, Terms(), Sizing.KELLY)
    assert not loser.weights.any()
    assert not winner.weights[:60].any()
    assert np.allclose(np.abs(winner.weights[100:]), 1.0)


@given(
    seed=st.integers(0, 1_000),
    symbols=st.integers(1, 3),
    cut=st.integers(70, 150),
    sizing=st.sampled_from([*Sizing]),
)
def test_no_size_knows_what_comes_and_both_ways_make_the_same_fills(
    seed: int, symbols: int, cut: int, sizing: Sizing
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=160, gaps=True)
    told = Targets(random_targets(seed, panel, 1)[0])
    whole, terms = (
        sized(told, panel, Terms(size=0.5), sizing, stop_loss=0.1),
        terms_for(sizing, Terms(size=0.5)),
    )
    part = sized(told.part(0, cut), panel.until(cut), Terms(size=0.5), sizing, stop_loss=0.1)
    assert np.allclose(part.weights, whole.weights[:cut], rtol=1e-9, atol=0.0)
    assert (np.abs(whole.weights).sum(axis=1) <= 1.0 + 1e-9).all() or sizing in {Sizing.EQUITY, Sizing.FIXED}
    quick = Backtester(terms=terms).hold(whole, panel)
    assert np.array_equal(quick.equity, walk(panel, terms, targets=whole.weights).equity)
