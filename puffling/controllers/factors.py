"""Indicators: what there is, and what they say about a symbol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.parameters import Choices, Day, Newest, Source, Step, Symbol
from puffling.market.ranges import span_of, warmed_up_from
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Output, Parameter, Setting
from puffling.puffin.factors.indicator import Indicator, Live, find_indicator, find_indicators
from puffling.puffin.factors.warm_up import bars_needed
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, moment_of
from puffling.runtime.errors import InvalidInput
from puffling.runtime.gate import Effect
from puffling.runtime.port import Port
from puffling.runtime.text import tr

USUAL_BARS = 250


@frozen
class IndicatorKind:
    """One indicator of the library, with what can be chosen and what it gives."""

    id: str
    title: str
    help: str
    category: str
    placement: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    levels: tuple[float, ...]


@frozen
class IndicatorTable:
    """What an indicator says about a symbol, bar by bar; nothing is said while it warms up."""

    symbol: str
    interval: str
    indicator: str
    label: str
    source: str
    data_label: str
    warnings: tuple[str, ...]
    time: tuple[datetime, ...]
    outputs: dict[str, tuple[float | None, ...]]


class Factors(Controller):
    """The factor library."""

    def __init__(self, market: Market, clock: Clock, port: Port) -> None:
        self._market = market
        self._clock = clock
        # One thread: indicators come one after the other and leave the loop its share.
        self._lane = port.lane("indicators")

    @capability(
        title="List indicators", verb="list", effect=Effect.READ, http="GET /api/factors", tool="list_factors"
    )
    async def all(self) -> tuple[IndicatorKind, ...]:
        """Show the indicators there are, what can be chosen and what each one gives."""
        return tuple(
            IndicatorKind(
                id=kind.id,
                title=tr(kind.title),
                help=tr(kind.help),
                category=str(kind.category),
                placement=str(kind.placement),
                parameters=kind.parameters,
                outputs=kind.outputs,
                levels=kind.levels,
            )
            for kind in (await self._lane.run(find_indicators)).values()
        )

    @capability(
        title="Compute indicator", effect=Effect.READ, http="POST /api/factors", tool="compute_factors"
    )
    async def compute(
        self,
        indicator: Annotated[str, Field(description="Id of the indicator, such as rsi.", max_length=40)],
        symbol: Symbol,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
        limit: Newest = USUAL_BARS,
    ) -> IndicatorTable:
        """Compute an indicator on the history of a symbol."""
        span = span_of(interval, start, end, self._clock.now())
        kind = await self._lane.run(self.settled, indicator, parameters)
        early_us = warmed_up_from(span, bars_needed(kind, **parameters), interval)
        history = await self._market.bars(symbol, interval, early_us, span.end_us, source=source)
        label = kind.label(**parameters)
        sessions = self._market.sessions_of(symbol)
        # What is faulty is kept away from whatever computes.
        bars = history.clean
        columns = await self._lane.run(lambda: kind.compute(bars, sessions, **parameters))
        first = max(int(np.searchsorted(bars.time, span.start_us)), len(bars) - limit)
        return IndicatorTable(
            symbol=symbol,
            interval=str(interval),
            indicator=kind.id,
            label=label,
            source=history.source,
            data_label=history.label,
            warnings=history.warnings,
            time=tuple(moment_of(int(us)) for us in bars.time[first:]),
            outputs={name: _said(column[first:]) for name, column in columns.items()},
        )

    def kinds(self) -> Mapping[str, type[Indicator]]:
        """Give the indicators there are, for faces in this process."""
        return find_indicators()

    def settled(self, indicator: str, parameters: Mapping[str, Setting]) -> type[Indicator]:
        """Give the indicator if its parameters fit, for faces in this process; else say which does not."""
        try:
            kind = find_indicator(indicator)
            kind.settings(**parameters)
        except InvalidValue as error:
            raise InvalidInput(
                f"{error}.", field=error.field, hint=tr("The list of indicators says what can be chosen.")
            ) from None
        return kind

    def follow(self, indicator: str, symbol: str, bars: Bars, parameters: Mapping[str, Setting]) -> Live:
        """Start an indicator on closed bars, ready for those to come, for faces in this process."""
        return self.settled(indicator, parameters).start(bars, self._market.sessions_of(symbol), **parameters)

    async def follow_long(
        self, indicator: str, symbol: str, bars: Bars, parameters: Mapping[str, Setting]
    ) -> Live:
        """Start an indicator on many bars beside the loop, for faces in this process."""
        kind = self.settled(indicator, parameters)
        sessions = self._market.sessions_of(symbol)
        return await self._lane.run(lambda: kind.start(bars, sessions, **parameters))

    def bars_needed(self, indicator: str, parameters: Mapping[str, Setting]) -> int:
        """Give how many bars it takes until the indicator says something, for faces in this process."""
        return bars_needed(self.settled(indicator, parameters), **parameters)


def _said(column: Any) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in column.tolist())
