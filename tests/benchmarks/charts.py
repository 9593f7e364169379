"""Nine live charts at twenty thousand ticks a second, and what a million bars on a chart weigh."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import Row, benchmark, fresh_home, told_by_own
from tests.benchmarks.storm import rows_of

SECONDS = 30


@benchmark
def charts() -> Iterator[Row]:
    """How late the loop runs with nine charts, and memory per million bars."""
    with fresh_home() as home:
        told = told_by_own("child_charts", str(SECONDS), seconds=SECONDS + 90, PUFFLING_HOME=str(home))
    storm = f"{told['charts']:.0f} live charts, {told['ticks'] / SECONDS:,.0f} ticks a second"
    yield from rows_of(told, storm, f"{told['shown']} of {told['charts']}")
    weight = told_by_own("child_weight", seconds=SECONDS + 90)
    yield Row(
        "1,000,000 bars on a chart with one average: memory",
        f"{weight['mebibytes']:.0f} MiB",
        f"their columns alone {weight['columns']:.0f} MiB",
        f"{weight['mebibytes'] / weight['columns']:.2f}",
        "100 MiB",
    )
