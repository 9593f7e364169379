"""The book of a broker of one's own: rows of plain data, and what they say as orders, fills and truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from puffling.puffin.broker.base import Execution, ExecutionKind, Order, OrderStatus, OrderStatusInfo
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import FillKind
from tests.faults.checker import TrueFill, TrueOrder, Truth

START_CASH = Decimal(100_000)
OVER = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REPLACED,
    }
)

Row = dict[str, Any]


@dataclass
class Book:
    """Everything the broker has; `orders` and `fills` are rows of plain data."""

    cash: str = str(START_CASH)
    orders: dict[str, Row] = field(default_factory=dict)
    fills: list[Row] = field(default_factory=list)
    positions: dict[str, str] = field(default_factory=dict)
    truth: list[list[str]] = field(default_factory=list)

    def accept(self, order: Order, at: datetime) -> Row:
        """Take an order and its legs in."""
        row: Row = {
            "id": f"o{len(self.orders) + 1}",
            "client_id": order.client_order_id,
            "symbol": order.symbol,
            "side": order.side.value,
            "qty": str(order.qty),
            "filled": "0",
            "paid": "0",
            "kind": order.type.value,
            "lasting": order.time_in_force.value,
            "limit": None if order.limit_price is None else str(order.limit_price),
            "stop": None if order.stop_price is None else str(order.stop_price),
            "status": OrderStatus.ACCEPTED.value,
            "at": at.isoformat(),
            "replaces": None,
            "replaced_by": None,
            "parent": None,
        }
        self.orders[str(row["id"])] = row
        self.truth.append(["accepted", str(row["id"]), str(order.client_order_id)])
        for price in (order.take_profit, order.stop_loss):
            if price is not None:
                leg = dict(row)
                leg["id"], leg["parent"] = f"o{len(self.orders) + 1}", row["id"]
                leg["client_id"] = f"leg-{leg['id']}"
                leg["side"] = "sell" if row["side"] == "buy" else "buy"
                leg["status"] = OrderStatus.ACCEPTED.value
                self.orders[leg["id"]] = leg
        return row

    def fill(self, row: Row, quantity: Decimal, price: Decimal, at: datetime) -> Execution:
        """Fill some of an order."""
        row["filled"] = str(Decimal(row["filled"]) + quantity)
        row["paid"] = str(Decimal(row["paid"]) + quantity * price)
        whole = Decimal(row["filled"]) == Decimal(row["qty"])
        row["status"] = (OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED).value
        self.move(row["symbol"], quantity if row["side"] == "buy" else -quantity, price)
        fill = {
            "id": f"x{len(self.fills) + 1}",
            "order": row["id"],
            "symbol": row["symbol"],
            "side": row["side"],
            "qty": str(quantity),
            "price": str(price),
            "at": at.isoformat(),
            "kind": ExecutionKind.FILL.value,
            "corrects": None,
        }
        self.fills.append(fill)
        self.truth.append(["fill", row["id"], fill["id"]])
        return execution_of(fill)

    def move(self, symbol: str, signed: Decimal, price: Decimal) -> None:
        """Change what is held, and the money."""
        self.positions[symbol] = str(Decimal(self.positions.get(symbol, "0")) + signed)
        self.cash = str(Decimal(self.cash) - signed * price)


def info_of(row: Row, legs: tuple[OrderStatusInfo, ...] = ()) -> OrderStatusInfo:
    filled = Decimal(row["filled"])
    return OrderStatusInfo(
        order_id=row["id"],
        client_order_id=row["client_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
        filled_qty=filled,
        type=Kind(row["kind"]),
        status=OrderStatus(row["status"]),
        limit_price=None if row["limit"] is None else Decimal(row["limit"]),
        stop_price=None if row["stop"] is None else Decimal(row["stop"]),
        avg_fill_price=Decimal(row["paid"]) / filled if filled else None,
        submitted_at=datetime.fromisoformat(row["at"]),
        time_in_force=Lasting(row["lasting"]),
        replaces=row["replaces"],
        replaced_by=row["replaced_by"],
        parent_id=row["parent"],
        legs=legs,
    )


def execution_of(row: Row) -> Execution:
    return Execution(
        execution_id=row["id"],
        order_id=row["order"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        qty=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        filled_at=datetime.fromisoformat(row["at"]),
        kind=ExecutionKind(row["kind"]),
        corrects=row["corrects"],
    )


def truth_in(book: Book) -> Truth:
    """Give what the broker of this book really did, for the checker."""
    return Truth(
        tuple(
            TrueOrder(
                row["id"],
                row["client_id"],
                row["symbol"],
                Side(row["side"]),
                Decimal(row["qty"]),
                datetime.fromisoformat(row["at"]),
                leg=row["parent"] is not None,
                over=OrderStatus(row["status"]) in OVER,
            )
            for row in book.orders.values()
        ),
        tuple(
            TrueFill(
                row["id"],
                row["order"],
                row["symbol"],
                Side(row["side"]),
                Decimal(row["qty"]),
                Decimal(row["price"]),
                kind=FillKind(row["kind"]),
                corrects=row["corrects"],
            )
            for row in book.fills
        ),
        {symbol: Decimal(quantity) for symbol, quantity in book.positions.items()},
        START_CASH,
        Decimal(book.cash),
    )
