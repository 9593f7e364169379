"""A small EDGAR on loopback that speaks its three answers and misbehaves on command."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

CIK = 1234567
Answer = tuple[int, bytes, dict[str, str]]


class FakeEdgar:
    """What the server knows, what it was asked, and what it does wrong next."""

    def __init__(self) -> None:
        self.tickers: Any = {
            "0": {"cik_str": CIK, "ticker": "ACME", "title": "Acme Corp."},
            "1": {"cik_str": 7654321, "ticker": "EMPT", "title": "Empty Trust"},
            "2": {"cik_str": CIK, "ticker": "ACME-B", "title": "Acme Corp."},
        }
        self.facts: dict[int, Any] = {CIK: company_facts()}
        self.submissions: dict[int, Any] = {CIK: submissions()}
        self.asked: list[str] = []
        self.agents: list[str] = []
        # Answers given before the true ones, each once.
        self.troubles: list[Answer] = []
        self.address = ""

    def answer(self, path: str, agent: str) -> Answer:
        """Give the next trouble, or what the real one would say."""
        self.asked.append(path)
        self.agents.append(agent)
        if self.troubles:
            return self.troubles.pop(0)
        if "@" not in agent:
            return 403, b"<html>Your Request Originates from an Undeclared Automated Tool</html>", {}
        if path == "/files/company_tickers.json":
            return _json(self.tickers)
        shelf = self.facts if path.startswith("/api/xbrl/companyfacts/CIK") else self.submissions
        number = path.rpartition("CIK")[2].removesuffix(".json")
        found = shelf.get(int(number)) if number.isdigit() and len(number) == 10 else None
        return _json(found) if found is not None else (404, b"<html>Not found</html>", {})


@contextmanager
def edgar() -> Iterator[FakeEdgar]:
    """Serve one on a free port of this machine."""
    fake = FakeEdgar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = fake.answer(self.path, self.headers.get("User-Agent", ""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by the base class
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="fake-edgar")
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def _json(value: Any) -> Answer:
    body = gzip.compress(json.dumps(value).encode())
    return 200, body, {"Content-Encoding": "gzip", "Content-Type": "application/json"}


def fact(value: float, end: str, filed: str, start: str | None = None, form: str = "10-Q") -> dict[str, Any]:
    """One number as EDGAR states it."""
    stated = {"end": end, "val": value, "accn": f"0001-{filed}", "fy": 2023, "fp": "Q1", "form": form}
    return {**stated, "filed": filed} | ({"start": start} if start else {})


def concept(unit: str, *facts: Mapping[str, Any]) -> dict[str, Any]:
    """One concept with its facts in one unit."""
    return {"label": "", "description": "", "units": {unit: list(facts)}}


def company_facts() -> dict[str, Any]:
    """Two years of a company with the usual oddities.

    Revenue changes its concept in 2023, no fourth quarter is stated, cash flows are stated since the start of
    the year, and the income of 2022 was restated a year later.
    """
    year = [("2022-01-01", "2022-03-31"), ("2022-04-01", "2022-06-30"), ("2022-07-01", "2022-09-30")]
    filed = ("2022-05-02", "2022-08-01", "2022-11-01")
    annual = {"start": "2022-01-01", "end": "2022-12-31"}

    def quarters(*values: float) -> list[dict[str, Any]]:
        return [
            fact(value, end, day, start) for value, (start, end), day in zip(values, year, filed, strict=True)
        ]

    def since_january(*values: float) -> list[dict[str, Any]]:
        return [
            fact(value, end, day, "2022-01-01")
            for value, (_, end), day in zip(values, year, filed, strict=True)
        ]

    def full(value: float, day: str = "2023-02-10", **span: str) -> dict[str, Any]:
        return fact(value, (span or annual)["end"], day, (span or annual)["start"], "10-K")

    def levels(*values: float) -> list[dict[str, Any]]:
        ends = [*(end for _, end in year), "2022-12-31"]
        days = [*filed, "2023-02-10"]
        return [
            fact(value, end, day, form="10-K" if end.endswith("12-31") else "10-Q")
            for value, end, day in zip(values, ends, days, strict=True)
        ]

    next_year = {"start": "2023-01-01", "end": "2023-12-31"}
    return {
        "cik": CIK,
        "entityName": "ACME CORP.",
        "facts": {
            "dei": {
                "EntityCommonStockSharesOutstanding": concept(
                    "shares", fact(60, "2023-01-31", "2023-02-10", form="10-K"),
                    {**fact(40, "2023-01-31", "2023-02-10", form="10-K")},
                )
            },
            "us-gaap": {
                "SalesRevenueNet": concept("USD", *quarters(100, 110, 120), full(460)),
                "RevenueFromContractWithCustomerExcludingAssessedTax": concept(
                    "USD", full(520, "2024-02-09", **next_year)
                ),
                "CostOfRevenue": concept("USD", *quarters(60, 66, 72), full(276)),
                "NetIncomeLoss": concept(
                    "USD", *quarters(10, 11, 12), *since_january(10, 21, 33), full(46),
                    full(40, "2024-02-09"), full(52, "2024-02-09", **next_year),
                ),
                "NetCashProvidedByUsedInOperatingActivities": concept(
                    "USD", *since_january(15, 31, 48), full(66)
                ),
                "PaymentsToAcquirePropertyPlantAndEquipment": concept(
                    "USD", *since_january(5, 10, 15), full(20)
                ),
                "Assets": concept("USD", *levels(500, 510, 520, 530)),
                "StockholdersEquity": concept("USD", *levels(300, 305, 310, 320)),
            },
        },
    }  # fmt: skip


def submissions() -> dict[str, Any]:
    """The newest filings, as columns."""
    return {
        "cik": str(CIK),
        "name": "Acme Corp.",
        "filings": {
            "recent": {
                "accessionNumber": ["0001-24-000003", "0001-23-000002", "0001-22-000001"],
                "filingDate": ["2024-02-09", "2023-02-10", "2022-11-01"],
                "reportDate": ["2023-12-31", "2022-12-31", "2022-09-30"],
                "form": ["10-K", "10-K", "10-Q"],
                "primaryDocument": ["acme 10k.htm", "acme10k.htm", "acme10q.htm"],
                "primaryDocDescription": ["Annual report", "Annual report", "Quarterly report"],
            },
            "files": [],
        },
    }
