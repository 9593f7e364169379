"""What trading costs: the same values for a backtest and for the paper broker."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.errors import InvalidValue

# Works for one number and for a column of them alike.
Number = TypeVar("Number", float, Floats)


def _settle(model: object, *names: str) -> None:
    """Make plain numbers of all amounts and refuse those below 0."""
    for name in names:
        amount = float(getattr(model, name))
        object.__setattr__(model, name, amount)
        if not 0.0 <= amount < np.inf:
            raise InvalidValue(f"{name.replace('_', ' ').capitalize()} must be 0 or more", field=name)


@frozen
class SlippageModel:
    """How much worse than the quoted price an order fills, for each share.

    `fixed` is money, `pct` a share of the price (0.001 is 0.1 %). Two more grow with the order's share of the
    bar's volume: `volume_share` by the square of that share, `impact` by its root.
    """

    fixed: float = 0.0
    pct: float = 0.0
    volume_share: float = 0.0
    impact: float = 0.0

    def __post_init__(self) -> None:
        _settle(self, "fixed", "pct", "volume_share", "impact")

    @property
    def depends_on_size(self) -> bool:
        """Whether a larger order pays more for each share."""
        return self.volume_share > 0.0 or self.impact > 0.0

    def calculate(self, price: Number, qty: float = 0.0, volume: float = 0.0) -> Number:
        """Give the amount by which the price is worse."""
        if isinstance(price, Decimal):
            price = float(price)
        amount = self.fixed + self.pct * price
        if self.depends_on_size and qty and volume > 0.0:
            share = min(abs(qty) / volume, 1.0)
            amount = amount + (self.volume_share * share * share + self.impact * share**0.5) * price
        return amount


@frozen
class CommissionModel:
    """What a broker takes for an order: `flat`, `per_share` and `pct` of its value, never below `minimum`."""

    flat: float = 0.0
    per_share: float = 0.0
    pct: float = 0.0
    minimum: float = 0.0

    def __post_init__(self) -> None:
        _settle(self, "flat", "per_share", "pct", "minimum")

    def calculate(self, price: Number, qty: Number) -> Number:
        """Give the commission of an order that fills this quantity, of either sign, at this price."""
        if isinstance(price, Decimal) or isinstance(qty, Decimal):
            price, qty = float(price), float(qty)
        size = abs(qty)
        amount = self.flat + self.per_share * size + self.pct * size * price
        return np.maximum(amount, self.minimum) if self.minimum else amount

    @property
    def least(self) -> float:
        """The commission of the smallest order."""
        return max(self.flat, self.minimum)


@frozen
class Carry:
    """What holding costs and earns in a year, as shares: cash lent out, cash borrowed, shares borrowed."""

    cash_rate: float = 0.0
    margin_rate: float = 0.0
    borrow_rate: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether time costs nothing."""
        return not (self.cash_rate or self.margin_rate or self.borrow_rate)


@frozen
class Terms:
    """Under which conditions a strategy is tested.

    At full signals all positions together take `size` of the equity, or of the first capital where they are
    `fixed`; the value of all positions never begins
    above `leverage` times the equity. Quantities are multiples of `lot`, 0 allows any. No order takes more of
    a bar's volume than `volume_cap`, the rest waits; 0 means no cap.
    """

    capital: float = 100_000.0
    slippage: SlippageModel = SlippageModel()
    commission: CommissionModel = CommissionModel()
    carry: Carry = Carry()
    size: float = 1.0
    fixed: bool = False
    leverage: float = 1.0
    lot: float = 1.0
    volume_cap: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("capital", 1e15), ("size", 100.0), ("leverage", 100.0)):
            if not 0.0 < getattr(self, name) <= most:
                raise InvalidValue(f"{name.title()} must be above 0 and at most {most:g}", field=name)
        if not 0.0 <= self.lot < np.inf:
            raise InvalidValue("Lot must be 0 or more", field="lot")
        if not 0.0 <= self.volume_cap <= 1.0:
            raise InvalidValue("Volume cap must lie between 0 and 1", field="volume_cap")
