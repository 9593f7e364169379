"""Keeps the book of a paper account, in one transaction with what it caused by itself."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from puffling.puffin.broker.paper_money import SPLIT
from puffling.store.orders import Account, FlowKind
from puffling.trading.ledger import opening

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)


def open_book(unit: Unit, account: str) -> dict[str, Any] | None:
    """Give the book as it was kept, None before the first."""
    return unit.books.find(account)


def keep_book(unit: Unit, account: Account, book: dict[str, Any]) -> bool:
    """Keep a book with its dividends, interest and splits; False when a newer one is kept already."""
    if not unit.books.keep(account.id, book, book["version"]):
        return False
    for name, kind, amount, at, symbol in book["flows"]:
        if kind == SPLIT:
            _split(unit, account, symbol, Decimal(amount), f"split-{name}")
        else:
            unit.flows.add(
                account.id,
                FlowKind(kind),
                Decimal(amount),
                datetime.fromisoformat(at),
                symbol=symbol,
                broker_id=name,
            )
    return True


def _split(unit: Unit, account: Account, symbol: str, more: Decimal, name: str) -> None:
    """Take in that more shares (or fewer) are held for the same money."""
    before = unit.holdings.find(account.id, symbol)
    held = _NOTHING if before is None else before.quantity
    known = {fill.execution_id for fill in unit.fills.of(account.id, symbol)}
    if not more or name in known:
        return
    opening(unit, account, symbol, more, _NOTHING, name)
    if before is not None and held and held + more:
        unit.holdings.put(account.id, symbol, held + more, before.average_price * held / (held + more))
