"""The exchange and the account behind the stand-in for Alpaca, and a log of what is true."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca_orders import (
    KINDS,
    LASTING,
    NOTHING,
    OVER,
    WORKING,
    BookOrder,
    Holding,
    Refusal,
    Row,
    number,
    plain,
)


class Book:
    """Everything that is true at the broker; `tell` hears every event as the stream writes it."""

    def __init__(
        self,
        tell: Callable[[str, BookOrder, Row], None],
        now: Callable[[], datetime],
        cash: Decimal = Decimal(100_000),
        seed: int = 0,
    ) -> None:
        self._tell = tell
        self._now = now
        self._dice = random.Random(seed)
        self.cash = cash
        self.start_cash = cash
        self.orders: dict[str, BookOrder] = {}
        self.holdings: dict[str, Holding] = {}
        self.prices: dict[str, Decimal] = {}
        self.fills: list[Row] = []
        self.log: list[Row] = []
        self.is_open = True
        self.multiplier = Decimal(2)
        self.may_short = True
        # How much fills at once, and whether orders that could fill do so when they come.
        self.depth: Decimal | None = None
        self.fills_at_once = True
        self.carries_fills = False

    def note(self, kind: str, **facts: object) -> None:
        """Write down what happened; the log is what a run is judged by."""
        self.log.append({"kind": kind, "at": self._now().isoformat(), **facts})

    def find(self, client_id: str) -> BookOrder | None:
        """The order of a client id."""
        return next((order for order in self.orders.values() if order.client_id == client_id), None)

    def accept(self, asked: Mapping[str, Any]) -> BookOrder:
        """Take an order, or refuse it."""
        order = self._read(asked)
        self._check(order)
        self._enter(order)
        for leg in self._legs(order, asked):
            self._enter(leg)
        if self.is_open:
            self._tell("new", order, {})
        if self.fills_at_once and order.symbol in self.prices:
            self._match(order, self.depth)
        if order.lasting in {"ioc", "fok"} and order.status not in OVER:
            self._end(order, "canceled")
        return order

    def cancel(self, order: BookOrder) -> None:
        """Cancel a working order."""
        if order.status not in WORKING:
            raise Refusal(422, 42210000, f'order is already in "{order.status}" state')
        self._end(order, "canceled")

    def replace(self, order: BookOrder, asked: Mapping[str, Any]) -> BookOrder:
        """Put a new order in the place of an old one."""
        if order.status not in WORKING:
            raise Refusal(422, 42210000, f'order is already in "{order.status}" state')
        client_id = asked.get("client_order_id") or self._id()
        if self.find(client_id) is not None:
            raise Refusal(422, 40010001, "client_order_id must be unique")
        qty, trail = number(asked.get("qty")), number(asked.get("trail"))
        if qty is not None and qty <= order.filled:
            raise Refusal(422, 42210000, "qty must be greater than filled_qty")
        # What is wanted in all, filled already or not; the new order is for all of it or for the rest.
        wanted = qty if qty is not None else order.qty
        taken_off = NOTHING if self.carries_fills else order.filled
        new = BookOrder(
            self._id(), client_id, order.symbol, order.side, order.type,
            asked.get("time_in_force") or order.lasting, self._now(),
            qty=None if wanted is None else wanted - taken_off,
            notional=order.notional,
            limit=number(asked.get("limit_price")) or order.limit,
            stop=number(asked.get("stop_price")) or order.stop,
            trail_price=trail if trail is not None and order.trail_price else order.trail_price,
            trail_percent=trail if trail is not None and order.trail_percent else order.trail_percent,
            best=order.best, extended_hours=order.extended_hours, order_class=order.order_class,
            is_leg=order.is_leg, replaces=order.id, legs=order.legs, rivals=order.rivals,
        )  # fmt: skip
        if self.carries_fills:
            new.filled, new.paid = order.filled, order.paid
        for rival in order.rivals:
            rival.rivals = [new if each is order else each for each in rival.rivals]
        order.replaced_by, order.legs, order.rivals = new.id, [], []
        self._end(order, "replaced")
        self._enter(new)
        self._tell("new", new, {})
        if self.fills_at_once and new.symbol in self.prices:
            self._match(new, self.depth)
        return new

    def move(self, symbol: str, price: Decimal, size: Decimal | None = None) -> None:
        """Trade a symbol at a price, at most so many shares for each order that wants it."""
        self.prices[symbol] = price
        self.note("price", symbol=symbol, price=str(price))
        for order in list(self.orders.values()):
            if order.symbol == symbol:
                self._match(order, size if size is not None else self.depth)

    def fill(self, order: BookOrder, qty: Decimal, price: Decimal) -> None:
        """Fill some of an order, whatever its terms and its status say."""
        self._fill(order, qty, price)

    def expire_day(self) -> None:
        """End the trading day: what waits for the day only is over."""
        for order in list(self.orders.values()):
            if order.lasting == "day" and order.status in WORKING:
                self._end(order, "expired")

    def bust(self, execution_id: str) -> None:
        """Take a fill back."""
        self._undo(execution_id, "trade_bust", None, None)

    def correct(self, execution_id: str, qty: Decimal, price: Decimal) -> None:
        """Put a fill right."""
        self._undo(execution_id, "trade_correct", qty, price)

    def worth(self) -> Decimal:
        """What the account is worth."""
        return self.cash + sum((self.value(symbol) for symbol in self.holdings), NOTHING)

    def value(self, symbol: str) -> Decimal:
        """What the holding of a symbol is worth."""
        return self.holdings[symbol].qty * self.prices.get(symbol, NOTHING)

    def buying_power(self) -> Decimal:
        """What new orders may cost."""
        held = sum((abs(self.value(symbol)) for symbol in self.holdings), NOTHING)
        waiting = sum((self._cost(each) for each in self.orders.values() if each.status in WORKING), NOTHING)
        return max(NOTHING, self.worth() * self.multiplier - held - waiting)

    def _read(self, asked: Mapping[str, Any]) -> BookOrder:
        client_id = asked.get("client_order_id") or self._id()
        if len(client_id) > 128:
            raise Refusal(422, 40010001, "client_order_id must be no more than 128 characters")
        if self.find(client_id) is not None:
            raise Refusal(422, 40010001, "client_order_id must be unique")
        values = {
            name: number(asked.get(name))
            for name in ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent")
        }
        if (values["qty"] is None) == (values["notional"] is None):
            raise Refusal(422, 40010001, "qty or notional is required")
        return BookOrder(
            self._id(), client_id, str(asked.get("symbol")), str(asked.get("side")), str(asked.get("type")),
            str(asked.get("time_in_force")), self._now(),
            qty=values["qty"], notional=values["notional"],
            limit=values["limit_price"] or _way_out(asked), stop=values["stop_price"],
            trail_price=values["trail_price"], trail_percent=values["trail_percent"],
            best=self.prices.get(str(asked.get("symbol"))),
            extended_hours=bool(asked.get("extended_hours")),
            order_class=str(asked.get("order_class") or ""),
            status="new" if self.is_open else "accepted",
        )  # fmt: skip

    def _check(self, order: BookOrder) -> None:
        size = order.qty if order.qty is not None else order.notional
        assert size is not None
        if not size.is_finite() or size <= 0:
            raise Refusal(422, 42210000, "qty must be > 0")
        if order.side not in {"buy", "sell"} or order.type not in KINDS or order.lasting not in LASTING:
            raise Refusal(422, 40010001, "request body format is invalid")
        fractional = order.qty is None or order.qty != order.qty.to_integral_value()
        if fractional and order.lasting != "day" and "/" not in order.symbol:
            raise Refusal(422, 42210000, "fractional orders must be DAY orders")
        for name, price in (("limit_price", order.limit), ("stop_price", order.stop)):
            steps = Decimal("0.01") if price is not None and price >= 1 else Decimal("0.0001")
            if price is not None and (price <= 0 or price % steps):
                words = "sub-penny increment does not fulfill minimum pricing criteria"
                raise Refusal(422, 42210000, f"invalid {name} {price}. {words}")
        if "limit" in order.type and order.limit is None:
            raise Refusal(422, 42210000, "limit orders require a limit price")
        if order.extended_hours and (order.type != "limit" or order.lasting not in {"day", "gtc"}):
            raise Refusal(422, 42210000, "extended hours order must be DAY or GTC limit orders")
        self._check_money(order)
        self._check_wash(order)

    def _check_money(self, order: BookOrder) -> None:
        held = self.holdings.get(order.symbol, Holding()).qty
        if order.side == "sell" and held > 0 and order.qty is not None and order.order_class != "oco":
            waiting = sum(
                (each.qty - each.filled for each in self.orders.values()
                 if each.symbol == order.symbol and each.side == "sell" and each.status in WORKING
                 and not each.is_leg and each.qty is not None), NOTHING,
            )  # fmt: skip
            if order.qty > held - waiting:
                free = plain(max(NOTHING, held - waiting))
                words = (
                    f"insufficient qty available for order (requested: {plain(order.qty)}, available: {free})"
                )
                raise Refusal(403, 40310000, words, available=free, held_for_orders=plain(waiting))
        cost, power = self._cost(order), self.buying_power()
        if cost > power:
            raise Refusal(
                403, 40310000, "insufficient buying power", buying_power=plain(power), cost_basis=plain(cost)
            )
        if order.side == "sell" and held <= 0 and not self.may_short:
            raise Refusal(403, 40310000, "account is not allowed to short")

    def _check_wash(self, order: BookOrder) -> None:
        for other in self.orders.values():
            if other.symbol != order.symbol or other.side == order.side or other.status not in WORKING:
                continue
            if other.is_leg or other.order_class or order.order_class:
                continue
            both_limited = order.limit is not None and other.limit is not None
            if not both_limited or (order.limit - other.limit) * order.sign >= 0:  # type: ignore[operator]
                raise Refusal(
                    403, 40310000, "potential wash trade detected. use complex orders",
                    existing_order_id=other.id, reject_reason="opposite side market/stop order exists",
                )  # fmt: skip

    def _legs(self, order: BookOrder, asked: Mapping[str, Any]) -> list[BookOrder]:
        legs = []
        profit, loss = asked.get("take_profit") or {}, asked.get("stop_loss") or {}
        other = "sell" if order.side == "buy" else "buy"
        if order.order_class in {"bracket", "oto"} and profit:
            legs.append(self._leg(order, other, "limit", limit=number(profit["limit_price"])))
        if order.order_class and loss:
            side = order.side if order.order_class == "oco" else other
            limit = number(loss.get("limit_price"))
            kind = "stop_limit" if limit is not None else "stop"
            legs.append(self._leg(order, side, kind, limit=limit, stop=number(loss["stop_price"])))
        order.legs = legs
        together = [order, *legs] if order.order_class == "oco" else legs
        for each in together:
            each.rivals = [rival for rival in together if rival is not each]
        return legs

    def _leg(
        self,
        parent: BookOrder,
        side: str,
        kind: str,
        *,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
    ) -> BookOrder:
        status = "new" if parent.order_class == "oco" else "held"
        return BookOrder(
            self._id(), self._id(), parent.symbol, side, kind, parent.lasting, self._now(),
            qty=parent.qty, limit=limit, stop=stop, order_class=parent.order_class, status=status,
            is_leg=True,
        )  # fmt: skip

    def _enter(self, order: BookOrder) -> None:
        self.orders[order.id] = order
        self.note(
            "accepted", order=order.id, client=order.client_id, symbol=order.symbol, side=order.side,
            qty=None if order.qty is None else plain(order.qty), type=order.type, leg=order.is_leg,
            replaces=order.replaces,
        )  # fmt: skip

    def _match(self, order: BookOrder, size: Decimal | None) -> None:
        price = self.prices[order.symbol]
        awake = self.is_open or order.extended_hours or "/" in order.symbol
        if (
            order.status not in WORKING
            or order.status == "held"
            or not awake
            or not self._wants(order, price)
        ):
            return
        left = order.remaining(price)
        qty = left if size is None else min(left, size)
        if qty <= 0 or (order.lasting == "fok" and qty < left):
            return
        self._fill(order, qty, price)

    def _wants(self, order: BookOrder, price: Decimal) -> bool:
        if order.type == "trailing_stop":
            best = price if order.best is None else order.best
            order.best = max(best, price) if order.side == "sell" else min(best, price)
            share = (order.trail_percent or NOTHING) / 100
            behind = order.trail_price if order.trail_price is not None else order.best * share
            order.stop = order.best + behind * order.sign
        if "stop" in order.type and not order.triggered:
            assert order.stop is not None
            order.triggered = (price - order.stop) * order.sign >= 0
            if not order.triggered:
                return False
        return order.limit is None or (order.limit - price) * order.sign >= 0

    def _fill(self, order: BookOrder, qty: Decimal, price: Decimal) -> None:
        now = self._now()
        order.filled += qty
        order.paid += qty * price
        whole = order.qty is None or order.filled >= order.qty
        if order.status not in OVER or whole:
            order.status = "filled" if whole else "partially_filled"
        order.filled_at = now
        self._book(order.symbol, qty * order.sign, price)
        execution = self._id()
        fill = {
            "execution": execution, "order": order.id, "client": order.client_id, "symbol": order.symbol,
            "side": order.side, "qty": plain(qty), "price": plain(price), "cumulative": plain(order.filled),
            "time": now, "type": "fill" if whole else "partial_fill", "previous": None,
            "left": plain(NOTHING if order.qty is None else order.qty - order.filled),
        }  # fmt: skip
        self.fills.append(fill)
        self.note("fill", **{name: value for name, value in fill.items() if name != "time"})
        self._tell(str(fill["type"]), order, fill)
        if whole:
            for rival in order.rivals:
                if rival.status in WORKING:
                    self._end(rival, "canceled")
            if not order.is_leg and order.order_class in {"bracket", "oto"}:
                for leg in order.legs:
                    leg.status = "new"
                    self._tell("new", leg, {})

    def _undo(self, execution_id: str, event: str, qty: Decimal | None, price: Decimal | None) -> None:
        old = next(each for each in self.fills if each["execution"] == execution_id)
        order = self.orders[old["order"]]
        was, at = Decimal(old["qty"]), Decimal(old["price"])
        self._book(order.symbol, -was * order.sign, at)
        order.filled, order.paid = order.filled - was, order.paid - was * at
        if qty is not None and price is not None:
            self._book(order.symbol, qty * order.sign, price)
            order.filled, order.paid = order.filled + qty, order.paid + qty * price
        fill = old | {
            "execution": self._id(), "previous": execution_id, "type": event, "time": self._now(),
            "qty": plain(was if qty is None else qty), "price": plain(at if price is None else price),
            "cumulative": plain(order.filled),
        }  # fmt: skip
        self.fills.append(fill)
        self.note(event, **{name: value for name, value in fill.items() if name != "time"})
        self._tell(event, order, fill)

    def _book(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        self.cash -= qty * price
        held = self.holdings.setdefault(symbol, Holding())
        if held.qty * qty >= 0:
            held.cost += qty * price
        elif abs(qty) <= abs(held.qty):
            held.cost += held.cost / held.qty * qty
        else:
            held.cost = (held.qty + qty) * price
        held.qty += qty
        if not held.qty:
            del self.holdings[symbol]

    def _end(self, order: BookOrder, status: str) -> None:
        order.status, order.ended_at = status, self._now()
        self.note(status, order=order.id, client=order.client_id)
        self._tell(status, order, {})
        if status != "replaced":
            # An entry takes along what it would have brought, one of a pair the other.
            for each in (*order.legs, *order.rivals):
                if each.status in WORKING:
                    self._end(each, "canceled")

    def _cost(self, order: BookOrder) -> Decimal:
        """What an order takes of the buying power while it is open."""
        held = self.holdings.get(order.symbol, Holding()).qty
        if order.is_leg or order.order_class == "oco" or (held and held * order.sign < 0):
            return NOTHING
        price = order.limit or order.stop or self.prices.get(order.symbol, NOTHING)
        if order.qty is None:
            return (order.notional or NOTHING) - order.paid
        return (order.qty - order.filled) * price

    def _id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))


def _way_out(asked: Mapping[str, Any]) -> Decimal | None:
    """The limit of an order that is one of two ways out."""
    return number(asked["take_profit"]["limit_price"]) if asked.get("order_class") == "oco" else None
