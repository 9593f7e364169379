"""What is said when an alert is raised: in the window, and on the desktop while it is not in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop.notices import Level
from puffling.runtime.text import tr
from puffling.store.events import AlertRaised

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

Say = Callable[[str, str], None]


class AlertNews:
    """Tells each alert as it is raised, and leads to its symbol."""

    def __init__(self, window: Window, core: Core, say: Say) -> None:
        self._window = window
        self._core = core
        self._say = say
        self._deaf = core.bus.on(AlertRaised, self._raised)

    def stop(self) -> None:
        """Let go of the core before it closes."""
        self._deaf()

    def _raised(self, event: AlertRaised) -> None:
        note, window = event.note, self._window
        window.notices.tell(
            note.message,
            level=Level.WARN,
            action=tr("Show {symbol}", symbol=note.symbol) if note.symbol else tr("Show alerts"),
            act=lambda: self._show(note.symbol),
        )
        if self._core.settings_now.window.desktop_messages and not window.isActiveWindow():
            self._say(note.message, "")

    def _show(self, symbol: str) -> None:
        if symbol:
            self._window.session.selection.choose(symbol)
        self._window.show_panel("chart" if symbol else "alerts")
