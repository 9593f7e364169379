"""A portfolio as every face shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from puffling.frozen import frozen
from puffling.puffin.portfolio.gains import GainLine, GainSums

_NOTHING = Decimal(0)


@frozen
class Position:
    """What is held of a symbol, with its gain; what needs a price is None without one.

    `cost` has the fees of buying in it, and is negative for what was sold short. `earlier` and `paid_today`
    are what today's gain is told from: what was held when the day began, and what was paid for more since.
    """

    symbol: str
    name: str
    asset_class: str
    quantity: Decimal
    cost: Decimal
    realized: Decimal
    price_decimals: int
    earlier: Decimal
    paid_today: Decimal
    price: Decimal | None = None
    previous_close: Decimal | None = None
    priced_at: datetime | None = None
    source: str = ""
    value: Decimal | None = None
    unrealized: Decimal | None = None
    unrealized_share: Decimal | None = None
    today: Decimal | None = None
    today_share: Decimal | None = None
    weight: Decimal | None = None

    @property
    def average_price(self) -> Decimal:
        """Give what one cost, with fees."""
        return self.cost / self.quantity

    def at(
        self, price: Decimal, previous_close: Decimal | None, priced_at: datetime, source: str
    ) -> Position:
        """Give the position at another price; its weight is told by whoever knows the whole."""
        value = self.quantity * price
        gain = value - self.cost
        began = None if previous_close is None else self.earlier * previous_close
        today = None if began is None else value - began - self.paid_today
        invested = abs(began or _NOTHING) + max(self.paid_today, _NOTHING)
        return replace(
            self,
            price=price,
            previous_close=previous_close,
            priced_at=priced_at,
            source=source,
            value=value,
            unrealized=gain,
            unrealized_share=gain / abs(self.cost) if self.cost else None,
            today=today,
            today_share=today / invested if today is not None and invested else None,
        )


@frozen
class ExposureLine:
    """The positions of one kind of asset together."""

    asset_class: str
    long: Decimal
    short: Decimal
    net: Decimal
    share: Decimal | None


@frozen
class Portfolio:
    """An account with all that lies in it. `connected` is whether its broker has told what it is worth."""

    account: str
    label: str
    mode: str
    connected: bool
    reason: str
    as_of: datetime | None
    currency: str
    equity: Decimal | None
    cash: Decimal | None
    buying_power: Decimal | None
    settled_cash: Decimal | None
    # What the account was worth when the day began, with what was paid in or out since.
    day_start: Decimal | None
    today: Decimal | None
    today_share: Decimal | None
    total: Decimal | None
    realized: Decimal
    unrealized: Decimal | None
    positions: tuple[Position, ...] = ()
    exposure: tuple[ExposureLine, ...] = ()


@frozen
class OpenLot:
    """One purchase, or short sale, of which something is left."""

    id: str
    symbol: str
    opened: datetime
    quantity: Decimal
    price: Decimal
    cost: Decimal
    value: Decimal | None
    unrealized: Decimal | None
    # From this day on a gain counts as long-term.
    long_term_from: date


@frozen
class LotsForSale:
    """The lots a trade could close, as they stood just before it, and how much of which was chosen."""

    trade: str
    symbol: str
    quantity: Decimal
    lots: tuple[OpenLot, ...]
    chosen: Mapping[str, Decimal]


@frozen
class ReturnRate:
    """How fast money grew: over the whole time, and a year where it was there for one; or why not."""

    whole: float | None
    annual: float | None
    why_not: str = ""


@frozen
class SymbolGain:
    """What one symbol has earned, dividends included."""

    symbol: str
    realized: Decimal
    unrealized: Decimal | None
    dividends: Decimal
    fees: Decimal
    trades: int

    @property
    def total(self) -> Decimal:
        """Give all of it."""
        return self.realized + (self.unrealized or _NOTHING) + self.dividends


@frozen
class DayGain:
    """What a day of New York brought, without what was paid in or out."""

    day: date
    equity: Decimal
    gain: Decimal


@frozen
class Gains:
    """What an account earned, from all sides. `since` is the first mark of its worth."""

    account: str
    since: datetime | None
    equity: Decimal | None
    today: Decimal | None
    month: Decimal | None
    year: Decimal | None
    total: Decimal | None
    realized: Decimal
    unrealized: Decimal | None
    dividends: Decimal
    interest: Decimal
    fees: Decimal
    deposits: Decimal
    withdrawals: Decimal
    matching: str
    time_weighted: ReturnRate
    money_weighted: ReturnRate
    symbols: tuple[SymbolGain, ...] = ()
    days: tuple[DayGain, ...] = ()


@frozen
class EquityCurve:
    """What an account was worth over time, and what one unit of money grew to beside a benchmark.

    `benchmark` is the growth of the symbol by its closes, on the same moments; empty where it is not known.
    """

    account: str
    benchmark_symbol: str
    times: tuple[datetime, ...] = ()
    equity: tuple[float, ...] = ()
    growth: tuple[float, ...] = ()
    benchmark: tuple[float, ...] = ()
    problem: str = ""


@frozen
class TradeLine:
    """A trade of the history. `amount` is the money it moved: what was paid is negative, fees included."""

    id: str
    traded_at: datetime
    account: str
    mode: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fees: Decimal
    amount: Decimal
    realized: Decimal | None
    source: str
    note: str
    tags: tuple[str, ...]
    strategy: str = ""
    strategy_id: str | None = None
    order_id: str | None = None
    intent_id: str | None = None


@frozen
class MoneyFlow:
    """Money that came or went without a trade; `by_hand` is what the person entered."""

    id: str
    account: str
    kind: str
    amount: Decimal
    at: datetime
    symbol: str
    note: str
    by_hand: bool


@frozen
class YearlyGains:
    """The realised gains of a year, lot by lot, and the money that came without a trade."""

    account: str
    year: int
    matching: str
    rows: tuple[GainLine, ...]
    short_term: GainSums
    long_term: GainSums
    total: GainSums
    dividends: Decimal
    interest: Decimal
    fees: Decimal
    years: tuple[int, ...]


@frozen
class TextFile:
    """A file as text, with the name it should have."""

    file_name: str
    media_type: str
    text: str
    rows: int
