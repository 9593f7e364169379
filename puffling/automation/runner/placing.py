"""Carries out what a strategy decided: from targets to orders that are written down, and on to the desk.

All orders of a decision are worked out at once, at the prices at which the market opened, and kept with their
exact terms before the first is placed. From then on nothing is worked out again: after a kill the very same
proposals go to the desk, under the same names, and it makes no second order of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from puffling.automation.runner.acting import SENT, Finishing, words_of
from puffling.automation.runner.activation import Running, running_one
from puffling.automation.runner.deciding import Costs, intent_of, is_asked, slot_of, terms_of, version_of
from puffling.automation.runner.own import OwnBook, own_book
from puffling.automation.runner.taking_back import TakingBack
from puffling.puffin.backtest.aims import GROW, LEAVE, Turn, turn_to
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.sizing import terms_for
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, PufflingError, StorageFailed, Unavailable
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.decisions import STRATEGY, UNDER_WAY, Decision, DecisionState, Fate, PlannedOrder
from puffling.store.orders import OrderState, OrderTerms
from puffling.trading.desk import OrderDesk
from puffling.trading.entering import OrderRefused
from puffling.trading.judging import LiveFacts
from puffling.trading.proposals import Proposal, client_id, slot_id
from puffling.trading.states import ENDED
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.store.database import Unit

# What passes by itself: it is tried again for as long as the decision is good.
_PASSING = frozenset({"account_ready", "account_known", "price", "price_age", "symbol_clear"})
_AGAIN = timedelta(seconds=5)
_SOON = timedelta(seconds=1)
# An older price is not of the session that began.
_BEFORE_OPEN = timedelta(minutes=1)
# So long a question about an order waits for the person: until the strategy decides anew.
_ASKED = timedelta(hours=20)


class Placing:
    """Takes decisions to the desk."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        desk: OrderDesk,
        user: UserId,
        costs: Costs,
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._user = user
        self._costs = costs
        self._opened = opened
        self.taking_back = TakingBack(store, desk, user)

    async def carry_out(self, run: Running, decision: Decision) -> tuple[Decision, datetime | None]:
        """Do what can be done now; gives how far it came, and when to go on, None when it is over."""
        now = self._clock.now()
        if now < decision.opens_at and not decision.cancels:
            return decision, decision.opens_at
        await self._opened()
        with calling_as(Caller(Actor.SCHEDULE, self._user)):
            if decision.cancels and not await self.taking_back.take_back(decision):
                if now < decision.valid_until:
                    return decision, now + _AGAIN
            elif decision.heard is not None and not _orders_anything(decision):
                return await self._put(replace(decision, state=DecisionState.DONE)), None
            if now < decision.opens_at:
                return decision, decision.opens_at
            if decision.state is DecisionState.DUE:
                if now >= decision.valid_until:
                    return await self._put(_missed(decision)), None
                decision = await self._plan(run, decision)
                if decision.state is not DecisionState.PLACING:
                    return decision, None if decision.state is DecisionState.DONE else now + _AGAIN
            return await self._place_all(run, decision)

    async def _plan(self, run: Running, decision: Decision) -> Decision:
        """Work the orders out and keep them; a decision that has to wait for a price stays as it is."""
        facts: dict[str, LiveFacts] = {}
        for aim in decision.aims:
            try:
                seen = await self._desk.seen(decision.account, aim.symbol)
            except PufflingError as error:
                return await self._waits(decision, error.message)
            trouble = _trouble(seen, aim.symbol, decision.opens_at)
            if trouble:
                return await self._waits(decision, trouble)
            facts[aim.symbol] = seen
        made, symbols = run.activation, tuple(facts)

        def keep(unit: Unit) -> Decision:
            fresh = unit.decisions.get(decision.id)
            still = running_one(unit, run.config.id)
            if fresh.state is not DecisionState.DUE or still is None or still.activation != made:
                return fresh
            capital = Decimal(repr(made.capital))
            book = own_book(unit, run.config.id, made.account, symbols, capital, made.since)
            orders = self._orders(run, fresh, facts, book) + self._own_orders(run, fresh, facts, book)
            state = DecisionState.PLACING if orders else DecisionState.DONE
            reason = "" if orders else tr("What is held is what it wants, as near as can be traded.")
            return unit.decisions.put(replace(fresh, state=state, reason=reason, orders=orders))

        return await self._store.run(self._user, keep)

    def _orders(
        self, run: Running, decision: Decision, facts: dict[str, LiveFacts], book: OwnBook
    ) -> tuple[PlannedOrder, ...]:
        symbols = tuple(facts)
        turns = turn_to(
            symbols,
            cash=float(book.cash),
            held=[float(book.parts[symbol].held) for symbol in symbols],
            prices=[_price(facts[symbol]) for symbol in symbols],
            weights=[aim.target for aim in decision.aims],
            changed=[aim.changed for aim in decision.aims],
            terms=terms_of(run, self._costs(decision.account)),
            sizing=Sizing(run.activation.sizing),
        )
        planned = (_planned(each, facts[each.symbol], book) for each in turns)
        return tuple(order for order in planned if order is not None)

    def _own_orders(
        self, run: Running, decision: Decision, facts: dict[str, LiveFacts], book: OwnBook
    ) -> tuple[PlannedOrder, ...]:
        """Give the orders that the strategy sent by itself, as they go out at this opening."""
        sizing = Sizing(run.activation.sizing)
        terms = terms_for(sizing, terms_of(run, self._costs(decision.account)))
        prices = {symbol: _price(seen) for symbol, seen in facts.items()}
        finishing, finished = Finishing(book, prices, terms, sizing), []
        for order in decision.orders:
            asset = facts[order.symbol].asset
            assert asset is not None
            finished.append(finishing.finish(order, asset))
        return tuple(finished)

    async def _place_all(self, run: Running, decision: Decision) -> tuple[Decision, datetime | None]:
        again: datetime | None = None
        for place, order in enumerate(decision.orders):
            if order.fate is not Fate.PLANNED:
                continue
            after, wait = await self._place(run, decision, order)
            if wait is not None:
                again = wait if again is None else min(wait, again)
            if after != order:
                orders = (*decision.orders[:place], after, *decision.orders[place + 1 :])
                decision = await self._put(replace(decision, orders=orders))
        if again is not None:
            return decision, again
        return await self._put(_over(decision)), None

    async def _place(
        self, run: Running, decision: Decision, order: PlannedOrder
    ) -> tuple[PlannedOrder, datetime | None]:
        """Place one order, once; what has to wait stays planned."""
        now = self._clock.now()
        proposal = _proposal(run, decision, order)
        known, active = await self._store.read(self._user, _entered, proposal, run)
        if known is not None:
            # Killed before it was written down here that the desk has it.
            return replace(order, fate=Fate.ENTERED, intent_id=known), None
        if not active:
            return replace(order, fate=Fate.DROPPED, text=tr("The strategy was deactivated.")), None
        if now >= decision.valid_until:
            return replace(order, fate=Fate.DROPPED, text=order.text or tr("It came too late.")), None
        before = _left_before(decision, order)
        if before is not None:
            state = await self._store.read(self._user, _state_of, before)
            if state is not OrderState.FILLED:
                if state is None or state in ENDED:
                    text = tr("The position before was not left.")
                    return replace(order, fate=Fate.DROPPED, text=text), None
                return order, now + _SOON
        try:
            placed = await self._desk.place(proposal)
        except OrderRefused as refused:
            codes = {check.code for check in refused.verdict.refusals}
            if codes and codes <= _PASSING:
                return replace(order, text=refused.message), now + _AGAIN
            return replace(order, fate=Fate.REFUSED, text=refused.message), None
        except (NotFound, Unavailable, StorageFailed) as error:
            # The desk may have it written down all the same: that is looked at first the next time.
            return replace(order, text=error.message), now + _AGAIN
        except PufflingError as error:
            return replace(order, fate=Fate.REFUSED, text=error.message), None
        if placed.intent is not None:
            return replace(order, fate=Fate.ENTERED, intent_id=placed.intent.id, text=""), None
        approval = "" if placed.approval is None else placed.approval.id
        return replace(order, fate=Fate.ASKED, approval_id=approval, text=tr("It waits for your yes.")), None

    async def _waits(self, decision: Decision, reason: str) -> Decision:
        return decision if decision.reason == reason else await self._put(replace(decision, reason=reason))

    async def _put(self, decision: Decision) -> Decision:
        return await self._store.run(self._user, _keep, decision)


