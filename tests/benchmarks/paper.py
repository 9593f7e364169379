"""A paper account in a busy market: what ticks cost while orders wait, and what a fill costs to be kept."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median
from typing import Any

from puffling.puffin.broker.base import Order
from puffling.puffin.broker.paper import PaperBroker
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.orders import Kind, Lasting, Side
from tests.benchmarks.measure import Row, benchmark, in_milliseconds

SYMBOLS = tuple(f"S{place}" for place in range(10))
WAITING, TICKS, ROUNDS, FILLS = 50, 20_000, 5, 500
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


@benchmark
def paper() -> Iterator[Row]:
    """Ticks through a paper account with orders that wait, and fills into its book."""
    for title, kinds, aim in (
        ("limits and stops", (Kind.LIMIT, Kind.STOP), "100,000"),
        ("trailing stops", (Kind.TRAILING_STOP,), "20,000"),
    ):
        rate = median(_rate(kinds) for _ in range(ROUNDS))
        yield Row(
            f"Paper account, {WAITING} {title} wait: ticks a second", f"{rate:,.0f}", "", "", aim
        )  # fmt: skip
    told = median(_kept() for _ in range(ROUNDS))
    yield Row(
        f"Paper account, {FILLS} orders filled before: a fill, and its book written out",
        in_milliseconds(told), "", "", "10 ms",
    )  # fmt: skip


def _rate(kinds: tuple[Kind, ...]) -> float:
    draw = random.Random(7)
    broker = _broker()
    for place in range(WAITING):
        kind = kinds[place % len(kinds)]
        side = Side.BUY if kind is Kind.LIMIT else Side.SELL
        terms: dict[str, Any] = {
            Kind.LIMIT: {"limit_price": 90},
            Kind.STOP: {"stop_price": 90},
            Kind.TRAILING_STOP: {"trail_percent": 50},
        }[kind]
        broker.submit_order(Order(SYMBOLS[place % 10], side, 1, kind, time_in_force=Lasting.GTC, **terms))
    ticks = [{draw.choice(SYMBOLS): (draw.uniform(95.0, 105.0), 100.0)} for _ in range(TICKS)]
    return TICKS / _seconds(lambda: [broker.on_prices(tick, AT) for tick in ticks])


def _kept() -> float:
    broker = _broker(keep=lambda book: None)
    for place in range(FILLS):
        broker.submit_order(Order(SYMBOLS[place % 10], Side.BUY, 1))
    broker.on_prices(dict.fromkeys(SYMBOLS, (100.0, 100.0)), AT)
    json.dumps(broker.unkept())
    broker.submit_order(Order("S0", Side.BUY, 1))

    def fill() -> None:
        broker.on_prices({"S0": (100.0, 100.0)}, AT)
        json.dumps(broker.unkept())

    return _seconds(fill)


def _broker(keep: Callable[[dict[str, Any]], None] | None = None) -> PaperBroker:
    return PaperBroker(1_000_000_000, now=lambda: AT, terms=PaperTerms(short=True), keep=keep)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
