"""Trades: fills paired into round trips, the oldest shares of a position leaving first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats, Ints, Mask
from puffling.puffin.backtest.simulation import FillColumns, Simulated

# What is left of a position after as many shares left as came is a rounding error, no position.
_DUST = 1e-9


class Resized(NamedTuple):
    """A split: from this bar's open on, so many shares are what was one."""

    bar: int
    symbol: int
    ratio: float


@frozen(eq=False)
class TradeColumns:
    """Round trips as columns, in the order they ended; a quantity is negative where it was sold short.

    Across a split, quantity and entry price are told in shares as they are at the exit. `profit` is what a
    trade brought after its part of the commissions; slippage is in the prices. `exit_fill` is the place of
    the fill that ended it.
    """

    symbol: Ints
    quantity: Floats
    entry_bar: Ints
    entry_price: Floats
    exit_bar: Ints
    exit_price: Floats
    commission: Floats
    profit: Floats
    exit_fill: Ints

    def __len__(self) -> int:
        return len(self.symbol)

    @property
    def returns(self) -> Floats:
        """What each trade brought, as a share of what it put in."""
        invested = np.abs(self.quantity) * self.entry_price
        return np.divide(self.profit, invested, out=np.zeros_like(invested), where=invested > 0.0)


@dataclass(slots=True)
class _Lot:
    quantity: float
    price: float
    fee: float
    bar: int


def round_trips(fills: FillColumns, resized: Sequence[Resized] = ()) -> TradeColumns:
    """Pair the fills of one run, `resized` being its splits by bar; what is still held is no trade yet."""
    rows: list[tuple[int, float, int, float, int, float, float, float, int]] = []
    lots: dict[int, deque[_Lot]] = {}
    splits = deque(resized)
    columns = (fills.bar, fills.symbol, fills.quantity, fills.price, fills.commission)
    told_fills = zip(*(each.tolist() for each in columns), strict=True)
    for place, (bar, symbol, quantity, price, commission) in enumerate(told_fills):
        while splits and splits[0].bar <= bar:
            _split(lots, splits.popleft())
        open_lots = lots.setdefault(symbol, deque())
        left, fee = quantity, commission / abs(quantity)
        while left and open_lots and open_lots[0].quantity * left < 0.0:
            lot = open_lots[0]
            closed = min(abs(left), abs(lot.quantity))
            signed = closed if lot.quantity > 0.0 else -closed
            paid = closed * (lot.fee + fee)
            profit = signed * (price - lot.price) - paid
            rows.append((symbol, signed, lot.bar, lot.price, bar, price, paid, profit, place))
            lot.quantity -= signed
            left += signed
            if abs(lot.quantity) <= _DUST * closed:
                open_lots.popleft()
            if abs(left) <= _DUST * abs(quantity):
                left = 0.0
        if left:
            open_lots.append(_Lot(left, price, fee, bar))
    whole, exact = np.int64, np.float64
    told = [*zip(*rows, strict=True)] or [()] * 9
    return TradeColumns(
        symbol=np.array(told[0], whole),
        quantity=np.array(told[1], exact),
        entry_bar=np.array(told[2], whole),
        entry_price=np.array(told[3], exact),
        exit_bar=np.array(told[4], whole),
        exit_price=np.array(told[5], exact),
        commission=np.array(told[6], exact),
        profit=np.array(told[7], exact),
        exit_fill=np.array(told[8], whole),
    )


def _split(lots: dict[int, deque[_Lot]], resized: Resized) -> None:
    for lot in lots.get(resized.symbol, ()):
        lot.quantity *= resized.ratio
        lot.price /= resized.ratio
        lot.fee /= resized.ratio


@frozen(eq=False)
class TradeTally:
    """How the trades of many runs went, each (runs,)."""

    count: Ints
    won: Ints
    gained: Floats
    lost: Floats

    @property
    def win_rate(self) -> Floats:
        """Share of trades that brought something; 0 without trades."""
        return np.divide(self.won, self.count, out=np.zeros(len(self.count)), where=self.count > 0)

    @property
    def profit_factor(self) -> Floats:
        """Money gained for each unit lost; infinite where none was lost, 0 without trades."""
        factor = np.where(self.gained > 0.0, np.inf, 0.0)
        return np.divide(self.gained, self.lost, out=factor, where=self.lost > 0.0)


def tally(simulated: Simulated) -> TradeTally:
    """Count the trades of every run."""
    fills, offsets = simulated.fill_columns, simulated.fill_offsets
    runs = len(offsets) - 1
    if simulated.held.shape[1] > 1:
        return _counted([round_trips(simulated.fills(run)) for run in range(runs)])
    run = np.repeat(np.arange(runs), np.diff(offsets))
    closing = (np.arange(len(fills)) - offsets[run]) % 2 == 1
    entries, exits = np.flatnonzero(closing) - 1, np.flatnonzero(closing)
    # Runs that only ever enter and leave in full need no lots: each second fill undoes the one before it.
    odd = fills.quantity[exits] != -fills.quantity[entries]
    uneven = np.unique(run[exits[odd]])
    profit = fills.quantity[entries] * (fills.price[exits] - fills.price[entries]) - (
        fills.commission[entries] + fills.commission[exits]
    )
    told = _summed(run[exits], profit, runs)
    for place in uneven.tolist():
        one = _counted([round_trips(simulated.fills(place))])
        for whole, part in ((told.count, one.count), (told.won, one.won)):
            whole[place] = part[0]
        for amount, share in ((told.gained, one.gained), (told.lost, one.lost)):
            amount[place] = share[0]
    return told


def _counted(trades: list[TradeColumns]) -> TradeTally:
    run = np.repeat(np.arange(len(trades)), [len(each) for each in trades])
    return _summed(run, np.concatenate([each.profit for each in trades]), len(trades))


def _summed(run: Ints, profit: Floats, runs: int) -> TradeTally:
    won: Mask = profit > 0.0
    return TradeTally(
        np.bincount(run, minlength=runs),
        np.bincount(run[won], minlength=runs),
        _totals(run[won], profit[won], runs),
        -_totals(run[~won], profit[~won], runs),
    )


def _totals(run: Ints, amounts: Floats, runs: int) -> Floats:
    # Without any amount numpy counts in whole numbers.
    return np.bincount(run, weights=amounts, minlength=runs).astype(np.float64)
