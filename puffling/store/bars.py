"""Cached bars: ready NumPy columns in chunks of SQLite, in a file of their own.

Nothing here is anybody's record: every bar can be fetched again. A damaged file is therefore moved
aside and begun anew, which is told. Symbols are only ever values in the table, never names of files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.kept import Kept, Note
from puffling.puffin.data.quality import Mark
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Lane, Port
from puffling.store.bar_file import BarFile, Damaged
from puffling.store.events import BarCacheRebuilt
from puffling.store.values import SeriesSummary

P = ParamSpec("P")
R = TypeVar("R")


class BarArchive:
    """The cache of bars, keyed by source, so that demo prices and real ones never meet."""

    def __init__(self, lane: Lane, file: BarFile, bus: Bus, clock: Clock) -> None:
        self._lane = lane
        self._file = file
        self._bus = bus
        self._clock = clock

    @classmethod
    async def open(cls, paths: Paths, *, port: Port, bus: Bus, clock: Clock) -> BarArchive:
        """Open the cache in the data folder, or begin it."""
        archive = cls(port.lane("bars"), BarFile(paths.data / "market.db"), bus, clock)
        try:
            await archive._do(BarFile.open)
        except BaseException:
            await archive.close()
            raise
        return archive

    async def load(self, key: SeriesKey, start_us: int, end_us: int) -> Kept:
        """Give the kept bars whose time lies in [start, end), and what is known of them."""
        return await self._do(BarFile.load, key, start_us, end_us)

    async def save(
        self, key: SeriesKey, bars: Bars, span: Span, fetched_us: int = 0, marks: Sequence[Mark] = ()
    ) -> None:
        """Put the bars in the place of whatever the span held, and remember when they came."""
        await self._do(BarFile.save, key, bars, span, fetched_us, marks)

    async def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        """Give the covered spans, sorted, neither touching nor overlapping."""
        return await self._do(BarFile.coverage, key)

    async def series(self) -> tuple[SeriesSummary, ...]:
        """Give what is kept, one line per series."""
        return await self._do(BarFile.series)

    async def forget(self, key: SeriesKey) -> None:
        """Drop a series; it is fetched again when somebody asks for it."""
        await self._do(BarFile.forget, key)

    async def note(self, source: str, kind: str, symbol: str, text: str, noted_us: int) -> None:
        """Keep a text about a symbol in the place of the older one."""
        await self._do(BarFile.note, source, kind, symbol, text, noted_us)

    async def notes(self, source: str, kind: str) -> dict[str, Note]:
        """Give the texts of one kind that are kept of a source, by symbol."""
        return await self._do(BarFile.notes, source, kind)

    async def close(self) -> None:
        """Close the file and end its thread."""
        try:
            await self._lane.run(self._file.close)
        finally:
            await self._lane.close()

    async def _do(self, work: Callable[Concatenate[BarFile, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        def attempt() -> tuple[R, BarCacheRebuilt | None]:
            try:
                return work(self._file, *args, **kwargs), None
            except Damaged as damage:
                moved_to = self._file.move_aside(self._clock.now())
                self._file.open()
                return work(self._file, *args, **kwargs), BarCacheRebuilt(moved_to, str(damage))

        result, _ = await self._lane.run(attempt, then=self._tell)
        return result

    def _tell(self, answer: tuple[object, BarCacheRebuilt | None]) -> None:
        if answer[1] is not None:
            self._bus.publish(answer[1])
