"""Orders as a list shows them: what was meant here and what the broker says of it, in one line each."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.runtime.text import tr
from puffling.store.orders import BrokerOrder, Intent, OrderState
from puffling.trading.proposals import OTHER_WAY, WAYS_OUT, is_replacement
from puffling.trading.values import AccountView, OrderLine
from puffling.trading.words import stage_of

if TYPE_CHECKING:
    from puffling.store.database import Unit

_NOTHING = Decimal(0)
_LEG = "leg"
# What a broker says of the exits of a bracket that begin only when all of the entry has filled.
_WAITS_FOR_ALL = "held"


def order_lines(
    unit: Unit, account: str | None = None, *, symbol: str | None = None, limit: int = 200
) -> tuple[OrderLine, ...]:
    """Give the newest orders first: ours, the legs they brought, and those found at the broker."""
    intents = unit.intents.newest(limit, account=account, symbol=symbol)
    brought = unit.orders.of_intents(intent.id for intent in intents)
    by_broker_id = {(each.account, each.broker_order_id): each for each in brought}
    # Exits belong to what stands in the place of their entry now, if that was changed.
    changed = (each for each in reversed(intents) if is_replacement(each.leg) and each.broker_order_id)
    stands_for = {each.parent_id or "": each.id for each in changed}
    lines: list[OrderLine] = []
    taken = set()
    for intent in intents:
        order = by_broker_id.get((intent.terms.account, intent.broker_order_id or ""))
        if order is not None:
            taken.add(order.id)
        line = line_of(intent, order)
        lines.append(replace(line, parent_id=stands_for.get(line.parent_id or "", line.parent_id)))
    # Orders of intents that are older than all of these are older, too.
    elsewhere = unit.orders.newest(limit, account=account, symbol=symbol, elsewhere=True)
    lines += [line_of(None, order) for order in (*brought, *elsewhere) if order.id not in taken]
    lines.sort(key=lambda line: line.created_at, reverse=True)
    at_once = {each.id for each in brought if each.raw.get("status") != _WAITS_FOR_ALL}
    return tuple(_belonging(_families(lines), at_once)[:limit])


def open_heads(view: AccountView, symbol: str | None = None) -> tuple[BrokerOrder | Intent, ...]:
    """Give what is open, of one symbol or all; legs go with the order that brought them."""
    working = [each for each in view.open_orders if symbol in {None, each.symbol}]
    waiting = [each for each in view.waiting if symbol in {None, each.terms.symbol}]
    bringing = {each.broker_order_id for each in working}
    heads = {each.intent_id for each in working} | {each.id for each in waiting}
    return (
        *(each for each in working if each.parent_order_id not in bringing),
        *(each for each in waiting if each.leg != OTHER_WAY or each.parent_id not in heads),
    )


def _families(lines: list[OrderLine]) -> list[OrderLine]:
    """Put what came with an order right below it."""
    known = {line.id for line in lines}
    below: dict[str, list[OrderLine]] = {}
    for line in lines:
        if line.parent_id in known:
            below.setdefault(str(line.parent_id), []).append(line)
    heads = (line for line in lines if line.parent_id not in known)

    def with_below(line: OrderLine) -> list[OrderLine]:
        return [line, *(each for leg in below.get(line.id, ()) for each in with_below(leg))]

    return [each for head in heads for each in with_below(head)]


def _belonging(lines: list[OrderLine], at_once: Container[str]) -> list[OrderLine]:
    """Say of orders that belong together what one of them means for the other."""
    known = {line.id: line for line in lines}
    done = {line.parent_id for line in lines if line.filled and line.stop is not None}
    return [_beside(line, known.get(line.parent_id or ""), done, at_once) for line in lines]


def _beside(
    line: OrderLine, parent: OrderLine | None, done: Container[str | None], at_once: Container[str]
) -> OrderLine:
    if line.one_cancels_other and line.state is OrderState.CANCELED and line.id in done:
        reason = line.reason or tr("The stop-loss was met: one cancels the other.")
        line = replace(line, done_by_stop=True, reason=reason)
    elif line.source == _LEG and line.state is OrderState.ACKED and parent is not None:
        begun = parent.filled if line.id in at_once else parent.filled >= parent.quantity
        line = replace(line, waits_for_entry=not parent.one_cancels_other and not begun)
    return replace(line, stage=stage_of(line))


def line_of(intent: Intent | None, order: BrokerOrder | None) -> OrderLine:
    """Put one line together; one of the two may be missing."""
    line = _found(order) if intent is None else _meant(intent, order)
    return replace(line, stage=stage_of(line))


def _meant(intent: Intent, order: BrokerOrder | None) -> OrderLine:
    terms = intent.terms
    return OrderLine(
        id=intent.id,
        account=terms.account,
        mode=intent.mode,
        symbol=terms.symbol,
        side=terms.side,
        kind=terms.kind,
        lasting=terms.lasting,
        quantity=terms.quantity,
        filled=_NOTHING if order is None else order.filled + _taken_off(intent, order),
        average_price=None if order is None else order.average_price,
        limit=terms.limit,
        stop=terms.stop,
        trail=terms.trail,
        trail_share=terms.trail_share,
        take_profit=terms.take_profit,
        stop_loss=terms.stop_loss,
        state=intent.state,
        held=intent.held,
        source=intent.source,
        why=intent.why,
        reason=intent.reason,
        created_at=intent.created_at,
        updated_at=intent.updated_at if order is None else max(intent.updated_at, order.updated_at),
        intent_id=intent.id,
        broker_order_id=intent.broker_order_id,
        parent_id=intent.parent_id if intent.leg in WAYS_OUT else None,
        one_cancels_other=terms.one_cancels_other,
        stop_loss_limit=terms.stop_loss_limit,
        exits_here=intent.exits_here,
    )


def _taken_off(intent: Intent, order: BrokerOrder) -> Decimal:
    """Give what was filled before a change, where the broker's new order is for the rest only."""
    return max(_NOTHING, intent.terms.quantity - order.quantity) if is_replacement(intent.leg) else _NOTHING


def _found(order: BrokerOrder | None) -> OrderLine:
    assert order is not None
    is_leg = order.intent_id is not None
    return OrderLine(
        id=order.id,
        account=order.account,
        mode=order.mode,
        symbol=order.symbol,
        side=order.side,
        kind=order.kind,
        lasting=order.lasting,
        quantity=order.quantity,
        filled=order.filled,
        average_price=order.average_price,
        limit=order.limit,
        stop=order.stop,
        state=order.state,
        source=_LEG if is_leg else OrderState.EXTERNAL.value.lower(),
        created_at=order.submitted_at or order.updated_at,
        updated_at=order.updated_at,
        intent_id=order.intent_id,
        broker_order_id=order.broker_order_id,
        parent_id=order.intent_id,
    )
