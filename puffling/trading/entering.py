"""T1: the gate's verdict and the intent, in one transaction that nobody else can write beside."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from puffling.frozen import frozen
from puffling.market.calendar import EXCHANGE, calendar
from puffling.market.values import Instrument
from puffling.puffin.broker.exchange_days import NEW_YORK
from puffling.puffin.orders import Lasting
from puffling.runtime.errors import Refused
from puffling.runtime.text import tr
from puffling.store.orders import Approval, Intent, OrderState
from puffling.trading.case import worst_price
from puffling.trading.days import UNTIL_CANCELLED, trading_day
from puffling.trading.events import OrderChanged
from puffling.trading.judging import Judges, LiveFacts
from puffling.trading.other_way import hold_instead, hold_other_way, leads_out
from puffling.trading.parts import note, titled
from puffling.trading.proposals import Proposal, client_id, new_id, order_hash, slot_id
from puffling.trading.verdicts import Check, Outcome, Verdict
from puffling.trading.wire import are_exits_held_here, is_held_here

if TYPE_CHECKING:
    from puffling.store.database import Unit

_LAST_HOUR = 20
_LONGEST_CLOSURE_DAYS = 14


class OrderRefused(Refused):
    """The gate refuses the order; every reason is in the message, and the verdict says the rest."""

    code = "order_refused"

    def __init__(self, verdict: Verdict) -> None:
        refusals = verdict.refusals
        text = " ".join(check.text for check in refusals) or tr("Nothing was checked, so nothing leaves.")
        super().__init__(text, hint=" ".join(dict.fromkeys(check.hint for check in refusals if check.hint)))
        self.verdict = verdict


@frozen
class Entered:
    """What T1 made of a proposal; without intent and question it was refused."""

    verdict: Verdict
    intent: Intent | None = None
    approval: Approval | None = None
    again: bool = False


def enter(
    unit: Unit,
    judges: Judges,
    proposal: Proposal,
    live: LiveFacts,
    *,
    approval_id: str | None = None,
    replaces: Intent | None = None,
) -> Entered:
    """Judge a proposal on what is true in this transaction, and write it down when it may be sent.

    Who holds it and its exits is decided here, or was when what it `replaces` was written down.
    """
    slot = slot_id(proposal, live.mode)
    name = client_id(slot, live.mode)
    known = unit.intents.by_client_id(name)
    if known is not None:
        return Entered(verdict_of(known), known, again=True)
    verdict = judges.gate.judge(unit, proposal, live)
    worst = worst_price(proposal.terms, live.price)
    if verdict.outcome is Outcome.REFUSE:
        _note_proposal(unit, proposal, name, "refused", verdict)
        return Entered(verdict)
    if approval_id is not None:
        judges.approvals.use(unit, approval_id, proposal, worst)
    elif verdict.outcome is Outcome.ASK:
        approval = judges.approvals.ask(unit, proposal, verdict, worst)
        _note_proposal(unit, proposal, name, "asked", verdict)
        return Entered(verdict, approval=approval)
    if replaces is not None and leads_out(replaces):
        return Entered(verdict, _moved(unit, replaces, proposal, verdict, approval_id))
    if replaces is None:
        parent_id = None
        held = is_held_here(proposal.terms, live.abilities)
        exits_here = are_exits_held_here(proposal.terms, live.abilities)
    else:
        parent_id = replaces.parent_id or replaces.id
        held, exits_here = replaces.state is OrderState.INTENT, replaces.exits_here
    intent = unit.intents.add(
        Intent(
            id=new_id(),
            client_id=name,
            slot_id=slot,
            terms=proposal.terms,
            mode=live.mode.value,
            source=proposal.source,
            source_version=proposal.source_version,
            slot=proposal.slot,
            leg=proposal.leg,
            payload_hash=order_hash(proposal.terms),
            verdicts=tuple(written(check) for check in verdict.checks),
            state=OrderState.INTENT,
            shrinks=verdict.shrinks,
            reserved=verdict.reserved,
            trading_day=trading_day(unit.now),
            valid_until=held_until(proposal, live.instrument, unit.now) if held else proposal.valid_until,
            created_at=unit.now,
            updated_at=unit.now,
            held=held,
            parent_id=parent_id,
            approval_id=approval_id,
            why=proposal.why,
            waits_here=held,
            # A trailing stop that is changed goes on from the best price it had seen.
            reason=replaces.reason if held and replaces is not None else "",
            exits_here=exits_here,
        )
    )
    note(unit, intent, "held" if held else "entered", titled(intent.terms), verdicts=list(intent.verdicts))
    unit.tell(OrderChanged(unit.user, intent.terms.account, intent))
    if held and intent.terms.one_cancels_other:
        hold_other_way(unit, intent)
    return Entered(verdict, intent)


def held_until(proposal: Proposal, instrument: Instrument | None, now: datetime) -> datetime:
    """Give until when this computer holds an order: the end of its trading day, or as a broker would."""
    if proposal.terms.lasting is not Lasting.DAY:
        return now + UNTIL_CANCELLED
    there = now.astimezone(NEW_YORK)
    end = there.replace(hour=_LAST_HOUR, minute=0, second=0, microsecond=0)
    if there >= end:
        end += timedelta(days=1)
    # A day on which nobody trades is not the order's day.
    market = calendar(EXCHANGE if instrument is None else instrument.calendar)
    for _ in range(_LONGEST_CLOSURE_DAYS):
        if market.session_on(end.date()) is not None:
            break
        end += timedelta(days=1)
    return end.astimezone(now.tzinfo)


def written(check: Check) -> dict[str, Any]:
    """Give an answer of the gate as plain data."""
    return {
        "code": check.code,
        "outcome": check.outcome.value,
        "text": check.text,
        "hint": check.hint,
        "used": None if check.used is None else str(check.used),
        "limit": None if check.limit is None else str(check.limit),
    }


def verdict_of(intent: Intent) -> Verdict:
    """Give what the gate said when the intent was entered."""
    checks = tuple(
        Check(str(each["code"]), Outcome(each["outcome"]), str(each["text"]), str(each["hint"]))
        for each in intent.verdicts
    )
    return Verdict(checks, intent.shrinks, intent.reserved)


def _moved(
    unit: Unit, way_out: Intent, proposal: Proposal, verdict: Verdict, approval_id: str | None
) -> Intent:
    """Let a way out wait at other prices: for the same position, and for whoever it was entered."""
    model = replace(
        way_out,
        verdicts=tuple(written(check) for check in verdict.checks),
        approval_id=approval_id,
        why=proposal.why,
    )
    note(unit, way_out, "changed", titled(proposal.terms), actor=proposal.source)
    return hold_instead(unit, way_out, proposal.terms, model, tr("It waits at other prices."))


def _note_proposal(unit: Unit, proposal: Proposal, name: str, outcome: str, verdict: Verdict) -> None:
    unit.audit.append(
        actor=proposal.source,
        capability="desk.order",
        outcome=outcome,
        summary=titled(proposal.terms),
        details={
            "client_id": name,
            "why": proposal.why,
            "verdicts": [written(check) for check in verdict.checks],
        },
    )
