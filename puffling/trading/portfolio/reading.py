"""An account put together for people: from what is stored, what its broker says, and what prices are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

import numpy as np

from puffling.frozen import frozen
from puffling.market.values import Instrument, Price
from puffling.puffin.broker.exchange_days import NEW_YORK
from puffling.puffin.portfolio.exposure import exposure, weight
from puffling.puffin.portfolio.gains import long_term_from, yearly
from puffling.puffin.portfolio.lots import Choices, Deal, Lot, Matching
from puffling.puffin.portfolio.returns import Flow, growth, money_weighted, time_weighted
from puffling.puffin.portfolio.returns import Worth as Mark
from puffling.runtime.clock import microseconds, moment_of
from puffling.store.database import Unit
from puffling.store.orders import CashFlow, FlowKind, Holding, Trade, Worth
from puffling.trading.days import day_began, day_of
from puffling.trading.portfolio.accounting import (
    Settled,
    days,
    flowed,
    gain_since,
    moved,
    rate,
    settled,
)
from puffling.trading.portfolio.values import (
    EquityCurve,
    ExposureLine,
    Gains,
    OpenLot,
    Portfolio,
    Position,
    SymbolGain,
    YearlyGains,
)
from puffling.trading.values import AccountView
from puffling.trading.wire import exact

_NOTHING = Decimal(0)
_DAYS_SHOWN = 400
# Finer than anybody reads: a tick of one price must not change every row.
_FINEST_WEIGHT = Decimal("0.0001")


@frozen
class Standing:
    """What is known of the money of an account; not connected means as it was last written down."""

    account: str
    label: str
    mode: str
    connected: bool = False
    reason: str = ""
    as_of: datetime | None = None
    currency: str = "USD"
    equity: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    settled_cash: Decimal | None = None
    last_equity: Decimal | None = None


@frozen
class Record:
    """Everything that is stored of an account, its trades in lots already."""

    account: str
    trades: tuple[Trade, ...]
    flows: tuple[CashFlow, ...]
    curve: tuple[Worth, ...]
    holdings: tuple[Holding, ...]
    settled: Settled
    matching: Matching

    @property
    def moved(self) -> tuple[Flow, ...]:
        """Give what the person paid in or took out."""
        return moved(self.flows)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Give what is held, by the alphabet."""
        return tuple(sorted({lot.symbol for lot in self.settled.book.lots()}))


def read_record(unit: Unit, account: str, matching: Matching, choices: Choices) -> Record:
    """Read what is stored of an account."""
    trades = unit.trades.of(account)
    return Record(
        account,
        trades,
        unit.flows.of(account),
        unit.worth.curve(account),
        unit.holdings.of(account),
        settled(trades, matching, choices),
        matching,
    )


def standing_of(view: AccountView) -> Standing:
    """Give what the broker last said of the account."""
    known, info = view.account, view.info
    standing = Standing(known.id, known.label, known.mode, reason=view.reason, as_of=view.as_of)
    if info is None:
        return standing
    return replace(
        standing,
        connected=True,
        currency=info.currency,
        equity=exact(info.equity),
        cash=exact(info.cash),
        buying_power=exact(info.buying_power),
        settled_cash=None if info.settled_cash is None else exact(info.settled_cash),
        last_equity=None if info.last_equity is None else exact(info.last_equity),
    )


def positions_of(
    record: Record, prices: Mapping[str, Price], instruments: Mapping[str, Instrument]
) -> tuple[Position, ...]:
    """Give what is held, each with its price where that is known; without weights yet."""
    found = []
    for symbol in record.symbols:
        price, instrument = prices.get(symbol), instruments.get(symbol)
        lately = [] if price is None else _since(record.settled.deals[symbol], price)
        quantity = record.settled.book.quantity(symbol)
        position = Position(
            symbol,
            instrument.name if instrument is not None else "",
            instrument.asset_class.value if instrument is not None else "other",
            quantity,
            record.settled.book.cost(symbol),
            record.settled.realized(symbol),
            instrument.price_decimals if instrument is not None else 2,
            earlier=quantity - sum((deal.quantity for deal in lately), _NOTHING),
            paid_today=sum((deal.cost for deal in lately), _NOTHING),
        )
        found.append(position if price is None else priced(position, price))
    return tuple(found)


def _since(deals: Sequence[Deal], price: Price) -> list[Deal]:
    """Give the deals since the day of a price began."""
    began = day_began(moment_of(price.time_us))
    return list(takewhile(lambda deal: deal.at >= began, reversed(deals)))


