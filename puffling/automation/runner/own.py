"""What a strategy has: the money it was given and the fills of its own orders, beside all else there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.frozen import frozen
from puffling.store.orders import Fill, FillKind
from puffling.trading.ledger import after, standing
from puffling.trading.proposals import replacement_of

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)
# The name under which a paper account tells that a split gave more shares, or fewer.
_SPLIT = "split-"


@frozen
class Part:
    """What of a symbol is a strategy's and what is others', and the money its share of it moved."""

    held: Decimal = _NOTHING
    others: Decimal = _NOTHING
    moved: Decimal = _NOTHING


@frozen
class OwnBook:
    """The cash of a strategy, and its part of every symbol it trades."""

    cash: Decimal
    parts: dict[str, Part]


def own_book(
    unit: Unit, strategy_id: str, account: str, symbols: Iterable[str], capital: Decimal, since: datetime
) -> OwnBook:
    """Give what a strategy has that began with so much money at a moment."""
    orders = unit.decisions.orders_of(strategy_id, account, replacement_of)
    parts = {symbol: part_of(unit.fills.of(account, symbol), orders, since) for symbol in symbols}
    return OwnBook(capital + sum((part.moved for part in parts.values()), _NOTHING), parts)


def part_of(fills: Iterable[Fill], orders: Collection[str], since: datetime) -> Part:
    """Tell a strategy's part of a symbol from everybody else's, by all fills of it, the oldest first.

    What it has from an earlier time is taken on at what it cost, out of the money it is given now.
    """
    held = price = others = moved = _NOTHING
    begun = False
    for fill in standing(fills):
        if not begun and fill.filled_at >= since:
            begun, moved = True, -held * price
        total = held + others
        if fill.kind is FillKind.OPENING and fill.execution_id.startswith(_SPLIT) and total:
            ratio = (total + fill.signed) / total
            held, others, price = held * ratio, others * ratio, price / ratio
        elif fill.broker_order_id in orders:
            held, price = after(held, price, fill)
            moved -= fill.signed * fill.price + fill.fees
        else:
            others += fill.signed
            if held * others < 0:
                # Whoever sells more than is theirs has sold the strategy's.
                gone = held if abs(held) < abs(others) else -others
                held, others, moved = held - gone, others + gone, moved + gone * fill.price
    return Part(held, others, moved if begun else -held * price)
