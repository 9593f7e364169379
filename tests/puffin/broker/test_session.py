"""The trading day of New York, by rule and by whatever calendar is handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from puffling.market.calendar import EXCHANGE, calendar
from puffling.puffin.broker.exchange_days import NEW_YORK, hours_on
from puffling.puffin.broker.session import TradingSession
from puffling.puffin.errors import InvalidValue

# Closed for a hurricane and for two presidents who had died: no rule knows that.
BY_NO_RULE = {date(2012, 10, 29), date(2012, 10, 30), date(2018, 12, 5), date(2025, 1, 9)}


def at(*when: int) -> datetime:
    """A moment in New York."""
    year, month, day, hour, minute, second = (*when, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=NEW_YORK)


def bare(*when: int) -> datetime:
    """A moment in nobody's zone."""
    return at(*when).replace(tzinfo=None)


def test_the_rules_agree_with_the_calendar_of_the_exchange() -> None:
    first, last = date(2008, 1, 1), date(2027, 10, 1)
    known = calendar(EXCHANGE).sessions_between(first, last)
    days = {session.day: (session.opens, session.closes) for session in known}
    every = [first + timedelta(days=ahead) for ahead in range((last - first).days)]
    assert {day for day in every if hours_on(day) != days.get(day)} == BY_NO_RULE


@pytest.mark.parametrize(
    ("moment", "regular", "extended"),
    [
        (at(2026, 3, 4, 3, 59), False, False),
        (at(2026, 3, 4, 4), False, True),
        (at(2026, 3, 4, 9, 30), True, True),
        (at(2026, 3, 4, 15, 59, 59), True, True),
        (at(2026, 3, 4, 16), False, True),
        (at(2026, 3, 4, 20), False, False),
        (at(2026, 11, 27, 12, 59), True, True),
        (at(2026, 11, 27, 13), False, True),
        (at(2026, 11, 27, 17), False, False),
        (at(2026, 3, 7, 12), False, False),
        (at(2026, 12, 25, 12), False, False),
        (datetime(2026, 7, 6, 13, 30, tzinfo=UTC), True, True),
        (bare(2026, 3, 4, 10), True, True),
    ],
)
def test_the_market_is_open_when_it_is(moment: datetime, regular: bool, extended: bool) -> None:
    assert TradingSession().is_market_open(moment) is regular
    longer = TradingSession(extended_hours=True)
    assert longer.supports_extended_hours()
    assert longer.is_market_open(moment) is extended


def test_the_next_opening_and_close_skip_what_is_no_trading_day() -> None:
    session, longer = TradingSession(), TradingSession(extended_hours=True)
    friday = at(2026, 7, 2, 17)
    assert session.next_open(friday) == at(2026, 7, 6, 9, 30)
    assert session.next_close(friday) == at(2026, 7, 6, 16)
    assert session.next_close(at(2026, 11, 27, 10)) == at(2026, 11, 27, 13)
    assert session.next_open(at(2026, 3, 4, 9, 30)) == at(2026, 3, 5, 9, 30)
    assert longer.next_open(at(2026, 3, 4, 2)) == at(2026, 3, 4, 4)
    assert longer.next_close(at(2026, 3, 4, 17)) == at(2026, 3, 4, 20)


def test_how_long_it_is_until_then() -> None:
    session = TradingSession()
    assert session.time_until_open(at(2026, 3, 4, 9)) == timedelta(minutes=30)
    assert session.time_until_open(at(2026, 3, 4, 10)) == timedelta()
    assert session.time_until_close(at(2026, 3, 4, 15)) == timedelta(hours=1)
    assert session.time_until_close(at(2026, 3, 4, 17)) == timedelta()


def test_times_without_a_zone_are_read_in_the_chosen_one_and_answers_given_in_it() -> None:
    session = TradingSession("Europe/London")
    assert session.is_market_open(bare(2026, 3, 4, 15))
    assert not session.is_market_open(bare(2026, 3, 4, 10))
    opens = session.next_open(bare(2026, 3, 4, 10))
    assert (opens.hour, opens.minute, str(opens.tzinfo)) == (14, 30, "Europe/London")
    for name in ("Nowhere/Atall", ""):
        with pytest.raises(InvalidValue):
            TradingSession(name)


def test_trading_days_are_those_between_both_included() -> None:
    session = TradingSession()
    found = session.get_trading_days(date(2026, 12, 23), at(2026, 12, 29, 12))
    assert [day.day for day in found] == [23, 24, 28, 29]
    assert session.get_trading_days(date(2026, 3, 8), date(2026, 3, 7)) == []
    assert session.is_trading_day(date(2026, 3, 4))
    assert not session.is_trading_day(at(2026, 3, 7, 12))


def test_a_schedule_names_early_regular_and_late_hours() -> None:
    session = TradingSession(now=lambda: at(2026, 12, 24, 3))
    assert session.get_session_schedule() == {
        "pre_market_open": at(2026, 12, 24, 4),
        "market_open": at(2026, 12, 24, 9, 30),
        "market_close": at(2026, 12, 24, 13),
        "after_hours_close": at(2026, 12, 24, 17),
    }
    assert set(session.get_session_schedule(date(2026, 12, 25)).values()) == {None}


def test_waiting_ends_with_the_opening_and_looks_in_between() -> None:
    now = at(2026, 3, 4, 9, 27, 30)
    waits: list[float] = []

    def pause(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        now += timedelta(seconds=seconds)

    session = TradingSession(now=lambda: now, pause=pause)
    session.wait_for_open_sync()
    assert waits == [60.0, 60.0, 30.0]
    session.wait_for_open_sync()
    assert len(waits) == 3
    with pytest.raises(InvalidValue):
        session.wait_for_open_sync(0)


def test_a_calendar_that_is_handed_in_decides() -> None:
    def hours(day: date) -> tuple[datetime, datetime] | None:
        return None if day in BY_NO_RULE or day.year > 2025 else hours_on(day)

    session = TradingSession(hours=hours)
    assert not session.is_trading_day(date(2025, 1, 9))
    assert session.next_open(at(2025, 1, 8, 17)) == at(2025, 1, 10, 9, 30)
    with pytest.raises(InvalidValue, match="no session"):
        session.next_open(at(2026, 1, 1, 12))


def test_without_a_clock_the_machine_is_asked() -> None:
    session = TradingSession()
    assert session.next_open() > session.next_open(at(2026, 1, 1, 12))
