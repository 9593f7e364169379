"""Strategies of the house beside a plain reading of what was published of them: loops over real prices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, pstdev

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.bollinger_squeeze import BollingerSqueezeStrategy
from puffling.puffin.strategies.donchian_breakout import DonchianBreakoutStrategy
from puffling.puffin.strategies.macd import MacdStrategy
from puffling.puffin.strategies.rsi_reversal import RsiReversalStrategy
from puffling.puffin.strategies.volatility_target import VolatilityTargetStrategy
from tests.puffin.backtest.markets import real

SHARES = ["AAPL", "IBM", "MSFT"]
OUT = (0.0, 0.0)

Said = tuple[float, float]


def assert_said(strategy: Strategy, bars: Bars, expected: Sequence[Said], *, entries: int) -> None:
    """Every signal is the one expected, every confidence too, and there was something to say often enough."""
    given = strategy.signals(bars)
    signals = np.array([signal for signal, _ in expected])
    assert int(np.count_nonzero((signals[1:] != signals[:-1]) & (signals[1:] != 0.0))) > entries
    np.testing.assert_array_equal(np.sign(given.signal), np.sign(signals))
    np.testing.assert_allclose(given.signal, signals, rtol=0, atol=1e-9)
    np.testing.assert_allclose(given.confidence, [sure for _, sure in expected], rtol=0, atol=1e-8)


def relative_strengths(closes: list[float], period: int) -> list[float | None]:
    """Wilder's index: 100 - 100 / (1 + average gain / average loss), averages that keep (n - 1) / n."""
    given: list[float | None] = [None] * period
    changes = [now - before for before, now in pairwise(closes)]
    gain = fmean(max(change, 0.0) for change in changes[:period])
    loss = fmean(max(-change, 0.0) for change in changes[:period])
    for at in range(period, len(closes)):
        if at > period:
            gain = (gain * (period - 1) + max(changes[at - 1], 0.0)) / period
            loss = (loss * (period - 1) + max(-changes[at - 1], 0.0)) / period
        given.append(100.0 - 100.0 / (1.0 + gain / loss) if loss else 100.0)
    return given


def reversed_by_strength(
    closes: list[float], period: int, low: float, high: float, middle: float, side: str
) -> list[Said]:
    """Wilder's index taken as an oscillator: bought while oversold, sold in the middle, and the mirror."""
    said, held = [], 0
    for at, index in enumerate(relative_strengths(closes, period)):
        # A price that stood still for all of the window is neither oversold nor overbought.
        moved = index is not None and len(set(closes[at - period : at + 1])) > 1
        strength = index if moved and index is not None else middle
        if (held > 0 and strength >= middle) or (held < 0 and strength <= middle):
            held = 0
        if strength <= low:
            held = 1
        elif strength >= high and side == "both":
            held = -1
        beyond = max((low - strength) / low, (strength - high) / (100.0 - high))
        said.append((float(held), min(max(0.5 + beyond, 0.0), 1.0)) if held else OUT)
    return said


@pytest.mark.parametrize("symbol", SHARES)
@pytest.mark.parametrize(
    ("period", "low", "high", "middle", "side"),
    [(14, 30.0, 70.0, 50.0, "long"), (14, 30.0, 70.0, 50.0, "both"), (2, 10.0, 95.0, 65.0, "both")],
)
def test_a_reversal_is_wilders_index_bought_at_one_edge_and_left_in_the_middle(
    symbol: str, period: int, low: float, high: float, middle: float, side: str
) -> None:
    """J. W. Wilder, New Concepts in Technical Trading Systems (1978), with his 14 days, 30 and 70."""
    bars = real(symbol)
    expected = reversed_by_strength(bars.close.tolist(), period, low, high, middle, side)
    strategy = RsiReversalStrategy(period=period, low=low, high=high, middle=middle, side=side)
    assert_said(strategy, bars, expected, entries=5)


def exponential(values: list[float], width: int, begin: int) -> list[float]:
    """An average whose newest value weighs 2 / (width + 1), from the plain one at the place `begin` on."""
    given = [fmean(values[begin - width + 1 : begin + 1])]
    for value in values[begin + 1 :]:
        given.append(given[-1] + 2 / (width + 1) * (value - given[-1]))
    return given


def converged(closes: list[float], fast: int, slow: int, smoothing: int, side: str) -> list[Said]:
    """Appel's lines, both averages begun on the day the slow one has all of its prices."""
    quick, late = (exponential(closes, width, slow - 1) for width in (fast, slow))
    lines = [one - other for one, other in zip(quick, late, strict=True)]
    signals = exponential(lines, smoothing, smoothing - 1)
    said = [OUT] * (slow + smoothing - 2)
    for line, signal, close in zip(lines[smoothing - 1 :], signals, closes[len(said) :], strict=True):
        if line > signal:
            said.append((1.0, min((line - signal) / close / 0.01, 1.0)))
        elif line < signal and side == "both":
            said.append((-1.0, min((signal - line) / close / 0.01, 1.0)))
        else:
            said.append(OUT)
    return said


@pytest.mark.parametrize("symbol", SHARES)
@pytest.mark.parametrize(
    ("fast", "slow", "smoothing", "side"), [(12, 26, 9, "both"), (12, 26, 9, "long"), (5, 35, 5, "both")]
)
def test_macd_is_long_above_its_signal_line_and_short_below(
    symbol: str, fast: int, slow: int, smoothing: int, side: str
) -> None:
    """G. Appel, Technical Analysis: Power Tools for Active Investors (2005): 12, 26 and 9 days."""
    bars = real(symbol)
    expected = converged(bars.close.tolist(), fast, slow, smoothing, side)
    strategy = MacdStrategy(fast=fast, slow=slow, smoothing=smoothing, side=side)
    assert_said(strategy, bars, expected, entries=40)


