"""Quotes, trades and books of any symbol: streamed where somebody watches, the feed's own otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from puffling.market.chain import FeedChain
from puffling.market.quote_board import Watched
from puffling.market.quoting import QuotingFeed
from puffling.market.streams import PriceBoard
from puffling.market.values import BidAsk, Book, FeedState, LeftOut, Tick
from puffling.runtime.errors import PufflingError
from puffling.runtime.tasks import TaskScope


class LiveQuotes:
    """Watches and answers; a feed that has no quotes is no fault."""

    def __init__(
        self,
        chain: FeedChain,
        board: PriceBoard,
        scope: TaskScope,
        watch_prices: Callable[[Iterable[str]], Callable[[], None]],
    ) -> None:
        self._chain = chain
        self._board = board
        self._scope = scope
        self._watch_prices = watch_prices

    def watch_quotes(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Tell bids and asks of these symbols as QuotesMoved until the answer is called."""
        watched = tuple(symbols)
        stop = self._watch(self._board.asked.quoted, watched)
        self._scope.spawn(self._greet_with_quotes(watched), name="market.quotes")
        return stop

    def watch_tape(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Tell every trade of these symbols as TapePrinted until the answer is called."""
        return self._watch(self._board.asked.taped, tuple(symbols))

    def watch_books(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Tell the order books of these symbols as BooksMoved until the answer is called."""
        watched = tuple(symbols)
        stop = self._watch(self._board.asked.booked, watched)
        self._scope.spawn(self._greet_with_books(watched), name="market.books")
        return stop

    def known(self, symbol: str) -> BidAsk | None:
        """Give the newest bid and ask of a symbol whose quotes somebody watches, without asking its feed."""
        return self._board.asked.quote(symbol)

    async def quote(self, symbol: str) -> BidAsk | None:
        """Give the newest bid and ask of a symbol; None where its feed has none."""
        known = self._board.asked.quote(symbol)
        feed = self._quoting(symbol)
        if known is not None or feed is None:
            return known
        return self._board.asked.believed_quote(await feed.quote(symbol))

    async def tape(self, symbol: str, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades, the oldest of them first; none where the feed keeps none."""
        feed = self._quoting(symbol)
        return await feed.tape(symbol, limit) if feed is not None else ()

    async def book(self, symbol: str) -> Book | None:
        """Give the order book of a symbol; None where its feed has none."""
        known = self._board.asked.book(symbol)
        feed = self._quoting(symbol)
        if known is not None or feed is None or not feed.has_book:
            return known
        return self._board.asked.believed_book(await feed.book(symbol))

    def has_quotes(self, symbol: str) -> bool:
        """Tell whether the feed of a symbol knows bids and asks."""
        return self._quoting(symbol) is not None

    def has_book(self, symbol: str) -> bool:
        """Tell whether the feed of a symbol knows order books."""
        feed = self._quoting(symbol)
        return feed is not None and feed.has_book

    def state_of(self, symbol: str) -> FeedState:
        """Give how the feed of a symbol is doing."""
        source = self._chain.feed_of(symbol).source
        return next(state for state in self._board.states() if state.source == source)

    def left_out(self, symbol: str) -> tuple[LeftOut, ...]:
        """Give what was too strange about a symbol to be shown."""
        return self._board.left_out(symbol)

    def _watch(self, kind: Watched, symbols: tuple[str, ...]) -> Callable[[], None]:
        # The price too: what is told of a symbol is measured against it.
        ends = (self._watch_prices(symbols), kind.watch(symbols))

        def stop() -> None:
            for end in ends:
                end()

        return stop

    async def _greet_with_quotes(self, symbols: tuple[str, ...]) -> None:
        for symbol in symbols:
            feed = self._quoting(symbol)
            if feed is None or self._board.asked.quote(symbol) is not None:
                continue
            try:
                quote = await feed.quote(symbol)
            except PufflingError:
                # Not to be had now: the stream tells it as soon as there is one.
                continue
            if quote is not None:
                self._board.quotes(self._chain.feed_of(symbol).source, (quote,))
            await asyncio.sleep(0)

    async def _greet_with_books(self, symbols: tuple[str, ...]) -> None:
        for symbol in symbols:
            feed = self._quoting(symbol)
            if feed is None or not feed.has_book:
                continue
            try:
                book = await feed.book(symbol)
            except PufflingError:
                continue
            if book is not None:
                self._board.book(self._chain.feed_of(symbol).source, book)
            await asyncio.sleep(0)

    def _quoting(self, symbol: str) -> QuotingFeed | None:
        feed = self._chain.answering(symbol)
        return feed if isinstance(feed, QuotingFeed) else None
