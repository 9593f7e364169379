"""One peer's backtests of many pairs of averages on the same prices; it knows nothing of Puffling."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from itertools import product
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.child_backtests import CASH, FEE, PEERS, frame_of

if TYPE_CHECKING:
    import pandas as pd

PAIRS = tuple(product(range(5, 55, 2), range(60, 260, 10)))
# Of a peer that would take minutes every so-manieth pair is tested, and the time taken as many times.
EVERY = {"backtesting": 1, "vectorbt": 1, "backtrader": 20}
ROUNDS = {"backtesting": 1, "vectorbt": 5, "backtrader": 1}


def _matrix(frame: pd.DataFrame) -> Callable[[], int]:
    """The pairs as columns of one matrix, every average once; the figures are those that we give."""
    import vectorbt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    windows = sorted({window for pair in PAIRS for window in pair})
    shorts, longs = ([windows.index(pair[side]) for pair in PAIRS] for side in (0, 1))

    def run() -> int:
        averages = vectorbt.MA.run(frame.Close, windows).ma.to_numpy()
        short, long = averages[:, shorts], averages[:, longs]
        up, down = np.zeros(short.shape, dtype=bool), np.zeros(short.shape, dtype=bool)
        # What is known on a close is bought on the next open.
        up[1:], down[1:] = short[:-1] > long[:-1], short[:-1] < long[:-1]
        held = vectorbt.Portfolio.from_signals(
            frame.Close, up, short_entries=down, price=frame.Open, fees=FEE, init_cash=CASH, freq="1D"
        )
        held.total_return(), held.annualized_return(), held.annualized_volatility()
        held.sharpe_ratio(), held.max_drawdown()
        closed = held.trades.closed
        closed.win_rate(), closed.profit_factor()
        return int(closed.count().sum())

    return run


def _one_by_one(name: str, frame: pd.DataFrame) -> Callable[[], int]:
    run = PEERS[name](frame)
    run(*PAIRS[0])
    return lambda: sum(run(*pair) for pair in PAIRS[:: EVERY[name]])


def main() -> None:
    """Measures the peer named first on the prices kept in the file named second; null when it is missing."""
    name, kept = sys.argv[1:3]
    if find_spec(name) is None:
        sys.stdout.write("null\n")
        return
    warnings.simplefilter("ignore")
    frame = frame_of(kept)
    run = _matrix(frame) if name == "vectorbt" else _one_by_one(name, frame)
    if name == "vectorbt":
        # What it compiles is none of this: the first run of one backtest has told.
        run()
    took, trades = [], 0
    for _ in range(ROUNDS[name]):
        started = time.perf_counter()
        trades = run()
        took.append((time.perf_counter() - started) * EVERY[name])
    sys.stdout.write(f"{json.dumps({'many': median(took), 'trades': trades})}\n")


if __name__ == "__main__":
    main()
