"""What a store of bars remembers beside them: when they were fetched, and what was wrong on arrival."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.quality import Mark


class Kept(NamedTuple):
    """Kept bars, their marks, and when the oldest and the newest part of them came from the source."""

    bars: Bars
    marks: tuple[Mark, ...] = ()
    oldest_us: int | None = None
    newest_us: int | None = None


class Fetch(NamedTuple):
    """A stretch of time, and when the oldest and the newest of its bars came from the source."""

    span: Span
    fetched_us: int
    newest_us: int


class Note(NamedTuple):
    """A text kept about a symbol, and when it was written."""

    text: str
    noted_us: int


def cut_fetches(fetches: Iterable[Fetch], fresh: Fetch) -> tuple[Fetch, ...]:
    """Put a fresh fetch in the place of what it covers; neighbours of one day become one."""
    parts = [] if fresh.span.is_empty else [fresh]
    for fetch in fetches:
        start_us, end_us = fetch.span.start_us, fetch.span.end_us
        if start_us < fresh.span.start_us:
            parts.append(fetch._replace(span=Span(start_us, min(end_us, fresh.span.start_us))))
        if end_us > fresh.span.end_us:
            parts.append(fetch._replace(span=Span(max(start_us, fresh.span.end_us), end_us)))
    joined: list[Fetch] = []
    for part in sorted(parts, key=lambda each: each.span.start_us):
        before = joined[-1] if joined else None
        # A live chart fetches every minute: without this a year of it would be a hundred thousand rows.
        if (
            before is not None
            and before.span.end_us == part.span.start_us
            and abs(before.fetched_us - part.fetched_us) < US_PER_DAY
        ):
            together = Span(before.span.start_us, part.span.end_us)
            oldest_us = min(before.fetched_us, part.fetched_us)
            joined[-1] = Fetch(together, oldest_us, max(before.newest_us, part.newest_us))
        else:
            joined.append(part)
    return tuple(joined)
