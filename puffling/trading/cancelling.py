"""Cancels orders. On any failed cancel the order is read again before anything else happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from puffling.puffin.broker.base import OrderStatusInfo
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.runtime.errors import Conflict, NotFound, PufflingError, Unavailable
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import BrokerOrder, Intent, OrderState
from puffling.trading.events import OrderChanged
from puffling.trading.line import BrokerLine
from puffling.trading.other_way import waiting_beside
from puffling.trading.parts import DeskParts, note, reason_of, titled
from puffling.trading.proposals import OTHER_WAY
from puffling.trading.reconcile import Reconciling, stands_in_unseen
from puffling.trading.resolver import doubt
from puffling.trading.sending import Sending, abandon, end
from puffling.trading.states import ENDED, OPEN, UNHEARD, WORKING, advance
from puffling.trading.taking import take_order
from puffling.trading.values import Cancelled, CancelReport, NotDone
from puffling.trading.wire import exact
from puffling.trading.words import deed

_OVER = ENDED | {OrderState.ABANDONED_WATCH}


class Cancelling:
    """Cancels one order, or all of them with the names of those that could not be."""

    def __init__(self, parts: DeskParts, sending: Sending, reconciling: Reconciling) -> None:
        self._parts = parts
        self._sending = sending
        self._reconciling = reconciling

    async def cancel(self, id: str) -> Cancelled:
        """Cancel an intent or an order, by our id of it or by the name the broker knows it by.

        Of two ways out that this computer holds, both.
        """
        cancelled = await self.cancel_alone(id)
        for other in await self._parts.read(_beside, cancelled.intent):
            await self.cancel_alone(other)
        return cancelled

    async def cancel_alone(self, id: str) -> Cancelled:
        """Cancel one intent or order; another way out that waits beside it stays."""
        intent, order = await self._parts.read(target, id)
        if intent is not None and self._sending.is_under_way(intent.id):
            await self._sending.settled(intent.id)
            return await self.cancel_alone(id)
        if order is not None:
            return await self._cancel_there(intent, order)
        assert intent is not None
        cancelled = await self._parts.run(cancel_here, intent.id)
        if self._sending.is_under_way(intent.id) or cancelled.state not in _OVER:
            # It went to the broker between the two looks.
            return await self.cancel_alone(id)
        self._parts.line(cancelled.terms.account).nudged.set()
        return Cancelled(cancelled, None)

    async def cancel_all(self, account: str, symbol: str | None = None) -> CancelReport:
        """Cancel everything open, found elsewhere or held here too; what fails is named."""
        line = self._parts.line(account)
        await self._look_what_is_open(line)
        targets = await self._parts.read(_targets, account, symbol)
        done, failed = await self._cancel_each(targets)
        # What was filled on the way to its cancel has brought exits.
        brought = [each for each in await self._parts.read(_held, account, symbol) if each not in targets]
        also, not_either = await self._cancel_each(brought)
        return CancelReport(done + also, tuple(failed + not_either))

    async def _cancel_each(self, targets: Iterable[tuple[str, str]]) -> tuple[int, list[NotDone]]:
        done: int = 0
        failed: list[NotDone] = []
        for id, title in targets:
            try:
                cancelled = await self.cancel(id)
            except PufflingError as error:
                failed.append(NotDone(id, title, str(error)))
                continue
            if cancelled.state is OrderState.FILLED:
                failed.append(NotDone(id, title, tr("It was filled already.")))
            else:
                done += 1
        return done, failed

    async def _look_what_is_open(self, line: BrokerLine) -> None:
        asked_at = self._parts.clock.now()
        try:
            open_now = await line.call(lambda broker: broker.get_all_orders("open", 500))
        except PuffinError:
            # Then what is written down here has to do.
            return

        def work(unit: Unit) -> tuple[list[str], list[OrderStatusInfo]]:
            alarms: list[str] = []
            grown: list[OrderStatusInfo] = []
            for info in open_now:
                known = unit.orders.by_broker_id(line.account.id, info.order_id)
                more = exact(info.filled_qty) > (0 if known is None else known.filled)
                if more or stands_in_unseen(unit, line.account.id, info):
                    grown.append(info)
                    continue
                taken = take_order(unit, line.account, line.abilities, info, asked_at=asked_at)
                alarms += [taken.alarm] if taken.alarm else []
            return alarms, grown

        alarms, grown = await self._parts.run(work)
        for alarm in alarms:
            self._parts.alarm(line.account.id, alarm, halt=True)
        for info in grown:
            # What is filled is taken in together with its fills: apart from them it would be no risk at all.
            try:
                await self._reconciling.adopt(line, info, asked_at)
            except PuffinError:
                line.nudged.set()

    async def _cancel_there(self, intent: Intent | None, order: BrokerOrder) -> Cancelled:
        line = self._parts.line(order.account)
        if order.state not in OPEN:
            return Cancelled(intent, order)
        await self._parts.run(_wish_cancelled, order)
        failure: PuffinError | None = None
        try:
            await line.call(lambda broker: broker.cancel_order(order.broker_order_id))
        except PuffinError as error:
            failure = error
        try:
            taken = await self._reconciling.read(line, order.broker_order_id)
        except PuffinError as error:
            line.nudged.set()
            if failure is None and not isinstance(error, NotOffered):
                return Cancelled(*await self._parts.read(target, order.id))
            raise Unavailable(
                tr("Whether the order was cancelled is not known: {reason}", reason=reason_of(error)),
                hint=tr("It is looked up every few seconds; look at the order again then."),
            ) from error
        if failure is not None and taken.order.state in WORKING - {OrderState.PENDING_CANCEL}:
            raise Conflict(
                tr("The order was not cancelled: {reason}", reason=reason_of(failure)),
                hint=tr("It still works at the broker. Try again, or cancel it there."),
            ) from failure
        return Cancelled(taken.intent, taken.order)


def target(unit: Unit, id: str) -> tuple[Intent | None, BrokerOrder | None]:
    """Give the intent and the order that works for it; an order found elsewhere has no intent."""
    order = unit.orders.find(id)
    if order is not None:
        return (unit.intents.find(order.intent_id) if order.intent_id is not None else None), order
    intent = unit.intents.find(id) or unit.intents.by_client_id(id)
    if intent is None:
        raise NotFound(tr("There is no order {id}.", id=id))
    if intent.broker_order_id is None:
        return intent, None
    return intent, unit.orders.by_broker_id(intent.terms.account, intent.broker_order_id)


def _targets(unit: Unit, account: str, symbol: str | None) -> list[tuple[str, str]]:
    """Give everything open, by id and in words; legs go with what brings them."""
    unheard = unit.intents.in_states(UNHEARD, account, symbol)
    working = unit.orders.in_states(WORKING | {OrderState.UNKNOWN}, account, symbol)
    # Of two ways out that are held here one takes the other along.
    heads = {each.id for each in unheard} | {order.intent_id for order in working}
    found = [
        (each.id, titled(each.terms))
        for each in unheard
        if each.leg != OTHER_WAY or each.parent_id not in heads
    ]
    bringing = {order.broker_order_id for order in working}
    found += [(order.id, _words(order)) for order in working if order.parent_order_id not in bringing]
    return found


def _held(unit: Unit, account: str, symbol: str | None) -> list[tuple[str, str]]:
    """Give what is held here, by id and in words; of two ways out the first."""
    held = [each for each in unit.intents.held(account) if symbol in {None, each.terms.symbol}]
    return [(each.id, titled(each.terms)) for each in held if each.leg != OTHER_WAY]


def _beside(unit: Unit, intent: Intent | None) -> tuple[str, ...]:
    """Give the other way out of two that this computer holds, when it may still go out or be filled."""
    if intent is None:
        return ()
    if intent.leg != OTHER_WAY:
        stop = waiting_beside(unit, intent.id) if intent.terms.one_cancels_other else None
        return () if stop is None else (stop.id,)
    above = unit.intents.get(intent.parent_id or "")
    return () if above.state in _OVER else (above.id,)


def _words(order: BrokerOrder) -> str:
    return deed(order.side, order.remaining, order.symbol)


def cancel_here(unit: Unit, intent_id: str) -> Intent:
    """Cancel what is not at the broker; what may be there is looked for and cancelled on sight."""
    intent = unit.intents.get(intent_id)
    if intent.state is OrderState.INTENT:
        children = (each for each in unit.intents.children(intent.id) if each.state is OrderState.INTENT)
        end_all(unit, children, tr("What it belonged to was cancelled."))
        return end(unit, intent, OrderState.CANCELED, tr("Cancelled before it was sent."))
    if intent.state in UNHEARD:
        doubt(unit, intent)
        abandon(unit, intent.id, tr("Cancelled while it was unknown."))
        return unit.intents.get(intent.id)
    return intent


def end_all(unit: Unit, intents: Iterable[Intent], reason: str) -> None:
    """Cancel intents that were not sent."""
    for intent in intents:
        end(unit, intent, OrderState.CANCELED, reason)


def _wish_cancelled(unit: Unit, order: BrokerOrder) -> None:
    now = unit.orders.get(order.id)
    moved = unit.orders.put(replace(now, state=advance(now.state, OrderState.PENDING_CANCEL)))
    intent = unit.intents.find(now.intent_id) if now.intent_id is not None else None
    if intent is not None and intent.broker_order_id == now.broker_order_id:
        intent = unit.intents.put(replace(intent, state=advance(intent.state, OrderState.PENDING_CANCEL)))
        note(unit, intent, "cancelling", titled(intent.terms), actor="desk")
    unit.tell(OrderChanged(unit.user, now.account, intent, moved))
