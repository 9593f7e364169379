"""From the command to the painted window, beside a bare window of the same libraries."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.measure import Row, benchmark, fresh_home, in_milliseconds, milestones

ROUNDS = 7


@benchmark
def start() -> Iterator[Row]:
    """First paint, live content and memory."""
    with fresh_home() as home:
        for warm_up in ("tests.benchmarks.child_bare", "tests.benchmarks.child_window"):
            milestones(warm_up, home=home, last="live")
        runs = [
            (
                milestones("tests.benchmarks.child_bare", home=home, last="live"),
                milestones("tests.benchmarks.child_window", home=home, last="live"),
            )
            for _ in range(ROUNDS)
        ]
    floor = median(bare["painted"].seconds for bare, _ in runs)
    floor_memory = median(bare["live"].mebibytes for bare, _ in runs)
    painted = median(ours["painted"].seconds for _, ours in runs)
    live = median(ours["live"].seconds for _, ours in runs)
    memory = median(ours["live"].mebibytes for _, ours in runs)
    beside = f"bare window {in_milliseconds(floor)}"
    yield Row(
        "From the command to the first painted window, with its last known content",
        in_milliseconds(painted), beside, f"{painted / floor:.2f}", "0.70 s beside a floor of 0.49 s (1.43)",
    )  # fmt: skip
    yield Row(
        "From the command to live content",
        in_milliseconds(live), beside, f"{live / floor:.2f}", "1.20 s beside a floor of 0.49 s (2.45)",
    )  # fmt: skip
    yield Row(
        "Memory with live content",
        f"{memory:.0f} MiB", f"bare window {floor_memory:.0f} MiB", f"{memory / floor_memory:.2f}", "200 MiB",
    )  # fmt: skip
