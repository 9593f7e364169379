"""What strategies that run by themselves decided, as it is stored."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.backtest.heard import Heard
from puffling.puffin.orders import Kind, Lasting, Side

# Who wants an order that a strategy decided on; its source version names which one.
STRATEGY = "strategy"


class StrategyMode(StrEnum):
    """How far a strategy may act by itself."""

    MANUAL = "manual"
    MONITOR = "monitor"
    ALERT = "alert"
    AUTO_TRADE = "auto-trade"


class DecisionState(StrEnum):
    """What became of the decision on a bar.

    DUE waits for the market to open, PLACING is being carried out, DONE is over. WITHHELD means that the
    prices were not fit to decide on; MISSED that it came too late; SKIPPED that the one before was still
    under way; FAILED that the strategy could not be asked.
    """

    WITHHELD = "withheld"
    DUE = "due"
    PLACING = "placing"
    DONE = "done"
    MISSED = "missed"
    SKIPPED = "skipped"
    FAILED = "failed"


UNDER_WAY = frozenset({DecisionState.DUE, DecisionState.PLACING})


class Fate(StrEnum):
    """How far an order that follows from a decision has come on its way to the desk."""

    PLANNED = "planned"
    ENTERED = "entered"
    ASKED = "asked"
    REFUSED = "refused"
    DROPPED = "dropped"


@frozen
class Aim:
    """What a strategy wants to hold of a symbol, as a share of its money; negative is sold short.

    `before` is what it last carried out, None where that did not come about. `changed` says that it is to be
    traded: what only drifted with the price is left alone, as in a backtest.
    """

    symbol: str
    target: float
    before: float | None
    changed: bool
    close: float


@frozen
class PlannedOrder:
    """An order that follows from a decision, written down before it goes to the desk: it is never another.

    `leg` says whether it leaves a position, makes it smaller or larger. `text` says what became of it where
    that is not the desk's to tell. An order of the strategy's own has a `number` among those of its close;
    where its quantity is left open, that is 0 until it is placed, and `share` is what it is to take of the
    strategy's money.
    """

    symbol: str
    side: Side
    quantity: Decimal
    leg: str
    price: Decimal
    fate: Fate = Fate.PLANNED
    intent_id: str = ""
    approval_id: str = ""
    text: str = ""
    number: int = 0
    kind: Kind = Kind.MARKET
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_share: Decimal | None = None
    lasting: Lasting = Lasting.DAY
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    share: float | None = None
    reason: str = ""


@frozen
class Decision:
    """What a strategy decided on the close of one bar, and what became of it.

    `slot_at` is the moment the bar closed, which names the occasion for ever; `opens_at` is the next moment
    at which one can trade, `valid_until` when it is too late for it. `heard` is the close as a strategy with
    orders of its own heard of it, and `cancels` are the names of the orders it then took back.
    """

    id: str
    strategy_id: str
    strategy: str
    version: int
    mode: StrategyMode
    account: str
    slot_at: datetime
    bar_at: datetime
    opens_at: datetime
    valid_until: datetime
    state: DecisionState
    reason: str
    aims: tuple[Aim, ...]
    orders: tuple[PlannedOrder, ...]
    decided_at: datetime
    updated_at: datetime
    heard: Heard | None = None
    cancels: tuple[str, ...] = ()
