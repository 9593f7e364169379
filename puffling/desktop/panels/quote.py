"""Quote: bid and ask, ranges, trades one by one and the order book of the symbol everybody looks at."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.later import later
from puffling.desktop.live_mark import LiveMark
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.desktop.theme import set_role
from puffling.market.events import (
    BooksMoved,
    FeedStateChanged,
    MessagesLeftOut,
    PricesMoved,
    QuotesMoved,
    TapePrinted,
)
from puffling.market.values import BidAsk, Book, Instrument, LeftOut, Price, Tick, words_of
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.quote.facts import Facts
    from puffling.desktop.quote.parts import Parts

DRAIN_MILLISECONDS = 50
LOOK_SECONDS = 1.0
# Ranges and usual volume change slowly; the day's own extremes are added live.
LOOKS_PER_YEAR_FETCH = 600
TAPE_LINES = 300
NEW_YORK = "XNYS"


@panel(id="quote", title="Quote", icon="quote", area=Area.RIGHT, order=3)
class QuotePanel(Panel):
    """Follows the shared selection; what of it cannot be seen is not asked for."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._parts: Parts | None = None
        self._symbol = ""
        self._instrument: Instrument | None = None
        self._price: Price | None = None
        self._quote: BidAsk | None = None
        self._book: Book | None = None
        self._printed: deque[Tick] = deque(maxlen=2_000)
        self._stops: dict[str, Callable[[], None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looks = 0
        self._kept_choices: Kept = {}
        self._drain = later(self, self._show_moved, DRAIN_MILLISECONDS)
        self.symbol = QLabel()
        set_role(self.symbol, kind="title")
        self.mark = LiveMark(session.selection)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setMinimumSize(264, 200)

    def header(self) -> list[QWidget]:
        return [self.symbol, self.mark]

    @property
    def parts(self) -> Parts:
        """Give what the panel is made of, made when it is first needed."""
        if self._parts is None:
            # Imported here: few starts show this panel at once.
            from puffling.desktop.quote.parts import Parts

            self._parts = Parts()
            self._parts.choose(str(self._kept_choices.get("below", "")))
            self._parts.sight_changed.connect(self._follow_sight)
            self._column.addWidget(self._parts)
            self.states = States(self._parts)
            self.setFocusProxy(self._parts)
        return self._parts

    def choices(self) -> Kept:
        return {"below": self._parts.chosen} if self._parts is not None else self._kept_choices

    def restore(self, choices: Kept, content: Kept) -> None:
        self._kept_choices = choices

    def acts(self) -> Iterable[Action]:
        for action_id, title, run, help_text in (
            (
                "window.quote-trades",
                tr("Show time and sales"),
                partial(self._choose, "tape"),
                tr("Every trade as it was printed, the newest on top."),
            ),
            (
                "window.quote-depth",
                tr("Show depth"),
                partial(self._choose, "book"),
                tr("What waits at the next prices on both sides."),
            ),
            (
                "window.copy-quote",
                tr("Copy quote"),
                self._copy,
                tr("All of it as a table."),
            ),
        ):
            yield Action(action_id, title, run, tr("Quote"), help_text, "View/Quote")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._parts is None and not self.session.connected:
            self.parts.face.show()
            self.states.loading()

    def wake(self, core: Core) -> None:
        self.hear(PricesMoved, self._take_price)
        self.hear(QuotesMoved, self._take_quote)
        self.hear(TapePrinted, self._take_trades)
        self.hear(BooksMoved, self._take_book)
        self.hear(FeedStateChanged, lambda _: self._look())
        self.hear(MessagesLeftOut, lambda _: self._look())
        self.hear_selection(self._follow)
        self._looking = self.session.dispatch.scope.spawn(self._keep_looking(), name="look at quote")
        self._symbol = ""
        self._follow()

    def sleep(self) -> None:
        self._drain.stop()
        if self._looking is not None:
            self._looking.cancel()
        self._stop_watching()

    def _choose(self, which: str) -> None:
        self.parts.choose(which)

    def _copy(self) -> None:
        self.parts.face.copy()

    def _follow(self) -> None:
        """Show the symbol that is looked at now, from what is known at once to what has to be fetched."""
        symbol = self.session.selection.symbol
        if symbol == self._symbol:
            return
        self._stop_watching()
        self._symbol, core = symbol, self.session.core
        self.symbol.setText(symbol)
        self._quote = self._book = None
        self._printed.clear()
        self._instrument = self._price = None
        self.parts.tape.begin((), 2, self._time)
        try:
            self._show_symbol(core.data.instrument(symbol))
        except PufflingError:
            # Nobody here knows it yet: a feed may.
            self.session.dispatch.run(
                lambda: core.data.learn(symbol),
                name="learn symbol",
                newest="quote",
                then=lambda learned: self._show_symbol(learned) if symbol == self._symbol else None,
                failed=self._say_failed,
                owner=self,
            )

    def _show_symbol(self, instrument: Instrument) -> None:
        """Show what is known at once, watch, and fetch the rest."""
        core, symbol, parts = self.session.core, self._symbol, self.parts
        self._stops["quote"] = core.quotes.watch((symbol,))
        self._instrument = instrument
        self.states.content()
        self._price = core.data.newest(symbol)
        parts.offer_sizes(instrument.asset_class)
        parts.ladder.show_book(None, self._decimals)
        parts.tape.begin((), self._decimals, self._time)
        parts.face.show_facts(self._facts(symbol))
        self._look()
        self._follow_sight()
        self.session.dispatch.run(
            self._fetch, name="fetch quote", newest="quote", failed=self._say_failed, owner=self
        )

    async def _fetch(self) -> None:
        core, symbol = self.session.core, self._symbol
        self._quote = await core.quotes.newest(symbol)
        self._show_moved()
        self.mark_live()
        await self._fetch_year()

    async def _fetch_year(self) -> None:
        symbol = self._symbol
        year = await self.session.core.quotes.year(symbol)
        if symbol == self._symbol:
            face = self.parts.face
            facts = replace(
                face.facts, year_low=year.low, year_high=year.high, average_volume=year.average_volume
            )
            face.show_facts(facts)

    def _say_failed(self, error: PufflingError) -> None:
        self.states.error(error.message, error.hint)
        self.mark_live()

    def _follow_sight(self) -> None:
        """Watch trades and book exactly while they can be seen."""
        if not self.awake or self._instrument is None:
            return
        core, symbol, parts = self.session.core, self._symbol, self.parts
        if parts.shows_tape and "tape" not in self._stops:
            self._stops["tape"] = core.quotes.watch_tape((symbol,))
            self.session.dispatch.run(self._fetch_tape, name="fetch tape", newest="quote.tape", owner=self)
        elif not parts.shows_tape:
            self._stop("tape")
        if parts.shows_book and "book" not in self._stops:
            self._stops["book"] = core.quotes.watch_books((symbol,))
            self.session.dispatch.run(self._fetch_book, name="fetch book", newest="quote.book", owner=self)
        elif not parts.shows_book:
            self._stop("book")

    async def _fetch_tape(self) -> None:
        core, symbol = self.session.core, self._symbol
        trades = await core.quotes.printed(symbol, TAPE_LINES)
        if symbol != self._symbol:
            return
        tape = self.parts.tape
        tape.begin(trades, self._decimals, self._time)
        if trades or core.quotes.has_quotes(symbol):
            tape.states.content()
        else:
            tape.states.empty(
                tr("No trades yet"), tr("This feed keeps no past trades. New ones appear here."), icon="quote"
            )

    async def _fetch_book(self) -> None:
        core, symbol = self.session.core, self._symbol
        ladder = self.parts.ladder
        if not core.quotes.has_book(symbol):
            ladder.show_book(None, self._decimals)
            ladder.states.empty(
                tr("This feed has no order book"), tr("Bid and ask above are all it tells."), icon="quote"
            )
            return
        book = await core.quotes.depth(symbol)
        if symbol == self._symbol:
            ladder.states.content()
            ladder.show_book(book, self._decimals)

    def _take_price(self, event: PricesMoved) -> None:
        price = event.prices.get(self._symbol)
        if price is None:
            return
        if self._price is not None and price.source != self._price.source:
            # Another feed answers now: nothing of the one before may stand beside its price.
            self._symbol = ""
            self._follow()
            return
        self._price = price
        self._drain_soon()

    def _take_quote(self, event: QuotesMoved) -> None:
        quote = event.quotes.get(self._symbol)
        if quote is not None:
            self._quote = quote
            self._drain_soon()

    def _take_trades(self, event: TapePrinted) -> None:
        trades = event.trades.get(self._symbol)
        if trades and "tape" in self._stops:
            self._printed.extend(trades)
            self._drain_soon()

    def _take_book(self, event: BooksMoved) -> None:
        book = event.books.get(self._symbol)
        if book is not None and "book" in self._stops:
            self._book = book
            self._drain_soon()

    def _drain_soon(self) -> None:
        if not self._drain.isActive():
            self._drain.start()

    def _show_moved(self) -> None:
        parts = self.parts
        parts.face.show_facts(replace(parts.face.facts, price=self._price, quote=self._quote))
        if self._printed:
            trades = tuple(self._printed)
            self._printed.clear()
            parts.tape.states.content()
            parts.tape.add(trades)
        if self._book is not None:
            book, self._book = self._book, None
            parts.ladder.show_book(book, self._decimals)

    async def _keep_looking(self) -> None:
        clock = self.session.core.clock
        while True:
            await clock.sleep(LOOK_SECONDS)
            self._look()
            self._looks += 1
            if self._looks % LOOKS_PER_YEAR_FETCH == 0 and self._instrument is not None:
                self.session.dispatch.run(
                    self._fetch_year, name="fetch year", newest="quote.year", owner=self
                )

    def _look(self) -> None:
        """Renew what changes by itself: age of the price, time to the close, what was left out."""
        if self._instrument is None:
            return
        face = self.parts.face
        facts = self._timely(face.facts)
        if facts != face.facts:
            face.show_facts(facts)

    def _facts(self, symbol: str) -> Facts:
        from puffling.desktop.quote.facts import Facts

        core = self.session.core
        return Facts(
            symbol=symbol,
            name=self._instrument.name if self._instrument else "",
            decimals=self._decimals,
            price=self._price,
            has_quotes=core.quotes.has_quotes(symbol),
        )

    def _timely(self, facts: Facts) -> Facts:
        core, symbol = self.session.core, self._symbol
        ends = core.quotes.session_ends(symbol)
        seconds = (ends - core.clock.now()).total_seconds() if ends is not None else None
        return replace(
            facts,
            feed=core.quotes.feed_of(symbol),
            session_seconds=seconds,
            left_out=tuple(map(_left_out_words, core.quotes.left_out(symbol))),
        )

    @property
    def _decimals(self) -> int:
        return self._instrument.price_decimals if self._instrument else 2

    def _time(self, moment: datetime) -> str:
        """Give a trade's time as the exchange's own clock shows it."""
        local = self._instrument is not None and self._instrument.calendar == NEW_YORK
        return f"{moment.astimezone(ZoneInfo('America/New_York') if local else UTC):%H:%M:%S}"

    def _stop(self, which: str) -> None:
        stop = self._stops.pop(which, None)
        if stop is not None:
            stop()

    def _stop_watching(self) -> None:
        for which in tuple(self._stops):
            self._stop(which)


def _left_out_words(left_out: LeftOut) -> str:
    return tr("{words} ({count})", words=words_of(left_out.doubt), count=left_out.count)
