"""The state of trading, as every face shows it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.broker.base import AccountInfo, BrokerAbilities
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import (
    Account,
    Approval,
    ApprovalState,
    BrokerOrder,
    Fill,
    Holding,
    Intent,
    OrderState,
    OrderTerms,
)
from puffling.trading.states import ENDED
from puffling.trading.verdicts import Check, Verdict


class TradingState(StrEnum):
    """Whether orders may leave: all, only those that shrink a position, or none."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Mode(StrEnum):
    """What is at stake: a made-up market, play money in a real one, or real money."""

    DEMO = "DEMO"
    PAPER = "PAPER"
    LIVE = "LIVE"


@frozen
class SafetyState:
    """Whether trading may go on, in which mode, and why not when it may not."""

    trading: TradingState
    mode: Mode
    reason: str = ""
    by: str = ""
    since: datetime | None = None


@frozen
class HaltReport(SafetyState):
    """The state after halting, and what became of open orders; each that could not be cancelled is named."""

    cancelled: int = 0
    failed: tuple[NotDone, ...] = ()


class LineState(StrEnum):
    """How the line to a broker is: orders leave only over one that is ready."""

    STARTING = "starting"
    READY = "ready"
    # No answer, or news that stopped coming: what happened meanwhile is not known.
    LOST = "lost"
    MUTE = "mute"
    # What the broker says and what is written here do not fit together.
    DIVERGED = "diverged"


class Measure(StrEnum):
    """What the size of an order is told in: pieces, money, percent of the account, money risked to a stop."""

    QUANTITY = "quantity"
    MONEY = "money"
    PERCENT = "percent"
    RISK = "risk"


@frozen
class AccountView:
    """An account as it stands: its line, what the broker last said it is worth, and what is open there.

    `info` is None until the broker has told; it is as old as `as_of`. `waiting` is what has no order at
    the broker, or none that is known: held by this computer, being sent, or unknown.
    """

    account: Account
    state: LineState
    reason: str
    abilities: BrokerAbilities
    info: AccountInfo | None
    as_of: datetime | None
    holdings: tuple[Holding, ...]
    open_orders: tuple[BrokerOrder, ...]
    waiting: tuple[Intent, ...]
    # How far this computer's clock runs ahead of the broker's.
    skew_seconds: float | None = None
    # Whether the keys it was made with are those for real money.
    live_keys: bool = False


@frozen
class Preview:
    """What an order would cost and make of the account, and what every gate says, before it is sent.

    `cost` is money that goes (negative: comes), without fees. Exposure is what the symbol is worth in the
    account, with everything open and unknown. None is what cannot be said without a price.
    """

    verdict: Verdict
    order_hash: str
    cost: Decimal | None
    fees: Decimal | None
    exposure_before: Decimal | None
    exposure_after: Decimal | None
    worst_price: Decimal | None
    needs_approval: bool
    # This computer would hold it until its price is met, because the broker does not hold its kind.
    held: bool = False
    # This computer would hold the exits that come with it, from what it fills on.
    exits_here: bool = False
    # What this computer would hold of it, and what that means; empty when it would hold nothing.
    notice: str = ""


@frozen
class Placed:
    """What became of a wish to order: an intent on its way, or a question for the person's yes.

    `again` says that the same wish was there already; nothing new was made of it.
    """

    verdict: Verdict
    intent: Intent | None = None
    approval: Approval | None = None
    again: bool = False


@frozen
class Cancelled:
    """What became of cancelling: of an intent that was not at the broker, or of an order there.

    An intent of which nobody knew is watched for, and cancelled on sight.
    """

    intent: Intent | None
    order: BrokerOrder | None

    @property
    def state(self) -> OrderState:
        """Give where it stands now."""
        if self.order is not None:
            return self.order.state
        return OrderState.CANCELED if self.intent is None else self.intent.state


@frozen
class NotDone:
    """An order that could not be cancelled or closed, in words a person can act on."""

    id: str
    title: str
    reason: str


@frozen
class CancelReport:
    """What became of cancelling several orders; each that could not be cancelled is named."""

    cancelled: int
    failed: tuple[NotDone, ...] = ()


@frozen
class FlattenReport:
    """What became of closing every position; what is not closed is named."""

    cancelled: int
    closing: tuple[Intent, ...]
    failed: tuple[NotDone, ...] = ()


