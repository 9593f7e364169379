"""Prices and histories say where they come from, and a stream tells the newest of each symbol."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, date, datetime

import pytest

from puffling.core.core import Core
from puffling.market.events import PricesMoved
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.streams import Topics
from tests.fixtures.cores import NOON

pytestmark = pytest.mark.usefixtures("as_person")


async def test_a_history_says_that_it_is_a_demo(core: Core) -> None:
    table = await core.data.ohlcv("spy", start=date(2026, 1, 2), end=date(2026, 1, 31))
    assert (table.source, table.label, table.quality) == ("demo", "Demo data", "demo")
    assert table.time[0] == datetime(2026, 1, 2, tzinfo=UTC)
    assert len(table.time) == len(table.close) == 20


async def test_real_samples_are_there_when_asked_for_and_never_mixed_with_the_demo(core: Core) -> None:
    real = await core.data.ohlcv("IBM", start=date(2010, 1, 4), end=date(2010, 1, 8), source="samples")
    demo = await core.data.ohlcv("AAPL", start=date(2010, 1, 4), end=date(2010, 1, 8))
    same = await core.data.ohlcv("AAPL", start=date(2010, 1, 4), end=date(2010, 1, 8), source="samples")
    assert real.label == same.label == "Sample data, real prices"
    assert demo.close != same.close


async def test_a_long_history_is_cut_to_its_newest_bars_and_says_so(core: Core) -> None:
    table = await core.data.ohlcv("SPY", start=date(2020, 1, 2), limit=10)
    assert (len(table.time), table.time[-1].date()) == (10, NOON.date())
    assert table.left_out == len(await all_days_since_2020(core)) - 10
    with pytest.raises(InvalidInput) as caught:
        await core.data.ohlcv("SPY", limit=10_000_000)
    assert caught.value.field == "limit"


async def all_days_since_2020(core: Core) -> Bars:
    return (await core.data.history("SPY", Interval.D1, date(2020, 1, 2))).bars


async def test_quotes_carry_the_day_and_the_quality(core: Core) -> None:
    spy, coin = await core.data.quotes(("SPY", "BTC/USD"))
    assert (spy.session, spy.quality) == ("open", "demo")
    assert spy.day_low <= spy.price <= spy.day_high
    assert spy.change == pytest.approx(spy.price - spy.previous_close)
    assert coin.symbol == "BTC/USD"


async def test_symbols_are_found_by_name_and_by_symbol(core: Core) -> None:
    assert (await core.data.symbols("SPY"))[0].symbol == "SPY"
    assert "AAPL" in [found.symbol for found in await core.data.symbols("apple")]
    assert len(await core.data.symbols()) >= 30


async def test_an_empty_range_and_an_unknown_symbol_are_said(core: Core) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.data.ohlcv("SPY", start=date(2026, 2, 1), end=date(2026, 1, 1))
    assert caught.value.field == "start"
    with pytest.raises(NotFound):
        await core.data.ohlcv("NOPE")
    with pytest.raises(NotFound, match="samples does not know SPY"):
        await core.data.ohlcv("SPY", source="samples")


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("interval", [Interval.M1, Interval.D1, Interval.MO1])
async def test_the_first_and_the_last_day_there_is_are_days_too(
    core: Core, day: date, interval: Interval
) -> None:
    assert not (await core.data.ohlcv("SPY", interval, end=date.min)).time
    assert (await core.data.ohlcv("SPY", interval, start=day, end=day)).time == ()


async def test_the_check_of_all_histories_runs_as_a_job_and_finds_the_demo_clean(core: Core) -> None:
    report = await core.data.check(("SPY", "BTC/USD"))
    assert (report.symbols, report.findings) == (2, ())
    assert report.bars > 10_000
    [job] = await core.jobs.all()
    assert (job.capability_id, job.fraction) == ("data.check", 1.0)
    assert (await core.jobs.show(job.id)).result["symbols"] == 2


async def keep_time_moving(clock: FixedClock) -> None:
    while True:
        clock.advance(0.5)
        await asyncio.sleep(0)


async def test_a_stream_follows_its_topics_and_leaves_nothing_behind(core: Core, clock: FixedClock) -> None:
    core.scope.spawn(keep_time_moving(clock), name="time")
    topics = Topics(("SPY",))
    listeners = core.bus.listeners(PricesMoved)
    stream = core.data.prices(topics)
    assert isinstance(stream, AsyncGenerator)
    async with aclosing(stream) as prices:
        first = await anext(prices)
        assert first.symbol == "SPY"
        topics.unsubscribe("SPY")
        topics.subscribe("eth/usd")
        # What was on its way when the topics changed may still come.
        assert "ETH/USD" in {(await anext(prices)).symbol for _ in range(3)}
    assert core.bus.listeners(PricesMoved) == listeners


async def test_bars_of_every_interval_can_be_shown(core: Core) -> None:
    for interval in Interval:
        table = await core.data.ohlcv("SPY", interval)
        assert len(table.close) > 1, interval


async def test_another_order_of_feeds_counts_at_once(core: Core) -> None:
    before = await core.data.ohlcv("AAPL", start=date(2010, 1, 4), end=date(2010, 1, 8))
    await core.settings.put("market.feeds", ["samples", "demo"])
    await asyncio.sleep(0.01)
    after = await core.data.ohlcv("AAPL", start=date(2010, 1, 4), end=date(2010, 1, 8))
    assert (before.source, after.source) == ("demo", "samples")


async def test_a_history_says_what_its_prices_stand_for_and_how_old_they_are(
    core: Core, clock: FixedClock
) -> None:
    asked_at = clock.now()
    span = date(2026, 1, 2), date(2026, 1, 31)
    await core.data.ohlcv("SPY", Interval.D1, *span)
    clock.advance(3_600.0)
    table = await core.data.ohlcv("SPY", Interval.D1, *span)
    assert (table.basis, table.currency) == ("adjusted for splits and dividends", "USD")
    assert (table.fetched_at, table.refreshed_at) == (asked_at, asked_at)
    assert (table.flags, table.warnings, table.kept_away) == ((), (), (False,) * 20)


async def test_an_empty_range_is_refused_in_the_days_that_were_asked_for(core: Core) -> None:
    with pytest.raises(InvalidInput, match="starts at 2026-02-01 and ends at 2026-01-01"):
        await core.data.ohlcv("SPY", start=date(2026, 2, 1), end=date(2026, 1, 1))


async def test_splits_and_dividends_are_shown(core: Core) -> None:
    actions = await core.data.actions("AAPL")
    assert [action.day for action in actions if action.split_ratio == 4.0] == [date(2020, 8, 31)]
    assert actions[-1].day <= NOON.date()
    samples = await core.data.actions("AAPL", source="samples")
    assert [each.day for each in samples if each.split_ratio == 2.0] == [date(2000, 6, 21), date(2005, 2, 28)]


async def test_an_export_says_where_its_numbers_come_from_and_reads_back_exactly(core: Core) -> None:
    span = date(2026, 1, 2), date(2026, 1, 31)
    export = await core.data.export("BTC/USD", Interval.D1, *span)
    assert (export.file_name, export.rows) == ("BTC-USD-1d-demo.csv", 30)
    lines = export.text.splitlines()
    assert lines[0] == '"# BTC/USD, bars of 1d, adjusted for splits and dividends, in USD"'
    assert lines[1] == '"# Demo data: source demo, quality demo"'
    assert lines[2].startswith('"# fetched from 2026-03-04T16:00:00')
    rows = list(csv.DictReader(lines[3:]))
    history = await core.data.history("BTC/USD", Interval.D1, *span)
    assert [float(row["close"]) for row in rows] == history.bars.close.tolist()
    assert (rows[0]["time"], rows[0]["kept_away"]) == ("2026-01-02", "0")
    assert (await core.data.export("SPY", Interval.M1, limit=7)).text.splitlines()[-1].count(",") == 6
