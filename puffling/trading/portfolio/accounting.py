"""From trades, flows of money and marks of worth to lots, gains and returns; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from puffling.frozen import frozen
from puffling.puffin.orders import Side
from puffling.puffin.portfolio.lots import Choices, Closed, Deal, LotBook, Matching, Split, settle
from puffling.puffin.portfolio.returns import Flow, NoRate, Rate
from puffling.runtime.text import tr
from puffling.store.orders import CashFlow, FlowKind, Trade, Worth
from puffling.trading.days import day_of
from puffling.trading.history import ADJUSTMENT, OPENING
from puffling.trading.portfolio.values import DayGain, ReturnRate

# What the person moves in or out; dividends, interest and fees are part of what was earned.
_MOVED = frozenset({FlowKind.DEPOSIT, FlowKind.WITHDRAWAL})
_NOTHING = Decimal(0)


@frozen
class Settled:
    """The lots of some trades: what is still open, what every sale closed, and both by symbol."""

    book: LotBook
    closed: tuple[Closed, ...]
    deals: Mapping[str, tuple[Deal, ...]]
    gains: Mapping[str, Decimal]

    def earned(self) -> dict[str, Decimal | None]:
        """Give what each trade realised, by its id; None for one that closed nothing."""
        found: dict[str, Decimal | None] = {deal.id: None for deals in self.deals.values() for deal in deals}
        for each in self.closed:
            found[each.closed_by] = (found[each.closed_by] or _NOTHING) + each.gain
        return found

    def realized(self, symbol: str | None = None) -> Decimal:
        """Give what was realised with a symbol, or with all."""
        return sum(self.gains.values(), _NOTHING) if symbol is None else self.gains.get(symbol, _NOTHING)


def settled(
    trades: Iterable[Trade], matching: Matching = Matching.FIFO, choices: Choices | None = None
) -> Settled:
    """Put trades into lots.

    What was found in the account without a price while something was held already is a split: there are more
    (or fewer) of the same, for the same money.
    """
    deals: list[Deal] = []
    splits: list[Split] = []
    held: dict[str, Decimal] = {}
    for trade in trades:
        signed = trade.quantity if trade.side is Side.BUY else -trade.quantity
        before = held.get(trade.symbol, _NOTHING)
        held[trade.symbol] = after = before + signed
        if trade.source == OPENING and not trade.price and before and after * before > 0:
            splits.append(Split(trade.traded_at, trade.symbol, after / before))
        elif signed:
            at_cost = trade.source == ADJUSTMENT
            deals.append(
                Deal(trade.id, trade.traded_at, trade.symbol, signed, trade.price, trade.fees, at_cost)
            )
    book, closed = settle(deals, splits, matching=matching, choices=choices)
    by_symbol: dict[str, list[Deal]] = {}
    for deal in deals:
        by_symbol.setdefault(deal.symbol, []).append(deal)
    gains: dict[str, Decimal] = {}
    for each in closed:
        gains[each.symbol] = gains.get(each.symbol, _NOTHING) + each.gain
    return Settled(book, closed, {symbol: tuple(each) for symbol, each in by_symbol.items()}, gains)


def moved(flows: Iterable[CashFlow]) -> tuple[Flow, ...]:
    """Give what the person paid in or took out."""
    return tuple(Flow(each.at, each.amount) for each in flows if each.kind in _MOVED)


def flowed(flows: Iterable[CashFlow], *kinds: FlowKind) -> Decimal:
    """Give what flows of these kinds come to."""
    return sum((each.amount for each in flows if each.kind in kinds), _NOTHING)


def gain_since(
    curve: Sequence[Worth], flows: Sequence[Flow], equity: Decimal, since: datetime
) -> Decimal | None:
    """Give what was earned since a moment, from the last mark before it, or the first there is."""
    start = next((mark for mark in reversed(curve) if mark.at <= since), curve[0] if curve else None)
    if start is None:
        return None
    return equity - start.equity - sum((flow.amount for flow in flows if flow.at > start.at), _NOTHING)


def days(curve: Sequence[Worth], flows: Sequence[Flow]) -> tuple[DayGain, ...]:
    """Give what each day with a mark brought, from the last mark of the day before on."""
    if not curve:
        return ()
    last: dict[date, Worth] = {day_of(mark.at): mark for mark in curve}
    found: list[DayGain] = []
    before, waiting = curve[0], sorted(flows, reverse=True)
    for day, mark in last.items():
        paid = _NOTHING
        while waiting and waiting[-1].at <= mark.at:
            flow = waiting.pop()
            paid += flow.amount if flow.at > before.at else _NOTHING
        found.append(DayGain(day, mark.equity, mark.equity - before.equity - paid))
        before = mark
    return tuple(found)


def rate(found: Rate) -> ReturnRate:
    """Give a rate with the reason why there is none in words."""
    return ReturnRate(found.whole, found.annual, tr(_WHY_NOT[found.why_not]) if found.why_not else "")


_WHY_NOT = {
    NoRate.TOO_SHORT: "There is no time yet to compare.",
    NoRate.FROM_NOTHING: "Something was earned or lost while no money was in the account.",
    NoRate.NONE_FITS: "No rate makes what was paid in into what there is.",
    NoRate.SEVERAL_FIT: "More than one rate makes what was paid in into what there is.",
}
