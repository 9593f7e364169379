"""The cache between feeds and everybody else: closed bars are fetched once and kept.

Kept bars are never believed for ever. Every fetch from another computer asks for a few bars beside the gap
again: where they no longer agree with the kept ones, the source has restated its history (or the symbol
belongs to another company now), and the whole series is fetched anew. Days that are a week old are looked at
anew, too. What a source left out is not remembered as covered, so it is asked for again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import date
from typing import Protocol
from weakref import WeakValueDictionary

import numpy as np

from puffling.frozen import frozen
from puffling.market.asking import answer_of
from puffling.market.feeds import Feed, ImportedFeed, LongHoursFeed, SourceAway
from puffling.market.holes import left_out, pages_missing
from puffling.market.values import Basis
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, SeriesKey, Span, missing_spans
from puffling.puffin.data.instants import US_PER_DAY, US_PER_SECOND, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.kept import Fetch, Kept, Note
from puffling.puffin.data.quality import Fault, Mark, Received, received
from puffling.puffin.data.raw import Columns
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.clock import Clock
from puffling.runtime.errors import StorageFailed, Unavailable
from puffling.runtime.text import tr

_log = logging.getLogger(__name__)

_OVERLAP_BARS = 3
_OVERLAP_US = 10 * US_PER_DAY
_LOOKED_AT_US = 7 * US_PER_DAY
# Prices that differ by less are the same price, rounded otherwise.
_SAME = 1e-4
# The newest bar may still be corrected by late trades; by more than this it is another price.
_LATE_TRADES = 0.05
_AGAIN_LEAST_US = 30 * US_PER_SECOND
_AGAIN_MOST_US = 900 * US_PER_SECOND
_ACTIONS = "actions"


class BarStore(Protocol):
    """Where closed bars are kept; the store implements it, core hands it in."""

    async def load(self, key: SeriesKey, start_us: int, end_us: int) -> Kept:
        """Give the kept bars whose time lies in [start, end), and what is known of them."""
        ...

    async def save(
        self, key: SeriesKey, bars: Bars, span: Span, fetched_us: int = 0, marks: Sequence[Mark] = ()
    ) -> None:
        """Put the bars in the place of whatever the span held, and remember when they came."""
        ...

    async def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        """Give the covered spans, sorted, neither touching nor overlapping."""
        ...

    async def forget(self, key: SeriesKey) -> None:
        """Drop a series."""
        ...

    async def note(self, source: str, kind: str, symbol: str, text: str, noted_us: int) -> None:
        """Keep a text about a symbol in the place of the older one."""
        ...

    async def notes(self, source: str, kind: str) -> dict[str, Note]:
        """Give the texts of one kind that are kept of a source, by symbol."""
        ...


@frozen
class Wanted:
    """Closed bars of one feed that somebody asks for; without sessions nobody knows what is missing."""

    feed: Feed
    symbol: str
    interval: Interval
    span: Span
    sessions: Sessions | None = None
    long_hours: bool = False

    @property
    def key(self) -> SeriesKey:
        """The series they belong to, in prices as they were traded."""
        source = f"{self.feed.source}, long hours" if self.long_hours else self.feed.source
        return SeriesKey(source, self.symbol, self.interval)

    async def ask(self, span: Span) -> Columns:
        """Ask the feed for such bars of a span."""
        if self.long_hours and isinstance(self.feed, LongHoursFeed):
            return await answer_of(self.feed, self.feed.long_bars(self.symbol, self.interval, span))
        return await answer_of(self.feed, self.feed.bars(self.symbol, self.interval, span))


@frozen(eq=False)
class Closed:
    """Closed bars, and whether the source told another history than before."""

    kept: Kept
    restated: bool = False


class BarCache:
    """Answers from the store and asks the feed only for what the store does not cover."""

    def __init__(self, store: BarStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._fetching: WeakValueDictionary[SeriesKey, asyncio.Lock] = WeakValueDictionary()
        self._in_vain: dict[SeriesKey, tuple[Fetch, ...]] = {}

    async def closed(self, wanted: Wanted) -> Closed:
        """Give the closed bars of a span, as traded; what lies in it must be closed by now."""
        if wanted.span.is_empty:
            return Closed(Kept(Bars.empty()))
        key, feed = wanted.key, wanted.feed
        if not feed.is_remote and feed.basis is Basis.GIVEN:
            # A person's own files are kept as they are: a copy of them here would only grow old.
            return await self._asked_alone(wanted)
        lock = self._fetching.get(key)
        if lock is None:
            lock = self._fetching[key] = asyncio.Lock()
        # Two panels that ask for the same series fetch it once.
        async with lock:
            try:
                return await self._answer(wanted)
            except StorageFailed as error:
                # A damaged or full disk takes the shortcut away, not the prices.
                _log.warning("Prices of %s come from their feed alone: %s", key.symbol, error)
                return await self._asked_alone(wanted)

    async def kept(self, wanted: Wanted) -> Kept:
        """Give what is kept of a span, without asking anybody."""
        try:
            return await self._store.load(wanted.key, wanted.span.start_us, wanted.span.end_us)
        except StorageFailed:
            return Kept(Bars.empty())

    async def renew(self, wanted: Wanted) -> None:
        """Fetch a span anew and put it in the place of what is kept of it; when that fails, that stays."""
        lock = self._fetching.get(wanted.key)
        if lock is None:
            lock = self._fetching[wanted.key] = asyncio.Lock()
        async with lock:
            fresh = await self._fetch(wanted, wanted.span)
            if not len(fresh.bars):
                raise Unavailable(
                    tr("{label} gives no bars now.", label=wanted.feed.label),
                    hint=tr("What was kept from before stays."),
                )
            await self._keep(wanted, fresh, wanted.span)

    async def actions(self, feed: Feed, symbol: str, since_us: int) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends of a symbol, asked for since a time or kept from before."""
        try:
            note = (await self._store.notes(feed.source, _ACTIONS)).get(symbol)
        except StorageFailed:
            note = None
        if note is not None and note.noted_us >= since_us:
            return _read_actions(note.text)
        try:
            actions = await answer_of(feed, feed.actions(symbol))
        except Unavailable as error:
            if note is None:
                raise
            _log.warning("Splits and dividends of %s are those known before: %s", symbol, error)
            return _read_actions(note.text)
        try:
            text = _written(actions)
            await self._store.note(feed.source, _ACTIONS, symbol, text, to_us(self._clock.now()))
        except StorageFailed as error:
            _log.warning("Splits and dividends of %s were not kept: %s", symbol, error)
        return actions

    async def _answer(self, wanted: Wanted) -> Closed:
        span, key, now_us = wanted.span, wanted.key, to_us(self._clock.now())
        if await self._has_aged(wanted, now_us) and await self._renewed(wanted):
            return Closed(await self._store.load(key, span.start_us, span.end_us))
        covered = await self._store.coverage(key)
        unkept: list[Received] = []
        for gap in missing_spans(span, (*covered, *self._asked_lately(key, now_us))):
            ask, held = await self._with_neighbours(wanted, gap)
            try:
                fresh = await self._fetch(wanted, ask)
            except SourceAway:
                raise
            except Unavailable as error:
                # Many sources reach back so far only; what is kept of later days is no worse for it.
                if not len((await self._store.load(key, gap.end_us, span.end_us)).bars):
                    raise
                _log.info("%s of %s are not had before: %s", key.interval, key.symbol, error)
                continue
            if _disagrees(held, fresh.bars):
                _log.warning("%s of %s tells another history of %s now", key.interval, key.source, key.symbol)
                await self._store.forget(key)
                whole = await self._fetch(wanted, span)
                await self._keep(wanted, whole, span)
                return Closed(_now_kept(whole, now_us), restated=True)
            if not await self._keep(wanted, fresh, ask):
                unkept.append(fresh)
            elif ask == span and not fresh.marks:
                return Closed(_now_kept(fresh, now_us))
        kept = await self._store.load(key, span.start_us, span.end_us)
        if unkept:
            bars = Bars.join([kept.bars, *(each.bars for each in unkept)])
            marks = (*kept.marks, *(mark for each in unkept for mark in each.marks))
            kept = Kept(bars.between(span.start_us, span.end_us), marks, kept.oldest_us or now_us, now_us)
        return Closed(kept)

    async def _asked_alone(self, wanted: Wanted) -> Closed:
        fresh = await self._fetch(wanted, wanted.span)
        came_at_us = to_us(self._clock.now())
        if isinstance(wanted.feed, ImportedFeed):
            came_at_us = wanted.feed.came_at_us(wanted.symbol)
        return Closed(_now_kept(fresh, came_at_us))

    async def _has_aged(self, wanted: Wanted, now_us: int) -> bool:
        # Minutes are not looked at anew: sources forget old ones, and what is kept is all there is.
        if not wanted.feed.is_remote or wanted.interval is not Interval.D1:
            return False
        kept = await self._store.load(wanted.key, wanted.span.start_us, wanted.span.end_us)
        return kept.oldest_us is not None and now_us - kept.oldest_us > _LOOKED_AT_US

    async def _renewed(self, wanted: Wanted) -> bool:
        span = wanted.span
        before = await self._store.load(wanted.key, span.start_us, span.end_us)
        try:
            fresh = await self._fetch(wanted, span)
        except Unavailable as error:
            _log.info("%s of %s are not looked at anew: %s", wanted.interval, wanted.symbol, error)
            return False
        if len(fresh.bars) < len(before.bars):
            # A source that gives less than before is not a reason to lose what is kept.
            return False
        return await self._keep(wanted, fresh, span)

    async def _with_neighbours(self, wanted: Wanted, gap: Span) -> tuple[Span, Bars]:
        """Widen a gap by a few kept bars on either side, to see whether source and cache still agree."""
        if not wanted.feed.is_remote:
            return gap, Bars.empty()
        kept = await self._store.load(wanted.key, gap.start_us - _OVERLAP_US, gap.end_us + _OVERLAP_US)
        before = kept.bars.between(gap.start_us - _OVERLAP_US, gap.start_us)[-_OVERLAP_BARS:]
        after = kept.bars.between(gap.end_us, gap.end_us + _OVERLAP_US)[:_OVERLAP_BARS]
        start_us = int(before.time[0]) if len(before) else gap.start_us
        end_us = int(after.time[-1]) + 1 if len(after) else gap.end_us
        return Span(start_us, end_us), Bars.join([before, after])

    async def _fetch(self, wanted: Wanted, ask: Span) -> Received:
        """Ask the feed for a span, and once more for pages that are missing in the middle."""
        feed, now_us = wanted.feed, to_us(self._clock.now())
        whole = received(await wanted.ask(ask))
        ahead = whole.bars.time[whole.bars.time > now_us].tolist()
        parts = [whole.bars.between(ask.start_us, ask.end_us)]
        marks = {mark.time_us: mark for mark in whole.marks if ask.start_us <= mark.time_us < ask.end_us}
        marks |= {time_us: Mark(time_us, Fault.FUTURE) for time_us in ahead}
        if feed.is_remote:
            for hole in pages_missing(parts[0], wanted.interval, wanted.sessions):
                try:
                    again = await wanted.ask(hole)
                except Unavailable:
                    break
                page = received(again)
                parts.append(page.bars.between(hole.start_us, hole.end_us))
                marks |= {mark.time_us: mark for mark in page.marks}
        return Received(Bars.join(parts), tuple(marks[time_us] for time_us in sorted(marks)))

    async def _keep(self, wanted: Wanted, fresh: Received, ask: Span) -> bool:
        key, now_us = wanted.key, to_us(self._clock.now())
        absent: tuple[Span, ...] = ()
        if wanted.feed.is_remote:
            absent = left_out(fresh.bars, wanted.interval, wanted.sessions, ask)
            self._remember_in_vain(key, absent, now_us)
        try:
            for part in missing_spans(ask, absent):
                marks = tuple(
                    mark
                    for mark in fresh.marks
                    if part.start_us <= mark.time_us < part.end_us or mark.fault is Fault.FUTURE
                )
                bars = fresh.bars.between(part.start_us, part.end_us)
                await self._store.save(key, bars, part, now_us, marks)
        except StorageFailed as error:
            _log.warning("Prices of %s were not kept: %s", key.symbol, error)
            return False
        return True

    def _remember_in_vain(self, key: SeriesKey, spans: Sequence[Span], now_us: int) -> None:
        asked = (
            each for each in self._in_vain.get(key, ()) if 0 <= now_us - each.fetched_us < _AGAIN_MOST_US
        )
        self._in_vain[key] = (*asked, *(Fetch(span, now_us, now_us) for span in spans))

    def _asked_lately(self, key: SeriesKey, now_us: int) -> tuple[Span, ...]:
        again_us = min(max(key.interval.us, _AGAIN_LEAST_US), _AGAIN_MOST_US)
        return tuple(
            fetch.span for fetch in self._in_vain.get(key, ()) if 0 <= now_us - fetch.fetched_us < again_us
        )


