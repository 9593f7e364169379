"""Runs of signal strategies, many side by side, without walking through bars on which nothing happens.

A signal strategy says for every bar what it wants to hold; it is a matrix. What has to be computed one after
the other are the turns (see `turns`), because each one's quantities depend on the money the last one left.
So the first turns of all runs are made together, then the second ones, and so on; between them cash and
quantities stand still, and the equity is a multiplication.

Whoever asks for what waits at the market between two closes (stops, limits, brackets), for caps on volume,
for slippage that depends on size, or for costs of holding, is served by `walk`, which goes bar by bar. Where
both can answer they answer the same, to the last bit: the rule of a turn is one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.alone import turns_alone
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.panel import Floats, Ints, Mask, Panel
from puffling.puffin.backtest.turns import Book, Leg, Openings, turn
from puffling.puffin.errors import InvalidValue

# So many numbers of a run's equity are worked on together that they stay in the processor's cache.
_TOGETHER = 64_000
_TURNS_BETWEEN_PULSES = 200


@frozen(eq=False)
class FillColumns:
    """Fills as columns, as they happened; `symbol` is its place in the panel, quantity is signed."""

    bar: Ints
    symbol: Ints
    quantity: Floats
    price: Floats
    commission: Floats

    def __len__(self) -> int:
        return len(self.bar)


@frozen(eq=False)
class Simulated:
    """What runs came to: for each its fills, and what it held after each bar on which something changed.

    `offsets` tells where each run's part of `bar`, `cash` and `held` begins; each part begins with bar 0.
    """

    panel: Panel
    offsets: Ints
    bar: Ints
    cash: Floats
    held: Floats
    fill_offsets: Ints
    fill_columns: FillColumns

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def fills(self, run: int) -> FillColumns:
        """Give the fills of one run."""
        part = slice(self.fill_offsets[run], self.fill_offsets[run + 1])
        columns = self.fill_columns
        return FillColumns(
            columns.bar[part],
            columns.symbol[part],
            columns.quantity[part],
            columns.price[part],
            columns.commission[part],
        )

    def equity(self, run: int) -> Floats:
        """Give what one run was worth at the close of every bar."""
        worth: Floats = self.equities(run, run + 1)[0]
        return worth

    def equities(self, first: int, last: int) -> Floats:
        """Give what the runs from one up to another were worth, as (runs, bars)."""
        part = slice(self.offsets[first], self.offsets[last])
        lasting = self._lasting(first, last)
        worth = np.repeat(self.cash[part], lasting).reshape(last - first, len(self.panel))
        for place in range(self.held.shape[1]):
            held = np.repeat(self.held[part, place], lasting).reshape(worth.shape)
            held *= self.panel.marks[:, place]
            worth += held
        return worth

    def positions(self, run: int) -> Floats:
        """Give what one run held over every bar, as (bars, symbols)."""
        part = slice(self.offsets[run], self.offsets[run + 1])
        return np.repeat(self.held[part], self._lasting(run, run + 1), axis=0)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Give stretches of runs whose equity is best worked on together."""
        step = max(_TOGETHER // max(len(self.panel), 1), 1)
        for first in range(0, len(self), step):
            yield first, min(first + step, len(self))

    def _lasting(self, first: int, last: int) -> Ints:
        """Give for how many bars each state lasted."""
        part = slice(self.offsets[first], self.offsets[last])
        lasting = np.diff(self.bar[part], append=len(self.panel))
        # The last state of a run lasts to the end of the panel, not to the first bar of the next run.
        lasting[self.offsets[first + 1 : last + 1] - self.offsets[first] - 1] = (
            len(self.panel) - self.bar[self.offsets[first + 1 : last + 1] - 1]
        )
        return lasting


def simulate(
    panel: Panel,
    targets: Floats,
    terms: Terms,
    *,
    rebalance: Mask | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> Simulated:
    """Run targets, (runs, bars, symbols), each decided on its bar's close and reached at the next open.

    Where `rebalance`, (bars,), is true every symbol is brought back to its target, changed or not. Now and
    then `pulse` is called, a place to stop.
    """
    if targets.ndim != 3 or targets.shape[1:] != panel.close.shape:
        raise InvalidValue("Targets must be runs by bars by symbols of the panel", field="targets")
    if terms.slippage.depends_on_size or terms.volume_cap or not terms.carry.is_free:
        raise InvalidValue("These terms need a walk through every bar", field="terms")
    due, changed = schedule(panel, targets, rebalance)
    runs, _, symbols = targets.shape
    opens = np.where(panel.present, panel.open, _before(panel))
    if runs == symbols == 1:
        return _simulated_alone(panel, opens, due[0], changed[0], terms, pulse)
    run, bar = np.nonzero(changed.any(axis=2) if symbols > 1 else changed[:, :, 0])
    counts = np.bincount(run, minlength=runs)
    starts = np.cumsum(counts) - counts
    cash, held = np.empty(len(run)), np.empty((len(run), symbols))
    # The busiest first: those that still have a turn to make are then always the first few.
    ranked = np.argsort(-counts, kind="stable")
    still = np.searchsorted(-counts[ranked], -np.arange(1, counts.max(initial=0) + 1), side="right")
    book = Book.opened(terms, runs, symbols)
    # Sorted so that the turns made together lie side by side.
    made = np.arange(len(run)) - np.repeat(starts, counts)
    together = np.lexsort((np.argsort(ranked)[run], made))
    openings = Openings.of(
        opens[bar[together]], due[run[together], bar[together]], changed[run[together], bar[together]], terms
    )
    legs: list[tuple[Ints, int, Leg]] = []
    begin = 0
    for number, count in enumerate(still.tolist()):
        if number % _TURNS_BETWEEN_PULSES == 0:
            pulse()
        now, at = book.first(count), together[begin : begin + count]
        turned = turn(now, openings.at(slice(begin, begin + count)), terms)
        legs.extend((at, part, leg) for part, leg in enumerate(turned))
        cash[at], held[at] = now.cash, now.held
        begin += count
    fill_offsets, fills = _collected(legs, run, bar, runs)
    return Simulated(panel, *_opened(run, bar, cash, held, runs, terms), fill_offsets, fills)


def _simulated_alone(
    panel: Panel, opens: Floats, due: Floats, changed: Mask, terms: Terms, pulse: Callable[[], None]
) -> Simulated:
    bar = np.flatnonzero(changed[:, 0])
    made = turns_alone(Openings.of(opens[bar], due[bar], changed[bar], terms), terms, pulse)
    filled = np.array(made.turns, dtype=np.int64)
    columns = (np.array(column) for column in (made.quantities, made.prices, made.commissions))
    return Simulated(
        panel,
        np.array([0, len(bar) + 1]),
        np.concatenate(([0], bar)),
        np.array([terms.capital, *made.cash], dtype=np.float64),
        np.array([0.0, *made.held])[:, None],
        np.array([0, len(filled)]),
        FillColumns(bar[filled], np.zeros(len(filled), dtype=np.int64), *columns),
    )


def schedule(panel: Panel, targets: Floats, rebalance: Mask | None = None) -> tuple[Floats, Mask]:
    """Give the target that is due at every open, and where it has to be traded.

    A symbol without a bar cannot be traded: what was decided for it waits for its next one.
    """
    due = np.zeros_like(targets)
    due[:, 1:] = targets[:, :-1]
    if not panel.complete:
        rows = np.where(panel.present, np.arange(len(panel))[:, None], 0)
        newest = np.maximum.accumulate(rows, axis=0)
        due = np.where(newest > 0, due[:, newest, np.arange(due.shape[2])], 0.0)
    changed = np.zeros(due.shape, dtype=bool)
    np.not_equal(due[:, 1:], due[:, :-1], out=changed[:, 1:])
    if rebalance is not None:
        changed[:, 1:] |= rebalance[:-1, None]
    if not panel.complete:
        changed &= panel.present
    return due, changed


def _before(panel: Panel) -> Floats:
    """Give the marks a bar earlier, which is what an absent symbol is worth at an open."""
    marks = np.zeros_like(panel.close)
    marks[1:] = panel.marks[:-1]
    return marks


def _opened(
    run: Ints, bar: Ints, cash: Floats, held: Floats, runs: int, terms: Terms
) -> tuple[Ints, Ints, Floats, Floats]:
    """Put the state at the start before each run's first turn."""
    counts = np.bincount(run, minlength=runs)
    starts = np.cumsum(counts) - counts
    offsets = np.append(starts + np.arange(runs), len(run) + runs)
    return (
        offsets,
        np.insert(bar, starts, 0),
        np.insert(cash, starts, terms.capital),
        np.insert(held, starts, 0.0, axis=0),
    )


def _collected(
    legs: list[tuple[Ints, int, Leg]], run: Ints, bar: Ints, runs: int
) -> tuple[Ints, FillColumns]:
    """Put the trades of all turns in order: by run, by bar, and within a bar as they were made."""
    if not legs:
        nothing = np.empty(0)
        empty = FillColumns(np.empty(0, np.int64), np.empty(0, np.int64), nothing, nothing, nothing)
        return np.zeros(runs + 1, dtype=np.int64), empty
    at = np.concatenate([np.repeat(at, leg.quantity.shape[1]) for at, _, leg in legs])
    part = np.repeat([part for _, part, _ in legs], [leg.quantity.size for _, _, leg in legs])
    symbols = legs[0][2].quantity.shape[1]
    symbol = np.tile(np.arange(symbols), len(at) // symbols)
    quantity, price, commission = (
        np.concatenate([leg[field].ravel() for _, _, leg in legs]) for field in range(3)
    )
    made = np.flatnonzero(quantity)
    order = made[np.lexsort((part[made], at[made]))]
    at = at[order]
    counts = np.bincount(run[at], minlength=runs)
    return np.concatenate(([0], np.cumsum(counts))), FillColumns(
        bar[at], symbol[order], quantity[order], price[order], commission[order]
    )
