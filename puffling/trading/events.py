"""What happened to trading; told after the commit of what it tells of."""

from __future__ import annotations

from puffling.frozen import frozen
from puffling.runtime.actor import UserId
from puffling.store.orders import Account, BrokerOrder, Fill, Holding, Intent
from puffling.trading.values import LineState, SafetyState


@frozen
class TradingStateChanged:
    """Trading was halted, or may go on again."""

    state: SafetyState


@frozen
class OrderChanged:
    """An intent, the order at the broker, or both came a step further; one found there has no intent."""

    user: UserId
    account: str
    intent: Intent | None = None
    order: BrokerOrder | None = None


@frozen
class OrderFilled:
    """A fill was written down, with what is held since; a bust or a correction is one too."""

    user: UserId
    fill: Fill
    holding: Holding
    intent: Intent | None = None


@frozen
class HoldingChanged:
    """What is held of a symbol changed."""

    user: UserId
    holding: Holding


@frozen
class AccountChanged:
    """What an account is worth was read anew."""

    account: str


@frozen
class LineChanged:
    """The line to a broker came, went, or is not to be trusted; the reason is for people."""

    account: str
    state: LineState
    reason: str = ""


@frozen
class Reconciled:
    """An account was compared with its broker; what did not match is named."""

    account: str
    problems: tuple[str, ...] = ()


@frozen
class ApprovalsChanged:
    """A question for the person's yes came, was answered, or ran out."""

    user: UserId


@frozen
class DeskAlarmed:
    """Something at the desk needs a person now."""

    account: str
    text: str
    hint: str = ""


@frozen
class ChosenAccountChanged:
    """Orders go to another account from now on."""

    user: UserId
    account: Account
