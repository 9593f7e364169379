"""What is true at the stand-in for Alpaca, written as Alpaca writes it: numbers as text, long fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.fakes.alpaca_book import Book
from tests.fakes.alpaca_orders import NOTHING, BookOrder, Row, plain

NEW_YORK = ZoneInfo("America/New_York")


def instant(at: datetime | None) -> str | None:
    """A moment, finer than Python can hold."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def order_row(order: BookOrder, *, nested: bool = True) -> Row:
    """An order."""
    ended = {order.status: instant(order.ended_at)}
    return {
        "id": order.id,
        "client_order_id": order.client_id,
        "created_at": instant(order.at),
        "updated_at": instant(order.ended_at or order.filled_at or order.at),
        "submitted_at": instant(order.at),
        "filled_at": instant(order.filled_at),
        "expired_at": ended.get("expired"),
        "canceled_at": ended.get("canceled"),
        "failed_at": ended.get("rejected"),
        "replaced_at": ended.get("replaced"),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "symbol": order.symbol,
        "asset_class": "crypto" if "/" in order.symbol else "us_equity",
        "notional": _text(order.notional),
        "qty": _text(order.qty),
        "filled_qty": plain(order.filled),
        "filled_avg_price": plain(order.paid / order.filled) if order.filled else None,
        "order_class": order.order_class,
        "order_type": order.type,
        "type": order.type,
        "side": order.side,
        "position_intent": f"{order.side}_to_open",
        "time_in_force": order.lasting,
        "limit_price": _text(order.limit),
        "stop_price": _text(order.stop),
        "status": order.status,
        "extended_hours": order.extended_hours,
        "legs": [order_row(leg) for leg in order.legs] if nested and order.legs else None,
        "trail_percent": _text(order.trail_percent),
        "trail_price": _text(order.trail_price),
        "hwm": _text(order.best) if order.type == "trailing_stop" else None,
        "subtag": None,
        "source": None,
    }


def position_row(book: Book, symbol: str) -> Row:
    """A holding."""
    held, price = book.holdings[symbol], book.prices.get(symbol, NOTHING)
    value = held.qty * price
    return {
        "asset_id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "symbol": symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": plain(held.qty),
        "qty_available": plain(held.qty),
        "avg_entry_price": plain(held.cost / held.qty),
        "side": "long" if held.qty > 0 else "short",
        "market_value": plain(value),
        "cost_basis": plain(held.cost),
        "unrealized_pl": plain(value - held.cost),
        "unrealized_plpc": "0",
        "current_price": plain(price),
        "lastday_price": plain(price),
        "change_today": "0",
    }


def account_row(book: Book) -> Row:
    """The account."""
    values = [book.value(symbol) for symbol in book.holdings]
    worth = book.worth()
    margin = sum((abs(value) for value in values), NOTHING) / 2
    return {
        "id": "e6fe16f3-64a4-4921-8928-cadf02f92f98",
        "account_number": "PA3CANARY001",
        "status": "ACTIVE",
        "currency": "USD",
        "cash": plain(book.cash),
        "equity": plain(worth),
        "last_equity": plain(book.start_cash),
        "portfolio_value": plain(worth),
        "long_market_value": plain(sum((value for value in values if value > 0), NOTHING)),
        "short_market_value": plain(sum((value for value in values if value < 0), NOTHING)),
        "initial_margin": plain(margin),
        "maintenance_margin": plain(margin * Decimal("0.6")),
        "buying_power": plain(book.buying_power()),
        "regt_buying_power": plain(book.buying_power()),
        "non_marginable_buying_power": plain(max(NOTHING, book.cash)),
        "multiplier": plain(book.multiplier),
        "shorting_enabled": book.may_short,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "created_at": "2024-01-02T15:04:05.123456Z",
    }


