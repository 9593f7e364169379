"""The book of a paper account as plain data that JSON can hold, and back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.broker.base import Execution, ExecutionKind, Order, OrderStatus
from puffling.puffin.broker.paper_book import PaperBook, PaperFlow, PaperOrder, Stake, bring
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side

FORMAT = 1


def exported(book: PaperBook) -> dict[str, Any]:
    """Give a book as plain data."""
    return {
        "format": FORMAT,
        "name": book.name,
        "version": book.version,
        "numbers": book.numbers,
        "cash": str(book.cash),
        "positions": {
            symbol: [str(stake.quantity), str(stake.average)] for symbol, stake in book.positions.items()
        },
        "orders": [_known(book, order) for order in book.orders.values()],
        "executions": _executions(book),
        "flows": [
            [flow.id, flow.kind, str(flow.amount), flow.at.isoformat(), flow.symbol] for flow in book.flows
        ],
        "marks": dict(book.marks),
        "unsettled": [[at.isoformat(), str(amount)] for at, amount in book.unsettled],
        "paid_for_time_until": _text(book.paid_for_time_until),
        "day_ends": _text(book.day_ends),
        "closing": None if book.closing is None else str(book.closing),
        "last_equity": None if book.last_equity is None else str(book.last_equity),
        "used": list(book.used),
        "steps": {symbol: str(step) for symbol, step in book.steps.items()},
        "today": None if book.today is None else book.today.isoformat(),
        "acted": {symbol: day.isoformat() for symbol, day in book.acted.items()},
    }


def restored(data: dict[str, Any]) -> PaperBook:
    """Give the book that `exported` wrote."""
    if data.get("format") != FORMAT:
        raise InvalidValue(f"A paper book of format {data.get('format')} cannot be read", field="book")
    book = PaperBook(
        name=data["name"],
        cash=Decimal(data["cash"]),
        positions={
            symbol: Stake(Decimal(held), Decimal(paid)) for symbol, (held, paid) in data["positions"].items()
        },
        executions=[_read_execution(each) for each in data["executions"]],
        flows=[
            PaperFlow(id, kind, Decimal(amount), datetime.fromisoformat(at), symbol)
            for id, kind, amount, at, symbol in data["flows"]
        ],
        marks=dict(data["marks"]),
        numbers=data["numbers"],
        version=data["version"],
        unsettled=[(datetime.fromisoformat(at), Decimal(amount)) for at, amount in data["unsettled"]],
        paid_for_time_until=_moment(data["paid_for_time_until"]),
        day_ends=_moment(data["day_ends"]),
        closing=None if data["closing"] is None else Decimal(data["closing"]),
        last_equity=None if data["last_equity"] is None else Decimal(data["last_equity"]),
        used=dict.fromkeys(data["used"]),
        steps={symbol: Decimal(step) for symbol, step in data["steps"].items()},
        today=None if data["today"] is None else date.fromisoformat(data["today"]),
        acted={symbol: date.fromisoformat(day) for symbol, day in data["acted"].items()},
    )
    for each in data["orders"]:
        order = _read_order(each)
        book.orders[order.id] = order
        parent = book.orders.get(each["parent"]) if each["parent"] else None
        if parent is not None:
            bring(parent, order)
    return book


def _known(book: PaperBook, order: PaperOrder) -> dict[str, Any]:
    if order.is_open:
        return _order(order)
    # What is over does not change any more.
    known = book.ended.get(order.id)
    if known is None:
        known = book.ended[order.id] = _order(order)
    return known


def _order(made: PaperOrder) -> dict[str, Any]:
    """Give an order as plain data; legs name their parent."""
    order, waiting, ticket = made.order, made.waiting, made.waiting.ticket
    return {
        "id": made.id,
        "symbol": order.symbol,
        "side": order.side.value,
        "kind": order.type.value,
        "lasting": order.time_in_force.value,
        "client_id": order.client_order_id,
        "extended": order.extended_hours,
        "either": order.one_cancels_other,
        "quantity": str(made.quantity),
        "filled": str(made.filled),
        "value": str(made.value),
        "remaining": str(made.remaining),
        "fills": made.fills,
        "status": made.status.value,
        "limit": ticket.limit,
        "stop": ticket.stop,
        "trail": ticket.trail,
        "trail_share": ticket.trail_share,
        "loose": waiting.loose,
        "armed": waiting.armed,
        "best": waiting.best,
        "submitted_at": made.submitted_at.isoformat(),
        "expires_at": _text(made.expires_at),
        "filled_at": _text(made.filled_at),
        "canceled_at": _text(made.canceled_at),
        "reason": made.reason,
        "replaces": made.replaces,
        "replaced_by": made.replaced_by,
        "parent": made.parent.id if made.parent is not None else None,
    }


def _read_order(data: dict[str, Any]) -> PaperOrder:
    side, kind = Side(data["side"]), Kind(data["kind"])
    remaining = Decimal(data["remaining"])
    order = Order(
        symbol=data["symbol"],
        side=side,
        qty=Decimal(data["quantity"]),
        type=kind,
        time_in_force=Lasting(data["lasting"]),
        client_order_id=data["client_id"],
        extended_hours=data["extended"],
        one_cancels_other=data["either"],
    )
    ticket = Ticket(
        order.symbol,
        side,
        float(order.qty),
        kind,
        data["limit"],
        data["stop"],
        data["trail"],
        data["trail_share"],
        order.time_in_force,
    )
    waiting = Waiting(ticket, float(remaining), since=0, armed=data["armed"], best=data["best"])
    waiting.loose = data["loose"]
    return PaperOrder(
        id=data["id"],
        order=order,
        quantity=Decimal(data["quantity"]),
        waiting=waiting,
        submitted_at=datetime.fromisoformat(data["submitted_at"]),
        expires_at=_moment(data["expires_at"]),
        status=OrderStatus(data["status"]),
        filled=Decimal(data["filled"]),
        value=Decimal(data["value"]),
        remaining=remaining,
        fills=data["fills"],
        filled_at=_moment(data["filled_at"]),
        canceled_at=_moment(data["canceled_at"]),
        reason=data["reason"],
        replaces=data["replaces"],
        replaced_by=data["replaced_by"],
    )


def _executions(book: PaperBook) -> list[list[Any]]:
    book.made += [_execution(each) for each in book.executions[len(book.made) :]]
    return list(book.made)


def _execution(made: Execution) -> list[Any]:
    return [
        made.execution_id,
        made.order_id,
        made.symbol,
        made.side.value,
        str(made.qty),
        str(made.price),
        str(made.fee),
        made.filled_at.isoformat(),
        made.kind.value,
        made.corrects,
        None if made.cumulative is None else str(made.cumulative),
    ]


def _read_execution(data: list[Any]) -> Execution:
    id, order_id, symbol, side, quantity, price, fee, filled_at, kind, corrects, sum_of_all = data
    return Execution(
        execution_id=id,
        order_id=order_id,
        symbol=symbol,
        side=Side(side),
        qty=Decimal(quantity),
        price=Decimal(price),
        filled_at=datetime.fromisoformat(filled_at),
        fee=Decimal(fee),
        kind=ExecutionKind(kind),
        corrects=corrects,
        cumulative=None if sum_of_all is None else Decimal(sum_of_all),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
