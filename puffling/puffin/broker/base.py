"""The broker contract and its values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.puffin.orders import Kind, Lasting, Side

OrderSide = Side
OrderType = Kind
TimeInForce = Lasting

Number = int | float | Decimal


class OrderStatus(StrEnum):
    """What a broker says of an order."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    # A word the broker used that we do not know: the order may be anything.
    UNKNOWN = "unknown"


class BrokerError(PuffinError):
    """A broker could not do what was asked."""


class OrderRejectedError(BrokerError):
    """The broker looked and said no: nothing is at the market. `code` is the broker's own word for why."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class InsufficientFundsError(OrderRejectedError):
    """There is not enough money, buying power or stock for the order."""


class InvalidOrderError(OrderRejectedError):
    """The order makes no sense to the broker."""


class DuplicateOrderError(BrokerError):
    """The broker has an order under this client id already."""


class UnknownOrderError(BrokerError):
    """The broker has no order of this id, at least just now."""


class BrokerBusyError(BrokerError):
    """The broker asked for patience and did not look at the request."""

    def __init__(self, message: str, *, wait_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class BrokerRefusedError(BrokerError):
    """The broker does not accept these keys, or not for this."""


class UnclearError(BrokerError):
    """Whether the request arrived, nobody knows: silence, a broken line, or an answer that cannot be read."""


@frozen
class Order:
    """What should be traded; the first eight names are Puffin's.

    `trail_price` and `trail_percent` belong to trailing stops (one of them; a percent is 1.5 for 1.5 %).
    `take_profit` (a limit) and `stop_loss` (a stop) make it a bracket: they come to the market when it fills,
    and one cancels the other. `notional` is money instead of a quantity, where a broker takes that.
    """

    symbol: str
    side: Side
    qty: Number
    type: Kind = Kind.MARKET
    limit_price: Number | None = None
    stop_price: Number | None = None
    time_in_force: Lasting = Lasting.DAY
    client_order_id: str | None = None
    trail_price: Number | None = None
    trail_percent: Number | None = None
    take_profit: Number | None = None
    stop_loss: Number | None = None
    notional: Number | None = None
    extended_hours: bool = False
    # A limit and its `stop_loss` on the same side: two ways out of which the first to fill cancels the other.
    one_cancels_other: bool = False
    # The worst price once the stop loss was met; None for any.
    stop_loss_limit: Number | None = None


@frozen
class Position:
    """What is held of a symbol; `qty` is negative when sold short."""

    symbol: str
    qty: Number
    avg_price: Number
    market_value: Number
    unrealized_pnl: Number
    cost_basis: Number
    last_update: datetime

    def side(self) -> str:
        """Give `long` or `short`."""
        return "short" if self.qty < 0 else "long"


@frozen
class AccountInfo:
    """What an account is worth. `settled_cash` is None where the broker does not tell."""

    equity: Number
    cash: Number
    buying_power: Number
    portfolio_value: Number
    margin_used: Number
    maintenance_margin: Number
    last_update: datetime
    settled_cash: Number | None = None
    # What the account was worth when the last trading day ended, for the day's gain.
    last_equity: Number | None = None
    currency: str = "USD"
    number: str = ""
    # Why the broker lets nothing through, empty when it does.
    blocked: str = ""
    may_short: bool = True


@frozen
class OrderStatusInfo:
    """An order as the broker knows it; `filled_qty` is cumulative."""

    order_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    qty: Number
    filled_qty: Number
    type: Kind
    status: OrderStatus
    limit_price: Number | None = None
    stop_price: Number | None = None
    avg_fill_price: Number | None = None
    submitted_at: datetime | None = None
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    reject_reason: str | None = None
    time_in_force: Lasting = Lasting.DAY
    # The broker's own word where `status` or `type` had to be guessed.
    raw_status: str = ""
    replaces: str | None = None
    replaced_by: str | None = None
    # The order whose fill brings this one to the market, and the orders this one brings.
    parent_id: str | None = None
    legs: tuple[OrderStatusInfo, ...] = ()
    # Money instead of a quantity; `qty` is then what has been filled.
    notional: Number | None = None


class ExecutionKind(StrEnum):
    """What an execution does to the book: adds to it, takes one back, or puts one right."""

    FILL = "fill"
    BUST = "bust"
    CORRECTION = "correction"


@frozen
class Execution:
    """One fill: `qty` and `price` are its own alone. `corrects` names the one it busts or puts right."""

    execution_id: str
    order_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    filled_at: datetime
    fee: Decimal = Decimal(0)
    kind: ExecutionKind = ExecutionKind.FILL
    corrects: str | None = None
    # What the order had filled in all when this was done: the same fill told by two ways has the same.
    cumulative: Decimal | None = None


class UpdateKind(StrEnum):
    """What the line to the broker says by itself."""

    ORDER = "order"
    # The stream is there (again): whatever happened meanwhile was not heard.
    CONNECTED = "connected"
    LOST = "lost"
    # Connected but silent for longer than it should be.
    MUTE = "mute"


@frozen
class BrokerUpdate:
    """News from a broker's stream: an order with the fill that changed it, or the state of the line.

    News of an order without an order is news that could not be read: look for yourself.
    """

    kind: UpdateKind
    order: OrderStatusInfo | None = None
    execution: Execution | None = None
    event: str = ""
    at: datetime | None = None


@frozen
class Asset:
    """What a broker knows of an instrument."""

    symbol: str
    asset_type: str = "equity"
    tradable: bool = True
    shortable: bool = False
    fractionable: bool = False
    marginable: bool = False
    # The smallest step of a price (None: two decimals from $1, four below) and of a quantity.
    price_step: Decimal | None = None
    quantity_step: Decimal = Decimal(1)


@frozen
class BrokerAbilities:
    """What a broker holds by itself. What it does not is held by this computer, or not offered."""

    kinds: frozenset[Kind] = frozenset({Kind.MARKET, Kind.LIMIT})
    lasting: frozenset[Lasting] = frozenset({Lasting.DAY})
    brackets: bool = False
    # Two ways out of a position, of which the first to fill cancels the other.
    one_cancels_other: bool = False
    fractions: bool = False
    notional: bool = False
    short: bool = False
    extended_hours: bool = False
    replaces: bool = False
    # Changes the quantity of an order that is filled in part: told is what is wanted in all.
    resizes_filled: bool = False
    # Finds an order again by the client id it was given: without it no real money.
    finds_client_ids: bool = False
    lists_fills: bool = False
    streams: bool = False


@frozen
class BrokerClock:
    """The broker's own time, and whether its market is open."""

    now: datetime
    is_open: bool
    next_open: datetime | None = None
    next_close: datetime | None = None


