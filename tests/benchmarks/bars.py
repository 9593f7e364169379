"""A million bars from the local store, beside reading the same bytes from a plain file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.interval import Interval
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.bars import BarArchive
from tests.benchmarks.measure import Row, benchmark, fresh_home, in_milliseconds, timed

COUNT = 1_000_000
MINUTE_US = 60_000_000
ROUNDS = 9


def a_million_bars() -> Bars:
    """Minute bars of a random walk."""
    close = 100 + np.cumsum(np.random.default_rng(7).normal(0, 0.01, COUNT))
    wiggle = np.abs(np.random.default_rng(8).normal(0, 0.01, COUNT))
    time = np.arange(COUNT, dtype=np.int64) * MINUTE_US
    volume = np.full(COUNT, 1000.0)
    return Bars(time=time, open=close, high=close + wiggle, low=close - wiggle, close=close, volume=volume)


def kept(bars: Bars, path: Path) -> Path:
    """Writes the columns, times first, where a process that knows no Puffling can read them."""
    columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
    np.save(path, np.stack([column.view(np.float64) for column in columns]))
    return path


async def _load_times(home: Path, bars: Bars) -> list[float]:
    clock = SystemClock()
    port = Port(clock)
    archive = await BarArchive.open(Paths.under(home), port=port, bus=Bus(), clock=clock)
    key = SeriesKey("demo", "SPY", Interval.M1, adjusted=False)
    end = COUNT * MINUTE_US
    await archive.save(key, bars, Span(0, end))
    times = []
    for _ in range(ROUNDS):
        started = clock.monotonic()
        loaded = (await archive.load(key, 0, end)).bars
        times.append(clock.monotonic() - started)
        assert len(loaded) == COUNT
    await archive.close()
    await port.close()
    return times


@benchmark
def bars() -> Iterator[Row]:
    """Loading a million bars."""
    history = a_million_bars()
    with fresh_home() as home:
        Paths.under(home).prepare()
        ours = median(asyncio.run(_load_times(home, history)))
        plain = kept(history, home / "plain.npy")
        floor = median(timed(lambda: np.load(plain)) for _ in range(ROUNDS))
    yield Row(
        "Loading 1,000,000 bars from the local store",
        in_milliseconds(ours), f"the same bytes plain {in_milliseconds(floor)}", f"{ours / floor:.2f}",
        "50 ms",
    )  # fmt: skip
