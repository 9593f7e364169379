"""Cached bars come back exactly, never mix, and a damaged cache is only a cache."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.interval import Interval
from puffling.store.bar_file import CHUNK_BARS, BarFile
from puffling.store.events import BarCacheRebuilt
from tests.store.conftest import Place

MINUTE = 60_000_000
SPY = SeriesKey("demo", "SPY", Interval.M1)
EVER = 1 << 60


def _bars(start: int, count: int, *, step: int = 1, price: float = 100.0) -> Bars:
    time = (start + step * np.arange(count, dtype=np.int64)) * MINUTE
    column = price + np.arange(count) / 7
    return Bars(time, column, column + 1, column - 1, column + 0.5, column * 10)


def _span(bars: Bars) -> Span:
    return Span(int(bars.time[0]), int(bars.time[-1]) + 1)


def _chunks(place: Place) -> list[int]:
    with closing(sqlite3.connect(place.paths.data / "market.db")) as connection:
        return [row[0] for row in connection.execute("SELECT bars FROM chunks ORDER BY first_us")]


async def test_a_long_series_comes_back_exactly_and_in_parts(folder: Place) -> None:
    bars = _bars(0, 2 * CHUNK_BARS + 100)
    async with folder.open_bars() as archive:
        await archive.save(SPY, bars, _span(bars))
    async with folder.open_bars() as archive:
        assert (await archive.load(SPY, 0, EVER)).bars == bars
        first, last = (CHUNK_BARS - 3) * MINUTE, (CHUNK_BARS + 2) * MINUTE
        assert (await archive.load(SPY, first, last)).bars == bars[CHUNK_BARS - 3 : CHUNK_BARS + 2]
        assert len((await archive.load(SPY, last, first)).bars) == 0
        [summary] = await archive.series()
        assert (summary.symbol, summary.bars, summary.last_us) == ("SPY", len(bars), int(bars.time[-1]))


async def test_series_never_mix(folder: Place) -> None:
    keys = [
        SPY,
        SeriesKey("real", "SPY", Interval.M1),
        SeriesKey("demo", "QQQ", Interval.M1),
        SeriesKey("demo", "SPY", Interval.MO1),
        SeriesKey("demo", "SPY", Interval.M1, adjusted=True),
        SeriesKey("demo", "../../etc/passwd", Interval.M1),
        SeriesKey("demo", "'; DROP TABLE chunks; --", Interval.M1),
    ]
    async with folder.open_bars() as archive:
        for number, key in enumerate(keys):
            await archive.save(key, _bars(number, 5, price=number), Span(number, number + 5))
        for number, key in enumerate(keys):
            assert (await archive.load(key, 0, EVER)).bars == _bars(number, 5, price=number)
        await archive.forget(keys[0])
        assert len((await archive.load(keys[0], 0, EVER)).bars) == 0
        assert await archive.coverage(keys[0]) == ()
        assert len(await archive.series()) == len(keys) - 1
    assert {path.name for path in folder.paths.data.iterdir()} == {"market.db"}


async def test_covered_spans_grow_together(folder: Place) -> None:
    async with folder.open_bars() as archive:
        for start, end in ((0, 10), (20, 30), (10, 15), (5, 12)):
            await archive.save(SPY, Bars.empty(), Span(start, end))
        assert await archive.coverage(SPY) == (Span(0, 15), Span(20, 30))


async def test_bars_that_come_one_by_one_do_not_make_a_chunk_each(folder: Place) -> None:
    bars = _bars(0, 300)
    async with folder.open_bars() as archive:
        for at in range(len(bars)):
            await archive.save(SPY, bars[at : at + 1], _span(bars[at : at + 1]))
        assert (await archive.load(SPY, 0, EVER)).bars == bars
    assert len(_chunks(folder)) < 12


PIECES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(1, 3), st.floats(1, 1000)),
    min_size=1,
    max_size=8,
)


@given(PIECES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_takes_the_place_of_whatever_its_span_held(
    tmp_path: Path, pieces: list[tuple[int, ...]]
) -> None:
    file = BarFile(tmp_path / "market.db")
    file.open()
    file.forget(SPY)
    expected: dict[int, float] = {}
    try:
        for start, count, step, price in pieces:
            bars = _bars(start, count, step=step, price=price)
            file.save(SPY, bars, _span(bars))
            span = _span(bars)
            expected = {
                time: price for time, price in expected.items() if not span.start_us <= time < span.end_us
            }
            expected |= dict(zip(bars.time.tolist(), bars.close.tolist(), strict=True))
        loaded = file.load(SPY, 0, EVER).bars
    finally:
        file.close()
    assert dict(zip(loaded.time.tolist(), loaded.close.tolist(), strict=True)) == dict(
        sorted(expected.items())
    )


def _truncate(content: bytearray) -> bytes:
    return bytes(content[: len(content) // 2])


def _flip_a_price(content: bytearray) -> bytes:
    at = content.rindex(np.float64(100.0).tobytes())
    content[at + 3] ^= 1
    return bytes(content)


def _replace(content: bytearray) -> bytes:
    return b"no database, only words " * 100


def _unprintable_schema(content: bytearray) -> bytes:
    return bytes(content).replace(b"CREATE TABLE spans", b"CREATE \xffABLE spans")


@pytest.mark.parametrize("harm", [_truncate, _flip_a_price, _replace, _unprintable_schema])
async def test_a_damaged_cache_is_moved_aside_told_and_begun_anew(folder: Place, harm: object) -> None:
    assert callable(harm)
    bars = _bars(0, 20_000)
    async with folder.open_bars() as archive:
        await archive.save(SPY, bars, _span(bars))
    path = folder.paths.data / "market.db"
    path.write_bytes(harm(bytearray(path.read_bytes())))
    damaged = path.read_bytes()
    heard: list[BarCacheRebuilt] = []
    folder.bus.on(BarCacheRebuilt, heard.append)
    async with folder.open_bars() as archive:
        assert len((await archive.load(SPY, 0, EVER)).bars) == 0
        assert await archive.coverage(SPY) == ()
        [told] = heard
        assert told.moved_to.read_bytes() == damaged
        await archive.save(SPY, bars, _span(bars))
        assert (await archive.load(SPY, 0, EVER)).bars == bars


async def test_a_failed_save_leaves_what_was_there(folder: Place) -> None:
    async with folder.open_bars() as archive:
        await archive.save(SPY, _bars(0, 10), Span(0, 10 * MINUTE))
        with pytest.raises(OverflowError):
            await archive.save(SPY, _bars(0, 10, price=7), Span(0, 1 << 70))
        assert (await archive.load(SPY, 0, EVER)).bars == _bars(0, 10)
