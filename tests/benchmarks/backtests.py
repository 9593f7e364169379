"""Backtests beside the peers that are installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import product
from statistics import median

import numpy as np

from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sweep import sweep_parameters
from puffling.puffin.backtest.walk_forward import walk_forward
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.strategies.momentum import MomentumStrategy
from tests.benchmarks.measure import Row, benchmark, in_milliseconds, timed

BARS, FEE, ROUNDS = 2_520, 0.001, 15


@benchmark
def backtests() -> Iterator[Row]:
    """One cross of averages, five hundred of them, and walk-forward over many symbols."""
    bars = _walk(BARS, seed=1)
    tester = Backtester(commission=CommissionModel(pct=FEE))
    one = _median(lambda: tester.run(MomentumStrategy(), bars).metrics())
    peers = {name: _median(peer(bars), rounds=5) for name, peer in _PEERS.items() if find_spec(name)}
    beside = ", ".join(f"{name} {in_milliseconds(seconds)}" for name, seconds in peers.items())
    ratio = f"{one / min(peers.values()):.3f}" if peers else ""
    yield Row(
        "A backtest: averages of 20 and 50 crossing, 2,520 days, fees, trades, figures",
        in_milliseconds(one), beside, ratio, "3 ms",
    )  # fmt: skip
    panel = Panel.of({"X": bars})
    windows = product(range(5, 55, 2), range(60, 260, 10))
    pairs = [{"short_window": short, "long_window": long} for short, long in windows]
    terms = Terms(commission=CommissionModel(pct=FEE))
    many = _median(lambda: list(sweep_parameters(MomentumStrategy, pairs, panel, terms)))
    yield Row(
        f"{len(pairs)} pairs of averages, the same fills as single runs",
        in_milliseconds(many), f"single runs {in_milliseconds(len(pairs) * one)}",
        f"{many / (len(pairs) * one):.3f}", "60 ms",
    )  # fmt: skip
    half, whole = (_walking(_market(count)) for count in (4_156, 8_312))
    yield Row(
        "Walk-forward over 20 symbols, 8,312 days",
        in_milliseconds(whole), f"half the days {in_milliseconds(half)}", f"{whole / half:.2f}", "2: linear",
    )  # fmt: skip


def _walking(panel: Panel) -> float:
    return _median(lambda: walk_forward(MomentumStrategy(), panel), rounds=5)


def _median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    return median(timed(work) for _ in range(rounds))


def _walk(count: int, *, seed: int) -> Bars:
    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0002, 0.01, count)))
    open_ = np.append(close[0], close[:-1]) * np.exp(draw.normal(0.0, 0.003, count))
    high, low = np.maximum(open_, close) * 1.003, np.minimum(open_, close) * 0.997
    return Bars(np.arange(1, count + 1) * US_PER_DAY, open_, high, low, close, np.full(count, 1e6))


def _market(count: int) -> Panel:
    return Panel.of({f"S{place}": _walk(count, seed=place) for place in range(20)})


def _with_backtesting(bars: Bars) -> Callable[[], object]:
    from backtesting import Backtest, Strategy

    class Cross(Strategy):
        def init(self) -> None:
            close = self.data.Close.s
            self.short = self.I(lambda: close.rolling(20).mean())
            self.long = self.I(lambda: close.rolling(50).mean())

        def next(self) -> None:
            wanted = np.sign(self.short[-1] - self.long[-1])
            if wanted > 0 and not self.position.is_long:
                self.position.close()
                self.buy()
            elif wanted < 0 and not self.position.is_short:
                self.position.close()
                self.sell()

    test = Backtest(bars.to_frame(), Cross, cash=100_000, commission=FEE)

    def run() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return test.run()

    return run


def _with_vectorbt(bars: Bars) -> Callable[[], object]:
    import vectorbt  # type: ignore[import-not-found,import-untyped,unused-ignore]

    frame = bars.to_frame()

    def run() -> object:
        short, long = (vectorbt.MA.run(frame.Close, window) for window in (20, 50))
        up, down = short.ma_crossed_above(long), short.ma_crossed_below(long)
        held = vectorbt.Portfolio.from_signals(frame.Close, up, down, fees=FEE, freq="1D")
        return held.stats(), held.trades.records_readable

    return run


def _with_backtrader(bars: Bars) -> Callable[[], object]:
    import backtrader  # type: ignore[import-not-found,import-untyped,unused-ignore]

    frame = bars.to_frame()

    class Cross(backtrader.Strategy):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self.cross = backtrader.indicators.CrossOver(
                backtrader.indicators.SMA(period=20), backtrader.indicators.SMA(period=50)
            )

        def next(self) -> None:
            if self.cross[0]:
                self.order_target_percent(target=0.99 * float(self.cross[0]))

    def run() -> object:
        cerebro = backtrader.Cerebro()
        cerebro.addstrategy(Cross)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame))
        cerebro.broker.setcash(100_000)
        cerebro.broker.setcommission(FEE)
        cerebro.addanalyzer(backtrader.analyzers.TradeAnalyzer)
        cerebro.addanalyzer(backtrader.analyzers.SharpeRatio)
        return cerebro.run()

    return run


_PEERS: dict[str, Callable[[Bars], Callable[[], object]]] = {
    "backtesting": _with_backtesting,
    "vectorbt": _with_vectorbt,
    "backtrader": _with_backtrader,
}
