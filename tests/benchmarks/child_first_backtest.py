"""One backtest in a new process: how long from its first line to the figures."""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Loads, reads the prices from the file named, tests, and tells the seconds."""
    started = time.perf_counter()
    import numpy as np

    from puffling.puffin.backtest.costs import CommissionModel
    from puffling.puffin.backtest.engine import Backtester
    from puffling.puffin.data.bars import Bars
    from puffling.puffin.strategies.momentum import MomentumStrategy
    from tests.benchmarks.child_backtests import FEE

    columns = np.load(sys.argv[1])
    bars = Bars(columns[0].view(np.int64), *columns[1:6])
    Backtester(commission=CommissionModel(pct=FEE)).run(MomentumStrategy(), bars).metrics()
    sys.stdout.write(f"{time.perf_counter() - started}\n")


if __name__ == "__main__":
    main()
