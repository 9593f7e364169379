"""Questions that one panel hands to another: to be tested, or to be searched for better parameters."""

from __future__ import annotations

from collections.abc import Callable

from puffling.desktop.backtests.question import Question
from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session


class SharedQuestion:
    """The last question that was handed over; whoever listens hears of every one."""

    def __init__(self, _session: Session) -> None:
        self.question: Question | None = None
        self._listeners = Listeners[[]]()

    def ask(self, question: Question) -> None:
        """Hand a question over; the same once more is told too: it is wanted anew."""
        self.question = question
        self._listeners.tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every question; the answer unsubscribes."""
        return self._listeners.add(listener)


class QuestionToTest(SharedQuestion):
    """The question somebody wants in the form of the panel of backtests."""


class QuestionToSearch(SharedQuestion):
    """The question somebody wants better parameters for."""
