"""Two ways out of a position where the broker does not hold them together.

The intent takes the profit; its stop is an intent beside it, with the first one for its parent. Both are held
by this computer and count once. Whichever is met goes out alone: before the stop does, the other has ended
and every fill of it is known, so that together they never sell more than was meant.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.puffin.orders import Kind
from puffling.runtime.text import tr
from puffling.store.orders import Intent, OrderState, OrderTerms
from puffling.trading.events import OrderChanged
from puffling.trading.parts import note, titled
from puffling.trading.proposals import (
    EXITS,
    OTHER_WAY,
    WAYS_OUT,
    Proposal,
    client_id,
    new_id,
    order_hash,
    slot_id,
)
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.store.database import Unit


def hold_other_way(unit: Unit, head: Intent) -> None:
    """Write the stop of two ways out down, beside the intent that takes the profit."""
    terms = head.terms
    stop = replace(
        terms,
        kind=Kind.STOP if terms.stop_loss_limit is None else Kind.STOP_LIMIT,
        limit=terms.stop_loss_limit,
        stop=terms.stop_loss,
        stop_loss=None,
        stop_loss_limit=None,
        one_cancels_other=False,
    )
    hold(unit, replace(head, parent_id=head.id), stop, OTHER_WAY, head.slot)


def leads_out(intent: Intent) -> bool:
    """Tell whether an order that this computer holds is a way out, of two or by itself."""
    return intent.leg in WAYS_OUT or intent.terms.one_cancels_other


def never_came(intent: Intent) -> bool:
    """Tell whether it was given up as one that the broker never had: should it appear, it is cancelled."""
    return intent.state is OrderState.ABANDONED_WATCH and intent.broker_order_id is None


def waiting_beside(unit: Unit, parent_id: str) -> Intent | None:
    """Give the stop that waits here beside an intent, None when there is none any more."""
    found = (each for each in unit.intents.children(parent_id) if each.leg == OTHER_WAY)
    return next((each for each in found if each.held and each.state is OrderState.INTENT), None)


def narrow_other_way(unit: Unit, intent: Intent, filled: Decimal) -> None:
    """Leave the stop beside an intent no more than that has not filled; nothing ends it."""
    stop = waiting_beside(unit, intent.id) if intent.terms.one_cancels_other else None
    left = intent.terms.quantity - filled
    if stop is None or stop.terms.quantity <= left:
        return
    if left <= 0:
        let_go(unit, stop, OrderState.CANCELED, tr("The profit was taken: one cancels the other."))
    else:
        resize(unit, stop, left, tr("Some of the profit was taken: what is left is protected."))


def resize(unit: Unit, intent: Intent, quantity: Decimal, reason: str) -> Intent:
    """Hold a way out for another quantity in the place of one that waits, with the stop beside it."""
    return hold_instead(unit, intent, replace(ways_out(unit, intent), quantity=quantity), intent, reason)


def ways_out(unit: Unit, intent: Intent) -> OrderTerms:
    """Give the terms of a way out that waits, with the stop beside it as that waits now."""
    stop = waiting_beside(unit, intent.id)
    if stop is None:
        return intent.terms
    return replace(intent.terms, stop_loss=stop.terms.stop, stop_loss_limit=stop.terms.limit)


def hold_instead(unit: Unit, intent: Intent, terms: OrderTerms, model: Intent, reason: str) -> Intent:
    """Hold other terms in the place of a way out that waits and of the stop beside it, like a model."""
    stop = waiting_beside(unit, intent.id)
    let_go(unit, intent, OrderState.REPLACED, reason)
    if stop is not None:
        let_go(unit, stop, OrderState.REPLACED, reason)
    # An occasion of its own: what is made narrower may be made as wide again later.
    leg = OTHER_WAY if intent.leg == OTHER_WAY else EXITS
    made = hold(unit, model, terms, leg, new_id())
    if stop is not None:
        hold_other_way(unit, made)
    return made


def hold(unit: Unit, model: Intent, terms: OrderTerms, leg: str, slot: str) -> Intent:
    """Write down a way out that waits here, like another intent in all but this."""
    wish = Proposal(
        terms, model.source, slot, model.valid_until, source_version=model.source_version, leg=leg
    )
    name = slot_id(wish, Mode(model.mode))
    made = unit.intents.add(
        replace(
            model,
            id=new_id(),
            client_id=client_id(name, Mode(model.mode)),
            slot_id=name,
            terms=terms,
            slot=slot,
            leg=leg,
            payload_hash=order_hash(terms),
            created_at=unit.now,
            updated_at=unit.now,
            waits_here=True,
        )
    )
    note(unit, made, "held", titled(made.terms), beside=made.parent_id)
    unit.tell(OrderChanged(unit.user, made.terms.account, made))
    return made


def let_go(unit: Unit, intent: Intent, state: OrderState, reason: str) -> None:
    """Let a way out end that was not sent."""
    note(unit, intent, state.value.lower(), reason, actor="desk")
    ended = unit.intents.put(replace(intent, state=state, held=False, reserved=Decimal(0), reason=reason))
    unit.tell(OrderChanged(unit.user, intent.terms.account, ended))
