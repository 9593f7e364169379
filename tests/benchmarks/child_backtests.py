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

# One backtest of two windows, closed trades out.
Cross = Callable[[int, int], int]


def _with_backtesting(frame: pd.DataFrame) -> Cross:
    from backtesting import Backtest, Strategy

    class Follows(Strategy):
        windows = (SHORT, LONG)

        def init(self) -> None:
            close = self.data.Close.s
            self.short, self.long = (self.I(lambda n=each: close.rolling(n).mean()) for each in self.windows)

        def next(self) -> None:
            wanted = np.sign(self.short[-1] - self.long[-1])
            if wanted > 0 and not self.position.is_long:
                self.position.close()
                self.buy()
            elif wanted < 0 and not self.position.is_short:
                self.position.close()
                self.sell()

    test = Backtest(frame, Follows, cash=CASH, commission=FEE)
    return lambda short, long: int(test.run(windows=(short, long))["# Trades"])


def _with_vectorbt(frame: pd.DataFrame) -> Cross:
    import vectorbt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    def run(short_window: int, long_window: int) -> int:
        short, long = (vectorbt.MA.run(frame.Close, window).ma for window in (short_window, long_window))
        # What is known on a close is bought on the next open.
        up, down = ((one > other).vbt.signals.fshift(1) for one, other in ((short, long), (long, short)))
        held = vectorbt.Portfolio.from_signals(
            frame.Close, up, short_entries=down, price=frame.Open, fees=FEE, init_cash=CASH, freq="1D"
        )
        held.stats()
        return int(held.trades.closed.count())

    return run


def _with_backtrader(frame: pd.DataFrame) -> Cross:
    import backtrader  # type: ignore[import-not-found,import-untyped,unused-ignore]

    class Follows(backtrader.Strategy):  # type: ignore[misc,unused-ignore]
        params = (("short", SHORT), ("long", LONG))

        def __init__(self) -> None:
            average = backtrader.indicators.SMA
            self.apart = average(period=self.p.short) - average(period=self.p.long)

        def next(self) -> None:
            wanted = float(np.sign(self.apart[0]))
            if wanted and wanted * self.position.size <= 0.0:
                self.order_target_percent(target=0.9 * wanted)

    def run(short: int, long: int) -> int:
        # What it would write down for a chart takes as long as the test.
        cerebro = backtrader.Cerebro(stdstats=False)
        cerebro.addstrategy(Follows, short=short, long=long)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame))
        cerebro.broker.setcash(CASH)
        cerebro.broker.setcommission(FEE)
        cerebro.addanalyzer(backtrader.analyzers.TradeAnalyzer, _name="trades")
        cerebro.addanalyzer(backtrader.analyzers.SharpeRatio)
        (strategy,) = cerebro.run()
        return int(strategy.analyzers.trades.get_analysis().total.closed)

    return run


PEERS: dict[str, Callable[[Any], Cross]] = {
    "backtesting": _with_backtesting,
    "vectorbt": _with_vectorbt,
    "backtrader": _with_backtrader,
}


def frame_of(kept: str) -> pd.DataFrame:
    """The prices kept in a file, as peers take them."""
    import pandas as pd

    columns = np.load(kept)
    index = pd.to_datetime(columns[0].view(np.int64), unit="us")
    names = ("Open", "High", "Low", "Close", "Volume")
    return pd.DataFrame(dict(zip(names, columns[1:6], strict=True)), index=index)


def main() -> None:
    """Measures the peer named first on the prices kept in the file named second; null when it is missing."""
    name, kept = sys.argv[1:3]
    if find_spec(name) is None:
        sys.stdout.write("null\n")
        return
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    run = PEERS[name](frame_of(kept))
    trades = run(SHORT, LONG)
    first = time.perf_counter() - started
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run(SHORT, LONG)
        took.append(time.perf_counter() - started)
    sys.stdout.write(f"{json.dumps({'first': first, 'warm': median(took), 'trades': trades})}\n")


if __name__ == "__main__":
    main()
