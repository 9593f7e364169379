"""A few of all the points at which a process can die; the rest is gone through by the program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("fault", "first"), [("", 7), ("reset_after", 31), ("late", 55), ("busy", 19)])
def test_whoever_is_killed_wherever_there_is_one_order_in_the_end(
    checkout: Path, fault: str, first: int
) -> None:
    words = ["--fault", fault, "--first", str(first), "--every", "101"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.crashes", *words],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "0 things wrong" in done.stdout
