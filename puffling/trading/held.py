"""Orders this computer holds until their price is met, because the broker does not hold their kind.

They live in the database like every other intent and count in every limit. What meets them is a sound price
while the market trades; then they are judged once more and go out, as a market or limit order of the same
name. While this program does not run nothing is watched: every face says so where it shows one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from puffling.market.events import PricesMoved
from puffling.market.values import Price, SessionState
from puffling.puffin.orders import Kind, Side
from puffling.runtime.errors import Conflict, PufflingError
from puffling.runtime.text import tr
from puffling.store.orders import FillKind, Intent, OrderState
from puffling.trading.cancelling import Cancelling
from puffling.trading.days import trading_day
from puffling.trading.entering import OrderRefused
from puffling.trading.events import LineChanged, OrderChanged, OrderFilled
from puffling.trading.exits import brought_too_much, exits_too_large
from puffling.trading.facts import family_of, free_of
from puffling.trading.judging import LiveFacts
from puffling.trading.looking import look
from puffling.trading.other_way import leads_out, never_came, resize, waiting_beside
from puffling.trading.parts import DeskParts, note, reason_of, titled
from puffling.trading.proposals import OTHER_WAY, Proposal
from puffling.trading.sending import Sending, changed, end
from puffling.trading.states import ENDED
from puffling.trading.values import LineState
from puffling.trading.verdicts import Outcome

if TYPE_CHECKING:
    from puffling.store.database import Unit

_log = logging.getLogger(__name__)


class HeldOrders:
    """Watches the prices of what is held here, and sends what is met."""

    def __init__(self, parts: DeskParts, sending: Sending, cancelling: Cancelling) -> None:
        self._parts = parts
        self._sending = sending
        self._cancelling = cancelling
        self._held: dict[str, Intent] = {}
        self._at_work: set[str] = set()
        self._unseen: dict[str, list[Price]] = {}
        # What could not leave, and the day it was told of: on another day it may be for another reason.
        self._alarmed: dict[str, str] = {}
        self._unwatch: Callable[[], None] = _nothing
        self._watched: frozenset[str] = frozenset()
        self._ends = (
            parts.bus.on(OrderChanged, self._changed),
            parts.bus.on(PricesMoved, self._moved),
            parts.bus.on(OrderFilled, self._filled),
            parts.bus.on(LineChanged, self._compared),
        )

    async def start(self) -> None:
        """Take up what is held from before."""
        for intent in await self._parts.read(lambda unit: unit.intents.held()):
            self._held[intent.id] = intent
        self._watch()

    def close(self) -> None:
        """Watch nothing any more."""
        for end_of in self._ends:
            end_of()
        self._unwatch()

    def _changed(self, event: OrderChanged) -> None:
        intent = event.intent
        if intent is None:
            return
        if intent.held and intent.state is OrderState.INTENT:
            self._held[intent.id] = intent
        elif self._held.pop(intent.id, None) is None:
            return
        self._watch()

    def _filled(self, event: OrderFilled) -> None:
        entry = event.intent
        if event.fill.kind is FillKind.BUST and entry is not None and entry.exits_here:
            self._parts.scope.spawn(self._call_back(entry), name="desk.exits")

    def _compared(self, event: LineChanged) -> None:
        if event.state is LineState.READY:
            self._parts.scope.spawn(self._look_back(event.account), name="desk.exits")

    async def _look_back(self, account: str) -> None:
        """See to what was busted while nobody could cancel: before a kill, or while the line was down."""
        for entry in await self._parts.read(brought_too_much, account):
            await self._call_back(entry)

    async def _call_back(self, entry: Intent) -> None:
        """Cancel the exits at the broker that lead beyond what a busted fill of their entry has left."""
        try:
            for each in await self._parts.read(exits_too_large, entry):
                await self._cancelling.cancel_alone(each.id)
        except PufflingError as error:
            text = tr(
                "An exit of {order} is for more than is held: {reason}",
                order=titled(entry.terms),
                reason=reason_of(error),
            )
            self._parts.alarm(entry.terms.account, text, halt=False)

    def _watch(self) -> None:
        symbols = frozenset(intent.terms.symbol for intent in self._held.values())
        if symbols != self._watched:
            before, self._watched = self._unwatch, symbols
            self._unwatch = self._parts.prices.watch(symbols)
            before()

    def _moved(self, event: PricesMoved) -> None:
        """Look whose price is met, and see to them in tasks of their own."""
        for intent in tuple(self._held.values()):
            price = event.prices.get(intent.terms.symbol)
            if price is None:
                continue
            if price.session is not SessionState.OPEN and not intent.terms.extended_hours:
                continue
            way = event.way(intent.terms.symbol)
            if intent.id in self._at_work:
                # No other price may come for long, so it is looked at when that is done.
                self._unseen.setdefault(intent.id, []).extend(way)
            else:
                self._meet(intent.id, way)

    def _meet(self, intent_id: str, way: Iterable[Price]) -> None:
        intent = self._held.get(intent_id)
        if intent is None:
            return
        best, met = _followed(intent, way)
        if met:
            self._at_work.add(intent_id)
            self._parts.scope.spawn(self._release(intent_id), name="desk.held")
        elif best != best_of(intent):
            self._at_work.add(intent_id)
            self._parts.scope.spawn(self._follow(intent_id, best), name="desk.trail")

    def _done(self, intent_id: str) -> list[Price]:
        """Work on an order no more, and give the prices that came meanwhile."""
        self._at_work.discard(intent_id)
        return self._unseen.pop(intent_id, [])

    async def _follow(self, intent_id: str, best: Decimal | None) -> None:
        """Keep the best price a trailing stop has seen: it must not be forgotten at the next start."""
        try:
            await self._parts.run(_note_best, intent_id, best)
        except PufflingError as error:
            _log.warning("The best price of a trailing stop could not be kept: %s", error)
        finally:
            unseen = self._done(intent_id)
        self._meet(intent_id, unseen)

    async def _release(self, intent_id: str) -> None:
        try:
            intent = await self._parts.read(lambda unit: unit.intents.get(intent_id))
            try:
                going = await self._met(intent)
            except PufflingError as refused:
                await self._tell(intent, reason_of(refused))
            else:
                line = self._parts.line(going.terms.account)
                await self._sending.send(going.id, nudge=line, judged=True)
        except PufflingError as error:
            _log.warning("An order held here could not be sent: %s", error)
        finally:
            unseen = self._done(intent_id)
        self._meet(intent_id, unseen)

    async def _met(self, intent: Intent) -> Intent:
        """Let what was met go out; raise when it may not."""
        if intent.leg == OTHER_WAY:
            intent = await self._alone(intent)
        return await self._parts.run(release, self._parts, intent.id, await self._look(intent))

    async def _look(self, intent: Intent) -> LiveFacts:
        parts = self._parts
        live = await look(
            parts,
            parts.line(intent.terms.account),
            proposal_of(intent),
            replaces=intent,
            confirmed=tr("An order held here whose price was met"),
        )
        return replace(live, held_here=True)

    async def _tell(self, intent: Intent, reasons: str) -> None:
        """Call the person to what was met and stays, once a day."""
        parts = self._parts
        today = trading_day(parts.clock.now())
        if self._alarmed.get(intent.id) != today and await parts.read(_is_held, intent.id):
            self._alarmed[intent.id] = today
            text = tr(
                "{order} was met and cannot leave: {reasons}", order=titled(intent.terms), reasons=reasons
            )
            parts.alarm(intent.terms.account, text, halt=False)

    async def _alone(self, stop: Intent) -> Intent:
        """Take the other way out off the market, and give the stop as what that filled has left it."""
        parent_id = stop.parent_id or ""
        above = await self._parts.read(lambda unit: unit.intents.get(parent_id))
        if above.broker_order_id is not None and above.state not in ENDED:
            # Where the stop may not leave either, the profit is the only way out there is.
            live = replace(await self._look(stop), clears=True)
            await self._parts.read(_refuse, self._parts, stop.id, live)
            await self._cancelling.cancel_alone(above.id)

        def work(unit: Unit) -> Intent:
            left = waiting_beside(unit, parent_id) or unit.intents.get(stop.id)
            if (left.terms.stop, left.terms.limit) != (stop.terms.stop, stop.terms.limit):
                raise Conflict(tr("It waits at other prices by now."))
            return left

        return await self._parts.read(work)


def release(unit: Unit, parts: DeskParts, intent_id: str, live: LiveFacts) -> Intent:
    """Judge what was met once more and let it go out; raise when it may not, and then nothing has changed.

    A way out goes out for no more than is held and not promised to other orders.
    """
    intent = _still_held(unit, intent_id)
    if intent.leg == OTHER_WAY:
        above = unit.intents.get(intent.parent_id or "")
        if above.state is OrderState.INTENT:
            end(unit, above, OrderState.CANCELED, tr("The stop-loss was met: one cancels the other."))
        elif above.state not in ENDED and not never_came(above):
            raise Conflict(tr("What became of the other way out is not known yet."))
    quantity = _quantity(unit, intent)
    if quantity < intent.terms.quantity:
        intent = resize(unit, intent, quantity, tr("Less is held: what is there is sold or covered."))
        live = replace(live, parent_id=family_of(intent))
    verdict = parts.gate.judge(unit, proposal_of(intent), live)
    if verdict.outcome is Outcome.REFUSE:
        raise OrderRefused(verdict)
    note(unit, intent, "met", titled(intent.terms), actor="desk")
    # What waits again after a halt goes on from the best price it had seen.
    return changed(unit, replace(intent, held=False, reason=intent.reason if best_of(intent) else ""))


def _refuse(unit: Unit, parts: DeskParts, intent_id: str, live: LiveFacts) -> None:
    """Raise when a way out could not leave now, were it the only one."""
    intent = _still_held(unit, intent_id)
    terms = replace(intent.terms, quantity=_quantity(unit, intent))
    verdict = parts.gate.judge(unit, replace(proposal_of(intent), terms=terms), live)
    if verdict.outcome is Outcome.REFUSE:
        raise OrderRefused(verdict)


def _still_held(unit: Unit, intent_id: str) -> Intent:
    intent = unit.intents.get(intent_id)
    if not intent.held or intent.state is not OrderState.INTENT:
        raise Conflict(tr("It is not held any more."))
    return intent


def _quantity(unit: Unit, intent: Intent) -> Decimal:
    """Give what an order goes out for: a way out for what is there, or for all when the gate is to say so."""
    wanted = intent.terms.quantity
    free = free_of(unit, intent) if leads_out(intent) else wanted
    return min(wanted, free) if free else wanted


def is_met(intent: Intent, best: Decimal | None, now: Decimal) -> bool:
    """Tell whether a price brings an order to the market."""
    terms = intent.terms
    if terms.kind is Kind.LIMIT and terms.limit is not None:
        # A profit is taken here; what the broker holds for a better price is never held here.
        return now >= terms.limit if terms.side is Side.SELL else now <= terms.limit
    stop = terms.stop
    if terms.kind is Kind.TRAILING_STOP and best is not None:
        away = terms.trail if terms.trail is not None else best * (terms.trail_share or 0)
        stop = best - away if terms.side is Side.SELL else best + away
    if stop is None:
        return False
    return now <= stop if terms.side is Side.SELL else now >= stop


def _followed(intent: Intent, way: Iterable[Price]) -> tuple[Decimal | None, bool]:
    """Give the best price seen after some more, and whether one of them was met: also one that was passed."""
    best = best_of(intent)
    for price in way:
        now = Decimal(repr(float(price.price)))
        if now.is_finite() and now > 0:
            best = better_of(intent, best, now)
            if is_met(intent, best, now):
                return best, True
    return best, False


def better_of(intent: Intent, best: Decimal | None, now: Decimal) -> Decimal | None:
    """Give the best price a trailing stop has seen, this one included; None for every other kind."""
    if intent.terms.kind is not Kind.TRAILING_STOP:
        return None
    if best is None:
        return now
    return max(best, now) if intent.terms.side is Side.SELL else min(best, now)


def best_of(intent: Intent) -> Decimal | None:
    """Give the best price that was kept: while an order is held, that is what its reason says."""
    try:
        return Decimal(intent.reason) if intent.reason else None
    except InvalidOperation:
        return None


def proposal_of(intent: Intent) -> Proposal:
    """Give the wish that an intent was made of."""
    return Proposal(
        intent.terms,
        intent.source,
        intent.slot,
        intent.valid_until,
        source_version=intent.source_version,
        leg=intent.leg,
        why=intent.why,
    )


def _is_held(unit: Unit, intent_id: str) -> bool:
    return unit.intents.get(intent_id).held


def _note_best(unit: Unit, intent_id: str, best: Decimal | None) -> None:
    intent = unit.intents.get(intent_id)
    if intent.held and intent.state is OrderState.INTENT and best is not None:
        changed(unit, replace(intent, reason=f"{best:f}"))


def _nothing() -> None:
    pass
