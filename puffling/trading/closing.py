"""Ways out: close a position, turn it round, or close everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import Conflict, NotFound, PufflingError
from puffling.runtime.text import tr
from puffling.store.database import Unit
from puffling.store.orders import Holding, Intent, OrderState, OrderTerms
from puffling.trading.cancelling import Cancelling
from puffling.trading.case import worst_price
from puffling.trading.entering import OrderRefused
from puffling.trading.events import OrderChanged
from puffling.trading.line import BrokerLine
from puffling.trading.looking import look
from puffling.trading.parts import DeskParts
from puffling.trading.proposals import CLOSE, TURN, Proposal
from puffling.trading.states import ENDED
from puffling.trading.tickets import ASKED
from puffling.trading.values import FlattenReport, NotDone, Placed
from puffling.trading.verdicts import Outcome

_WHY = {
    CLOSE: lambda: tr("Close the position"),
    TURN: lambda: tr("Turn the position round: close it, then open as much on the other side"),
}
_NOT_SENT = frozenset({OrderState.REJECTED, OrderState.CANCELED, OrderState.EXPIRED})
_VALID = timedelta(minutes=2)
# How long the second half of turning round waits for the first to fill.
_PATIENCE_SECONDS = 60.0


class Place(Protocol):
    """How the desk places an order."""

    async def __call__(
        self, proposal: Proposal, *, approval_id: str | None = None, confirmed: str = ""
    ) -> Placed:
        """Judge an order, write it down and send it."""
        ...


class Closing:
    """Places the orders that lead out of positions."""

    def __init__(self, parts: DeskParts, place: Place, cancelling: Cancelling) -> None:
        self._parts = parts
        self._place = place
        self._cancelling = cancelling

    async def close(
        self, account: str, symbol: str, *, slot: str, source: str, approval_id: str | None, confirmed: str
    ) -> Placed:
        """Cancel what works for a symbol, then sell or cover all that is held of it."""
        return await self._closed(account, symbol, slot, source, approval_id, confirmed, CLOSE)

    async def _closed(
        self,
        account: str,
        symbol: str,
        slot: str,
        source: str,
        approval_id: str | None,
        confirmed: str,
        leg: str,
    ) -> Placed:
        line = self._parts.line(account)
        if not confirmed:
            asked = await self._asked(line, symbol, slot, source, approval_id, leg)
            if asked is not None:
                return asked
        report = await self._cancelling.cancel_all(account, symbol)
        if report.failed:
            names = "; ".join(f"{each.title}: {each.reason}" for each in report.failed)
            raise Conflict(
                tr("Orders of {symbol} could not be cancelled: {names}", symbol=symbol, names=names),
                hint=tr("Look at the orders, then close the position again."),
            )
        holding = await self._held(account, symbol)
        proposal = self._proposal(line, holding, holding.quantity, slot, source, leg, _WHY[leg]())
        return await self._place(proposal, approval_id=approval_id, confirmed=confirmed)

    async def approved(self, proposal: Proposal, approval_id: str) -> Placed:
        """Carry out a closing that was put before the person, when the position is still what it was."""
        terms = proposal.terms
        holding = await self._held(terms.account, terms.symbol)
        if holding.quantity != (terms.quantity if terms.side is Side.SELL else -terms.quantity):
            raise Conflict(
                tr("The position in {symbol} is another one now.", symbol=terms.symbol),
                hint=tr("Close it again."),
            )
        account, symbol, slot, source = terms.account, terms.symbol, proposal.slot, proposal.source
        if proposal.leg == TURN:
            # The yes was to both halves; where the second one wants a yes of its own, it is what is told.
            return (await self.reverse(account, symbol, slot=slot, source=source, approval_id=approval_id))[
                -1
            ]
        return await self.close(
            account, symbol, slot=slot, source=source, approval_id=approval_id, confirmed=""
        )

    async def _held(self, account: str, symbol: str) -> Holding:
        holding = await self._parts.read(lambda unit: unit.holdings.find(account, symbol))
        if holding is None or not holding.quantity:
            raise NotFound(tr("Nothing is held of {symbol}.", symbol=symbol))
        return holding

    async def _asked(
        self, line: BrokerLine, symbol: str, slot: str, source: str, approval_id: str | None, leg: str
    ) -> Placed | None:
        """Ask gates and person before anything is cancelled: until then the position stays protected."""
        holding = await self._parts.read(lambda unit: unit.holdings.find(line.account.id, symbol))
        if holding is None or not holding.quantity:
            return None
        proposal = self._proposal(line, holding, holding.quantity, slot, source, leg, _WHY[leg]())
        live = replace(await look(self._parts, line, proposal), clears=True)

        def work(unit: Unit) -> Placed | None:
            verdict = self._parts.gate.judge(unit, proposal, live)
            if verdict.outcome is Outcome.REFUSE:
                raise OrderRefused(verdict)
            if verdict.outcome is Outcome.PASS or approval_id is not None:
                return None
            worst = worst_price(proposal.terms, live.price)
            return Placed(verdict, approval=self._parts.approvals.ask(unit, proposal, verdict, worst))

        return await self._parts.run(work)

    async def reverse(
        self, account: str, symbol: str, *, slot: str, source: str, approval_id: str | None
    ) -> tuple[Placed, ...]:
        """Close a position and, when that has filled, open the same on the other side."""
        before = await self._parts.read(lambda unit: unit.holdings.find(account, symbol))
        closed = await self._closed(account, symbol, slot, source, approval_id, "", TURN)
        if closed.intent is None or before is None:
            return (closed,)
        ended = await self._ended(closed.intent)
        if ended.state is not OrderState.FILLED:
            # What is not closed cannot be turned round; the person sees how far it came.
            return (closed,)
        line = self._parts.line(account)
        proposal = self._proposal(line, before, before.quantity, slot, source, "reverse", tr("Reverse"))
        return closed, await self._place(proposal)

    async def flatten(self, account: str, *, slot: str, source: str, confirmed: str) -> FlattenReport:
        """Cancel everything open, then close every position; what fails is named and the rest goes on."""
        report = await self._cancelling.cancel_all(account)
        closing: list[Intent] = []
        failed = list(report.failed)
        for holding in await self._parts.read(lambda unit: unit.holdings.of(account)):
            try:
                placed = await self.close(
                    account, holding.symbol, slot=slot, source=source, approval_id=None, confirmed=confirmed
                )
            except PufflingError as error:
                failed.append(NotDone(holding.symbol, holding.symbol, str(error)))
                continue
            if placed.intent is None:
                failed.append(NotDone(holding.symbol, holding.symbol, tr("It waits for your approval.")))
            elif placed.intent.state in _NOT_SENT:
                failed.append(NotDone(placed.intent.id, holding.symbol, placed.intent.reason))
            else:
                closing.append(placed.intent)
        return FlattenReport(report.cancelled, tuple(closing), tuple(failed))

    def _proposal(
        self,
        line: BrokerLine,
        holding: Holding,
        quantity: Decimal,
        slot: str,
        source: str,
        leg: str,
        why: str,
    ) -> Proposal:
        lasting = Lasting.DAY if Lasting.DAY in line.abilities.lasting else Lasting.GTC
        terms = OrderTerms(
            account=holding.account,
            symbol=holding.symbol,
            side=Side.SELL if quantity > 0 else Side.BUY,
            quantity=abs(quantity),
            kind=Kind.MARKET,
            lasting=lasting,
        )
        now = self._parts.clock.now()
        return Proposal(terms, source, slot, now + _VALID, leg=leg, why=why, asked_until=now + ASKED)

    async def _ended(self, intent: Intent) -> Intent:
        """Wait until an intent is over, or for as long as one can be expected to wait."""
        over = asyncio.Event()

        def heard(event: OrderChanged) -> None:
            if event.intent is not None and event.intent.id == intent.id and event.intent.state in ENDED:
                over.set()

        unsubscribe: Callable[[], None] = self._parts.bus.on(OrderChanged, heard)
        try:
            now = await self._parts.read(lambda unit: unit.intents.get(intent.id))
            if now.state not in ENDED:
                await self._soon(over)
        finally:
            unsubscribe()
        return await self._parts.read(lambda unit: unit.intents.get(intent.id))

    async def _soon(self, over: asyncio.Event) -> None:
        spawn = self._parts.scope.spawn
        waits = {
            spawn(_set(over), name="desk.over"),
            spawn(self._parts.clock.sleep(_PATIENCE_SECONDS), name="desk.patience"),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()
