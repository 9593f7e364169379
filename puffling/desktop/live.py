"""What the window does once the core is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


class LiveWindow:
    """Keeps the lines of the window true and turns abilities into actions."""

    def __init__(self, window: Window, core: Core) -> None:
        self._window = window
        self._core = core