def _price(facts: LiveFacts) -> float:
    assert facts.price is not None
    return float(facts.price.last)


def _trouble(seen: LiveFacts, symbol: str, opens_at: datetime) -> str:
    """Say what is missing to work orders out, empty when nothing is."""
    if seen.not_ready:
        return seen.not_ready
    price = seen.price
    if price is None or not price.last.is_finite() or price.last <= 0 or seen.asset is None:
        return tr("There is no price of {symbol}.", symbol=symbol)
    if price.doubt:
        return tr("The price of {symbol} is doubted: {doubt}", symbol=symbol, doubt=price.doubt)
    if price.at < opens_at - _BEFORE_OPEN:
        return tr("There is no price of {symbol} since the market opened.", symbol=symbol)
    return ""


def _planned(made: Turn, facts: LiveFacts, book: OwnBook) -> PlannedOrder | None:
    """Give an order as the instrument demands it; None for less than can be traded."""
    assert facts.asset is not None
    part, step = book.parts[made.symbol], facts.asset.quantity_step
    quantity = Decimal(repr(abs(made.quantity)))
    if made.leg == LEAVE:
        quantity = abs(part.held)
    quantity = (quantity / step).to_integral_value(ROUND_DOWN) * step
    if quantity <= 0:
        return None
    order = PlannedOrder(
        symbol=made.symbol,
        side=Side.BUY if made.quantity > 0 else Side.SELL,
        quantity=quantity,
        leg=made.leg,
        price=Decimal(repr(_price(facts))),
    )
    if made.leg == GROW and part.others * int(order.side.sign) < 0:
        # It would sell what the person holds, or buy back what they sold short.
        text = tr(
            "You hold {symbol} the other way on this account: it would trade yours.", symbol=made.symbol
        )
        return replace(order, fate=Fate.REFUSED, text=text)
    return order


