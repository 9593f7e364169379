"""Finding what somebody means by a few letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

# Best first: the title itself, its beginning, the beginning of a word of it, of several, what stands inside
# a word, words said of it, letters that begin words.
_SAME, _BEGINS, _WORD, _WORDS, _INSIDE, _TOLD, _INITIALS = 1000.0, 800.0, 700.0, 600.0, 400.0, 300.0, 200.0
# So much a long text is worth less than its kind of match.
_SURE = 50.0
_FEWEST_LETTERS = 3
_LONGEST_HEAD = 4
_WORDS_OF = re.compile(r"[^\W_]+")


def score(wanted: str, text: str) -> float | None:
    """Say how well something is meant by what was typed; None when it is not.

    The text itself is best, then what begins with it, then words that begin with the typed ones, in any
    order. Letters that stand anywhere are no match: they have to begin words. The shorter of two wins.
    """
    wanted, text = " ".join(wanted.casefold().split()), text.casefold()
    if not wanted:
        return 0.0
    shorter = len(text) * 0.1
    if text == wanted:
        return _SAME
    if text.startswith(wanted):
        return _BEGINS - shorter
    place = text.find(wanted)
    while place > 0 and text[place - 1].isalnum():
        following = text.find(wanted, place + 1)
        if following < 0:
            return (_INSIDE if len(wanted) >= _FEWEST_LETTERS else _INITIALS) - place * 0.1 - shorter
        place = following
    if place > 0:
        return _WORD - place * 0.1 - shorter
    words = _WORDS_OF.findall(text)
    typed = _WORDS_OF.findall(wanted)
    if len(typed) > 1:
        return _WORDS - shorter if _all_begin(typed, words) else None
    return _INITIALS - shorter if typed and _heads(typed[0], words) else None


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
    those whose words only begin with the letters.
    """
    return ranked(things, lambda thing: mark(wanted, (text(thing),), also(thing)), limit)


def mark(wanted: str, texts: Iterable[str], told: str = "") -> float | None:
    """Say how well something is meant that goes by some texts, of which more is told in other words."""
    found = [each for text in texts if (each := score(wanted, text)) is not None]
    if _begins_word(wanted, told):
        found.append(_TOLD)
    return max(found, default=None)


def ranked(things: Iterable[T], mark: Callable[[T], float | None], limit: int) -> list[T]:
    """Give the things that have a mark, the best first; equal ones keep their order.

    Where something is clearly meant, what only has its letters is left out.
    """
    marked = [(found, thing) for thing in things if (found := mark(thing)) is not None]
    marked.sort(key=lambda pair: -pair[0])
    clear = bool(marked) and marked[0][0] >= _WORDS - _SURE
    return [thing for found, thing in marked[:limit] if not clear or found > _INITIALS]


def _all_begin(typed: list[str], words: list[str]) -> bool:
    """Tell whether each typed word begins a word, in any order, no word serving twice."""
    left = list(words)
    for each in typed:
        found = next((word for word in left if word.startswith(each)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _heads(letters: str, words: list[str]) -> bool:
    """Tell whether letters are made of beginnings of words, in their order; words may be passed over."""
    if not letters:
        return True
    for place, word in enumerate(words):
        for length in range(min(len(letters), _LONGEST_HEAD), 0, -1):
            if word.startswith(letters[:length]) and _heads(letters[length:], words[place + 1 :]):
                return True
    return False


def _begins_word(wanted: str, text: str) -> bool:
    wanted, text = wanted.casefold().strip(), text.casefold()
    place = text.find(wanted) if len(wanted) >= _FEWEST_LETTERS else -1
    while place > 0 and text[place - 1].isalnum():
        place = text.find(wanted, place + 1)
    return place >= 0
