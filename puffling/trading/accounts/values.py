"""Accounts as every face shows them, and what a broker says when one wants to connect it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.store.orders import Account
from puffling.trading.values import LineState, Mode


@frozen
class AccountState:
    """An account, whether orders go there, and how the line to its broker is.

    `line` is None while no line was opened; `reason` then says why.
    """

    id: str
    label: str
    mode: Mode
    chosen: bool
    line: LineState | None
    reason: str
    account: Account


@frozen
class BrokerOffer:
    """A kind of account one may connect: where its keys come from, and under which names they are kept."""

    id: str
    title: str
    mode: Mode
    text: str
    keys: tuple[str, ...]
    link: str


class Result(StrEnum):
    """How one step of the test of a connection went."""

    GOOD = "good"
    # It works without it, but the person should know.
    NOTE = "note"
    MISSING = "missing"
    # Not asked, because something before it is missing.
    SKIPPED = "skipped"


@frozen
class Finding:
    """One step of the test of a connection; `hint` says what to do. `code` never changes its meaning."""

    code: str
    title: str
    result: Result
    text: str = ""
    hint: str = ""


@frozen
class BrokerCheck:
    """What came of testing a connection, step by step, in the order the steps were taken."""

    broker: str
    mode: Mode
    findings: tuple[Finding, ...]
    number: str = ""
    equity: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    positions: int = 0
    orders: int = 0

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not any(each.result in {Result.MISSING, Result.SKIPPED} for each in self.findings)

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What is missing."""
        return tuple(each for each in self.findings if each.result is Result.MISSING)
