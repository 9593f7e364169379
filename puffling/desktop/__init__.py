"""The window: it shows and asks, and decides nothing."""

from __future__ import annotations

import builtins
import sys


def _load_qt() -> None:
    """Load Qt and leave the import statement as it was.

    PySide6 puts itself between, and then reads and keeps the source of every module that is imported, for
    switchable features that nobody here uses: a sixth of the window's memory.
    """
    plain = builtins.__import__
    import PySide6.QtCore  # noqa: F401

    builtins.__import__ = plain
    if sys.version_info < (3, 12):
        from puffling.desktop.overrides import shield_overrides

        shield_overrides()


_load_qt()
