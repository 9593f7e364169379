"""What an order would cost and make of the account, before it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.puffin.orders import Side
from puffling.store.orders import OrderTerms
from puffling.trading.case import worst_price
from puffling.trading.facts import filled_before
from puffling.trading.judging import LiveFacts, PriceSeen
from puffling.trading.proposals import Proposal, order_hash
from puffling.trading.states import OPEN
from puffling.trading.values import Preview
from puffling.trading.verdicts import Outcome, Verdict
from puffling.trading.wire import are_exits_held_here, is_held_here
from puffling.trading.words import kept_here

if TYPE_CHECKING:
    from puffling.store.database import Unit

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


def estimate(unit: Unit, proposal: Proposal, live: LiveFacts, verdict: Verdict) -> Preview:
    """Put a preview together from what is known now."""
    terms = proposal.terms
    each = expected_price(terms, live.price)
    sign = 1 if terms.side is Side.BUY else -1
    quantity = terms.quantity - filled_before(unit, live.replaces)
    before = after = None
    if live.price is not None:
        holding = unit.holdings.find(terms.account, terms.symbol)
        there = _NOTHING if holding is None else holding.quantity
        waiting = _waiting(unit, terms, None if live.replaces is None else live.replaces.id)
        before = ((there + waiting) * live.price.last).quantize(_CENT)
        after = ((there + waiting + sign * quantity) * live.price.last).quantize(_CENT)
    held, exits = is_held_here(terms, live.abilities), are_exits_held_here(terms, live.abilities)
    return Preview(
        verdict=verdict,
        order_hash=order_hash(terms),
        cost=None if each is None else (sign * quantity * each).quantize(_CENT),
        fees=_NOTHING,
        exposure_before=before,
        exposure_after=after,
        worst_price=worst_price(terms, live.price),
        needs_approval=verdict.outcome is Outcome.ASK,
        held=held,
        exits_here=exits,
        notice=kept_here(held=held, exits=exits),
    )


def expected_price(terms: OrderTerms, price: PriceSeen | None) -> Decimal | None:
    """Give the price an order would fill at, as far as one can see."""
    if terms.limit is not None:
        return terms.limit
    if terms.stop is not None:
        return terms.stop
    if price is None:
        return None
    side = price.ask if terms.side is Side.BUY else price.bid
    return side or price.last


def _waiting(unit: Unit, terms: OrderTerms, besides: str | None) -> Decimal:
    """Give what open and unknown orders of the symbol would add, if all of them filled."""
    total = _NOTHING
    known = set()
    for order in unit.orders.in_states(OPEN, terms.account, terms.symbol):
        known.add(order.intent_id)
        if order.parent_order_id is None and (besides is None or order.intent_id != besides):
            total += order.remaining if order.side is Side.BUY else -order.remaining
    for intent in unit.intents.in_states(OPEN, terms.account, terms.symbol):
        if intent.id not in known and intent.id != besides and intent.parent_id is None:
            quantity = intent.terms.quantity
            total += quantity if intent.terms.side is Side.BUY else -quantity
    return total
