"""Strategies: what there is, what the person configured, and what they would do with a symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AwareDatetime, Field

from puffling.automation.strategies import StrategyShelf
from puffling.automation.values import (
    OwnStrategyFile,
    OwnStrategyText,
    SavedStrategy,
    SignalTable,
    StrategyKind,
)
from puffling.market.market import Market
from puffling.market.parameters import Choices, Day, Newest, Source, Step, Symbol, parted
from puffling.market.ranges import span_of, warmed_up_from
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting, settle_parameters
from puffling.puffin.strategies.base import Signals
from puffling.puffin.strategies.own import OwnFile
from puffling.runtime.actor import current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, moment_of
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.events import StrategiesChanged
from puffling.store.research import StrategyConfig

USUAL_BARS = 250

Which = Annotated[str, Field(description="Name of the configured strategy, or its id.", max_length=120)]
Name = Annotated[str, Field(description="A name of your own for it.", min_length=1, max_length=80)]
NewName = Annotated[str, Field(description="Another name for it; empty leaves or makes one.", max_length=80)]
Kind = Annotated[str, Field(description="Name of the strategy, such as momentum.", max_length=120)]
Symbols = Annotated[tuple[Symbol, ...], Field(description="The symbols it is for.", max_length=50), parted]
Width = Annotated[Interval | None, Field(description="Length of a bar; empty means as configured, or 1d.")]
File = Annotated[str, Field(description="Name of the file, with or without .py.", max_length=60)]
Digest = Annotated[
    str,
    Field(
        description="The SHA-256 of the content you looked at, or its first 12 signs at least.",
        pattern="^[0-9a-f]{12,64}$",
    ),
]


class Strategies(Controller):
    """The library of strategies, the person's own files, and configured strategies."""

    def __init__(
        self, market: Market, store: Store, clock: Clock, port: Port, shelf: StrategyShelf, bus: Bus
    ) -> None:
        self._market = market
        self._store = store
        self._clock = clock
        self._port = port
        self._bus = bus
        self._shelf = shelf

    @capability(
        title="List strategy types",
        effect=Effect.READ,
        http="GET /api/strategies/types",
        tool="list_strategy_types",
    )
    async def types(self) -> tuple[StrategyKind, ...]:
        """Show the strategies there are and what can be chosen."""
        return await self._shelf.kinds()

    @capability(
        title="Compute signals",
        effect=Effect.READ,
        http="POST /api/strategies/{name}/signals",
        tool="get_signals",
    )
    async def signals(
        self,
        name: Annotated[
            str,
            Field(description="A strategy such as momentum, or one you configured.", max_length=120),
        ],
        symbol: Symbol,
        interval: Width = None,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
        limit: Newest = USUAL_BARS,
        symbols: Annotated[
            tuple[Symbol, ...],
            Field(description="What it weighs the symbol against, for some strategies.", max_length=50),
            parted,
        ] = (),
    ) -> SignalTable:
        """Compute what a strategy decides on the history of a symbol; an order fills on the next bar."""
        config = await self._config(name)
        if config is not None:
            parameters = {**config.parameters, **parameters}
            interval = interval or Interval(config.interval)
            symbols = symbols or config.symbols
        interval = interval or Interval.D1
        span = span_of(interval, start, end, self._clock.now())
        kind = config.strategy if config is not None else name
        recipe, settled = await self._shelf.recipe(kind, parameters)
        early_us = warmed_up_from(span, settled.bars_needed, interval)
        others = [each for each in symbols if each != symbol] if settled.several else []
        history = await self._market.bars(symbol, interval, early_us, span.end_us, source=source)
        series = {symbol: history.closed}
        for each in others:
            read = await self._market.bars(each, interval, early_us, span.end_us, source=source)
            # What is faulty or still moves is kept away from whatever decides.
            series[each] = read.closed
        try:
            signal, confidence = await self._shelf.signals(recipe, series, symbol)
        except InvalidInput as error:
            if error.field != "data":
                raise
            raise InvalidInput(
                error.message, field="symbol", hint=tr("Choose another range, symbol or smaller windows.")
            ) from None
        bars = series[symbol]
        first = max(int(np.searchsorted(bars.time, span.start_us)), len(bars) - limit)
        return SignalTable(
            symbol=symbol,
            interval=str(interval),
            strategy=name,
            parameters=settled.parameters,
            source=history.source,
            data_label=history.label,
            warnings=history.warnings,
            time=tuple(moment_of(int(us)) for us in bars.time[first:]),
            signal=tuple(signal[first:].tolist()),
            confidence=tuple(confidence[first:].tolist()),
        )

    async def decided(self, saved: SavedStrategy, series: Mapping[str, Bars], symbol: str) -> Signals:
        """Give what a configured strategy says at every bar, as columns, for faces in this process."""
        recipe = await self._shelf.prepared(saved.strategy, saved.parameters)
        return await self._shelf.signals(recipe, series, symbol)

    async def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Give what changes whenever a file of the person's own does, for faces in this process."""
        return await self._shelf.stamp()

    @capability(
        title="List strategies",
        verb="list",
        effect=Effect.READ,
        http="GET /api/strategies",
        tool="list_strategies",
    )
    async def all(self) -> tuple[SavedStrategy, ...]:
        """Show the strategies you configured."""
        configs = await self._store.read(current_caller().user, lambda unit: unit.strategies.all())
        kinds = {kind.name: kind for kind in await self._shelf.kinds()}
        return tuple(_saved(config, kinds) for config in configs)

    @capability(title="Show strategy", effect=Effect.READ, http="GET /api/strategies/{strategy}")
    async def show(self, strategy: Which) -> SavedStrategy:
        """Show one strategy you configured."""
        config = await self._store.read(current_caller().user, lambda unit: unit.strategies.get(strategy))
        return await self._told(config)

    @capability(
        title="New strategy", effect=Effect.WRITE, http="POST /api/strategies", tool="create_strategy"
    )
    async def create(
        self,
        name: Name,
        strategy: Kind,
        symbols: Symbols = (),
        interval: Step = Interval.D1,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
    ) -> SavedStrategy:
        """Keep a strategy with its parameters under a name of your own."""
        kept = await self._checked(name, strategy, symbols, parameters)
        config = await self._store.run(
            current_caller().user,
            lambda unit: unit.strategies.create(
                name=name, strategy=strategy, parameters=kept, symbols=symbols, interval=str(interval)
            ),
        )
        return await self._told(config)

    @capability(
        title="Change strategy",
        effect=Effect.WRITE,
        http="PUT /api/strategies/{strategy}",
        tool="change_strategy",
    )
    async def change(
        self,
        strategy: Which,
        name: NewName = "",
        symbols: Annotated[
            tuple[Symbol, ...] | None,
            Field(description="Other symbols; left out, they stay as they are.", max_length=50),
            parted,
        ] = None,
        interval: Width = None,
        parameters: Annotated[
            dict[str, int | float | str] | None,
            Field(description="Parameters by name; what is not given stays as it is.", max_length=20),
        ] = None,
    ) -> SavedStrategy:
        """Change a strategy you configured; what is not given stays as it is."""
        user = current_caller().user
        before = await self._store.read(user, lambda unit: unit.strategies.get(strategy))
        after_name = name or before.name
        after_symbols = before.symbols if symbols is None else symbols
        wanted = {**before.parameters, **(parameters or {})}
        kept = await self._checked(after_name, before.strategy, after_symbols, wanted)
        config = await self._store.run(
            user,
            lambda unit: unit.strategies.change(
                before.id,
                name=after_name,
                strategy=before.strategy,
                parameters=kept,
                symbols=after_symbols,
                interval=str(interval or before.interval),
            ),
        )
        return await self._told(config)

    @capability(
        title="Duplicate strategy", effect=Effect.WRITE, http="POST /api/strategies/{strategy}/duplicate"
    )
    async def duplicate(self, strategy: Which, name: NewName = "") -> SavedStrategy:
        """Make another strategy with the same parameters."""
        user = current_caller().user
        all_there = await self._store.read(user, lambda unit: unit.strategies.all())
        before = await self._store.read(user, lambda unit: unit.strategies.get(strategy))
        called = name or _free_copy(before.name, {each.name.casefold() for each in all_there})
        await self._refuse_name_of_type(called)
        config = await self._store.run(
            user,
            lambda unit: unit.strategies.create(
                name=called,
                strategy=before.strategy,
                parameters=before.parameters,
                symbols=before.symbols,
                interval=before.interval,
            ),
        )
        return await self._told(config)

    @capability(title="Delete strategy", effect=Effect.WRITE, http="DELETE /api/strategies/{strategy}")
    async def delete(self, strategy: Which) -> SavedStrategy:
        """Remove a strategy that nothing runs; the answer is all it takes to restore it."""
        config = await self._store.run(current_caller().user, lambda unit: unit.strategies.remove(strategy))
        return await self._told(config)

    @capability(title="Restore strategy", effect=Effect.WRITE, http="POST /api/strategies/restore")
    async def restore(
        self,
        id: Annotated[str, Field(description="The id that it had.", min_length=1, max_length=64)],
        name: Name,
        strategy: Kind,
        created_at: Annotated[AwareDatetime, Field(description="When it was made.")],
        symbols: Symbols = (),
        interval: Step = Interval.D1,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
        version: Annotated[int, Field(description="The version it had.", ge=1, le=1_000_000)] = 1,
    ) -> SavedStrategy:
        """Bring a deleted strategy back."""
        await self._refuse_name_of_type(name)
        made: datetime = created_at
        removed = StrategyConfig(
            id, name, strategy, dict(parameters), symbols, str(interval), False, version, made, made
        )
        config = await self._store.run(current_caller().user, lambda unit: unit.strategies.restore(removed))
        return await self._told(config)

    @capability(title="List strategy files", effect=Effect.READ)
    async def files(self) -> tuple[OwnStrategyFile, ...]:
        """Show the files of your own strategies: where, how large, whether trusted, and what is wrong."""
        return await self._shelf.files()

    async def folder(self) -> Path:
        """Give the folder of own strategies, made if need be, for faces in this process."""
        return await self._port.thread(self._shelf.own.prepare)

    @capability(title="Show strategy file", effect=Effect.READ)
    async def source(self, file: File) -> OwnStrategyText:
        """Show a file of your own with its text; looking at it runs nothing."""
        return await self._shelf.text_of(await self._file(file))

    @capability(title="New strategy file", effect=Effect.WRITE)
    async def new_file(self, name: File) -> OwnStrategyFile:
        """Write a commented strategy that runs into the folder of your own, to begin with."""
        try:
            made = await self._port.thread(self._shelf.own.write_new, name)
        except InvalidValue as error:
            raise InvalidInput(
                f"{error}.", field="name", hint=tr("Choose a name such as my_breakout.")
            ) from None
        return await self._changed(made)

    @capability(title="Trust strategy file", effect=Effect.GUARD)
    async def trust(self, file: File, digest: Digest) -> OwnStrategyFile:
        """Let a file of your own run exactly as it is now; after any change it waits again."""
        found = await self._file(file)
        if not found.digest.startswith(digest):
            raise Conflict(
                tr("{file} is not the content with that digest.", file=found.path.name),
                hint=tr("Look at it again: puffling strategies files"),
            )
        try:
            return await self._changed(
                await self._port.thread(self._shelf.own.trust, found.name, found.digest)
            )
        except InvalidValue as error:
            raise Conflict(f"{error}.", hint=tr("Look at it again, and trust it as it is now.")) from None

    @capability(title="Stop trusting strategy file", effect=Effect.WRITE, protective=True)
    async def distrust(self, file: File) -> OwnStrategyFile:
        """Let no version of a file of your own run any more."""
        found = await self._file(file)
        return await self._changed(await self._port.thread(self._shelf.own.distrust, found.name))

    async def _file(self, name: str) -> OwnFile:
        try:
            return await self._port.thread(self._shelf.own.find, name)
        except InvalidValue as error:
            raise NotFound(f"{error}.", hint=tr("See: puffling strategies files")) from None

    async def _changed(self, file: OwnFile) -> OwnStrategyFile:
        self._bus.publish(StrategiesChanged(current_caller().user))
        return await self._shelf.state_of(file)

    async def _config(self, name: str) -> StrategyConfig | None:
        """Give the configured strategy of this name, or None where it is the name of a type."""
        if ":" in name:
            return None
        if name in {kind.name for kind in await self._shelf.kinds()}:
            return None
        try:
            return await self._store.read(current_caller().user, lambda unit: unit.strategies.get(name))
        except NotFound:
            # The list of types says what there is.
            return None

    async def _checked(
        self, name: str, strategy: str, symbols: tuple[str, ...], parameters: Mapping[str, Setting]
    ) -> dict[str, Setting]:
        """Give all parameters, or say which field of what should be kept does not fit."""
        await self._refuse_name_of_type(name)
        _, settled = await self._shelf.recipe(strategy, parameters)
        for symbol in symbols:
            await self._market.learn(symbol)
        return settled.parameters

    async def _refuse_name_of_type(self, name: str) -> None:
        taken = ":" in name or name.casefold() in {kind.name for kind in await self._shelf.kinds()}
        if taken:
            raise InvalidInput(
                tr("{name} is the name of a type of strategies.", name=name),
                field="name",
                hint=tr("Choose a name of your own, such as {name} on SPY.", name=name.rpartition(":")[2]),
            )

    async def _told(self, config: StrategyConfig) -> SavedStrategy:
        return _saved(config, {kind.name: kind for kind in await self._shelf.kinds()})


def _saved(config: StrategyConfig, kinds: Mapping[str, StrategyKind]) -> SavedStrategy:
    kind = kinds.get(config.strategy)
    trouble = _missing(config.strategy) if kind is None else ""
    if kind is not None:
        try:
            settle_parameters(kind.parameters, config.parameters)
        except InvalidValue as error:
            trouble = f"{error}."
    return SavedStrategy(**asdict(config), trouble=trouble, several=kind is not None and kind.several)


def _missing(strategy: str) -> str:
    if strategy.startswith("own:"):
        return tr("{strategy} does not run: its file is gone, faulty or not trusted.", strategy=strategy)
    return tr("{strategy} is not installed.", strategy=strategy)


def _free_copy(name: str, taken: set[str]) -> str:
    number = 1
    while True:
        copy = (
            tr("{name} copy", name=name[:70])
            if number == 1
            else tr("{name} copy {number}", name=name[:70], number=number)
        )
        if copy.casefold() not in taken:
            return copy
        number += 1
