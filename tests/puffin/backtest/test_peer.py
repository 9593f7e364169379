"""Fills on real prices, trade by trade, beside backtesting.py under the same rules.

Where its rules are others, both are given a market in which they cannot differ. Its stop-limit order fills at
the stop, also where the bar opened past it, and its trailing stop is a stop moved on each close, while ours
follows the highs and may be met in the bar that made one: bars without gaps and wicks know neither. What it
does not know is not compared: sizes by a rule, volume caps, interest, splits, several symbols.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from backtesting import Backtest
from backtesting import Strategy as PeerStrategy
from backtesting.lib import TrailingStrategy

from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.backtest.view import View
from puffling.puffin.data.bars import Bars
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.mean_reversion import MeanReversionStrategy
from puffling.puffin.strategies.momentum import MomentumStrategy
from tests.puffin.backtest.markets import real

CASH, SIZE, RANGE = 10_000.0, 0.9999, 100
NAMES = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL"]


def unbroken(bars: Bars) -> Bars:
    """The same closes in bars that open where the one before closed and go nowhere but to their own close."""
    opened = np.append(bars.close[0], bars.close[:-1])
    high, low = np.maximum(opened, bars.close), np.minimum(opened, bars.close)
    return Bars(bars.time, opened, high, low, bars.close, bars.volume)


def peer_trades(strategy: type[PeerStrategy], bars: Bars, commission: float = 0.0) -> pd.DataFrame:
    """The closed trades of the peer."""
    test = Backtest(bars.to_frame(), strategy, cash=CASH, commission=commission)
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
    assert_same(ours, peer_trades(follows(strategy.signals(bars).signal), bars, theirs))


def opposite(side: Side) -> Side:
    """The way out."""
    return Side.SELL if side is Side.BUY else Side.BUY


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
    assert_same(ours, peer_trades(brackets.peer(), bars))


class Waits:
    """Buys or sells ten by an order that waits, and goes out again a while later."""

    def __init__(self, side: Side, limit: float | None, stop: float | None) -> None:
        self._side, self._limit, self._stop = side, limit, stop

    def _prices(self, close: float) -> tuple[float | None, float | None]:
        return self._limit and close * self._limit, self._stop and close * self._stop

    def on_bar(self, view: View) -> None:
        """Send, wait, leave."""
        if view.bar % 10 == 9:
            limit, stop = self._prices(view.close("ASSET"))
            kind = Kind.STOP_LIMIT if limit and stop else Kind.LIMIT if limit else Kind.STOP
            view.send(Ticket("ASSET", self._side, 10.0, kind, limit, stop))
        elif view.bar % 10 == 7:
            for order in view.waiting:
                view.cancel(order)
            if view.position("ASSET"):
                view.send(Ticket("ASSET", opposite(self._side), abs(view.position("ASSET"))))

    def peer(self) -> type[PeerStrategy]:
        """The same for the peer."""
        side, prices = self._side, self._prices

        class Same(PeerStrategy):
            def init(self) -> None:
                pass

            def next(self) -> None:
                at = (len(self.data) - 1) % 10
                if at == 9:
                    limit, stop = prices(self.data.Close[-1])
                    (self.buy if side is Side.BUY else self.sell)(size=10, limit=limit, stop=stop)
                elif at == 7:
                    for order in self.orders:
                        order.cancel()
                    self.position.close()

        return Same


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
@pytest.mark.parametrize(
    ("side", "limit", "stop"),
    [
        (Side.BUY, 0.99, None),
        (Side.BUY, 1.01, None),
        (Side.SELL, 1.01, None),
        (Side.SELL, 0.99, None),
        (Side.BUY, None, 1.01),
        (Side.SELL, None, 0.99),
        # Once it broke out, not above where it stood a little before.
        (Side.BUY, 1.005, 1.01),
        (Side.SELL, 0.995, 0.99),
    ],
)
def test_waiting_orders_make_the_trades_of_the_peer(
    symbol: str, side: Side, limit: float | None, stop: float | None
) -> None:
    waits, bars = Waits(side, limit, stop), real(symbol)
    assert_same(our_trades(Backtester(CASH).run(waits, bars)), peer_trades(waits.peer(), bars))


@pytest.mark.parametrize(("side", "limit", "stop"), [(Side.BUY, 1.02, 1.01), (Side.SELL, 0.98, 0.99)])
def test_stops_with_room_to_their_limit_make_the_trades_of_the_peer(
    side: Side, limit: float, stop: float
) -> None:
    waits, bars = Waits(side, limit, stop), unbroken(real("IBM"))
    assert_same(our_trades(Backtester(CASH).run(waits, bars)), peer_trades(waits.peer(), bars))


class Moves:
    """Buys every so often and moves a stop up behind the close, by a multiple of the average true range."""

    def __init__(self, bars: Bars, multiple: float) -> None:
        before = np.append(np.nan, bars.close[:-1])
        ranges = np.maximum(bars.high, before) - np.minimum(bars.low, before)
        self._range = pd.Series(ranges).rolling(RANGE).mean().to_numpy()
        self._multiple, self._stop = multiple, 0.0

    def on_bar(self, view: View) -> None:
        """Enter, or put a higher stop in the place of the one that waits."""
        held = view.position("ASSET")
        if held:
            for order in view.waiting:
                view.cancel(order)
            self._stop = max(self._stop, view.close("ASSET") - self._multiple * self._range[view.bar])
            view.send(Ticket("ASSET", Side.SELL, held, Kind.STOP, stop=self._stop))
        elif view.bar > RANGE and view.bar % 7 == 6:
            self._stop = 0.0
            view.send(Ticket("ASSET", Side.BUY, 10.0))

    def peer(self) -> type[PeerStrategy]:
        """The peer's own strategy of that kind."""
        multiple = self._multiple

        class Same(TrailingStrategy):
            def init(self) -> None:
                super().init()
                self.set_atr_periods(RANGE)
                self.set_trailing_sl(multiple)

            def next(self) -> None:
                super().next()
                if len(self.data) - 1 > RANGE and len(self.data) % 7 == 0 and not self.position:
                    self.buy(size=10)

        return Same


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
@pytest.mark.parametrize("multiple", [1.0, 3.0])
def test_a_stop_moved_behind_the_close_makes_the_trades_of_the_peer(symbol: str, multiple: float) -> None:
    bars = real(symbol)
    moves = Moves(bars, multiple)
    assert_same(our_trades(Backtester(CASH).run(moves, bars)), peer_trades(moves.peer(), bars))


