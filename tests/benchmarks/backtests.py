"""Backtests beside the peers that are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sweep import Part, sweep_parameters
from puffling.puffin.backtest.walk_forward import walk_forward
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.judging import Judged, judge_trials
from puffling.puffin.search.trials import Rules, Wanted, try_sets
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.recipe import Recipe
from tests.benchmarks.bars import kept
from tests.benchmarks.child_backtests import FEE, PEERS
from tests.benchmarks.child_sweeps import EVERY, PAIRS
from tests.benchmarks.measure import CHECKOUT, Row, benchmark, fresh_home, in_milliseconds, in_turns, timed
from tests.benchmarks.peers import Told, beside, ratio, told_by

BARS, ROUNDS, TERMINAL_ROUNDS = 2_520, 15, 5
COMMAND = ["backtest", "run", "--strategy", "momentum", "--symbols", "SPY"]
YEARS = ["--start", "2015-01-01", "--end", "2020-01-01"]
FLOOR = "import pandas"


@benchmark
def backtests() -> Iterator[Row]:
    """One cross of averages, five hundred of them, and walk-forward over many symbols."""
    bars = _walk(BARS, seed=1)
    tester = Backtester(commission=CommissionModel(pct=FEE))
    one = _median(lambda: tester.run(MomentumStrategy(), bars).metrics())
    trades = tester.run(MomentumStrategy(), bars).metrics()["total_trades"]
    with fresh_home() as home:
        peers, sweeping = (_peers(child, bars, home) for child in ("child_backtests", "child_sweeps"))
    counts = {name: _counted(told["trades"]) for name, told in peers.items() if not isinstance(told, str)}
    yield Row(
        f"A backtest: averages of 20 and 50 crossing, 2,520 days, fees, figures, {_counted(trades)}",
        in_milliseconds(one), beside(peers, "warm", counts), ratio(one, peers, "warm"), "3 ms",
    )  # fmt: skip
    first = median(_first(bars) for _ in range(3))
    yield Row(
        "The same, the first time in a new process, loading included",
        in_milliseconds(first), beside(peers, "first"), ratio(first, peers, "first"), "1 s",
    )  # fmt: skip
    yield _terminal()
    panel = Panel.of({"X": bars})
    pairs = [{"short_window": short, "long_window": long} for short, long in PAIRS]
    terms = Terms(commission=CommissionModel(pct=FEE))

    def swept() -> list[Part]:
        return list(sweep_parameters(MomentumStrategy, pairs, panel, terms))

    many = _median(swept)
    trades = sum(int(part.figures.total_trades.sum()) for part in swept())
    notes = {
        name: f"{len(PAIRS[::every])} pairs, times {every}" if every > 1 else _counted(told["trades"])
        for name, every in EVERY.items()
        if not isinstance(told := sweeping[name], str)
    }
    yield Row(
        f"{len(pairs)} pairs of averages, figures of each, {_counted(trades)}",
        in_milliseconds(many), beside(sweeping, "many", notes), ratio(many, sweeping, "many"), "60 ms",
    )  # fmt: skip
    yield Row(
        f"The same {len(pairs)} pairs, the same fills as single runs",
        in_milliseconds(many), f"single runs {in_milliseconds(len(pairs) * one)}",
        f"{many / (len(pairs) * one):.3f}", "",
    )  # fmt: skip
    searched = _median(lambda: _searched(pairs, panel, terms))
    yield Row(
        f"A search over {len(pairs)} pairs: both parts of history, five stretches, every set judged",
        in_milliseconds(searched), f"the pairs alone {in_milliseconds(many)}",
        f"{searched / many:.2f}", "",
    )  # fmt: skip
    half, whole = (_walking(market(count)) for count in (4_156, 8_312))
    yield Row(
        "Walk-forward over 20 symbols, 8,312 days",
        in_milliseconds(whole), f"half the days {in_milliseconds(half)}", f"{whole / half:.2f}", "2: linear",
    )  # fmt: skip


def _walking(panel: Panel) -> float:
    return _median(lambda: walk_forward(MomentumStrategy(), panel), rounds=5)


def _searched(pairs: Sequence[dict[str, int]], panel: Panel, terms: Terms) -> Judged:
    wanted = [Wanted(number, pair, 0) for number, pair in enumerate(pairs)]
    axes = [Axis(name, name, tuple(sorted({pair[name] for pair in pairs}))) for name in pairs[0]]
    tester = Backtester(terms=terms)
    trials = list(try_sets(Recipe("momentum"), wanted, panel, tester, Rules(), since_us=0))
    return judge_trials(trials, axes, attempts=len(trials))


def _median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    return median(timed(work) for _ in range(rounds))


def _walk(count: int, *, seed: int) -> Bars:
    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0002, 0.01, count)))
    open_ = np.append(close[0], close[:-1]) * np.exp(draw.normal(0.0, 0.003, count))
    high, low = np.maximum(open_, close) * 1.003, np.minimum(open_, close) * 0.997
    return Bars(np.arange(1, count + 1) * US_PER_DAY, open_, high, low, close, np.full(count, 1e6))


def market(count: int) -> Panel:
    """Twenty symbols drawn at random, of so many days."""
    return Panel.of({f"S{place}": _walk(count, seed=place) for place in range(20)})


def _peers(child: str, bars: Bars, home: Path) -> dict[str, Told]:
    days = kept(bars, home / "days.npy")
    # What vectorbt compiled for another run would not be the first time on a machine.
    quiet = {"NUMBA_CACHE_DIR": str(home), "TQDM_DISABLE": "1"}
    return {name: told_by(child, name, days, **quiet) for name in PEERS}


def _first(bars: Bars) -> float:
    with fresh_home() as home:
        days = kept(bars, home / "days.npy")
        command = [sys.executable, "-m", "tests.benchmarks.child_first_backtest", str(days)]
        run = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    return float(run.stdout)


def _counted(trades: float) -> str:
    return f"{trades:,.0f} trades"


def _terminal() -> Row:
    """The command of the terminal with a home that exists, and no other Puffling that could answer."""
    work = "The same from the terminal: `puffling backtest run`, five years, to the printed result"
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", "puffling", *COMMAND, *YEARS]
    with fresh_home() as home:
        environment = {**os.environ, "PUFFLING_HOME": str(home)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def run() -> object:
            return subprocess.run(
                command, cwd=CHECKOUT, env=environment, stdout=quiet, stderr=quiet, check=True
            )

        run()
        ours, floor = in_turns(
            lambda: timed(run),
            lambda: timed(lambda: subprocess.run([sys.executable, "-c", FLOOR], check=True)),
            TERMINAL_ROUNDS,
        )
    return Row(
        work,
        in_milliseconds(ours),
        f"loading pandas alone {in_milliseconds(floor)}",
        f"{ours / floor:.2f}",
        "1.5 s",
    )
