"""What the feeds know, and the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from puffling.market.calendar import Calendar, calendar
from puffling.market.feeds import Feed
from puffling.market.values import Instrument
from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr


class FeedChain:
    """Feeds in order: a symbol is answered by the first that knows it, or by the one that is named."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds: tuple[Feed, ...] = ()
        self._known: dict[str, dict[str, Instrument]] = {}
        self._first: dict[str, Feed] = {}
        self.use(feeds)

    def use(self, feeds: Sequence[Feed]) -> None:
        """Ask these feeds in this order from now on."""
        self.feeds = tuple(feeds)
        for feed in self.feeds:
            learned = self._known.setdefault(feed.source, {})
            learned.update((each.symbol, each) for each in feed.instruments())
        self._first.clear()
        for feed in reversed(self.feeds):
            self._first.update(dict.fromkeys(self._known[feed.source], feed))

    def learned(self, feed: Feed, symbol: str, instrument: Instrument) -> None:
        """Take in that a feed has a symbol, which may have another name by now."""
        self._known[feed.source][symbol] = instrument
        self._first[symbol] = next(each for each in self.feeds if symbol in self._known[each.source])

    def known(self, feed: Feed, symbol: str) -> Instrument | None:
        """Give what a feed is known to have under a symbol."""
        return self._known[feed.source].get(symbol)

    def answering(self, symbol: str) -> Feed | None:
        """Give the feed that answers for a symbol, or None when none is known to have it."""
        return self._first.get(symbol)

    def feed_of(self, symbol: str, source: str | None = None) -> Feed:
        """Give the feed that answers for a symbol, or say which symbols come near."""
        if source is None:
            found = self._first.get(symbol)
        else:
            found = self.named(source)
            if symbol not in self._known[source]:
                raise self.unknown_to(found, symbol)
        if found is None:
            raise self.unknown(symbol)
        return found

    def named(self, source: str) -> Feed:
        """Give the feed of this name."""
        found = next((feed for feed in self.feeds if feed.source == source), None)
        if found is None:
            raise NotFound(
                tr("There is no feed named {source}.", source=source),
                hint=tr(
                    "Feeds: {names}. Others are switched on in the preferences, Market data.",
                    names=", ".join(feed.source for feed in self.feeds),
                ),
            )
        return found

    def instrument(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what is known of a symbol."""
        return self._known[self.feed_of(symbol, source).source][symbol]

    def calendar_of(self, symbol: str, source: str | None = None) -> Calendar:
        """Give the calendar a symbol trades on."""
        return calendar(self.instrument(symbol, source).calendar)

    def search(self, text: str, limit: int = 50) -> tuple[Instrument, ...]:
        """Give instruments whose symbol or name holds the text, the nearest first; all for an empty text."""
        wanted = text.strip().casefold()
        ranked = []
        for place, (symbol, feed) in enumerate(self._in_order()):
            instrument = self._known[feed.source][symbol]
            rank = _rank(wanted, symbol.casefold(), instrument.name.casefold())
            if rank is not None:
                ranked.append((rank, place, instrument))
        return tuple(instrument for _, _, instrument in sorted(ranked, key=lambda each: each[:2])[:limit])

    def unknown(self, symbol: str) -> NotFound:
        """Give the error that nobody knows a symbol, with those that come near."""
        near = get_close_matches(symbol.upper(), list(self._first), 3, 0.5)
        names = {each.casefold(): known for known, each in self._names()}
        near += [names[name] for name in get_close_matches(symbol.casefold(), list(names), 2, 0.6)]
        near += [found.symbol for found in self.search(symbol, 3)]
        hint = tr("Type a part of its name to find it.")
        if near:
            hint = tr("Did you mean {symbols}?", symbols=", ".join(dict.fromkeys(near)))
        return NotFound(tr("No feed knows {symbol}.", symbol=symbol), hint=hint)

    def unknown_to(self, feed: Feed, symbol: str) -> NotFound:
        """Give the error that the feed somebody named does not know a symbol."""
        return NotFound(
            tr("The feed {source} does not know {symbol}.", source=feed.source, symbol=symbol),
            hint=tr("Leave the feed out to ask all of them."),
        )

    def _in_order(self) -> list[tuple[str, Feed]]:
        return [
            (symbol, feed)
            for feed in self.feeds
            for symbol in self._known[feed.source]
            if self._first[symbol] is feed
        ]

    def _names(self) -> list[tuple[str, str]]:
        return [(symbol, self._known[feed.source][symbol].name) for symbol, feed in self._in_order()]


def _rank(wanted: str, symbol: str, name: str) -> int | None:
    for rank, matches in enumerate(
        (
            not wanted or symbol == wanted,
            symbol.startswith(wanted),
            name.startswith(wanted) or f" {wanted}" in name,
            wanted in symbol or wanted in name,
        )
    ):
        if matches:
            return rank
    return None
