"""The cache between feeds and everybody else: closed bars are fetched once and kept."""

from __future__ import annotations

from typing import Protocol

from puffling.puffin.data.bars import Bars, SeriesKey, Span


class BarStore(Protocol):
    """Where closed bars are kept; the store implements it, core hands it in."""

    async def load(self, key: SeriesKey, start_us: int, end_us: int) -> Bars:
        """Give the kept bars whose time lies in [start, end)."""
        ...

    async def save(self, key: SeriesKey, bars: Bars, span: Span) -> None:
        """Keep the bars, replacing those of the same time, and remember that the span is covered."""
        ...

    async def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        """Give the covered spans, sorted, neither touching nor overlapping."""
        ...
