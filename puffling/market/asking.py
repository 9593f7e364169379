"""Asking sources that may be slow, away or talking nonsense: in order, with patience, and honestly."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Generic, Protocol, TypeVar

from puffling.frozen import frozen
from puffling.market.chain import FeedChain
from puffling.market.feeds import Feed, SourceAway
from puffling.market.values import AssetClass, Instrument, Quality
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.kept import Note
from puffling.puffin.errors import PuffinError
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, StorageFailed, Unavailable
from puffling.runtime.text import tr

_log = logging.getLogger(__name__)

# Clients have shorter patience of their own; this one ends what they forgot.
PATIENCE_SECONDS = 45.0
SEARCH_SECONDS = 4.0
_UNKNOWN_FOR_US = 3_600 * US_PER_SECOND
_INSTRUMENTS = "instrument"

_NO_STAND_IN = frozenset({Quality.DEMO, Quality.SAMPLE})

R = TypeVar("R")


class Notes(Protocol):
    """Where what was learned is kept."""

    async def note(self, source: str, kind: str, symbol: str, text: str, noted_us: int) -> None:
        """Keep a text about a symbol in the place of the older one."""
        ...

    async def notes(self, source: str, kind: str) -> dict[str, Note]:
        """Give the texts of one kind that are kept of a source, by symbol."""
        ...


@frozen
class Answer(Generic[R]):
    """What the first feed that could answer said, and which ones before it could not and why."""

    feed: Feed
    instrument: Instrument
    value: R
    passed_over: tuple[tuple[Feed, str], ...] = ()


class Asking:
    """Asks the feeds of a chain in their order; one that is away is left in peace for a while."""

    def __init__(self, chain: FeedChain, clock: Clock, notes: Notes) -> None:
        self._chain = chain
        self._clock = clock
        self._notes = notes
        # By feed: since when it is left in peace, until when, and why.
        self._resting: dict[str, tuple[int, int, SourceAway]] = {}
        self._unknown: dict[tuple[str, str], int] = {}
        self._seen: dict[tuple[str, str], Instrument] = {}

    async def recall(self) -> None:
        """Know again what was learned before the last start."""
        for feed in self._chain.feeds:
            if not feed.is_remote:
                continue
            try:
                notes = await self._notes.notes(feed.source, _INSTRUMENTS)
            except StorageFailed as error:
                _log.warning("What was learned from %s is asked anew: %s", feed.source, error)
                continue
            for symbol, note in notes.items():
                self._chain.learned(feed, symbol, _read(note.text))

    async def learn(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what the first feed that has a symbol says of it, asking those that do not list theirs."""

        async def nothing_more(feed: Feed, instrument: Instrument) -> None:
            pass

        return (await self.first(symbol, source, nothing_more)).instrument

    async def first(
        self,
        symbol: str,
        source: str | None,
        act: Callable[[Feed, Instrument], Awaitable[R]],
        *,
        interval: Interval | None = None,
        able: Callable[[Feed], bool] = lambda _: True,
    ) -> Answer[R]:
        """Give what the first feed answers that has the symbol and is able; a named one is never replaced."""
        feeds = self._chain.feeds if source is None else (self._chain.named(source),)
        failed: list[tuple[Feed, Unavailable]] = []
        has_it = False
        for feed in feeds:
            # Nobody who asked for real prices is given made-up or ancient ones because the source is away.
            if feed.quality in _NO_STAND_IN and any(away.is_remote for away, _ in failed):
                continue
            try:
                self._let_rest(feed)
                instrument = await self._instrument(feed, symbol)
                if instrument is None:
                    continue
                has_it = True
                if not able(feed):
                    raise Unavailable(_has_only(feed), hint=tr("Choose wider bars or another feed."))
                value = await act(feed, instrument)
            except NotFound as gone:
                # It had the symbol once.
                failed.append((feed, Unavailable(gone.message)))
                continue
            except Unavailable as error:
                failed.append((feed, error))
                self._note_failure(feed, error)
                continue
            reasons = tuple((each, error.message) for each, error in failed if not _is_unable(each, able))
            return Answer(feed, instrument, value, reasons)
        if not has_it and not failed:
            raise self._chain.unknown(symbol) if source is None else self._chain.unknown_to(feeds[0], symbol)
        raise _exhausted(symbol, interval, failed)

    def is_settled(self, symbol: str) -> bool:
        """Tell whether it is clear without asking anybody which feed answers for a symbol."""
        now_us = to_us(self._clock.now())
        for feed in self._chain.feeds:
            if self._chain.known(feed, symbol) is not None:
                return True
            may_ask = self._rest_of(feed) is None and not self._was_unknown(feed, symbol, now_us)
            if feed.is_remote and may_ask:
                return False
        return True

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Search what is known here, then at the sources for as long as a person waits."""
        found = {each.symbol: each for each in self._chain.search(text, limit)}
        remote = [feed for feed in self._chain.feeds if feed.is_remote] if text.strip() else []
        if len(found) < limit and remote:
            for answers in await asyncio.gather(*(self._found_by(feed, text, limit) for feed in remote)):
                for instrument in answers:
                    found.setdefault(instrument.symbol, instrument)
        return tuple(found.values())[:limit]

    async def _found_by(self, feed: Feed, text: str, limit: int) -> Sequence[Instrument]:
        try:
            self._let_rest(feed)
            async with asyncio.timeout(SEARCH_SECONDS):
                found = await answer_of(feed, feed.find(text.strip(), limit))
        except (TimeoutError, Unavailable) as error:
            _log.info("%s was not searched: %s", feed.source, error)
            return ()
        self._seen.update({(feed.source, each.symbol): each for each in found})
        return found

    async def _instrument(self, feed: Feed, symbol: str) -> Instrument | None:
        known = self._chain.known(feed, symbol)
        if known is not None:
            return known
        if not feed.is_remote:
            found = await feed.learn(symbol)
            if found is not None:
                self._chain.learned(feed, symbol, found)
            return found
        asked = (feed.source, symbol)
        now_us = to_us(self._clock.now())
        if self._was_unknown(feed, symbol, now_us):
            return None
        found = self._seen.get(asked) or await answer_of(feed, feed.learn(symbol))
        if found is None:
            self._unknown[asked] = now_us
            return None
        self._chain.learned(feed, symbol, found)
        try:
            await self._notes.note(feed.source, _INSTRUMENTS, symbol, _written(found), now_us)
        except StorageFailed as error:
            _log.warning("What %s said of %s was not kept: %s", feed.source, symbol, error)
        return found

    def _was_unknown(self, feed: Feed, symbol: str, now_us: int) -> bool:
        asked_us = self._unknown.get((feed.source, symbol))
        return asked_us is not None and asked_us <= now_us < asked_us + _UNKNOWN_FOR_US

    def _rest_of(self, feed: Feed) -> SourceAway | None:
        """Give why a feed is left in peace now; a clock that was set back ends the rest."""
        since_us, until_us, error = self._resting.get(feed.source, (0, 0, None))
        return error if since_us <= to_us(self._clock.now()) < until_us else None

    def _let_rest(self, feed: Feed) -> None:
        error = self._rest_of(feed)
        if error is not None:
            raise error

    def _note_failure(self, feed: Feed, error: Unavailable) -> None:
        now_us = to_us(self._clock.now())
        if isinstance(error, SourceAway) and self._rest_of(feed) is None:
            until_us = now_us + int(error.retry_seconds * US_PER_SECOND)
            self._resting[feed.source] = (now_us, until_us, error)


async def answer_of(feed: Feed, question: Awaitable[R]) -> R:
    """Await what a feed was asked, and no longer than is bearable."""
    try:
        if not feed.is_remote:
            return await question
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await question
    except TimeoutError as error:
        seconds = int(PATIENCE_SECONDS)
        raise SourceAway(tr("It did not answer within {seconds} s.", seconds=seconds)) from error
    except PuffinError as error:
        raise SourceAway(tr("Its answer makes no sense: {reason}.", reason=str(error))) from error


def _is_unable(feed: Feed, able: Callable[[Feed], bool]) -> bool:
    """Tell whether a feed was passed over for what it never had, which is no news."""
    return not able(feed)


def _has_only(feed: Feed) -> str:
    widths = ", ".join(str(interval) for interval in Interval if interval in feed.intervals)
    return tr("{label} has bars of {widths} only.", label=feed.label, widths=widths)


def _exhausted(
    symbol: str, interval: Interval | None, failed: Sequence[tuple[Feed, Unavailable]]
) -> Unavailable | NotFound:
    if len(failed) == 1:
        return failed[0][1]
    what = tr("Nobody can say anything about {symbol} now.", symbol=symbol)
    if interval is not None:
        what = tr("Nobody has bars of {interval} of {symbol} now.", interval=interval, symbol=symbol)
    reasons = (
        tr("{label}: {reason}", label=feed.label, reason=f"{error.message} {error.hint}".strip())
        for feed, error in failed
    )
    return Unavailable(what, hint=" ".join(reasons))


def _written(instrument: Instrument) -> str:
    return json.dumps(asdict(instrument))


def _read(text: str) -> Instrument:
    values = json.loads(text)
    return Instrument(**{**values, "asset_class": AssetClass(values["asset_class"])})
