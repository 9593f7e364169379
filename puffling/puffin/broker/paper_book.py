"""What a paper account has and what it was asked: money, positions and orders, as exact as money must be.

The book is plain data all through (see `paper_plain`), so that whoever keeps it can keep it as JSON.
Every order it was ever given is known by its client id for good; of the orders that are over it remembers
the newest in full, so that a book does not grow with its age.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.broker.base import (
    Execution,
    InvalidOrderError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
)

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
    """Money (of a split: shares) that came or went without a trade; `id` is its name for ever."""

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
    def beside(self) -> list[PaperOrder]:
        """What a fill of it leaves less of: the other ways out of the same position."""
        if self.order.one_cancels_other:
            return [*self.legs]
        if self.parent is None:
            return []
        either = [self.parent] if self.parent.order.one_cancels_other else []
        return [*either, *(leg for leg in self.parent.legs if leg is not self)]

    @property
    def is_open(self) -> bool:
        """Whether it may still fill."""
        return self.status in OPEN

    @property
    def moved_at(self) -> datetime:
        """When something happened to it last."""
        return self.canceled_at or self.filled_at or self.submitted_at

    @property
    def family(self) -> list[PaperOrder]:
        """The order with all that came with it."""
        head = self.parent or self
        return [head, *head.legs]

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
    # What it was worth at the last close, and at the one before the present day.
    closing: Decimal | None = None
    last_equity: Decimal | None = None
    used: dict[str, None] = field(default_factory=dict)
    # The smallest step of a quantity, of what was ordered.
    steps: dict[str, Decimal] = field(default_factory=dict)
    # Until which day splits and dividends of a symbol are known to have happened.
    acted: dict[str, date] = field(default_factory=dict)
    # The day it was when they were last looked at.
    today: date | None = None
    # Orders that are over and executions, as they were exported: they do not change any more.
    ended: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    made: list[list[Any]] = field(default_factory=list, repr=False)

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
        self.used[_digest(client_id)] = None

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

    def begin_day(self) -> None:
        """Measure the day from what it was worth at the last close."""
        self.last_equity, self.closing = self.closing or exact(self.worth()), None

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
        many = len(self.orders) > ENDED_KEPT
        ended = [order for order in self.orders.values() if not order.is_open] if many else []
        # The oldest may have waited long and ended just now.
        ended.sort(key=lambda order: max(each.moved_at for each in order.family))
        for order in ended[: max(len(ended) - ENDED_KEPT, 0)]:
            if not any(each.is_open for each in order.family):
                del self.orders[order.id]
                self.ended.pop(order.id, None)
        surplus = max(len(self.executions) - EXECUTIONS_KEPT, 0)
        del self.executions[:surplus], self.made[:surplus]


def bring(parent: PaperOrder, leg: PaperOrder) -> None:
    """Put an order behind the one that brings it, or beside the one that it may cancel."""
    loose = leg.waiting.loose
    leg.parent = parent
    parent.legs.append(leg)
    entry = parent.waiting
    if parent.order.one_cancels_other:
        # To the market model both are legs of an entry that is over.
        entry = Waiting(parent.waiting.ticket, 0.0, since=0)
        parent.waiting.parent = entry
        entry.legs.append(parent.waiting)
    leg.waiting.parent = entry
    entry.legs.append(leg.waiting)
    leg.waiting.loose = loose or parent.order.one_cancels_other


def _digest(client_id: str) -> str:
    return hashlib.blake2b(client_id.encode(), digest_size=10).hexdigest()
