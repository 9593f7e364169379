"""Twenty thousand ticks a second, from the feed's door through the bus to the watchlist on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import Row, benchmark, fresh_home, told_by_own
from tests.benchmarks.storm import rows_of

SECONDS = 30


@benchmark
def ticks() -> Iterator[Row]:
    """How late the loop runs under a storm of ticks."""
    with fresh_home() as home:
        told = told_by_own("child_ticks", str(SECONDS), seconds=SECONDS + 60, PUFFLING_HOME=str(home))
    storm = f"{told['ticks'] / SECONDS:,.0f} ticks a second, {told['symbols']} symbols"
    yield from rows_of(told, storm, f"{told['shown']} of {told['symbols']}")
