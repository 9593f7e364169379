"""The campaign `python -m tests.faults --runs N --seed S`: killed and deceived by seeded dice, judged."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.runs import Outcome, staged

_TOLD_SECONDS = 30.0


def say(text: str) -> None:
    """Write one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Campaign:
    """Runs of one seed, done by one stage or by several side by side: they wait more than they compute."""

    def __init__(self, seed: int, numbers: range, *, tell: bool) -> None:
        self.outcomes: list[Outcome] = []
        self._seed = seed
        self._runs = len(numbers)
        self._tell = tell
        self._left: Iterator[int] = iter(numbers)
        self._guard = threading.Lock()
        self._began = self._told = time.monotonic()

    def work(self, folder: Path) -> None:
        """Do one run after the other on a stage of one's own, until none is left."""
        with staged(folder) as stage:
            while (number := self._next()) is not None:
                outcome = stage.run(self._seed, number)
                with self._guard:
                    self._take(outcome)

    def summary(self) -> str:
        """Say what came of all runs so far."""
        kills, orders, fills = (
            sum(getattr(outcome, name) for outcome in self.outcomes) for name in ("kills", "orders", "fills")
        )
        broken = sum(bool(outcome.violations) for outcome in self.outcomes)
        seconds = time.monotonic() - self._began
        return (
            f"seed {self._seed}: {len(self.outcomes)} of {self._runs} runs in {seconds:.0f} s, "
            f"{kills} kills, {orders} orders, {fills} fills, {broken} runs broken"
        )

    def _next(self) -> int | None:
        with self._guard:
            return next(self._left, None)

    def _take(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        for violation in outcome.violations:
            say(f"run {outcome.run}: {violation}")
        if outcome.violations:
            again = f"--seed {self._seed} --first {outcome.run} --runs 1 --keep"
            say(f"  again: python -m tests.faults {again}")
        if self._tell:
            say(f"{outcome}")
        if time.monotonic() - self._told > _TOLD_SECONDS:
            self._told = time.monotonic()
            say(self.summary())


def main() -> int:
    """Run the runs asked for, and say what held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the whole campaign")
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time; some for each processor")
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that failed")
    parser.add_argument("--tell", action="store_true", help="tell of every run")
    wanted = parser.parse_args()
    numbers = range(wanted.first, wanted.first + wanted.runs)
    campaign = Campaign(wanted.seed, numbers, tell=wanted.tell)
    folder = Path(tempfile.mkdtemp(prefix="puffling-faults-"))
    try:
        with ThreadPoolExecutor(wanted.jobs) as pool:
            stages = [pool.submit(campaign.work, folder / f"stage-{place}") for place in range(wanted.jobs)]
        for stage in stages:
            stage.result()
    finally:
        if wanted.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    outcomes = campaign.outcomes
    suffered = sum((outcome.suffered for outcome in outcomes), Counter[str]())
    say(", ".join(f"{name} {count}" for name, count in sorted(suffered.items())))
    alarms = Counter(alarm[:100] for outcome in outcomes for alarm in outcome.alarms)
    for alarm, count in alarms.most_common(5):
        say(f"{count} x {alarm}")
    say(campaign.summary())
    return 1 if any(outcome.violations for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