def activity_row(fill: Row) -> Row:
    """A fill in the list of what happened; its id begins with the time and ends with the execution's."""
    at: datetime = fill["time"]
    row = {
        "id": f"{at.strftime('%Y%m%d%H%M%S')}{at.microsecond // 1000:03}::{fill['execution']}",
        "activity_type": "FILL",
        "transaction_time": instant(at),
        "type": fill["type"],
        "price": fill["price"],
        "qty": fill["qty"],
        "side": fill["side"],
        "symbol": fill["symbol"],
        "leaves_qty": fill["left"],
        "order_id": fill["order"],
        "cum_qty": fill["cumulative"],
        "order_status": "filled" if fill["type"] == "fill" else "partially_filled",
    }
    if fill["previous"] is not None:
        row["previous_execution_id"] = fill["previous"]
    return row


def update_row(event: str, order: BookOrder, fill: Row, book: Book) -> Row:
    """What the trade stream says of an order."""
    at = fill.get("time", order.ended_at or order.at)
    row: Row = {"event": event, "order": order_row(order), "timestamp": instant(at)}
    if fill:
        held = book.holdings.get(order.symbol)
        row |= {
            "execution_id": fill["execution"],
            "price": fill["price"],
            "qty": fill["qty"],
            "position_qty": plain(held.qty) if held is not None else "0",
        }
        if fill["previous"] is not None:
            row["previous_execution_id"] = fill["previous"]
    return row


def asset_row(symbol: str, **more: object) -> Row:
    """An instrument."""
    is_crypto = "/" in symbol
    row: Row = {
        "id": "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
        "class": "crypto" if is_crypto else "us_equity",
        "exchange": "CRYPTO" if is_crypto else "NASDAQ",
        "symbol": symbol,
        "name": f"{symbol} Common Stock",
        "status": "active",
        "tradable": True,
        "marginable": not is_crypto,
        "shortable": not is_crypto,
        "easy_to_borrow": not is_crypto,
        "fractionable": True,
        "maintenance_margin_requirement": 30,
    }
    if is_crypto:
        row |= {"min_order_size": "0.0001", "min_trade_increment": "0.0001", "price_increment": "0.01"}
    return row | more


def clock_row(now: datetime, *, is_open: bool) -> Row:
    """The time and what the market does, as somebody in New York says it."""
    here = now.astimezone(NEW_YORK)
    opens = here.replace(hour=9, minute=30, second=0, microsecond=0)
    closes = here.replace(hour=16, minute=0, second=0, microsecond=0)
    days = [opens + timedelta(days=ahead) for ahead in range(8)]
    following = next(day for day in days if day > here and day.weekday() < 5)
    ends = [closes + timedelta(days=ahead) for ahead in range(8)]
    return {
        "timestamp": here.isoformat(),
        "is_open": is_open,
        "next_open": following.isoformat(),
        "next_close": next(day for day in ends if day > here and day.weekday() < 5).isoformat(),
    }


def calendar_rows(start: date, end: date, holidays: Iterable[date], halves: Iterable[date]) -> list[Row]:
    """The trading days from one day to another, both included."""
    free, short = frozenset(holidays), frozenset(halves)
    days = [start + timedelta(days=ahead) for ahead in range((end - start).days + 1)]
    return [
        {
            "date": day.isoformat(),
            "open": "09:30",
            "close": "13:00" if day in short else "16:00",
            "session_open": "0400",
            "session_close": "2000",
        }
        for day in days
        if day.weekday() < 5 and day not in free
    ]


def truth(book: Book) -> Mapping[str, object]:
    """Everything a run is judged by."""
    return {
        "cash": plain(book.cash),
        "start_cash": plain(book.start_cash),
        "positions": {symbol: plain(held.qty) for symbol, held in book.holdings.items()},
        "orders": [order_row(order, nested=False) for order in book.orders.values()],
        "fills": [activity_row(fill) | {"execution_id": fill["execution"]} for fill in book.fills],
        "log": book.log,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
