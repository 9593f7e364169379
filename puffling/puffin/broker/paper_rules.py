"""What a paper account refuses when an order is sent, as a broker would, each with a word that stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.broker.base import (
    Asset,
    Change,
    InsufficientFundsError,
    InvalidOrderError,
    Number,
    Order,
    OrderRejectedError,
)
from puffling.puffin.broker.paper_book import EXACT, PaperBook, PaperOrder, exact
from puffling.puffin.broker.paper_market import PaperMarket
from puffling.puffin.broker.paper_money import buying_power
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side

_ZERO = Decimal(0)
_CENT, _FINE = Decimal("0.01"), Decimal("0.0001")
_PRICES = ("limit_price", "stop_price", "take_profit", "stop_loss", "stop_loss_limit")
_SLACK = 1.0 + 1e-9


def checked(order: Order, asset: Asset, price: float | None) -> Order:
    """Give an order in exact numbers, or say why it makes no sense; money becomes a quantity."""
    if not asset.tradable:
        raise InvalidOrderError(f"{order.symbol} cannot be traded", code="not_tradable")
    for name in _PRICES:
        value = _positive(getattr(order, name), name)
        if value is not None and _is_off_step(value, _step_of(value, asset)):
            raise InvalidOrderError(
                f"{value} is no price of {order.symbol}: a step is {_step_of(value, asset)}", code="sub_penny"
            )
    quantity = _quantity(order, asset, price)
    made = replace(
        order,
        side=Side(order.side),
        type=Kind(order.type),
        time_in_force=Lasting(order.time_in_force),
        qty=quantity,
        notional=None,
        trail_price=_positive(order.trail_price, "trail_price"),
        trail_percent=_positive(order.trail_percent, "trail_percent"),
    )
    _check_shape(made)
    return made


def ticket_of(order: Order) -> Ticket:
    """Give a checked order as the market model sees it."""
    share = None if order.trail_percent is None else exact(order.trail_percent) / 100
    try:
        return Ticket(
            order.symbol,
            order.side,
            float(order.qty),
            order.type,
            _plain(order.limit_price),
            _plain(order.stop_price),
            _plain(order.trail_price),
            _plain(share),
            order.time_in_force,
        )
    except InvalidValue as error:
        raise InvalidOrderError(str(error), code=error.field) from None


def exits_of(order: Order) -> list[Ticket]:
    """Give the ways out that come with a checked order, what protects first."""
    buys = order.side is Side.BUY
    if not order.one_cancels_other:
        buys = not buys
    side, quantity = Side.BUY if buys else Side.SELL, float(order.qty)
    exits = []
    if order.stop_loss is not None:
        limit = _plain(order.stop_loss_limit)
        kind = Kind.STOP if limit is None else Kind.STOP_LIMIT
        exits.append(Ticket(order.symbol, side, quantity, kind, limit, stop=float(order.stop_loss)))
    if order.take_profit is not None:
        exits.append(Ticket(order.symbol, side, quantity, Kind.LIMIT, limit=float(order.take_profit)))
    return exits


def changed(old: PaperOrder, change: Change) -> Order:
    """Give what is left of an order with a change in it; its quantity is what was wanted in all."""
    ticket = old.waiting.ticket
    wanted = old.quantity if change.qty is None else exact(change.qty)
    limit, stop, trail, share = (
        None if value is None else exact(value)
        for value in (ticket.limit, ticket.stop, ticket.trail, ticket.trail_share)
    )
    percent = None if share is None else share * 100
    if change.trail is not None:
        trail, percent = (change.trail, None) if trail is not None else (None, change.trail)
    return replace(
        old.order,
        qty=EXACT.subtract(wanted, old.filled),
        limit_price=limit if change.limit_price is None else change.limit_price,
        stop_price=stop if change.stop_price is None else change.stop_price,
        trail_price=trail,
        trail_percent=percent,
        client_order_id=change.client_order_id,
        take_profit=next((exact(each) for each in _levels(old, "limit")), None),
        stop_loss=next((exact(each) for each in _levels(old, "stop")), None),
    )


def refuse_wash_trade(order: Order, market: PaperMarket) -> None:
    """Refuse what might trade with the other side of the same account."""
    against = [each for each in market.waiting(order.symbol) if each.order.side is not order.side]
    if any(each.parent is None for each in against):
        raise OrderRejectedError(
            f"An order of the other side waits for {order.symbol}: a wash trade", code="wash_trade"
        )


def refuse_what_is_not_there(
    order: Order, market: PaperMarket, terms: PaperTerms, asset: Asset, price: float | None
) -> None:
    """Refuse what neither money nor holdings are there for, with all that waits counted in."""
    book, symbol, side, size = market.book, order.symbol, order.side, exact(order.qty)
    held, closing = book.held(symbol), _closing(market, symbol, side)
    after = held + closing + size if side is Side.BUY else held - closing - size
    if side is Side.SELL and after < 0:
        if not terms.short:
            raise InsufficientFundsError(
                f"{max(held - closing, _ZERO):f} of {symbol} can be sold, not {size:f}: "
                "this account does not sell short",
                code="not_enough_held",
            )
        if not asset.shortable:
            raise InsufficientFundsError(f"{symbol} cannot be sold short", code="not_shortable")
    level = order.limit_price or order.stop_price
    paid = float(level) if level is not None else price
    if paid is None:
        # Nobody knows a price yet: the money is looked at when it fills.
        return
    growth = _growth(book, symbol, side, closing + size) - _growth(book, symbol, side, closing)
    if growth <= 0.0:
        return
    room = buying_power(book, terms) - promised(market)
    needed = growth * paid + terms.commission.least
    if needed > room * _SLACK:
        raise InsufficientFundsError(
            f"This order needs {needed:,.2f} and the buying power is {max(room, 0.0):,.2f}",
            code="buying_power",
        )


def promised(market: PaperMarket, sides: Iterable[Side] = tuple(Side)) -> float:
    """Give the money that open orders of these sides may still take."""
    book = market.book
    return sum(
        _growth(book, each, way, _closing(market, each, way)) * _highest(market, each, way)
        for each in {waiting.symbol for waiting in book.open_orders()}
        for way in sides
    )


def _check_shape(order: Order) -> None:
    ticket = ticket_of(order)
    if order.extended_hours and (ticket.kind is not Kind.LIMIT or ticket.lasting is not Lasting.DAY):
        raise InvalidOrderError("Outside the session only limit orders for the day trade", code="extended")
    profit, stop, buys = order.take_profit, order.stop_loss, order.side is Side.BUY
    if order.one_cancels_other:
        if ticket.kind is not Kind.LIMIT or stop is None or profit is not None:
            raise InvalidOrderError("Two ways out are a limit and a stop", code="either")
        profit, buys = order.limit_price, not buys
    if profit is not None and stop is not None and (exact(profit) > exact(stop)) is not buys:
        raise InvalidOrderError(
            "The profit is taken beyond the price at which the loss is stopped", code="bracket"
        )


def _quantity(order: Order, asset: Asset, price: float | None) -> Decimal:
    step = asset.quantity_step
    if order.notional is None:
        quantity = exact(order.qty)
        if quantity <= 0:
            raise InvalidOrderError("The quantity must be above 0", code="quantity")
        if _is_off_step(quantity, step):
            raise InvalidOrderError(f"{order.symbol} trades in steps of {step}", code="quantity_step")
        return quantity
    if order.type is not Kind.MARKET or price is None:
        raise InvalidOrderError("Only market orders with a known price take money", code="notional")
    money = exact(order.notional)
    quantity = EXACT.divide(money, exact(price))
    whole = round(quantity, 9) if not step else EXACT.multiply(EXACT.divide_int(quantity, step), step)
    if whole <= 0:
        raise InvalidOrderError(f"{money} does not buy one step of {order.symbol}", code="notional")
    return whole


def _positive(value: Number | None, name: str) -> Decimal | None:
    if value is None:
        return None
    number = exact(value)
    if number <= 0:
        raise InvalidOrderError(f"{name.replace('_', ' ').capitalize()} must be above 0", code=name)
    return number


def _step_of(price: Decimal, asset: Asset) -> Decimal:
    if asset.price_step is not None:
        return asset.price_step
    return _CENT if price >= 1 else _FINE


def _is_off_step(value: Decimal, step: Decimal) -> bool:
    return bool(step) and EXACT.remainder(value, step) != 0


def _levels(old: PaperOrder, name: str) -> list[float]:
    """Give the prices of the ways out that have not come to the market."""
    tickets = [leg.waiting.ticket for leg in old.legs if leg.is_open and not leg.waiting.loose]
    return [level for ticket in tickets if (level := getattr(ticket, name)) is not None]


def _plain(value: Number | None) -> float | None:
    return None if value is None else float(value)


def _closing(market: PaperMarket, symbol: str, side: Side) -> Decimal:
    """Give how much the waiting orders of one side may still trade; of a bracket's legs one does."""
    families: dict[str, Decimal] = {}
    for order in market.waiting(symbol):
        if order.order.side is side:
            family = order.parent.id if order.parent is not None else order.id
            families[family] = max(families.get(family, _ZERO), order.remaining)
    return sum(families.values(), _ZERO)


def _growth(book: PaperBook, symbol: str, side: Side, more: Decimal) -> float:
    """Give by how much so many more of one side make a position larger."""
    held = book.held(symbol)
    after = held + more if side is Side.BUY else held - more
    return max(float(abs(after) - abs(held)), 0.0)


def _highest(market: PaperMarket, symbol: str, side: Side) -> float:
    """Give the highest price at which the waiting orders of one side may fill."""
    tickets = [each.waiting.ticket for each in market.waiting(symbol) if each.order.side is side]
    levels = [ticket.limit or ticket.stop or market.book.marks.get(symbol, 0.0) for ticket in tickets]
    return max(levels, default=0.0)
