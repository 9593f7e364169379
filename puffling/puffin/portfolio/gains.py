"""What a year brought: every lot that was closed in it, and the sums a tax return asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from puffling.frozen import frozen

if TYPE_CHECKING:
    from puffling.puffin.portfolio.lots import Closed, Deal

_WASH = timedelta(days=30)
_NOTHING = Decimal(0)


@frozen
class GainLine:
    """A closed lot as the report shows it; days are those of the exchange."""

    symbol: str
    quantity: Decimal
    opened: date
    closed: date
    proceeds: Decimal
    basis: Decimal
    gain: Decimal
    long_term: bool
    short_sale: bool
    # A loss with the same symbol bought again within 30 days: it may not be a loss for the tax office.
    bought_again: bool
    closed_by: str
    lot: str


@frozen
class GainSums:
    """What some lines come to together."""

    count: int
    proceeds: Decimal
    basis: Decimal
    gain: Decimal


@frozen
class GainReport:
    """The realised gains of a year, and the money that came without a trade."""

    year: int
    lines: tuple[GainLine, ...]
    short_term: GainSums
    long_term: GainSums
    total: GainSums


def long_term_from(opened: date) -> date:
    """Give the first day on which closing it counts as long-term: a year and a day after it was bought."""
    try:
        anniversary = opened.replace(year=opened.year + 1)
    except ValueError:
        # Bought on a 29 February: the year is full at the end of 28 February.
        anniversary = date(opened.year + 1, 2, 28)
    return anniversary + timedelta(days=1)


def is_long_term(opened: date, closed: date) -> bool:
    """Tell whether something was held for more than a year."""
    return closed >= long_term_from(opened)


def yearly(closed: Iterable[Closed], year: int, zone: tzinfo, *, deals: Sequence[Deal] = ()) -> GainReport:
    """Give the report of a year, by the day something was closed in this zone.

    A short sale counts as short-term however long it was open. The `deals` tell which losses came close to
    another purchase of the same.
    """
    bought: dict[str, list[tuple[str, date]]] = {}
    for deal in deals:
        if deal.quantity > 0 and abs(deal.at.year - year) <= 1:
            bought.setdefault(deal.symbol, []).append((deal.id, _day(deal.at, zone)))
    lines = tuple(
        _line(each, zone, bought.get(each.symbol, ()))
        for each in sorted(closed, key=lambda each: each.closed)
        if _day(each.closed, zone).year == year
    )
    return GainReport(
        year,
        lines,
        short_term=_sums(line for line in lines if not line.long_term),
        long_term=_sums(line for line in lines if line.long_term),
        total=_sums(lines),
    )


def _line(closed: Closed, zone: tzinfo, bought: Sequence[tuple[str, date]]) -> GainLine:
    opened, ended = _day(closed.opened, zone), _day(closed.closed, zone)
    again = closed.gain < 0 and any(
        id not in (closed.lot, closed.closed_by) and abs(day - ended) <= _WASH for id, day in bought
    )
    return GainLine(
        symbol=closed.symbol,
        quantity=closed.quantity,
        opened=opened,
        closed=ended,
        proceeds=closed.proceeds,
        basis=closed.basis,
        gain=closed.gain,
        long_term=not closed.is_short and is_long_term(opened, ended),
        short_sale=closed.is_short,
        bought_again=again,
        closed_by=closed.closed_by,
        lot=closed.lot,
    )


def _sums(lines: Iterable[GainLine]) -> GainSums:
    kept = tuple(lines)
    return GainSums(
        len(kept),
        sum((line.proceeds for line in kept), _NOTHING),
        sum((line.basis for line in kept), _NOTHING),
        sum((line.gain for line in kept), _NOTHING),
    )


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
