"""What is kept: fetched once, merged, believed only as long as the source agrees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from puffling.market.market import Market
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.instants import day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault
from puffling.puffin.data.raw import Columns, RawBars
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.tasks import TaskScope
from tests.market.memory import MemoryBars
from tests.market.remote import RemoteFeed, no_network

# A Friday evening after the close: nothing moves.
NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
NOW_US = to_us(NOW)


def day(month: int, number: int) -> int:
    return day_to_us(date(2026, month, number))


@dataclass
class Room:
    """A market over one vendor."""

    market: Market
    feed: RemoteFeed
    store: MemoryBars
    clock: FixedClock


@pytest.fixture
def room() -> Room:
    clock, store, feed = FixedClock(NOW), MemoryBars(), RemoteFeed()
    market = Market(clock=clock, bus=Bus(), scope=TaskScope("test"), feeds=[feed], bar_store=store)
    return Room(market, feed, store, clock)


async def test_a_gap_in_the_middle_is_all_that_is_fetched_beside_a_few_bars_to_compare(room: Room) -> None:
    await room.market.bars("ACME", Interval.D1, day(1, 1), day(3, 1))
    await room.market.bars("ACME", Interval.D1, day(9, 1), day(11, 1))
    whole = await room.market.bars("ACME", Interval.D1, day(1, 1), day(11, 1))
    asked = room.feed.asked[2:]
    assert len(asked) == 1
    assert day(2, 20) < asked[0][1].start_us < day(3, 1)
    assert day(9, 1) < asked[0][1].end_us < day(9, 8)
    assert whole.bars == room.feed.truth(Interval.D1, Span(day(1, 1), day(11, 1)))
    assert whole.warnings == ()


async def test_overlapping_questions_at_once_fetch_every_bar_once(room: Room) -> None:
    spans = [(day(1, 1), day(6, 1)), (day(3, 1), day(9, 1)), (day(1, 1), day(9, 1))]
    asked = [room.market.bars("ACME", Interval.D1, *span) for span in spans]
    histories = await asyncio.gather(*asked)
    assert len(room.feed.asked) == 2
    for span, history in zip(spans, histories, strict=True):
        assert history.bars == room.feed.truth(Interval.D1, Span(*span))


async def test_a_history_says_when_it_was_fetched_and_not_when_it_was_read(room: Room) -> None:
    await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    room.clock.advance(2 * 86_400.0)
    again = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert (again.fetched_at, again.refreshed_at) == (NOW, NOW)
    longer = await room.market.bars("ACME", Interval.D1, day(1, 1), day(10, 1))
    assert (longer.fetched_at, longer.refreshed_at) == (NOW, NOW + timedelta(days=2))


async def test_a_series_its_source_has_restated_is_fetched_anew(room: Room) -> None:
    await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    room.feed.level = 25.0
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(11, 1))
    assert history.bars == room.feed.truth(Interval.D1, Span(day(1, 1), day(11, 1)))
    assert history.warnings == ("Vendor has restated this history; it was fetched anew.",)
    assert (await room.market.bars("ACME", Interval.D1, day(1, 1), day(11, 1))).warnings == ()


async def test_a_symbol_that_belongs_to_another_company_now_does_not_keep_the_old_one(room: Room) -> None:
    await room.market.bars("ACME", Interval.D1, day(1, 1), day(6, 1))
    room.feed.level = 400.0
    room.feed.changed = lambda bars, _: bars.between(day(6, 10), NOW_US)
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(11, 1))
    assert int(history.bars.time[0]) >= day(6, 10)
    assert float(history.bars.low.min()) > 300.0


async def test_a_bar_corrected_later_is_taken_in_when_the_days_are_looked_at_anew(room: Room) -> None:
    span = day(1, 1), day(9, 1)
    before = await room.market.bars("ACME", Interval.D1, *span)

    def corrected(bars: Bars, interval: Interval) -> Columns:
        close = bars.close.copy()
        close[bars.time == day(3, 3)] *= 1.001
        return Bars(bars.time, bars.open, bars.high, bars.low, close, bars.volume)

    room.feed.changed = corrected
    assert (await room.market.bars("ACME", Interval.D1, *span)).bars == before.bars
    room.clock.advance(8 * 86_400.0)
    after = await room.market.bars("ACME", Interval.D1, *span)
    [place] = np.flatnonzero(after.bars.close != before.bars.close)
    assert int(after.bars.time[place]) == day(3, 3)


async def test_days_that_cannot_be_looked_at_anew_are_still_there(room: Room) -> None:
    span = day(1, 1), day(9, 1)
    before = await room.market.bars("ACME", Interval.D1, *span)
    room.clock.advance(8 * 86_400.0)
    room.feed.away = no_network()
    assert (await room.market.bars("ACME", Interval.D1, *span)).bars == before.bars
    room.clock.advance(3_600.0)
    room.feed.away, room.feed.changed = None, lambda bars, _: Bars.empty()
    assert (await room.market.bars("ACME", Interval.D1, *span)).bars == before.bars


@pytest.mark.parametrize("interval", [Interval.M5, Interval.H1, Interval.D1, Interval.W1])
async def test_a_split_after_the_bars_were_kept_corrects_every_width_alike(
    room: Room, interval: Interval
) -> None:
    # Bars are kept on Friday, the share splits on Monday.
    span = day(10, 5), NOW_US
    before = await room.market.bars("ACME", interval, *span)
    room.clock.advance(3 * 86_400.0)
    room.feed.level = 25.0
    room.feed.happened = (CorporateAction(date(2026, 11, 23), 4.0, 0.0, 0.25),)
    after = await room.market.bars("ACME", interval, day(10, 5), to_us(room.clock.now()))
    assert np.allclose(after.bars.close[: len(before.bars) - 1], before.bars.close[:-1] / 4.0)
    assert np.allclose(after.bars.volume[: len(before.bars) - 1], before.bars.volume[:-1] * 4.0)
    assert len(after.bars) > len(before.bars) or interval is Interval.W1
    assert (after.clean, after.flags, after.warnings) == (after.bars, (), ())
    traded = await room.market.bars("ACME", interval, *span, adjusted=False)
    assert np.allclose(traded.bars.close[:-1], before.bars.close[:-1])
    assert not traded.adjusted


async def test_splits_are_asked_for_once_a_trading_day_and_kept_for_when_nobody_answers(room: Room) -> None:
    room.feed.happened = (CorporateAction(date(2026, 6, 1), 2.0, 0.0, 0.5),)
    span = day(1, 5), day(9, 1)
    for _ in range(3):
        await room.market.bars("ACME", Interval.D1, *span)
    assert room.feed.questions.count("actions ACME") == 1
    room.clock.advance(3 * 86_400.0 - 3_600.0)
    room.feed.away = no_network()
    history = await room.market.bars("ACME", Interval.D1, *span)
    assert history.flags == ()
    assert history.bars.close[0] < 60.0 * 2


async def test_a_missing_page_is_asked_for_once_more_and_heals(room: Room) -> None:
    hidden = [Span(day(3, 2), day(4, 2))]

    def lossy(bars: Bars, interval: Interval) -> Columns:
        if not hidden:
            return bars
        lost = hidden.pop()
        return bars.where((bars.time < lost.start_us) | (bars.time >= lost.end_us))

    room.feed.changed = lossy
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert history.bars == room.feed.truth(Interval.D1, Span(day(1, 1), day(9, 1)))
    assert history.flags == ()


async def test_a_page_that_stays_away_is_not_taken_for_covered(room: Room) -> None:
    lost = Span(day(3, 2), day(4, 2))
    room.feed.changed = lambda bars, _: bars.where((bars.time < lost.start_us) | (bars.time >= lost.end_us))
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    [flag] = history.flags
    assert (flag.fault, flag.time_us, flag.count) == (Fault.GAP, day(3, 2), 23)
    assert int(history.clean.time[0]) == day(4, 2)
    count = len(room.feed.asked)
    await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert len(room.feed.asked) == count
    room.feed.changed = lambda bars, _: bars
    room.clock.advance(1_000.0)
    healed = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert healed.flags == ()
    assert healed.bars == room.feed.truth(Interval.D1, Span(day(1, 1), day(9, 1)))


async def test_what_showed_on_arrival_is_still_known_when_the_bars_are_read_again(room: Room) -> None:
    def twice(bars: Bars, interval: Interval) -> Columns:
        rows = list(zip(bars.time.tolist(), *(column.tolist() for column in bars.columns()), strict=True))
        copy = [rows[5][0], *(value * 1.001 for value in rows[5][1:])]
        return RawBars.of_rows([*rows[:6], copy, *rows[6:]])

    room.feed.changed = twice
    first = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    again = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    for history in (first, again):
        [flag] = history.flags
        assert (flag.fault, flag.time_us) == (Fault.CONFLICT, int(history.bars.time[5]))
        assert len(history.clean) == len(history.bars) - 1


@pytest.mark.parametrize("interval", [each for each in Interval if each is not Interval.M1])
async def test_every_width_is_made_from_minutes_when_a_source_has_no_other(
    room: Room, interval: Interval
) -> None:
    room.feed.intervals = frozenset({Interval.M1})
    span = day(11, 2), day(11, 19)
    if interval in {Interval.W1, Interval.MO1}:
        span = day(11, 1), day(11, 30)
    history = await room.market.bars("ACME", interval, *span)
    assert {each for each, _ in room.feed.asked} == {Interval.M1}
    minutes = room.feed.truth(Interval.M1, Span(span[0], min(span[1], NOW_US)))
    assert float(history.bars.volume.sum()) == pytest.approx(float(minutes.volume.sum()))
    assert history.bars.open[0] == minutes.open[0]
    assert history.bars.close[-1] == minutes.close[-1]
    if interval is Interval.D1:
        assert history.bars.time.tolist() == room.feed.truth(Interval.D1, Span(*span)).time.tolist()


async def test_days_made_of_minutes_leave_early_and_late_trading_out(room: Room) -> None:
    room.feed.intervals = frozenset({Interval.M5})

    def extended(bars: Bars, interval: Interval) -> Columns:
        early, late = bars.time - 3 * 3_600_000_000, bars.time + 390 * 60_000_000
        parts = [
            Bars(time, *(column * factor for column in bars.columns()))
            for time, factor in ((early, 1.2), (late, 0.8))
        ]
        return Bars.join([*parts, bars])

    plain = await room.market.bars("ACME", Interval.D1, day(9, 1), day(9, 20))
    await room.store.forget(SeriesKey("vendor", "ACME", Interval.M5))
    room.feed.changed = extended
    assert (await room.market.bars("ACME", Interval.D1, day(9, 1), day(9, 20))).bars == plain.bars


async def test_days_before_the_reach_of_a_source_are_no_reason_to_lose_the_later_ones(room: Room) -> None:
    reach = day(6, 1)

    def reaching(bars: Bars, interval: Interval) -> Columns:
        if len(bars) and int(bars.time[-1]) < reach:
            raise Unavailable("Vendor keeps half a year only.")
        return bars.between(reach, NOW_US)

    room.feed.changed = reaching
    await room.market.bars("ACME", Interval.D1, reach, day(9, 1))
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert (history.source, int(history.bars.time[0]), history.warnings) == ("vendor", reach, ())


async def test_a_share_of_another_country_has_holidays_of_its_own(room: Room) -> None:
    room.feed.hours = "unknown"
    golden_week = Span(day(4, 27), day(5, 8))
    room.feed.changed = lambda bars, _: bars.where(
        (bars.time < golden_week.start_us) | (bars.time >= golden_week.end_us)
    )
    history = await room.market.bars("ACME", Interval.D1, day(1, 1), day(9, 1))
    assert (history.flags, history.clean) == ((), history.bars)
