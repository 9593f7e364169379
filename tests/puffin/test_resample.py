"""Resampling."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import resample
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue

MONDAY = day_to_us(date(2024, 1, 29))


def minutes(opens_us: int, count: int, first: float = 100.0) -> Bars:
    steps = np.arange(count, dtype=np.float64)
    close = first + steps
    times = opens_us + np.arange(count) * US_PER_MINUTE
    return Bars(times, close - 1.0, close + 0.5, close - 1.5, close, steps + 1.0)


def two_sessions() -> Sessions:
    days = np.array([MONDAY, MONDAY + US_PER_DAY])
    opens = days + (14 * 60 + 30) * US_PER_MINUTE
    return Sessions(days, opens, opens + 90 * US_PER_MINUTE)


def test_hours_begin_with_the_session_and_the_last_one_is_short() -> None:
    sessions = two_sessions()
    hours = resample(minutes(int(sessions.opens_us[0]), 90), Interval.M1, Interval.H1, sessions)
    assert ((hours.time - sessions.opens_us[0]) // US_PER_MINUTE).tolist() == [0, 60]
    assert hours.open.tolist() == [99.0, 159.0]
    assert hours.high.tolist() == [159.5, 189.5]
    assert hours.low.tolist() == [98.5, 158.5]
    assert hours.close.tolist() == [159.0, 189.0]
    assert hours.volume.tolist() == [60 * 61 / 2, 90 * 91 / 2 - 60 * 61 / 2]


def test_every_way_up_gives_the_same_day() -> None:
    sessions = two_sessions()
    bars = Bars.join(
        [
            minutes(int(opens), 90, first)
            for opens, first in zip(sessions.opens_us, (100.0, 50.0), strict=True)
        ]
    )
    direct = resample(bars, Interval.M1, Interval.D1, sessions)
    for step in (Interval.M5, Interval.M15, Interval.M30, Interval.H1):
        assert resample(resample(bars, Interval.M1, step, sessions), step, Interval.D1, sessions) == direct
    assert direct.time.tolist() == sessions.days_us.tolist()


def test_without_sessions_days_are_those_of_utc() -> None:
    bars = minutes(MONDAY - 2 * US_PER_MINUTE, 4)
    assert resample(bars, Interval.M1, Interval.D1).time.tolist() == [MONDAY - US_PER_DAY, MONDAY]


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    days = minutes(0, 14)
    days = Bars(MONDAY + np.arange(14) * US_PER_DAY, *days.columns())
    weeks = resample(days, Interval.D1, Interval.W1)
    months = resample(days, Interval.D1, Interval.MO1)
    assert weeks.time.tolist() == [MONDAY, MONDAY + 7 * US_PER_DAY]
    assert months.time.tolist() == [day_to_us(date(2024, 1, 1)), day_to_us(date(2024, 2, 1))]
    assert float(months.volume.sum()) == float(days.volume.sum())


def test_bars_cannot_be_split() -> None:
    with pytest.raises(InvalidValue, match="split"):
        resample(minutes(MONDAY, 3), Interval.H1, Interval.M5)
    with pytest.raises(InvalidValue, match="split"):
        resample(minutes(MONDAY, 3), Interval.W1, Interval.MO1)


def test_bars_before_every_session_are_refused_not_misfiled() -> None:
    with pytest.raises(InvalidValue, match="first known session"):
        resample(minutes(MONDAY, 3), Interval.M1, Interval.D1, two_sessions())
