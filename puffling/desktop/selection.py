"""What the person looks at: one symbol and one interval, shared by every panel."""

from __future__ import annotations

from collections.abc import Callable

from puffling.puffin.data.interval import Interval

FIRST_SYMBOL = "SPY"


class Selection:
    """The shared symbol and interval; knows nothing of widgets."""

    def __init__(self, symbol: str = FIRST_SYMBOL, interval: Interval = Interval.D1) -> None:
        self._symbol = symbol
        self._interval = interval
        self._listeners: tuple[Callable[[], None], ...] = ()

    @property
    def symbol(self) -> str:
        """Give the symbol that is looked at."""
        return self._symbol

    @property
    def interval(self) -> Interval:
        """Give the width of the bars that are looked at."""
        return self._interval

    def choose(self, symbol: str | None = None, interval: Interval | None = None) -> None:
        """Look at something else and tell whoever listens; choosing the same again is no news."""
        chosen = (symbol or self._symbol, interval or self._interval)
        if chosen == (self._symbol, self._interval):
            return
        self._symbol, self._interval = chosen
        for listener in self._listeners:
            listener()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; the answer unsubscribes."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe
