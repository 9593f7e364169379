"""A market that moves by itself, a person who trades elsewhere, and time that passes faster."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.alpaca_book import Book
from tests.fakes.alpaca_orders import WORKING, Refusal

_CENT = Decimal("0.01")


class Wanderer:
    """Takes a step with every visitor of the broker, by seeded dice."""

    def __init__(self, book: Book, seed: int, rate: float, symbols: list[str]) -> None:
        self._book = book
        self._dice = random.Random(seed)
        self._rate = rate
        self._symbols = symbols

    def step(self, _: str) -> None:
        """Move a price most of the time, and do something else now and then."""
        dice = self._dice
        if dice.random() >= self._rate:
            return
        self._move()
        chance = dice.random()
        try:
            if chance < 0.04:
                self._order_by_hand()
            elif chance < 0.06:
                self._cancel_by_hand()
            elif chance < 0.08 and self._book.fills:
                self._put_right()
        except Refusal:
            # What the person wanted cannot be done either.
            return

    def _move(self) -> None:
        symbol = self._dice.choice(self._symbols)
        factor = Decimal(str(round(self._dice.uniform(0.97, 1.03), 4)))
        size = self._dice.choice((None, None, Decimal(1), Decimal(3), Decimal("0.5")))
        self._book.move(symbol, (100 * factor).quantize(_CENT), size)

    def _order_by_hand(self) -> None:
        dice = self._dice
        asked = {
            "symbol": dice.choice(self._symbols),
            "side": dice.choice(("buy", "sell")),
            "qty": dice.randint(1, 5),
            "type": "market",
            "time_in_force": "day",
        }
        if dice.random() < 0.5:
            asked |= {"type": "limit", "limit_price": "98.00"}
        self._book.accept(asked)

    def _cancel_by_hand(self) -> None:
        working = [order for order in self._book.orders.values() if order.status in WORKING]
        if working:
            self._book.cancel(self._dice.choice(working))

    def _put_right(self) -> None:
        """Take back or correct one of the newest fills that still stands."""
        undone = {fill["previous"] for fill in self._book.fills}
        standing = [
            fill
            for fill in self._book.fills[-5:]
            if fill["type"] != "trade_bust" and fill["execution"] not in undone
        ]
        if not standing:
            return
        fill = self._dice.choice(standing)
        if self._dice.random() < 0.5:
            self._book.bust(fill["execution"])
        else:
            self._book.correct(fill["execution"], Decimal(fill["qty"]), Decimal(fill["price"]) + _CENT)


def hasty(began: float, start: datetime, haste: float) -> Callable[[], datetime]:
    """Give a clock that runs so many times as fast, the same in every process of this machine."""

    def now() -> datetime:
        return start + timedelta(seconds=(time.monotonic() - began) * haste)

    return now
