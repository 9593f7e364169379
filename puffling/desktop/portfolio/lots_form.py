"""Which lots a sale closed: a question with a field for each."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import quantity_words
from puffling.desktop.ask import ask_form
from puffling.desktop.forms import Ask, Field
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import LotsForSale

# More would not fit on a screen; the oldest are closed by age anyway.
MOST_ASKED = 12


async def ask_lots(parent: QWidget, sale: LotsForSale) -> dict[str, Decimal] | None:
    """Ask how much of which lot was closed; None when the person thought better of it."""
    fields = tuple(
        Field(
            lot.id,
            tr(
                "{day}, {quantity} at {price}",
                day=f"{lot.opened.astimezone():%Y-%m-%d}",
                quantity=quantity_words(abs(lot.quantity)),
                price=numbers.fixed(lot.price, 2),
            ),
            Ask.DECIMAL,
            least=Decimal(0),
            most=abs(lot.quantity),
            nullable=True,
        )
        for lot in sale.lots[-MOST_ASKED:]
    )
    found = await ask_form(
        parent,
        tr("Which lots of {symbol}?", symbol=sale.symbol),
        fields,
        act=tr("Choose these lots"),
        text=tr(
            "{quantity} were closed. What you do not choose is taken from the oldest.",
            quantity=quantity_words(sale.quantity),
        ),
        values={field.name: sale.chosen.get(field.name) for field in fields},
    )
    if found is None:
        return None
    return {lot: Decimal(quantity) for lot, quantity in found.items() if quantity}
