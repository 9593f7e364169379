"""A history as it is shown and as it is computed on: closed bars, the moving one, corrected and inspected.

Prices are kept as they were traded and corrected while they are read, so that a split after they were kept
corrects every width alike. They are inspected after that: a stated split is no jump then, and one that
nobody stated is. Wider bars are made last, and one with a faulty bar in it is faulty as a whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from puffling.market.asking import answer_of
from puffling.market.assembly import assembled, inspected
from puffling.market.cache import BarCache, Wanted
from puffling.market.calendar import EXCHANGE, LONG_HOURS, Calendar, calendar
from puffling.market.feeds import Feed, LongHoursFeed, standing_of
from puffling.market.holes import holes_of, overdue, page_bars
from puffling.market.values import Basis, History, Instrument, Quality
from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.instants import US_PER_DAY, from_us, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Flag, Inspection, Received, received, stale_flag
from puffling.puffin.data.resample import bar_starts, resample
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Unavailable
from puffling.runtime.text import tr

_MOST_SAID = 12


def base_of(feed: Feed, interval: Interval) -> Interval | None:
    """Give the widest bars of a feed that those of a width can be made of."""
    if interval in {Interval.W1, Interval.MO1} and Interval.D1 in feed.intervals:
        # Wide bars are made of adjusted days: a split inside a week would mix two units of price.
        return Interval.D1
    if interval in feed.intervals:
        return interval
    narrower = [
        each
        for each in feed.intervals
        if each.is_intraday and each.us < interval.us and not interval.us % each.us
    ]
    return max(narrower, key=lambda each: each.us, default=None)


def has_long_hours(feed: Feed, instrument: Instrument, interval: Interval) -> bool:
    """Tell whether there are bars from before and after the sessions."""
    return interval.is_intraday and instrument.calendar == EXCHANGE and isinstance(feed, LongHoursFeed)


class Histories:
    """Reads histories of one feed at a time; nothing of another feed ever comes into one."""

    def __init__(self, cache: BarCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    async def read(
        self,
        feed: Feed,
        instrument: Instrument,
        interval: Interval,
        span: Span,
        *,
        adjusted: bool = True,
        kept_only: bool = False,
        anew: bool = False,
        long_hours: bool = False,
    ) -> History:
        """Give the bars whose time lies in the span; only what is kept when nobody can be asked.

        What is read anew is asked for at the source, whether it is kept or not. Long hours are those before
        and after the sessions too, of a feed that has them and a market that has such hours.
        """
        if long_hours and has_long_hours(feed, instrument, interval):
            instrument = replace(instrument, calendar=LONG_HOURS)
        reading = _Reading(feed, instrument, interval, span, self._clock)
        if anew:
            await reading.renew(self._cache)
        base = await reading.base_bars(self._cache, kept_only=kept_only)
        adjustment = await self._adjustment(
            feed, instrument, reading.calendar, kept_only=kept_only, anew=anew
        )
        return await reading.history(base, adjustment, adjusted=adjusted)

    async def _adjustment(
        self,
        feed: Feed,
        instrument: Instrument,
        market_hours: Calendar,
        *,
        kept_only: bool,
        anew: bool,
    ) -> Adjustment:
        if feed.basis is Basis.GIVEN:
            return Adjustment.none()
        if not feed.is_remote:
            return await feed.adjustment(instrument.symbol)
        now_us = to_us(self._clock.now())
        # Splits come into effect between two sessions: once a trading day is often enough to ask.
        since_us = 0 if kept_only else now_us if anew else market_hours.trading_day_us(now_us)
        actions = await self._cache.actions(feed, instrument.symbol, since_us)
        return Adjustment.of(actions, us_to_day(now_us))


class _Reading:
    """One history on its way."""

    def __init__(
        self,
        feed: Feed,
        instrument: Instrument,
        interval: Interval,
        span: Span,
        clock: Clock,
    ) -> None:
        self._feed = feed
        self._instrument = instrument
        self._interval = interval
        self._span = span
        self._clock = clock
        base = base_of(feed, interval)
        if base is None:
            raise Unavailable(tr("{label} has no bars of {interval}.", label=feed.label, interval=interval))
        self._base = base
        self.calendar = calendar(instrument.calendar)
        self._warnings: list[str] = []
        self._oldest_us: int | None = None
        self._newest_us: int | None = None
        if instrument.former:
            self._warnings.append(
                tr("{former} is called {symbol} now.", former=instrument.former, symbol=instrument.symbol)
            )

    @property
    def _long_hours(self) -> bool:
        return self._instrument.calendar == LONG_HOURS

    @property
    def _sessions(self) -> Sessions | None:
        return self.calendar.sessions if self.calendar.is_exact else None

    async def renew(self, cache: BarCache) -> None:
        """Have the closed bars asked for at the source once more."""
        wanted = self._closed_bars()
        if not wanted.span.is_empty:
            await cache.renew(wanted)

    async def base_bars(self, cache: BarCache, *, kept_only: bool) -> tuple[Received, Received]:
        """Give the closed bars and those that still move, as they were traded."""
        span = self._base_span()
        settled_us = self._settled_us(self._base)
        wanted = self._closed_bars()
        if kept_only:
            kept = await cache.kept(wanted)
        else:
            closed = await cache.closed(wanted)
            kept = closed.kept
            if closed.restated:
                self._warnings.append(
                    tr("{label} has restated this history; it was fetched anew.", label=self._feed.label)
                )
        self._oldest_us, self._newest_us = kept.oldest_us, kept.newest_us
        moving = Received(Bars.empty())
        if span.end_us > settled_us and not kept_only:
            moving = await self._moving(span, settled_us)
        return Received(kept.bars, kept.marks), moving

    async def history(
        self, parts: tuple[Received, Received], adjustment: Adjustment, *, adjusted: bool
    ) -> History:
        """Put the parts together, look through them and make bars of the width that was asked for."""
        closed, moving = parts
        now_us = to_us(self._clock.now())
        corrected = await assembled([closed.bars, moving.bars], adjustment)
        inspection = await inspected(
            corrected,
            marks=(*closed.marks, *moving.marks),
            holes=holes_of(corrected, self._base, self._sessions),
            page=page_bars(self._base, self.calendar.sessions),
            now_us=now_us,
        )
        shown = corrected if adjusted else await assembled([closed.bars, moving.bars])
        bars, kept_away = _widened(
            shown, inspection, self._base, self._interval, self.calendar.sessions, self._span
        )
        flags = [flag for flag in inspection.flags if self._concerns(flag, bars)]
        flags += self._stale(corrected, now_us)
        settled_us = self._settled_us(self._interval)
        is_adjusted = adjusted and self._feed.basis is Basis.TRADED
        standing = standing_of(self._feed, self._instrument.symbol)
        return History(
            key=SeriesKey(self._feed.source, self._instrument.symbol, self._interval, is_adjusted),
            bars=bars,
            label=standing.label,
            quality=standing.quality,
            fetched_at=from_us(self._oldest_us if self._oldest_us is not None else now_us),
            refreshed_at=from_us(self._newest_us if self._newest_us is not None else now_us),
            developing=len(bars) > 0 and int(bars.time[-1]) >= settled_us,
            warnings=(*self._warnings, *_said(flags)),
            basis=Basis.ADJUSTED if is_adjusted else self._feed.basis,
            currency=self._instrument.currency,
            flags=tuple(flags),
            kept_away=kept_away,
        )

    async def _moving(self, span: Span, settled_us: int) -> Received:
        feed, symbol = self._feed, self._instrument.symbol
        ask = feed.long_tail if self._long_hours and isinstance(feed, LongHoursFeed) else feed.tail
        try:
            tail = received(await answer_of(feed, ask(symbol, self._base, settled_us)))
        except Unavailable as error:
            # The history is true without its newest bar; that it is missing must be said.
            reason = tr("{label}: {reason}", label=feed.label, reason=error.message)
            self._warnings.append(tr("The newest bar is missing. {reason}", reason=reason))
            return Received(Bars.empty())
        if len(tail.bars):
            self._newest_us = to_us(self._clock.now())
            if self._oldest_us is None:
                self._oldest_us = self._newest_us
        return replace(tail, bars=tail.bars.between(max(span.start_us, settled_us), span.end_us))

    def _stale(self, bars: Bars, now_us: int) -> tuple[Flag, ...]:
        if not len(bars) or self._sessions is None or self._feed.quality is Quality.SAMPLE:
            return ()
        end_us = min(self._base_span().end_us, self._settled_us(self._base))
        missing = overdue(int(bars.time[-1]), end_us, now_us, self._base, self._sessions)
        return (stale_flag(int(bars.time[-1]), missing),) if missing else ()

    def _concerns(self, flag: Flag, bars: Bars) -> bool:
        """Tell whether a flag lies in the bars that are shown; those of the future lie beyond all of them."""
        until_us = self._span.end_us
        if self._base is not self._interval and len(bars):
            until_us = int(bars.time[-1]) + _reach_us(self._interval)
        return flag.time_us < until_us or flag.fault is Fault.FUTURE

    def _closed_bars(self) -> Wanted:
        span = self._base_span()
        end_us = max(min(span.end_us, self._settled_us(self._base)), span.start_us)
        closed = Span(span.start_us, end_us)
        symbol = self._instrument.symbol
        return Wanted(self._feed, symbol, self._base, closed, self._sessions, self._long_hours)

    def _base_span(self) -> Span:
        """Give the span to read: the last wide bar needs its parts after the end of what was asked for."""
        beyond_us = 0 if self._base is self._interval else _reach_us(self._interval)
        return Span(self._span.start_us, self._span.end_us + beyond_us)

    def _settled_us(self, interval: Interval) -> int:
        return self.calendar.closed_before(interval, to_us(self._clock.now()))


def _widened(
    bars: Bars,
    inspection: Inspection,
    base: Interval,
    interval: Interval,
    sessions: Sessions,
    span: Span,
) -> tuple[Bars, NDArray[np.bool_]]:
    kept_away = inspection.kept_away
    if base.is_intraday and not interval.is_intraday and len(bars):
        # A day is what the exchange calls one: early and late trading belongs to none.
        place = np.searchsorted(sessions.opens_us, bars.time, side="right") - 1
        regular = (place >= 0) & (bars.time < sessions.closes_us[np.maximum(place, 0)])
        if not bool(regular.all()):
            bars, kept_away = bars.where(regular), kept_away[regular]
    if base is not interval and len(bars):
        starts = bar_starts(bars.time, base, interval, sessions)
        bars = resample(bars, base, interval, sessions)
        # One faulty day makes a faulty week: without it, the week would be another one.
        faulty = np.unique(starts[kept_away])
        kept_away = np.isin(bars.time, faulty)
    first, last = np.searchsorted(bars.time, (span.start_us, span.end_us))
    kept_away = kept_away[first:last]
    kept_away.setflags(write=False)
    return bars[int(first) : int(last)], kept_away


def _reach_us(interval: Interval) -> int:
    return {Interval.W1: 31 * US_PER_DAY, Interval.MO1: 31 * US_PER_DAY, Interval.D1: 2 * US_PER_DAY}.get(
        interval, interval.us
    )


def _said(flags: list[Flag]) -> tuple[str, ...]:
    said = [flag.message for flag in flags[:_MOST_SAID]]
    if len(flags) > _MOST_SAID:
        said.append(tr("{count} more places need a look.", count=len(flags) - _MOST_SAID))
    return tuple(said)
