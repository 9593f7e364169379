"""Fills into holdings: each counts once, in the transaction that writes it down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from puffling.puffin.broker.base import Execution
from puffling.puffin.orders import Side
from puffling.store.orders import Account, Fill, FillKind, Holding, Intent
from puffling.trading.events import HoldingChanged, OrderFilled
from puffling.trading.history import write_trade
from puffling.trading.wire import fill_of
from puffling.trading.words import deed

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)
_PRICE_STEP = Decimal("1e-10")


def take_execution(unit: Unit, account: Account, execution: Execution) -> Fill | None:
    """Write an execution down and change what is held by it; None when it is known already.

    What others had filled before the account was first looked at is in the holdings that were found then.
    """
    fill = fill_of(execution, account=account.id, mode=account.mode, order_id=None, received_at=unit.now)
    if unit.fills.has(fill):
        # Most of what a broker lists was listed the time before.
        return None
    row = unit.orders.by_broker_id(account.id, execution.order_id)
    ours = row is not None and row.intent_id is not None
    if not ours and execution.filled_at < account.created_at:
        return None
    fill = replace(fill, order_id=None if row is None else row.id)
    intent = None if row is None or row.intent_id is None else unit.intents.find(row.intent_id)
    return fill if take_fill(unit, fill, intent) else None


def take_fill(unit: Unit, fill: Fill, intent: Intent | None = None) -> bool:
    """Write a fill down with all that follows from it; False when it is known already."""
    newest = unit.fills.newest(1, account=fill.account, symbol=fill.symbol)
    if not unit.fills.add(fill):
        return False
    before = unit.holdings.find(fill.account, fill.symbol)
    plain = fill.kind in (FillKind.FILL, FillKind.OPENING, FillKind.ADJUSTMENT)
    if plain and (not newest or newest[0].filled_at <= fill.filled_at) and not _is_taken_back(unit, fill):
        quantity, price = after(*_standing(before), fill)
    else:
        # Out of order, or putting something right: what is held follows from all of them anew.
        quantity, price = added_up(unit.fills.of(fill.account, fill.symbol))
    holding = unit.holdings.put(fill.account, fill.symbol, quantity, price)
    write_trade(
        unit,
        fill,
        source="" if intent is None else intent.source,
        intent_id=None if intent is None else intent.id,
        strategy_id=None if intent is None else _strategy_of(unit, intent),
    )
    _note(unit, fill, holding, intent)
    unit.tell(OrderFilled(unit.user, fill, holding, intent))
    unit.tell(HoldingChanged(unit.user, holding))
    if fill.kind is FillKind.BUST and intent is not None:
        # It counts with what is written here.
        from puffling.trading.exits import taken_back

        taken_back(unit, fill, intent, holding)
    return True


def added_up(fills: Iterable[Fill]) -> tuple[Decimal, Decimal]:
    """Give the quantity held and its average price after these fills, oldest first."""
    quantity, price = _NOTHING, _NOTHING
    for fill in standing(fills):
        quantity, price = after(quantity, price, fill)
    return quantity, price


def standing(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    """Give the fills that count: without what was busted, and corrected ones as they were put right."""
    known = tuple(fills)
    undone = {(fill.broker_order_id, fill.corrects) for fill in known if fill.corrects is not None}
    return tuple(
        fill
        for fill in known
        if fill.kind is not FillKind.BUST and (fill.broker_order_id, fill.execution_id) not in undone
    )


def filled_of(fills: Iterable[Fill]) -> Decimal:
    """Give how much of an order its fills make up."""
    return sum((fill.quantity for fill in standing(fills)), _NOTHING)


def filled_in_all(unit: Unit, account: str, broker_order_id: str | None) -> Decimal:
    """Give how much of an order is filled, together with those in whose place it stands."""
    total, seen = _NOTHING, set[str]()
    # A broker may tell nonsense, but not of an order that stands in its own place.
    while broker_order_id is not None and broker_order_id not in seen:
        seen.add(broker_order_id)
        total += filled_of(unit.fills.of_order(account, broker_order_id))
        order = unit.orders.by_broker_id(account, broker_order_id)
        broker_order_id = None if order is None else order.replaces
    return total


def after(quantity: Decimal, price: Decimal, fill: Fill) -> tuple[Decimal, Decimal]:
    """Give quantity and average price after one more fill; what is taken away leaves the price as it is."""
    total = quantity + fill.signed
    if total == 0:
        return _NOTHING, _NOTHING
    if quantity == 0 or (quantity > 0) != (total > 0):
        return total, fill.price
    if abs(total) < abs(quantity):
        return total, price
    paid = quantity * price + fill.signed * fill.price
    return total, (paid / total).quantize(_PRICE_STEP)


def opening(unit: Unit, account: Account, symbol: str, quantity: Decimal, price: Decimal, name: str) -> Fill:
    """Take in what is held that no fill of ours explains, under a name that makes it count once."""
    fill = Fill(
        broker_order_id=f"opening-{account.id}",
        execution_id=name,
        account=account.id,
        mode=account.mode,
        symbol=symbol,
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=price,
        fees=_NOTHING,
        filled_at=unit.now,
        received_at=unit.now,
        kind=FillKind.OPENING,
    )
    take_fill(unit, fill)
    return fill


def _note(unit: Unit, fill: Fill, holding: Holding, intent: Intent | None) -> None:
    """Write the fill into the audit trail: what was done to the money is chained like what was asked for."""
    details: dict[str, Any] = {
        "account": fill.account,
        "order": fill.broker_order_id,
        "execution": fill.execution_id,
        "quantity": f"{fill.quantity:f}",
        "price": f"{fill.price:f}",
        "fees": f"{fill.fees:f}",
        "held": f"{holding.quantity:f}",
    }
    if intent is not None:
        details |= {"intent": intent.id, "client_id": intent.client_id}
    if fill.corrects is not None:
        details["corrects"] = fill.corrects
    unit.audit.append(
        actor="broker",
        capability="desk.fill",
        outcome=fill.kind.value,
        summary=deed(fill.side, fill.quantity, fill.symbol),
        details=details,
    )


def _standing(holding: Holding | None) -> tuple[Decimal, Decimal]:
    return (_NOTHING, _NOTHING) if holding is None else (holding.quantity, holding.average_price)


def _strategy_of(unit: Unit, intent: Intent) -> str | None:
    """Give the strategy that an order is of, be it changed by the person since; None when it is gone."""
    id, _, version = intent.source_version.rpartition(".")
    return id if version and unit.strategies.has(id) else None


def _is_taken_back(unit: Unit, fill: Fill) -> bool:
    """Tell whether the news that it was busted or corrected came before it."""
    fills = unit.fills.of_order(fill.account, fill.broker_order_id)
    return any(each.corrects == fill.execution_id for each in fills)
