"""What a paper account has and what it was asked: money, positions and orders, as exact as money must be.

The book is plain data all through (`export`, `restored`), so that whoever keeps it can keep it as JSON.
Every order it was ever given is known by its client id for good; of the orders that are over it remembers
the newest in full, so that a book does not grow with its age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.broker.base import (
    Execution,
    ExecutionKind,
    InvalidOrderError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
)
from puffling.puffin.orders import Kind, Lasting, Side

FORMAT = 1
ENDED_KEPT = 500
EXECUTIONS_KEPT = 2_000

# Sums of money lose no digit, whatever the caller's own precision is.
EXACT = Context(prec=60)
# What is only shown, such as an average, need not be longer than others calculate.
_PLAIN = Context(prec=28)
_ZERO = Decimal(0)
OPEN = frozenset({OrderStatus.PENDING, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


def exact(value: Number) -> Decimal:
    """Give a number as the decimal a person would write for it."""
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite():
        raise InvalidOrderError(f"{value} is not a number an order can have", code="not_finite")
    return number


@dataclass(slots=True)
class Stake:
    """What is held of a symbol, negative when sold short, and what it cost on average."""

    quantity: Decimal
    average: Decimal


@frozen
class PaperFlow:
    """Money that came or went without a trade; `id` is its name for ever."""

    id: str
    kind: str
    amount: Decimal
    at: datetime
    symbol: str = ""


@dataclass(slots=True, eq=False)
class PaperOrder:
    """An order and how far it has come; `waiting` is how the market model sees it."""

    id: str
    order: Order
    quantity: Decimal
    waiting: Waiting
    submitted_at: datetime
    expires_at: datetime | None = None
    status: OrderStatus = OrderStatus.ACCEPTED
    filled: Decimal = _ZERO
    # What was paid for all that was filled.
    value: Decimal = _ZERO
    remaining: Decimal = _ZERO
    fills: int = 0
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    reason: str | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    parent: PaperOrder | None = None
    legs: list[PaperOrder] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN

    @property
    def symbol(self) -> str:
        """What it is about."""
        return self.order.symbol

    def left(self, remaining: Decimal) -> None:
        """Take in what is left of it, for the market model too."""
        self.remaining = remaining
        self.waiting.remaining = float(remaining)

    def info(self) -> OrderStatusInfo:
        """Give it as whoever asks the broker sees it."""
        ticket, order = self.waiting.ticket, self.order
        average = EXACT.divide(self.value, self.filled) if self.filled else None
        return OrderStatusInfo(
            order_id=self.id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            qty=self.quantity,
            filled_qty=self.filled,
            type=order.type,
            status=self.status,
            limit_price=None if ticket.limit is None else exact(ticket.limit),
            stop_price=None if ticket.stop is None else exact(ticket.stop),
            avg_fill_price=None if average is None else _PLAIN.plus(average),
            submitted_at=self.submitted_at,
            filled_at=self.filled_at,
            canceled_at=self.canceled_at,
            reject_reason=self.reason,
            time_in_force=order.time_in_force,
            raw_status=self.status.value,
            replaces=self.replaces,
            replaced_by=self.replaced_by,
            parent_id=self.parent.id if self.parent is not None else None,
            legs=tuple(leg.info() for leg in self.legs),
        )

    def export(self) -> dict[str, Any]:
        """Give it as plain data; legs name their parent."""
        order, waiting, ticket = self.order, self.waiting, self.waiting.ticket
        return {
            "id": self.id,
            "symbol": order.symbol,
            "side": order.side.value,
            "kind": order.type.value,
            "lasting": order.time_in_force.value,
            "client_id": order.client_order_id,
            "extended": order.extended_hours,
            "quantity": str(self.quantity),
            "filled": str(self.filled),
            "value": str(self.value),
            "remaining": str(self.remaining),
            "fills": self.fills,
            "status": self.status.value,
            "limit": ticket.limit,
            "stop": ticket.stop,
            "trail": ticket.trail,
            "trail_share": ticket.trail_share,
            "loose": waiting.loose,
            "armed": waiting.armed,
            "best": waiting.best,
            "submitted_at": self.submitted_at.isoformat(),
            "expires_at": _text(self.expires_at),
            "filled_at": _text(self.filled_at),
            "canceled_at": _text(self.canceled_at),
            "reason": self.reason,
            "replaces": self.replaces,
            "replaced_by": self.replaced_by,
            "parent": self.parent.id if self.parent is not None else None,
        }


@dataclass(slots=True)
class PaperBook:
    """The whole state of a paper account."""

    name: str
    cash: Decimal
    positions: dict[str, Stake] = field(default_factory=dict)
    orders: dict[str, PaperOrder] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    flows: list[PaperFlow] = field(default_factory=list)
    # The newest price of whatever is held or ordered.
    marks: dict[str, float] = field(default_factory=dict)
    numbers: int = 0
    version: int = 0
    # Proceeds of sales that are not settled yet: when they will be, and how much.
    unsettled: list[tuple[datetime, Decimal]] = field(default_factory=list)
    paid_for_time_until: datetime | None = None
    day_ends: datetime | None = None
    last_equity: Decimal | None = None
    # Splits and dividends that happened already: symbol and day.
    happened: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    _ended: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    def next_id(self) -> str:
        """Give a name that no order of this book ever had."""
        self.numbers += 1
        return f"{self.name}-{self.numbers}"

    def held(self, symbol: str) -> Decimal:
        """Give how much is held of a symbol."""
        stake = self.positions.get(symbol)
        return _ZERO if stake is None else stake.quantity

    def open_orders(self) -> Iterator[PaperOrder]:
        """Give what may still fill, the oldest first."""
        return (order for order in self.orders.values() if order.is_open)

    def by_client_id(self, client_id: str) -> PaperOrder | None:
        """Give the order of a client id, as far as the book remembers it in full."""
        return next(
            (order for order in self.orders.values() if order.order.client_order_id == client_id), None
        )

    def was_used(self, client_id: str) -> bool:
        """Tell whether an order of this client id was ever taken."""
        return _digest(client_id) in self.used

    def use(self, client_id: str) -> None:
        """Remember a client id for ever."""
        self.used.add(_digest(client_id))

    def price(self, symbol: str) -> float:
        """Give the newest price of a symbol that is held; before the first, what it cost."""
        known = self.marks.get(symbol)
        return float(self.positions[symbol].average) if known is None else known

    def worth(self) -> float:
        """Give what everything is worth at the newest prices."""
        return float(self.cash) + sum(
            float(stake.quantity) * self.price(symbol) for symbol, stake in self.positions.items()
        )

    def gross(self) -> float:
        """Give the value of all positions, of either side."""
        return sum(
            abs(float(stake.quantity)) * self.price(symbol) for symbol, stake in self.positions.items()
        )

    def trade(self, symbol: str, signed: Decimal, price: Decimal, fee: Decimal) -> None:
        """Change money and position by one fill, exactly."""
        self.cash = EXACT.subtract(self.cash, EXACT.add(EXACT.multiply(signed, price), fee))
        before = self.positions.get(symbol)
        if before is None:
            self.positions[symbol] = Stake(signed, price)
            return
        after = EXACT.add(before.quantity, signed)
        if not after:
            del self.positions[symbol]
        elif before.quantity * signed > 0:
            cost = EXACT.add(EXACT.multiply(before.quantity, before.average), EXACT.multiply(signed, price))
            self.positions[symbol] = Stake(after, _PLAIN.divide(cost, after))
        else:
            turned = after * before.quantity < 0
            self.positions[symbol] = Stake(after, price if turned else before.average)

    def forget_the_oldest(self) -> None:
        """Let go of orders that ended long ago and of their fills; their client ids stay used."""
        ended = [order for order in self.orders.values() if not order.is_open]
        for order in ended[: max(len(ended) - ENDED_KEPT, 0)]:
            family = (order.parent, *order.legs)
            if not any(other is not None and other.is_open for other in family):
                del self.orders[order.id]
                self._ended.pop(order.id, None)
        del self.executions[: max(len(self.executions) - EXECUTIONS_KEPT, 0)]

    def export(self) -> dict[str, Any]:
        """Give the book as plain data that JSON can hold."""
        return {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "numbers": self.numbers,
            "cash": str(self.cash),
            "positions": {
                symbol: [str(stake.quantity), str(stake.average)] for symbol, stake in self.positions.items()
            },
            "orders": [self._exported(order) for order in self.orders.values()],
            "executions": [_execution(each) for each in self.executions],
            "flows": [
                [flow.id, flow.kind, str(flow.amount), flow.at.isoformat(), flow.symbol]
                for flow in self.flows
            ],
            "marks": dict(self.marks),
            "unsettled": [[at.isoformat(), str(amount)] for at, amount in self.unsettled],
            "paid_for_time_until": _text(self.paid_for_time_until),
            "day_ends": _text(self.day_ends),
            "last_equity": None if self.last_equity is None else str(self.last_equity),
            "happened": sorted(self.happened),
            "used": sorted(self.used),
        }

    def _exported(self, order: PaperOrder) -> dict[str, Any]:
        if order.is_open:
            return order.export()
        # What is over does not change any more.
        known = self._ended.get(order.id)
        if known is None:
            known = self._ended[order.id] = order.export()
        return known


def restored(data: dict[str, Any]) -> PaperBook:
    """Give the book that `export` wrote."""
    if data.get("format") != FORMAT:
        raise InvalidOrderError(f"A paper book of format {data.get('format')} cannot be read", code="format")
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
        last_equity=None if data["last_equity"] is None else Decimal(data["last_equity"]),
        happened=set(data["happened"]),
        used=set(data["used"]),
    )
    for each in data["orders"]:
        order = _read_order(each)
        book.orders[order.id] = order
        parent = book.orders.get(each["parent"]) if each["parent"] else None
        if parent is not None:
            order.parent = parent
            order.waiting.parent = parent.waiting
            parent.legs.append(order)
            parent.waiting.legs.append(order.waiting)
    return book


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
    ]


def _read_execution(data: list[Any]) -> Execution:
    id, order_id, symbol, side, quantity, price, fee, filled_at, kind, corrects = data
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
    )


def _digest(client_id: str) -> str:
    return hashlib.blake2b(client_id.encode(), digest_size=10).hexdigest()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
