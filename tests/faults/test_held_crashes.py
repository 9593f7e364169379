"""Some of the points at which a process that holds ways out can die; the program itself goes through all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("kind", "first", "every"), [("pair", 29, 97), ("bracket", 17, 71)])
def test_whoever_is_killed_while_ways_out_are_held_here_sells_each_piece_once(
    checkout: Path, kind: str, first: int, every: int
) -> None:
    words = ["--kind", kind, "--first", str(first), "--every", str(every)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.held_crashes", *words],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "0 things wrong" in done.stdout
