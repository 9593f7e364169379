"""How the book of a paper account is kept before anything of it is told; the reasons stand in `paper`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from puffling.puffin.broker.base import BrokerUpdate, UpdateKind
from puffling.puffin.broker.paper_market import PaperMarket
from puffling.puffin.broker.paper_plain import exported

R = TypeVar("R")


class Keeping:
    """Answers from a book that is kept, and tells news that are."""

    _market: PaperMarket

    def __init__(self, now: Callable[[], datetime], keep: Callable[[dict[str, Any]], None] | None) -> None:
        self._now = now
        self._keep = keep
        # Never held while a book is kept or news are told: a loop may wait for it.
        self._lock = threading.RLock()
        self._telling = threading.RLock()
        self._hearers: list[Callable[[BrokerUpdate], None]] = []
        self._untold: list[tuple[int, BrokerUpdate]] = []
        self._kept_version = 0

    def listen(self, hear: Callable[[BrokerUpdate], None]) -> Callable[[], None]:
        """Tell news of orders from now on, from whichever thread; the answer ends it."""
        self._hearers.append(hear)
        hear(BrokerUpdate(UpdateKind.CONNECTED, at=self._now()))

        def end() -> None:
            if hear in self._hearers:
                self._hearers.remove(hear)

        return end

    def unkept(self, *, whole: bool = False) -> dict[str, Any] | None:
        """Give the book when it holds something that was not kept yet.

        The newest prices, and how far trailing stops have come, are kept with whatever happens next; the
        `whole` book has them now.
        """
        with self._lock:
            self._market.changed = self._market.changed or whole
            return self._unkept()

    def kept(self, version: int) -> None:
        """Hear that the book of this version is kept for good, and tell what it holds."""
        with self._telling:
            with self._lock:
                self._kept_version = max(self._kept_version, version)
                told = [update for since, update in self._untold if since <= version]
                self._untold = [each for each in self._untold if each[0] > version]
                if self._kept_version == self._market.book.version and not self._market.changed:
                    # Kept with the book; what came after it is still to be.
                    self._market.book.flows = []
            for update in told:
                for hear in tuple(self._hearers):
                    hear(update)

    def _answer(self, ask: Callable[[], R]) -> R:
        """Ask or change the book, and keep what the answer rests on before it is given."""
        with self._lock:
            answer = ask()
        self._settle()
        return answer

    def _moved(self) -> bool:
        """Tell whether the market changed something; without anybody to keep it, it is told at once."""
        if self._keep is None:
            self._settle()
            return False
        with self._lock:
            return self._market.changed or self._market.book.version > self._kept_version

    def _settle(self) -> None:
        """Keep what is new and tell it."""
        with self._lock:
            self._note()
            version = self._market.book.version
            # Nobody who keeps nothing needs it written out.
            book = None if self._keep is None else self._unkept()
        if version == self._kept_version:
            return
        if self._keep is not None and book is not None:
            self._keep(book)
        self.kept(version)

    def _unkept(self) -> dict[str, Any] | None:
        book = self._market.book
        self._note()
        if book.version == self._kept_version:
            return None
        return exported(book)

    def _note(self) -> None:
        """Give what changed a version of its own."""
        market = self._market
        if market.changed:
            market.book.version += 1
            market.book.forget_the_oldest()
            market.changed = False
            self._untold += [(market.book.version, update) for update in market.news]
            market.news.clear()
