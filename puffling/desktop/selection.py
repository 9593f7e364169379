"""What the person looks at: one symbol, one interval and, in a replay, one moment, shared by every panel.

`present_us` is the moment the charts stand at while history is replayed: no panel shows what lies after it.
Pointing at a moment is a gesture, not a state: whoever shows that symbol goes there.
"""

from __future__ import annotations

from collections.abc import Callable

from puffling.desktop.listeners import Listeners
from puffling.puffin.data.interval import Interval

FIRST_SYMBOL = "SPY"


class Selection:
    """The shared symbol and interval; knows nothing of widgets."""

    def __init__(self, symbol: str = FIRST_SYMBOL, interval: Interval = Interval.D1) -> None:
        self._symbol = symbol
        self._interval = interval
        self._listeners = Listeners[[]]()
        self._present_us: int | None = None
        self._present_listeners = Listeners[[]]()
        self._pointed_listeners = Listeners[[str, int]]()

    @property
    def symbol(self) -> str:
        """Give the symbol that is looked at."""
        return self._symbol

    @property
    def interval(self) -> Interval:
        """Give the width of the bars that are looked at."""
        return self._interval

    @property
    def present_us(self) -> int | None:
        """Give the moment a replay stands at; None while the charts are live."""
        return self._present_us

    def choose(self, symbol: str | None = None, interval: Interval | None = None) -> None:
        """Look at something else and tell whoever listens; choosing the same again is no news."""
        chosen = (symbol or self._symbol, interval or self._interval)
        if chosen == (self._symbol, self._interval):
            return
        self._symbol, self._interval = chosen
        self._listeners.tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; the answer unsubscribes."""
        return self._listeners.add(listener)

    def stand_at(self, present_us: int | None) -> None:
        """Let the moment of the replay be another one, or none, and tell whoever listens."""
        if present_us != self._present_us:
            self._present_us = present_us
            self._present_listeners.tell()

    def on_present(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener whenever the moment of the replay moves; the answer unsubscribes."""
        return self._present_listeners.add(listener)

    def point_at(self, symbol: str, moment_us: int) -> None:
        """Show a moment of a symbol wherever it is looked at."""
        self._pointed_listeners.tell(symbol, moment_us)

    def on_point(self, listener: Callable[[str, int], None]) -> Callable[[], None]:
        """Call the listener when somebody points at a moment; the answer unsubscribes."""
        return self._pointed_listeners.add(listener)
