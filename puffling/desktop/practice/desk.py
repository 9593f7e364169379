"""The practice of a window: one at a time, in one symbol, led along by the replay.

It gets bars from a chart alone, which cut them at the present of the replay. An order is taken only when the
practice stands where the replay stands: nobody orders at a price that they have seen pass. Going back undoes
what came later, and counts; going to before its beginning ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop import numbers
from puffling.desktop.charting.past import end_of
from puffling.desktop.listeners import Listeners
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.market.values import History
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import PuffinError
from puffling.puffin.orders import Kind, Side
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.broker.practice import Practice

PANEL = "practice"
# What an order is of at first, as a share of the money.
_FIRST_SHARE = 0.1
_FINEST = 4


@dataclass(slots=True)
class _Session:
    """A practice with the name it is kept under."""

    book: Practice
    interval: Interval
    id: str
    kept: bool = False
    over: bool = False
    keeping: bool = False
    again: bool = False


class PracticeDesk:
    """Holds the practice that is on, takes orders for it, and keeps what it came to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listeners = Listeners[[]]()
        self._on: _Session | None = None
        self._known: History | None = None
        self._followed_us = 0
        self._behind = False
        self.quantity = Decimal(0)

    @property
    def book(self) -> Practice | None:
        """Give the practice that is on; None while there is none."""
        return self._on.book if self._on is not None else None

    @property
    def ready(self) -> bool:
        """Tell whether the practice stands where the replay stands."""
        return self.book is not None and self._followed_us == self._session.selection.present_us

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; the answer unsubscribes."""
        return self._listeners.add(listener)

    def begin(self, history: History, interval: Interval, present_us: int) -> None:
        """Begin to practise on a series, at the present of the replay."""
        bars = history.clean
        if not len(bars):
            return
        price = float(bars.close[-1])
        practice = self._session.core.practice
        book = practice.begin(history.key.symbol, present_us, price)
        self.quantity = _first_quantity(float(book.equity), price)
        # Its name is known at once: a window that is closed before it is written finds it again.
        self._on = _Session(book, interval, practice.name())
        self._followed_us, self._behind = present_us, False
        self._keep(self._on)
        self._listeners.tell()

    @property
    def id(self) -> str:
        """Give the name the practice that is on is kept under; empty while there is none."""
        return self._on.id if self._on is not None else ""

    def resume(self, id: str, then: Callable[[], None]) -> None:
        """Take up a practice that was left, unless it is over; `then` leads it to the present."""

        def take_up(found: tuple[Practice, Interval] | None) -> None:
            if found is not None and self._on is None:
                book, interval = found
                self.quantity = self.quantity or _first_quantity(float(book.equity), book.points[-1].price)
                self._on = _Session(book, interval, id, kept=True)
                self._followed_us = 0
                then()
                self._listeners.tell()

        practice = self._session.core.practice
        self._session.dispatch.run(
            lambda: practice.resume(id), name="resume practice", newest="practice.resume", then=take_up
        )

    def leave(self) -> None:
        """Let go of the practice that is on, to be taken up again."""
        if self._on is not None:
            self._keep(self._on)
            self._on = self._known = None
            self._listeners.tell()

    def end(self, said: str = "") -> None:
        """End the practice that is on; what was done in it is kept, and said."""
        ended, self._on = self._on, None
        self._known = None
        if ended is None:
            return
        ended.over = True
        self._keep(ended)
        if ended.book.fills:
            score = ended.book.score
            self._session.notices.tell(
                tr(
                    "Practice of {symbol}: {gained}, and holding {held}",
                    symbol=score.symbol,
                    gained=numbers.percent(score.gained),
                    held=numbers.percent(score.held),
                ),
                level=Level.WARN if said else Level.DONE,
                hint=said,
                action=tr("Show practice"),
                act=partial(self._session.show_panel, PANEL),
            )
        elif said:
            self._session.notices.tell(said, level=Level.WARN)
        self._listeners.tell()

    def keep(self) -> None:
        """Keep how the practice stands."""
        if self._on is not None:
            self._keep(self._on)

    def follow(self, known: History, present_us: int) -> None:
        """Take in what is known at the present of the replay, or go back to it."""
        if self._on is None or (present_us == self._followed_us and known is self._known):
            return
        book, bars = self._on.book, known.clean
        if present_us < book.earliest_us:
            self.end(tr("The replay went to before its beginning."))
            return
        if len(bars) and int(bars.time[0]) > book.at_us:
            self.end(tr("The replay went further than its bars reach."))
            return
        self._known = known
        book.rewind(present_us)
        self._take(present_us)

    def order(self, side: Side, kind: Kind = Kind.MARKET, at: float | None = None) -> None:
        """Order as much as is filled in; at the market, or waiting at a price."""
        self._act(lambda book: book.order(side, self.quantity, kind, at))

    def close(self) -> None:
        """Let nothing wait, and close what is held at the next open."""
        self._act(lambda book: book.close())

    def cancel(self, order_id: str) -> None:
        """Let an order wait no more."""
        self._act(lambda book: book.cancel(order_id))

    def move(self, order_id: str, price: float) -> None:
        """Let an order wait at another price."""
        self._act(lambda book: book.move(order_id, price))

    def _act(self, act: Callable[[Practice], object]) -> None:
        if self.book is None:
            return
        if not self.ready:
            self._session.notices.tell(
                tr("The practice does not stand where the replay stands."),
                level=Level.WARN,
                hint=tr("Show {symbol} in the chart, and it follows.", symbol=self.book.symbol),
            )
        else:
            try:
                act(self.book)
                self.keep()
            except PuffinError as refused:
                self._session.notices.tell(f"{refused}.", level=Level.WARN, hint=_hint_of(refused))
        self._listeners.tell()

    def _take(self, present_us: int) -> None:
        """Take in some bars; many are taken in turns, so that nobody waits."""
        on, known = self._on, self._known
        if on is None or known is None:
            return
        fills = len(on.book.fills)
        self._behind = on.book.follow(known.clean, partial(_end_in, known.key.interval), present_us)
        if len(on.book.fills) != fills:
            self._keep(on)
        if self._behind:
            self._session.dispatch.run(
                partial(self._take_later, known, present_us), name="practise", newest="practice.follow"
            )
            return
        self._followed_us = present_us
        self._listeners.tell()

    async def _take_later(self, known: History, present_us: int) -> None:
        await self._session.core.clock.sleep(0)
        if self._known is known:
            self._take(present_us)

    def _keep(self, on: _Session) -> None:
        on.again = True
        if not on.keeping and self._session.connected:
            on.keeping = True
            self._session.dispatch.run(partial(self._keep_now, on), name="keep practice")

    async def _keep_now(self, on: _Session) -> None:
        try:
            while on.again:
                on.again = False
                practice = self._session.core.practice
                if not on.over or on.book.fills:
                    await practice.keep(on.id, on.book, on.interval, over=on.over, new=not on.kept)
                    on.kept = True
                elif on.kept:
                    await practice.discard(on.id)
        finally:
            on.keeping = False


def _end_in(interval: Interval, begun_us: int) -> int:
    return end_of(begun_us, interval)


def _first_quantity(cash: float, price: float) -> Decimal:
    """Give how much a tenth of the money buys: whole pieces, or a part of one where it is dear."""
    pieces = cash * _FIRST_SHARE / price if price > 0 else 1.0
    if pieces >= 1:
        return Decimal(math.floor(pieces))
    return Decimal(repr(math.floor(pieces * 10**_FINEST) / 10**_FINEST)) or Decimal(1)


def _hint_of(refused: PuffinError) -> str:
    if getattr(refused, "code", "") == "not_enough_held":
        return tr("The preferences of the paper account say whether it sells short.")
    return ""
