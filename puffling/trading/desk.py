"""The order desk: the one road to the broker, for whoever wants to trade.

Nothing lost, nothing twice, nothing unasked. A wish to order is a `Proposal`. `place` judges it and writes it
down in one transaction, sends it once, and from then on the desk follows it until its last fill is in the
ledger, whatever happens to this process, to the line or at the broker. How: see `entering` (T1), `sending`
(T2, T3), `taking` and `ledger` (what the broker says), `tending` (start-up barrier, news, timers).

This module is light: what does the work is loaded when the first account is connected, piece by piece.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from puffling.puffin.broker.base import Broker, Order
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.store.orders import Account, BrokerOrder, Fill, Intent, OrderState
from puffling.trading.values import (
    AccountView,
    Cancelled,
    CancelReport,
    Differences,
    FlattenReport,
    OrderLine,
    Placed,
    Preview,
    ReconcileReport,
    Story,
)

if TYPE_CHECKING:
    from puffling.store.database import Unit
    from puffling.trading.accepting import Accepting
    from puffling.trading.cancelling import Cancelling
    from puffling.trading.closing import Closing
    from puffling.trading.held import HeldOrders
    from puffling.trading.judging import LiveFacts
    from puffling.trading.parts import DeskParts
    from puffling.trading.proposals import Proposal
    from puffling.trading.reconcile import Reconciling
    from puffling.trading.replacing import Replacing
    from puffling.trading.resolver import Resolver
    from puffling.trading.sending import Sending
    from puffling.trading.tending import Tending

R = TypeVar("R")

# More digits than any market has: beyond it arithmetic would fail before judgement could.
_MOST_DIGITS = 18
# What the parts of the road import comes before them, a few milliseconds each.
_WORKERS = (
    "judging", "proposals", "flags", "limits", "facts", "case", "checks.standing", "checks.form",
    "checks.price", "checks.amounts", "gate", "approvals", "prices", "states", "line", "parts", "wire",
    "history", "ledger", "other_way", "exits", "taking", "looking", "entering", "estimates", "sending",
    "reconcile", "accepting", "resolver", "cancelling", "held", "replacing", "closing", "story", "tending",
)  # fmt: skip
_CHANGE_VALID = timedelta(minutes=1)


class OrderDesk:
    """Judges, writes down, sends and follows orders; every method is called on the loop."""

    def __init__(self, make: Callable[[], DeskParts], port: Port) -> None:
        self._make = make
        self._port = port
        self._tending: dict[str, Tending] = {}
        self._watching = False
        self.chosen = ""  # the account that orders go to where none is named

    @cached_property
    def _parts(self) -> DeskParts:
        return self._make()

    @cached_property
    def _sending(self) -> Sending:
        from puffling.trading.sending import Sending

        return Sending(self._parts, _submit)

    @cached_property
    def _reconciling(self) -> Reconciling:
        from puffling.trading.reconcile import Reconciling

        return Reconciling(self._parts)

    @cached_property
    def _resolver(self) -> Resolver:
        from puffling.trading.resolver import Resolver

        return Resolver(self._parts, self._sending, self._reconciling)

    @cached_property
    def _cancelling(self) -> Cancelling:
        from puffling.trading.cancelling import Cancelling

        return Cancelling(self._parts, self._sending, self._reconciling)

    @cached_property
    def _replacing(self) -> Replacing:
        from puffling.trading.replacing import Replacing

        return Replacing(self._parts, self._sending, self._reconciling)

    @cached_property
    def _closing(self) -> Closing:
        from puffling.trading.closing import Closing

        return Closing(self._parts, self._place, self._cancelling)

    @cached_property
    def _accepting(self) -> Accepting:
        from puffling.trading.accepting import Accepting

        return Accepting(self._parts, self._reconciling)

    @cached_property
    def _held(self) -> HeldOrders:
        from puffling.trading.held import HeldOrders

        return HeldOrders(self._parts, self._sending, self._cancelling)

    @property
    def ready(self) -> bool:
        """Tell whether every account has been compared with its broker and agrees with it."""
        return bool(self._tending) and all(line.ready for line in self._parts.lines.values())

    async def load(self) -> None:
        """Load what does the work; in one go it would hold the loop."""
        for name in _WORKERS:
            import_module(f"puffling.trading.{name}")
            await asyncio.sleep(0)

    async def connect(
        self,
        account: Account,
        broker: Broker,
        *,
        live_keys: bool = False,
        patience_seconds: float | None = None,
    ) -> None:
        """Take on an account with its broker and begin to compare the two; orders leave when they agree."""
        await self.load()
        from puffling.trading.line import PATIENCE_SECONDS, BrokerLine
        from puffling.trading.tending import Tending

        if account.id in self._tending:
            raise InvalidInput(tr("{account} is connected already.", account=account.label), field="account")
        patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
        line = BrokerLine(account, broker, port=self._port, live_keys=live_keys, patience_seconds=patience)
        self._parts.lines[account.id] = line
        self._tending[account.id] = Tending(
            self._parts, line, self._sending, self._reconciling, self._resolver
        )
        self._tending[account.id].start()
        if not self._watching:
            self._watching = True
            await self._held.start()

    async def disconnect(self, account_id: str) -> None:
        """Let go of an account and its broker; what is open there stays open, and is found again."""
        tending = self._tending.pop(account_id, None)
        if tending is not None:
            self._parts.lines.pop(account_id)
            await tending.stop()

    async def close(self) -> None:
        """Let go of all accounts."""
        for account_id in tuple(self._tending):
            await self.disconnect(account_id)
        if self._watching:
            self._held.close()

    async def compared(self, account_id: str) -> None:
        """Wait until an account was compared with its broker for the first time, however it ended."""
        self._parts.line(account_id)
        await self._tending[account_id].passed.wait()

    async def accounts(self) -> tuple[AccountView, ...]:
        """Give every account that is connected, as it stands; the one that orders go to comes first."""
        # Without one there is nothing to load yet.
        return tuple([await self.account(id) for id in sorted(self._tending, key=self.chosen.__ne__)])

    async def account(self, account_id: str) -> AccountView:
        """Give one account as it stands: what is held, what is open, what it is worth."""
        from puffling.trading.states import UNSEEN, WORKING

        line = self._parts.line(account_id)

        def work(unit: Unit) -> AccountView:
            return AccountView(
                account=line.account,
                state=line.state,
                reason=line.reason,
                abilities=line.abilities,
                info=line.info,
                as_of=line.info_at,
                holdings=unit.holdings.of(account_id),
                open_orders=unit.orders.in_states(WORKING | {OrderState.UNKNOWN}, account_id),
                waiting=unit.intents.in_states(UNSEEN, account_id),
                skew_seconds=line.skew_seconds,
                live_keys=line.live_keys,
            )

        return await self._parts.read(work)

    async def preview(
        self, proposal: Proposal, *, parent_id: str | None = None, confirmed: str = ""
    ) -> Preview:
        """Say what an order would cost and do, and what every gate says; nothing is written or sent."""
        from puffling.trading.estimates import estimate
        from puffling.trading.looking import look
        from puffling.trading.proposals import CLOSINGS

        _check(proposal)
        line = self._parts.line(proposal.terms.account)
        live = await look(self._parts, line, proposal, parent_id=parent_id, confirmed=confirmed)
        live = replace(live, clears=proposal.leg in CLOSINGS)

        def work(unit: Unit) -> Preview:
            verdict = self._parts.gate.judge(unit, proposal, live)
            return estimate(unit, proposal, live, verdict)

        return await self._parts.read(work)

    async def place(
        self, proposal: Proposal, *, approval_id: str | None = None, confirmed: str = ""
    ) -> Placed:
        """Judge an order, write it down and send it once.

        Raises `OrderRefused` with every reason. Where a person has to agree and `approval_id` names no yes
        of theirs, the question is queued, nothing is sent, and `Placed.approval` is set. The same proposal
        again gives the same intent. What stands in the answer is how far it came; `OrderChanged` and
        `OrderFilled` tell the rest. `confirmed` says in which act the person has confirmed it already.
        """
        from puffling.trading.proposals import CLOSINGS, is_replacement

        _check(proposal)
        if approval_id is not None and proposal.leg in CLOSINGS:
            return await self._whole(self._closing.approved(proposal, approval_id), "close")
        if is_replacement(proposal.leg):
            # Sent as an order of its own, it would work beside the one it is to change.
            return await self._whole(self._replacing.approved(proposal, approval_id), "replace")
        return await self._whole(self._place(proposal, approval_id, confirmed), "place")

    async def cancel(self, id: str) -> Cancelled:
        """Cancel an intent or an order, by our id of it or the name the broker knows it by.

        It is read again from the broker afterwards, so the answer says what is true: also that it was
        filled already. Works while halted and over any line that answers.
        """
        return await self._whole(self._cancelling.cancel(id), "cancel")

    async def cancel_all(self, account_id: str, symbol: str | None = None) -> CancelReport:
        """Cancel everything open, placed elsewhere or held here too; what could not be is named."""
        return await self._whole(self._cancelling.cancel_all(account_id, symbol), "cancel all")

    async def replace(
        self,
        id: str,
        *,
        slot: str,
        source: str,
        quantity: Decimal | None = None,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
        approval_id: str | None = None,
    ) -> Placed:
        """Change quantity, limit or stop of an order: judged and confirmed like a new one, counted once."""
        work = self._replacing.replace(
            id,
            quantity=quantity,
            limit=limit,
            stop=stop,
            slot=slot,
            source=source,
            valid_until=self._parts.clock.now() + _CHANGE_VALID,
            approval_id=approval_id,
        )
        return await self._whole(work, "replace")

    async def preview_change(
        self,
        id: str,
        *,
        slot: str,
        source: str,
        quantity: Decimal | None = None,
        limit: Decimal | None = None,
        stop: Decimal | None = None,
    ) -> tuple[Proposal, Preview]:
        """Say what a changed order would be and what every gate says to it; nothing is written or sent."""
        return await self._replacing.preview(
            id,
            quantity=quantity,
            limit=limit,
            stop=stop,
            slot=slot,
            source=source,
            valid_until=self._parts.clock.now() + _CHANGE_VALID,
        )

    async def close_position(
        self,
        account_id: str,
        symbol: str,
        *,
        slot: str,
        source: str,
        approval_id: str | None = None,
        confirmed: str = "",
    ) -> Placed:
        """Cancel what works for a symbol, then sell or cover all that is held of it, at the market."""
        work = self._closing.close(
            account_id, symbol, slot=slot, source=source, approval_id=approval_id, confirmed=confirmed
        )
        return await self._whole(work, "close")

    async def reverse(
        self, account_id: str, symbol: str, *, slot: str, source: str, approval_id: str | None = None
    ) -> tuple[Placed, ...]:
        """Close a position and, when that has filled, open as much on the other side."""
        work = self._closing.reverse(account_id, symbol, slot=slot, source=source, approval_id=approval_id)
        return await self._whole(work, "reverse")

    async def flatten(self, account_id: str, *, slot: str, source: str, confirmed: str) -> FlattenReport:
        """Cancel everything and close every position; what fails is named and the rest goes on."""
        work = self._closing.flatten(account_id, slot=slot, source=source, confirmed=confirmed)
        return await self._whole(work, "flatten")

    async def reconcile(self, account_id: str) -> ReconcileReport:
        """Compare an account with its broker now."""
        return await self._reconciling.compare(self._parts.line(account_id))

    async def differences(self, account_id: str) -> Differences:
        """Say where an account and its broker differ, as they were last compared."""
        return await self._accepting.differences(self._parts.line(account_id))

    async def accept(self, account_id: str, seal: str, *, by: str) -> ReconcileReport:
        """Take what the broker holds for true where no fill explains it; only what was shown."""
        work = self._accepting.accept(self._parts.line(account_id), seal, by)
        return await self._whole(work, "accept")

    async def look_after(self, account_id: str) -> None:
        """Do now what is done by itself now and then: look up what is in doubt, compare, send what waits."""
        self._parts.line(account_id)
        await self._tending[account_id].look_after()

    async def seen(self, account_id: str, symbol: str) -> LiveFacts:
        """Give what is known now of an account and a symbol: figures, instrument, price, what is offered."""
        from puffling.trading.looking import look_at

        return await look_at(self._parts, self._parts.line(account_id), symbol)

    async def find(self, id: str) -> Intent | BrokerOrder:
        """Give an intent or an order found at the broker, by our id of it or the broker's."""
        from puffling.trading.cancelling import target

        intent, order = await self._parts.read(target, id)
        found = intent or order
        assert found is not None
        return found

    async def story(self, intent_id: str) -> Story:
        """Say why an order happened: from signal or sentence through every gate's answer to each fill."""
        from puffling.trading.story import story_of

        return await self._parts.read(story_of, intent_id)

    async def lines(
        self, account_id: str | None = None, *, symbol: str | None = None, limit: int = 200
    ) -> tuple[OrderLine, ...]:
        """Give the newest orders first, ours and those found at the broker."""
        from puffling.trading.order_lines import order_lines

        return await self._parts.read(lambda unit: order_lines(unit, account_id, symbol=symbol, limit=limit))

    async def intents(
        self, account_id: str | None = None, *, symbol: str | None = None, limit: int = 200
    ) -> tuple[Intent, ...]:
        """Give the newest intents first."""
        return await self._parts.read(
            lambda unit: unit.intents.newest(limit, account=account_id, symbol=symbol)
        )

    async def fills(self, account_id: str | None = None, *, limit: int = 200) -> tuple[Fill, ...]:
        """Give the newest fills first."""
        return await self._parts.read(lambda unit: unit.fills.newest(limit, account=account_id))

    async def _place(self, proposal: Proposal, approval_id: str | None = None, confirmed: str = "") -> Placed:
        from puffling.trading.entering import OrderRefused, enter
        from puffling.trading.looking import look

        line = self._parts.line(proposal.terms.account)
        live = await look(self._parts, line, proposal, confirmed=confirmed)
        entered = await self._parts.run(enter, self._parts, proposal, live, approval_id=approval_id)
        if entered.intent is None:
            if entered.approval is None:
                raise OrderRefused(entered.verdict)
            return Placed(entered.verdict, approval=entered.approval)
        intent = entered.intent
        if intent.state is OrderState.INTENT and not intent.held:
            intent = await self._sending.send(intent.id, nudge=line)
        return Placed(entered.verdict, intent, again=entered.again)

    async def _whole(self, work: Coroutine[Any, Any, R], name: str) -> R:
        """Let what was begun come to its end, whether or not whoever asked still waits."""

        async def whole() -> R | PufflingError:
            try:
                return await work
            except PufflingError as error:
                # It is for whoever asked, not a fault of the desk.
                return error

        answer = await asyncio.shield(self._parts.scope.spawn(whole(), name=f"desk.{name}"))
        if isinstance(answer, PufflingError):
            raise answer
        return answer


def _submit(broker: Broker, order: Order) -> str:
    """Send an order: the one call of this kind in the house."""
    return broker.submit_order(order)


def _check(proposal: Proposal) -> None:
    """Refuse numbers that cannot even be written down."""
    for field in fields(proposal.terms):
        value = getattr(proposal.terms, field.name)
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS):
            raise InvalidInput(tr("{value} is no usable number.", value=value), field=field.name)
    if proposal.valid_until.utcoffset() is None:
        raise InvalidInput(tr("A time without a zone is no moment."), field="valid_until")
