"""Finding what somebody means by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_START, _RUN, _PLAIN, _GAP = 8, 5, 1, 0.2
_ALSO = 500
_FEWEST_LETTERS = 3


def score(wanted: str, text: str) -> float | None:
    """Say how well letters match a text that holds them in this order; None when it does not.

    Letters that begin words count most, then letters in a row; the shorter of two equal texts wins.
    """
    wanted, text = wanted.casefold().strip(), text.casefold()
    if not wanted:
        return 0.0
    whole = text.find(wanted)
    if whole >= 0:
        begins = whole == 0 or not text[whole - 1].isalnum()
        return 1000 + (500 if begins else 0) - whole - len(text) * 0.1
    total, at, before = 0.0, 0, -2
    for letter in wanted:
        if letter.isspace():
            continue
        found = _next(letter, text, at, before)
        if found < 0:
            return None
        starts = found == 0 or not text[found - 1].isalnum()
        total += _START if starts else _RUN if found == before + 1 else _PLAIN
        total -= _GAP * max(found - before - 1, 0) if before >= 0 else 0
        at, before = found + 1, found
    return total - len(text) * 0.1


def best(
    wanted: str,
    things: Iterable[T],
    text: Callable[[T], str],
    limit: int,
    *,
    also: Callable[[T], str] = lambda _: "",
) -> list[T]:
    """Give the things that match, the best first; equal ones keep their order.

    Things whose other words hold the wanted ones as they are, from the beginning of a word, come before
    those that only have the letters.
    """
    marked = []
    for thing in things:
        mark = score(wanted, text(thing))
        if (mark is None or mark < _ALSO) and _begins_word(wanted, also(thing)):
            mark = _ALSO
        if mark is not None:
            marked.append((mark, thing))
    marked.sort(key=lambda pair: -pair[0])
    return [thing for _, thing in marked[:limit]]


def _begins_word(wanted: str, text: str) -> bool:
    wanted, text = wanted.casefold().strip(), text.casefold()
    place = text.find(wanted) if len(wanted) >= _FEWEST_LETTERS else -1
    while place > 0 and text[place - 1].isalnum():
        place = text.find(wanted, place + 1)
    return place >= 0


def _next(letter: str, text: str, at: int, before: int) -> int:
    """Find the letter: right after the one before, else at the start of a word, else anywhere."""
    if before + 1 < len(text) and before >= 0 and text[before + 1] == letter:
        return before + 1
    place = at
    while (place := text.find(letter, place)) >= 0:
        if place == 0 or not text[place - 1].isalnum():
            return place
        place += 1
    return text.find(letter, at)
