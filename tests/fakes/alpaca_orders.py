"""What the stand-in for Alpaca holds: orders, holdings, and the ways in which it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

WORKING = frozenset({"new", "accepted", "partially_filled", "held", "pending_new"})
OVER = frozenset({"filled", "canceled", "expired", "rejected", "replaced"})
KINDS = frozenset({"market", "limit", "stop", "stop_limit", "trailing_stop"})
LASTING = frozenset({"day", "gtc", "ioc", "fok", "opg", "cls"})
NOTHING = Decimal(0)
SHARE = Decimal("0.000000001")

Row = dict[str, Any]


class Refusal(Exception):
    """What the broker says no to, as it says it."""

    def __init__(self, status: int, code: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Row = {"code": code, "message": message, **more}


@dataclass
class BookOrder:
    """One order as the broker holds it."""

    id: str
    client_id: str
    symbol: str
    side: str
    type: str
    lasting: str
    at: datetime
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    best: Decimal | None = None
    extended_hours: bool = False
    order_class: str = ""
    status: str = "new"
    filled: Decimal = NOTHING
    paid: Decimal = NOTHING
    triggered: bool = False
    legs: list[BookOrder] = field(default_factory=list)
    # Orders of which the first fill cancels the rest.
    rivals: list[BookOrder] = field(default_factory=list)
    is_leg: bool = False
    replaces: str | None = None
    replaced_by: str | None = None
    ended_at: datetime | None = None
    filled_at: datetime | None = None

    @property
    def sign(self) -> int:
        """+1 for buying, -1 for selling."""
        return 1 if self.side == "buy" else -1

    def remaining(self, price: Decimal) -> Decimal:
        """What is still to be filled."""
        if self.qty is not None:
            return self.qty - self.filled
        assert self.notional is not None
        return ((self.notional - self.paid) / price).quantize(SHARE, ROUND_DOWN)


@dataclass
class Holding:
    """What is held of one symbol."""

    qty: Decimal = NOTHING
    cost: Decimal = NOTHING


def number(value: object) -> Decimal | None:
    """A number as the wire has it, text or not; None where there is none."""
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise Refusal(422, 40010001, "request body format is invalid") from None


def plain(value: Decimal) -> str:
    """A number as Alpaca writes it."""
    return format(value.normalize(), "f")