@frozen
class Change:
    """How a working order should be changed; what is None stays."""

    qty: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    client_order_id: str | None = field(default=None, kw_only=True)


class Broker(ABC):
    """Where orders go. Calls block; what is only ours beyond Puffin's contract need not be offered."""

    abilities: BrokerAbilities = BrokerAbilities()

    @abstractmethod
    def submit_order(self, order: Order) -> str:
        """Send an order once and give the broker's id of it."""

    @abstractmethod
    def cancel_order(self, order_id: str) -> bool:
        """Ask for an order to be cancelled; False when it is over already."""

    @abstractmethod
    def get_positions(self) -> dict[str, Position]:
        """Give what is held, by symbol. A question that failed raises; it never reads as nothing."""

    @abstractmethod
    def get_account(self) -> AccountInfo:
        """Give what the account is worth."""

    @abstractmethod
    def get_order_status(self, order_id: str) -> OrderStatusInfo:
        """Give an order as the broker knows it now."""

    def get_position(self, symbol: str) -> Position | None:
        """Give what is held of one symbol, None when certainly nothing."""
        return self.get_positions().get(symbol)

    def modify_order(
        self, order_id: str, qty: Number | None = None, limit_price: Number | None = None
    ) -> bool:
        """Change a working order in place."""
        raise NotOffered("This broker does not change orders")

    def replace_order(self, order_id: str, change: Change) -> OrderStatusInfo:
        """Change a working order and give the order that stands in its place."""
        raise NotOffered("This broker does not replace orders")

    def find_order(self, client_order_id: str) -> OrderStatusInfo | None:
        """Give the order of this client id, None when the broker certainly has none just now."""
        raise NotOffered("This broker does not find orders by client id")

    def get_all_orders(self, status: str | None = None, limit: int = 100) -> list[OrderStatusInfo]:
        """Give the newest orders: `open`, `closed`, or all of them."""
        raise NotOffered("This broker does not list orders")

    def get_executions(self, since: datetime) -> list[Execution]:
        """Give every fill from a moment on, oldest first."""
        raise NotOffered("This broker does not list fills")

    def get_asset(self, symbol: str) -> Asset:
        """Give what the broker knows of an instrument."""
        raise NotOffered("This broker does not describe instruments")

    def get_clock(self) -> BrokerClock:
        """Give the broker's own time."""
        raise NotOffered("This broker does not tell the time")

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        """Tell news of orders from now on, from whichever thread; the answer ends it."""
        raise NotOffered("This broker does not tell news")

    def close(self) -> None:  # noqa: B027  most brokers hold nothing that wants letting go
        """Let go of lines and threads."""
