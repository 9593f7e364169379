"""Between the words of the desk and the words of a broker; every number becomes a Decimal on the way in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from puffling.puffin.broker.base import (
    BrokerAbilities,
    Execution,
    ExecutionKind,
    Number,
    Order,
    OrderStatusInfo,
    UnclearError,
)
from puffling.puffin.orders import Kind, Lasting
from puffling.store.orders import Fill, FillKind, Intent, OrderTerms
from puffling.trading.proposals import OTHER_WAY

_HELD_KINDS = {
    Kind.STOP: Kind.MARKET,
    Kind.TRAILING_STOP: Kind.MARKET,
    Kind.STOP_LIMIT: Kind.LIMIT,
}


def exact(number: Number) -> Decimal:
    """Give the number as it is written; what is not finite is an answer that cannot be read."""
    try:
        value = number if isinstance(number, Decimal) else Decimal(str(number))
    except InvalidOperation:
        raise UnclearError(f"The broker told a number that is none: {str(number)[:40]!r}") from None
    if not value.is_finite():
        raise UnclearError(f"The broker told a number that is not finite: {value}")
    return value


def is_bracket(terms: OrderTerms) -> bool:
    """Tell whether other orders come with this one when it fills."""
    return not terms.one_cancels_other and (terms.take_profit is not None or terms.stop_loss is not None)


def is_held_here(terms: OrderTerms, abilities: BrokerAbilities) -> bool:
    """Tell whether the broker does not hold such an order, but this computer can."""
    if terms.one_cancels_other:
        return not abilities.one_cancels_other
    return terms.kind not in abilities.kinds and terms.kind in _HELD_KINDS


def are_exits_held_here(terms: OrderTerms, abilities: BrokerAbilities) -> bool:
    """Tell whether the exits that come with an order are held by this computer: the broker holds none."""
    return is_bracket(terms) and not abilities.brackets


def waits_here(intent: Intent, abilities: BrokerAbilities) -> bool:
    """Tell whether this computer holds an order until its price is met, as was decided when it was meant."""
    if intent.waits_here is not None:
        return intent.waits_here
    return intent.leg == OTHER_WAY or is_held_here(intent.terms, abilities)


def order_for(intent: Intent, abilities: BrokerAbilities) -> Order:
    """Give the order as the broker gets it; one that was held here goes out as what it turned into."""
    terms = intent.terms
    if waits_here(intent, abilities):
        kind = _HELD_KINDS.get(terms.kind, terms.kind)
        terms = replace(terms, kind=kind, stop=None, trail=None, trail_share=None)
        if terms.one_cancels_other:
            # It was the profit that was met; the loss is an intent of its own.
            terms = replace(terms, one_cancels_other=False, stop_loss=None, stop_loss_limit=None)
        if terms.lasting not in abilities.lasting:
            # It waited here; turned away at the moment it is met, it would protect nothing.
            terms = replace(terms, lasting=Lasting.DAY)
    if intent.exits_here:
        # They are intents of their own, from the first fill on.
        terms = replace(terms, take_profit=None, stop_loss=None)
    return Order(
        symbol=terms.symbol,
        side=terms.side,
        qty=terms.quantity,
        type=terms.kind,
        limit_price=terms.limit,
        stop_price=terms.stop,
        time_in_force=terms.lasting,
        client_order_id=intent.client_id,
        trail_price=terms.trail,
        trail_percent=None if terms.trail_share is None else terms.trail_share * 100,
        take_profit=terms.take_profit,
        stop_loss=terms.stop_loss,
        extended_hours=terms.extended_hours,
        one_cancels_other=terms.one_cancels_other,
        stop_loss_limit=terms.stop_loss_limit,
    )


def differences(terms: OrderTerms, info: OrderStatusInfo) -> str:
    """Say in what the order found at the broker is not the one that was meant, empty when it is."""
    pairs = (
        ("symbol", terms.symbol, info.symbol),
        ("side", terms.side.value, info.side.value),
        ("quantity", terms.quantity.normalize(), exact(info.qty).normalize()),
    )
    return ", ".join(f"{name} {found} instead of {meant}" for name, meant, found in pairs if meant != found)


def fill_of(
    execution: Execution, *, account: str, mode: str, order_id: str | None, received_at: datetime
) -> Fill:
    """Give the execution as it is written down; taking one back needs a name of its own."""
    name, corrects = execution.execution_id, execution.corrects
    if execution.kind is not ExecutionKind.FILL and corrects in (None, name):
        name, corrects = f"{name}!{execution.kind.value}", execution.execution_id
    return Fill(
        broker_order_id=execution.order_id,
        execution_id=name,
        account=account,
        mode=mode,
        symbol=execution.symbol,
        side=execution.side,
        quantity=exact(execution.qty),
        price=exact(execution.price),
        fees=exact(execution.fee),
        filled_at=execution.filled_at,
        received_at=received_at,
        kind=FillKind(execution.kind.value),
        order_id=order_id,
        corrects=corrects,
    )
