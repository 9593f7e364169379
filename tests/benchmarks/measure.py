"""What a benchmark is, and how figures are taken: in turns, in one run, as medians."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

CHECKOUT = Path(__file__).resolve().parents[2]
LONGEST_CHILD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure of ours, what it is held against, and what it should be."""

    work: str
    ours: str
    beside: str
    ratio: str
    aim: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A milestone of a child process: how long after its launch, and how much memory it held then."""

    seconds: float
    mebibytes: float


Benchmark = Callable[[], Iterator[Row]]
benchmarks: dict[str, Benchmark] = {}


def benchmark(measure: Benchmark) -> Benchmark:
    """Puts a benchmark on the list, under the name of its function."""
    benchmarks[measure.__name__] = measure
    return measure


@contextmanager
def fresh_home() -> Iterator[Path]:
    """A folder for Puffling's data that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="puffling-benchmark-") as folder:
        yield Path(folder)


def milestones(module: str, *, home: Path, last: str) -> dict[str, Mark]:
    """Runs a child that prints its milestones, one a line, and asks it to end after the last one."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PUFFLING_HOME": str(home)}
    # A program that is installed has its byte code: the warm-up run writes what a checkout lacks.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    marks: dict[str, Mark] = {}
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", module], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        watched = psutil.Process(child.pid)
        guard = threading.Timer(LONGEST_CHILD_SECONDS, child.kill)
        guard.start()
        for line in child.stdout:
            seconds = time.perf_counter() - started
            marks[line.strip()] = Mark(seconds, watched.memory_info().rss / 2**20)
            if line.strip() == last:
                child.send_signal(signal.SIGTERM)
        guard.cancel()
    if last not in marks:
        raise RuntimeError(f"{module} ended with {child.returncode} before it was {last}")
    return marks


def told_by_own(module: str, *arguments: str, seconds: float, **environment: str) -> dict[str, float]:
    """What a child of ours measured within these seconds, as its last line says it."""
    run = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True, timeout=seconds,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ, **environment},
    )  # fmt: skip
    told: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return told


def in_turns(first: Callable[[], float], second: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The medians of two measurements taken alternately, so that noise meets both."""
    pairs = [(first(), second()) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def timed(work: Callable[[], object]) -> float:
    """The seconds one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values stays below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def in_milliseconds(seconds: float) -> str:
    """A duration as the table shows it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.2f} s"
