"""Each bar of an exchange is one occasion, whatever clocks, half days and holidays do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from puffling.automation.runner.timing import Timing
from puffling.market.calendar import ALWAYS, EXCHANGE, calendar
from puffling.puffin.data.interval import Interval

DAILY = Timing(calendar(EXCHANGE), Interval.D1)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_a_day_is_decided_on_after_its_close_and_traded_at_the_next_open() -> None:
    slot = DAILY.newest(at(2026, 3, 4, 21, 30))
    assert slot is not None
    assert slot.bar_at == at(2026, 3, 4)
    assert slot.closes_at == at(2026, 3, 4, 21)
    assert slot.opens_at == at(2026, 3, 5, 14, 30)
    assert slot.valid_until == at(2026, 3, 5, 15)


def test_the_day_that_runs_is_none_yet() -> None:
    before = DAILY.newest(at(2026, 3, 4, 20, 59))
    assert before is not None
    assert before.bar_at == at(2026, 3, 3)
    assert DAILY.next_close(at(2026, 3, 4, 20, 59)) == at(2026, 3, 4, 21)
    assert DAILY.next_close(at(2026, 3, 4, 21)) == at(2026, 3, 5, 21)


def test_half_days_end_early_and_holidays_are_no_days() -> None:
    # The day after Thanksgiving ends at one, and Thanksgiving is none.
    half = DAILY.newest(at(2026, 11, 27, 18, 1))
    assert half is not None
    assert (half.closes_at, half.opens_at) == (at(2026, 11, 27, 18), at(2026, 11, 30, 14, 30))
    assert DAILY.count_between(at(2026, 11, 25, 21), at(2026, 11, 30, 21)) == 1


@pytest.mark.parametrize("interval", [Interval.M15, Interval.H1, Interval.D1, Interval.W1, Interval.MO1])
@pytest.mark.parametrize("name", [EXCHANGE, ALWAYS])
@pytest.mark.parametrize("begin", [at(2026, 3, 6), at(2026, 10, 30)])
def test_every_bar_comes_once_over_both_changes_of_the_clocks(
    name: str, interval: Interval, begin: datetime
) -> None:
    timing = Timing(calendar(name), interval)
    end = begin + timedelta(days=4 if interval.is_intraday else 70)
    closes, now = [], begin
    while (now := timing.next_close(now)) < end:
        closes.append(now)
        slot = timing.newest(now)
        assert slot is not None
        assert slot.closes_at == now
        assert slot.bar_at < now <= slot.opens_at < slot.valid_until
        # A moment before, it had not closed; until the next one does, it stays the newest.
        earlier = timing.newest(now - timedelta(microseconds=1))
        assert earlier is not None
        assert earlier.closes_at < now
        later = timing.newest(timing.next_close(now) - timedelta(microseconds=1))
        assert later == slot
    assert len(closes) == len(set(closes))
    assert timing.count_between(begin, end) == len(closes)
    assert len(closes) > 1


def test_the_market_is_met_at_half_past_nine_there_on_both_sides_of_the_change() -> None:
    friday, monday = DAILY.newest(at(2026, 3, 6, 22)), DAILY.newest(at(2026, 3, 9, 22))
    assert friday is not None
    assert monday is not None
    assert friday.closes_at == at(2026, 3, 6, 21)
    # New York is an hour nearer since Sunday.
    assert (friday.opens_at, monday.closes_at) == (at(2026, 3, 9, 13, 30), at(2026, 3, 9, 20))


def test_a_bar_within_the_day_is_acted_on_until_the_next_one_closes() -> None:
    slot = Timing(calendar(EXCHANGE), Interval.M5).newest(at(2026, 3, 4, 16, 3))
    assert slot is not None
    assert (slot.bar_at, slot.closes_at) == (at(2026, 3, 4, 15, 55), at(2026, 3, 4, 16))
    assert (slot.opens_at, slot.valid_until) == (slot.closes_at, at(2026, 3, 4, 16, 5))


def test_the_last_bar_of_a_day_waits_for_the_next_session() -> None:
    hourly = Timing(calendar(EXCHANGE), Interval.H1)
    slot = hourly.newest(at(2026, 3, 4, 23))
    assert slot is not None
    # Half past nine to four: the last hour is half a one.
    assert (slot.bar_at, slot.closes_at) == (at(2026, 3, 4, 20, 30), at(2026, 3, 4, 21))
    assert slot.opens_at == at(2026, 3, 5, 14, 30)


def test_so_many_bars_back_is_counted_in_sessions() -> None:
    slot = DAILY.newest(at(2026, 3, 9, 22))
    assert slot is not None
    assert DAILY.bars_before(slot, 1) == at(2026, 3, 9)
    assert DAILY.bars_before(slot, 3) == at(2026, 3, 5)
