"""The person's own files of prices.

A path is a name on the machine of whoever owns the data. Over HTTP it would let a caller look into any file
here, so nothing that takes a path has a route or is a tool: it exists in the window and in the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.own_prices import OwnShelf
from puffling.market.own_values import Choices, FilePreview, OwnSeries
from puffling.market.parameters import Adjusted, Day, Source, Step, Symbol
from puffling.market.ranges import span_of
from puffling.puffin.data.interval import Interval
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, microseconds
from puffling.runtime.errors import Conflict, PufflingError
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.text import tr

SOURCE = "files"

File = Annotated[Path, Field(description="The file: CSV or Parquet.")]
NewFile = Annotated[Path, Field(description="Where to write them: a name that ends in .csv or .parquet.")]
AsSymbol = Annotated[
    Symbol | None,
    Field(description="Under which symbol; empty means that of the file, or the name of the file."),
]
Name = Annotated[str, Field(description="What to call it.", max_length=80)]
Width = Annotated[
    Interval | None, Field(description="Length of a bar; empty means as far apart as the rows are.")
]
Zone = Annotated[
    str,
    Field(
        description="Time zone of times that name none, such as America/New_York; empty means a guess.",
        max_length=60,
    ),
]
Columns = Annotated[
    dict[str, str],
    Field(
        description="Which column is what, such as {'time': 'Day', 'close': 'Last'}; the others are guessed.",
        max_length=12,
    ),
]


@frozen
class SavedPrices:
    """Prices that were written into a file, and what the file is called."""

    file: str
    symbol: str
    interval: str
    source: str
    bars: int
    summary: str


class Files(Controller):
    """Prices from files of the person's own, and prices taken elsewhere in files."""

    def __init__(self, market: Market, paths: Paths, port: Port, clock: Clock) -> None:
        self._market = market
        self._port = port
        self._clock = clock
        self._data = paths.data
        self._shelf = OwnShelf(paths.data)

    @capability(title="Look into file of prices", effect=Effect.READ, job=True)
    async def preview(
        self,
        path: File,
        symbol: AsSymbol = None,
        interval: Width = None,
        zone: Zone = "",
        columns: Columns = {},  # noqa: B006  it is read, never changed
    ) -> FilePreview:
        """Show what an import of a file would read: columns, first rows, range and faults."""
        from puffling.market.own_import import look_into

        choices = Choices(symbol or "", "", interval, zone, columns)
        return await Job.current().compute(look_into, str(path), choices, microseconds(self._clock.now()))

    @capability(title="Import file of prices", effect=Effect.WRITE, job=True)
    async def add(
        self,
        path: File,
        symbol: AsSymbol = None,
        name: Name = "",
        interval: Width = None,
        zone: Zone = "",
        columns: Columns = {},  # noqa: B006  it is read, never changed
    ) -> tuple[OwnSeries, ...]:
        """Keep the prices of a file, CSV or Parquet, as a symbol of your own; the file itself may go then."""
        from puffling.market.own_import import import_file, look_into

        self._refuse_without_feed()
        job = Job.current()
        now_us = microseconds(self._clock.now())
        choices = Choices(symbol or "", name, interval, zone, columns)
        found = await job.compute(look_into, str(path), choices, now_us)
        for series in found.series:
            self._refuse_taken(series.symbol)
        kept = await job.compute(import_file, str(path), choices, str(self._data), now_us)
        for symbol_kept in dict.fromkeys(series.symbol for series in kept):
            await self._market.renew(SOURCE, symbol_kept)
        return kept

    @capability(title="Save prices to file", effect=Effect.WRITE, job=True)
    async def save(
        self,
        symbol: Symbol,
        path: NewFile,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        adjusted: Adjusted = True,
    ) -> SavedPrices:
        """Write a history into a file, CSV or Parquet, its source above it; an older file is replaced."""
        from puffling.market.own_export import write_prices

        span = span_of(interval, start, end, self._clock.now())
        history = await self._market.bars(
            symbol, interval, span.start_us, span.end_us, source=source, adjusted=adjusted
        )
        bars = await Job.current().compute(write_prices, history, str(path))
        return SavedPrices(
            file=path.name,
            symbol=history.key.symbol,
            interval=str(interval),
            source=history.source,
            bars=bars,
            summary=tr(
                "{bars} bars of {symbol} were written to {file}.",
                bars=f"{bars:,}",
                symbol=history.key.symbol,
                file=path.name,
            ),
        )

    @capability(title="List own prices", verb="list", effect=Effect.READ, http="GET /api/files")
    async def all(self) -> tuple[OwnSeries, ...]:
        """Show what was imported from files, with what was wrong in them."""
        return await self._port.thread(self._shelf.all)

    @capability(title="Remove own prices", effect=Effect.WRITE)
    async def remove(self, symbol: Symbol) -> tuple[OwnSeries, ...]:
        """Take an imported symbol away; it can be restored until another is removed."""
        gone = await self._port.thread(self._shelf.remove, symbol)
        await self._market.renew(SOURCE, symbol)
        return gone

    @capability(title="Restore own prices", effect=Effect.WRITE)
    async def restore(self, symbol: Symbol) -> tuple[OwnSeries, ...]:
        """Bring back an imported symbol as it was before it was removed or replaced last."""
        back = await self._port.thread(self._shelf.restore, symbol)
        await self._market.renew(SOURCE, symbol)
        return back

    def is_own(self, symbol: str) -> bool:
        """Tell whether a file was imported under this symbol, for faces in this process."""
        try:
            return self._market.price(symbol).source == SOURCE
        except PufflingError:
            return False

    def free_symbol(self, file_name: str) -> str:
        """Give a symbol for a file that no other feed answers for, for faces in this process."""
        from puffling.market.own_import import symbol_from

        wanted = symbol_from(file_name)
        return wanted if self._market.source_of(wanted) in {None, SOURCE} else f"{wanted[:15]}-FILE"

    def _refuse_without_feed(self) -> None:
        if all(state.source != SOURCE for state in self._market.feed_states()):
            raise Conflict(
                tr("Your own files are not among the feeds."),
                hint=tr("Add files to the feeds in the preferences, and start Puffling again."),
            )

    def _refuse_taken(self, symbol: str) -> None:
        source = self._market.source_of(symbol)
        if source not in {None, SOURCE}:
            raise Conflict(
                tr("{symbol} is a symbol of the feed {source} already.", symbol=symbol, source=source),
                hint=tr("Import it under another one, such as {other}.", other=f"{symbol[:15]}-FILE"),
            )
