"""Finds out what became of orders of which nobody knows: looked up by name, never sent under another one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from puffling.puffin.broker.base import Broker, OrderStatusInfo
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Intent, OrderState
from puffling.trading.exits import unprotected
from puffling.trading.line import BrokerLine
from puffling.trading.parts import DeskParts, note
from puffling.trading.proposals import is_replacement
from puffling.trading.reconcile import Reconciling
from puffling.trading.sending import Sending, abandon, changed, end
from puffling.trading.states import APPEARS, IN_DOUBT, OPEN, advance
from puffling.trading.taking import Taken
from puffling.trading.wire import waits_here

_WATCHED = timedelta(hours=24)
_MOST_ORDERS = 500


class Resolver:
    """Looks up what was left SENDING or UNKNOWN, and what is watched for."""

    def __init__(self, parts: DeskParts, sending: Sending, reconciling: Reconciling) -> None:
        self._parts = parts
        self._sending = sending
        self._reconciling = reconciling

    async def doubt(self, line: BrokerLine, *, begin: bool) -> None:
        """Say what was being sent when its process died, or its answer could not be kept, to be unknown."""
        sending = self._sending

        def work(unit: Unit) -> None:
            for intent in unit.intents.in_states({OrderState.SENDING}, line.account.id):
                if (begin or intent.id in sending.lost) and not sending.is_under_way(intent.id):
                    doubt(unit, intent)
            for intent in unit.intents.in_states({OrderState.INTENT}, line.account.id) if begin else ():
                if not intent.held and waits_here(intent, line.abilities):
                    # Met just before its process died: that price is long gone, so it waits to be met anew.
                    changed(unit, replace(intent, held=True))

        await self._parts.run(work)

    async def resolve(self, line: BrokerLine, *, send: bool) -> None:
        """Look up everything in doubt, and send again what the broker certainly has not, if it may be."""
        sought = await self._parts.read(lambda unit: unit.intents.in_states(IN_DOUBT, line.account.id))
        for intent in sought:
            if not self._sending.is_under_way(intent.id):
                # What cannot be looked up now stays in doubt, and is looked up the next time.
                with suppress(PuffinError):
                    await self._look_up(line, intent, send)

    async def _look_up(self, line: BrokerLine, intent: Intent, send: bool) -> None:
        asked_at = self._parts.clock.now()
        if intent.broker_order_id is not None:
            taken = await self._reconciling.read(line, intent.broker_order_id)
            await self._cancel_on_sight(line, taken)
            return
        found, sure = await find(line, intent.client_id)
        if found is not None:
            await self._cancel_on_sight(line, await self._reconciling.adopt(line, found, asked_at))
        elif intent.state is OrderState.ABANDONED_WATCH:
            await self._parts.run(_give_up_watching, intent.id)
        elif self._parts.clock.now() >= intent.valid_until:
            await self._parts.run(_give_up, intent.id, tr("The broker has no such order."))
        elif intent.id in self._sending.refused:
            # Refused and not there for long enough: the refusal is believed.
            if asked_at >= self._sending.refused[intent.id] + APPEARS:
                await self._parts.run(_give_up, intent.id, intent.reason)
                self._sending.refused.pop(intent.id, None)
        elif send and sure and (intent.waits_here or not is_replacement(intent.leg)):
            # What stood here in the place of another is an order by itself once it is met.
            await self._sending.send(intent.id)

    async def _cancel_on_sight(self, line: BrokerLine, taken: Taken) -> None:
        """Cancel what was given up and appeared after all."""
        order = taken.order
        if taken.intent is None or taken.intent.state is not OrderState.ABANDONED_WATCH:
            return
        if order.state in OPEN and order.broker_order_id == taken.intent.broker_order_id:
            await line.call(lambda broker: broker.cancel_order(order.broker_order_id))
            await self._reconciling.read(line, order.broker_order_id)


async def find(line: BrokerLine, client_id: str) -> tuple[OrderStatusInfo | None, bool]:
    """Give the order of this name, and whether none means that there certainly is none just now."""
    if line.abilities.finds_client_ids:
        return await line.call(lambda broker: broker.find_order(client_id)), True

    def search(broker: Broker) -> OrderStatusInfo | None:
        orders = broker.get_all_orders(None, _MOST_ORDERS)
        return next((each for each in orders if each.client_order_id == client_id), None)

    try:
        return await line.call(search), False
    except NotOffered:
        return None, False


def _give_up(unit: Unit, intent_id: str, reason: str) -> None:
    intent = unit.intents.get(intent_id)
    if intent.state is OrderState.UNKNOWN:
        abandon(unit, intent_id, reason)
        unprotected(unit, intent, reason)


def doubt(unit: Unit, intent: Intent) -> None:
    """Say of an intent that is not on its way any more that nobody knows what became of it."""
    if intent.state is not OrderState.SENDING:
        return
    reason = tr("Puffling ended while it was being sent.")
    note(unit, intent, "unknown", reason, actor="desk")
    changed(unit, replace(intent, state=advance(intent.state, OrderState.UNKNOWN), reason=reason))


def _give_up_watching(unit: Unit, intent_id: str) -> None:
    intent = unit.intents.get(intent_id)
    if intent.state is OrderState.ABANDONED_WATCH and unit.now >= intent.updated_at + _WATCHED:
        end(unit, intent, OrderState.EXPIRED, tr("It never appeared at the broker."))
