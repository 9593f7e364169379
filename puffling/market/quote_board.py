"""Bids, asks, order books and trades one by one, for exactly those symbols somebody watches them of."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from puffling.market.doubts import Doubts, doubt_of_book, doubt_of_quote
from puffling.market.events import BooksMoved, QuotesMoved, TapePrinted
from puffling.market.values import BidAsk, Book, Tick
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
        last_price: Callable[[str], float | None],
        changed: Callable[[], None],
    ) -> None:
        self._bus = bus
        self._doubts = doubts
        self._last_price = last_price
        self.quoted = Watched(changed)
        self.booked = Watched(changed)
        self.taped = Watched(self._settle_tape)
        # Read by whoever takes trades, one by one: empty for as long as nobody looks.
        self.printed: dict[str, deque[Tick]] = {}
        self._quotes: dict[str, BidAsk] = {}
        self._books: dict[str, Book] = {}
        self._moved_quotes: set[str] = set()
        self._moved_books: set[str] = set()

    def take_quotes(self, batch: Sequence[BidAsk], latest_us: int) -> BidAsk | None:
        """Take quotes and give the newest sound one of somebody's symbols, or None."""
        quoted, known, newest = self.quoted, self._quotes, None
        for quote in batch:
            symbol = quote.symbol
            if symbol not in quoted:
                continue
            before = known.get(symbol)
            doubt = doubt_of_quote(
                quote,
                last=self._last_price(symbol),
                newest_us=before.time_us if before is not None else 0,
                latest_us=latest_us,
            )
            if doubt is not None:
                strange = quote.bid if not 0.0 < quote.bid < math.inf else quote.ask
                self._doubts.note(symbol, doubt, strange, quote.time_us)
                continue
            known[symbol] = newest = quote
            self._moved_quotes.add(symbol)
        return newest

    def take_book(self, book: Book, latest_us: int) -> bool:
        """Take an order book and tell whether it was sound and wanted."""
        if book.symbol not in self.booked:
            return False
        before = self._books.get(book.symbol)
        doubt = doubt_of_book(
            book,
            last=self._last_price(book.symbol),
            newest_us=before.time_us if before is not None else 0,
            latest_us=latest_us,
        )
        if doubt is not None:
            best = book.bids[0].price if book.bids else 0.0
            self._doubts.note(book.symbol, doubt, best, book.time_us)
            return False
        self._books[book.symbol] = book
        self._moved_books.add(book.symbol)
        return True

    def quote(self, symbol: str) -> BidAsk | None:
        """Give the newest quote of a watched symbol."""
        return self._quotes.get(symbol)

    def book(self, symbol: str) -> Book | None:
        """Give the newest book of a watched symbol."""
        return self._books.get(symbol)

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
