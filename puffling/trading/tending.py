"""Looks after one line: the start-up barrier, the news of its broker, and what has to be looked at again.

Before an account was compared with its broker nothing leaves over its line. When the stream of news goes or
falls silent, nothing leaves until the account was compared again. Whatever cannot be understood in the news
leads to a comparison, so that nothing hangs on a message having arrived.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from decimal import Decimal

from puffling.puffin.broker.base import BrokerUpdate, ExecutionKind, UpdateKind
from puffling.puffin.errors import PuffinError
from puffling.puffin.orders import Side
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Intent, OrderState, OrderTerms
from puffling.trading.exits import unprotected
from puffling.trading.judging import LiveFacts
from puffling.trading.ledger import take_execution
from puffling.trading.line import BrokerLine
from puffling.trading.looking import refresh_account
from puffling.trading.other_way import leads_out, waiting_beside
from puffling.trading.parts import DeskParts, reason_of
from puffling.trading.proposals import OTHER_WAY, Proposal
from puffling.trading.reconcile import Reconciling, stands_in_unseen
from puffling.trading.resolver import Resolver
from puffling.trading.sending import Sending, end
from puffling.trading.states import IN_DOUBT, OPEN, WORKING
from puffling.trading.taking import Taken, settle, take_order
from puffling.trading.values import LineState

_log = logging.getLogger(__name__)

# How long until everything is looked at again by itself.
IN_DOUBT_SECONDS = 15.0
UNHEARD_SECONDS = 5.0
WORKING_SECONDS = 30.0
IDLE_SECONDS = 300.0


class Tending:
    """The tasks of one line."""

    def __init__(
        self,
        parts: DeskParts,
        line: BrokerLine,
        sending: Sending,
        reconciling: Reconciling,
        resolver: Resolver,
    ) -> None:
        self._parts = parts
        self._line = line
        self._sending = sending
        self._reconciling = reconciling
        self._resolver = resolver
        self._tasks: list[asyncio.Task[None]] = []
        self._refreshing: asyncio.Task[None] | None = None
        self._rehearsed = False
        # Orders of which less is filled than they told of, and which could not be read again yet.
        self._unread: set[str] = set()
        self.passed = asyncio.Event()

    def start(self) -> None:
        """Begin to look after the line."""
        spawn, name = self._parts.scope.spawn, self._line.account.id
        self._tasks = [
            spawn(self._tend(), name=f"desk.{name}"),
            spawn(self._listen(), name=f"desk.news.{name}"),
        ]

    async def stop(self) -> None:
        """Let go of the line."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.close()

    async def _tend(self) -> None:
        line = self._line
        while True:
            line.nudged.clear()
            try:
                await self.look_after()
                pause_seconds = await self._pause_seconds()
            except Exception as error:  # noqa: BLE001  the edge: a line must not be left alone for good
                _log.exception("Looking after %s failed", line.account.id)
                self._parts.set_line(line, LineState.LOST, reason_of(error))
                pause_seconds = UNHEARD_SECONDS
                # What this look met itself is no reason to look again at once.
                line.nudged.clear()
            await self._pause(pause_seconds)

    async def look_after(self) -> None:
        """Find out what is in doubt, compare, and send what waits."""
        line = self._line
        await self._resolver.doubt(line, begin=not self.passed.is_set())
        await self._hear()
        await self._resolver.resolve(line, send=False)
        report = await self._reconciling.compare(line)
        self.passed.set()
        if report.agrees:
            await self._resolver.resolve(line, send=True)
            await self._resume()
            for broker_order_id in tuple(self._unread):
                with suppress(PuffinError):
                    await self._reconciling.read(line, broker_order_id)
                    self._unread.discard(broker_order_id)
            if not self._rehearsed:
                self._rehearsed = True
                await self._rehearse()

    async def _hear(self) -> None:
        try:
            await self._line.hear()
        except PuffinError as error:
            # It is asked again next time; until then everything is looked at often.
            _log.warning("No news of %s: %s", self._line.account.id, error)

    async def _resume(self) -> None:
        """Send what was written down and never sent; what is too late ends there."""
        account = self._line.account.id
        waiting = await self._parts.read(lambda unit: unit.intents.in_states({OrderState.INTENT}, account))
        for intent in waiting:
            if intent.held and self._parts.clock.now() >= intent.valid_until:
                await self._parts.run(_expire, intent.id)
            elif not intent.held and not self._sending.is_patient(intent.id):
                await self._sending.send(intent.id)

    async def _rehearse(self) -> None:
        """Judge an order that nobody wants: what the first one loads must not keep one that is wanted."""
        line = self._line
        terms = OrderTerms(line.account.id, "", Side.BUY, Decimal(1))
        proposal = Proposal(terms, source="", slot="", valid_until=self._parts.clock.now())
        live = LiveFacts(line.account, line.mode, line.abilities, info=line.info, info_at=line.info_at)
        await self._parts.read(lambda unit: self._parts.gate.judge(unit, proposal, live))

    async def _pause_seconds(self) -> float:
        line, account = self._line, self._line.account.id

        def counts(unit: Unit) -> tuple[bool, bool]:
            doubt = bool(unit.intents.in_states(IN_DOUBT, account))
            return doubt, bool(
                unit.intents.in_states(OPEN, account) or unit.orders.in_states(WORKING, account)
            )

        doubt, working = await self._parts.read(counts)
        if not line.ready or (working and not line.streaming):
            return UNHEARD_SECONDS
        if doubt:
            return IN_DOUBT_SECONDS
        return WORKING_SECONDS if working else IDLE_SECONDS

    async def _pause(self, seconds: float) -> None:
        spawn = self._parts.scope.spawn
        waits = {
            spawn(self._parts.clock.sleep(seconds), name="desk.pause"),
            spawn(_set(self._line.nudged), name="desk.nudge"),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _listen(self) -> None:
        while True:
            update = await self._line.updates.get()
            try:
                await self._take(update)
            except Exception:  # noqa: BLE001  the edge: the next message must be heard, and this one looked up
                _log.exception("News of %s could not be taken in", self._line.account.id)
                self._line.nudged.set()

    async def _take(self, update: BrokerUpdate) -> None:
        line = self._line
        if update.kind is UpdateKind.ORDER:
            await self._take_order(update)
            return
        line.streaming = update.kind is UpdateKind.CONNECTED
        if update.kind is UpdateKind.LOST:
            text = tr("{account}: the line to the broker is down.", account=line.account.label)
            self._parts.set_line(line, LineState.LOST, text)
        elif update.kind is UpdateKind.MUTE:
            text = tr("{account}: the broker has gone silent.", account=line.account.label)
            self._parts.set_line(line, LineState.MUTE, text)
        # What happened meanwhile was not heard.
        line.nudged.set()

    async def _take_order(self, update: BrokerUpdate) -> None:
        if update.order is None:
            self._line.nudged.set()
            return
        if await self._parts.read(stands_in_unseen, self._line.account.id, update.order):
            # News may have been missed: what the one before it left is read first.
            self._parts.scope.spawn(self._read_again(update.order.order_id), name="desk.again")
            return
        taken = await self._parts.run(take_update, self._line, update)
        if taken.alarm:
            self._parts.alarm(self._line.account.id, taken.alarm, halt=True)
        watched = taken.intent is not None and taken.intent.state is OrderState.ABANDONED_WATCH
        if taken.late or watched or taken.order.state is OrderState.UNKNOWN:
            self._line.nudged.set()
        if update.execution is not None or taken.order.state not in OPEN:
            self._refresh()
        if update.execution is not None and update.execution.kind is not ExecutionKind.FILL:
            # Less of the order is filled than it told of before, and only an answer says for sure how much.
            self._parts.scope.spawn(self._read_again(update.order.order_id), name="desk.again")

    async def _read_again(self, broker_order_id: str) -> None:
        try:
            await self._reconciling.read(self._line, broker_order_id)
        except PuffinError:
            self._unread.add(broker_order_id)
            self._line.nudged.set()

    def _refresh(self) -> None:
        """Ask anew what the account is worth, once for all fills that come together."""
        self._line.info_at, self._line.moved = None, True
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = self._parts.scope.spawn(self._ask_worth(), name="desk.worth")

    async def _ask_worth(self) -> None:
        while self._line.moved:
            await refresh_account(self._parts, self._line)


def take_update(unit: Unit, line: BrokerLine, update: BrokerUpdate) -> Taken:
    """Take in news of an order and the fill it tells of, in one transaction."""
    assert update.order is not None
    taken = take_order(unit, line.account, line.abilities, update.order)
    if update.execution is not None and line.abilities.lists_fills:
        take_execution(unit, line.account, update.execution)
    settle(unit, line.account.id, update.order.order_id)
    return taken


def _expire(unit: Unit, intent_id: str) -> None:
    intent = unit.intents.get(intent_id)
    if intent.held and intent.state is OrderState.INTENT:
        reason = tr("Its time was over.")
        if leads_out(intent) and not _waits_beside(unit, intent):
            unprotected(unit, intent, reason)
        end(unit, intent, OrderState.EXPIRED, reason)


def _waits_beside(unit: Unit, intent: Intent) -> bool:
    """Tell whether the other one of two ways out still waits here."""
    above = unit.intents.get(intent.parent_id or "") if intent.leg == OTHER_WAY else None
    return waiting_beside(unit, intent.id) is not None or (above is not None and above.held)


async def _set(event: asyncio.Event) -> None:
    await event.wait()
