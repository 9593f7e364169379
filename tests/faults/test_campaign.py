"""A short campaign in every run of the tests; `python -m tests.faults` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SEED = "20261120"


def test_killed_and_deceived_nothing_is_lost_nothing_is_twice(checkout: Path) -> None:
    # In a process of its own: what lives are forked from stays for as long as the one that asked for it.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults", "--runs", "4", "--seed", SEED, "--jobs", "2"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "4 runs in" in done.stdout
    assert "0 runs broken" in done.stdout
