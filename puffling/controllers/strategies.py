"""Strategies: what there is, and what they would do with a symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import numpy as np
from pydantic import Field

from puffling.market.market import Market
from puffling.market.parameters import Choices, Day, Newest, Source, Step, Symbol
from puffling.market.ranges import span_of, warmed_up_from
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Parameter, Setting
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.registry import find_strategy, list_strategies
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, moment_of
from puffling.runtime.errors import InvalidInput
from puffling.runtime.gate import Effect
from puffling.runtime.port import Port
from puffling.runtime.text import tr

USUAL_BARS = 250


@dataclass(frozen=True, slots=True)
class StrategyKind:
    """One strategy of the library, with what can be chosen."""

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class SignalTable:
    """What a strategy decides on the close of every bar: -1 short to 1 long, and how sure it is, 0 to 1."""

    symbol: str
    interval: str
    strategy: str
    parameters: dict[str, Setting]
    source: str
    data_label: str
    warnings: tuple[str, ...]
    time: tuple[datetime, ...]
    signal: tuple[float, ...]
    confidence: tuple[float, ...]


class Strategies(Controller):
    """The strategy library."""

    def __init__(self, market: Market, clock: Clock, port: Port) -> None:
        self._market = market
        self._clock = clock
        self._lane = port.lane("strategies")

    @capability(
        title="List strategies",
        effect=Effect.READ,
        http="GET /api/strategies/types",
        tool="list_strategy_types",
    )
    async def types(self) -> tuple[StrategyKind, ...]:
        """Show the strategies there are and what can be chosen."""
        return await self._lane.run(_kinds)

    @capability(
        title="Compute signals",
        effect=Effect.READ,
        http="POST /api/strategies/{name}/signals",
        tool="get_signals",
    )
    async def signals(
        self,
        name: Annotated[str, Field(description="Name of the strategy, such as momentum.", max_length=40)],
        symbol: Symbol,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
        limit: Newest = USUAL_BARS,
    ) -> SignalTable:
        """Compute what a strategy decides on the history of a symbol; an order fills on the next bar."""
        span = span_of(interval, start, end, self._clock.now())
        strategy = await self._lane.run(_settled, name, parameters)
        early_us = warmed_up_from(span, strategy.bars_needed(), interval)
        history = await self._market.bars(symbol, interval, early_us, span.end_us, source=source)
        try:
            # What is faulty is kept away from whatever decides.
            bars = history.clean
            signal, confidence = await self._lane.run(strategy.signals, bars)
        except InvalidValue as error:
            raise InvalidInput(
                f"{error}.", field="symbol", hint=tr("Choose another range, symbol or smaller windows.")
            ) from None
        first = max(int(np.searchsorted(bars.time, span.start_us)), len(bars) - limit)
        return SignalTable(
            symbol=symbol,
            interval=str(interval),
            strategy=name,
            parameters=strategy.get_parameters(),
            source=history.source,
            data_label=history.label,
            warnings=history.warnings,
            time=tuple(moment_of(int(us)) for us in bars.time[first:]),
            signal=tuple(signal[first:].tolist()),
            confidence=tuple(confidence[first:].tolist()),
        )


def _kinds() -> tuple[StrategyKind, ...]:
    kinds = {name: find_strategy(name) for name in list_strategies()}
    return tuple(
        StrategyKind(name, tr(kind.title), tr(kind.help), kind.parameters) for name, kind in kinds.items()
    )


def _settled(name: str, parameters: Mapping[str, Setting]) -> Strategy:
    try:
        return find_strategy(name).made_of(parameters)
    except InvalidValue as error:
        raise InvalidInput(
            f"{error}.", field=error.field, hint=tr("The list of strategies says what can be chosen.")
        ) from None
