"""Peers beside us: each in a process of its own, in an interpreter that may be another one than ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.measure import CHECKOUT, in_milliseconds

# finplot wants another Qt, and an environment that is locked should not grow by what is only measured.
PYTHON = "PUFFLING_BENCH_PYTHON"
PATIENCE_SECONDS = 240.0

Told = Mapping[str, float] | str


def told_by(module: str, *arguments: str | Path, **environment: str) -> Told:
    """What a peer's process measured, or in words why there is nothing."""
    python = os.environ.get(PYTHON, sys.executable)
    try:
        run = subprocess.run(
            [python, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
            cwd=CHECKOUT, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=PATIENCE_SECONDS, env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE_SECONDS:.0f} s"
    lines = run.stdout.splitlines()
    if run.returncode or not lines:
        return "failed"
    told: dict[str, float] | None = json.loads(lines[-1])
    return "not installed" if told is None else told


def beside(peers: Mapping[str, Told], figure: str, notes: Mapping[str, str] = {}) -> str:
    """One figure of every peer, as the table shows it, with what is to be noted of some."""
    return ", ".join(
        f"{name} {told if isinstance(told, str) else in_milliseconds(told[figure])}"
        + (f" ({notes[name]})" if name in notes else "")
        for name, told in peers.items()
        if isinstance(told, str) or figure in told
    )


def ratio(ours: float, peers: Mapping[str, Told], figure: str) -> str:
    """Ours beside the best of those that could be measured."""
    found = [told[figure] for told in peers.values() if not isinstance(told, str) and figure in told]
    return f"{ours / min(found):.3g}" if found else ""
