"""What was known at a moment of the past: bars that were over, and the finer ones of the one under way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from puffling.desktop.charting.past import (
    closed_before,
    end_of,
    history_at,
    known_at,
    moment_before,
    moment_of_day,
    next_moment,
)
from puffling.desktop.charting.timescale import bar_at, moment_at, place_at
from puffling.market.values import History, Quality
from puffling.puffin.data.bars import Bars, SeriesKey
from puffling.puffin.data.instants import US_PER_DAY, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import inspect_bars
from puffling.puffin.data.resample import resample

NEW_YORK = ZoneInfo("America/New_York")
FOREVER = to_us(datetime(2100, 1, 1, tzinfo=UTC))


def days(count: int, first: date = date(2026, 1, 5)) -> Bars:
    """Working days with prices that tell every bar from every other."""
    begun = (first - date(1970, 1, 1)).days
    places = [begun + day for day in range(count * 2) if (begun + day + 3) % 7 < 5][:count]
    time = np.array(places, dtype=np.int64) * US_PER_DAY
    close = 100 + np.cumsum(np.sin(np.arange(count) * 1.7))
    return Bars(time, close - 0.3, close + 1, close - 1.2, close, np.arange(count, dtype=np.float64) + 10)


def minutes(day: date, count: int) -> Bars:
    """Minutes of one session."""
    begun = to_us(datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC))
    time = begun + np.arange(count, dtype=np.int64) * 60_000_000
    close = 50 + np.sin(np.arange(count) / 7)
    return Bars(time, close, close + 0.2, close - 0.1, close, np.full(count, 5.0))


def test_a_day_is_known_when_it_is_over_and_not_a_moment_before() -> None:
    bars = days(10)
    over = end_of(int(bars.time[4]), Interval.D1)
    assert closed_before(bars, Interval.D1, over - 1) == 4
    assert closed_before(bars, Interval.D1, over) == 5
    assert known_at(bars, Interval.D1, over) == bars[:5]


@pytest.mark.parametrize("wide", [Interval.W1, Interval.MO1])
def test_a_wide_bar_under_way_is_made_of_the_days_so_far_and_of_nothing_after_them(wide: Interval) -> None:
    bars = days(70)
    whole = resample(bars, Interval.D1, wide)
    for count in range(1, len(bars)):
        present = end_of(int(bars.time[count - 1]), Interval.D1)
        known = known_at(whole, wide, present, bars, Interval.D1)
        assert known == resample(bars[:count], Interval.D1, wide)


def test_an_hour_under_way_is_made_of_its_minutes() -> None:
    finer = minutes(date(2026, 3, 11), 300)
    whole = resample(finer, Interval.M1, Interval.H1)
    for count in range(1, 300, 7):
        present = end_of(int(finer.time[count - 1]), Interval.M1)
        assert known_at(whole, Interval.H1, present, finer, Interval.M1) == resample(
            finer[:count], Interval.M1, Interval.H1
        )


def test_bars_to_come_change_nothing_that_is_known() -> None:
    bars = days(60)
    whole = resample(bars, Interval.D1, Interval.W1)
    spoiled = Bars(bars.time, *(np.where(np.arange(60) < 33, each, 1e6) for each in bars.columns()))
    spoiled_whole = resample(spoiled, Interval.D1, Interval.W1)
    present = end_of(int(bars.time[32]), Interval.D1)
    known = known_at(whole, Interval.W1, present, bars, Interval.D1)
    assert known == known_at(spoiled_whole, Interval.W1, present, spoiled, Interval.D1)
    assert float(known.high.max()) < 1e6


def test_without_finer_bars_the_one_under_way_is_left_out() -> None:
    bars = days(20)
    whole = resample(bars, Interval.D1, Interval.W1)
    present = end_of(int(bars.time[7]), Interval.D1)
    assert known_at(whole, Interval.W1, present) == whole[:1]


def test_steps_go_bar_by_bar_to_the_end_and_back_to_the_beginning() -> None:
    bars = days(6)
    moment: int | None = end_of(int(bars.time[0]), Interval.D1)
    last = moment
    seen = []
    while moment is not None:
        seen.append(len(known_at(bars, Interval.D1, moment)))
        last, moment = moment, next_moment(bars, Interval.D1, moment, FOREVER)
    assert seen == [1, 2, 3, 4, 5, 6]
    moment = last
    back = []
    while moment is not None:
        back.append(len(known_at(bars, Interval.D1, moment)))
        moment = moment_before(bars, Interval.D1, moment)
    assert back == [6, 5, 4, 3, 2, 1]


def test_a_step_never_reaches_into_the_real_future() -> None:
    bars = days(6)
    present = end_of(int(bars.time[1]), Interval.D1)
    assert next_moment(bars, Interval.D1, present, present + US_PER_DAY - 1) is None
    assert next_moment(bars, Interval.D1, present, present + US_PER_DAY) is not None


def test_a_step_back_undoes_a_bar_under_way_first() -> None:
    bars = days(20)
    whole = resample(bars, Interval.D1, Interval.W1)
    wednesday = end_of(int(bars.time[7]), Interval.D1)
    assert moment_before(whole, Interval.W1, wednesday) == end_of(int(whole.time[0]), Interval.W1)


def test_a_month_ends_with_its_last_day() -> None:
    begun = to_us(datetime(2024, 2, 1, tzinfo=UTC))
    assert end_of(begun, Interval.MO1) == to_us(datetime(2024, 3, 1, tzinfo=UTC))


def test_a_named_day_is_the_last_one_seen_or_the_first_to_come_where_it_has_many_bars() -> None:
    midnight = to_us(datetime(2026, 3, 11, tzinfo=UTC))
    assert moment_of_day(date(2026, 3, 11), Interval.D1, UTC) == midnight + US_PER_DAY
    assert moment_of_day(date(2026, 3, 11), Interval.M5, UTC) == midnight
    # The clocks of New York were put forward three days before.
    assert moment_of_day(date(2026, 3, 11), Interval.M5, NEW_YORK) == midnight + 4 * 3_600_000_000
    assert (
        moment_of_day(date(2026, 3, 8), Interval.H1, NEW_YORK)
        == midnight - 3 * US_PER_DAY + 5 * 3_600_000_000
    )


def test_a_place_in_a_chart_is_a_moment_and_back_also_where_no_bar_is() -> None:
    times = days(30).time
    for place in (-3.5, 0.0, 0.25, 4.75, 29.0, 33.0):
        moment = moment_at(times, Interval.D1, place)
        assert place_at(times, Interval.D1, moment) == pytest.approx(place)


def test_a_finer_chart_answers_a_wider_bar_with_its_first_and_a_wider_one_with_the_bar_around() -> None:
    daily = days(30).time
    weekly = resample(days(30), Interval.D1, Interval.W1).time
    assert bar_at(daily, int(weekly[2]), from_wider=True) == 10
    assert bar_at(weekly, int(daily[13]), from_wider=False) == 2
    assert bar_at(daily, int(daily[0]) - 1, from_wider=False) is None
    assert bar_at(daily, int(daily[-1]) + 1, from_wider=True) is None
    assert bar_at(Bars.empty().time, 5, from_wider=True) is None


def test_a_fault_that_only_later_bars_show_is_none_yet() -> None:
    bars = days(200)
    columns = [each.copy() for each in bars.columns()]
    for column in columns[:4]:
        # A change of unit at bar 30: what lies before cannot be compared with what follows.
        column[30:] *= 1000
    broken = Bars(bars.time, *columns)
    found = inspect_bars(broken)
    assert found.flags
    assert found.kept_away[:30].all()
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    whole = History(
        SeriesKey("demo", "SPY", Interval.D1),
        broken,
        "Demo data",
        Quality.DEMO,
        moment,
        moment,
        found.kept_away,
        flags=found.flags,
    )
    before = history_at(whole, end_of(int(bars.time[20]), Interval.D1))
    assert before.bars == bars[:21]
    assert not before.flags
    assert not before.kept_away.any()
    assert history_at(whole, FOREVER).kept_away.tolist() == found.kept_away.tolist()
