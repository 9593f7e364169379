"""What margin allows a paper account, and what time, splits and dividends do to it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from puffling.puffin.backtest.costs import Carry
from puffling.puffin.broker.base import AccountInfo, Position
from puffling.puffin.broker.paper_book import EXACT, PaperBook, PaperFlow, PaperOrder, exact
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.data.instants import US_PER_DAY, to_us

SPLIT = "split"
_DAYS_A_YEAR = 365.0


def buying_power(book: PaperBook, terms: PaperTerms) -> float:
    """Give what all positions together may still grow by; a margin call leaves nothing."""
    worth = book.worth()
    if worth < maintenance(book, terms):
        return 0.0
    return max(terms.leverage * worth - book.gross(), 0.0)


def maintenance(book: PaperBook, terms: PaperTerms) -> float:
    """Give the equity that the positions want to be kept."""
    return sum(
        abs(float(stake.quantity))
        * book.price(symbol)
        * (terms.maintenance if stake.quantity > 0 else terms.short_maintenance)
        for symbol, stake in book.positions.items()
    )


def positions(book: PaperBook, at: datetime) -> dict[str, Position]:
    """Give what is held, by symbol, at the newest prices."""
    told = {}
    for symbol, stake in book.positions.items():
        value = stake.quantity * exact(book.price(symbol))
        cost = stake.quantity * stake.average
        told[symbol] = Position(symbol, stake.quantity, stake.average, value, value - cost, cost, at)
    return told


def account(
    book: PaperBook, terms: PaperTerms, at: datetime, *, taken: float = 0.0, bought: float = 0.0
) -> AccountInfo:
    """Give what the account is worth at the newest prices.

    `taken` is what open orders may still take of the buying power, `bought` what open buys may of the cash.
    """
    invested = (each.quantity * exact(book.price(symbol)) for symbol, each in book.positions.items())
    equity = book.cash + sum(invested, Decimal(0))
    unsettled = sum((amount for _, amount in book.unsettled), Decimal(0))
    return AccountInfo(
        equity=equity,
        cash=book.cash,
        buying_power=_cents(max(buying_power(book, terms) - taken, 0.0)),
        portfolio_value=equity,
        margin_used=_cents(book.gross() / terms.leverage),
        maintenance_margin=_cents(maintenance(book, terms)),
        last_update=at,
        settled_cash=max(book.cash - unsettled - _cents(bought), Decimal(0)),
        last_equity=book.last_equity,
        number=book.name,
        may_short=terms.short,
    )


def pay_for_time(book: PaperBook, carry: Carry, at: datetime) -> bool:
    """Pay and earn interest, once a day; tells whether money moved."""
    since = book.paid_for_time_until
    if since is not None and at.date() <= since.date():
        return False
    book.paid_for_time_until = at
    if since is None or carry.is_free:
        return False
    years = float(to_us(at) - to_us(since)) / (US_PER_DAY * _DAYS_A_YEAR)
    cash = float(book.cash)
    short = sum(
        -float(stake.quantity) * book.price(symbol)
        for symbol, stake in book.positions.items()
        if stake.quantity < 0
    )
    rate = carry.cash_rate if cash > 0.0 else carry.margin_rate
    return _flow(book, "interest", exact((cash * rate - short * carry.borrow_rate) * years), at)


def pay_in(book: PaperBook, amount: Decimal, at: datetime) -> bool:
    """Pay money in or out; tells whether money moved."""
    return _flow(book, "deposit" if amount > 0 else "withdrawal", amount, at)


def pay_dividend(book: PaperBook, symbol: str, dividend: float, at: datetime) -> bool:
    """Pay a dividend on what is held, or take it from who is short; tells whether money moved."""
    return _flow(book, "dividend", EXACT.multiply(book.held(symbol), exact(dividend)), at, symbol)


def split_stake(book: PaperBook, symbol: str, ratio: Fraction, at: datetime) -> None:
    """Hold so many times as much, each worth so much less; the difference is noted as a flow of shares."""
    stake = book.positions.get(symbol)
    if stake is not None:
        more = EXACT.subtract(_times(stake.quantity, ratio), stake.quantity)
        book.flows.append(PaperFlow(book.next_id(), SPLIT, more, at, symbol))
        stake.quantity, stake.average = _times(stake.quantity, ratio), _times(stake.average, 1 / ratio)
    if symbol in book.marks:
        book.marks[symbol] /= float(ratio)


def split_order(order: PaperOrder, ratio: Fraction) -> None:
    """Go on in shares of another size; what was filled stays what the executions add up to."""
    loose = order.waiting.loose
    order.waiting.split(float(ratio))
    order.left(_times(order.remaining, ratio))
    order.quantity = EXACT.add(order.filled, order.remaining) if loose else _times(order.quantity, ratio)


def _cents(value: float) -> Decimal:
    return round(exact(value), 2)


def _times(value: Decimal, ratio: Fraction) -> Decimal:
    product = EXACT.multiply(value, Decimal(ratio.numerator))
    return EXACT.divide(product, Decimal(ratio.denominator))


def _flow(book: PaperBook, kind: str, amount: Decimal, at: datetime, symbol: str = "") -> bool:
    if not amount:
        return False
    book.cash = EXACT.add(book.cash, amount)
    book.flows.append(PaperFlow(book.next_id(), kind, amount, at, symbol))
    return True
