"""Nine live charts at twenty thousand ticks a second, and what a million bars on a chart weigh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.measure import CHECKOUT, Row, benchmark, fresh_home, in_milliseconds

SECONDS = 30


@benchmark
def charts() -> Iterator[Row]:
    """How late the loop runs with nine charts, and memory per million bars."""
    with fresh_home() as home:
        told = _told("tests.benchmarks.child_charts", str(SECONDS), PUFFLING_HOME=str(home))
    storm = f"{told['charts']:.0f} live charts, {told['ticks'] / SECONDS:,.0f} ticks a second"
    for what, key in (
        ("how late the loop runs (p99)", "late"),
        ("how long it works without a pause (p99, processor time)", "busy"),
    ):
        ours, calm = told[key], told[f"calm_{key}"]
        beside = f"without the storm {in_milliseconds(calm)}"
        yield Row(f"{storm}: {what}", in_milliseconds(ours), beside, f"{ours / calm:.2f}", "16 ms")
    costs = (
        f"{told['processor']:.0%}, {told['grown_mebibytes']:+.1f} MiB, {told['shown']} of {told['charts']}"
    )
    yield Row(
        f"{storm}: processor share of the loop, growth of memory, last prices shown",
        costs, "", "", "flat memory, all shown",
    )  # fmt: skip
    weight = _told("tests.benchmarks.child_weight")
    yield Row(
        "1,000,000 bars on a chart with one average: memory",
        f"{weight['mebibytes']:.0f} MiB",
        f"their columns alone {weight['columns']:.0f} MiB",
        f"{weight['mebibytes'] / weight['columns']:.2f}",
        "100 MiB",
    )


def _told(module: str, *arguments: str, **environment: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True, timeout=SECONDS + 90,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ, **environment},
    )  # fmt: skip
    told: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return told
