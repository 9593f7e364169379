"""What the gates say to an order: every check with its answer, in the order they were asked."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen


class Outcome(StrEnum):
    """The answer of one check."""

    PASS = "pass"
    ASK = "ask"
    REFUSE = "refuse"


@frozen
class Check:
    """One gate's answer. `code` never changes its meaning; `used` is what the order would make it."""

    code: str
    outcome: Outcome
    text: str
    hint: str = ""
    used: Decimal | None = None
    limit: Decimal | None = None


@frozen
class Verdict:
    """What all gates together say. One refusal refuses, and nothing asked is a refusal too."""

    checks: tuple[Check, ...]
    # Whether the order only makes a position smaller, and the exposure it takes while it is open.
    shrinks: bool
    reserved: Decimal

    @property
    def outcome(self) -> Outcome:
        """Give the strictest of all answers."""
        if not self.checks or self._any(Outcome.REFUSE):
            return Outcome.REFUSE
        return Outcome.ASK if self._any(Outcome.ASK) else Outcome.PASS

    @property
    def refusals(self) -> tuple[Check, ...]:
        """Give the checks that refuse."""
        return tuple(check for check in self.checks if check.outcome is Outcome.REFUSE)

    @property
    def questions(self) -> tuple[Check, ...]:
        """Give the checks that want the person's yes."""
        return tuple(check for check in self.checks if check.outcome is Outcome.ASK)

    def _any(self, outcome: Outcome) -> bool:
        return any(check.outcome is outcome for check in self.checks)