class Trails:
    """Goes in every so often and leaves by a trailing stop."""

    def __init__(self, side: Side, share: float) -> None:
        self._side, self._share = side, share

    def on_bar(self, view: View) -> None:
        """Enter, then send the stop once."""
        held = view.position("ASSET")
        if held and not view.waiting:
            leave = Ticket(
                "ASSET", opposite(self._side), abs(held), Kind.TRAILING_STOP, trail_share=self._share
            )
            view.send(leave)
        elif not held and view.bar % 7 == 6:
            view.send(Ticket("ASSET", self._side, 10.0))

    def peer(self) -> type[PeerStrategy]:
        """The same for the peer: a stop loss moved behind the best price."""
        side, share = self._side, self._share

        class Same(PeerStrategy):
            def init(self) -> None:
                pass

            def next(self) -> None:
                for trade in self.trades:
                    close = self.data.Close[-1]
                    if side is Side.BUY:
                        trade.sl = max(trade.sl or 0.0, close * (1.0 - share))
                    else:
                        trade.sl = min(trade.sl or np.inf, close * (1.0 + share))
                if not self.position and len(self.data) % 7 == 0:
                    (self.buy if side is Side.BUY else self.sell)(size=10)

        return Same


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("share", [0.02, 0.1])
def test_trailing_stops_make_the_trades_of_the_peer(side: Side, share: float) -> None:
    trails, bars = Trails(side, share), unbroken(real("IBM"))
    assert_same(our_trades(Backtester(CASH).run(trails, bars)), peer_trades(trails.peer(), bars))
