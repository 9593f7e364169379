"""A million candles on the screen, beside the peers that are there: the same bars, window and views."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.bars import a_million_bars, kept
from tests.benchmarks.lightweight import lightweight_charts
from tests.benchmarks.measure import Row, benchmark, fresh_home, in_milliseconds, told_by_own
from tests.benchmarks.peers import Told, beside, ratio, told_by

LONGEST_SECONDS = 600.0


@benchmark
def candles() -> Iterator[Row]:
    """Loading, and a frame while panning and zooming."""
    told = told_by_own("child_candles", seconds=LONGEST_SECONDS)
    with fresh_home() as home:
        peers = _peers(home)
    peers["pyqtgraph's example"] = {
        "frame": told["plain"], "worst": told["plain_worst"], "load": told["plain_load"]
    }  # fmt: skip
    for work, figure, aim in (
        ("1,000,000 candles: a frame while panning and zooming (median)", "frame", "4 ms"),
        ("1,000,000 candles: the worst frame", "worst", "8 ms"),
        ("1,000,000 candles: from arrays to the picture", "load", "50 ms"),
    ):
        ours = told[figure]
        yield Row(work, in_milliseconds(ours), beside(peers, figure), ratio(ours, peers, figure), aim)
    for work, figure, aim in (
        ("The same with three indicators, five lines: a frame", "studied", "4 ms, worst 8 ms"),
        ("The same with 2,000 trend lines over the history: a frame", "drawn", "4 ms, worst 8 ms"),
        ("The same, averaged, on a logarithmic scale with 50,000 marks: a frame", "dressed", "8 ms"),
    ):
        ours, worst = told[figure], told[f"{figure}_worst"]
        yield Row(
            work, f"{in_milliseconds(ours)}, worst {in_milliseconds(worst)}",
            f"without them {in_milliseconds(told['frame'])}", f"{ours / told['frame']:.2f}", aim,
        )  # fmt: skip


def _peers(home: Path) -> dict[str, Told]:
    columns = kept(a_million_bars(), home / "bars.npy")
    return {
        "finplot": told_by("child_finplot", columns),
        "lightweight-charts": lightweight_charts(np.load(columns).tobytes(), 1_000_000),
    }
