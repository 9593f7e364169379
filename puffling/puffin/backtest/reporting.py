"""From the columns of a test to the values that are kept and shown of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from puffling.puffin.backtest.engine import BacktestResult
from puffling.puffin.backtest.metrics import drawdowns, figures, per_bar, returns_of, worst_drawdowns
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.report import (
    Bin,
    Costs,
    Curves,
    Fall,
    Finding,
    Number,
    OpenPosition,
    RefusedOrder,
    Trade,
    YearRow,
)
from puffling.puffin.backtest.thinning import thinned
from puffling.puffin.backtest.trust.verdict import Verdict
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us

MOST_POINTS = 5_000
MOST_TRADES = 5_000
_LEAST_BINS, _MOST_BINS = 8, 30
_LEAST_ROLLING = 20


def aligned(bars: Bars, panel: Panel) -> Floats | None:
    """Give the newest close of other bars at every time of a panel; None where they begin too late."""
    places = np.searchsorted(bars.time, panel.time, side="right") - 1
    if not len(bars) or int(places[0]) < 0:
        return None
    closes: Floats = bars.close[places]
    return closes


def metrics_of(result: BacktestResult, risk_free_rate: float, benchmark: Floats | None) -> dict[str, Number]:
    """Give every figure by name, None for what cannot be told."""
    told = figures(
        result.equity,
        result.trades,
        risk_free_rate=risk_free_rate,
        bars_a_year=result.bars_a_year,
        held=result.held,
        benchmark=benchmark,
    )
    return numbers(told)


def numbers(values: Mapping[str, float]) -> dict[str, Number]:
    """Give the values with None for what is not a number or has no end: JSON has no word for either."""
    return {name: known(value) for name, value in values.items()}


def known(value: float) -> Number:
    """Give the number, None where it is none."""
    return float(value) if math.isfinite(value) else None


def curves_of(result: BacktestResult, risk_free_rate: float, benchmark: Floats | None) -> Curves:
    """Give what is drawn over time, thinned."""
    panel, equity = result.panel, result.equity
    assert panel is not None
    falls = drawdowns(equity)
    other = None if benchmark is None else benchmark / benchmark[0] * result.initial_capital
    rolling, width = _rolling_sharpe(equity, result.bars_a_year, risk_free_rate)
    exposure = _exposure(result, panel)
    kept = thinned([equity, falls, *([] if other is None else [other])], MOST_POINTS)
    return Curves(
        time_us=tuple(panel.time[kept].tolist()),
        equity=tuple(equity[kept].tolist()),
        drawdown=tuple(falls[kept].tolist()),
        exposure=tuple(exposure[kept].tolist()),
        benchmark=() if other is None else _column(other[kept]),
        rolling_sharpe=_column(rolling[kept]) if width else (),
        rolling_bars=width,
        bars=len(panel),
    )


def years_of(result: BacktestResult, benchmark: Floats | None) -> tuple[YearRow, ...]:
    """Give the returns month by month; a month without a bar has none."""
    assert result.panel is not None
    # The first bar is where the money is put in: returns begin with the one after it.
    months = result.panel.time[1:].astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    if not len(months):
        return ()
    ends = np.append(np.flatnonzero(np.diff(months)), len(months) - 1)
    by_month = dict(zip(months[ends].tolist(), _steps(result.equity, ends + 1), strict=True))
    years = months // 12
    year_ends = np.append(np.flatnonzero(np.diff(years)), len(years) - 1)
    totals = _steps(result.equity, year_ends + 1)
    others = [None] * len(totals) if benchmark is None else _steps(benchmark, year_ends + 1)
    return tuple(
        YearRow(
            1970 + year,
            tuple(by_month.get(year * 12 + month) for month in range(12)),
            total or 0.0,
            other,
        )
        for year, total, other in zip(years[year_ends].tolist(), totals, others, strict=True)
    )


def falls_of(result: BacktestResult) -> tuple[Fall, ...]:
    """Give the deepest falls."""
    assert result.panel is not None
    time, last = result.panel.time, len(result.panel)
    return tuple(
        Fall(
            from_us(int(time[fall.begin])),
            from_us(int(time[fall.bottom])),
            None if fall.end is None else from_us(int(time[fall.end])),
            fall.depth,
            (last - 1 if fall.end is None else fall.end) - fall.begin,
        )
        for fall in worst_drawdowns(result.equity)
    )


def distribution_of(result: BacktestResult) -> tuple[Bin, ...]:
    """Give how many trades gained how much."""
    gains = result.trades.returns
    if not len(gains):
        return ()
    low, high = min(float(gains.min()), 0.0), max(float(gains.max()), 0.0)
    wanted = min(_MOST_BINS, max(_LEAST_BINS, 2 * math.isqrt(len(gains))))
    step = _round((high - low) / wanted)
    # Nothing is both a gain and a loss: a bin ends where the gains begin.
    edges = step * np.arange(math.floor(low / step), max(math.ceil(high / step), 1) + 1)
    # Rounding must not leave out the best or the worst of them.
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    counts, _ = np.histogram(gains, bins=edges)
    return tuple(
        Bin(float(low), float(high), int(count))
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def trades_of(result: BacktestResult, most: int = MOST_TRADES) -> tuple[Trade, ...]:
    """Give the newest round trips as rows, in the order they ended."""
    panel, made = result.panel, result.trades
    assert panel is not None
    gains = made.returns
    return tuple(_trade(result, panel, place, float(gains[place])) for place in range(len(made))[-most:])


def positions_of(result: BacktestResult) -> tuple[OpenPosition, ...]:
    """Give what is still held at the end."""
    assert result.panel is not None
    marks = result.panel.marks[-1]
    if result.held is None or not len(result.held):
        return ()
    return tuple(
        OpenPosition(symbol, float(held), float(mark), float(held * mark))
        for symbol, held, mark in zip(result.panel.symbols, result.held[-1], marks, strict=True)
        if held
    )


def refusals_of(result: BacktestResult) -> tuple[RefusedOrder, ...]:
    """Give the orders that never reached the market."""
    assert result.panel is not None
    time = result.panel.time
    return tuple(
        RefusedOrder(
            from_us(int(time[each.bar])),
            each.ticket.symbol,
            str(each.ticket.side),
            each.ticket.quantity or 0.0,
            each.reason,
        )
        for each in result.refusals[:MOST_TRADES]
    )


def costs_of(result: BacktestResult) -> Costs:
    """Give what was paid."""
    commission = 0.0 if result.columns is None else float(result.columns.commission.sum())
    carry = 0.0 if result.carry is None else -float(result.carry.sum())
    return Costs(commission, result.slippage_paid, carry + 0.0)


def findings_of(verdict: Verdict, say: Callable[..., str] = str.format) -> tuple[Finding, ...]:
    """Give the reasons of a verdict as plain values, in the words that `say` makes of its messages."""
    return tuple(
        Finding(reason.check, str(reason.outcome), reason.said(say), dict(reason.values))
        for reason in verdict.reasons
    )


def plain(value: Any) -> Any:
    """Give a report as what JSON can hold."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)):
        # Columns of numbers are most of a report, and need not be looked through one by one.
        if value and isinstance(value[0], (int, float)):
            return list(value)
        return [plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return str(value)


def _trade(result: BacktestResult, panel: Panel, place: int, gain: float) -> Trade:
    made = result.trades
    symbol = int(made.symbol[place])
    first, last = int(made.entry_bar[place]), int(made.exit_bar[place])
    entry, left = float(made.entry_price[place]), float(made.exit_price[place])
    fill = int(made.exit_fill[place])
    reason = result.reasons[fill] if fill < len(result.reasons) else ""
    # What leaves on a signal leaves at the open, before the rest of that bar is known.
    seen = slice(first, last if reason == "target" and last > first else last + 1)
    lows, highs = panel.low[seen, symbol], panel.high[seen, symbol]
    for split in result.resized:
        if split.symbol == symbol and first < split.bar <= last:
            # A trade is told in shares as they are at its exit.
            before = np.arange(seen.start, seen.start + len(lows)) < split.bar
            lows, highs = (np.where(before, column / split.ratio, column) for column in (lows, highs))
    low, high = min(float(np.fmin.reduce(lows)), left), max(float(np.fmax.reduce(highs)), left)
    long = float(made.quantity[place]) > 0.0
    against, in_favour = (low, high) if long else (high, low)
    sign = 1.0 if long else -1.0
    return Trade(
        symbol=panel.symbols[symbol],
        side="long" if long else "short",
        quantity=abs(float(made.quantity[place])),
        entered_at=from_us(int(panel.time[first])),
        entry_price=entry,
        left_at=from_us(int(panel.time[last])),
        exit_price=left,
        commission=float(made.commission[place]),
        profit=float(made.profit[place]),
        gain=gain,
        bars=last - first,
        reason="signal" if reason == "target" else reason,
        worst=min(sign * (against / entry - 1.0), 0.0) if entry else 0.0,
        best=max(sign * (in_favour / entry - 1.0), 0.0) if entry else 0.0,
    )


def _rolling_sharpe(equity: Floats, bars_a_year: float, risk_free_rate: float) -> tuple[Floats, int]:
    """Give the Sharpe ratio of the bars up to each, over half a year or a quarter of all there is."""
    returns = returns_of(equity)
    excess = returns - per_bar(risk_free_rate, bars_a_year)
    width = min(round(bars_a_year / 2.0), len(excess) // 4)
    told = np.full(len(equity), np.nan)
    if width < _LEAST_ROLLING:
        return told, 0
    columns = (excess, np.square(excess), (returns != 0.0).astype(np.float64))
    sums = [np.cumsum(np.insert(each, 0, 0.0)) for each in columns]
    total, squares, moved = (each[width:] - each[:-width] for each in sums)
    variance = (squares - np.square(total) / width) / (width - 1)
    # Where hardly anything was held a ratio says nothing, and of nothing at all only rounding is left.
    moves = (variance > 1e-16) & (moved >= width / 4.0)
    ratio = np.divide(
        total / width, np.sqrt(np.maximum(variance, 0.0)), out=np.full_like(total, np.nan), where=moves
    )
    told[width:] = ratio * np.sqrt(bars_a_year)
    return told, width


def _exposure(result: BacktestResult, panel: Panel) -> Floats:
    if result.held is None:
        return np.zeros(len(result.equity))
    gross: Floats = np.abs(result.held * panel.marks).sum(axis=1)
    share: Floats = np.divide(gross, result.equity, out=np.zeros_like(gross), where=result.equity > 0.0)
    return share


def _round(size: float) -> float:
    """Give the round step just above a size."""
    if size <= 0.0:
        return 0.01
    power = 10.0 ** math.floor(math.log10(size))
    return next(each * power for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= size * (1.0 - 1e-9))


def _steps(values: Floats, ends: Any) -> list[Number]:
    """Give by how much values grew from each end to the next, beginning with the first value."""
    at = np.concatenate(([values[0]], values[ends]))
    before, after = at[:-1].tolist(), at[1:].tolist()
    return [new / old - 1.0 if old > 0.0 else None for old, new in zip(before, after, strict=True)]


def _column(values: Floats) -> tuple[Number, ...]:
    return tuple(known(value) for value in values.tolist())
