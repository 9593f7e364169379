"""Fills on real prices, trade by trade, beside backtesting.py under the same rules."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest
from backtesting import Strategy as PeerStrategy

from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.backtest.view import View
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.mean_reversion import MeanReversionStrategy
from puffling.puffin.strategies.momentum import MomentumStrategy
from tests.puffin.backtest.markets import real

CASH, SIZE = 10_000.0, 0.9999
NAMES = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL"]


def peer_trades(strategy: type[PeerStrategy], symbol: str, commission: float = 0.0) -> pd.DataFrame:
    """The closed trades of the peer."""
    test = Backtest(real(symbol).to_frame(), strategy, cash=CASH, commission=commission)
    with warnings.catch_warnings():
        # It warns of trades that are open at the end, which both leave out, and of what pandas will drop.
        warnings.simplefilter("ignore")
        trades: pd.DataFrame = test.run()["_trades"][NAMES]
    return trades


def our_trades(result: BacktestResult) -> pd.DataFrame:
    """Ours in the peer's words."""
    trades = result.trades
    return pd.DataFrame(
        {
            "Size": trades.quantity,
            "EntryBar": trades.entry_bar,
            "ExitBar": trades.exit_bar,
            "EntryPrice": trades.entry_price,
            "ExitPrice": trades.exit_price,
            "PnL": trades.profit,
        }
    )


def assert_same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Every trade is the same, whatever order those of one bar are told in."""
    by = ["EntryBar", "ExitBar"]
    ours, theirs = (each.sort_values(by).reset_index(drop=True) for each in (ours, theirs))
    assert len(ours) == len(theirs) > 5
    assert np.allclose(ours.to_numpy(float), theirs.to_numpy(float), rtol=1e-9, atol=1e-6)


def follows(signal: Floats) -> type[PeerStrategy]:
    """The peer's way to hold what a signal says."""

    class Follows(PeerStrategy):
        def init(self) -> None:
            pass

        def next(self) -> None:
            now, before = signal[len(self.data) - 1], signal[len(self.data) - 2]
            if now == before:
                return
            self.position.close()
            if now > 0.0:
                self.buy(size=SIZE)
            elif now < 0.0:
                self.sell(size=SIZE)

    return Follows


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
@pytest.mark.parametrize(
    "strategy", [MomentumStrategy(), MomentumStrategy(10, 30, "ema"), MeanReversionStrategy()]
)
@pytest.mark.parametrize(
    ("commission", "theirs"),
    # Not with a flat fee: the peer sets it aside for every share when it finds the quantity.
    [(CommissionModel(), 0.0), (CommissionModel(pct=0.001), 0.001)],
)
def test_signal_strategies_make_the_trades_of_the_peer(
    symbol: str, strategy: Strategy, commission: CommissionModel, theirs: float
) -> None:
    bars = real(symbol)
    tester = Backtester(commission=commission, terms=Terms(capital=CASH, size=SIZE))
    ours = our_trades(tester.run(strategy, bars))
    assert_same(ours, peer_trades(follows(strategy.signals(bars).signal), symbol, theirs))


class Brackets:
    """Buys every so often, with a stop and a profit to take around the last close."""

    def __init__(self, stop: float, profit: float) -> None:
        self._stop, self._profit = stop, profit

    def on_bar(self, view: View) -> None:
        """Enter when there is nothing."""
        if view.bar % 7 == 6 and not view.position("ASSET") and not view.waiting:
            close = view.close("ASSET")
            view.send(
                Ticket("ASSET", Side.BUY, 10.0),
                stop_loss=close * self._stop,
                take_profit=close * self._profit,
            )

    def peer(self) -> type[PeerStrategy]:
        """The same for the peer."""
        stop, profit = self._stop, self._profit

        class Same(PeerStrategy):
            def init(self) -> None:
                pass

            def next(self) -> None:
                if len(self.data) % 7 == 0 and not self.position and not self.orders:
                    close = self.data.Close[-1]
                    self.buy(size=10, sl=close * stop, tp=close * profit)

        return Same


@pytest.mark.parametrize(("stop", "profit"), [(0.97, 1.04), (0.9, 1.2), (0.5, 1.02)])
@pytest.mark.parametrize("symbol", ["IBM", "MSFT"])
def test_brackets_make_the_trades_of_the_peer(symbol: str, stop: float, profit: float) -> None:
    bars = real(symbol)
    brackets = Brackets(stop, profit)
    ours = our_trades(Backtester(CASH).run(brackets, bars))
    assert_same(ours, peer_trades(brackets.peer(), symbol))


class Waits:
    """Buys ten below the market or above it, by an order that waits, and sells a while later."""

    def __init__(self, kind: Kind, share: float) -> None:
        self._kind, self._share = kind, share

    def on_bar(self, view: View) -> None:
        """Send, wait, leave."""
        if view.bar % 10 == 9:
            price = view.close("ASSET") * self._share
            limit, stop = (price, None) if self._kind is Kind.LIMIT else (None, price)
            view.send(Ticket("ASSET", Side.BUY, 10.0, self._kind, limit, stop))
        elif view.bar % 10 == 7:
            for order in view.waiting:
                view.cancel(order)
            if view.position("ASSET"):
                view.send(Ticket("ASSET", Side.SELL, view.position("ASSET")))

    def peer(self) -> type[PeerStrategy]:
        """The same for the peer."""
        kind, share = self._kind, self._share

        class Same(PeerStrategy):
            def init(self) -> None:
                pass

            def next(self) -> None:
                at = (len(self.data) - 1) % 10
                if at == 9:
                    price = self.data.Close[-1] * share
                    limit, stop = (price, None) if kind is Kind.LIMIT else (None, price)
                    self.buy(size=10, limit=limit, stop=stop)
                elif at == 7:
                    for order in self.orders:
                        order.cancel()
                    self.position.close()

        return Same


@pytest.mark.parametrize(("kind", "share"), [(Kind.LIMIT, 0.99), (Kind.LIMIT, 1.01), (Kind.STOP, 1.01)])
def test_waiting_orders_make_the_trades_of_the_peer(kind: Kind, share: float) -> None:
    waits = Waits(kind, share)
    assert_same(our_trades(Backtester(CASH).run(waits, real("IBM"))), peer_trades(waits.peer(), "IBM"))
