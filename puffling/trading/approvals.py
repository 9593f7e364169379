"""The person's yes: to exactly one order, for a short time, once.

A question waits for as long as its order is worth sending. The five minutes run from the moment the person
saw it, with the price of that moment. The yes is used up inside the transaction that writes the order down,
so that of any number of tries at the same time one finds it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from puffling.puffin.orders import Kind, Side
from puffling.runtime.errors import Conflict, Refused
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Approval, ApprovalState, OrderTerms
from puffling.trading.case import SLIPPAGE
from puffling.trading.events import ApprovalsChanged
from puffling.trading.proposals import Proposal, order_hash
from puffling.trading.verdicts import Verdict

GOOD_FOR = timedelta(minutes=5)
UNANSWERED = frozenset({ApprovalState.WAITING, ApprovalState.SHOWN, ApprovalState.GIVEN})
_PRICED_BY_THEMSELVES = frozenset({Kind.LIMIT, Kind.STOP_LIMIT, Kind.STOP})


class ApprovalBook:
    """Asks, shows, and lets a yes be used once."""

    def ask(self, unit: Unit, proposal: Proposal, verdict: Verdict, worst_price: Decimal | None) -> Approval:
        """Put the order into the queue and give the question; the same wish is asked about once."""
        wanted = order_hash(proposal.terms)
        for known in unit.approvals.of_order(wanted):
            if not _same_wish(known, proposal):
                continue
            if known.state is ApprovalState.DECLINED:
                raise Refused(tr("You have declined this order."), hint=tr("Propose another one."))
            if known.state in UNANSWERED and unit.now < known.valid_until:
                return known
        approval = unit.approvals.add(
            Approval(
                id=secrets.token_hex(8),
                terms=proposal.terms,
                order_hash=wanted,
                worst_price=worst_price,
                source=proposal.source,
                source_version=proposal.source_version,
                slot=proposal.slot,
                leg=proposal.leg,
                why=proposal.why,
                state=ApprovalState.WAITING,
                created_at=unit.now,
                valid_until=proposal.asked_until or proposal.valid_until,
            )
        )
        unit.tell(ApprovalsChanged(unit.user))
        return approval

    def use(self, unit: Unit, approval_id: str, proposal: Proposal, worst_price: Decimal | None) -> Approval:
        """Use the yes up, or refuse: not a yes to this order, at this price, any more, or used already."""
        approval = unit.approvals.get(approval_id)
        if approval.state is ApprovalState.USED:
            raise Refused(tr("This approval was used already."), hint=tr("Each is good for one order, once."))
        if approval.state is not ApprovalState.GIVEN:
            raise Refused(tr("This order is not approved."), hint=tr("Approve it under Approvals."))
        if unit.now >= _end(approval):
            raise _too_late()
        if approval.terms.account != proposal.terms.account:
            raise Refused(
                tr("This approval is for the account {account}.", account=approval.terms.account),
                hint=tr("Approve the order for this account."),
            )
        if _altered(approval) or approval.order_hash != order_hash(proposal.terms):
            raise _not_this_order()
        if not _same_wish(approval, proposal):
            raise _not_this_order()
        if _is_worse(proposal.terms, worst_price, approval.worst_price):
            raise Refused(
                tr("The price is worse now than the one you approved."),
                hint=tr("Look at the order again with its new price."),
            )
        used = unit.approvals.put(replace(approval, state=ApprovalState.USED, used_at=unit.now))
        unit.tell(ApprovalsChanged(unit.user))
        return used


def show(unit: Unit, id: str, worst_price: Decimal | None) -> Approval:
    """Note that the person sees the order now at this price; five minutes begin unless they run already."""
    approval = unit.approvals.get(id)
    if approval.state not in UNANSWERED:
        raise _answered(approval)
    if unit.now >= approval.valid_until:
        raise _not_wanted(approval)
    runs = approval.expires_at is not None and unit.now < approval.expires_at
    if approval.state is not ApprovalState.WAITING and runs:
        # Whoever looks twice has no more time for it.
        return approval
    shown = replace(
        approval,
        state=ApprovalState.SHOWN,
        worst_price=worst_price,
        shown_at=unit.now,
        expires_at=min(unit.now + GOOD_FOR, approval.valid_until),
        given_by="",
    )
    return _kept(unit, shown)


def seal_of(approval: Approval) -> str:
    """Give what stands for exactly this order as it was shown: terms, worst price, time for a yes."""
    worst = format(approval.worst_price.normalize(), "f") if approval.worst_price is not None else ""
    until = approval.expires_at.isoformat() if approval.expires_at is not None else ""
    return hashlib.sha256(f"{approval.order_hash}|{worst}|{until}".encode()).hexdigest()


def give(unit: Unit, id: str, seal: str, by: str) -> Approval:
    """Take the person's yes to the order they saw."""
    approval = unit.approvals.get(id)
    if approval.state is not ApprovalState.SHOWN:
        if approval.state is ApprovalState.WAITING:
            raise Conflict(tr("Nobody has looked at this order yet."), hint=tr("Show it first."))
        raise _answered(approval)
    if unit.now >= _end(approval):
        raise _too_late()
    if _altered(approval) or seal != seal_of(approval):
        raise _not_this_order()
    if approval.worst_price is None:
        raise Refused(tr("The order was shown without a price."), hint=tr("Show it again when there is one."))
    return _kept(unit, replace(approval, state=ApprovalState.GIVEN, given_by=by))


