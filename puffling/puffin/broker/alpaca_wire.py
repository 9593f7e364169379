"""Reading and writing what Alpaca's trading account speaks: numbers as text, words nobody knows yet.

A word we do not know makes one order unknown, never a list unreadable. What an answer cannot do without and
does not have makes it `UnclearError`: it must never read as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from puffling.puffin.broker.base import (
    AccountInfo,
    Asset,
    BrokerClock,
    BrokerUpdate,
    Change,
    Execution,
    ExecutionKind,
    InvalidOrderError,
    Number,
    Order,
    OrderStatus,
    OrderStatusInfo,
    Position,
    UnclearError,
    UpdateKind,
)
from puffling.puffin.data.alpaca_rows import instant
from puffling.puffin.data.instants import from_us
from puffling.puffin.orders import Kind, Lasting, Side

UNREAD = "Alpaca gave an answer that cannot be read"
LONGEST_CLIENT_ID = 128
_SMALLEST_SHARE = Decimal("0.000000001")
_NOTHING = Decimal(0)
_DOLLAR = Decimal(1)

_STATUSES = {
    "pending_new": OrderStatus.PENDING,
    "new": OrderStatus.ACCEPTED,
    "accepted": OrderStatus.ACCEPTED,
    "accepted_for_bidding": OrderStatus.ACCEPTED,
    "held": OrderStatus.ACCEPTED,
    "done_for_day": OrderStatus.ACCEPTED,
    "stopped": OrderStatus.ACCEPTED,
    "suspended": OrderStatus.ACCEPTED,
    "calculated": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "replaced": OrderStatus.REPLACED,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "pending_replace": OrderStatus.PENDING_REPLACE,
}
_EXECUTIONS = {
    "fill": ExecutionKind.FILL,
    "partial_fill": ExecutionKind.FILL,
    "trade_bust": ExecutionKind.BUST,
    "trade_correct": ExecutionKind.CORRECTION,
}
# What crypto is priced in; positions are told without the stroke that orders have.
_QUOTES = ("USDT", "USDC", "USD", "BTC")


def decimal_of(value: object) -> Decimal | None:
    """Give a number, however it is written; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment_of(value: object) -> datetime | None:
    """Give a moment; None when it is none."""
    time_us = instant(value)
    return from_us(time_us) if time_us is not None else None


def order_body(order: Order) -> dict[str, Any]:
    """Write an order as Alpaca reads it; what makes no sense to anybody is stopped here."""
    body: dict[str, Any] = {
        "symbol": order.symbol.strip().upper(),
        "side": Side(order.side).value,
        "type": Kind(order.type).value,
        "time_in_force": Lasting(order.time_in_force).value,
    }
    body |= _size(order) | _client_id(order.client_order_id) | _prices(order) | _legs(order)
    if order.one_cancels_other:
        # The limit is told as the way out with a profit.
        del body["limit_price"]
    if order.extended_hours:
        if order.type is not Kind.LIMIT or order.time_in_force not in {Lasting.DAY, Lasting.GTC}:
            raise InvalidOrderError(
                "Outside the regular hours only limit orders for the day or until cancelled"
            )
        body["extended_hours"] = True
    return body


def change_body(change: Change) -> dict[str, Any]:
    """Write a change of an order."""
    body = _client_id(change.client_order_id)
    if change.qty is not None:
        body["qty"] = _text(_positive("quantity", change.qty))
    for name, price in (("limit_price", change.limit_price), ("stop_price", change.stop_price)):
        if price is not None:
            body[name] = _price(name, price)
    if change.trail is not None:
        body["trail"] = _text(_positive("trail", change.trail))
    if not body.keys() - {"client_order_id"}:
        raise InvalidOrderError("A change that changes nothing")
    return body


