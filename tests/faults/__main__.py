"""The campaign `python -m tests.faults --runs N --seed S`: killed and deceived by seeded dice, judged."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.runs import Outcome, staged


def say(text: str) -> None:
    """Write one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the runs asked for, and say what held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the whole campaign")
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that failed")
    parser.add_argument("--tell", action="store_true", help="tell of every run")
    wanted = parser.parse_args()
    if wanted.jobs > 1:
        return _shared_out(wanted.runs, wanted.seed, wanted.first, wanted.jobs, keep=wanted.keep)
    folder = Path(tempfile.mkdtemp(prefix="puffling-faults-"))
    outcomes: list[Outcome] = []
    began = told = time.monotonic()
    try:
        with staged(folder) as stage:
            for number in range(wanted.first, wanted.first + wanted.runs):
                outcome = stage.run(wanted.seed, number)
                outcomes.append(outcome)
                for violation in outcome.violations:
                    say(f"run {number}: {violation}")
                if outcome.violations:
                    again = f"--seed {wanted.seed} --first {number} --runs 1 --keep"
                    say(f"  again: python -m tests.faults {again}")
                if wanted.tell:
                    say(f"{outcome}")
                if time.monotonic() - told > 10.0:
                    told = time.monotonic()
                    say(f"{len(outcomes)} of {wanted.runs} runs, {told - began:.0f} s, {_summary(outcomes)}")
    finally:
        if wanted.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    suffered = sum((outcome.suffered for outcome in outcomes), Counter[str]())
    say(", ".join(f"{name} {count}" for name, count in sorted(suffered.items())))
    alarms = Counter(alarm[:100] for outcome in outcomes for alarm in outcome.alarms)
    for alarm, count in alarms.most_common(5):
        say(f"{count} x {alarm}")
    say(f"seed {wanted.seed}: {len(outcomes)} runs in {time.monotonic() - began:.0f} s, {_summary(outcomes)}")
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def _shared_out(runs: int, seed: int, first: int, jobs: int, *, keep: bool) -> int:
    """Let several processes do a part each."""
    shares = [runs // jobs + (place < runs % jobs) for place in range(jobs)]
    parts = []
    for share in shares:
        words = ["--runs", str(share), "--seed", str(seed), "--first", str(first), *["--keep"] * keep]
        parts.append(subprocess.Popen([sys.executable, "-W", "ignore", "-m", "tests.faults", *words]))
        first += share
    return max([part.wait() for part in parts])


def _summary(outcomes: list[Outcome]) -> str:
    kills, orders, fills = (
        sum(getattr(outcome, name) for outcome in outcomes) for name in ("kills", "orders", "fills")
    )
    broken = sum(bool(outcome.violations) for outcome in outcomes)
    return f"{kills} kills, {orders} orders, {fills} fills, {broken} runs broken"


if __name__ == "__main__":
    sys.exit(main())
