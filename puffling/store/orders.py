"""The road to the broker as it is stored: intents, orders, fills, approvals, trades, accounts."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.orders import Kind, Lasting, Side


class OrderState(StrEnum):
    """How far an order has come; which state may follow which, the desk says."""

    INTENT = "INTENT"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    ACKED = "ACKED"
    PARTIAL = "PARTIAL"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    REPLACED = "REPLACED"
    ABANDONED_WATCH = "ABANDONED_WATCH"
    EXTERNAL = "EXTERNAL"


class ApprovalState(StrEnum):
    """Where a question for the person's yes stands."""

    WAITING = "WAITING"
    SHOWN = "SHOWN"
    GIVEN = "GIVEN"
    USED = "USED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class FillKind(StrEnum):
    """What a fill does to the book.

    OPENING is what was held before we first looked; ADJUSTMENT is what the broker holds though no fill
    explains it, once the person accepted it.
    """

    FILL = "fill"
    BUST = "bust"
    CORRECTION = "correction"
    OPENING = "opening"
    ADJUSTMENT = "adjustment"


class FlowKind(StrEnum):
    """How money came or went without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"


@frozen
class OrderTerms:
    """What is wanted at the market, exactly: what an approval binds and a broker gets."""

    account: str
    symbol: str
    side: Side
    quantity: Decimal
    kind: Kind = Kind.MARKET
    limit: Decimal | None = None
    stop: Decimal | None = None
    # How far a trailing stop stays behind: as money, or as a share of the best price (0.01 is 1 %).
    trail: Decimal | None = None
    trail_share: Decimal | None = None
    lasting: Lasting = Lasting.DAY
    # The other two legs of a bracket: a limit and a stop on the other side.
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    extended_hours: bool = False
    # A way out with a profit at `limit` and with a loss at `stop_loss`, on the same side; the first to fill
    # cancels the other. `stop_loss_limit` is the worst price after the stop, None for any.
    one_cancels_other: bool = False
    stop_loss_limit: Decimal | None = None


# What terms did not say at first. It is left out where it says nothing, so that every order is written and
# named as it was before.
LATER_TERMS = frozenset({"one_cancels_other", "stop_loss_limit"})


@frozen
class Intent:
    """What is meant to be ordered, written down before the first byte leaves.

    `held` is an order that this computer keeps until its price is met, because the broker does not hold its
    kind. `waits_here` says that it was written down as one of those, `exits_here` that the exits which come
    with it are: decided once, whatever the broker learns later. `reserved` is the exposure it takes while it
    is open. `verdicts` is what every gate said, in order.
    """

    id: str
    client_id: str
    slot_id: str
    terms: OrderTerms
    mode: str
    source: str
    source_version: str
    slot: str
    leg: str
    payload_hash: str
    verdicts: tuple[dict[str, Any], ...]
    state: OrderState
    shrinks: bool
    reserved: Decimal
    trading_day: str
    valid_until: datetime
    created_at: datetime
    updated_at: datetime
    attempt: int = 0
    held: bool = False
    parent_id: str | None = None
    approval_id: str | None = None
    broker_order_id: str | None = None
    # Why it was wanted, in the words of whoever wanted it; and why it ended, where that needs saying.
    why: str = ""
    reason: str = ""
    sent_at: datetime | None = None
    # None where it was written down before that was said.
    waits_here: bool | None = None
    exits_here: bool = False


@frozen
class Counted:
    """What of an intent counts against limits."""

    id: str
    account: str
    parent_id: str | None
    source: str
    slot: str
    leg: str
    symbol: str
    side: Side
    kind: Kind
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None
    state: OrderState
    shrinks: bool
    reserved: Decimal
    created_at: datetime
    updated_at: datetime


@frozen
class Tally:
    """How many orders were entered: of the day those that limits count, and of late the ways out."""

    entered: int
    exits: int


@frozen
class Paid:
    """Money that the person paid in, or out where it is negative."""

    at: datetime
    amount: Decimal


@frozen
class BrokerOrder:
    """An order as the broker knows it, ours or found there."""

    id: str
    broker_order_id: str
    account: str
    mode: str
    symbol: str
    side: Side
    kind: Kind
    lasting: Lasting
    quantity: Decimal
    filled: Decimal
    state: OrderState
    updated_at: datetime
    intent_id: str | None = None
    client_id: str | None = None
    average_price: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    parent_order_id: str | None = None
    replaces: str | None = None
    submitted_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def remaining(self) -> Decimal:
        """Give what has not been filled."""
        return self.quantity - self.filled


@frozen
class Fill:
    """One execution; its key is the broker's, so that hearing of it again changes nothing."""

    broker_order_id: str
    execution_id: str
    account: str
    mode: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fees: Decimal
    filled_at: datetime
    received_at: datetime
    kind: FillKind = FillKind.FILL
    order_id: str | None = None
    corrects: str | None = None

    @property
    def signed(self) -> Decimal:
        """Give the quantity as it changes the position."""
        return self.quantity if self.side is Side.BUY else -self.quantity


@frozen
class Holding:
    """What our fills add up to for one symbol of an account."""

    account: str
    symbol: str
    quantity: Decimal
    average_price: Decimal
    updated_at: datetime


@frozen
class Approval:
    """A question for the person's yes to exactly one order, good once and for a short time.

    The minutes run from `shown_at`, the moment the person saw it with that price.
    """

    id: str
    terms: OrderTerms
    order_hash: str
    worst_price: Decimal | None
    source: str
    source_version: str
    slot: str
    leg: str
    why: str
    state: ApprovalState
    created_at: datetime
    valid_until: datetime
    shown_at: datetime | None = None
    expires_at: datetime | None = None
    used_at: datetime | None = None
    given_by: str = ""


@frozen
class Trade:
    """A trade in the person's history: what was bought or sold, why, and what it earned."""

    id: str
    account: str
    mode: str
    source: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fees: Decimal
    realized: Decimal | None
    traded_at: datetime
    order_id: str | None = None
    intent_id: str | None = None
    execution_id: str | None = None
    strategy_id: str | None = None
    note: str = ""
    tags: tuple[str, ...] = ()


@frozen
class Account:
    """A place where money lies and orders go: which broker, and whether the money is real."""

    id: str
    broker: str
    mode: str
    label: str
    created_at: datetime
    number: str = ""
    active: bool = True
    details: dict[str, Any] = field(default_factory=dict)


@frozen
class CashFlow:
    """Money that came or went without a trade; positive means it came."""

    id: str
    account: str
    kind: FlowKind
    amount: Decimal
    at: datetime
    symbol: str = ""
    note: str = ""
    # The broker's own name of it, so that hearing of it again changes nothing.
    broker_id: str | None = None


@frozen
class Worth:
    """What an account was worth at a moment."""

    account: str
    at: datetime
    equity: Decimal
    cash: Decimal
