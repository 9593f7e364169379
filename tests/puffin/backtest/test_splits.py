"""Prices as they were traded, against the same history corrected for its splits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.reporting import trades_of
from puffling.puffin.backtest.splits import Past, comparable
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk_forward import walk_targets
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.strategies.registry import get_strategy
from tests.puffin.backtest.markets import panel_of_rows, random_panel

BARS = 400
# Of shares of any size: costs that are a share of the value, and no lots.
TERMS = Terms(
    lot=0.0, commission=CommissionModel(pct=0.001), slippage=SlippageModel(pct=0.0005), volume_cap=0.05
)
PROTECTIONS = [None, Protection(stop_loss=0.05, take_profit=0.1, trail=0.08, most_bars=30)]


def day(bar: int) -> date:
    """The day of a bar of the random markets."""
    return date(1970, 1, 2) + timedelta(days=bar)


def split_up(panel: Panel, seed: int) -> tuple[Panel, dict[str, list[CorporateAction]]]:
    """The same market as it would have been traded, had these splits happened in it."""
    draw = np.random.default_rng(seed)
    series, actions = {}, {}
    for symbol in panel.symbols:
        bars = panel.bars(symbol)
        when = sorted(draw.choice(np.arange(20, len(panel) - 20), 2, replace=False).tolist())
        ratios = draw.choice([0.1, 0.5, 1.5, 2.0, 4.0], 2).tolist()
        happened = [
            CorporateAction(day(bar), split_ratio=ratio, price_factor=1.0 / ratio)
            for bar, ratio in zip(when, ratios, strict=True)
        ]
        prices, volumes = Adjustment.of(happened, day(len(panel))).factors(bars.time)
        opening, high, low, close = (column / prices for column in bars.columns()[:4])
        series[symbol] = Bars(bars.time, opening, high, low, close, bars.volume / volumes)
        actions[symbol] = happened
    return Panel.of(series), actions


def same(traded: BacktestResult, corrected: BacktestResult) -> None:
    """Both came to the same money, bar by bar and trade by trade."""
    assert len(corrected.trades)
    np.testing.assert_allclose(traded.equity, corrected.equity, rtol=1e-9)
    np.testing.assert_allclose(traded.trades.profit, corrected.trades.profit, rtol=1e-6, atol=1e-6)
    for one, other in zip(trades_of(traded), trades_of(corrected), strict=True):
        assert (one.entered_at, one.left_at, one.reason) == (other.entered_at, other.left_at, other.reason)
        assert (one.gain, one.worst, one.best) == pytest.approx((other.gain, other.worst, other.best))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(["momentum", "donchian_breakout", "bracket_breakout"]),
    protection=st.sampled_from(PROTECTIONS),
    gaps=st.booleans(),
)
def test_prices_as_traded_come_to_the_same_as_corrected_ones(
    seed: int, name: str, protection: Protection | None, gaps: bool
) -> None:
    panel = random_panel(seed, symbols=3, bars=BARS, gaps=gaps)
    raw, actions = split_up(panel, seed)
    tester = Backtester(terms=TERMS, protection=protection)
    same(
        tester.run(get_strategy(name), raw, actions=actions),
        tester.run(get_strategy(name), panel),
    )


@pytest.mark.parametrize("gaps", [False, True])
def test_stretches_of_a_walk_forward_are_the_same_too(gaps: bool) -> None:
    panel = random_panel(4, symbols=2, bars=BARS, gaps=gaps)
    raw, actions = split_up(panel, 4)
    tester, strategy = Backtester(terms=TERMS), get_strategy("momentum")
    targets = targets_of(strategy, panel)
    one = walk_targets(targets, raw, tester, actions=actions)
    other = walk_targets(targets, panel, tester)
    for left, right in zip(one.splits, other.splits, strict=True):
        assert left.train.metrics == pytest.approx(right.train.metrics, nan_ok=True)
        assert left.test.metrics == pytest.approx(right.test.metrics, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(2, 120))
def test_what_compares_at_a_bar_takes_nothing_of_what_comes(seed: int, cut: int) -> None:
    raw, actions = split_up(random_panel(seed, symbols=2, bars=120, gaps=True), seed)
    whole, known = comparable(raw, actions), comparable(raw.until(cut), actions)
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(whole, name)[:cut], getattr(known, name))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), since=st.integers(0, 60), at=st.integers(0, 59))
def test_looking_back_all_prices_are_in_shares_of_today(seed: int, since: int, at: int) -> None:
    raw, actions = split_up(random_panel(seed, symbols=2, bars=120, gaps=True), seed)
    past = Past(raw, actions, since=since)
    for place, symbol in enumerate(raw.symbols):
        # In any order: a past is asked again for earlier bars by who hears of them late.
        for bar in (at, 0, at):
            seen, there = past.until(bar, place), raw.until(since + bar + 1)
            expected = there.bars(symbol)
            assert np.array_equal(seen.time, expected.time)
            if len(seen):
                assert seen.close[-1] == pytest.approx(expected.close[-1])
            moves = comparable(there, actions).bars(symbol).close
            np.testing.assert_allclose(np.diff(np.log(seen.close)), np.diff(np.log(moves)), atol=1e-9)


def test_a_strategy_that_was_not_told_of_a_split_would_take_it_for_a_crash() -> None:
    seen: list[list[float]] = []

    class Looks:
        def on_bar(self, view: View) -> None:
            seen.append(view.history("X").close.tolist())

    flat, halved = (100.0, 101.0, 99.0, 100.0), (50.0, 50.5, 49.5, 50.0)
    panel = panel_of_rows([flat, flat, halved])
    split = CorporateAction(day(2), split_ratio=2.0)
    Backtester().run(Looks(), panel, actions={"X": [split]})
    assert seen == [[100.0], [100.0, 100.0], [50.0, 50.0, 50.0]]


def test_a_split_without_a_bar_happens_at_the_next_one() -> None:
    flat, halved = (100.0, 101.0, 99.0, 100.0), (50.0, 50.5, 49.5, 50.0)
    daily = panel_of_rows([flat] * 5).bars("X")
    share = panel_of_rows([flat, flat, halved, halved, halved]).bars("X")
    panel = Panel.of({"DAILY": daily, "SHARE": share.where(np.array([True, True, False, True, True]))})
    weights = np.zeros((5, 2))
    weights[:, 1] = 1.0
    actions = {"SHARE": [CorporateAction(day(2), split_ratio=2.0)]}
    result = Backtester(terms=replace(TERMS, commission=CommissionModel(), slippage=SlippageModel())).hold(
        targets_of(get_strategy("buy_and_hold"), panel), panel, actions=actions
    )
    assert result.equity.tolist() == [100_000.0] * 5
