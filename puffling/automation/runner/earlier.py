"""Orders that a strategy left behind when it was stopped, and that wait still."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.runtime.text import tr
from puffling.store.decisions import STRATEGY
from puffling.store.orders import Intent, OrderState
from puffling.trading.states import ENDED, OPEN, WORKING
from puffling.trading.words import deed, plain

if TYPE_CHECKING:
    from puffling.store.database import Unit


def earlier_orders(unit: Unit, strategy_id: str, account: str) -> tuple[str, ...]:
    """Say in words what a strategy ever ordered on an account and that waits still, exits held here too."""
    # What is only watched for is cancelled on sight.
    waiting = unit.intents.in_states(OPEN - {OrderState.ABANDONED_WATCH}, account)
    mine = (each.terms for each in waiting if is_of(_first(unit, each), strategy_id))
    found = [_worded(deed(one.side, one.quantity, one.symbol), one.limit, one.stop) for one in mine]
    for row in unit.orders.in_states(WORKING | {OrderState.UNKNOWN}, account):
        came_with = None if row.intent_id is None else unit.intents.find(row.intent_id)
        # What is not over itself is named already, with all that it brings.
        if came_with is None or came_with.state not in ENDED:
            continue
        if is_of(_first(unit, came_with), strategy_id):
            found.append(_worded(deed(row.side, row.remaining, row.symbol), row.limit, row.stop))
    return tuple(found)


def is_of(intent: Intent, strategy_id: str) -> bool:
    """Tell whether a strategy wanted an order."""
    return intent.source == STRATEGY and intent.source_version.startswith(f"{strategy_id}.")


def _first(unit: Unit, intent: Intent) -> Intent:
    """Give the order that an exit, or what a person changed, goes back to."""
    while intent.parent_id is not None:
        intent = unit.intents.get(intent.parent_id)
    return intent


def _worded(order: str, limit: Decimal | None, stop: Decimal | None) -> str:
    if stop is not None:
        return tr("{order} from {stop} on", order=order, stop=plain(stop))
    return order if limit is None else tr("{order} at {limit}", order=order, limit=plain(limit))
