"""Buying what breaks out, with both ways to leave decided beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.factors.declaration import Real, period
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.puffin.strategies.trading import TradingStrategy

if TYPE_CHECKING:
    from puffling.puffin.backtest.view import View

# A price that only comes back to its high has not broken out.
_BEYOND = 1.0001


class BracketBreakoutStrategy(TradingStrategy):
    """A buy stop just above the highest high of the `window` bars, good for a session, as a bracket.

    Once in, it leaves at a loss of `risk` or at a gain of `reward` times as much, whichever comes first, each
    a share of the price at which it broke out. Every symbol takes an equal part of `share` of the equity, or
    of what another rule of sizes makes of it.
    """

    title = "Bracket breakout"
    help = "Buys a new high with a stop order, and leaves at a loss or a gain that were set beforehand."
    parameters = (
        period(20, name="window", title="Window"),
        Real("risk", "Loss to leave at", 0.05, 0.001, 0.9, 0.005),
        Real("reward", "Gain to leave at, in losses", 2.0, 0.1, 100.0, 0.25),
        Real("share", "Share of the equity", 0.9, 0.01, 1.0, 0.05),
    )
    window: int
    risk: float
    reward: float
    share: float

    def bars_needed(self) -> int:
        """One window."""
        return self.window

    def on_bar(self, view: View) -> None:
        """Send the order of the next session wherever nothing is held and nothing waits."""
        busy = {waiting.ticket.symbol for waiting in view.waiting}
        for symbol in view.symbols:
            bars = view.history(symbol)
            if len(bars) < self.window or symbol in busy or view.position(symbol):
                continue
            level = float(bars.high[-self.window :].max()) * _BEYOND
            view.send(
                Ticket(symbol, Side.BUY, kind=Kind.STOP, stop=level, lasting=Lasting.DAY),
                take_profit=level * (1.0 + self.reward * self.risk),
                stop_loss=level * (1.0 - self.risk),
                share=self.share,
            )
