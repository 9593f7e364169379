"""A million candles on the screen, beside recording and replaying every one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.measure import CHECKOUT, Row, benchmark, in_milliseconds


@benchmark
def candles() -> Iterator[Row]:
    """Loading, and a frame while panning and zooming."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.child_candles"],
        cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
    )  # fmt: skip
    told = json.loads(run.stdout.splitlines()[-1])
    beside = f"every candle drawn {in_milliseconds(told['plain'])}"
    yield Row(
        "1,000,000 candles: a frame while panning and zooming (median)",
        in_milliseconds(told["frame"]), beside, f"{told['frame'] / told['plain']:.4f}", "4 ms",
    )  # fmt: skip
    yield Row("1,000,000 candles: the worst frame", in_milliseconds(told["worst"]), "", "", "8 ms")
    yield Row(
        "The same with three indicators, five lines: a frame (median)",
        in_milliseconds(told["studied"]), f"without them {in_milliseconds(told['frame'])}",
        f"{told['studied'] / told['frame']:.2f}", "4 ms",
    )  # fmt: skip
    yield Row(
        "The same with three indicators: the worst frame",
        in_milliseconds(told["studied_worst"]),
        "",
        "",
        "8 ms",
    )
    yield Row(
        "The same with 2,000 trend lines over the history: a frame (median)",
        in_milliseconds(told["drawn"]), f"without them {in_milliseconds(told['frame'])}",
        f"{told['drawn'] / told['frame']:.2f}", "4 ms",
    )  # fmt: skip
    yield Row(
        "The same, averaged, on a logarithmic scale with 50,000 marks: a frame (median)",
        in_milliseconds(told["dressed"]),
        f"the worst {in_milliseconds(told['dressed_worst'])}",
        f"{told['dressed'] / told['frame']:.2f}",
        "8 ms",
    )
    yield Row("1,000,000 candles: from arrays to the picture", in_milliseconds(told["load"]), "", "", "50 ms")
