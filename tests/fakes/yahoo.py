"""Yahoo Finance as it is at its worst: a local server that the real client talks to under its real names."""

from __future__ import annotations

import io
import json
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from puffling.puffin.data.yfinance_provider import patient_session

_SESSION = 6 * 3_600 + 1_800
NEW_YORK_OPEN = 14 * 3_600 + 30 * 60

# Second, open, high, low, close and volume; a cell may be empty.
Row = tuple[int, float | None, float | None, float | None, float | None, float | None]


@dataclass
class Traded:
    """What the server has of one symbol."""

    rows: list[Row]
    minutes: list[Row] = field(default_factory=list)
    splits: dict[int, float] = field(default_factory=dict)
    dividends: dict[int, float] = field(default_factory=dict)
    name: str = "Some Company Inc."
    kind: str = "EQUITY"
    currency: str = "USD"
    exchange: str = "NasdaqGS"
    zone: str = "America/New_York"
    price: float | None = None
    price_second: int | None = None
    said: dict[str, Any] = field(default_factory=dict)


class FakeYahoo:
    """The server; `fault` says how it misbehaves from now on, `asked` what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.known: dict[str, Traded] = {}
        # What is told of a company's statements, by Yahoo's symbol.
        self.statements: dict[str, Any] = {}
        self.fault = ""
        self.asked: list[str] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self.tls = _tls(folder)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def session(self, timeout_seconds: float = 2.0) -> Any:
        """Give a session as yfinance takes it, with this server as its proxy and the end of every tunnel."""
        # The certificate is made for one test and signed by nobody.
        proxy = {"all": f"http://127.0.0.1:{self.port}"}
        return patient_session(timeout_seconds, verify=False, proxies=proxy)

    def charts(self) -> list[str]:
        """Give the questions for prices."""
        return [path for path in self.asked if "/v8/finance/chart/" in path]

    def close(self) -> None:
        """Stop answering."""
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str]:
        """Give status and body of the answer to a question."""
        place = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        if self.fault == "limit":
            return 429, "Too Many Requests"
        if self.fault == "mute":
            self.released.wait(20)
            return 503, ""
        if place.path.endswith("/getcrumb"):
            return 200, "crumb"
        if self.fault == "garbage":
            return 200, "<html>We are <b>very</b> sorry"
        if self.fault == "down":
            return 502, "Will be right back"
        if place.path.startswith("/v8/finance/chart/"):
            return self._chart(place.path.rpartition("/")[2], asked)
        if place.path.startswith("/ws/fundamentals-timeseries/"):
            return self._statements(place.path.rpartition("/")[2])
        if place.path.startswith("/v1/finance/search"):
            return 200, json.dumps({"quotes": self._found(asked.get("q", ""))})
        return 404, "{}"

    def _statements(self, symbol: str) -> tuple[int, str]:
        found = self.statements.get(symbol)
        return (404, "{}") if found is None else (200, json.dumps({"timeseries": {"result": found}}))

    def _found(self, text: str) -> list[dict[str, Any]]:
        wanted = text.casefold()
        return [
            {
                "symbol": symbol,
                "shortname": traded.name,
                "longname": traded.name,
                "quoteType": traded.kind,
                "exchDisp": traded.exchange,
            }
            for symbol, traded in self.known.items()
            if wanted in symbol.casefold() or wanted in traded.name.casefold()
        ]

    def _chart(self, symbol: str, asked: dict[str, str]) -> tuple[int, str]:
        traded = self.known.get(symbol)
        if traded is None:
            return 404, _refusal("Not Found", "No data found, symbol may be delisted")
        width = asked.get("interval", "1d")
        if self.fault == "far" and width == "1m":
            words = "1m data not available. The requested range must be within the last 30 days."
            return 422, _refusal("Unprocessable Entity", words)
        rows = traded.rows if width == "1d" else traded.minutes
        if "period1" in asked:
            first, last = int(asked["period1"]), int(asked["period2"])
            rows = [row for row in rows if first <= row[0] < last]
        elif asked.get("range") in {"1d", "5d"}:
            rows = rows[-int(asked["range"][0]) :]
        times = [row[0] for row in rows]
        columns = list(zip(*(row[1:] for row in rows), strict=True)) or [[], [], [], [], []]
        quote = dict(zip(("open", "high", "low", "close", "volume"), map(list, columns), strict=True))
        if self.fault == "no_open":
            del quote["open"]
        if self.fault == "no_quote":
            quote = {}
        if self.fault == "short_column":
            quote["close"] = quote["close"][:-1]
        inside = set(times) | {row[0] for row in traded.rows}
        events = {
            "splits": {
                str(second): {
                    "date": second,
                    "numerator": ratio,
                    "denominator": 1,
                    "splitRatio": f"{ratio}:1",
                }
                for second, ratio in traded.splits.items()
                if second in inside and times and second >= times[0]
            },
            "dividends": {
                str(second): {"date": second, "amount": amount}
                for second, amount in traded.dividends.items()
                if times and second >= times[0]
            },
        }
        result: dict[str, Any] = {
            "meta": self._about(symbol, traded),
            "timestamp": times,
            "events": events,
            "indicators": {"quote": [quote]},
        }
        if width == "1d" and "close" in quote:
            result["indicators"]["adjclose"] = [{"adjclose": quote["close"]}]
        if not times:
            del result["timestamp"]
            result["indicators"] = {"quote": [{}]}
        return 200, json.dumps({"chart": {"result": [result], "error": None}})

    def _about(self, symbol: str, traded: Traded) -> dict[str, Any]:
        last = next((row for row in reversed(traded.rows) if row[4] is not None), None)
        price = traded.price if traded.price is not None else last[4] if last else None
        return {
            "symbol": symbol,
            "longName": traded.name,
            "shortName": traded.name,
            "instrumentType": traded.kind,
            "currency": traded.currency,
            "exchangeName": "NMS",
            "fullExchangeName": traded.exchange,
            "exchangeTimezoneName": traded.zone,
            "timezone": "EST",
            "gmtoffset": -18_000,
            "priceHint": 2,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "max"],
            "regularMarketPrice": price,
            "regularMarketTime": traded.price_second or (last[0] if last else 0),
            "regularMarketDayHigh": last[2] if last else None,
            "regularMarketDayLow": last[3] if last else None,
            "regularMarketVolume": last[5] if last else None,
            "chartPreviousClose": price,
            "tradingPeriods": [
                [
                    {
                        "timezone": "EST",
                        "start": row[0],
                        "end": row[0] + _SESSION,
                        "gmtoffset": -18_000,
                    }
                ]
                for row in traded.rows
            ],
            "currentTradingPeriod": {
                part: {"timezone": "EST", "start": 0, "end": 1, "gmtoffset": -18_000}
                for part in ("pre", "regular", "post")
            },
            **traded.said,
        }


def daily_rows(first: datetime, closes: list[float], *, opens_at: int = NEW_YORK_OPEN) -> list[Row]:
    """Give rows on weekdays from a day on, one for each close, stamped with the opening of their session."""
    day = first.replace(hour=0, minute=0, tzinfo=UTC)
    rows: list[Row] = []
    for close in closes:
        while day.weekday() > 4:
            day += timedelta(days=1)
        second = int(day.timestamp()) + opens_at
        rows.append((second, close - 0.5, close + 1.0, close - 1.0, close, 1_000.0))
        day += timedelta(days=1)
    return rows


def _refusal(code: str, words: str) -> str:
    return json.dumps({"chart": {"result": None, "error": {"code": code, "description": words}}})


def _handler(yahoo: FakeYahoo) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            # A proxy that is asked for a tunnel, and then sits at its other end itself.
            self.send_response(200)
            self.end_headers()
            try:
                self.connection = yahoo.tls.wrap_socket(self.connection, server_side=True)
            except OSError:
                self.close_connection = True
                return
            self.rfile = self.connection.makefile("rb")
            self.wfile = _Written(self.connection)
            self.close_connection = False

        def do_GET(self) -> None:
            yahoo.asked.append(self.path)
            status, body = yahoo.answer(self.path)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Connection", "close")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())
            except OSError:
                # Whoever asked has hung up.
                pass

        do_POST = do_GET  # noqa: N815  the server calls it by this name

        def finish(self) -> None:
            super().finish()
            # The server closes what it accepted; the tunnel's end is ours.
            self.connection.close()

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _tls(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "yahoo.test")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    file = folder / "yahoo.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class _Written(io.BufferedIOBase):
    """Writes through to the encrypted connection."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._connection.sendall(data)
        return len(data)
