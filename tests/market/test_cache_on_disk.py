"""What is kept on disk: ages, marks, splits and symbols are there after a restart, as the bars are."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from puffling.market.market import Market
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault
from puffling.puffin.data.raw import Columns, RawBars
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.store.bars import BarArchive
from puffling.store.events import BarCacheRebuilt
from tests.market.remote import RemoteFeed, no_network

NOW = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
FIRST = day_to_us(date(2026, 1, 2)), day_to_us(date(2026, 4, 1))
WHOLE = FIRST[0], day_to_us(date(2026, 9, 1))


@asynccontextmanager
async def market_over(feed: RemoteFeed, home: Path, clock: FixedClock, bus: Bus) -> AsyncIterator[Market]:
    """A market as it is after a start of the program."""
    paths = Paths.under(home)
    paths.prepare()
    port, scope = Port(clock), TaskScope("test")
    archive = await BarArchive.open(paths, port=port, bus=bus, clock=clock)
    market = Market(clock=clock, bus=bus, scope=scope, feeds=[feed], bar_store=archive)
    try:
        await market.start()
        yield market
    finally:
        await scope.close()
        await archive.close()
        await port.close()


def repeating(bars: Bars, interval: Interval) -> Columns:
    """The third bar comes once more, with another close."""
    rows = list(zip(bars.time.tolist(), *(column.tolist() for column in bars.columns()), strict=True))
    if not rows or rows[0][0] != FIRST[0]:
        return bars
    time_us, opening, high, low, close, volume = rows[2]
    return RawBars.of_rows([*rows[:3], (time_us, opening, high, low, close * 1.001, volume), *rows[3:]])


async def test_everything_that_is_known_of_bars_outlives_a_restart(tmp_path: Path) -> None:
    clock, bus = FixedClock(NOW), Bus()
    split = CorporateAction(date(2026, 3, 2), 2.0, 0.0, 0.5)
    feed = RemoteFeed(changed=repeating, happened=(split,))
    async with market_over(feed, tmp_path, clock, bus) as market:
        before = await market.bars("ACME", Interval.D1, *FIRST)
    clock.advance(3_600.0)
    feed = RemoteFeed(happened=(split,))
    async with market_over(feed, tmp_path, clock, bus) as market:
        after = await market.bars("ACME", Interval.D1, *FIRST)
        assert feed.questions == []
        assert after.bars == before.bars
        assert (after.fetched_at, after.refreshed_at) == (NOW, NOW)
        [flag] = after.flags
        assert (flag.fault, flag.time_us) == (Fault.CONFLICT, int(after.bars.time[2]))
        whole = await market.bars("ACME", Interval.D1, *WHOLE)
        [(_, asked)] = feed.asked
        assert FIRST[1] - 7 * 86_400_000_000 < asked.start_us < FIRST[1]
        assert (whole.fetched_at, whole.refreshed_at) == (NOW, NOW + timedelta(hours=1))
        assert len(whole.bars) == len(feed.truth(Interval.D1, Span(*WHOLE)))
    clock.advance(3_600.0)
    feed = RemoteFeed(happened=(split,))
    async with market_over(feed, tmp_path, clock, bus) as market:
        feed.away = no_network()
        offline = await market.bars("ACME", Interval.D1, *WHOLE)
        assert offline.bars == whole.bars
        assert offline.warnings == tuple(flag.message for flag in offline.flags)


async def test_a_cache_of_an_older_layout_is_begun_anew_without_a_word(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "market.db")) as older:
        older.executescript(
            "CREATE TABLE series (id); CREATE TABLE chunks (id); CREATE TABLE spans (id);"
            "PRAGMA user_version=1;"
        )
    heard: list[BarCacheRebuilt] = []
    bus = Bus()
    bus.on(BarCacheRebuilt, heard.append)
    async with market_over(RemoteFeed(), tmp_path, FixedClock(NOW), bus) as market:
        assert len((await market.bars("ACME", Interval.D1, *FIRST)).bars) > 50
    assert heard == []
