"""The prices a test is made of: cleaned, with enough before the first day, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime

import numpy as np

from puffling.automation.research.values import BacktestRequest
from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.ranges import warmed_up_from
from puffling.market.values import History
from puffling.puffin.backtest.report import Provenance
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, from_us
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.clock import moment_of
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.text import tr

USUAL_BENCHMARK = "SPY"
NO_BENCHMARK = "-"
# Of a test this large neither the matrices nor the report fit where they have to.
MOST_CELLS = 4_000_000
_DAYS_AROUND = 14

Note = Callable[[str], None]


@frozen
class Material:
    """What a test is made of; bars before `since_us` are there to warm up."""

    series: Mapping[str, Bars]
    since_us: int
    source: str
    provenance: tuple[Provenance, ...]
    warnings: tuple[str, ...]
    benchmark: str = ""
    benchmark_bars: Bars | None = None
    actions: Mapping[str, tuple[CorporateAction, ...]] = field(default_factory=dict)
    sessions: Mapping[str, Sessions] = field(default_factory=dict)


async def gather(
    market: Market,
    request: BacktestRequest,
    bars_needed: int,
    *,
    between_us: tuple[int, int] | None = None,
    note: Note = lambda _: None,
) -> Material:
    """Read what a request asks for; a test that is made again reads what lies between two times."""
    span = Span(day_to_us(request.start), day_to_us(request.end) + US_PER_DAY)
    early_us = warmed_up_from(span, bars_needed, request.interval)
    # Nobody has prices from before the first year that can be told.
    reading = Span(max(early_us, day_to_us(date(2, 1, 1))), span.end_us)
    if between_us is not None:
        reading = Span(between_us[0], between_us[1] + 1)
    series: dict[str, Bars] = {}
    told: list[Provenance] = []
    source = request.source
    for symbol in request.symbols:
        note(tr("Reading {symbol}", symbol=symbol))
        history = await _history(market, request, symbol, reading, source, "symbols")
        bars = history.closed
        _refuse_empty(symbol, bars, span)
        series[symbol] = bars
        told.append(_provenance(symbol, history, bars))
        # What is compared has to be of one source; the first symbol decides which.
        source = source or history.source
    assert source is not None
    if sum(len(bars) for bars in series.values()) * len(series) > MOST_CELLS:
        raise InvalidInput(
            tr("That is too much for one test: {symbols} symbols of up to {bars} bars.",
               symbols=len(series), bars=max(len(bars) for bars in series.values())),
            field="interval",
            hint=tr("Choose wider bars, fewer symbols or a shorter range."),
        )  # fmt: skip
    benchmark = request.benchmark or USUAL_BENCHMARK
    # What is bought and held brings its dividends, whatever the prices that are traded hold.
    other = series.get(benchmark) if request.adjusted else None
    if other is None:
        benchmark, compared = await _benchmark(market, request, reading, source)
        if compared is not None:
            other = compared.closed
            told.append(_provenance(benchmark, compared, other))
    warnings: list[str] = []
    actions = {} if request.adjusted else await _actions(market, request, source, reading)
    warnings += [
        tr("{count} faulty bars of {symbol} were kept away.", count=each.kept_away, symbol=each.symbol)
        for each in told
        if each.kept_away
    ]
    warnings += _told_of(actions, span)
    return Material(
        series,
        span.start_us,
        source,
        tuple(told),
        tuple(warnings),
        benchmark,
        other,
        actions,
        {symbol: _around(market.sessions_of(symbol), span) for symbol in series},
    )


async def _history(
    market: Market, request: BacktestRequest, symbol: str, span: Span, source: str | None, name: str
) -> History:
    adjusted = request.adjusted or name == "benchmark"
    try:
        return await market.bars(
            symbol, request.interval, span.start_us, span.end_us, source=source, adjusted=adjusted
        )
    except NotFound as error:
        hint = error.hint
        if source is not None and request.source is None:
            hint = tr(
                "The first symbol decides where all prices of a test come from: {source}.", source=source
            )
        raise InvalidInput(error.message, field=name, hint=hint) from None


def _refuse_empty(symbol: str, bars: Bars, span: Span) -> None:
    inside = int(np.count_nonzero((bars.time >= span.start_us) & (bars.time < span.end_us)))
    if inside >= 2:
        return
    first, last = from_us(span.start_us).date(), from_us(span.end_us - 1).date()
    hint = tr("Choose another range.")
    if len(bars):
        hint = tr("What came before ends on {day}.", day=from_us(int(bars.time[-1])).date())
    raise InvalidInput(
        tr("There are no prices of {symbol} to trade from {first} to {last}.",
           symbol=symbol, first=first, last=last),
        field="start",
        hint=hint,
    )  # fmt: skip


async def _benchmark(
    market: Market, request: BacktestRequest, span: Span, source: str
) -> tuple[str, History | None]:
    wanted = request.benchmark
    if wanted == NO_BENCHMARK:
        return "", None
    if wanted:
        history = await _history(market, request, wanted, span, source, "benchmark")
        return wanted, history if len(history.closed) else None
    try:
        history = await _history(market, request, USUAL_BENCHMARK, span, source, "benchmark")
    except PufflingError:
        # Nobody asked for it, so nobody misses it.
        return "", None
    return (USUAL_BENCHMARK, history) if len(history.closed) else ("", None)


async def _actions(
    market: Market, request: BacktestRequest, source: str, span: Span
) -> dict[str, tuple[CorporateAction, ...]]:
    return {
        symbol: tuple(
            each
            for each in await market.actions(symbol, source)
            if span.start_us <= day_to_us(each.day) < span.end_us
        )
        for symbol in request.symbols
    }


def _told_of(actions: Mapping[str, Sequence[CorporateAction]], span: Span) -> list[str]:
    """Say what happened to the shares while they were traded."""
    told = []
    paid = False
    for symbol, happened in actions.items():
        inside = [each for each in happened if span.start_us <= day_to_us(each.day)]
        paid = paid or any(each.dividend for each in inside)
        told += [
            tr("{symbol} was split on {day}: from then on it is counted in new shares.",
               symbol=symbol, day=each.day)
            for each in inside
            if each.split_ratio != 1.0
        ]  # fmt: skip
    return [*told, tr("Dividends are in the equity and not in the trades.")] if paid else told


def _around(sessions: Sessions, span: Span) -> Sessions:
    """Give the sessions that orders of a test may live in."""
    part = sessions.places(span.start_us - _DAYS_AROUND * US_PER_DAY, span.end_us + _DAYS_AROUND * US_PER_DAY)
    return Sessions(sessions.days_us[part], sessions.opens_us[part], sessions.closes_us[part])


def _provenance(symbol: str, history: History, bars: Bars) -> Provenance:
    first, last = (moment_of(int(bars.time[place])) for place in (0, -1)) if len(bars) else _nothing(history)
    return Provenance(
        symbol=symbol,
        source=history.source,
        label=history.label,
        quality=str(history.quality),
        basis=str(history.basis),
        currency=history.currency,
        bars=len(bars),
        first=first,
        last=last,
        kept_away=int(np.count_nonzero(history.kept_away)),
        fetched_at=history.fetched_at,
        refreshed_at=history.refreshed_at,
        warnings=history.warnings,
    )


def _nothing(history: History) -> tuple[datetime, datetime]:
    return history.fetched_at, history.refreshed_at
