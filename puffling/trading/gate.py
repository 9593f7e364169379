"""The safety gate: one pure function from an order and what is known to a verdict, for whoever asks.

Every check is asked and answers in words, so that a preview shows all of them; one refusal refuses. Where an
order's own numbers are not sound, or a limit cannot be read, the checks that would count with them are not
asked, because the answer is a refusal already. `SafetyGate` is how the desk calls it inside its transaction.
"""

from __future__ import annotations

from decimal import Decimal

from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.trading.case import Case
from puffling.trading.checks import amounts, form, price, standing
from puffling.trading.facts import GateFacts, gather
from puffling.trading.flags import standing_now
from puffling.trading.halt import HaltSwitch
from puffling.trading.judging import LiveFacts
from puffling.trading.limits import LimitReader
from puffling.trading.proposals import Proposal
from puffling.trading.values import TradingState
from puffling.trading.verdicts import Check, Outcome, Verdict
from puffling.trading.words import only_ways_out

# Asked of every order that can be counted with, in the order in which a person reads the answers.
CASE_CHECKS = (*standing.CASE_CHECKS, *price.CHECKS, *amounts.CHECKS)
EARLY_CHECKS = (*standing.CHECKS, form.numbers_sound)


def judge(proposal: Proposal, facts: GateFacts) -> Verdict:
    """Say to an order what all gates say; what is not known is refused."""
    early: list[Check] = [check(proposal, facts) for check in EARLY_CHECKS]
    unsound = early[-1].outcome is Outcome.REFUSE
    if unsound or facts.limits is None or facts.used is None:
        return Verdict(tuple(early), shrinks=False, reserved=Decimal(0))
    early += [check(proposal, facts) for check in form.CHECKS]
    case = Case(proposal, facts, facts.limits, facts.used)
    checks = (*early, *(check(case) for check in CASE_CHECKS))
    return Verdict(checks, shrinks=case.shrinks, reserved=case.growth or Decimal(0))


class SafetyGate:
    """Judges orders on what the database says in the very transaction that would write them down."""

    def __init__(self, switch: HaltSwitch, reader: LimitReader) -> None:
        self._switch = switch
        self._reader = reader

    def judge(self, unit: Unit, proposal: Proposal, live: LiveFacts) -> Verdict:
        """Give every check with its answer."""
        return judge(proposal, gather(unit, proposal, live, switch=self._switch, reader=self._reader))

    def stops(self, unit: Unit, *, shrinks: bool) -> str:
        """Say why no such order may leave at this instant, empty when it may."""
        standing = standing_now(self._switch, unit)
        if standing.state is TradingState.ACTIVE or (standing.state is TradingState.REDUCING and shrinks):
            return ""
        if standing.state is TradingState.HALTED:
            return tr("Trading is halted: {reason}", reason=standing.reason)
        return only_ways_out(standing.reason)
