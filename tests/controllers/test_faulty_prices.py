"""Faults 55 to 57: what is wrong with prices is seen by a person and never by what decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest

from puffling.core.core import Core
from puffling.market.demo.market import DemoMarket
from puffling.puffin.data.bars import COLUMNS, Bars, SeriesKey, Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from puffling.store.bar_file import BarFile
from tests.fixtures.cores import NOON

pytestmark = pytest.mark.usefixtures("as_person")

SINCE, UNTIL = date(2025, 3, 4), date(2026, 3, 3)
BAD = date(2025, 9, 10)
WHOLE = Span(day_to_us(date(1990, 1, 2)), day_to_us(NOON.date()))


def keep(paths: Paths, change: Callable[[Bars], Bars], symbol: str = "SPY") -> None:
    """Put a changed history of the demo market into the file of kept prices, as a bad source would have."""
    paths.prepare()
    bars = DemoMarket().bars(symbol, Interval.D1, WHOLE.start_us, WHOLE.end_us)
    file = BarFile(paths.data / "market.db")
    file.open()
    file.save(SeriesKey("demo", symbol, Interval.D1), change(bars), WHOLE, to_us(NOON))
    file.close()


def changed_at(day: date, **columns: float) -> Callable[[Bars], Bars]:
    def change(bars: Bars) -> Bars:
        place = int(np.searchsorted(bars.time, day_to_us(day)))
        copies = {name: getattr(bars, name).copy() for name in COLUMNS}
        for name, factor in columns.items():
            copies[name][place] *= factor
        return Bars(bars.time, **copies)

    return change


def without(start: date, end: date) -> Callable[[Bars], Bars]:
    def change(bars: Bars) -> Bars:
        return bars.where((bars.time < day_to_us(start)) | (bars.time >= day_to_us(end)))

    return change


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


WRONG = {
    "not a number": ({"close": np.nan}, "not_a_number"),
    "infinite": ({"high": np.inf}, "not_a_number"),
    "negative": ({"low": -1.0}, "not_positive"),
    "zero": ({"open": 0.0}, "not_positive"),
    "high under low": ({"high": 0.5}, "outside_range"),
    "thousandfold": ({"open": 1e3, "high": 1e3, "low": 1e3, "close": 1e3}, "spike"),
    "threefold and back": ({"open": 3.0, "high": 3.0, "low": 3.0, "close": 3.0}, "spike"),
    "only the low": ({"low": 0.001}, "spike"),
}


@pytest.mark.parametrize("kind", list(WRONG))
async def test_a_faulty_bar_is_seen_and_neither_indicator_nor_strategy_knows_it(
    paths: Paths, clock: FixedClock, kind: str
) -> None:
    columns, fault = WRONG[kind]
    keep(paths, changed_at(BAD, **columns))
    core = await Core.open(paths, clock=clock, environment={})
    try:
        table = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
        place = table.time.index(moment(BAD))
        assert [(flag.fault, flag.time) for flag in table.flags] == [(fault, moment(BAD))]
        assert [at for at, away in enumerate(table.kept_away) if away] == [place]
        assert any(BAD.isoformat() in warning for warning in table.warnings)

        signals = await core.strategies.signals("mean_reversion", "SPY", start=SINCE, end=UNTIL)
        average = await core.factors.compute("rsi", "SPY", start=SINCE, end=UNTIL)
        assert signals.warnings == average.warnings == table.warnings
        for computed in (signals, average):
            assert moment(BAD) not in computed.time
            assert len(computed.time) == min(250, len(table.time) - 1)
        said = dict(zip(average.time, average.outputs["rsi"], strict=True))
        assert all(value is not None and 15.0 < value < 85.0 for value in said.values())
        assert set(np.abs(signals.signal)) <= {0.0, 1.0}
        [finding] = (await core.data.check(("SPY",))).findings
        assert (finding.fault, finding.first) == (fault, moment(BAD))
    finally:
        await core.close()


async def test_no_signal_is_made_on_a_newest_bar_that_may_be_a_fault(paths: Paths, clock: FixedClock) -> None:
    last = date(2026, 3, 3)
    keep(paths, changed_at(last, open=3.0, high=3.0, low=3.0, close=3.0))
    # Before the open of the next day: the faulty bar is the newest there is.
    clock.set(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    core = await Core.open(paths, clock=clock, environment={})
    try:
        table = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
        assert [(flag.fault, flag.time) for flag in table.flags] == [("unconfirmed", moment(last))]
        signals = await core.strategies.signals("momentum", "SPY", start=SINCE, end=UNTIL)
        assert (table.time[-1], signals.time[-1]) == (moment(last), moment(date(2026, 3, 2)))
    finally:
        await core.close()


async def test_a_stale_history_says_so_wherever_it_is_used(paths: Paths, clock: FixedClock) -> None:
    keep(paths, without(date(2026, 2, 10), date(2026, 3, 4)))
    clock.set(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    core = await Core.open(paths, clock=clock, environment={})
    try:
        signals = await core.strategies.signals("momentum", "SPY", start=SINCE, end=UNTIL)
        assert signals.time[-1] == moment(date(2026, 2, 9))
        assert any("ends too early" in warning for warning in signals.warnings)
    finally:
        await core.close()


async def test_a_stated_split_is_no_jump_in_any_width(core: Core) -> None:
    # The demo's Apple split four for one at the end of August 2020.
    for interval in (Interval.H1, Interval.D1, Interval.W1):
        span = date(2020, 7, 1), date(2020, 9, 30)
        table = await core.data.ohlcv("AAPL", interval, *span)
        close = np.array(table.close, dtype=float)
        assert (table.flags, table.basis) == ((), "adjusted for splits and dividends")
        assert float(np.abs(np.diff(np.log(close))).max()) < 0.3
        rsi = await core.factors.compute("rsi", "AAPL", interval, *span)
        assert min(value for value in rsi.outputs["rsi"] if value is not None) > 5.0


async def test_a_split_that_nobody_stated_stops_nobody_out(paths: Paths, clock: FixedClock) -> None:
    def halved(bars: Bars) -> Bars:
        factor = np.where(bars.time >= day_to_us(BAD), 0.5, 1.0)
        opening, high, low, close = (column * factor for column in bars.columns()[:4])
        return Bars(bars.time, opening, high, low, close, bars.volume / factor)

    keep(paths, halved)
    core = await Core.open(paths, clock=clock, environment={})
    try:
        table = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
        assert ("break", moment(BAD)) in [(flag.fault, flag.time) for flag in table.flags]
        signals = await core.strategies.signals("mean_reversion", "SPY", start=SINCE, end=UNTIL)
        rsi = await core.factors.compute("rsi", "SPY", start=SINCE, end=UNTIL)
        assert signals.time[0] == rsi.time[0] == moment(BAD)
        assert min(value for value in rsi.outputs["rsi"] if value is not None) > 10.0
    finally:
        await core.close()


async def test_a_missing_page_is_noticed_and_not_traded_on(paths: Paths, clock: FixedClock) -> None:
    keep(paths, without(date(2025, 9, 1), date(2025, 10, 1)))
    core = await Core.open(paths, clock=clock, environment={})
    try:
        table = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
        [flag] = table.flags
        assert (flag.fault, flag.time, flag.count) == ("gap", moment(date(2025, 9, 2)), 21)
        assert any("21 bars from 2025-09-02" in warning for warning in table.warnings)
        signals = await core.strategies.signals("momentum", "SPY", start=SINCE, end=UNTIL)
        assert signals.time[0] == moment(date(2025, 10, 1))
        with pytest.raises(InvalidInput):
            await core.strategies.signals("momentum", "SPY", start=SINCE, end=date(2025, 10, 3))
    finally:
        await core.close()


async def test_one_missing_day_is_told_and_computed_across(paths: Paths, clock: FixedClock) -> None:
    keep(paths, without(BAD, date.fromordinal(BAD.toordinal() + 1)))
    core = await Core.open(paths, clock=clock, environment={})
    try:
        table = await core.data.ohlcv("SPY", start=SINCE, end=UNTIL)
        assert [(flag.fault, flag.count) for flag in table.flags] == [("gap", 1)]
        assert not any(table.kept_away)
        week = await core.data.ohlcv("SPY", Interval.W1, start=SINCE, end=UNTIL)
        assert [flag.fault for flag in week.flags] == ["gap"]
    finally:
        await core.close()


async def test_a_page_of_minutes_is_missed_too(core: Core, clock: FixedClock) -> None:
    history = await core.data.history("SPY", Interval.M5, date(2026, 2, 24))
    assert history.flags == ()
    key, day = SeriesKey("demo", "SPY", Interval.M5), day_to_us(date(2026, 2, 26))
    file = BarFile(core.paths.data / "market.db")
    file.save(key, Bars.empty(), Span(day, day + US_PER_DAY), to_us(NOON))
    file.close()
    holed = await core.data.history("SPY", Interval.M5, date(2026, 2, 24))
    [flag] = holed.flags
    assert (str(flag.fault), flag.count) == ("gap", 78)
    assert int(holed.clean.time[0]) > day + US_PER_DAY
