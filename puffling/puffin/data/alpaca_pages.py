"""Histories come from Alpaca in pages: all of them are fetched, and one that is missing is noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.data.alpaca_rows import columns_of, join_columns
from puffling.puffin.data.instants import US_PER_DAY, from_us
from puffling.puffin.data.raw import RawBars
from puffling.puffin.errors import SourceFailed

PAGE_ROWS = 10_000
# A stream of pages that never ends is a fault, not a history.
MOST_PAGES = 2_000
# No exchange rests longer; where one page ends and the next begins later than that, one may be missing.
LONGEST_REST_US = 5 * US_PER_DAY
# An end as far off as this is none: Alpaca gives what there is until now.
END_OF_TIME_US = 50_000 * US_PER_DAY

Ask = Callable[[Mapping[str, object]], dict[str, Any]]

_log = logging.getLogger(__name__)


class RepeatedPage(SourceFailed):
    """A page points to itself, or back to one that was there before."""

    def __init__(self) -> None:
        super().__init__("Alpaca gives the same page again and again; the history would be incomplete")


@frozen
class Stretch:
    """What of a history to ask for, both ends included; `days` says that the bars stand for whole days."""

    start_us: int
    end_us: int
    days: bool


def each_page(ask: Ask, query: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Give the pages of an answer, each asked for when it is needed."""
    seen: set[str] = set()
    token: str | None = None
    for _ in range(MOST_PAGES):
        answer = ask({**query, "page_token": token})
        yield answer
        following = answer.get("next_page_token")
        if not following:
            return
        token = str(following)
        if token in seen:
            raise RepeatedPage
        seen.add(token)
    raise SourceFailed("Alpaca's answer has no end")


def fetch_bars(
    ask: Ask, query: Mapping[str, object], symbols: Sequence[str], stretch: Stretch
) -> dict[str, RawBars]:
    """Give the bars of every symbol as they came; a page that was left out is asked for once more."""
    first = _collect(ask, query, symbols, stretch)
    whole = {}
    for symbol in symbols:
        pieces = first.parts.get(symbol, [])
        for place, hole in reversed(_holes(pieces, stretch, first)):
            found = _collect(ask, query, [symbol], hole)
            if not found.ended:
                raise RepeatedPage
            if symbol in found.parts:
                _log.warning(
                    "Alpaca left out bars of %s from %s on; asked again", symbol, from_us(hole.start_us)
                )
                pieces[place:place] = found.parts[symbol]
        whole[symbol] = join_columns(pieces)
    return whole


@dataclass(slots=True)
class _Collected:
    parts: dict[str, list[RawBars]]
    pages: int = 0
    ended: bool = False


def _collect(ask: Ask, query: Mapping[str, object], symbols: Sequence[str], stretch: Stretch) -> _Collected:
    collected = _Collected({})
    asked = {
        **query,
        "symbols": ",".join(symbols),
        "start": _written(stretch.start_us),
        "end": _written(stretch.end_us) if stretch.end_us < END_OF_TIME_US else None,
        "limit": PAGE_ROWS,
    }
    try:
        for answer in each_page(ask, asked):
            page = answer.get("bars") or {}
            if not isinstance(page, Mapping):
                raise SourceFailed("Alpaca gave an answer that cannot be read")
            collected.pages += 1
            for symbol, rows in page.items():
                if rows:
                    collected.parts.setdefault(symbol, []).append(_piece(rows, symbol, stretch))
        collected.ended = True
    except RepeatedPage:
        pass
    return collected


def _piece(rows: Sequence[Any], symbol: str, stretch: Stretch) -> RawBars:
    piece = columns_of(rows, symbol)
    if stretch.days:
        # Midnight in New York is the hour 4 or 5 of the same day in UTC.
        piece.time[:] -= piece.time % US_PER_DAY
    return piece


def _holes(pieces: Sequence[RawBars], stretch: Stretch, collected: _Collected) -> list[tuple[int, Stretch]]:
    """Give where between pages, or after the last one, more time passes than an exchange rests."""
    step_us = US_PER_DAY if stretch.days else 1
    holes = []
    for place, (before, after) in enumerate(pairwise(pieces), start=1):
        if len(before) and len(after):
            last_us, next_us = int(before.time[-1]), int(after.time[0])
            if next_us - last_us > LONGEST_REST_US:
                holes.append((place, Stretch(last_us + step_us, next_us - 1, stretch.days)))
    # One empty page is believed; so is one that ends long before an end of which nobody knows how far it is.
    if collected.ended and collected.pages == 1 and (not pieces or stretch.end_us >= END_OF_TIME_US):
        return holes
    since_us = stretch.start_us
    if pieces and len(pieces[-1]):
        since_us = int(pieces[-1].time.max()) + step_us
    rest_us = LONGEST_REST_US if collected.ended else 0
    if since_us <= stretch.end_us and stretch.end_us - since_us >= rest_us:
        holes.append((len(pieces), Stretch(since_us, stretch.end_us, stretch.days)))
    return holes


def _written(instant_us: int) -> str:
    return from_us(instant_us).isoformat().replace("+00:00", "Z")
