"""Amounts of money as they are shown, or hidden from whoever looks over one's shoulder.

Shares and prices stay: they say nothing of how much there is.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from puffling.desktop import numbers
from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session

HIDDEN = "\N{BULLET}" * 5


class Amounts:
    """Writes every amount of a window; whoever shows some writes them anew when they are hidden or shown."""

    def __init__(self, _session: Session) -> None:
        self._hidden = False
        self._listeners = Listeners[[]]()

    @property
    def hidden(self) -> bool:
        """Tell whether amounts are hidden."""
        return self._hidden

    def hide(self, hidden: bool) -> None:
        """Hide all amounts from now on, or show them again."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._listeners.tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener when amounts are hidden or shown; the answer unsubscribes."""
        return self._listeners.add(listener)

    def money(self, amount: numbers.Number | None, *, signed: bool = False, decimals: int = 2) -> str:
        """Give an amount of money, with the sign of a gain where it is asked for."""
        if self._hidden and amount is not None:
            return HIDDEN
        return numbers.money(amount, decimals=decimals, signed=signed)

    def quantity(self, quantity: Decimal | None) -> str:
        """Give how much is held, with as many decimals as it has."""
        if self._hidden and quantity is not None:
            return HIDDEN
        return quantity_words(quantity)


def quantity_words(quantity: Decimal | None) -> str:
    """Give a quantity without zeros at its end: 12, 0.25, −3."""
    if quantity is None:
        return numbers.NOTHING
    exponent = quantity.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return numbers.fixed(quantity, min(decimals, 9))
