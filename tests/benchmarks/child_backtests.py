"""One peer's backtest of the same rules, prices and fees; it knows nothing of Puffling."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FEE, CASH, ROUNDS = 0.001, 100_000, 5
SHORT, LONG = 20, 50

Trades = Callable[[], int]


def _with_backtesting(frame: pd.DataFrame) -> Trades:
    from backtesting import Backtest, Strategy

    class Cross(Strategy):
        def init(self) -> None:
            close = self.data.Close.s
            self.short = self.I(lambda: close.rolling(SHORT).mean())
            self.long = self.I(lambda: close.rolling(LONG).mean())

        def next(self) -> None:
            wanted = np.sign(self.short[-1] - self.long[-1])
            if wanted > 0 and not self.position.is_long:
                self.position.close()
                self.buy()
            elif wanted < 0 and not self.position.is_short:
                self.position.close()
                self.sell()

    test = Backtest(frame, Cross, cash=CASH, commission=FEE)
    return lambda: int(test.run()["# Trades"])


def _with_vectorbt(frame: pd.DataFrame) -> Trades:
    import vectorbt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    def run() -> int:
        short, long = (vectorbt.MA.run(frame.Close, window) for window in (SHORT, LONG))
        # What is known on a close is bought on the next open.
        up, down = (
            crossed.vbt.signals.fshift(1)
            for crossed in (short.ma_crossed_above(long), short.ma_crossed_below(long))
        )
        held = vectorbt.Portfolio.from_signals(
            frame.Close, up, short_entries=down, price=frame.Open, fees=FEE, init_cash=CASH, freq="1D"
        )
        held.stats()
        return len(held.trades.records_readable)

    return run


def _with_backtrader(frame: pd.DataFrame) -> Trades:
    import backtrader  # type: ignore[import-not-found,import-untyped,unused-ignore]

    class Cross(backtrader.Strategy):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self.cross = backtrader.indicators.CrossOver(
                backtrader.indicators.SMA(period=SHORT), backtrader.indicators.SMA(period=LONG)
            )

        def next(self) -> None:
            if self.cross[0]:
                self.order_target_percent(target=0.9 * float(self.cross[0]))

    def run() -> int:
        cerebro = backtrader.Cerebro()
        cerebro.addstrategy(Cross)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame))
        cerebro.broker.setcash(CASH)
        cerebro.broker.setcommission(FEE)
        cerebro.addanalyzer(backtrader.analyzers.TradeAnalyzer, _name="trades")
        cerebro.addanalyzer(backtrader.analyzers.SharpeRatio)
        (strategy,) = cerebro.run()
        return int(strategy.analyzers.trades.get_analysis().total.total)

    return run


PEERS: dict[str, Callable[[Any], Trades]] = {
    "backtesting": _with_backtesting,
    "vectorbt": _with_vectorbt,
    "backtrader": _with_backtrader,
}


def main() -> None:
    """Measures the peer named first on the prices kept in the file named second; null when it is missing."""
    name, kept = sys.argv[1:3]
    if find_spec(name) is None:
        sys.stdout.write("null\n")
        return
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    import pandas as pd

    columns = np.load(kept)
    index = pd.to_datetime(columns[0].view(np.int64), unit="us")
    names = ("Open", "High", "Low", "Close", "Volume")
    frame = pd.DataFrame(dict(zip(names, columns[1:6], strict=True)), index=index)
    run = PEERS[name](frame)
    trades = run()
    first = time.perf_counter() - started
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        took.append(time.perf_counter() - started)
    sys.stdout.write(f"{json.dumps({'first': first, 'warm': median(took), 'trades': trades})}\n")


if __name__ == "__main__":
    main()
