"""What a broker says of an order, taken into intents and orders in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from puffling.frozen import frozen
from puffling.puffin.broker.base import BrokerAbilities, Execution, OrderStatusInfo
from puffling.runtime.text import tr
from puffling.store.orders import Account, BrokerOrder, Intent, OrderState
from puffling.trading.events import OrderChanged
from puffling.trading.exits import fit_exits, leg_rejected, unprotected
from puffling.trading.ledger import filled_in_all, filled_of, standing, take_execution
from puffling.trading.other_way import narrow_other_way
from puffling.trading.parts import note
from puffling.trading.proposals import is_ours, is_replacement, new_id
from puffling.trading.states import ENDED, OPEN, UNSEEN, advance, state_of
from puffling.trading.wire import differences, exact
from puffling.trading.words import plain

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)


@frozen
class Taken:
    """What came of it: `alarm` says what a person has to see, and then nothing else may happen.

    `late` means that something happened to an order that was over, so it is to be read again.
    """

    order: BrokerOrder
    intent: Intent | None = None
    before: OrderState | None = None
    alarm: str = ""
    adopted: bool = False
    late: bool = False


def take_order(
    unit: Unit,
    account: Account,
    abilities: BrokerAbilities,
    info: OrderStatusInfo,
    *,
    parent: BrokerOrder | None = None,
    meant: Intent | None = None,
    asked_at: datetime | None = None,
) -> Taken:
    """Take in an order as its broker told it: by itself, or when it was asked at a moment.

    `meant` is the intent it is the answer to, where the broker does not say so itself.
    """
    row = unit.orders.by_broker_id(account.id, info.order_id)
    # What the broker told by itself may be old; what it answered is true unless it has told something since.
    sure = asked_at is not None and (row is None or row.updated_at <= asked_at)
    if row is not None and asked_at is not None and not sure and row.state is OrderState.UNKNOWN:
        # Asked before the word came that nobody knows: no answer to it.
        return Taken(row, None if row.intent_id is None else unit.intents.find(row.intent_id), row.state)
    intent = _intent_of(unit, account, info, row, parent) or meant
    alarm = ""
    # A leg goes by a name of its own, and is not what the intent asked for but what that brings.
    if intent is not None and parent is None and row is None and info.parent_id is None:
        alarm = _mismatch(unit, intent, info)
    if row is None and intent is None and is_ours(info.client_order_id):
        alarm = tr(
            "The broker has an order {name} of ours that is not written down here.",
            name=info.client_order_id,
        )
    if alarm:
        # It counts by itself from now on, and so does what was meant.
        intent = None
    order = _merged(account, info, row, intent, parent, now=unit.now, sure=sure)
    if order != row:
        order = unit.orders.put(order)
    if not abilities.lists_fills and (made := _missing_fill(unit, info, order)) is not None:
        take_execution(unit, account, made)
    for leg in info.legs:
        take_order(unit, account, abilities, leg, parent=order, asked_at=asked_at)
    followed = intent if intent is None or _is_leg(order) else follow(unit, intent, order)
    before = None if row is None else row.state
    if intent is not None and order.state is OrderState.REJECTED is not before and _is_leg(order):
        leg_rejected(unit, intent, order, unit.orders.by_broker_id(account.id, order.parent_order_id or ""))
    if order != row or followed != intent:
        unit.tell(OrderChanged(unit.user, account.id, followed, order))
    return Taken(
        order,
        followed,
        before,
        alarm,
        adopted=row is None and intent is None,
        late=before in ENDED and order.state is not before,
    )


def follow(unit: Unit, intent: Intent, order: BrokerOrder) -> Intent:
    """Let an intent come as far as its order has, but not beyond what its fills account for."""
    fit_exits(unit, intent)
    if intent.broker_order_id not in (None, order.broker_order_id, order.replaces):
        # Late news of one that another stands in the place of.
        return intent
    filled = _accounted_for(unit, order)
    narrow_other_way(unit, intent, filled)
    state: OrderState = OrderState.ACKED if order.state is OrderState.EXTERNAL else order.state
    if state in ENDED and filled < order.filled:
        # Over at the broker, while fills of it are still on their way to us: until then it goes on counting.
        state = OrderState.PARTIAL
    if intent.state is OrderState.ABANDONED_WATCH and not is_replacement(intent.leg) and state in OPEN:
        # It appeared after all: watched on until whoever looks it up has cancelled it.
        state = intent.state
    state = advance(intent.state, state)
    moved = replace(
        intent,
        state=state,
        broker_order_id=order.broker_order_id,
        reserved=_NOTHING if state in ENDED else intent.reserved,
        reason=intent.reason if state is intent.state else str(order.raw.get("reason", "")),
    )
    if moved == intent:
        return intent
    if state in ENDED and state is not intent.state:
        note(unit, intent, state.value.lower(), moved.reason, actor="broker", order=order.broker_order_id)
        if state is OrderState.REJECTED or _lost(intent, state):
            unprotected(unit, moved, moved.reason)
    return unit.intents.put(moved)


def _lost(intent: Intent, state: OrderState) -> bool:
    """Tell whether what was met here ends at the broker though nobody here wished it."""
    cancelled = state is OrderState.CANCELED and intent.state is not OrderState.PENDING_CANCEL
    return bool(intent.waits_here) and (cancelled or state is OrderState.EXPIRED)


def awaits_fills(unit: Unit, intent: Intent) -> bool:
    """Tell whether the order of an intent is filled further than the fills that are known."""
    if intent.broker_order_id is None:
        return False
    order = unit.orders.by_broker_id(intent.terms.account, intent.broker_order_id)
    return order is not None and lacks_fills(unit, order)


def lacks_fills(unit: Unit, order: BrokerOrder) -> bool:
    """Tell whether an order is filled further than the fills that are known."""
    return _accounted_for(unit, order) < order.filled


def settle(unit: Unit, account: str, broker_order_id: str) -> None:
    """Let the intent of an order follow the fills that have come since."""
    order = unit.orders.by_broker_id(account, broker_order_id)
    if order is None or order.intent_id is None or _is_leg(order):
        return
    intent = unit.intents.get(order.intent_id)
    fills = standing(unit.fills.of_order(account, broker_order_id))
    filled = filled_of(fills)
    known = order
    if filled > order.filled:
        # The fill came before the order that tells of it.
        said = OrderState.FILLED if filled >= order.quantity else OrderState.PARTIAL
        average = sum((fill.quantity * fill.price for fill in fills), _NOTHING) / filled
        known = unit.orders.put(
            replace(order, filled=filled, average_price=average, state=advance(order.state, said))
        )
    followed = follow(unit, intent, known)
    if followed != intent or known != order:
        unit.tell(OrderChanged(unit.user, account, followed, known))


def _intent_of(
    unit: Unit, account: Account, info: OrderStatusInfo, row: BrokerOrder | None, parent: BrokerOrder | None
) -> Intent | None:
    if row is not None and row.intent_id is not None:
        return unit.intents.get(row.intent_id)
    if parent is not None and parent.intent_id is not None:
        return unit.intents.get(parent.intent_id)
    if row is None and is_ours(info.client_order_id):
        found = unit.intents.by_client_id(info.client_order_id or "")
        return found if found is not None and found.terms.account == account.id else None
    if info.parent_id is not None:
        above = unit.orders.by_broker_id(account.id, info.parent_id)
        if above is not None and above.intent_id is not None:
            return unit.intents.get(above.intent_id)
    return None


def _mismatch(unit: Unit, intent: Intent, info: OrderStatusInfo) -> str:
    if intent.broker_order_id not in (None, info.order_id, info.replaces):
        return tr("The broker has two orders of the one name {name}.", name=intent.client_id)
    # What has been seen at the broker was compared then.
    if intent.state not in UNSEEN:
        return ""
    terms = intent.terms
    if is_replacement(intent.leg) and info.replaces is not None:
        # What was filled before the change may have been taken off.
        before = filled_in_all(unit, terms.account, info.replaces)
        if exact(info.qty) == terms.quantity - before:
            terms = replace(terms, quantity=terms.quantity - before)
        elif exact(info.qty) - exact(info.filled_qty) > terms.quantity - before:
            return tr(
                "The broker would fill {name} beyond what was meant: {filled} were filled before the change.",
                name=intent.client_id,
                filled=plain(before),
            )
    found = differences(terms, info)
    if not found:
        return ""
    return tr(
        "The broker has {name} as another order than the one that was meant: {differences}.",
        name=intent.client_id,
        differences=found,
    )


def _merged(
    account: Account,
    info: OrderStatusInfo,
    row: BrokerOrder | None,
    intent: Intent | None,
    parent: BrokerOrder | None,
    *,
    now: datetime,
    sure: bool,
) -> BrokerOrder:
    filled = exact(info.filled_qty)
    said = state_of(info.status, filled=filled > 0)
    if intent is None and said is OrderState.ACKED:
        said = OrderState.EXTERNAL
    stale = False
    if row is not None:
        # An older message may come late: it must not take away what has been filled since.
        stale = not sure and filled < row.filled
        filled = row.filled if stale else filled
        said = advance(row.state, said)
    above = info.parent_id if parent is None else parent.broker_order_id
    old_above = None if row is None else row.parent_order_id
    return BrokerOrder(
        id=new_id() if row is None else row.id,
        broker_order_id=info.order_id,
        account=account.id,
        mode=account.mode,
        symbol=info.symbol,
        side=info.side,
        kind=info.type,
        lasting=info.time_in_force,
        quantity=exact(info.qty),
        filled=filled,
        state=said,
        updated_at=now if row is None else row.updated_at,
        intent_id=None if intent is None else intent.id,
        client_id=info.client_order_id,
        average_price=_newer(info.avg_fill_price, row.average_price if row and stale else None),
        limit=_newer(info.limit_price, None),
        stop=_newer(info.stop_price, None),
        parent_order_id=above or old_above,
        replaces=info.replaces,
        submitted_at=info.submitted_at or (now if row is None else row.submitted_at),
        raw=_raw(info),
    )


def _newer(number: Any, kept: Decimal | None) -> Decimal | None:
    if kept is not None:
        return kept
    return None if number is None else exact(number)


def _raw(info: OrderStatusInfo) -> dict[str, Any]:
    said = {"status": info.raw_status or info.status.value}
    if info.reject_reason:
        said["reason"] = info.reject_reason
    if info.replaced_by:
        said["replaced_by"] = info.replaced_by
    return said


def _accounted_for(unit: Unit, order: BrokerOrder) -> Decimal:
    """Give how much of an order its fills make up; one that replaced another may begin with that one's."""
    filled = filled_of(unit.fills.of_order(order.account, order.broker_order_id))
    above: BrokerOrder | None = order
    while filled < order.filled and above is not None and above.replaces is not None:
        filled += filled_of(unit.fills.of_order(order.account, above.replaces))
        above = unit.orders.by_broker_id(order.account, above.replaces)
    return filled


def _is_leg(order: BrokerOrder) -> bool:
    return order.parent_order_id is not None


def _missing_fill(unit: Unit, info: OrderStatusInfo, order: BrokerOrder) -> Execution | None:
    """Make the fill that a broker without a list of fills lets one see only as a larger sum."""
    known = unit.fills.of_order(order.account, order.broker_order_id)
    had = filled_of(known)
    more = order.filled - had
    if more <= 0:
        return None
    paid_before = sum((fill.quantity * fill.price for fill in known), _NOTHING)
    average = order.average_price
    if average is None:
        average = order.limit or order.stop or _NOTHING
    price = (average * order.filled - paid_before) / more
    return Execution(
        execution_id=f"{order.broker_order_id}-{order.filled.normalize():f}",
        order_id=order.broker_order_id,
        symbol=order.symbol,
        side=order.side,
        qty=more,
        price=price,
        filled_at=info.filled_at or unit.now,
    )
