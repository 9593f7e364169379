"""Orders, fills and positions as Puffin's users know them."""

from __future__ import annotations

from datetime import datetime
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
    """An order with everything the market model needs to know; prices that a kind does not use stay None."""

    symbol: str
    side: Side
    quantity: float
    kind: Kind = Kind.MARKET
    limit: float | None = None
    stop: float | None = None
    # How far a trailing stop stays behind the best price, as money or as a share of that price.
    trail: float | None = None
    trail_share: float | None = None
    lasting: Lasting = Lasting.GTC

    def __post_init__(self) -> None:
        if not 0.0 < self.quantity < float("inf"):
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


def ticket_of(order: Order) -> Ticket:
    """Read an order as Puffin's users write it."""
    try:
        side, kind = Side(str(order.side).lower()), Kind(str(order.order_type).lower())
    except ValueError as error:
        raise InvalidValue(f"{str(error).capitalize()}", field="order") from None
    return Ticket(order.symbol, side, float(order.qty), kind, order.limit_price, order.stop_price)
