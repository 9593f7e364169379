"""Bids, asks, order books and trades one by one, for exactly those symbols somebody watches them of."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from puffling.market.doubts import JITTER_US, Doubts, doubt_of_book, doubt_of_quote
from puffling.market.events import BooksMoved, QuotesMoved, TapePrinted
from puffling.market.values import BidAsk, Book, Doubt, Tick
from puffling.runtime.bus import Bus

# More than anybody reads between two pictures; what a stalled loop missed beyond that stays missed.
MOST_WAITING = 2_000


class Watched:
    """Counts who watches which symbols; several watchers share one."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._counts: Counter[str] = Counter()
        self._changed = changed

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Watch these until the answer is called."""
        watched = list(dict.fromkeys(symbols))
        before = frozenset(self._counts)
        self._counts.update(watched)
        if before != frozenset(self._counts):
            self._changed()

        def unwatch() -> None:
            gone = False
            for symbol in watched:
                self._counts[symbol] -= 1
                if self._counts[symbol] == 0:
                    del self._counts[symbol]
                    gone = True
            watched.clear()
            if gone:
                self._changed()

        return unwatch

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._counts

    def symbols(self) -> frozenset[str]:
        """Give what is watched."""
        return frozenset(self._counts)


class QuoteBoard:
    """Keeps the newest sound quote and book of what is watched, and hands out what moved."""

    def __init__(
        self,
        bus: Bus,
        doubts: Doubts,
        *,
        last_price: Callable[[str], float | None],
        latest_us: Callable[[], int],
        changed: Callable[[], None],
    ) -> None:
        self._bus = bus
        self._doubts = doubts
        self._last_price = last_price
        self._latest_us = latest_us
        self.quoted = Watched(changed)
        self.booked = Watched(changed)
        self.taped = Watched(self._settle_tape)
        # Read by whoever takes trades, one by one: empty for as long as nobody looks.
        self.printed: dict[str, deque[Tick]] = {}
        self.noted = 0
        self._quotes: dict[str, BidAsk] = {}
        self._books: dict[str, Book] = {}
        self._moved_quotes: set[str] = set()
        self._moved_books: set[str] = set()

    def take_quotes(self, batch: Sequence[BidAsk]) -> BidAsk | None:
        """Take quotes and give the newest sound one of a watched symbol."""
        quoted, newest = self.quoted, None
        for quote in batch:
            if quote.symbol in quoted and self.believed_quote(quote) is not None:
                self._quotes[quote.symbol] = newest = quote
                self._moved_quotes.add(quote.symbol)
        return newest

    def take_book(self, book: Book) -> bool:
        """Take an order book and tell whether it is sound and somebody watches it."""
        if book.symbol not in self.booked or self.believed_book(book) is None:
            return False
        self._books[book.symbol] = book
        self._moved_books.add(book.symbol)
        return True

    def believed_quote(self, quote: BidAsk | None) -> BidAsk | None:
        """Give the quote if it can be true; what cannot is counted."""
        if quote is None:
            return None
        before = self._quotes.get(quote.symbol)
        newest_us = before.time_us if before is not None else 0
        doubt = doubt_of_quote(
            quote, last=self._last_price(quote.symbol), newest_us=newest_us, latest_us=self._latest_us()
        )
        if doubt is None:
            return quote
        strange = quote.bid if not 0.0 < quote.bid < math.inf else quote.ask
        self._leave_out(quote.symbol, doubt, strange, quote.time_us, newest_us)
        return None

    def believed_book(self, book: Book | None) -> Book | None:
        """Give the book if it can be true; what cannot is counted."""
        if book is None:
            return None
        before = self._books.get(book.symbol)
        newest_us = before.time_us if before is not None else 0
        doubt = doubt_of_book(
            book, last=self._last_price(book.symbol), newest_us=newest_us, latest_us=self._latest_us()
        )
        if doubt is None:
            return book
        best = book.bids[0].price if book.bids else 0.0
        self._leave_out(book.symbol, doubt, best, book.time_us, newest_us)
        return None

    def _leave_out(self, symbol: str, doubt: Doubt, price: float, time_us: int, newest_us: int) -> None:
        # Each exchange stamps its own: what is passed by a moment is everyday business and no fault.
        if doubt is not Doubt.LATE or time_us < newest_us - JITTER_US:
            self._doubts.note(symbol, doubt, price, time_us)
            self.noted += 1

    def quote(self, symbol: str) -> BidAsk | None:
        """Give the newest quote of a watched symbol."""
        return self._quotes.get(symbol)

    def book(self, symbol: str) -> Book | None:
        """Give the newest book of a watched symbol."""
        return self._books.get(symbol)

    def forget(self, symbol: str) -> None:
        """Let go of what one source told of a symbol, because another answers for it now."""
        self._quotes.pop(symbol, None)
        self._books.pop(symbol, None)
        if symbol in self.printed:
            self.printed[symbol].clear()

    def forget_unwatched(self) -> None:
        """Let go of what nobody watches any more: the next watcher must not be shown what is long over."""
        for known, watched in ((self._quotes, self.quoted), (self._books, self.booked)):
            for symbol in known.keys() - watched.symbols():
                del known[symbol]

    def publish(self) -> None:
        """Tell what moved since this was called last."""
        if self._moved_quotes:
            moved, self._moved_quotes = self._moved_quotes, set()
            quotes = {symbol: self._quotes[symbol] for symbol in moved if symbol in self._quotes}
            if quotes:
                self._bus.publish(QuotesMoved(quotes))
        if self._moved_books:
            moved, self._moved_books = self._moved_books, set()
            books = {symbol: self._books[symbol] for symbol in moved if symbol in self._books}
            if books:
                self._bus.publish(BooksMoved(books))
        if self.printed:
            trades = {symbol: tuple(waiting) for symbol, waiting in self.printed.items() if waiting}
            for symbol in trades:
                self.printed[symbol].clear()
            if trades:
                self._bus.publish(TapePrinted(trades))

    def _settle_tape(self) -> None:
        wanted = self.taped.symbols()
        for symbol in self.printed.keys() - wanted:
            del self.printed[symbol]
        for symbol in wanted - self.printed.keys():
            self.printed[symbol] = deque(maxlen=MOST_WAITING)