def order_of(row: object, *, parent_id: str | None = None) -> OrderStatusInfo:
    """Read an order."""
    if not isinstance(row, Mapping):
        raise UnclearError(UNREAD)
    order_id, symbol = _word(row, "id"), _word(row, "symbol")
    filled = decimal_of(row.get("filled_qty")) or _NOTHING
    notional = decimal_of(row.get("notional"))
    qty = decimal_of(row.get("qty"))
    said = str(row.get("status") or "")
    status = _STATUSES.get(said, OrderStatus.UNKNOWN)
    if status is OrderStatus.ACCEPTED and filled:
        status = OrderStatus.PARTIALLY_FILLED
    side, kind = _side(row.get("side")), _kind(row.get("type") or row.get("order_type"))
    if side is None or kind is None or (qty is None and notional is None):
        # What it does is not known, so nothing may be concluded from how it stands.
        status, said = OrderStatus.UNKNOWN, f"{said} {row.get('side')} {row.get('type')}"
    legs = row.get("legs")
    return OrderStatusInfo(
        order_id=order_id,
        client_order_id=_optional(row, "client_order_id"),
        symbol=symbol,
        side=side or Side.BUY,
        qty=qty if qty is not None else filled,
        filled_qty=filled,
        type=kind or Kind.MARKET,
        status=status,
        limit_price=decimal_of(row.get("limit_price")),
        stop_price=decimal_of(row.get("stop_price")),
        avg_fill_price=decimal_of(row.get("filled_avg_price")),
        submitted_at=moment_of(row.get("submitted_at")) or moment_of(row.get("created_at")),
        filled_at=moment_of(row.get("filled_at")),
        canceled_at=moment_of(row.get("canceled_at")),
        reject_reason=_optional(row, "reject_reason"),
        time_in_force=_lasting(row.get("time_in_force")),
        raw_status=said,
        replaces=_optional(row, "replaces"),
        replaced_by=_optional(row, "replaced_by"),
        parent_id=parent_id,
        legs=tuple(order_of(leg, parent_id=order_id) for leg in legs) if isinstance(legs, list) else (),
        notional=notional,
    )


def position_of(row: object, at: datetime) -> Position:
    """Read a holding."""
    if not isinstance(row, Mapping):
        raise UnclearError(UNREAD)
    qty, price = _number(row, "qty"), _number(row, "avg_entry_price")
    if row.get("side") == "short" and qty > 0:
        qty = -qty
    cost = decimal_of(row.get("cost_basis"))
    value = decimal_of(row.get("market_value"))
    cost = qty * price if cost is None else cost
    gain = decimal_of(row.get("unrealized_pl"))
    return Position(
        symbol=_symbol(row),
        qty=qty,
        avg_price=price,
        market_value=cost if value is None else value,
        unrealized_pnl=_NOTHING if gain is None else gain,
        cost_basis=cost,
        last_update=at,
    )


def account_of(row: object, at: datetime) -> AccountInfo:
    """Read the account."""
    if not isinstance(row, Mapping):
        raise UnclearError(UNREAD)
    equity = _number(row, "equity")
    return AccountInfo(
        equity=equity,
        cash=_number(row, "cash"),
        buying_power=_number(row, "buying_power"),
        portfolio_value=decimal_of(row.get("portfolio_value")) or equity,
        margin_used=decimal_of(row.get("initial_margin")) or _NOTHING,
        maintenance_margin=decimal_of(row.get("maintenance_margin")) or _NOTHING,
        last_update=at,
        # Without margin only what has settled may be spent, so this is the settled cash that is free.
        settled_cash=decimal_of(row.get("non_marginable_buying_power")),
        last_equity=decimal_of(row.get("last_equity")),
        currency=_optional(row, "currency") or "USD",
        number=_optional(row, "account_number") or "",
        blocked=_blocked(row),
        may_short=row.get("shorting_enabled") is True,
    )


def execution_of(row: object) -> Execution:
    """Read a fill from the list of what happened in the account."""
    if not isinstance(row, Mapping):
        raise UnclearError(UNREAD)
    side, at = _side(row.get("side")), moment_of(row.get("transaction_time"))
    if side is None or at is None:
        raise UnclearError(UNREAD)
    return Execution(
        # The list puts the time before the name by which the stream knows the fill.
        execution_id=_word(row, "id").rpartition("::")[2],
        order_id=_word(row, "order_id"),
        symbol=_word(row, "symbol"),
        side=side,
        qty=_number(row, "qty"),
        price=_number(row, "price"),
        filled_at=at,
        kind=_EXECUTIONS.get(str(row.get("type")), ExecutionKind.FILL),
        corrects=_optional(row, "previous_execution_id"),
        cumulative=decimal_of(row.get("cum_qty")),
    )


