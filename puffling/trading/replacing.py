"""Changes a working order: a new intent in the place of the old one, counted once.

The change is written down under a name of its own before the broker is asked, like every order. What becomes
of it is looked up by that name; it is never sent as an order of its own.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.puffin.broker.base import Broker, Change, OrderStatusInfo
from puffling.puffin.errors import PuffinError
from puffling.puffin.orders import Kind
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import BrokerOrder, Intent, OrderState, OrderTerms
from puffling.trading.entering import Entered, OrderRefused, enter
from puffling.trading.estimates import estimate
from puffling.trading.facts import filled_before
from puffling.trading.judging import LiveFacts
from puffling.trading.line import BrokerLine, HeldBack
from puffling.trading.looking import look
from puffling.trading.other_way import leads_out, ways_out
from puffling.trading.parts import DeskParts, note, reason_of, titled
from puffling.trading.proposals import OTHER_WAY, Proposal, replaced_by, replacement_of
from puffling.trading.reconcile import Reconciling
from puffling.trading.sending import Outcome, Sending, changed, end, last_look, outcome_of
from puffling.trading.states import ENDED, advance
from puffling.trading.tickets import ASKED
from puffling.trading.values import Placed, Preview
from puffling.trading.words import plain, so_far

if TYPE_CHECKING:
    from datetime import datetime

_FAILED = frozenset({OrderState.REJECTED, OrderState.CANCELED, OrderState.EXPIRED})
_CHANGEABLE = frozenset({OrderState.ACKED, OrderState.PARTIAL})


class Replacing:
    """Puts a changed order in the place of one that works or is held here."""

    def __init__(self, parts: DeskParts, sending: Sending, reconciling: Reconciling) -> None:
        self._parts = parts
        self._sending = sending
        self._reconciling = reconciling

    async def replace(
        self,
        id: str,
        *,
        quantity: Decimal | None,
        limit: Decimal | None,
        stop: Decimal | None,
        slot: str,
        source: str,
        valid_until: datetime,
        approval_id: str | None,
    ) -> Placed:
        """Change quantity, limit or stop of an order; what is None stays."""
        old, order, line = await self._changeable(id, quantity)
        terms = await self._parts.read(_wanted, id, old, quantity, limit, stop)
        proposal = _proposal(old, terms, slot, source, valid_until)
        return await self._carry_out(proposal, old, order, line, approval_id)

    async def approved(self, proposal: Proposal, approval_id: str | None) -> Placed:
        """Carry out a change that was put before the person, in the place of the order it was asked for."""
        old, order, line = await self._changeable(replaced_by(proposal.leg), None)
        if old.id != replaced_by(proposal.leg):
            raise Conflict(
                tr("The other way out waits again, and is changed with it."),
                hint=tr("Look at the orders as they stand now."),
            )
        if old.terms.quantity != proposal.terms.quantity:
            await self._changeable(old.id, proposal.terms.quantity)
        return await self._carry_out(proposal, old, order, line, approval_id)

    async def _carry_out(
        self,
        proposal: Proposal,
        old: Intent,
        order: BrokerOrder | None,
        line: BrokerLine,
        approval_id: str | None,
    ) -> Placed:
        live = await look(self._parts, line, proposal, replaces=old)
        entered = await self._parts.run(self._enter, proposal, live, old.id, approval_id)
        if entered.intent is None:
            if entered.approval is None:
                raise OrderRefused(entered.verdict)
            return Placed(entered.verdict, approval=entered.approval)
        if entered.again or entered.intent.held or order is None:
            return Placed(entered.verdict, entered.intent, again=entered.again)
        task = self._parts.scope.spawn(self._change(line, order, old, entered.intent), name="replace")
        with self._sending.under_way(entered.intent.id, task):
            try:
                kept = await task
            except Exception:
                # Its answer could not be kept: it is looked up by its name.
                self._sending.lost.add(entered.intent.id)
                line.nudged.set()
                raise
        if kept.state in _FAILED:
            raise Conflict(
                tr("The order was not changed: {reason}", reason=kept.reason),
                hint=tr("It stands as it was, unless it has ended meanwhile: look at the orders."),
            )
        return Placed(entered.verdict, kept)

    async def preview(
        self,
        id: str,
        *,
        quantity: Decimal | None,
        limit: Decimal | None,
        stop: Decimal | None,
        slot: str,
        source: str,
        valid_until: datetime,
    ) -> tuple[Proposal, Preview]:
        """Say what the changed order would be and what every gate says to it."""
        old, _, line = await self._changeable(id, quantity)
        terms = await self._parts.read(_wanted, id, old, quantity, limit, stop)
        proposal = _proposal(old, terms, slot, source, valid_until)
        live = await look(self._parts, line, proposal, replaces=old)

        def work(unit: Unit) -> Preview:
            return estimate(unit, proposal, live, self._parts.gate.judge(unit, proposal, live))

        return proposal, await self._parts.read(work)

    async def _changeable(
        self, id: str, quantity: Decimal | None
    ) -> tuple[Intent, BrokerOrder | None, BrokerLine]:
        old, order = await self._parts.read(_changeable, id)
        line = self._parts.line(old.terms.account)
        if order is not None and not line.abilities.replaces:
            raise Conflict(
                tr("This broker does not change orders."), hint=tr("Cancel it and place a new one.")
            )
        if order is not None and order.filled and not line.abilities.lists_fills:
            raise _filled_in_part()
        if quantity is not None and order is not None:
            filled = max(order.filled, await self._parts.read(filled_before, old))
            if filled and not line.abilities.resizes_filled:
                # Whether the new quantity is meant with or without what is filled, brokers see differently.
                raise _filled_in_part()
            _refuse_less_than_filled(quantity, filled)
        return old, order, line

    def _enter(
        self, unit: Unit, proposal: Proposal, live: LiveFacts, old_id: str, approval_id: str | None
    ) -> Entered:
        """T1 and T2 in one: the old order is at the broker, so nothing is lost when it ends here."""
        old = unit.intents.get(old_id)
        held = _waits(old)
        if not held and (leads_out(old) or old.state not in _CHANGEABLE):
            raise _not_changeable(old)
        _refuse_less_than_filled(proposal.terms.quantity, filled_before(unit, old))
        entered = enter(
            unit,
            self._parts,
            proposal,
            live,
            approval_id=approval_id,
            replaces=old,
        )
        if entered.intent is None or entered.again or leads_out(old):
            return entered
        if held:
            note(unit, old, "replaced", titled(proposal.terms), by=entered.intent.id)
            changed(unit, replace(old, state=OrderState.REPLACED, reserved=Decimal(0), held=False))
            return entered
        changed(unit, replace(old, state=advance(old.state, OrderState.PENDING_REPLACE)))
        note(unit, old, "replacing", titled(proposal.terms), by=entered.intent.id)
        sending = replace(entered.intent, state=OrderState.SENDING, attempt=1, sent_at=unit.now)
        return replace(entered, intent=changed(unit, sending))

    async def _change(self, line: BrokerLine, order: BrokerOrder, old: Intent, new: Intent) -> Intent:
        terms = new.terms
        # Where the broker took off what was filled before an earlier change, its order is for less.
        taken_off = old.terms.quantity - order.quantity
        change = Change(
            qty=terms.quantity - taken_off if terms.quantity != old.terms.quantity else None,
            limit_price=terms.limit if terms.limit != order.limit else None,
            stop_price=terms.stop if terms.stop != order.stop else None,
            client_order_id=new.client_id,
        )
        asked_at = self._parts.clock.now()

        def ask(broker: Broker) -> OrderStatusInfo:
            last_look(self._parts, new)
            return broker.replace_order(order.broker_order_id, change)

        try:
            info = await line.call(ask)
        except HeldBack as held:
            outcome = Outcome(OrderState.CANCELED, held.reason)
        except PuffinError as error:
            outcome = outcome_of(error)
            if outcome.state is OrderState.INTENT:
                outcome = Outcome(OrderState.CANCELED, outcome.reason)
        else:
            # What the old one had filled comes first: the new one is compared with what that left.
            await self._read_again(line, order)
            try:
                await self._reconciling.adopt(line, info, asked_at)
            except PuffinError as error:
                # It was taken, but not what it has had: it is looked up like any order in doubt.
                outcome = Outcome(OrderState.UNKNOWN, reason_of(error))
            else:
                return await self._parts.read(lambda unit: unit.intents.get(new.id))
        kept = await self._parts.run(_write_failure, new.id, outcome)
        await self._read_again(line, order)
        line.nudged.set()
        return kept

    async def _read_again(self, line: BrokerLine, order: BrokerOrder) -> None:
        try:
            await self._reconciling.read(line, order.broker_order_id)
        except PuffinError:
            line.nudged.set()


def _changeable(unit: Unit, id: str) -> tuple[Intent, BrokerOrder | None]:
    """Give the intent that can be changed, and the order that works for it; a held one has none."""
    order = unit.orders.find(id)
    if order is not None and order.intent_id is None:
        raise Conflict(tr("This order was placed elsewhere."), hint=tr("Change it there, or cancel it here."))
    intent = unit.intents.find(id if order is None else order.intent_id or "")
    if intent is None:
        raise NotFound(tr("There is no order {id}.", id=id))
    if leads_out(intent):
        return _waiting_way_out(unit, intent), None
    if intent.state is OrderState.INTENT and intent.held:
        return intent, None
    if intent.state not in _CHANGEABLE or intent.broker_order_id is None:
        raise _not_changeable(intent)
    return intent, unit.orders.by_broker_id(intent.terms.account, intent.broker_order_id)


def _waiting_way_out(unit: Unit, intent: Intent) -> Intent:
    """Give the way out that is changed: of two that both wait the one that stands for both."""
    if intent.leg == OTHER_WAY:
        above = unit.intents.get(intent.parent_id or "")
        if _waits(above):
            return above
    if _waits(intent):
        return intent
    if intent.state in ENDED:
        raise _not_changeable(intent)
    raise Conflict(
        tr("The exits of a position that belong together are not changed at the broker."),
        hint=tr("Cancel them and order them anew."),
    )


def _waits(intent: Intent) -> bool:
    return intent.held and intent.state is OrderState.INTENT


def _filled_in_part() -> Conflict:
    return Conflict(
        tr("The order is filled in part."), hint=tr("Cancel it and place the rest as you want it.")
    )


def _refuse_less_than_filled(quantity: Decimal, filled: Decimal) -> None:
    if quantity <= filled:
        raise Conflict(
            tr("{filled} of the order are filled already.", filled=plain(filled)),
            hint=tr("Choose a larger quantity, or cancel what is left of it."),
        )


def _not_changeable(intent: Intent) -> Conflict:
    return Conflict(
        tr("The order is {state} and cannot be changed.", state=so_far(intent.state)),
        hint=tr("Look at the orders as they stand now."),
    )


def _proposal(old: Intent, terms: OrderTerms, slot: str, source: str, valid_until: datetime) -> Proposal:
    return Proposal(
        terms,
        source,
        slot,
        valid_until,
        source_version=old.source_version,
        leg=replacement_of(old.id),
        why=tr("Changes {order}.", order=titled(old.terms)),
        asked_until=valid_until + ASKED,
    )


def _wanted(
    unit: Unit,
    id: str,
    old: Intent,
    quantity: Decimal | None,
    limit: Decimal | None,
    stop: Decimal | None,
) -> OrderTerms:
    """Give the terms after the change; asked of one of two ways out, a price is that of the one it is of."""
    if not leads_out(old):
        return _changed_terms(old.terms, quantity, limit, stop)
    terms = ways_out(unit, old)
    if quantity not in {None, terms.quantity}:
        raise Conflict(
            tr("The exits of a position stand for what they lead out of."),
            hint=tr("Change their prices, or cancel them and order them anew."),
        )
    if not terms.one_cancels_other:
        return _changed_terms(terms, None, limit, stop)
    worst = terms.stop_loss_limit
    if id != old.id:
        if limit is not None and worst is None:
            raise InvalidInput(tr("The stop-loss has no limit behind it."), field="limit")
        limit, worst = None, worst if limit is None else limit
    new = replace(
        terms,
        limit=terms.limit if limit is None else limit,
        stop_loss=terms.stop_loss if stop is None else stop,
        stop_loss_limit=worst,
    )
    if new == terms:
        raise _nothing_new()
    return new


def _changed_terms(
    terms: OrderTerms, quantity: Decimal | None, limit: Decimal | None, stop: Decimal | None
) -> OrderTerms:
    new = replace(
        terms,
        quantity=terms.quantity if quantity is None else quantity,
        limit=terms.limit if limit is None else limit,
        stop=terms.stop if stop is None else stop,
    )
    if new == terms:
        raise _nothing_new()
    if terms.kind is Kind.TRAILING_STOP and stop is not None:
        raise InvalidInput(tr("The stop of a trailing order follows the price."), field="stop")
    return new


def _nothing_new() -> InvalidInput:
    return InvalidInput(tr("Nothing would change."), field="quantity")


def _write_failure(unit: Unit, intent_id: str, outcome: Outcome) -> Intent:
    """Write down why the change did not happen, or that nobody knows whether it did."""
    intent = unit.intents.get(intent_id)
    if intent.state is not OrderState.SENDING:
        # News of it was faster than the answer.
        return intent
    if outcome.state in ENDED:
        return end(unit, intent, outcome.state, outcome.reason)
    note(unit, intent, "unknown", outcome.reason, actor="broker")
    return changed(
        unit, replace(intent, state=advance(intent.state, OrderState.UNKNOWN), reason=outcome.reason)
    )
