"""Why an order happened: from signal or sentence through every gate's answer to each fill."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.runtime.text import tr
from puffling.store.orders import FillKind, Intent
from puffling.store.values import AuditEntry
from puffling.trading.facts import filled_before
from puffling.trading.ledger import standing
from puffling.trading.proposals import is_replacement, replaced_by
from puffling.trading.values import Step, Story
from puffling.trading.words import plain

if TYPE_CHECKING:
    from puffling.store.database import Unit

_MOST_LINES = 10_000


def story_of(unit: Unit, intent_id: str) -> Story:
    """Tell the story of one intent, as the records have it."""
    intent = unit.intents.get(intent_id)
    orders = unit.orders.of_intent(intent.id)
    fills = tuple(
        fill for order in orders for fill in unit.fills.of_order(order.account, order.broker_order_id)
    )
    steps = [Step(intent.created_at, tr("Wanted by {source}", source=intent.source), intent.why)]
    if intent.parent_id is not None:
        parent = unit.intents.get(intent.parent_id)
        steps.append(
            Step(intent.created_at, tr("Belongs to {id}", id=parent.id), intent.leg.partition(":")[0])
        )
    before = _filled_before_change(unit, intent)
    if before:
        steps.append(Step(intent.created_at, tr("Filled before the change"), plain(before)))
    steps += [
        Step(intent.created_at, _titles()[str(each["outcome"])], str(each["text"]))
        for each in intent.verdicts
    ]
    steps += [_step(line) for line in _lines(unit, intent)]
    counted = {(fill.broker_order_id, fill.execution_id) for fill in standing(fills)}
    for fill in fills:
        title = tr("Filled") if fill.kind is FillKind.FILL else tr("Put right by the broker")
        text = tr("{quantity} at {price}", quantity=f"{fill.quantity.normalize():f}", price=f"{fill.price:f}")
        if (fill.broker_order_id, fill.execution_id) not in counted:
            text = tr("{text} (taken back)", text=text)
        steps.append(Step(fill.filled_at, title, text))
    # The order of what happened at one moment is the order in which it was written down.
    return Story(intent, tuple(sorted(steps, key=lambda step: step.at)), orders, fills)


def _filled_before_change(unit: Unit, intent: Intent) -> Decimal:
    if not is_replacement(intent.leg):
        return Decimal(0)
    return filled_before(unit, unit.intents.find(replaced_by(intent.leg)))


def _lines(unit: Unit, intent: Intent) -> list[AuditEntry]:
    """Give what the audit trail has of an intent, oldest first; also what was asked before it was entered."""
    lines = unit.audit.newest(_MOST_LINES, capability="desk.order")
    mine = [line for line in lines if line.details.get("client_id") == intent.client_id]
    return sorted(mine, key=lambda line: line.number)


def _step(line: AuditEntry) -> Step:
    return Step(line.at, tr("Desk: {outcome}", outcome=line.outcome), line.summary)


def _titles() -> dict[str, str]:
    return {"pass": tr("Gate: passed"), "ask": tr("Gate: asked you"), "refuse": tr("Gate: refused")}