@frozen
class ReconcileReport:
    """What was found when an account was compared with its broker; no problems means they agree."""

    account: str
    at: datetime
    orders: int = 0
    fills: int = 0
    adopted: int = 0
    problems: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Tell whether the account may be traded on."""
        return not self.problems


@frozen
class Difference:
    """A symbol of which the broker holds more or less than the fills make; `price` is its average there."""

    symbol: str
    here: Decimal
    there: Decimal
    price: Decimal | None = None


@frozen
class Differences:
    """Where an account and its broker differ; `seal` stands for exactly this, empty when they do not.

    `agreed_at` is when the two were last seen to agree, to within some minutes.
    """

    account: str
    label: str
    state: LineState
    reason: str
    agreed_at: datetime | None
    positions: tuple[Difference, ...] = ()
    seal: str = ""


@frozen
class Step:
    """One thing that happened to an order."""

    at: datetime
    title: str
    text: str = ""


@frozen
class Story:
    """Why an order happened: from the signal or sentence through every gate's answer to each fill."""

    intent: Intent
    steps: tuple[Step, ...]
    orders: tuple[BrokerOrder, ...]
    fills: tuple[Fill, ...]


@frozen
class Confirmation:
    """An act as it was shown before it is done: `token` confirms exactly it, once, until it expires.

    Without a token it cannot be done, and `checks` say why. Where `needs_approval`, confirming it puts the
    question to the person, and nothing leaves before the answer.
    """

    title: str
    account: str
    mode: Mode
    token: str
    expires_at: datetime | None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    fees: Decimal | None = None
    exposure_before: Decimal | None = None
    exposure_after: Decimal | None = None
    worst_price: Decimal | None = None
    needs_approval: bool = False
    held: bool = False
    exits_here: bool = False
    # What this computer holds of it, and what that means; empty when it holds nothing.
    notice: str = ""
    checks: tuple[Check, ...] = ()


@frozen
class Done:
    """What became of an act that was confirmed, in a sentence and with what it made."""

    summary: str
    orders: tuple[OrderLine, ...] = ()
    approval: Approval | None = None
    cancelled: int = 0
    failed: tuple[NotDone, ...] = ()


@frozen
class TradeNews:
    """A step of an order or a fill, as it is told to whoever listens."""

    what: str
    account: str
    intent: Intent | None = None
    order: BrokerOrder | None = None
    fill: Fill | None = None
    held: Holding | None = None


@frozen
class OrderLine:
    """An order as a list shows it: what was meant, and how far the broker says it has come.

    `source` is who wanted it; `leg` for an order that another one brought, `external` for one found at the
    broker. `held` is an order that this computer keeps until its price is met, `exits_here` one whose exits
    it keeps, once there is something to protect. Nothing that is kept here is watched while the program does
    not run.
    """

    id: str
    account: str
    mode: str
    symbol: str
    side: Side
    kind: Kind
    lasting: Lasting
    quantity: Decimal
    filled: Decimal
    state: OrderState
    source: str
    created_at: datetime
    updated_at: datetime
    average_price: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_share: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    held: bool = False
    why: str = ""
    reason: str = ""
    intent_id: str | None = None
    broker_order_id: str | None = None
    # The order that this one came with: a leg, or the other of two ways out.
    parent_id: str | None = None
    one_cancels_other: bool = False
    stop_loss_limit: Decimal | None = None
    exits_here: bool = False
    # The other way out was taken: what is told as cancelled was done by its stop.
    done_by_stop: bool = False
    # The broker has it, and works it only when the order that brought it has filled.
    waits_for_entry: bool = False
    # How far it is, in words.
    stage: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether it may still be filled, as far as anybody knows."""
        return self.state not in ENDED

    @property
    def is_changeable(self) -> bool:
        """Tell whether it can be changed: it waits here, or no other order comes with it or before it."""
        return self.held or (self.parent_id is None and not self.one_cancels_other)


@frozen
class TicketFacts:
    """What a person should see before ordering: the account, what is held, and what the broker offers here.

    None is what the broker does not tell. `kinds` and `lasting` are what it holds by itself; other kinds are
    held by this computer.
    """

    account: str
    account_label: str
    mode: Mode
    symbol: str
    asset_type: str
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    held: Decimal
    equity: Decimal | None
    buying_power: Decimal | None
    settled_cash: Decimal | None
    shortable: bool
    marginable: bool
    fractions: bool
    kinds: frozenset[Kind]
    lasting: frozenset[Lasting]
    brackets: bool
    one_cancels_other: bool
    extended_hours: bool
    # Why nothing can be ordered just now, empty when it can.
    not_ready: str = ""


@frozen
class ApprovalView:
    """A question for the person's yes, with its order in words; `seconds_left` runs once somebody looked."""

    id: str
    title: str
    terms: OrderTerms
    source: str
    why: str
    state: ApprovalState
    worst_price: Decimal | None
    created_at: datetime
    valid_until: datetime
    expires_at: datetime | None
    seconds_left: float | None


@frozen
class ShownApproval:
    """An order as the person sees it now: what every gate says, and the seal that stands for just this."""

    approval: ApprovalView
    preview: Preview
    seal: str


@frozen
class LimitView:
    """A limit of trading with how much of it is used now; `used` and `bound` are as the limit counts."""

    name: str
    title: str
    description: str
    value: Any
    default: Any
    source: str
    shape: dict[str, Any]
    used: Decimal | None = None
    bound: Decimal | None = None
    text: str = ""
