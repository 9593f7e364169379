"""The quick way and the walk bar by bar, on random markets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import Carry, Terms
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.backtest.simulation import FillColumns, simulate
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk import walk
from puffling.puffin.data.actions import CorporateAction
from tests.puffin.backtest.markets import random_panel, random_targets, terms

seeds = st.integers(0, 2**32 - 1)


def same(left: FillColumns, right: FillColumns) -> bool:
    """Whether two runs made the same fills, to the last bit."""
    names = ("bar", "symbol", "quantity", "price", "commission")
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in names)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, symbols=st.integers(1, 11), bars=st.integers(2, 50), gaps=st.booleans(), terms=terms)
def test_both_ways_make_the_same_fills_to_the_last_bit(
    seed: int, symbols: int, bars: int, gaps: bool, terms: Terms
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=gaps)
    targets = random_targets(seed, panel, runs=3)
    rebalance = np.random.default_rng(seed).random(len(panel)) < 0.1
    together = simulate(panel, targets, terms, rebalance=rebalance)
    for run in range(3):
        walked = walk(panel, terms, targets=targets[run], rebalance=rebalance)
        assert same(together.fills(run), walked.fills)
        assert np.array_equal(together.equity(run), walked.equity)
        assert np.array_equal(together.positions(run), walked.held)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, symbols=st.integers(1, 4), bars=st.integers(2, 60), terms=terms)
def test_a_run_never_depends_on_those_beside_it(seed: int, symbols: int, bars: int, terms: Terms) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=True)
    targets = random_targets(seed, panel, runs=4)
    together = simulate(panel, targets, terms)
    for run in range(4):
        alone = simulate(panel, targets[run : run + 1], terms)
        assert same(together.fills(run), alone.fills(0))
        assert np.array_equal(together.equity(run), alone.equity(0))


@settings(max_examples=300, deadline=None)
@given(seed=seeds, bars=st.integers(2, 60), terms=terms)
def test_one_run_of_one_symbol_needs_no_arrays_and_does_the_same_as_among_others_and_on_a_walk(
    seed: int, bars: int, terms: Terms
) -> None:
    panel = random_panel(seed, symbols=1, bars=bars, gaps=False)
    targets = random_targets(seed, panel, runs=2)
    rebalance = np.random.default_rng(seed).random(len(panel)) < 0.2
    alone = simulate(panel, targets[:1], terms, rebalance=rebalance)
    together = simulate(panel, targets, terms, rebalance=rebalance)
    walked = walk(panel, terms, targets=targets[0], rebalance=rebalance)
    assert same(alone.fills(0), together.fills(0))
    assert same(alone.fills(0), walked.fills)
    assert np.array_equal(alone.equity(0), together.equity(0))
    assert np.array_equal(alone.equity(0), walked.equity)
    assert np.array_equal(alone.positions(0), walked.held)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, symbols=st.integers(1, 5), bars=st.integers(2, 60), gaps=st.booleans(), terms=terms)
def test_what_is_there_at_the_end_is_what_was_there_and_what_trades_brought(
    seed: int, symbols: int, bars: int, gaps: bool, terms: Terms
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=gaps)
    done = simulate(panel, random_targets(seed, panel, runs=1), terms)
    fills, held = done.fills(0), done.positions(0)[-1]
    paid = float(np.sum(fills.quantity * fills.price + fills.commission))
    expected = terms.capital - paid + float(np.sum(held * panel.marks[-1]))
    assert abs(done.equity(0)[-1] - expected) <= 1e-9 * max(terms.capital, abs(expected), abs(paid))


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cut=st.integers(2, 58), terms=terms)
def test_what_lies_ahead_changes_nothing_of_what_was_done(seed: int, cut: int, terms: Terms) -> None:
    panel = random_panel(seed, symbols=3, bars=60, gaps=True)
    targets = random_targets(seed, panel, runs=1)
    whole = simulate(panel, targets, terms)
    known = simulate(panel.until(cut), targets[:, :cut], terms)
    assert np.array_equal(whole.equity(0)[:cut], known.equity(0))


class Aims:
    """Says bar by bar what targets say in one matrix, wherever they change."""

    def __init__(self, targets: Floats) -> None:
        self._targets = targets

    def on_bar(self, view: View) -> None:
        """Aim at what changed."""
        before = self._targets[view.bar - 1] if view.bar else np.zeros(len(view.symbols))
        for symbol, weight, was in zip(view.symbols, self._targets[view.bar], before, strict=True):
            if weight != was:
                view.target(symbol, float(weight))


@settings(max_examples=60, deadline=None)
@given(seed=seeds, symbols=st.integers(1, 5), bars=st.integers(2, 60), terms=terms)
def test_a_strategy_with_a_memory_that_wants_the_same_makes_the_same_fills(
    seed: int, symbols: int, bars: int, terms: Terms
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=False)
    targets = random_targets(seed, panel, runs=1)
    quick = simulate(panel, targets, terms)
    walked = walk(panel, terms, trader=Aims(targets[0]))
    assert same(quick.fills(0), walked.fills)
    assert np.array_equal(quick.equity(0), walked.equity)


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    symbols=st.integers(1, 4),
    terms=terms,
    cap=st.sampled_from([0.0, 0.01]),
    impact=st.sampled_from([0.0, 0.1]),
    rate=st.sampled_from([0.0, 0.05]),
    stop=st.sampled_from([0.0, 0.05]),
)
def test_after_a_walk_too_there_is_what_there_was_and_what_trades_holding_and_dividends_brought(
    seed: int, symbols: int, terms: Terms, cap: float, impact: float, rate: float, stop: float
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=60, gaps=True)
    made = replace(
        terms,
        volume_cap=cap,
        slippage=replace(terms.slippage, impact=impact),
        carry=Carry(cash_rate=rate, margin_rate=2.0 * rate, borrow_rate=rate),
    )
    action = CorporateAction(date(1970, 1, 20), split_ratio=2.0, dividend=0.5)
    walked = walk(
        panel,
        made,
        targets=random_targets(seed, panel, runs=1)[0],
        protection=Protection(stop_loss=stop, take_profit=0.1),
        actions={symbol: [action] for symbol in panel.symbols},
    )
    fills, splits = walked.fills, {split.symbol: split.bar for split in walked.resized}
    held, dividends = np.zeros(symbols), 0.0
    for bar in range(len(panel)):
        for place in (place for place, when in splits.items() if when == bar):
            dividends += 0.5 * held[place]
            held[place] *= 2.0
        here = fills.bar == bar
        np.add.at(held, fills.symbol[here], fills.quantity[here])
        assert np.allclose(held, walked.held[bar], rtol=1e-9, atol=1e-6)
    paid = float(np.sum(fills.quantity * fills.price + fills.commission))
    expected = (
        terms.capital - paid + float(walked.carry.sum()) + dividends + float(np.sum(held * panel.marks[-1]))
    )
    assert abs(walked.equity[-1] - expected) <= 1e-9 * max(terms.capital, abs(expected), abs(paid))


def test_a_decision_on_a_close_trades_at_the_next_open_and_never_before() -> None:
    panel = random_panel(1, symbols=1, bars=20, gaps=False)
    targets = np.zeros((1, 20, 1))
    targets[0, 7:12] = 1.0
    fills = simulate(panel, targets, Terms()).fills(0)
    assert fills.bar.tolist() == [8, 13]
    assert fills.price.tolist() == panel.open[[8, 13], 0].tolist()