def _now_kept(fresh: Received, now_us: int) -> Kept:
    return Kept(fresh.bars, fresh.marks, now_us, now_us)


def _disagrees(held: Bars, fresh: Bars) -> bool:
    """Tell whether a source no longer says of some kept bars what it said before."""
    if not len(held):
        return False
    places = np.searchsorted(fresh.time, held.time)
    inside = places < len(fresh)
    if not bool(inside.all()) or not np.array_equal(fresh.time[places], held.time):
        return True
    apart = np.zeros(len(held))
    for name in ("open", "high", "low", "close"):
        one, other = getattr(held, name), getattr(fresh, name)[places]
        with np.errstate(invalid="ignore", divide="ignore"):
            difference = np.abs(other / one - 1.0)
        difference[(one == other) | (np.isnan(one) & np.isnan(other))] = 0.0
        apart = np.maximum(apart, np.where(np.isnan(difference), np.inf, difference))
    allowed = np.full(len(held), _SAME)
    allowed[-1] = _LATE_TRADES
    return bool((apart > allowed).any())


def _written(actions: Sequence[CorporateAction]) -> str:
    rows = [[each.day.isoformat(), each.split_ratio, each.dividend, each.price_factor] for each in actions]
    return json.dumps(rows)


def _read_actions(text: str) -> tuple[CorporateAction, ...]:
    return tuple(
        CorporateAction(date.fromisoformat(day), ratio, dividend, factor)
        for day, ratio, dividend, factor in json.loads(text)
    )
