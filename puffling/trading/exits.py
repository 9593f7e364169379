"""The exits of a bracket where the broker holds none: two ways out that begin with what the entry fills.

The entry is an order by itself. With its first fill its exits are written down, in the transaction that takes
the fill in, and from then on they are two ways out like any that this computer holds. They stand for what has
filled and for nothing more: each further fill widens them, and one that is taken back makes them narrower.
Whoever cancels them wants none, so that later fills bring none again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.text import tr
from puffling.store.orders import BrokerOrder, Fill, Holding, Intent, OrderState, OrderTerms
from puffling.trading.days import UNTIL_CANCELLED, trading_day
from puffling.trading.events import DeskAlarmed
from puffling.trading.ledger import filled_of
from puffling.trading.other_way import (
    hold,
    hold_other_way,
    leads_out,
    let_go,
    never_came,
    resize,
    waiting_beside,
)
from puffling.trading.parts import titled
from puffling.trading.proposals import EXITS, OTHER_WAY, WAYS_OUT, new_id
from puffling.trading.states import ENDED, OPEN
from puffling.trading.words import deed, plain

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)


def fit_exits(unit: Unit, entry: Intent) -> None:
    """Let the exits of a bracket stand for exactly what its entry has filled, before changes of it too."""
    if not entry.exits_here:
        return
    first = entry.parent_id or entry.id
    family = (unit.intents.get(first), *unit.intents.children(first))
    left = sum((_filled(unit, each) for each in family if each.leg != EXITS), _NOTHING)
    # What waits here is made narrower before what is at the broker.
    exits = sorted(_standing(family), key=lambda each: each.held)
    for each in exits:
        quantity = min(each.terms.quantity, left)
        left -= quantity
        if quantity < each.terms.quantity:
            _narrow(unit, each, quantity)
    if left <= 0 or any(_was_cancelled(unit, each) for each in exits):
        return
    waiting = next((each for each in exits if each.held), None)
    if waiting is not None:
        resize(unit, waiting, waiting.terms.quantity + left, tr("More of the entry has filled."))
    else:
        _begin(unit, entry, first, left)


def taken_back(unit: Unit, fill: Fill, intent: Intent, holding: Holding) -> None:
    """See to what protects a position when a fill of an exit, or of the entry before it, was busted."""
    if intent.exits_here:
        if exits_too_large(unit, intent):
            what = tr("An exit of it works at the broker, for more than has filled now: it is cancelled.")
            family = unit.intents.children(intent.parent_id or intent.id)
            heads = [each for each in family if each.leg == EXITS]
            if not any(each.held or waiting_beside(unit, each.id) for each in heads):
                what = tr("{what} Nothing else protects the rest.", what=what)
            _alarm(unit, intent, holding, what)
    elif leads_out(intent) and (intent.state in ENDED or intent.terms.one_cancels_other):
        stop = waiting_beside(unit, intent.id)
        if stop is not None:
            quantity = stop.terms.quantity + fill.quantity
            resize(unit, stop, quantity, tr("A fill of the profit was taken back: it is protected again."))
        elif intent.state in ENDED or intent.waits_here:
            _alarm(unit, intent, holding, tr("Its exits are over: nothing protects it any more."))


def exits_too_large(unit: Unit, entry: Intent) -> tuple[Intent, ...]:
    """Give the exits at the broker, when together they are for more than their entry has filled."""
    first = entry.parent_id or entry.id
    family = (unit.intents.get(first), *unit.intents.children(first))
    heads = [each for each in family if each.leg == EXITS]
    exits = (*heads, *(each for head in heads for each in unit.intents.children(head.id)))
    left = sum((_filled(unit, each) for each in family if each.leg != EXITS), _NOTHING)
    left -= sum((_filled(unit, each) for each in exits if each.state in ENDED), _NOTHING)
    there = tuple(
        each for each in exits if not each.held and each.state not in ENDED and not never_came(each)
    )
    return there if sum((each.terms.quantity for each in there), _NOTHING) > left else ()


def brought_too_much(unit: Unit, account: str) -> tuple[Intent, ...]:
    """Give the entries of an account whose exits at the broker are for more than they have filled."""
    sent = (each for each in unit.intents.in_states(OPEN, account) if each.leg in WAYS_OUT and not each.held)
    entries: dict[str, Intent] = {}
    for each in sent:
        head = unit.intents.find(each.parent_id or "") if each.leg == OTHER_WAY else each
        entry = None if head is None else unit.intents.find(head.parent_id or "")
        if entry is not None and entry.exits_here:
            entries[entry.id] = entry
    return tuple(each for each in entries.values() if exits_too_large(unit, each))


def unprotected(unit: Unit, exit_: Intent, reason: str) -> None:
    """Call the person to what is held when the broker rejects a way out of it, or never got it."""
    terms = exit_.terms
    holding = unit.holdings.find(terms.account, terms.symbol)
    if holding is None or not holding.quantity:
        return
    if leads_out(exit_) or (exit_.shrinks and (exit_.waits_here or terms.kind is not Kind.MARKET)):
        waits = waiting_beside(unit, exit_.id) is not None
        what = tr("Its stop-loss still waits here.") if waits else tr("Nothing protects it any more.")
        _call(unit, terms.account, terms.symbol, titled(terms), reason, what)


def leg_rejected(unit: Unit, entry: Intent, leg: BrokerOrder, above: BrokerOrder | None) -> None:
    """Call the person to what an entry has filled when the broker rejects an exit that it holds for it."""
    if above is None or above.state is OrderState.REJECTED:
        # There is nothing, or what brought it tells by itself.
        return
    if entry.terms.one_cancels_other or above.filled:
        order = deed(leg.side, leg.quantity, leg.symbol)
        what = tr("It does not protect the position.")
        _call(unit, leg.account, leg.symbol, order, str(leg.raw.get("reason", "")), what)


def _call(unit: Unit, account: str, symbol: str, order: str, reason: str, what: str) -> None:
    text = tr(
        "Your position in {symbol} lost an exit, {order}. {what} {reason}",
        symbol=symbol,
        order=order,
        what=what,
        reason=reason,
    ).rstrip()
    hint = tr("Look at the position: order its exits anew, or close it.")
    unit.tell(DeskAlarmed(account, text, hint))


def _begin(unit: Unit, entry: Intent, first: str, quantity: Decimal) -> None:
    """Hold the exits of what has filled, for as long as a broker would."""
    model = replace(
        entry,
        parent_id=first,
        state=OrderState.INTENT,
        held=True,
        exits_here=False,
        shrinks=True,
        reserved=_NOTHING,
        attempt=0,
        broker_order_id=None,
        sent_at=None,
        reason="",
        trading_day=trading_day(unit.now),
        valid_until=unit.now + UNTIL_CANCELLED,
    )
    head = hold(unit, model, _terms(entry.terms, quantity), EXITS, new_id())
    if head.terms.one_cancels_other:
        hold_other_way(unit, head)


def _terms(entry: OrderTerms, quantity: Decimal) -> OrderTerms:
    """Give the way out of what an entry fills: both ways as one, or the only one there is."""
    stops = entry.take_profit is None
    both = entry.take_profit is not None and entry.stop_loss is not None
    return OrderTerms(
        entry.account,
        entry.symbol,
        Side.SELL if entry.side is Side.BUY else Side.BUY,
        quantity,
        Kind.STOP if stops else Kind.LIMIT,
        limit=entry.take_profit,
        stop=entry.stop_loss if stops else None,
        lasting=Lasting.GTC,
        stop_loss=entry.stop_loss if both else None,
        one_cancels_other=both,
    )


def _narrow(unit: Unit, head: Intent, quantity: Decimal) -> None:
    reason = tr("A fill of the entry was taken back.")
    waits = head.held and head.state is OrderState.INTENT
    stop = waiting_beside(unit, head.id)
    if waits and quantity > 0:
        resize(unit, head, quantity, reason)
        return
    for each, keep in ((head if waits else None, _NOTHING), (stop, quantity - _filled(unit, head))):
        if each is None or each.terms.quantity <= keep:
            continue
        if keep > 0:
            resize(unit, each, keep, reason)
        else:
            let_go(unit, each, OrderState.REPLACED, reason)


def _standing(family: Iterable[Intent]) -> list[Intent]:
    """Give the exits that no others stand in the place of."""
    return [each for each in family if each.leg == EXITS and each.state is not OrderState.REPLACED]


def _was_cancelled(unit: Unit, head: Intent) -> bool:
    """Tell whether an exit ended unwanted, and not because the other way out was taken."""
    stops = (each for each in unit.intents.children(head.id) if each.leg == OTHER_WAY)
    over = {OrderState.CANCELED, OrderState.REPLACED}
    return head.state is OrderState.CANCELED and all(each.state in over for each in stops)


def _filled(unit: Unit, intent: Intent) -> Decimal:
    if intent.broker_order_id is None:
        return _NOTHING
    return filled_of(unit.fills.of_order(intent.terms.account, intent.broker_order_id))


def _alarm(unit: Unit, intent: Intent, holding: Holding, what: str) -> None:
    if not holding.quantity:
        return
    text = tr(
        "The broker took a fill of {order} back: {quantity} {symbol} are held now. {what}",
        order=titled(intent.terms),
        quantity=plain(holding.quantity),
        symbol=holding.symbol,
        what=what,
    )
    unit.tell(DeskAlarmed(holding.account, text, tr("Look at the position, and order its exits anew.")))
