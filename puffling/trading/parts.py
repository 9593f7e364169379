"""What all of the desk works with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, PufflingError, StorageFailed
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.store.orders import Intent, OrderTerms
from puffling.trading.events import DeskAlarmed, LineChanged
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import Approvals, Gate, Prices
from puffling.trading.line import BrokerLine
from puffling.trading.values import LineState
from puffling.trading.words import deed

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)


@dataclass
class DeskParts:
    """The store, the gate, the lines and the rest, in one hand."""

    store: Store
    user: UserId
    clock: Clock
    bus: Bus
    scope: TaskScope
    switch: HaltSwitch
    gate: Gate
    approvals: Approvals
    prices: Prices
    lines: dict[str, BrokerLine] = field(default_factory=dict)

    def line(self, account: str) -> BrokerLine:
        """Give the line of an account."""
        line = self.lines.get(account)
        if line is None:
            raise NotFound(
                tr("The account {account} has no line to a broker.", account=account),
                hint=tr("Connect a broker, or choose another account."),
            )
        return line

    async def run(self, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do work in one transaction that nobody else can write beside."""
        return await self.store.run(self.user, work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do work that only reads."""
        return await self.store.read(self.user, work, *args, **kwargs)

    def set_line(self, line: BrokerLine, state: LineState, reason: str = "") -> None:
        """Say how a line is, and tell it when that is new."""
        if (line.state, line.reason) != (state, reason):
            line.state, line.reason = state, reason
            self.bus.publish(LineChanged(line.account.id, state, reason))

    def alarm(self, account: str, text: str, *, halt: bool) -> None:
        """Call a person; and let nothing leave any more where nobody knows what is at the market."""
        _log.error("The order desk: %s", text)
        hint = tr("Compare the orders with those at the broker.")
        if halt:
            try:
                self.switch.press(text, tr("the order desk"), self.clock.now())
                hint = tr("Trading is halted. {hint}", hint=hint)
            except StorageFailed as error:
                # Then at least nothing leaves over this line until it was compared again.
                hint = f"{error.message} {error.hint}"
                if account in self.lines:
                    self.set_line(self.lines[account], LineState.DIVERGED, text)
        self.bus.publish(DeskAlarmed(account, text, hint))


def note(unit: Unit, intent: Intent, outcome: str, summary: str, *, actor: str = "", **details: Any) -> None:
    """Write into the audit trail what happened to an intent."""
    unit.audit.append(
        actor=actor or intent.source or "desk",
        capability="desk.order",
        outcome=outcome,
        summary=summary or titled(intent.terms),
        details={"intent": intent.id, "client_id": intent.client_id, **details},
    )


def reason_of(error: BaseException) -> str:
    """Give what went wrong in words for a person."""
    if isinstance(error, PufflingError):
        return error.message
    return str(error) or type(error).__name__


def titled(terms: OrderTerms) -> str:
    """Give an order in a line."""
    return deed(terms.side, terms.quantity, terms.symbol)
