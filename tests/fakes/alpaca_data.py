"""Alpaca's market data as its clients see it, on this machine, and every way in which it can go wrong.

It hangs on a `LocalServer`, so that a stand-in for the trading account can hang on the same one.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack

from tests.fakes.local_server import Answer, LocalServer, Request, Socket, as_json

KEY = "PKCANARY0KEY0ID00001"
SECRET = "canary-secret-never-to-be-seen"
HTML = Answer(502, b"<html><body>Bad Gateway</body></html>", {"Content-Type": "text/html"})
GARBAGE = Answer(200, b'{"bars": {"AAPL": [{"t": ', {"Content-Type": "application/json"})
FAULT = Answer(500, b'{"message": "internal server error"}', {"Content-Type": "application/json"})
RESET = Answer(cut_after=-1)

Row = dict[str, Any]


def bar(at: datetime, close: float, **changed: object) -> Row:
    """A bar as Alpaca writes it."""
    row: Row = {
        "t": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "o": close - 0.5,
        "h": close + 1.0,
        "l": close - 1.0,
        "c": close,
        "v": 1000,
        "n": 10,
        "vw": close,
    }
    return row | changed


def daily(first: datetime, closes: Sequence[float]) -> list[Row]:
    """Bars of the weekdays from a day on, at midnight in New York."""
    rows, day = [], first.replace(hour=5)
    for close in closes:
        while day.weekday() >= 5:
            day += timedelta(days=1)
        rows.append(bar(day, close))
        day += timedelta(days=1)
    return rows


@dataclass
class Caller:
    """One client of the stream."""

    socket: Socket
    let_in: bool = False
    wants: dict[str, set[str]] = field(default_factory=dict)
    heard: list[dict[str, Any]] = field(default_factory=list)


class AlpacaData:
    """What the server holds and how it behaves; tests set the fields, the server's thread reads them."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.bars: dict[str, list[Row]] = {}
        self.snapshots: dict[str, object] = {}
        self.trades: dict[str, list[Row]] = {}
        self.actions: dict[str, list[Row]] = {}
        self.assets: list[Row] = []
        self.page_rows = 10_000
        self.skip_page = -1
        self.lose_end = False
        self.repeat_page = False
        self.accepted = {(KEY, SECRET)}
        self.plan_has: set[str] = {"iex", "delayed_sip"}
        self.most_symbols = 1_000
        self.most_callers = 1
        self.greet = True
        self.mute = False
        self.callers: list[Caller] = []
        self.calls = 0
        for path in ("/v2/stocks/bars", "/v1beta3/crypto/us/bars"):
            server.route("GET", path, self._guarded(self._bars))
        server.route("GET", "/v2/stocks/bars/latest", self._guarded(lambda _: as_json({"bars": {}})))
        server.route("GET", "/v2/stocks/snapshots", self._guarded(self._snapshots))
        server.route("GET", "/v1beta3/crypto/us/snapshots", self._guarded(self._crypto_snapshots))
        server.route("GET", "/v[^/]*/(stocks|crypto/us)/trades", self._guarded(self._trades))
        server.route("GET", "/v1/corporate-actions", self._guarded(self._actions))
        server.route("GET", "/v2/assets", self._guarded(self._assets))
        server.route("GET", "/v2/assets/.+", self._guarded(self._asset))
        for path in ("/v2/iex", "/v2/sip", "/v2/delayed_sip", "/v1beta3/crypto/us"):
            server.socket(path, self._stream)

    def limit_rate(self, seconds: int, times: int = 1) -> None:
        """Answer the next questions with 429 and when it is over, by the server's own clock."""
        at = datetime.now(UTC) + timedelta(minutes=7)  # noqa: TID251  no clock of ours: the server has its own, wrong one
        headers = {
            "Date": at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "X-RateLimit-Reset": str(int(at.timestamp()) + seconds),
        }
        self.server.trouble(*[as_json({"message": "too many requests."}, 429, **headers)] * times)

    def print_trade(
        self, symbol: str, price: object, at: datetime, size: object = 100, **more: object
    ) -> None:
        """Send a trade to whoever wants it."""
        self._send(
            "trades", {"T": "t", "S": symbol, "p": price, "s": size, "t": _stamp(at), "c": ["@"], **more}
        )

    def print_quote(self, symbol: str, bid: float, ask: float, at: datetime) -> None:
        """Send a quote to whoever wants it."""
        self._send("quotes", {"T": "q", "S": symbol, "bp": bid, "ap": ask, "bs": 2, "as": 3, "t": _stamp(at)})

    def print_bar(self, symbol: str, row: Row, at: datetime) -> None:
        """Send a finished minute to whoever wants it."""
        self._send("bars", {**row, "T": "b", "S": symbol, "t": _stamp(at)})

    def print_book(self, symbol: str, bids: Sequence[Row], asks: Sequence[Row], at: datetime) -> None:
        """Send a change of an order book to whoever wants it."""
        message = {"T": "o", "S": symbol, "b": list(bids), "a": list(asks), "t": _stamp(at)}
        self._send("orderbooks", message)

    def send_raw(self, message: bytes) -> None:
        """Send anything to everybody."""

        def send() -> None:
            for caller in self.callers:
                caller.socket.send(message)

        self.server.call(send)

    def complain(self, code: int, words: str) -> None:
        """Send an error to everybody."""
        self.send_raw(msgpack.packb([{"T": "error", "code": code, "msg": words}]))

    def hang_up(self) -> None:
        """Reset every connection of the stream."""

        def cut() -> None:
            for caller in self.callers:
                caller.socket.cut()

        self.server.call(cut)

    def pull_the_cable(self) -> None:
        """Neither hear nor answer on the connections that are open now."""

        def pull() -> None:
            for caller in self.callers:
                caller.socket.deaf = True

        self.server.call(pull)

    def wanted(self, channel: str = "trades") -> set[str]:
        """What is subscribed to right now, the pulse of the quotes left out."""
        found = [caller.wants.get(channel, set()) for caller in list(self.callers) if caller.let_in]
        return set().union(*found)

    def until_wanted(self, *symbols: str, channel: str = "trades") -> None:
        """Wait until exactly these are subscribed to."""
        self.server.until(lambda: self.wanted(channel) == set(symbols))

    def _guarded(self, answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        def guard(request: Request) -> Answer:
            headers = request.headers
            keys = (headers.get("apca-api-key-id"), headers.get("apca-api-secret-key"))
            if keys not in self.accepted:
                return as_json({"message": "forbidden."}, 403)
            if "stocks" in request.path and request.query.get("feed", "sip") not in self.plan_has:
                return as_json({"message": "subscription does not permit querying recent SIP data"}, 403)
            return answer(request)

        return guard

    def _bars(self, request: Request) -> Answer:
        query = request.query
        first, last = query.get("start", ""), query.get("end", "9999")
        rows = [
            (symbol, row)
            for symbol in sorted(query["symbols"].split(","))
            for row in self.bars.get(symbol, ())
            if not (isinstance(row, dict) and str(row.get("t")).startswith("2"))
            or first[:19] <= row["t"][:19] <= last[:19]
        ]
        size = min(self.page_rows, int(query.get("limit", 1000)))
        page = int(base64.b64decode(query["page_token"])) if "page_token" in query else 0
        following = page + 1
        if following == self.skip_page:
            self.skip_page = -1
            following += 1
        token = base64.b64encode(str(following).encode()).decode() if following * size < len(rows) else None
        if self.repeat_page and page == 1:
            token = query["page_token"]
        if self.lose_end and page == 0:
            self.lose_end, token = False, None
        shown: dict[str, list[Row]] = {}
        for symbol, row in rows[page * size : (page + 1) * size]:
            shown.setdefault(symbol, []).append(row)
        return as_json({"bars": shown or None, "next_page_token": token})

    def _snapshots(self, request: Request) -> Answer:
        return as_json({each: self.snapshots.get(each) for each in request.query["symbols"].split(",")})

    def _crypto_snapshots(self, request: Request) -> Answer:
        names = request.query["symbols"].split(",")
        return as_json(
            {"snapshots": {each: self.snapshots[each] for each in names if each in self.snapshots}}
        )

    def _trades(self, request: Request) -> Answer:
        symbol = request.query["symbols"]
        newest = self.trades.get(symbol, [])[::-1][: int(request.query.get("limit", 1000))]
        return as_json({"trades": {symbol: newest}, "next_page_token": None})

    def _actions(self, request: Request) -> Answer:
        symbols = request.query["symbols"].split(",")
        first, last = request.query["start"], request.query["end"]
        shown = {
            kind: [row for row in rows if row["symbol"] in symbols and first <= row["ex_date"] <= last]
            for kind, rows in self.actions.items()
        }
        return as_json({"corporate_actions": shown, "next_page_token": None})

    def _assets(self, request: Request) -> Answer:
        query = request.query
        return as_json(
            [
                asset
                for asset in self.assets
                if query.get("exchange", asset.get("exchange")) == asset.get("exchange")
                and query.get("asset_class", asset.get("class")) == asset.get("class")
            ]
        )

    def _asset(self, request: Request) -> Answer:
        symbol = request.path.removeprefix("/v2/assets/")
        found = [asset for asset in self.assets if asset.get("symbol") == symbol]
        return as_json(found[0]) if found else as_json({"message": f"asset not found for {symbol}"}, 404)

    async def _stream(self, socket: Socket) -> None:
        self.calls += 1
        caller = Caller(socket)
        if self.greet:
            _say(socket, {"T": "success", "msg": "connected"})
        while (data := await socket.receive()) is not None:
            message = msgpack.unpackb(data)
            caller.heard.append(message)
            if message["action"] == "auth":
                if not self._let_in(caller, message):
                    break
            elif caller.let_in:
                self._change(caller, message)
            else:
                _say(socket, {"T": "error", "code": 401, "msg": "not authenticated"})
            self.server.tell()
        if caller in self.callers:
            self.callers.remove(caller)
        socket.close()
        await asyncio.sleep(0.05)

    def _let_in(self, caller: Caller, message: dict[str, Any]) -> bool:
        if (message["key"], message["secret"]) not in self.accepted:
            _say(caller.socket, {"T": "error", "code": 402, "msg": "auth failed"})
            return False
        if len(self.callers) >= self.most_callers:
            _say(caller.socket, {"T": "error", "code": 406, "msg": "connection limit exceeded"})
            return False
        caller.let_in = True
        self.callers.append(caller)
        _say(caller.socket, {"T": "success", "msg": "authenticated"})
        return True

    def _change(self, caller: Caller, message: dict[str, Any]) -> None:
        asked = {channel: set(names) for channel, names in message.items() if channel != "action"}
        for channel, symbols in asked.items():
            before = caller.wants.get(channel, set())
            after = before | symbols if message["action"] == "subscribe" else before - symbols
            if len(after) > self.most_symbols:
                _say(caller.socket, {"T": "error", "code": 405, "msg": "symbol limit exceeded"})
                return
            caller.wants[channel] = after
        now = {channel: sorted(names) for channel, names in caller.wants.items()}
        _say(caller.socket, {"T": "subscription", **now})

    def _send(self, channel: str, message: dict[str, Any]) -> None:
        def send() -> None:
            for caller in self.callers:
                if not self.mute and message["S"] in caller.wants.get(channel, ()):
                    _say(caller.socket, message)

        self.server.call(send)


def _say(socket: Socket, message: dict[str, Any]) -> None:
    socket.send(msgpack.packb([message]))


def _stamp(at: datetime) -> msgpack.Timestamp:
    return msgpack.Timestamp.from_unix_nano(int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000)