def broken_out(bars: Bars, entry: int, leave: int, side: str) -> list[Said]:
    """The rule of so many weeks: the bar that breaks out is no part of its range."""
    highs, lows, closes = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    said, held = [], 0
    for at, close in enumerate(closes):
        top = max(highs[at - entry : at]) if at >= entry else float("inf")
        bottom = min(lows[at - entry : at]) if at >= entry else float("-inf")
        floor = min(lows[at - leave : at]) if at >= leave else float("-inf")
        ceiling = max(highs[at - leave : at]) if at >= leave else float("inf")
        if (held > 0 and close < floor) or (held < 0 and close > ceiling):
            held = 0
        if close > top:
            held = 1
        elif close < bottom and side == "both":
            held = -1
        if held:
            middle = (top + bottom) / 2
            said.append((float(held), min(abs(close - middle) / (top - bottom), 1.0)))
        else:
            said.append(OUT)
    return said


@pytest.mark.parametrize("symbol", SHARES)
@pytest.mark.parametrize(
    ("entry", "leave", "side"),
    [(20, 10, "both"), (20, 10, "long"), (55, 20, "both"), (20, 20, "both"), (10, 40, "both")],
)
def test_a_breakout_leaves_the_range_of_the_bars_before_it(
    symbol: str, entry: int, leave: int, side: str
) -> None:
    """R. Donchian's four weeks' rule, with the exit the Turtles gave it: 20 and 10 days, 55 and 20.

    Where one leaves later than one enters, a breakout to the other side turns the position.
    """
    bars = real(symbol)
    strategy = DonchianBreakoutStrategy(entry=entry, exit=leave, side=side)
    assert_said(strategy, bars, broken_out(bars, entry, leave, side), entries=20)


def squeezed_out(
    closes: list[float], window: int, deviations: float, lookback: int, quiet: float, patience: int, side: str
) -> list[Said]:
    """Bands of so many deviations; once they were narrow lately, the side the price leaves them on."""
    widths: list[float] = []
    said, held, squeezed_at = [], 0, -patience - 1
    for at, close in enumerate(closes):
        if at < window - 1:
            said.append(OUT)
            continue
        seen = closes[at - window + 1 : at + 1]
        middle, reach = fmean(seen), deviations * pstdev(seen)
        widths.append(2 * reach / middle)
        if len(widths) >= lookback:
            least, most = min(widths[-lookback:]), max(widths[-lookback:])
            if widths[-1] <= least + quiet * (most - least):
                squeezed_at = at
        if (held > 0 and close < middle) or (held < 0 and close > middle):
            held = 0
        if at - squeezed_at <= patience and close > middle + reach:
            held = 1
        elif at - squeezed_at <= patience and close < middle - reach and side == "both":
            held = -1
        said.append((float(held), min(abs(close - middle) / reach, 1.0)) if held else OUT)
    return said


@pytest.mark.parametrize("symbol", SHARES)
@pytest.mark.parametrize(
    ("window", "deviations", "lookback", "quiet", "patience", "side"),
    [(20, 2.0, 120, 0.2, 5, "both"), (20, 2.0, 120, 0.01, 10, "long"), (10, 1.5, 60, 0.1, 1, "both")],
)
def test_a_squeeze_is_a_band_at_its_narrowest_and_the_break_out_of_it_is_followed(
    symbol: str, window: int, deviations: float, lookback: int, quiet: float, patience: int, side: str
) -> None:
    """J. Bollinger, Bollinger on Bollinger Bands (2001): the squeeze, BandWidth at its low of six months."""
    bars = real(symbol)
    strategy = BollingerSqueezeStrategy(
        window=window, num_std=deviations, lookback=lookback, quiet=quiet, patience=patience, side=side
    )
    expected = squeezed_out(bars.close.tolist(), window, deviations, lookback, quiet, patience, side)
    assert_said(strategy, bars, expected, entries=10)


def targeted(closes: list[float], window: int, target: float, band: float) -> list[Said]:
    """The target over what the returns of the last window came to in a year, no more than all."""
    said, share = [OUT] * window, 0.0
    for at in range(window, len(closes)):
        returns = [log(closes[day] / closes[day - 1]) for day in range(at - window + 1, at + 1)]
        wanted = min(target / (pstdev(returns) * sqrt(252)), 1.0)
        if share == 0.0 or abs(wanted - share) > band:
            share = wanted
        said.append((share, 1.0))
    return said


@pytest.mark.parametrize("symbol", SHARES)
@pytest.mark.parametrize(("window", "target", "band"), [(20, 0.15, 0.1), (60, 0.2, 0.0), (10, 0.3, 0.25)])
def test_a_volatility_target_holds_the_target_over_what_was_measured(
    symbol: str, window: int, target: float, band: float
) -> None:
    """A. Moreira and T. Muir, Volatility-Managed Portfolios (2017); here never more than all."""
    bars = real(symbol)
    strategy = VolatilityTargetStrategy(window=window, target=target, band=band)
    assert_said(strategy, bars, targeted(bars.close.tolist(), window, target, band), entries=20)
