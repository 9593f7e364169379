"""What happened to trading; told after the commit of what it tells of."""

from __future__ import annotations

from dataclasses import dataclass

from puffling.runtime.actor import UserId
from puffling.store.orders import BrokerOrder, Fill, Holding, Intent
from puffling.trading.values import LineState, SafetyState


@dataclass(frozen=True, slots=True)
class TradingStateChanged:
    """Trading was halted, or may go on again."""

    state: SafetyState


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An intent, the order at the broker, or both came a step further; one found there has no intent."""

    user: UserId
    account: str
    intent: Intent | None = None
    order: BrokerOrder | None = None


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """A fill was written down, with what is held since; a bust or a correction is one too."""

    user: UserId
    fill: Fill
    holding: Holding
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class HoldingChanged:
    """What is held of a symbol changed."""

    user: UserId
    holding: Holding


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """What an account is worth was read anew."""

    account: str


@dataclass(frozen=True, slots=True)
class LineChanged:
    """The line to a broker came, went, or is not to be trusted; the reason is for people."""

    account: str
    state: LineState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An account was compared with its broker; what did not match is named."""

    account: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalsChanged:
    """A question for the person's yes came, was answered, or ran out."""

    user: UserId


@dataclass(frozen=True, slots=True)
class DeskAlarmed:
    """Something at the desk needs a person now."""

    account: str
    text: str
    hint: str = ""
