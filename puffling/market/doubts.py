"""What live messages are too strange to be shown, and the count of them: nothing of it moves a price.

A price that jumps fiftyfold or more is left out like the others, unless trading goes on there: a feed whose
unit changed for good must not be silent for ever. Until then the last sound price stands.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from itertools import pairwise

from puffling.market.values import BidAsk, Book, Doubt, LeftOut, Level, Price, words_of
from puffling.puffin.data.instants import US_PER_SECOND
from puffling.runtime.text import tr

# A thousandfold of what the price is now need not be that of the price before; no market does the fiftyfold.
SPIKE = 50.0
# Between these bounds of one price no two prices are a spike apart: one comparison settles nearly all.
SOUND_BAND = 30.0
# A computer's own clock may be a little slow.
FUTURE_US = 15 * US_PER_SECOND
# Exchanges stamp their trades each by itself: what comes this late is everyday business.
JITTER_US = US_PER_SECOND
CONFIRMING_TICKS = 5
CONFIRMING_US = 30 * US_PER_SECOND
MOST_NAMED = 3
NOBODY = Level(0.0, 0.0)

_log = logging.getLogger(__name__)


def doubt_of_trade(
    price: float, size: float, time_us: int, *, last: float, newest_us: int, latest_us: int
) -> Doubt | None:
    """Give why a trade is not to be believed beside the last sound one, or None."""
    if not (math.isfinite(price) and math.isfinite(size)):
        return Doubt.NOT_A_NUMBER
    if price <= 0.0 or size < 0.0:
        return Doubt.NOT_POSITIVE
    if time_us > latest_us:
        return Doubt.FUTURE
    if time_us < newest_us:
        return Doubt.LATE
    return Doubt.SPIKE if _far(price, last) else None


def doubt_of_snapshot(price: Price, *, last: float | None, latest_us: int) -> Doubt | None:
    """Give why a price a feed was asked for is not to be believed, or None."""
    known = price.previous_close if last is None else last
    return doubt_of_trade(
        price.price,
        0.0,
        price.time_us,
        last=known if math.isfinite(known) and known > 0.0 else price.price,
        newest_us=price.time_us,
        latest_us=latest_us,
    )


def doubt_of_quote(quote: BidAsk, *, last: float | None, newest_us: int, latest_us: int) -> Doubt | None:
    """Give why a bid and ask are not to be believed, or None; a side on which nobody stands is no fault."""
    return _doubt_of_sides(
        Level(quote.bid, quote.bid_size),
        Level(quote.ask, quote.ask_size),
        quote.time_us,
        last=last,
        newest_us=newest_us,
        latest_us=latest_us,
    )


def doubt_of_book(book: Book, *, last: float | None, newest_us: int, latest_us: int) -> Doubt | None:
    """Give why an order book is not to be believed, or None."""
    for side in (book.bids, book.asks):
        if not all(math.isfinite(level.price) and math.isfinite(level.size) for level in side):
            return Doubt.NOT_A_NUMBER
        if not all(level.price > 0.0 and level.size >= 0.0 for level in side):
            return Doubt.NOT_POSITIVE
    bid, ask = (side[0] if side else NOBODY for side in (book.bids, book.asks))
    found = _doubt_of_sides(bid, ask, book.time_us, last=last, newest_us=newest_us, latest_us=latest_us)
    if found is None and not (_falls(book.bids) and _falls(book.asks[::-1])):
        return Doubt.CROSSED
    return found


class NewLevel:
    """Where trading seems to go on after a jump; believed after enough trades over enough time."""

    __slots__ = ("_count", "_price", "_since_us", "_sound_us")

    def __init__(self) -> None:
        self._price, self._since_us, self._sound_us, self._count = 0.0, 0, 0, 0

    def confirmed_by(self, price: float, time_us: int, sound_us: int) -> bool:
        """Take one more trade beyond the jump, with when the last sound one was: is it the level now?"""
        goes_on = self._price / 2.0 < price < self._price * 2.0
        if not goes_on or sound_us != self._sound_us:
            self._price, self._since_us, self._sound_us, self._count = price, time_us, sound_us, 0
        self._count += 1
        return self._count >= CONFIRMING_TICKS and time_us - self._since_us >= CONFIRMING_US


class Doubts:
    """Counts what was left out, by symbol and cause, and tells it without flooding anybody."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Doubt], LeftOut] = {}
        self._fresh: set[tuple[str, Doubt]] = set()
        self._logged: dict[tuple[str, Doubt], int] = {}

    def note(self, symbol: str, doubt: Doubt, price: float, time_us: int) -> None:
        """Count one message."""
        key = (symbol, doubt)
        before = self._counts.get(key)
        count = before.count + 1 if before is not None else 1
        self._counts[key] = LeftOut(symbol, doubt, count, price, time_us)
        self._fresh.add(key)

    def of(self, symbol: str) -> tuple[LeftOut, ...]:
        """Give what was left out of one symbol since the start."""
        return tuple(self._counts[symbol, doubt] for doubt in Doubt if (symbol, doubt) in self._counts)

    def take_fresh(self) -> tuple[LeftOut, ...]:
        """Give what was left out since this was asked last."""
        fresh, self._fresh = self._fresh, set()
        told = tuple(self._counts[key] for key in sorted(fresh))
        self._log_new(told)
        return told

    def _log_new(self, told: Sequence[LeftOut]) -> None:
        """Write one line for each cause, and again only when there are ten times as many."""
        for doubt in Doubt:
            due = [
                each
                for each in told
                if each.doubt is doubt and each.count >= self._logged.get((each.symbol, doubt), 1)
            ]
            if due:
                for each in due:
                    self._logged[each.symbol, doubt] = 10 ** len(str(each.count))
                _log.warning("%s", said_of(due))


def said_of(left_out: Sequence[LeftOut]) -> str:
    """Say in one line what of one kind was left out."""
    named = ", ".join(each.symbol for each in left_out[:MOST_NAMED])
    if len(left_out) > MOST_NAMED:
        named = tr("{symbols} and {count} more", symbols=named, count=len(left_out) - MOST_NAMED)
    total = sum(each.count for each in left_out)
    return tr(
        "{symbols}: {count} live messages left out so far: {words}",
        symbols=named,
        count=total,
        words=words_of(left_out[0].doubt),
    )


def _doubt_of_sides(
    bid: Level, ask: Level, time_us: int, *, last: float | None, newest_us: int, latest_us: int
) -> Doubt | None:
    if not all(map(math.isfinite, (*bid, *ask))):
        return Doubt.NOT_A_NUMBER
    sides = [side for side in (bid, ask) if side != NOBODY]
    if any(side.price <= 0.0 or side.size < 0.0 for side in sides):
        return Doubt.NOT_POSITIVE
    if len(sides) == 2 and bid.price > ask.price:
        return Doubt.CROSSED
    if time_us > latest_us:
        return Doubt.FUTURE
    if time_us < newest_us:
        return Doubt.LATE
    if last is not None and any(_far(side.price, last) for side in sides):
        return Doubt.SPIKE
    return None


def _far(price: float, last: float) -> bool:
    return not last / SPIKE < price < last * SPIKE


def _falls(side: Sequence[Level]) -> bool:
    return all(before.price > after.price for before, after in pairwise(side))