def _proposal(run: Running, decision: Decision, order: PlannedOrder) -> Proposal:
    terms = OrderTerms(
        decision.account,
        order.symbol,
        order.side,
        order.quantity,
        order.kind,
        order.limit,
        order.stop,
        order.trail,
        order.trail_share,
        order.lasting,
        order.take_profit,
        order.stop_loss,
    )
    intraday = Interval(run.config.interval).is_intraday
    return Proposal(
        terms,
        STRATEGY,
        slot_of(decision, order),
        decision.valid_until,
        source_version=version_of(decision),
        leg=order.leg,
        why=why_of(run, decision, order),
        asked_until=None if intraday else _asked_until(run, decision, order),
    )


def _asked_until(run: Running, decision: Decision, order: PlannedOrder) -> datetime:
    """Give until when a question waits: an order for one day is another one on the next."""
    until = decision.opens_at + _ASKED
    if order.number and order.lasting is not Lasting.GTC:
        return min(until, run.timing.next_close(decision.opens_at))
    return until


def _orders_anything(decision: Decision) -> bool:
    return bool(decision.orders) or any(aim.changed for aim in decision.aims)


def why_of(run: Running, decision: Decision, order: PlannedOrder) -> str:
    """Say why an order is wanted: what the strategy said, on which bar."""
    if order.number:
        intraday = Interval(run.config.interval).is_intraday
        return tr(
            "{strategy} sends it by itself ({kind}), decided on the bar of {bar}",
            strategy=decision.strategy,
            kind=words_of(order),
            bar=f"{decision.bar_at:%Y-%m-%d %H:%M}" if intraday else f"{decision.bar_at:%Y-%m-%d}",
        )
    aim = next(aim for aim in decision.aims if aim.symbol == order.symbol)
    intraday = Interval(run.config.interval).is_intraday
    before = tr("unknown") if aim.before is None else f"{aim.before:+.0%}"
    return tr(
        "{strategy} wants {target} of its money in {symbol} (before: {before}), decided on the bar of {bar}"
        " that closed at {close}",
        strategy=decision.strategy,
        target=f"{aim.target:+.0%}",
        symbol=aim.symbol,
        before=before,
        bar=f"{decision.bar_at:%Y-%m-%d %H:%M}" if intraday else f"{decision.bar_at:%Y-%m-%d}",
        close=f"{aim.close:.6g}",
    )


def _entered(unit: Unit, proposal: Proposal, run: Running) -> tuple[str | None, bool]:
    """Give the intent of a proposal, if the desk has it, and whether the strategy may place it still."""
    account = unit.accounts.get(proposal.terms.account)
    mode = Mode(account.mode)
    known = unit.intents.by_client_id(client_id(slot_id(proposal, mode), mode))
    still = running_one(unit, run.config.id)
    active = still is not None and still.activation == run.activation
    return None if known is None else known.id, active


def _keep(unit: Unit, decision: Decision) -> Decision:
    """Keep how far a decision has come; what was over meanwhile stays so."""
    stands = unit.decisions.get(decision.id)
    if stands.state not in UNDER_WAY:
        decision = replace(decision, state=stands.state, reason=stands.reason)
    return unit.decisions.put(decision)


def _left_before(decision: Decision, order: PlannedOrder) -> PlannedOrder | None:
    """Give the order that has to leave the old position before this one opens another."""
    if order.leg not in {GROW, SENT}:
        return None
    leaving = (
        each
        for each in decision.orders
        if each.symbol == order.symbol and each.leg == LEAVE and each.kind is Kind.MARKET
    )
    return next((each for each in leaving if each.number <= order.number), None)


def _state_of(unit: Unit, order: PlannedOrder) -> OrderState | None:
    """Give where an order stands; None when nothing comes of it any more."""
    intent = intent_of(unit, order)
    if intent is not None:
        return intent.state
    return OrderState.INTENT if order.fate is Fate.PLANNED or is_asked(unit, order) else None


def _missed(decision: Decision) -> Decision:
    reason = decision.reason or tr("Puffling was not running when the market opened.")
    return replace(decision, state=DecisionState.MISSED, reason=reason)


def _over(decision: Decision) -> Decision:
    late = bool(decision.orders) and all(order.fate is Fate.DROPPED for order in decision.orders)
    if late:
        return replace(decision, state=DecisionState.MISSED, reason=decision.orders[0].text)
    refused = [order for order in decision.orders if order.fate is Fate.REFUSED]
    return replace(decision, state=DecisionState.DONE, reason=refused[0].text if refused else "")
