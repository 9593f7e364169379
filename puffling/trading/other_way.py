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
from puffling.store.orders import Intent, OrderState
from puffling.trading.events import OrderChanged
from puffling.trading.parts import note, titled
from puffling.trading.proposals import OTHER_WAY, Proposal, client_id, new_id, order_hash, slot_id
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.store.database import Unit


def hold_other_way(unit: Unit, intent: Intent, proposal: Proposal) -> None:
    """Write the stop of two ways out down, beside the intent that takes the profit."""
    terms = intent.terms
    stop = replace(
        terms,
        kind=Kind.STOP if terms.stop_loss_limit is None else Kind.STOP_LIMIT,
        limit=terms.stop_loss_limit,
        stop=terms.stop_loss,
        stop_loss=None,
        stop_loss_limit=None,
        one_cancels_other=False,
    )
    _hold(unit, replace(intent, parent_id=intent.id), replace(proposal, terms=stop, leg=OTHER_WAY))


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
        _end(unit, stop, OrderState.CANCELED, tr("The profit was taken: one cancels the other."))
        return
    _end(unit, stop, OrderState.REPLACED, tr("Some of the profit was taken: what is left is protected."))
    rest = replace(stop.terms, quantity=left)
    wish = Proposal(
        rest, stop.source, stop.slot, stop.valid_until, source_version=stop.source_version, leg=OTHER_WAY
    )
    _hold(unit, stop, wish)


def _hold(unit: Unit, model: Intent, wish: Proposal) -> None:
    slot = slot_id(wish, Mode(model.mode))
    stop = unit.intents.add(
        replace(
            model,
            id=new_id(),
            client_id=client_id(slot, Mode(model.mode)),
            slot_id=slot,
            terms=wish.terms,
            leg=wish.leg,
            payload_hash=order_hash(wish.terms),
            created_at=unit.now,
            updated_at=unit.now,
        )
    )
    note(unit, stop, "held", titled(stop.terms), beside=stop.parent_id)
    unit.tell(OrderChanged(unit.user, stop.terms.account, stop))


def _end(unit: Unit, stop: Intent, state: OrderState, reason: str) -> None:
    note(unit, stop, state.value.lower(), reason, actor="desk")
    ended = unit.intents.put(replace(stop, state=state, held=False, reserved=Decimal(0), reason=reason))
    unit.tell(OrderChanged(unit.user, stop.terms.account, ended))
