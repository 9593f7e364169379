"""What loading the window's code costs, beside loading Qt and the charts alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.measure import CHECKOUT, Row, benchmark, in_milliseconds, in_turns, timed

FLOOR = "import PySide6.QtWidgets, PySide6.QtSvg, pyqtgraph, qasync"
ROUNDS = 7


def _run(code: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True))


@benchmark
def imports() -> Iterator[Row]:
    """The window's imports against those of its libraries."""
    ours, floor = in_turns(lambda: _run("import puffling.desktop.application"), lambda: _run(FLOOR), ROUNDS)
    yield Row(
        "Loading the window's code",
        in_milliseconds(ours), f"Qt and charts alone {in_milliseconds(floor)}", f"{ours / floor:.2f}", "1.25",
    )  # fmt: skip
