"""The cache between feeds and everybody else: closed bars are fetched once and kept."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol
from weakref import WeakValueDictionary

from puffling.market.feeds import Feed
from puffling.puffin.data.bars import Bars, SeriesKey, Span, missing_spans
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import StorageFailed

_log = logging.getLogger(__name__)


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


class BarCache:
    """Answers from the store and asks the feed only for what the store does not cover."""

    def __init__(self, store: BarStore) -> None:
        self._store = store
        self._fetching: WeakValueDictionary[SeriesKey, asyncio.Lock] = WeakValueDictionary()

    async def closed(self, feed: Feed, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the closed bars of a span, as traded; what lies in it must be closed by now."""
        if span.is_empty:
            return Bars.empty()
        key = SeriesKey(feed.source, symbol, interval)
        lock = self._fetching.get(key)
        if lock is None:
            lock = self._fetching[key] = asyncio.Lock()
        # Two panels that ask for the same series fetch it once.
        async with lock:
            missing = await self._missing(key, span)
            unkept: list[Bars] = []
            for gap in missing:
                bars = await feed.bars(symbol, interval, gap)
                if gap == span:
                    await self._kept(key, bars, gap)
                    return bars
                if not await self._kept(key, bars, gap):
                    unkept.append(bars)
        kept = await self._store.load(key, span.start_us, span.end_us)
        return Bars.join([kept, *unkept]) if unkept else kept

    async def _missing(self, key: SeriesKey, span: Span) -> tuple[Span, ...]:
        try:
            return missing_spans(span, await self._store.coverage(key))
        except StorageFailed as error:
            _log.warning("Prices of %s come from their feed alone: %s", key.symbol, error)
            return (span,)

    async def _kept(self, key: SeriesKey, bars: Bars, gap: Span) -> bool:
        try:
            await self._store.save(key, bars, gap)
        except StorageFailed as error:
            # A full disk takes the shortcut away, not the prices.
            _log.warning("Prices of %s were not kept: %s", key.symbol, error)
            return False
        return True
