"""A broker of a person's own, to Puffin's contract: it keeps the truth, and misbehaves on command.

Its book can lie in a file, so that it lives on when the process that spoke with it is killed. `truth` is the
log of what it really did: every order it accepted and every fill, in order.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from puffling.puffin.broker.base import (
    AccountInfo,
    Asset,
    Broker,
    BrokerAbilities,
    BrokerBusyError,
    BrokerClock,
    BrokerUpdate,
    Change,
    DuplicateOrderError,
    Execution,
    ExecutionKind,
    InsufficientFundsError,
    InvalidOrderError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
    Position,
    UnclearError,
    UnknownOrderError,
    UpdateKind,
)
from puffling.puffin.orders import Kind, Lasting, Side
from tests.fakes.own_book import OVER, Book, Row, execution_of, info_of, truth_in
from tests.faults.checker import Truth

EVERYTHING = BrokerAbilities(
    kinds=frozenset(Kind),
    lasting=frozenset(Lasting),
    brackets=True,
    fractions=True,
    short=True,
    extended_hours=True,
    replaces=True,
    finds_client_ids=True,
    lists_fills=True,
    streams=True,
)


class OwnBroker(Broker):
    """Accepts and fills what it is told to, at 100 a piece unless told otherwise.

    `faults` are used up one by one, each by the next call it belongs to; `fills` says how much of each new
    order is filled at once.
    """

    def __init__(
        self,
        *,
        abilities: BrokerAbilities = EVERYTHING,
        now: Callable[[], datetime] = lambda: datetime(2026, 3, 4, 16, 0, tzinfo=UTC),
        file: Path | None = None,
        fills: str = "nothing",
    ) -> None:
        self.abilities = abilities
        self.faults: dict[str, deque[str]] = {}
        self.price = Decimal(100)
        self.fills = fills
        self.clock_ahead = timedelta()
        self.submitted = 0
        self.calls: list[str] = []
        self.hang = threading.Event()
        self.mute = False
        # How often an order that is late is not found.
        self.hidden_for = 1
        # Whether a changed order begins with what the old one had filled, or with what was left of it.
        self.carries_fills = True
        # What the fault "halts" does.
        self.halts: Callable[[], object] = lambda: None
        # Gets what would be said on the stream instead of the listeners.
        self.intercept: Callable[[BrokerUpdate], None] | None = None
        self._now = now
        self._file = file
        self._lock = threading.RLock()
        self._listeners: list[Callable[[BrokerUpdate], None]] = []
        self._hidden: dict[str, int] = {}
        self._book = Book()

    # What tests do.

    def fault(self, call: str, *names: str) -> None:
        """Let the next calls of this name misbehave so, one after the other."""
        self.faults.setdefault(call, deque()).extend(names)

    @property
    def book(self) -> Book:
        """What it has now."""
        with self._lock:
            if self._file is not None and self._file.exists():
                self._book = Book(**json.loads(self._file.read_text()))
            return self._book

    def accepted(self) -> list[Row]:
        """Every order it ever accepted, in order."""
        return list(self.book.orders.values())

    def fill(self, order_id: str, quantity: Number | None = None, *, say: bool = True) -> Execution:
        """Fill an order, whole or in part."""
        with self._lock:
            book = self.book
            row = book.orders[order_id]
            left = Decimal(row["qty"]) - Decimal(row["filled"])
            much = left if quantity is None else Decimal(str(quantity))
            made = book.fill(row, much, self.price, self._now())
            self._keep(book)
        if say:
            done = Decimal(row["filled"]) == Decimal(row["qty"])
            self.tell(row["id"], "fill" if done else "partial_fill", made)
        return made

    def undo(self, execution: Execution, *, price: Decimal | None = None) -> Execution:
        """Bust a fill, or put its price right."""
        kind = ExecutionKind.BUST if price is None else ExecutionKind.CORRECTION
        with self._lock:
            book = self.book
            row = book.orders[execution.order_id]
            sign = 1 if row["side"] == "buy" else -1
            new = execution.price if price is None else price
            quantity = Decimal(execution.qty)
            book.move(row["symbol"], -sign * quantity, execution.price)
            if price is not None:
                book.move(row["symbol"], sign * quantity, price)
            else:
                row["filled"] = str(Decimal(row["filled"]) - quantity)
            fill = {
                "id": f"x{len(book.fills) + 1}",
                "order": row["id"],
                "symbol": row["symbol"],
                "side": row["side"],
                "qty": str(quantity),
                "price": str(new),
                "at": self._now().isoformat(),
                "kind": kind.value,
                "corrects": execution.execution_id,
            }
            book.fills.append(fill)
            book.truth.append([kind.value, row["id"], fill["id"]])
            self._keep(book)
        made = execution_of(fill)
        self.tell(row["id"], "trade_" + kind.value, made)
        return made

    def end(self, order_id: str, status: OrderStatus, *, say: bool = True) -> None:
        """Let an order end by itself."""
        with self._lock:
            book = self.book
            book.orders[order_id]["status"] = status.value
            self._keep(book)
        if say:
            self.tell(order_id, status.value)

    def place_elsewhere(
        self, symbol: str, quantity: Number, *, side: Side = Side.BUY, name: str | None = None
    ) -> str:
        """Place an order by hand, at the broker's own site."""
        with self._lock:
            order = Order(symbol, side, quantity, client_order_id=name or f"hand-{len(self.book.orders)}")
            row = self._accepted(self.book, order)
        self.tell(row["id"], "new")
        return str(row["id"])

    def tell(self, order_id: str, event: str, execution: Execution | None = None) -> None:
        """Say on the stream what an order is like now."""
        row = self.book.orders[order_id]
        update = BrokerUpdate(
            UpdateKind.ORDER, order=info_of(row), execution=execution, event=event, at=self._now()
        )
        self.say(update)

    def say(self, update: BrokerUpdate) -> None:
        """Say anything on the stream."""
        if self.intercept is not None:
            self.intercept(update)
        elif not self.mute:
            for hear in list(self._listeners):
                hear(update)

    def show_all(self) -> None:
        """Find every order from now on."""
        self._hidden.clear()

    # What it is asked.

    def submit_order(self, order: Order) -> str:
        fault = self._due("submit_order")
        self.submitted += 1
        match fault:
            case "reset_before" | "html_502":
                raise UnclearError("Connection reset")
            case "busy":
                raise BrokerBusyError("Too many questions", wait_seconds=1.0)
            case "no_money":
                raise InsufficientFundsError("insufficient buying power", code="40310000")
            case "invalid":
                raise InvalidOrderError("invalid", code="42210000")
            case "halts_before":
                self.halts()
                raise UnclearError("Connection reset")
            case "hang_before":
                self.hang.wait(60)
                raise UnclearError("Timed out")
            case "die_before":
                os.kill(os.getpid(), signal.SIGKILL)
        with self._lock:
            book = self.book
            if order.client_order_id in {row["client_id"] for row in book.orders.values()}:
                raise DuplicateOrderError("client_order_id must be unique")
            row = self._accepted(book, order)
            if fault is not None and fault.startswith("as_"):
                name, value = fault.removeprefix("as_").split("=")
                row[name] = value
                self._keep(book)
            if fault == "late":
                self._hidden[row["client_id"]] = self.hidden_for
        if fault is not None and fault.startswith("as_"):
            raise UnclearError("Connection reset")
        match fault:
            case "die_after":
                os.kill(os.getpid(), signal.SIGKILL)
            case "reset_after" | "504_after" | "late":
                raise UnclearError("Connection reset")
            case "duplicate":
                raise DuplicateOrderError("client_order_id must be unique")
            case "hang_after":
                self.hang.wait(60)
                raise UnclearError("Timed out")
            case "odd_error":
                raise KeyError("id")
            case "no_id":
                return ""
            case "halts":
                self.halts()
        self.tell(row["id"], "new")
        if self.fills == "all":
            self.fill(row["id"])
        return str(row["id"])

    def cancel_order(self, order_id: str) -> bool:
        fault = self._due("cancel_order")
        if fault == "unclear":
            raise UnclearError("Connection reset")
        if fault == "refuse":
            raise InvalidOrderError("order is not cancelable", code="42210000")
        if fault == "fills_first":
            self.fill(order_id, say=False)
        with self._lock:
            book = self.book
            row = self._row(book, order_id)
            if OrderStatus(row["status"]) in OVER:
                return False
            row["status"] = OrderStatus.CANCELED.value
            for leg in book.orders.values():
                if leg["parent"] == order_id and OrderStatus(leg["status"]) not in OVER:
                    leg["status"] = OrderStatus.CANCELED.value
            self._keep(book)
        if fault == "unclear_after":
            raise UnclearError("Connection reset")
        self.tell(order_id, "canceled")
        return True

    def replace_order(self, order_id: str, change: Change) -> OrderStatusInfo:
        fault = self._due("replace_order")
        if fault == "refuse":
            raise InvalidOrderError("order is not replaceable", code="42210000")
        if fault == "reset_before":
            raise UnclearError("Connection reset")
        if fault == "busy":
            raise BrokerBusyError("Too many questions")
        with self._lock:
            book = self.book
            old = self._row(book, order_id)
            if OrderStatus(old["status"]) in OVER:
                raise InvalidOrderError("order is not replaceable", code="42210000")
            new = dict(old)
            new["id"] = f"o{len(book.orders) + 1}"
            new["client_id"] = change.client_order_id
            new["replaces"] = order_id
            if not self.carries_fills:
                new["qty"] = str(Decimal(old["qty"]) - Decimal(old["filled"]))
                new["filled"] = new["paid"] = "0"
                new["status"] = OrderStatus.ACCEPTED.value
            for name, value in (
                ("qty", change.qty),
                ("limit", change.limit_price),
                ("stop", change.stop_price),
            ):
                if value is not None:
                    new[name] = str(value)
            old["status"], old["replaced_by"] = OrderStatus.REPLACED.value, new["id"]
            book.orders[new["id"]] = new
            book.truth.append(["replaced", order_id, new["id"]])
            self._keep(book)
        self.tell(order_id, "replaced")
        if fault == "reset_after":
            raise UnclearError("Connection reset")
        if fault == "halts":
            self.halts()
        return info_of(new)

    def get_positions(self) -> dict[str, Position]:
        self._fail("get_positions")
        with self._lock:
            held = self.book.positions
            return {
                symbol: Position(
                    symbol,
                    Decimal(quantity),
                    self.price,
                    Decimal(quantity) * self.price,
                    Decimal(0),
                    Decimal(quantity) * self.price,
                    self._now(),
                )
                for symbol, quantity in held.items()
                if Decimal(quantity)
            }

    def get_account(self) -> AccountInfo:
        self._fail("get_account")
        with self._lock:
            book = self.book
            worth = sum((Decimal(quantity) for quantity in book.positions.values()), Decimal(0)) * self.price
            cash = Decimal(book.cash)
            return AccountInfo(
                equity=cash + worth,
                cash=cash,
                buying_power=cash,
                portfolio_value=cash + worth,
                margin_used=Decimal(0),
                maintenance_margin=Decimal(0),
                last_update=self._now(),
                last_equity=cash + worth,
            )

    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        self._fail("get_order_status")
        with self._lock:
            return self._whole(self.book, self._row(self.book, order_id))

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        self._fail("find_order")
        with self._lock:
            book = self.book
            if self._hidden.get(client_order_id, 0) > 0:
                self._hidden[client_order_id] -= 1
                return None
            for row in book.orders.values():
                if row["client_id"] == client_order_id:
                    return self._whole(book, row)
        return None

    def get_all_orders(self, status: str | None = None, limit: int = 100) -> list[OrderStatusInfo]:
        self._fail("get_all_orders")
        with self._lock:
            rows = [
                row
                for row in self.book.orders.values()
                if row["client_id"] not in self._hidden or not self._hidden[row["client_id"]]
            ]
            if status == "open":
                rows = [row for row in rows if OrderStatus(row["status"]) not in OVER]
            return [info_of(row) for row in rows[-limit:]]

    def get_executions(self, since: datetime) -> list[Execution]:
        self._fail("get_executions")
        with self._lock:
            made = [execution_of(row) for row in self.book.fills]
            return [each for each in made if each.filled_at >= since]

    def get_asset(self, symbol: str) -> Asset:
        self._fail("get_asset")
        return Asset(symbol, shortable=True, fractionable=True)

    def get_clock(self) -> BrokerClock:
        self._fail("get_clock")
        return BrokerClock(self._now() + self.clock_ahead, is_open=True)

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        self._listeners.append(hear)
        hear(BrokerUpdate(UpdateKind.CONNECTED))
        return lambda: self._listeners.remove(hear)

    def _due(self, call: str) -> str | None:
        self.calls.append(call)
        waiting = self.faults.get(call)
        return waiting.popleft() if waiting else None

    def _fail(self, call: str) -> None:
        match self._due(call):
            case "unclear":
                raise UnclearError("Connection reset")
            case "odd_error":
                raise ValueError("what is this")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "fills_o1":
                self.fill("o1")
            case "halts":
                self.halts()

    def _row(self, book: Book, order_id: str) -> Row:
        if order_id not in book.orders:
            raise UnknownOrderError(f"no order {order_id}")
        return book.orders[order_id]

    def _accepted(self, book: Book, order: Order) -> Row:
        row = book.accept(order, self._now())
        self._keep(book)
        return row

    def _whole(self, book: Book, row: Row) -> OrderStatusInfo:
        legs = tuple(info_of(each) for each in book.orders.values() if each["parent"] == row["id"])
        return info_of(row, legs)

    def _keep(self, book: Book) -> None:
        if self._file is not None:
            draft = self._file.with_suffix(".part")
            draft.write_text(json.dumps(book.__dict__))
            draft.replace(self._file)


def truth_of(broker: OwnBroker) -> Truth:
    """Give what the broker really did, for the checker."""
    return truth_in(broker.book)
