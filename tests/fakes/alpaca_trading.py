"""A hostile Alpaca on this machine: its trading account and its trade stream, misbehaving on command.

`AlpacaTrading(server)` hangs it on a `LocalServer` in a thread of the test. For programs that get killed
around it, `python -m tests.fakes.alpaca_trading` is the same in its own process; `RemoteAlpaca` commands it.
`tests.fakes.alpaca_faults` holds the names of what can go wrong.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from tests.fakes.alpaca_book import Book
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_faults import AFTER, Faults, Hunt
from tests.fakes.alpaca_orders import OVER, BookOrder, Refusal, Row
from tests.fakes.alpaca_shown import (
    account_row,
    activity_row,
    asset_row,
    calendar_rows,
    clock_row,
    order_row,
    position_row,
    truth,
    update_row,
)
from tests.fakes.alpaca_updates import UpdateStream
from tests.fakes.alpaca_wander import Wanderer, hasty
from tests.fakes.local_server import Answer, LocalServer, Request, as_json, serving

Do = Callable[[Request], Answer]
_ORDER = "/v2/orders/([^/]+)"


class AlpacaTrading:
    """What the server holds and how it behaves; `book` is true whatever the answers say."""

    def __init__(self, server: LocalServer, now: Callable[[], datetime] | None = None) -> None:
        self.server = server
        self.clock_offset = timedelta()
        self.accepted = {(KEY, SECRET)}
        self.faults = Faults()
        self.guard = threading.RLock()
        self.hunted: Hunt | None = None
        # What happens whenever anybody asks anything; it is told the path.
        self.at_each_visit: Callable[[str], None] | None = None
        self.holidays: set[date] = set()
        self.half_days: set[date] = set()
        self.page_rows = 100
        self._now = now or _machine_time
        self.updates = UpdateStream(
            server, lambda key, secret: (key, secret) in self.accepted, partial(self.faults.due, "stream")
        )
        self.book = self._new_book(100_000, 0)
        self.assets = {each: asset_row(each) for each in ("AAPL", "MSFT", "SPY", "TSLA", "BTC/USD")}
        route = server.route
        route("POST", "/v2/orders", self._door("submit", self._submit))
        route("GET", "/v2/orders", self._door("read", self._list))
        route("DELETE", "/v2/orders", self._door("cancel_all", self._cancel_all))
        route("GET", "/v2/orders:by_client_order_id", self._door("lookup", self._by_client))
        route("GET", _ORDER, self._door("lookup", self._one))
        route("PATCH", _ORDER, self._door("replace", self._replace))
        route("DELETE", _ORDER, self._door("cancel", self._cancel))
        route("GET", "/v2/positions", self._door("read", self._positions))
        route("DELETE", "/v2/positions", self._door("submit", self._close_all))
        route("GET", "/v2/positions/.+", self._door("read", self._position))
        route("DELETE", "/v2/positions/.+", self._door("submit", self._close))
        route("GET", "/v2/account", self._door("read", lambda _: as_json(account_row(self.book))))
        route("GET", "/v2/account/activities/FILL", self._door("read", self._activities))
        route("GET", "/v2/clock", self._door("read", self._clock))
        route("GET", "/v2/calendar", self._door("read", self._calendar))
        route("GET", "/v2/assets/.+", self._door("read", self._asset))
        route("POST", "/control", self._control)

    @property
    def log(self) -> list[Row]:
        """What truly happened, in order."""
        with self.guard:
            return list(self.book.log)

    def noted(self, kind: str) -> list[Row]:
        """What truly happened of one kind."""
        return [entry for entry in self.log if entry["kind"] == kind]

    def fault(self, name: str, times: int = 1) -> None:
        """Let the next visitor of the fault's door suffer it."""
        with self.guard:
            self.faults.order(name, times)

    def roll(self, seed: int, rate: float, names: list[str] | None = None) -> None:
        """Let visitors suffer faults by seeded chance from now on."""
        with self.guard:
            self.faults.roll(seed, rate, names)

    def calm(self) -> None:
        """No more faults; nobody is mute any more."""
        with self.guard:
            self.faults.calm()
            self.updates.mute = False

    def move(self, symbol: str, price: object, size: object = None) -> None:
        """Trade a symbol at a price, at most so many shares for each order."""
        with self.guard:
            self.book.move(symbol, Decimal(str(price)), None if size is None else Decimal(str(size)))

    def fill(self, client_id: str, qty: object, price: object) -> None:
        """Fill some of an order, whatever its terms and its status say."""
        with self.guard:
            self.book.fill(self.order(client_id), Decimal(str(qty)), Decimal(str(price)))

    def bust(self, execution_id: str) -> None:
        """Take a fill back."""
        with self.guard:
            self.book.bust(execution_id)

    def correct(self, execution_id: str, qty: object, price: object) -> None:
        """Put a fill right."""
        with self.guard:
            self.book.correct(execution_id, Decimal(str(qty)), Decimal(str(price)))

    def place(self, **asked: object) -> str:
        """Let the person order by hand, elsewhere; gives the id."""
        with self.guard:
            return self.book.accept({"time_in_force": "day", "type": "market"} | asked).id

    def call_off(self, client_id: str) -> None:
        """Let the person cancel an order by hand, elsewhere."""
        with self.guard:
            self.book.cancel(self.order(client_id))

    def reject(self, client_id: str) -> None:
        """Let the exchange reject an order that was accepted."""
        with self.guard:
            self.book._end(self.order(client_id), "rejected")

    def expire_day(self) -> None:
        """End the trading day."""
        with self.guard:
            self.book.expire_day()

    def set(self, **values: object) -> None:
        """Change how it behaves, by the names below."""
        with self.guard:
            for name, value in values.items():
                if name == "offset_seconds":
                    self.clock_offset = timedelta(seconds=float(str(value)))
                elif name == "mute":
                    self.updates.mute = bool(value)
                elif name == "depth":
                    self.book.depth = None if value is None else Decimal(str(value))
                elif name in {"fills_at_once", "is_open", "may_short", "carries_fills"}:
                    setattr(self.book, name, bool(value))
                else:
                    raise ValueError(f"nothing is called {name}")

    def hunt(self, pid: int, moment: str, visits: int) -> None:
        """Kill a process at the so-manieth `<door> before`, `<door> after` or `news`."""
        with self.guard:
            self.hunted = Hunt(pid, moment, visits)

    def spare(self) -> None:
        """Hunt nobody any more: the process of that id may be another one soon."""
        with self.guard:
            self.hunted = None

    def wander(self, seed: int, rate: float, symbols: list[str]) -> None:
        """Let the market move, and the person act elsewhere, by seeded chance with every visitor."""
        with self.guard:
            self.at_each_visit = Wanderer(self.book, seed, rate, symbols).step if rate else None

    def run_time(self, began: float, start: str, haste: float) -> None:
        """Let time pass faster, from a start at a moment of the machine's monotonic clock."""
        with self.guard:
            self._now = self.book._now = hasty(began, datetime.fromisoformat(start), haste)

    def cut(self) -> None:
        """Reset the trade stream."""
        self.updates.cut()

    def truth(self) -> dict[str, Any]:
        """Everything a run is judged by."""
        with self.guard:
            listening = self.updates.heard_by
            return {**truth(self.book), "suffered": list(self.faults.suffered), "listening": listening}

    def arrivals(self) -> dict[str, float]:
        """When the first byte of each order came, by client id and the clock all processes share."""
        asked = [each for each in list(self.server.requests) if each.method == "POST"]
        orders = [(json.loads(each.body), each.at) for each in asked if each.path == "/v2/orders"]
        return {body["client_order_id"]: at for body, at in reversed(orders)}

    def reset(self, cash: object = 100_000, seed: int = 0, secret: str = SECRET) -> None:
        """Begin anew with an empty account, known by another secret perhaps."""
        with self.guard:
            self.accepted = {(KEY, secret)}
            self.faults = Faults()
            self.updates.begin_anew(partial(self.faults.due, "stream"))
            self.clock_offset = timedelta()
            self.hunted = self.at_each_visit = None
            self.book = self._new_book(cash, seed)
            self.server.requests.clear()

    def order(self, client_id: str) -> BookOrder:
        """The order of a client id, or of Alpaca's own."""
        order = self.book.find(client_id) or self.book.orders.get(client_id)
        if order is None:
            raise Refusal(404, 40410000, f"order not found for {client_id}")
        return order

    def _new_book(self, cash: object, seed: int) -> Book:
        return Book(self._tell, self._now, Decimal(str(cash)), seed)

    def _tell(self, event: str, order: BookOrder, fill: Row) -> None:
        self._strike("news")
        self.updates.send(update_row(event, order, fill, self.book))
        self.server.tell()

    def _door(self, door: str, do: Do) -> Do:
        def answer(request: Request) -> Answer:
            headers = request.headers
            with self.guard:
                if (headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")) not in self.accepted:
                    return as_json({"message": "forbidden."}, 403)
                self._strike(f"{door} before")
                if self.at_each_visit is not None:
                    self.at_each_visit(request.path)
                fault = self.faults.due(door)
                if fault is not None and (instead := self.faults.instead(fault, self._now())) is not None:
                    return instead
                try:
                    done = self._suffer(fault, do, request)
                except Refusal as refusal:
                    done = as_json(refusal.body, refusal.status)
                self._strike(f"{door} after")
                return AFTER[fault][1] if fault in AFTER else done

        return answer

    def _strike(self, moment: str) -> None:
        if self.hunted is not None:
            self.hunted.strike(moment)

    def _suffer(self, fault: str | None, do: Do, request: Request) -> Answer:
        """Do what was asked, in the special way of some faults."""
        if fault == "strange_status":
            return as_json({**json.loads(do(request).body), "status": "quarantined"})
        if fault == "cancel_all_partly":
            return self._cancel_all(request, but_one=True)
        if fault in {"cancel_filled", "fill_after_cancel"}:
            order = self.order(request.path.rpartition("/")[2])
            price = self.book.prices.get(order.symbol) or order.limit or order.stop or Decimal(100)
            late = fault == "fill_after_cancel"
            answer = do(request) if late else None
            if (rest := order.remaining(price)) > 0 and (late or order.status not in OVER):
                self.book.fill(order, rest, price)
            return answer if answer is not None else do(request)
        return do(request)

    def _submit(self, request: Request) -> Answer:
        return as_json(order_row(self.book.accept(json.loads(request.body))))

    def _list(self, request: Request) -> Answer:
        query = request.query
        limit, status = int(query.get("limit", 50)), query.get("status", "open")
        if limit > 500:
            raise Refusal(422, 40010001, "limit must be no more than 500")
        nested = query.get("nested", "false").lower() == "true"
        first, last = query.get("after", ""), query.get("until", "9")
        rows = [
            order_row(order, nested=nested)
            for order in self.book.orders.values()
            if (status == "all" or (order.status in OVER) is (status == "closed"))
            and not (nested and order.is_leg)
        ]
        rows = [row for row in rows if _later(row["submitted_at"], first, last)]
        rows.sort(key=lambda row: str(row["submitted_at"]), reverse=query.get("direction", "desc") == "desc")
        return as_json(rows[:limit])

    def _by_client(self, request: Request) -> Answer:
        return as_json(order_row(self.order(request.query.get("client_order_id", ""))))

    def _one(self, request: Request) -> Answer:
        order = self.book.orders.get(request.path.rpartition("/")[2])
        if order is None:
            raise Refusal(404, 40410000, f"order not found for {request.path.rpartition('/')[2]}")
        return as_json(order_row(order))

    def _replace(self, request: Request) -> Answer:
        order = self.order(request.path.rpartition("/")[2])
        return as_json(order_row(self.book.replace(order, json.loads(request.body))))

    def _cancel(self, request: Request) -> Answer:
        self.book.cancel(self.order(request.path.rpartition("/")[2]))
        return Answer(204)

    def _cancel_all(self, request: Request, *, but_one: bool = False) -> Answer:
        rows = []
        for order in list(self.book.orders.values()):
            if order.status in OVER:
                continue
            if but_one:
                but_one = False
                body: Row = {"code": 50010000, "message": "failed to cancel order"}
                rows.append({"id": order.id, "status": 500, "body": body})
                continue
            self.book.cancel(order)
            rows.append({"id": order.id, "status": 200, "body": order_row(order)})
        return as_json(rows, 207)

    def _positions(self, request: Request) -> Answer:
        return as_json([position_row(self.book, symbol) for symbol in self.book.holdings])

    def _position(self, request: Request) -> Answer:
        symbol = request.path.removeprefix("/v2/positions/")
        if symbol not in self.book.holdings:
            raise Refusal(404, 40410000, "position does not exist")
        return as_json(position_row(self.book, symbol))

    def _close(self, request: Request) -> Answer:
        symbol = request.path.removeprefix("/v2/positions/")
        self._position(request)
        return as_json(order_row(self._sell_out(symbol, request.query.get("qty"))))

    def _close_all(self, request: Request) -> Answer:
        if request.query.get("cancel_orders", "").lower() == "true":
            self._cancel_all(request)
        rows: list[Row] = []
        for symbol in list(self.book.holdings):
            order = self._sell_out(symbol, None)
            rows.append({"symbol": symbol, "status": 200, "body": order_row(order)})
        return as_json(rows, 207)

    def _sell_out(self, symbol: str, qty: str | None) -> BookOrder:
        held = self.book.holdings[symbol].qty
        asked = {"symbol": symbol, "side": "sell" if held > 0 else "buy", "type": "market"}
        return self.book.accept(asked | {"qty": qty or str(abs(held)), "time_in_force": "day"})

    def _activities(self, request: Request) -> Answer:
        query = request.query
        size = min(int(query.get("page_size", 100)), 100, self.page_rows)
        rows = [activity_row(fill) for fill in self.book.fills]
        first, last = query.get("after", ""), query.get("until", "9")
        rows = [row for row in rows if _later(row["transaction_time"], first, last)]
        if query.get("direction", "desc") == "desc":
            rows.reverse()
        token = query.get("page_token")
        begins = next((place + 1 for place, row in enumerate(rows) if row["id"] == token), 0)
        return as_json(rows[begins : begins + size])

    def _clock(self, request: Request) -> Answer:
        return as_json(clock_row(self._now() + self.clock_offset, is_open=self.book.is_open))

    def _calendar(self, request: Request) -> Answer:
        start, end = (date.fromisoformat(request.query[name][:10]) for name in ("start", "end"))
        return as_json(calendar_rows(start, end, self.holidays, self.half_days))

    def _asset(self, request: Request) -> Answer:
        symbol = request.path.removeprefix("/v2/assets/")
        if symbol not in self.assets:
            raise Refusal(404, 40410000, f"asset not found for {symbol}")
        return as_json(self.assets[symbol])

    def _control(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        try:
            return as_json({"gave": getattr(self, asked["act"])(**asked["with"])})
        except Refusal as refusal:
            return as_json(refusal.body, refusal.status)


class RemoteAlpaca:
    """Commands the one that runs in a process of its own: `remote.act("move", symbol="AAPL", price=190)`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def act(self, name: str, **values: object) -> Any:
        """Do what the method of this name of `AlpacaTrading` does."""
        import requests

        asked = json.dumps({"act": name, "with": values})
        answer = requests.post(f"{self.address}/control", data=asked, timeout=60)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.json()["gave"]

    def truth(self) -> Mapping[str, Any]:
        """Everything a run is judged by."""
        gave: dict[str, Any] = self.act("truth")
        return gave


def _later(at: str, first: str, last: str) -> bool:
    # The beginning of a text is smaller than the whole, so a bare second excludes nothing that followed it.
    return at[:26] > first.replace("+00:00", "").rstrip("Z")[:26] and at[:26] < last[:26]


def _machine_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  no clock of ours: the broker has its own


def main() -> int:
    """Serve until standard input ends: with whoever started it."""
    parser = argparse.ArgumentParser(description="A hostile Alpaca on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the first line says which")
    port = parser.parse_args().port
    # Whoever is killed in the middle of a sentence is news to nobody here.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with serving(port) as server:
        AlpacaTrading(server)
        sys.stdout.write(f"{server.address}\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