def update_of(message: object) -> BrokerUpdate:
    """Read what the trade stream says; what cannot be read is news without an order."""
    data = message.get("data") if isinstance(message, Mapping) else None
    if not isinstance(data, Mapping):
        return BrokerUpdate(UpdateKind.ORDER)
    event, at = str(data.get("event") or ""), moment_of(data.get("timestamp"))
    try:
        order = order_of(data.get("order"))
    except UnclearError:
        return BrokerUpdate(UpdateKind.ORDER, event=event, at=at)
    return BrokerUpdate(UpdateKind.ORDER, order, _execution_in(data, event, order, at), event, at)


def asset_of(row: object) -> Asset:
    """Read what is known of an instrument."""
    if not isinstance(row, Mapping):
        raise UnclearError(UNREAD)
    kind = {"us_equity": "equity", "us_option": "option"}.get(str(row.get("class")), str(row.get("class")))
    fractions = row.get("fractionable") is True
    step = decimal_of(row.get("min_trade_increment"))
    return Asset(
        symbol=_word(row, "symbol"),
        asset_type=kind,
        tradable=row.get("tradable") is True and row.get("status", "active") == "active",
        shortable=row.get("shortable") is True,
        fractionable=fractions,
        marginable=row.get("marginable") is True,
        price_step=decimal_of(row.get("price_increment")),
        quantity_step=step or (_SMALLEST_SHARE if fractions else Decimal(1)),
    )


def clock_of(row: object) -> BrokerClock:
    """Read the time and what the market does."""
    if not isinstance(row, Mapping) or (now := moment_of(row.get("timestamp"))) is None:
        raise UnclearError(UNREAD)
    following = (moment_of(row.get("next_open")), moment_of(row.get("next_close")))
    return BrokerClock(now, row.get("is_open") is True, *following)


def _execution_in(
    data: Mapping[str, Any], event: str, order: OrderStatusInfo, at: datetime | None
) -> Execution | None:
    kind = _EXECUTIONS.get(event)
    qty, price = decimal_of(data.get("qty")), decimal_of(data.get("price"))
    execution_id = data.get("execution_id")
    if kind is None or qty is None or price is None or at is None or not isinstance(execution_id, str):
        # Whatever it was, the list of fills will tell it.
        return None
    return Execution(
        execution_id=execution_id,
        order_id=order.order_id,
        symbol=order.symbol,
        side=order.side,
        qty=abs(qty),
        price=price,
        filled_at=at,
        kind=kind,
        corrects=_optional(data, "previous_execution_id"),
        cumulative=Decimal(order.filled_qty),
    )


def _size(order: Order) -> dict[str, str]:
    if order.notional is not None:
        if order.qty:
            raise InvalidOrderError("An order has a quantity or an amount of money, not both")
        if order.time_in_force is not Lasting.DAY:
            raise InvalidOrderError("Orders for an amount of money last for the day")
        return {"notional": _text(_positive("amount of money", order.notional))}
    qty = _positive("quantity", order.qty)
    if qty % 1:
        if qty % _SMALLEST_SHARE:
            raise InvalidOrderError("A quantity has at most nine decimals")
        if order.time_in_force is not Lasting.DAY and "/" not in order.symbol:
            raise InvalidOrderError("Orders for parts of a share last for the day")
    return {"qty": _text(qty)}


def _client_id(client_id: str | None) -> dict[str, Any]:
    if client_id is None:
        return {}
    if not 0 < len(client_id) <= LONGEST_CLIENT_ID or not client_id.isascii() or not client_id.isprintable():
        raise InvalidOrderError("A client id has 1 to 128 plain letters")
    return {"client_order_id": client_id}