def priced(position: Position, price: Price) -> Position:
    """Give a position at the newest price."""
    close = price.previous_close
    return position.at(
        Decimal(repr(float(price.price))),
        Decimal(repr(float(close))) if close else None,
        moment_of(price.time_us),
        price.label,
    )


def portfolio_of(
    standing: Standing, record: Record, positions: Iterable[Position], now: datetime
) -> Portfolio:
    """Put an account together. What it is worth follows the prices, where all of them are known."""
    began = _day_start(standing, record, now)
    shown = Portfolio(
        account=standing.account,
        label=standing.label,
        mode=standing.mode,
        connected=standing.connected,
        reason=standing.reason,
        as_of=standing.as_of,
        currency=standing.currency,
        equity=standing.equity,
        cash=standing.cash,
        buying_power=standing.buying_power,
        settled_cash=standing.settled_cash,
        day_start=began,
        today=None,
        today_share=None,
        total=None
        if standing.equity is None
        else gain_since(record.curve, record.moved, standing.equity, _FIRST),
        realized=record.settled.realized(),
        unrealized=None,
    )
    return _weighed(shown, tuple(positions))


def repriced(shown: Portfolio, prices: Mapping[str, Price]) -> Portfolio:
    """Give an account at newer prices of some of what it holds."""
    held = tuple(
        priced(each, prices[each.symbol]) if each.symbol in prices else each for each in shown.positions
    )
    return _weighed(shown, held)


def _weighed(shown: Portfolio, held: tuple[Position, ...]) -> Portfolio:
    values = [each.value for each in held if each.value is not None]
    gains = [each.unrealized for each in held if each.unrealized is not None]
    whole = len(values) == len(held)
    equity, total = shown.equity, shown.total
    if shown.cash is not None and whole:
        equity = shown.cash + sum(values, _NOTHING)
        if total is not None and shown.equity is not None:
            total += equity - shown.equity
    today = None if equity is None or shown.day_start is None else equity - shown.day_start
    spread = exposure(((each.asset_class, each.value or _NOTHING) for each in held), equity or _NOTHING)
    return replace(
        shown,
        equity=equity,
        today=today,
        today_share=today / shown.day_start if today is not None and shown.day_start else None,
        total=total,
        unrealized=sum(gains, _NOTHING) if whole else None,
        positions=tuple(_with_weight(each, equity) for each in held),
        exposure=tuple(
            ExposureLine(each.name, each.long, each.short, each.net, each.share) for each in spread
        ),
    )


def _with_weight(position: Position, equity: Decimal | None) -> Position:
    """Give a position with its share; one whose share is the same as before stays as it is."""
    found = None if position.value is None or equity is None else weight(position.value, equity)
    rounded = None if found is None else found.quantize(_FINEST_WEIGHT)
    return position if rounded == position.weight else replace(position, weight=rounded)


def gains_of(standing: Standing, record: Record, positions: Iterable[Position], now: datetime) -> Gains:
    """Tell what an account earned, from all sides."""
    held = tuple(positions)
    whole = portfolio_of(standing, record, held, now)
    curve, flows, equity = record.curve, record.moved, whole.equity
    marks = [Mark(mark.at, mark.equity) for mark in curve]
    if equity is not None and standing.connected and (not marks or marks[-1].at < now):
        marks.append(Mark(now, equity))
    midnight = day_began(now)
    spans = {"month": midnight.replace(day=1), "year": midnight.replace(month=1, day=1)}
    since = {
        name: None if equity is None else gain_since(curve, flows, equity, start)
        for name, start in spans.items()
    }
    by_symbol = {each.symbol: each for each in held}
    return Gains(
        account=record.account,
        since=marks[0].at if marks else None,
        equity=equity,
        today=whole.today,
        month=since["month"],
        year=since["year"],
        total=whole.total,
        realized=whole.realized,
        unrealized=whole.unrealized,
        dividends=flowed(record.flows, FlowKind.DIVIDEND),
        interest=flowed(record.flows, FlowKind.INTEREST),
        fees=sum((deal.fees for deals in record.settled.deals.values() for deal in deals), _NOTHING)
        - flowed(record.flows, FlowKind.FEE),
        deposits=flowed(record.flows, FlowKind.DEPOSIT),
        withdrawals=-flowed(record.flows, FlowKind.WITHDRAWAL),
        matching=record.matching.value,
        time_weighted=rate(time_weighted(marks, flows)),
        money_weighted=rate(money_weighted(marks[0], marks[-1], flows) if marks else time_weighted([])),
        symbols=_by_symbol(record, by_symbol),
        days=days(curve, flows)[-_DAYS_SHOWN:],
    )


