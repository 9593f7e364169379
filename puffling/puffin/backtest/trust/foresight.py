"""Whether a strategy knows what it could not have known: it is asked again with less history.

What it said about a bar must not change when the bars after it are taken away. Asked are the places where a
cheat would show: after every change of mind, before the largest moves, and evenly in between. How often it is
asked depends on how large the history is and on nothing else, so that the same test gets the same verdict.

Some questions come before it has ever seen all of history (`blind`), the shortest first: what it was shown
once it may have kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats, Ints, Panel
from puffling.puffin.errors import InvalidValue

Ask = Callable[[Panel], Floats]

# Rounding in a strategy's own sums is not foresight.
_SAME = 1e-9
_CHANGES, _MOVES, _EVEN = 100, 40, 20
_BLIND = 6
# All questions together are about so many prices at most, but for the share of them that is always asked.
_MOST_ASKED = 8_000_000
_LEAST_SHARE = 0.15


@frozen
class Foresight:
    """What asking again told; `bar` is the first bar whose signal came from later bars, -1 for none."""

    asked: int
    bar: int = -1
    repeatable: bool = True

    @property
    def found(self) -> bool:
        """Whether the strategy saw ahead."""
        return self.bar >= 0


@frozen
class WarmUp:
    """Whether what is said depends on where history begins, as a share of the bars that should not care."""

    bars_needed: int
    differing: float


def blind_cuts(bars: int, least: int = 2) -> list[int]:
    """Give how many bars to leave for the questions before all of history was seen, the fewest first."""
    found: list[int] = np.unique(np.linspace(least, bars - 1, _BLIND + 1).astype(np.int64))[1:].tolist()
    return [cut for cut in found if least <= cut < bars]


def blind(ask: Ask, panel: Panel) -> list[Floats]:
    """Ask a strategy about the beginnings of a history that it has not seen yet."""
    told = []
    for cut in blind_cuts(len(panel)):
        try:
            told.append(ask(panel.until(cut)))
        except InvalidValue:
            # Too little history for it to say anything; what else is wrong is found with all of it.
            continue
    return told


def foresight(
    ask: Ask, panel: Panel, weights: Floats, *, before: Sequence[Floats] = (), least: int = 2
) -> Foresight:
    """Ask a strategy about shortened histories; `weights` is what it said about all of it.

    `before` is what it said about the beginnings of history when it had not seen the rest.
    """
    if not np.array_equal(ask(panel), weights):
        return Foresight(1, repeatable=False)
    asked = 1
    for told in reversed(before):
        asked += 1
        if (bar := _first_apart(told, weights)) >= 0:
            return Foresight(asked, bar)
    for cut in cuts(panel, weights, least).tolist():
        try:
            told = ask(panel.until(cut))
        except InvalidValue:
            # Too little history for it to say anything.
            continue
        asked += 1
        if (bar := _first_apart(told, weights)) >= 0:
            return Foresight(asked, bar)
    return Foresight(asked)


def warm_up(ask: Ask, panel: Panel, weights: Floats, bars_needed: int) -> WarmUp:
    """Ask without the first quarter of history: once warm, a strategy must not miss it."""
    begin = len(panel) // 4
    settled = begin + 2 * bars_needed
    if settled + bars_needed >= len(panel):
        return WarmUp(bars_needed, 0.0)
    try:
        told = ask(panel.part(begin, len(panel)))
    except InvalidValue:
        return WarmUp(bars_needed, 0.0)
    apart = (np.abs(told[settled - begin :] - weights[settled:]) > 1e-6).any(axis=1)
    return WarmUp(bars_needed, float(np.mean(apart)))


def _first_apart(told: Floats, weights: Floats) -> int:
    """Give the first bar about which not the same was said, -1 where there is none."""
    differing = np.flatnonzero((np.abs(told - weights[: len(told)]) > _SAME).any(axis=1))
    return int(differing[0]) if len(differing) else -1


def cuts(panel: Panel, weights: Floats, least: int) -> Ints:
    """Give how many bars to leave, for each time of asking."""
    changed = 1 + np.flatnonzero((weights[1:] != weights[:-1]).any(axis=1)) + 1
    marks = panel.marks
    moves = np.zeros(len(panel))
    known = (marks[:-1] > 0.0).all(axis=1)
    moves[1:][known] = np.abs(np.log(np.maximum(marks[1:][known], 1e-300) / marks[:-1][known])).max(axis=1)
    usual = _CHANGES + _MOVES + _EVEN
    share = min(max(_MOST_ASKED / max(panel.close.size, 1) / usual, _LEAST_SHARE), 1.0)
    most_changes, most_moves, most_even = (round(share * most) for most in (_CHANGES, _MOVES, _EVEN))
    before = np.argsort(-moves, kind="stable")[:most_moves]
    even = np.linspace(least, len(panel) - 1, most_even).astype(np.int64)
    if len(changed) > most_changes:
        changed = changed[np.linspace(0, len(changed) - 1, most_changes).astype(np.int64)]
    every = np.unique(np.concatenate((changed, before, even)))
    # The shortest come last: a cheat near the end is found with the first question.
    return every[(every >= least) & (every < len(panel))][::-1]
