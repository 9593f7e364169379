"""A gate before any broker, for those who use Puffin by itself; the application has its own, stricter one.

It fails closed: what cannot be read or makes no sense is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from puffling.puffin.broker.base import AccountInfo, Broker, Number, Order, Position
from puffling.puffin.broker.session import TradingSession
from puffling.puffin.errors import InvalidValue, PuffinError

Verdict = tuple[bool, str]
Validator = Callable[[Broker, Order], Verdict]
Price = Callable[[str], Number | None]

# What the person types to let orders with real money through.
CONFIRMATION_CODE = "LIVE"
_FINE: Verdict = (True, "")

_log = logging.getLogger(__name__)


class SafetyController:
    """Says of an order whether it may be sent, and why not.

    Sizes are shares, values and losses money. `price` tells the price of a symbol where an order and the
    position do not. A broker whose `paper` is False trades real money: then the person confirms first.
    """

    def __init__(
        self,
        broker: Broker,
        max_order_size: Number | None = None,
        max_position_size: Number | None = None,
        max_daily_loss: Number | None = None,
        max_total_position_value: Number | None = None,
        require_confirmation: bool = True,
        *,
        price: Price | None = None,
    ) -> None:
        self._broker = broker
        self._max_order_size = _limit("max_order_size", max_order_size)
        self._max_position_size = _limit("max_position_size", max_position_size)
        self._max_daily_loss = _limit("max_daily_loss", max_daily_loss)
        self._max_total_position_value = _limit("max_total_position_value", max_total_position_value)
        self._require_confirmation = require_confirmation
        self._price = price
        self._validators: list[Validator] = []
        self._confirmed = False
        self._broken = False
        # What the account was worth when the loss of the day began to count, and of which day that is.
        self._counted_from: Decimal | None = None
        self._day_before: Number | None = None
        self._passed = self._refused = 0

    def validate_order(self, order: Order) -> Verdict:
        """Tell whether an order may be sent, and why not."""
        try:
            reason = self._reason_against(order)
        except PuffinError as error:
            reason = f"What has to be known cannot be read: {error}"
        if reason:
            self._refused += 1
            return False, reason
        self._passed += 1
        return _FINE

    def confirm_live_trading(self, confirmation_code: str | None = None) -> bool:
        """Let orders with real money through once the person typed LIVE; tells whether they go through."""
        if confirmation_code is not None:
            self._confirmed = confirmation_code == CONFIRMATION_CODE
        return self._confirmed

    def reset_confirmation(self) -> None:
        """Ask the person again before the next order with real money."""
        self._confirmed = False

    def daily_loss_limit(self, max_loss: Number) -> None:
        """Set what may be lost in a day before nothing is let through any more."""
        self._max_daily_loss = _limit("max_loss", max_loss)

    def check_daily_pnl(self) -> Decimal:
        """Give what was gained today, and break the circuit when more was lost than may be."""
        account = self._broker.get_account()
        gain = _number("equity", account.equity) - self._equity_before(account)
        if self._max_daily_loss is not None and gain <= -self._max_daily_loss and not self._broken:
            self._broken = True
            _log.warning("The daily loss limit is reached: %s", gain)
        return gain

    def is_circuit_breaker_active(self) -> bool:
        """Tell whether nothing is let through because of a loss."""
        return self._broken

    def reset_circuit_breaker(self) -> None:
        """Let orders through again; the loss is counted from now on."""
        self._broken = False
        account = self._broker.get_account()
        self._counted_from, self._day_before = _number("equity", account.equity), account.last_equity

    def add_validator(self, validator: Validator) -> None:
        """Ask somebody else too: a callable of broker and order that answers whether, and why not."""
        self._validators.append(validator)

    def get_stats(self) -> dict[str, Any]:
        """Give what was decided and what the limits are."""
        return {
            "orders_validated": self._passed + self._refused,
            "orders_approved": self._passed,
            "orders_rejected": self._refused,
            "circuit_breaker_active": self._broken,
            "live_trading_confirmed": self._confirmed,
            "validators": len(self._validators),
            "max_order_size": self._max_order_size,
            "max_position_size": self._max_position_size,
            "max_daily_loss": self._max_daily_loss,
            "max_total_position_value": self._max_total_position_value,
        }

    def _reason_against(self, order: Order) -> str:
        if self._max_daily_loss is not None:
            self.check_daily_pnl()
        if self._broken:
            return "Too much was lost today: the circuit breaker is active"
        live = getattr(self._broker, "paper", None) is False
        if self._require_confirmation and live and not self._confirmed:
            return f"Trading with real money was not confirmed: confirm_live_trading({CONFIRMATION_CODE!r})"
        return self._too_large(order) or self._objection(order)

    def _too_large(self, order: Order) -> str:
        price = _price_of(self._broker, order, self._price)
        size = _size(order, price)
        if self._max_order_size is not None and size > self._max_order_size:
            return f"{size} is more than {self._max_order_size} in one order"
        position = self._broker.get_position(order.symbol)
        held = _number("position", position.qty) if position is not None else Decimal(0)
        after = held + size * Decimal(order.side.sign)
        if abs(after) <= abs(held):
            # What makes a position smaller is never too large.
            return ""
        if self._max_position_size is not None and abs(after) > self._max_position_size:
            return f"{after} would be more than {self._max_position_size} of {order.symbol}"
        if self._max_total_position_value is None:
            return ""
        if price is None:
            return f"No price of {order.symbol} is known, so nobody knows what it would be worth"
        others = sum(
            (
                abs(_number("market value", each.market_value))
                for symbol, each in self._broker.get_positions().items()
                if symbol != order.symbol
            ),
            Decimal(0),
        )
        total = others + abs(after) * price
        if total > self._max_total_position_value:
            return f"All positions would be worth {total}, more than {self._max_total_position_value}"
        return ""

    def _objection(self, order: Order) -> str:
        for validator in self._validators:
            try:
                fine, reason = validator(self._broker, order)
            except Exception as error:  # noqa: BLE001  the edge: somebody else's code that failed said no yes
                return f"A validator failed: {error}"
            if not fine:
                return reason or "A validator said no"
        return ""

    def _equity_before(self, account: AccountInfo) -> Decimal:
        if self._counted_from is None or account.last_equity != self._day_before:
            known = account.last_equity if account.last_equity is not None else account.equity
            self._counted_from, self._day_before = _number("equity", known), account.last_equity
        return self._counted_from


class PositionSizingValidator:
    """Lets a position become at most this share of what the account is worth."""

    def __init__(self, max_position_pct: float = 0.25, *, price: Price | None = None) -> None:
        self._share = _limit("max_position_pct", max_position_pct) or Decimal(0)
        self._price = price

    def __call__(self, broker: Broker, order: Order) -> Verdict:
        """Tell whether the position would stay small enough."""
        price = _price_of(broker, order, self._price)
        position = broker.get_position(order.symbol)
        held = _number("position", position.qty) if position is not None else Decimal(0)
        after = held + _size(order, price) * Decimal(order.side.sign)
        if abs(after) <= abs(held):
            return _FINE
        if price is None:
            return False, f"No price of {order.symbol} is known, so nobody knows its share"
        equity = _number("equity", broker.get_account().equity)
        if equity <= 0 or abs(after) * price > self._share * equity:
            return False, f"{order.symbol} would be more than {self._share:.1%} of the account"
        return _FINE


class TradingHoursValidator:
    """Lets orders through while the market is open."""

    def __init__(
        self,
        allow_extended_hours: bool = False,
        *,
        session: TradingSession | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._session = session or TradingSession(extended_hours=allow_extended_hours, now=now)

    def __call__(self, broker: Broker, order: Order) -> Verdict:
        """Tell whether the market is open; crypto always is."""
        if "/" in order.symbol or self._session.is_market_open():
            return _FINE
        return False, f"The market is closed until {self._session.next_open():%Y-%m-%d %H:%M %Z}"


class SymbolWhitelistValidator:
    """Lets orders of some symbols through."""

    def __init__(self, allowed_symbols: Iterable[str]) -> None:
        self._allowed = frozenset(symbol.strip().upper() for symbol in allowed_symbols)

    def __call__(self, broker: Broker, order: Order) -> Verdict:
        """Tell whether the symbol is one of them."""
        if order.symbol.strip().upper() in self._allowed:
            return _FINE
        return False, f"{order.symbol} is not in the list of symbols that may be traded"


def _limit(name: str, value: Number | None) -> Decimal | None:
    if value is None:
        return None
    limit = _number(name, value)
    if limit < 0:
        raise InvalidValue(f"{name} is {value}: a limit is no less than nothing", field=name)
    return limit


def _number(name: str, value: Number) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise InvalidValue(f"The {name} is {value}", field=name)
    return number


def _size(order: Order, price: Decimal | None) -> Decimal:
    """Give how many shares an order is for."""
    if order.notional is None:
        size = _number("quantity", order.qty)
    elif price is None:
        raise InvalidValue(f"No price of {order.symbol} is known, so nobody knows how many shares that is")
    else:
        size = _number("notional", order.notional) / price
    if size <= 0:
        raise InvalidValue(f"An order for {size} shares")
    return size


def _price_of(broker: Broker, order: Order, told: Price | None) -> Decimal | None:
    """Give a price at which an order is to be valued."""
    named = order.limit_price if order.limit_price is not None else order.stop_price
    known = named if named is not None else (told(order.symbol) if told is not None else None)
    if known is None:
        position = broker.get_position(order.symbol)
        known = _last_price(position) if position is not None else None
    if known is None:
        return None
    price = _number("price", known)
    if price <= 0:
        raise InvalidValue(f"The price of {order.symbol} is {price}", field="price")
    return price


def _last_price(position: Position) -> Decimal | None:
    held = _number("position", position.qty)
    return abs(_number("market value", position.market_value) / held) if held else None
