"""From an intent to an order at the broker, effectively once.

T1 wrote the intent down. T2 says in the database that it is being sent; then halt and validity are looked at
once more, in the thread that sends and directly before the socket, and it is sent once. T3 writes down what
came of it. Whatever is not a clear answer is UNKNOWN, and what is unknown is looked up, never sent anew under
another name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.broker.base import (
    Broker,
    BrokerBusyError,
    BrokerRefusedError,
    DuplicateOrderError,
    Order,
    OrderRejectedError,
    OrderStatus,
    OrderStatusInfo,
)
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.puffin.orders import Side
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Intent, OrderState
from puffling.trading.events import OrderChanged
from puffling.trading.exits import unprotected
from puffling.trading.line import BrokerLine, HeldBack
from puffling.trading.parts import DeskParts, note, titled
from puffling.trading.states import ENDED, advance
from puffling.trading.taking import Taken, take_order
from puffling.trading.wire import order_for
from puffling.trading.words import only_ways_out


@frozen
class Outcome:
    """What came of sending: where the intent stands now, and why."""

    state: OrderState
    reason: str = ""
    broker_order_id: str | None = None
    # How long the broker wants to be left alone.
    wait_seconds: float = 0.0


@frozen
class Armed:
    """An intent that goes to the broker now, or does not.

    Of a fresh one the broker certainly has nothing, whatever was tried before.
    """

    intent: Intent
    go: bool
    fresh: bool = True


class Sending:
    """Sends intents; the same one is never on its way twice at a time."""

    def __init__(self, parts: DeskParts, submit: Callable[[Broker, Order], str]) -> None:
        self._parts = parts
        self._submit = submit
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._patient: set[str] = set()
        # Whose answer came and could not be written down.
        self.lost: set[str] = set()
        # When a later attempt was plainly refused while an earlier one might still appear.
        self.refused: dict[str, datetime] = {}

    def is_under_way(self, intent_id: str) -> bool:
        """Tell whether an intent is being sent by this process now."""
        return intent_id in self._under_way

    @contextmanager
    def under_way(self, intent_id: str, task: asyncio.Task[Any]) -> Iterator[None]:
        """Mark an intent that a task sends in a way of its own."""
        self._under_way[intent_id] = task
        try:
            yield
        finally:
            self._under_way.pop(intent_id, None)

    def is_patient(self, intent_id: str) -> bool:
        """Tell whether an intent waits because the broker asked for patience."""
        return intent_id in self._patient

    async def send(self, intent_id: str, *, nudge: BrokerLine | None = None, judged: bool = False) -> Intent:
        """Send an intent that waits, or one of which the broker certainly has nothing.

        A line is nudged when that fails: who looks after one looks again by himself. `judged` says that what
        was met here was held against what is held just before.
        """
        task = self._under_way.get(intent_id)
        if task is None:
            task = self._parts.scope.spawn(self._sent(intent_id, judged=judged), name="order")
            self._under_way[intent_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(intent_id, None))
        try:
            # Whoever asked may go away; what is on its way goes on.
            await asyncio.shield(task)
            if (failure := task.result()) is not None:
                raise failure
        except Exception:
            if nudge is not None:
                nudge.nudged.set()
            raise
        return await self._parts.read(lambda unit: unit.intents.get(intent_id))

    async def settled(self, intent_id: str) -> None:
        """Wait until an intent that is on its way is not any more."""
        await asyncio.wait({self._under_way[intent_id]})

    async def _sent(self, intent_id: str, *, judged: bool) -> PufflingError | None:
        try:
            await self._send(intent_id, judged=judged)
        except Exception as error:
            # What could not be written down is found again: it may stand as SENDING there.
            self.lost.add(intent_id)
            if isinstance(error, PufflingError):
                return error
            raise
        return None

    async def _send(self, intent_id: str, *, judged: bool) -> None:
        parts = self._parts
        armed = await parts.run(arm, intent_id, parts, judged=judged)
        if not armed.go:
            return
        line = parts.line(armed.intent.terms.account)
        outcome = await self._post(line, armed)
        moved, taken = await parts.run(write_outcome, intent_id, outcome, line)
        if taken is not None and taken.alarm:
            parts.alarm(line.account.id, taken.alarm, halt=True)
        if moved.state is OrderState.INTENT and not moved.held:
            self._patient.add(intent_id)
            parts.scope.spawn(self._again(moved.id, outcome.wait_seconds, line), name="order.again")
        elif moved.state is OrderState.UNKNOWN and armed.fresh:
            # Looked up at once the first time; from then on every so often.
            line.nudged.set()

    async def _again(self, intent_id: str, wait_seconds: float, line: BrokerLine) -> None:
        await self._parts.clock.sleep(wait_seconds)
        self._patient.discard(intent_id)
        await self.send(intent_id, nudge=line)

    async def _post(self, line: BrokerLine, armed: Armed) -> Outcome:
        order = order_for(armed.intent, line.abilities)

        def post(broker: Broker) -> str:
            last_look(self._parts, armed.intent)
            return self._submit(broker, order)

        try:
            broker_order_id = await line.call(post)
        except HeldBack as held:
            if not armed.fresh:
                # An earlier attempt may have arrived.
                return Outcome(OrderState.UNKNOWN, held.reason)
            return Outcome(OrderState.EXPIRED if held.too_late else OrderState.CANCELED, held.reason)
        except PuffinError as error:
            outcome = outcome_of(error)
            if not armed.fresh:
                # It says what became of this attempt only; an earlier one may have arrived.
                if outcome.state is OrderState.REJECTED:
                    self.refused[armed.intent.id] = self._parts.clock.now()
                return replace(outcome, state=OrderState.UNKNOWN)
            return outcome
        if not isinstance(broker_order_id, str) or not broker_order_id:
            return Outcome(OrderState.UNKNOWN, tr("The broker's answer cannot be read."))
        return Outcome(OrderState.ACKED, broker_order_id=broker_order_id)


def last_look(parts: DeskParts, intent: Intent) -> None:
    """Look at halt and validity once more, in the thread that sends and directly before the socket."""
    halt, narrowed = parts.switch.read(), parts.switch.narrowed
    if halt is not None:
        raise HeldBack(tr("Trading was halted: {reason}", reason=halt.reason), too_late=False)
    if narrowed and not intent.shrinks:
        raise HeldBack(only_ways_out(narrowed), too_late=False)
    if parts.clock.now() >= intent.valid_until:
        raise HeldBack(tr("The order was good until a moment ago only."), too_late=True)


def arm(unit: Unit, intent_id: str, parts: DeskParts, *, judged: bool = False) -> Armed:
    """T2: say in the database that an intent is being sent, unless it may not be."""
    intent = unit.intents.get(intent_id)
    fresh = intent.state is OrderState.INTENT
    if intent.held:
        # It was kept from leaving meanwhile, and waits to be met anew.
        return Armed(intent, go=False)
    if not fresh and (intent.state is not OrderState.UNKNOWN or intent.broker_order_id is not None):
        # Sent already. One that a process which died left SENDING is looked up first.
        return Armed(intent, go=False)
    stop = parts.gate.stops(unit, shrinks=intent.shrinks)
    if stop or unit.now >= intent.valid_until:
        if not fresh:
            # The first attempt may have arrived, so it is not over: it goes on being looked for.
            return Armed(intent, go=False)
        reason = stop or tr("It was not sent in time.")
        if stop and intent.waits_here:
            return Armed(hold_again(unit, intent, reason), go=False)
        if not stop:
            unprotected(unit, intent, reason)
        ended = end(unit, intent, OrderState.CANCELED if stop else OrderState.EXPIRED, reason)
        return Armed(ended, go=False)
    line = parts.line(intent.terms.account)
    if not line.ready:
        # Until the line is back its price may be another one, and the position too.
        met = fresh and intent.waits_here
        return Armed(hold_again(unit, intent, line.reason) if met else intent, go=False)
    if intent.shrinks and not judged and not _covers(unit, intent):
        return Armed(_let_be(unit, intent, fresh=fresh), go=False)
    sending = replace(
        intent, state=advance(intent.state, OrderState.SENDING), attempt=intent.attempt + 1, sent_at=unit.now
    )
    note(unit, intent, "sending", titled(intent.terms), actor="desk", attempt=sending.attempt)
    return Armed(changed(unit, sending), go=True, fresh=fresh)


def write_outcome(
    unit: Unit, intent_id: str, outcome: Outcome, line: BrokerLine
) -> tuple[Intent, Taken | None]:
    """T3: write down what came of sending; news that was faster than the answer is not undone."""
    intent = unit.intents.get(intent_id)
    if outcome.state is OrderState.ACKED and outcome.broker_order_id is not None:
        info = acknowledged(intent, outcome.broker_order_id, unit.now)
        taken = take_order(unit, line.account, line.abilities, info, meant=intent)
        if taken.intent is None or taken.intent.id != intent.id:
            alarm = taken.alarm or tr("The broker gave two orders the one id {id}.", id=info.order_id)
            unknown = replace(intent, state=advance(intent.state, OrderState.UNKNOWN), reason=alarm)
            return changed(unit, unknown), replace(taken, alarm=alarm)
        note(unit, intent, "accepted", titled(intent.terms), actor="broker", order=outcome.broker_order_id)
        return taken.intent, taken
    if intent.state is not OrderState.SENDING:
        return intent, None
    if outcome.state is OrderState.CANCELED and intent.waits_here:
        return hold_again(unit, intent, outcome.reason), None
    if outcome.state in ENDED:
        if outcome.state in {OrderState.REJECTED, OrderState.EXPIRED}:
            unprotected(unit, intent, outcome.reason)
        return end(unit, intent, outcome.state, outcome.reason), None
    reason = outcome.reason
    if outcome.state is OrderState.INTENT and intent.waits_here:
        # The best price of a trailing stop, which may wait to be met anew.
        reason = intent.reason
    moved = replace(intent, state=advance(intent.state, outcome.state), reason=reason)
    note(unit, intent, outcome.state.value.lower(), outcome.reason, actor="broker")
    return changed(unit, moved), None


def end(unit: Unit, intent: Intent, state: OrderState, reason: str) -> Intent:
    """Let an intent end, and what it reserved go."""
    note(unit, intent, state.value.lower(), reason, actor="desk")
    moved = replace(intent, state=advance(intent.state, state), reserved=Decimal(0), reason=reason)
    return changed(unit, replace(moved, held=False))


def hold_again(unit: Unit, intent: Intent, reason: str) -> Intent:
    """Let what was met and kept from leaving wait to be met anew: a halt must not end what protects."""
    note(unit, intent, "held", reason, actor="desk")
    return changed(unit, replace(intent, state=advance(intent.state, OrderState.INTENT), held=True))


def abandon(unit: Unit, intent_id: str, reason: str) -> None:
    """Give up sending what is unknown; should it appear after all, it is cancelled on sight."""
    intent = unit.intents.get(intent_id)
    moved = replace(intent, state=advance(intent.state, OrderState.ABANDONED_WATCH), reason=reason)
    if moved.state is not intent.state:
        note(unit, intent, "abandoned", reason, actor="desk")
        changed(unit, moved)


def _covers(unit: Unit, intent: Intent) -> bool:
    """Tell whether as much is held as an order that leads out of it is for."""
    terms = intent.terms
    holding = unit.holdings.find(terms.account, terms.symbol)
    held = Decimal(0) if holding is None else holding.quantity
    return (held if terms.side is Side.SELL else -held) >= terms.quantity


def _let_be(unit: Unit, intent: Intent, *, fresh: bool) -> Intent:
    """Send no more what would lead beyond what is held by now."""
    reason = tr("Less is held by now than it is for.")
    if fresh and intent.waits_here:
        # Met anew, it leaves for what is held by then.
        return hold_again(unit, intent, reason)
    if fresh:
        unprotected(unit, intent, reason)
        return end(unit, intent, OrderState.CANCELED, reason)
    # The first attempt may have arrived, so it goes on being looked for.
    abandon(unit, intent.id, reason)
    unprotected(unit, intent, reason)
    return unit.intents.get(intent.id)


def changed(unit: Unit, intent: Intent) -> Intent:
    """Keep how far an intent has come, and tell it."""
    kept = unit.intents.put(intent)
    unit.tell(OrderChanged(unit.user, kept.terms.account, kept))
    return kept


def acknowledged(intent: Intent, broker_order_id: str, now: datetime) -> OrderStatusInfo:
    """Give what an answer without anything but an id says of an order."""
    terms = intent.terms
    return OrderStatusInfo(
        order_id=broker_order_id,
        client_order_id=intent.client_id,
        symbol=terms.symbol,
        side=terms.side,
        qty=terms.quantity,
        filled_qty=0,
        type=terms.kind,
        status=OrderStatus.ACCEPTED,
        limit_price=terms.limit,
        stop_price=terms.stop,
        submitted_at=now,
        time_in_force=terms.lasting,
    )


def outcome_of(error: PuffinError) -> Outcome:
    """Say what a broker's error lets one conclude."""
    if isinstance(error, BrokerBusyError):
        return Outcome(OrderState.INTENT, str(error), wait_seconds=error.wait_seconds)
    if isinstance(error, OrderRejectedError | BrokerRefusedError | NotOffered):
        return Outcome(OrderState.REJECTED, str(error))
    if isinstance(error, DuplicateOrderError):
        return Outcome(OrderState.UNKNOWN, tr("The broker has it already; it is looked up."))
    return Outcome(OrderState.UNKNOWN, str(error))
