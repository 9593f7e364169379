"""The exchange calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from puffling.market.calendar import ALWAYS, EXCHANGE, calendar, read_calendar
from puffling.market.calendar_data import exchange_sessions, write_sessions
from puffling.market.values import SessionState
from puffling.puffin.data.instants import from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import NotFound, Unavailable


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


# The authority itself uses what its pandas calls deprecated.
@pytest.mark.filterwarnings("ignore:Series.values returning")
def test_the_shipped_file_is_what_exchange_calendars_says(tmp_path: Path) -> None:
    authority = exchange_sessions(EXCHANGE)
    shipped = calendar(EXCHANGE).sessions
    write_sessions(authority, tmp_path / "again.npz")
    again = read_calendar(EXCHANGE, tmp_path / "again.npz").sessions
    assert len(shipped) > 11_500
    for sessions in (shipped, again):
        assert np.array_equal(sessions.days_us, authority.days_us)
        assert np.array_equal(sessions.opens_us, authority.opens_us)
        assert np.array_equal(sessions.closes_us, authority.closes_us)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (at(2026, 11, 20, 8, 59), SessionState.CLOSED),
        (at(2026, 11, 20, 9, 0), SessionState.PRE),
        (at(2026, 11, 20, 14, 29, 59), SessionState.PRE),
        (at(2026, 11, 20, 14, 30), SessionState.OPEN),
        (at(2026, 11, 20, 21, 0), SessionState.POST),
        (at(2026, 11, 21, 1, 0), SessionState.CLOSED),
        (at(2026, 11, 21, 15, 0), SessionState.CLOSED),
        (at(2026, 11, 27, 18, 0), SessionState.POST),
        (at(2026, 7, 1, 13, 30), SessionState.OPEN),
    ],
)
def test_the_exchange_says_what_it_is_doing(moment: datetime, state: SessionState) -> None:
    assert calendar(EXCHANGE).state(moment) is state
    assert calendar(EXCHANGE).is_open(moment) is (state is SessionState.OPEN)
    assert (calendar(EXCHANGE).session_of(moment) is not None) is (state is SessionState.OPEN)


def test_half_days_are_short_and_holidays_have_no_session() -> None:
    exchange = calendar(EXCHANGE)
    half = exchange.session_on(date(2026, 11, 27))
    assert half is not None
    assert half.minutes == 210
    assert exchange.session_on(date(2026, 11, 26)) is None
    week = exchange.sessions_between(date(2026, 11, 23), date(2026, 11, 29))
    assert [session.day.day for session in week] == [23, 24, 25, 27]


@pytest.mark.parametrize(
    "holiday",
    [
        date(2045, 4, 7),  # Good Friday
        date(2050, 6, 20),  # Juneteenth, a Sunday
        date(2052, 11, 28),  # Thanksgiving
        date(2055, 12, 24),  # Christmas, a Saturday
        date(2060, 1, 19),  # Martin Luther King's day
    ],
)
def test_holidays_to_come_follow_from_their_rules(holiday: date) -> None:
    exchange = calendar(EXCHANGE)
    assert exchange.session_on(holiday) is None
    week = exchange.sessions_between(holiday - timedelta(days=3), holiday + timedelta(days=3))
    assert len(week) >= 3
    # New Year on a Saturday moves nothing.
    assert exchange.session_on(date(2055, 12, 31)) is not None
    assert exchange.next_open(at(2060, 12, 31)) == at(2060, 12, 31, 14, 30)


def test_the_next_open_leaps_over_the_weekend_and_follows_new_york_time() -> None:
    exchange = calendar(EXCHANGE)
    assert exchange.next_open(at(2026, 11, 20, 14, 30)) == at(2026, 11, 23, 14, 30)
    assert exchange.next_close(at(2026, 3, 6, 20)) == at(2026, 3, 6, 21)
    assert exchange.next_open(at(2026, 3, 6, 22)) == at(2026, 3, 9, 13, 30)
    assert exchange.last_close(at(2026, 11, 22)) == at(2026, 11, 20, 21)


def test_crypto_never_closes() -> None:
    always = calendar(ALWAYS)
    assert all(always.is_open(at(2026, 11, 20) + timedelta(hours=hours)) for hours in range(24 * 7))
    session = always.session_of(at(2026, 11, 22, 12))
    assert session is not None
    assert (session.opens, session.closes) == (at(2026, 11, 22), at(2026, 11, 23))


@pytest.mark.parametrize(
    ("interval", "now", "settled"),
    [
        (Interval.M5, at(2026, 11, 20, 15, 7, 30), at(2026, 11, 20, 15, 5)),
        (Interval.H1, at(2026, 11, 20, 20, 59), at(2026, 11, 20, 20, 30)),
        (Interval.H1, at(2026, 11, 20, 21, 0), at(2026, 11, 20, 21, 0)),
        (Interval.D1, at(2026, 11, 20, 20, 59), at(2026, 11, 20)),
        (Interval.D1, at(2026, 11, 20, 21, 0), at(2026, 11, 23)),
        (Interval.W1, at(2026, 11, 20, 20, 59), at(2026, 11, 16)),
        (Interval.W1, at(2026, 11, 20, 21, 0), at(2026, 11, 23)),
        (Interval.MO1, at(2026, 11, 30, 21, 0), at(2026, 12, 1)),
    ],
)
def test_a_bar_counts_as_closed_when_its_exchange_has_closed_it(
    interval: Interval, now: datetime, settled: datetime
) -> None:
    assert from_us(calendar(EXCHANGE).closed_before(interval, to_us(now))) == settled


def test_an_unknown_calendar_and_a_day_beyond_it_are_said_plainly() -> None:
    with pytest.raises(NotFound, match="XLON"):
        calendar("XLON")
    with pytest.raises(Unavailable, match="2060"):
        calendar(EXCHANGE).next_open(at(2061, 1, 1))