def take_back(unit: Unit, id: str) -> Approval:
    """Let a yes that came to nothing be a question again; what was used stays used."""
    approval = unit.approvals.get(id)
    if approval.state is not ApprovalState.GIVEN:
        return approval
    return _kept(unit, replace(approval, state=ApprovalState.SHOWN, given_by=""))


def decline(unit: Unit, id: str) -> Approval:
    """Take the person's no; the same wish is not asked about again."""
    approval = unit.approvals.get(id)
    if approval.state not in UNANSWERED:
        raise _answered(approval)
    return _kept(unit, replace(approval, state=ApprovalState.DECLINED))


def sweep(unit: Unit) -> tuple[Approval, ...]:
    """Close what is not worth sending any more, and give what still waits for an answer."""
    waiting = []
    for approval in unit.approvals.in_states(UNANSWERED):
        if unit.now < approval.valid_until:
            waiting.append(approval)
        else:
            _kept(unit, replace(approval, state=ApprovalState.EXPIRED))
    return tuple(waiting)


def proposal_of(approval: Approval) -> Proposal:
    """Give the wish the question is about."""
    return Proposal(
        approval.terms,
        approval.source,
        approval.slot,
        approval.valid_until,
        source_version=approval.source_version,
        leg=approval.leg,
        why=approval.why,
    )


def seconds_left(approval: Approval, now: datetime) -> float | None:
    """Give for how long a shown order can be approved, None when nobody looked at it."""
    if approval.expires_at is None:
        return None
    return max(0.0, (approval.expires_at - now).total_seconds())


def _kept(unit: Unit, approval: Approval) -> Approval:
    kept = unit.approvals.put(approval)
    unit.tell(ApprovalsChanged(unit.user))
    return kept


def _end(approval: Approval) -> datetime:
    """Give when it is too late; what was never shown has no time at all."""
    return approval.expires_at or approval.created_at


def _altered(approval: Approval) -> bool:
    """Tell whether what is kept is not what was asked."""
    return order_hash(approval.terms) != approval.order_hash


def _same_wish(approval: Approval, proposal: Proposal) -> bool:
    return (approval.source, approval.source_version, approval.slot, approval.leg) == (
        proposal.source,
        proposal.source_version,
        proposal.slot,
        proposal.leg,
    )


def _is_worse(terms: OrderTerms, now: Decimal | None, approved: Decimal | None) -> bool:
    """Tell whether the order would fill at a worse price than the person said yes to."""
    if now is None or approved is None:
        return True
    # The room for slipping lies in what was approved already, and is not asked for twice.
    room = Decimal(0) if terms.kind in _PRICED_BY_THEMSELVES else SLIPPAGE
    if terms.side is Side.BUY:
        return now > approved * (1 + room)
    return now < approved * (1 - room)


def _answered(approval: Approval) -> Conflict:
    state = approval.state.value.lower()
    return Conflict(tr("This approval is {state}.", state=state), hint=tr("List the approvals."))


def _not_wanted(approval: Approval) -> Refused:
    until = f"{approval.valid_until:%Y-%m-%d %H:%M:%S} UTC"
    return Refused(tr("The order was good until {time} only.", time=until), hint=tr("Propose it anew."))


def _too_late() -> Refused:
    return Refused(tr("The five minutes of this approval are over."), hint=tr("Look at the order again."))


def _not_this_order() -> Refused:
    return Refused(tr("This is not the order that was approved."), hint=tr("Look at the order again."))
