"""Twenty thousand ticks a second, from the feed's door through the bus to the watchlist on the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.measure import CHECKOUT, Row, benchmark, fresh_home, in_milliseconds

SECONDS = 30


@benchmark
def ticks() -> Iterator[Row]:
    """How late the loop runs under a storm of ticks."""
    with fresh_home() as home:
        run = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.child_ticks", str(SECONDS)],
            cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True, timeout=SECONDS + 60,
            env={"QT_QPA_PLATFORM": "offscreen", **os.environ, "PUFFLING_HOME": str(home)},
        )  # fmt: skip
    told = json.loads(run.stdout.splitlines()[-1])
    storm = f"{told['ticks'] / SECONDS:,.0f} ticks a second, {told['symbols']} symbols"
    for what, key in (
        ("how late the loop runs (p99)", "late"),
        ("how long it works without a pause (p99, processor time)", "busy"),
    ):
        ours, calm = told[key], told[f"calm_{key}"]
        beside = f"without the storm {in_milliseconds(calm)}"
        yield Row(f"{storm}: {what}", in_milliseconds(ours), beside, f"{ours / calm:.2f}", "16 ms")
    costs = (
        f"{told['processor']:.0%}, {told['grown_mebibytes']:+.1f} MiB, {told['shown']} of {told['symbols']}"
    )
    yield Row(
        f"{storm}: processor share of the loop, growth of memory, last prices shown",
        costs, "", "", "flat memory, all shown",
    )  # fmt: skip
