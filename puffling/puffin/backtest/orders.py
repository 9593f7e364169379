"""Orders, fills and positions as Puffin's users know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side


class Sizing(StrEnum):
    """What `size` means: a share of the equity, of the first capital, or what these rules make of it."""

    EQUITY = "equity"
    FIXED = "fixed"
    RISK = "risk"
    VOLATILITY = "volatility"
    KELLY = "kelly"


# The smallest step of each symbol's prices, None for cents and finer below 1; of others any price will do.
Steps = Mapping[str, Decimal | None]


@frozen
class Order:
    """What should be traded; the names are Puffin's."""

    symbol: str
    side: str
    qty: float
    order_type: str = Kind.MARKET
    limit_price: float | None = None
    stop_price: float | None = None
    timestamp: datetime | None = None


@frozen
class Fill:
    """What was traded: `price` is what was paid, slippage included; `slippage` is what that cost."""

    symbol: str
    side: str
    qty: float
    price: float
    commission: float
    slippage: float
    timestamp: datetime


@frozen
class Position:
    """What is held of a symbol, negative when sold short, and what closed trades of it brought."""

    symbol: str
    qty: float
    avg_price: float
    realized_pnl: float = 0.0


@frozen
class Ticket:
    """An order with everything the market model needs to know; prices that a kind does not use stay None.

    One whose quantity is left open (None) is as large as the rule of sizes says; see `own_sizes`.
    """

    symbol: str
    side: Side
    quantity: float | None = None
    kind: Kind = Kind.MARKET
    limit: float | None = None
    stop: float | None = None
    # How far a trailing stop stays behind the best price, as money or as a share of that price.
    trail: float | None = None
    trail_share: float | None = None
    lasting: Lasting = Lasting.GTC

    def __post_init__(self) -> None:
        if self.quantity is not None and not 0.0 < self.quantity < float("inf"):
            raise InvalidValue("Quantity must be above 0", field="quantity")
        for name in ("limit", "stop", "trail", "trail_share"):
            given = getattr(self, name)
            if given is not None and not 0.0 < given < float("inf"):
                raise InvalidValue(f"{name.replace('_', ' ').capitalize()} must be above 0", field=name)
        needed = {
            Kind.LIMIT: ("limit",),
            Kind.STOP: ("stop",),
            Kind.STOP_LIMIT: ("limit", "stop"),
        }.get(self.kind, ())
        for name in needed:
            if getattr(self, name) is None:
                words = self.kind.value.replace("_", "-")
                raise InvalidValue(f"A {words} order needs a {name} price", field=name)
        if self.kind is Kind.TRAILING_STOP and (self.trail is None) == (self.trail_share is None):
            raise InvalidValue("A trailing stop needs a distance, as money or as a share", field="trail")


@frozen
class Wanted:
    """What an order of open quantity is to take of the equity.

    With a `stop` the weight is what it may lose there, so that the price it fills at decides how much it is.
    It takes `most` at most: a rule does not ask for more than the leverage allows.
    """

    weight: float
    stop: float | None = None
    most: float = float("inf")

    def at(self, price: float, side: Side) -> float | None:
        """Give the share of the equity at a price; None where its stop does not lie behind that."""
        weight = self.weight
        if self.stop is not None:
            away = side.sign * (price - self.stop)
            if away <= 0.0:
                return None
            weight = weight * price / away
        # The product that cuts signals, too: both are of one size to the last bit.
        return weight if weight <= self.most else weight * (self.most / weight)


def price_of(ticket: Ticket) -> float | None:
    """Give the price an order comes with, at which it is sized; None for what fills at the market's."""
    return ticket.stop if ticket.kind is Kind.STOP else ticket.limit


def on_step(price: float, step: Decimal | None) -> float:
    """Bring a price to the nearest one an exchange takes; None stands for cents, and finer below 1."""
    exact = Decimal(repr(price))
    step = (Decimal("0.01") if exact >= 1 else Decimal("0.0001")) if step is None else step
    return float((exact / step).to_integral_value(ROUND_HALF_EVEN) * step) if step else price


def on_steps(ticket: Ticket, step: Decimal | None) -> Ticket:
    """Give an order with its prices on the steps of its market."""
    limit, stop, trail = (
        None if price is None else on_step(price, step) for price in (ticket.limit, ticket.stop, ticket.trail)
    )
    return replace(ticket, limit=limit, stop=stop, trail=trail)
