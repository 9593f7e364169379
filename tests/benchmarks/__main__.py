"""Measures what was asked for and prints a table; `--write` keeps it where the help shows it."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
import sys

import tests.benchmarks as folder
from tests.benchmarks.measure import CHECKOUT, Row, benchmarks

KEPT = CHECKOUT / "resources" / "help" / "performance.md"
HOW = (
    "Every chart of candles has the same minute bars in a window of 1200 by 700 points and goes through"
    " the same 120 views, in to some 1,200 bars and out again with steps to both sides between, each "
    "timed from the change to the finished picture. lightweight-charts does so in Chromium, where a "
    "frame waits for the screen's 60 Hz, and draws together what is narrower than half a pixel. Every "
    "backtest decides by the same averages on the close, fills on the next open and pays the same fee: "
    "the numbers of trades agree. Of 500 pairs vectorbt makes one matrix, every average once, and gives "
    "the figures that are given here; the others run one pair after another. Peers are those of the extra "
    "`bench`; the environment variable `PUFFLING_BENCH_PYTHON` names another Python that has them."
)
HEAD = ("Work", "Puffling", "Beside it", "Ratio", "Aim")


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, tuple("-" * len(title) for title in HEAD)]
    lines += [(row.work, row.ours, row.beside, row.ratio, row.aim) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def page(rows: list[Row]) -> str:
    """The page of the help."""
    system = f"{platform.system()}, Python {platform.python_version()}"
    return (
        "# How fast Puffling is\n\n"
        f"Measured on {system}, with `python -m tests.benchmarks --write`. Machines differ and are noisy: "
        "what counts is the ratio, taken side by side in one run.\n\n"
        f"{table(rows)}\n\n"
        f"{HOW}\n"
    )


def main() -> int:
    """Runs the benchmarks named on the command line, or all."""
    for module in pkgutil.iter_modules(folder.__path__):
        if not module.name.startswith(("child_", "test_", "__main__")):
            importlib.import_module(f"tests.benchmarks.{module.name}")
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[*benchmarks, []], help="what to measure; all when empty")
    parser.add_argument(
        "--write", action="store_true", help=f"keep the table in {KEPT.relative_to(CHECKOUT)}"
    )
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.names or benchmarks:
        sys.stderr.write(f"{name} ...\n")
        rows += benchmarks[name]()
    sys.stdout.write(f"{table(rows)}\n")
    if options.write:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(page(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