def lots_of(record: Record, symbol: str | None, price: Mapping[str, Decimal]) -> tuple[OpenLot, ...]:
    """Give the open lots of a symbol, or of all, the oldest first."""
    return open_lots(record.settled.book.lots(symbol), price)


def open_lots(lots: Iterable[Lot], price: Mapping[str, Decimal] | None = None) -> tuple[OpenLot, ...]:
    """Give lots as they are shown, with what they are worth where a price is known."""
    known = price or {}
    return tuple(_open_lot(lot, known.get(lot.symbol)) for lot in lots)


def yearly_of(record: Record, year: int) -> YearlyGains:
    """Give the realised gains of a year."""
    deals = [deal for each in record.settled.deals.values() for deal in each]
    report = yearly(record.settled.closed, year, NEW_YORK, deals=deals)
    flows = [flow for flow in record.flows if day_of(flow.at).year == year]
    years = {day_of(each.closed).year for each in record.settled.closed}
    years |= {day_of(flow.at).year for flow in record.flows if flow.kind is FlowKind.DIVIDEND}
    return YearlyGains(
        account=record.account,
        year=year,
        matching=record.matching.value,
        rows=report.lines,
        short_term=report.short_term,
        long_term=report.long_term,
        total=report.total,
        dividends=flowed(flows, FlowKind.DIVIDEND),
        interest=flowed(flows, FlowKind.INTEREST),
        fees=-flowed(flows, FlowKind.FEE),
        years=tuple(sorted(years, reverse=True)),
    )


def curve_of(
    record: Record,
    now: datetime,
    equity: Decimal | None,
    symbol: str,
    closes_us: Sequence[int] = (),
    closes: Sequence[float] = (),
) -> EquityCurve:
    """Give what the account was worth, and the growth of one unit beside that of a benchmark."""
    marks = [Mark(mark.at, mark.equity) for mark in record.curve]
    if equity is not None and (not marks or marks[-1].at < now):
        marks.append(Mark(now, equity))
    grown = growth(marks, record.moved)
    times = tuple(mark.at for mark in marks)
    return EquityCurve(
        record.account,
        symbol,
        times,
        tuple(float(mark.amount) for mark in marks),
        () if grown is None else tuple(float(unit) for _, unit in grown),
        _benchmark(times, closes_us, closes),
    )


def _benchmark(
    times: Sequence[datetime], closes_us: Sequence[int], closes: Sequence[float]
) -> tuple[float, ...]:
    if not times or not len(closes):
        return ()
    asked = np.array([microseconds(each) for each in times], np.int64)
    # What closes later was not known then; before the first close there is nothing but that.
    places = np.maximum(np.searchsorted(np.asarray(closes_us, np.int64), asked, side="right") - 1, 0)
    values = np.asarray(closes, np.float64)[places]
    told: list[float] = (values / values[0]).tolist()
    return tuple(told)


def _day_start(standing: Standing, record: Record, now: datetime) -> Decimal | None:
    midnight = day_began(now)
    paid = sum((flow.amount for flow in record.moved if flow.at > midnight), _NOTHING)
    if standing.last_equity is not None:
        return standing.last_equity + paid
    marks = record.curve
    start = next((mark for mark in reversed(marks) if mark.at <= midnight), marks[0] if marks else None)
    if start is None:
        return None
    return start.equity + sum((flow.amount for flow in record.moved if flow.at > start.at), _NOTHING)


def _by_symbol(record: Record, held: Mapping[str, Position]) -> tuple[SymbolGain, ...]:
    found = []
    dividends: dict[str, Decimal] = {}
    for flow in record.flows:
        if flow.kind is FlowKind.DIVIDEND:
            dividends[flow.symbol] = dividends.get(flow.symbol, _NOTHING) + flow.amount
    symbols = {*record.settled.deals, *(symbol for symbol in dividends if symbol)}
    for symbol in symbols:
        deals = record.settled.deals.get(symbol, ())
        position = held.get(symbol)
        found.append(
            SymbolGain(
                symbol,
                record.settled.realized(symbol),
                _NOTHING if position is None else position.unrealized,
                dividends.get(symbol, _NOTHING),
                sum((deal.fees for deal in deals), _NOTHING),
                len(deals),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.total, each.symbol)))


def _open_lot(lot: Lot, price: Decimal | None) -> OpenLot:
    return OpenLot(
        lot.id,
        lot.symbol,
        lot.opened,
        lot.quantity,
        lot.price,
        lot.cost,
        None if price is None else lot.quantity * price,
        None if price is None else lot.unrealised(price),
        long_term_from(day_of(lot.opened)),
    )


_FIRST = moment_of(0)