def _prices(order: Order) -> dict[str, str]:
    """Give the prices that belong to the kind of order; one that is missing or too many is a mistake."""
    wanted = {
        Kind.MARKET: set[str](),
        Kind.LIMIT: {"limit_price"},
        Kind.STOP: {"stop_price"},
        Kind.STOP_LIMIT: {"limit_price", "stop_price"},
        Kind.TRAILING_STOP: set[str](),
    }[Kind(order.type)]
    given = {
        name: price
        for name, price in (("limit_price", order.limit_price), ("stop_price", order.stop_price))
        if price is not None
    }
    if given.keys() != wanted:
        raise InvalidOrderError(
            f"A {order.type.value} order has {' and '.join(sorted(wanted)) or 'no price'}"
        )
    body = {name: _price(name, price) for name, price in given.items()}
    trails = {
        name: _text(_positive(name, trail))
        for name, trail in (("trail_price", order.trail_price), ("trail_percent", order.trail_percent))
        if trail is not None
    }
    if len(trails) != (order.type is Kind.TRAILING_STOP):
        raise InvalidOrderError("A trailing stop, and nothing else, has one distance to trail by")
    return body | trails


def _legs(order: Order) -> dict[str, Any]:
    legs: dict[str, Any] = {}
    if order.take_profit is not None:
        legs["take_profit"] = {"limit_price": _price("take_profit", order.take_profit)}
    if order.stop_loss is not None:
        legs["stop_loss"] = {"stop_price": _price("stop_loss", order.stop_loss)}
        if order.stop_loss_limit is not None:
            legs["stop_loss"]["limit_price"] = _price("stop_loss_limit", order.stop_loss_limit)
    if order.one_cancels_other:
        if order.limit_price is None or order.take_profit is not None or order.stop_loss is None:
            raise InvalidOrderError("One cancels the other: that is a limit order and a stop loss")
        return legs | {
            "order_class": "oco",
            "take_profit": {"limit_price": _price("limit_price", order.limit_price)},
        }
    if not legs:
        return {}
    if order.time_in_force not in {Lasting.DAY, Lasting.GTC} or order.extended_hours:
        raise InvalidOrderError("An order that brings others lasts for the day or until cancelled")
    return legs | {"order_class": "bracket" if len(legs) == 2 else "oto"}


def _price(name: str, value: Number) -> str:
    price = _positive(name, value)
    if price % (Decimal("0.01") if price >= _DOLLAR else Decimal("0.0001")):
        raise InvalidOrderError(f"{name} {_text(price)}: two decimals from a dollar on, four below")
    return _text(price)


def _positive(name: str, value: Number) -> Decimal:
    number = decimal_of(str(value))
    if number is None or number <= 0:
        raise InvalidOrderError(f"The {name.replace('_', ' ')} is {value}: it must be more than nothing")
    return number


def _text(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _word(row: Mapping[str, Any], name: str) -> str:
    word = row.get(name)
    if not isinstance(word, str) or not word:
        raise UnclearError(UNREAD)
    return word


def _optional(row: Mapping[str, Any], name: str) -> str | None:
    word = row.get(name)
    return word if isinstance(word, str) and word else None


def _number(row: Mapping[str, Any], name: str) -> Decimal:
    number = decimal_of(row.get(name))
    if number is None:
        raise UnclearError(UNREAD)
    return number


def _symbol(row: Mapping[str, Any]) -> str:
    symbol = _word(row, "symbol")
    if row.get("asset_class") == "crypto" and "/" not in symbol:
        quote = next((each for each in _QUOTES if symbol.endswith(each) and symbol != each), "")
        return f"{symbol.removesuffix(quote)}/{quote}" if quote else symbol
    return symbol


def _side(word: object) -> Side | None:
    said = str(word or "")
    return next((side for side in Side if said == side or said.startswith(f"{side}_")), None)


def _kind(word: object) -> Kind | None:
    return next((kind for kind in Kind if kind == word), None)


def _lasting(word: object) -> Lasting:
    return next((lasting for lasting in Lasting if lasting == word), Lasting.DAY)


def _blocked(row: Mapping[str, Any]) -> str:
    reasons = {
        "trading_blocked": "trading is blocked",
        "account_blocked": "the account is blocked",
        "trade_suspended_by_user": "trading was suspended by the owner",
    }
    said = [words for name, words in reasons.items() if row.get(name) is True]
    if row.get("status", "ACTIVE") != "ACTIVE":
        said.append(f"the account is {row.get('status')}")
    return ", ".join(said)
