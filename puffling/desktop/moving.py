"""How one order becomes another by moving as few things as possible: each move is an edit that is stored."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def moves(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Give what to move and the place it then has, one after the other."""
    staying = _staying(before, after)
    now = list(before)
    for place, each in enumerate(after):
        if each not in staying:
            now.remove(each)
            to = now.index(after[place - 1]) + 1 if place else 0
            now.insert(to, each)
            yield each, to


def _staying(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Give the longest row of things that stand in the same order before and after."""
    places = {each: place for place, each in enumerate(before)}
    ends: list[int] = []
    rows: list[tuple[str, ...]] = []
    for each in after:
        length = bisect_left(ends, places[each])
        row = (*(rows[length - 1] if length else ()), each)
        ends[length : length + 1] = [places[each]]
        rows[length : length + 1] = [row]
    return set(rows[-1]) if rows else set()
