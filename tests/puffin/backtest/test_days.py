"""How long an order for one day waits: to the end of its exchange's session, wherever UTC's midnight lies."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from puffling.market.calendar import calendar
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import DayOf, ExchangeDays, close_of, usual_day_of
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.walk import Walked, walk
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us, to_us
from puffling.puffin.orders import Kind, Lasting, Side

NEW_YORK = ZoneInfo("America/New_York")
HALF_HOUR = timedelta(minutes=30)
EXCHANGE = ExchangeDays({"SPY": calendar("XNYS").sessions, "BTC/USD": calendar("24/7").sessions})
KNOWING = pytest.mark.parametrize("day_of", [usual_day_of, EXCHANGE], ids=["usual", "exchange"])


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of New York."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def half_hours(*stretches: tuple[datetime, datetime]) -> list[datetime]:
    """The half hours that begin in some stretches of time."""
    found = []
    for first, end in stretches:
        found += [first + HALF_HOUR * place for place in range((end - first) // HALF_HOUR)]
    return found


class Waits:
    """Sends one limit order at the close of a bar, and writes down when it waits."""

    def __init__(self, symbol: str, at: datetime, lasting: Lasting) -> None:
        self._ticket = Ticket(symbol, Side.BUY, 1.0, Kind.LIMIT, limit=90.0, lasting=lasting)
        self._at_us = to_us(at)
        self.waited: list[int] = []

    def on_bar(self, view: View) -> None:
        """Send it when its time has come."""
        if view.waiting:
            self.waited.append(view.time_us)
        if view.time_us == self._at_us:
            view.send(self._ticket)


def gone(
    times: list[datetime],
    sent: datetime,
    falls: datetime,
    day_of: DayOf,
    *,
    symbol: str = "SPY",
    lasting: Lasting = Lasting.DAY,
) -> tuple[Walked, Waits]:
    """A market that stands at 100 but for one bar that falls to 80."""
    low = np.array([80.0 if time == falls else 100.0 for time in times])
    flat = np.full(len(times), 100.0)
    bars = Bars(np.array([to_us(time) for time in times]), flat, flat, low, flat, flat)
    trader = Waits(symbol, sent, lasting)
    return walk(Panel.of({symbol: bars}), Terms(), trader=trader, day_of=day_of), trader


@KNOWING
def test_a_day_ends_with_its_session_and_on_a_half_day_at_one_o_clock(day_of: DayOf) -> None:
    whole, half, after = date(2023, 11, 22), date(2023, 11, 24), date(2023, 11, 27)
    times = half_hours(*((local(day, 9, 30), local(day, 17)) for day in (whole, half, after)))
    for day, expected in ((whole, 1), (half, 0), (after, 1)):
        sent = local(day, 10)
        # A quarter of an hour would tell nothing: the bar after one o'clock lies behind the half day's close.
        walked, _ = gone(times, sent, local(day, 13, 0), day_of)
        assert len(walked.fills) == expected, day
        kept, _ = gone(times, sent, local(day, 13, 0), day_of, lasting=Lasting.GTC)
        assert len(kept.fills) == 1, day


@KNOWING
def test_a_day_follows_new_york_through_the_change_of_clocks(day_of: DayOf) -> None:
    before, after = date(2023, 3, 10), date(2023, 3, 13)
    times = half_hours(*((local(day, 9, 30), local(day, 18)) for day in (before, after)))
    for day, expected in ((before, 1), (after, 0)):
        # 20:00 in UTC is three o'clock in the afternoon on Friday, and after the close on Monday.
        falls = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
        walked, _ = gone(times, local(day, 11), falls, day_of)
        assert len(walked.fills) == expected, day


@KNOWING
def test_what_is_sent_on_the_last_close_is_good_for_the_next_session_and_no_longer(day_of: DayOf) -> None:
    days = [date(2023, 11, 22), date(2023, 11, 24), date(2023, 11, 27)]
    closes = [16, 13, 16]
    times = half_hours(
        *((local(day, 9, 30), local(day, close)) for day, close in zip(days, closes, strict=True))
    )
    sent = local(days[0], 15, 30)
    walked, trader = gone(times, sent, local(days[2], 10), day_of)
    assert len(walked.fills) == 0
    # On the close of the half day it is gone: another may be sent for the day after.
    assert trader.waited == [to_us(local(days[1], 9, 30) + HALF_HOUR * place) for place in range(6)]
    filled, _ = gone(times, sent, local(days[1], 12, 30), day_of)
    assert len(filled.fills) == 1


@KNOWING
def test_around_the_clock_a_day_is_that_of_utc(day_of: DayOf) -> None:
    midnight = datetime(2023, 11, 25, tzinfo=UTC)
    times = half_hours((midnight - timedelta(days=1), midnight + timedelta(days=2)))
    for falls, expected in ((midnight - HALF_HOUR, 1), (midnight, 0)):
        walked, _ = gone(times, midnight - timedelta(hours=3), falls, day_of, symbol="BTC/USD")
        assert len(walked.fills) == expected


@KNOWING
def test_days_without_a_bar_count_too(day_of: DayOf) -> None:
    """The share does not trade on Friday; beside it something else does."""
    days = [date(2024, 5, 1), date(2024, 5, 2), date(2024, 5, 3), date(2024, 5, 6)]
    times = np.array([day_to_us(day) for day in days])
    flat, low = np.full(4, 100.0), np.array([100.0, 100.0, 100.0, 80.0])
    halted = Bars(times, flat, flat, low, flat, flat).where(np.array([True, True, False, True]))
    other = Bars(times, flat, flat, flat, flat, flat)
    for lasting, expected in ((Lasting.DAY, 0), (Lasting.GTC, 1)):
        sent = datetime(2024, 5, 2, tzinfo=UTC)
        trader = Waits("SPY", sent, lasting)
        panel = Panel.of({"OTHER": other, "SPY": halted})
        assert len(walk(panel, Terms(), trader=trader, day_of=day_of).fills) == expected


@KNOWING
def test_a_day_ends_where_bars_of_other_symbols_hide_how_long_its_own_are(day_of: DayOf) -> None:
    days = [date(2024, 5, 2), date(2024, 5, 3)]
    times = half_hours(*((local(day, 9, 30), local(day, 16)) for day in days))
    falls = local(days[1], 9, 30)
    flat = np.full(len(times), 100.0)
    low = np.array([80.0 if time == falls else 100.0 for time in times])
    time = np.array([to_us(each) for each in times])
    share = Bars(time, flat, flat, low, flat, flat)
    other = Bars(time + US_PER_MINUTE, flat, flat, flat, flat, flat)
    for lasting, expected in ((Lasting.DAY, 0), (Lasting.GTC, 1)):
        trader = Waits("SPY", local(days[0], 15), lasting)
        panel = Panel.of({"SPY": share, "OTHER": other})
        assert len(walk(panel, Terms(), trader=trader, day_of=day_of).fills) == expected


def test_a_bar_of_a_week_holds_more_than_a_day() -> None:
    weeks = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=7 * week) for week in range(4)]
    for falls, expected in ((weeks[1], 1), (weeks[2], 0)):
        assert len(gone(weeks, weeks[0], falls, EXCHANGE)[0].fills) == expected


def test_half_days_by_rule_are_those_of_the_exchange() -> None:
    for session in calendar("XNYS").sessions_between(date(2004, 1, 1), date(2035, 12, 31)):
        assert session.closes.astimezone(NEW_YORK).time() == close_of(session.day), session.day


def test_where_no_sessions_are_known_the_usual_ones_are_taken() -> None:
    known = calendar("XNYS").sessions
    beyond = int(known.closes_us[-1]) + 5 * US_PER_DAY
    noon = to_us(local(date(2023, 11, 24), 12))
    assert EXCHANGE("SPY", beyond) == usual_day_of("SPY", beyond)
    assert EXCHANGE("QQQ", noon) == usual_day_of("QQQ", noon) == day_to_us(date(2023, 11, 24))
    assert EXCHANGE("SPY", noon + 61 * US_PER_MINUTE) == day_to_us(date(2023, 11, 27))
