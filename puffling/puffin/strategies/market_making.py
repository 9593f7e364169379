"""Standing on both sides of the market."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.cells import Deviation, Mean
from puffling.puffin.factors.declaration import Real, Whole, period
from puffling.puffin.strategies.base import Signals, Strategy


class MarketMakingStrategy(Strategy):
    """Buys below a fair price and sells above it, more the further away, and never beyond its inventory.

    On bars the fair price is the mean of the window. The signal is the share of the inventory that the quotes
    would have filled: 0 within half the spread around it, then growing to all of it one volatility further
    out, rounded to tenths. Quotes themselves, for who can stand in a book, come from `get_quote_prices`.
    """

    title = "Market making"
    help = "Buys below the fair price and sells above it, in steps, and holds a bounded inventory."
    parameters = (
        Real("spread_bps", "Spread, in hundredths of a percent", 10.0, 0.1, 1_000.0, 1.0),
        Whole("max_inventory", "Most shares held", 100, 1, 1_000_000),
        period(20, name="volatility_window", title="Window"),
    )
    spread_bps: float
    max_inventory: int
    volatility_window: int

    def __init__(
        self, spread_bps: float = 10.0, max_inventory: int = 100, volatility_window: int = 20
    ) -> None:
        super().__init__(
            spread_bps=spread_bps, max_inventory=max_inventory, volatility_window=volatility_window
        )

    def bars_needed(self) -> int:
        """One full window."""
        return self.volatility_window

    def get_quote_prices(self, mid_price: float, volatility: float = 0.0) -> tuple[float, float]:
        """Give the bid and the ask around a price; volatility, as a share of it, moves them apart."""
        if not mid_price > 0.0:
            raise InvalidValue("The price must be above 0", field="mid_price")
        if not volatility >= 0.0:
            raise InvalidValue("The volatility must not be negative", field="volatility")
        half = float(mid_price) * (self.spread_bps / 20_000.0 + float(volatility) / 2.0)
        return float(mid_price) - half, float(mid_price) + half

    def decide(self, bars: Bars) -> Signals:
        """Lean against the distance from the mean."""
        close = bars.close
        fair, wild = Mean(self.volatility_window)(close), Deviation(self.volatility_window)(close)
        half = fair * self.spread_bps / 20_000.0
        beyond = np.abs(close - fair) - half
        # A window without movement leaves rounding errors for a distance.
        moved = (wild > 1e-9 * close) & (beyond > 0.0)
        share = np.divide(beyond, wild, out=np.zeros_like(close), where=moved)
        steps = np.rint(10.0 * np.minimum(share, 1.0)) / 10.0
        signal = np.where(steps > 0.0, np.where(close > fair, -steps, steps), 0.0)
        return Signals(signal, np.abs(signal))
