"""Scenes of the Quote panel beside the chart: the book, and a feed that lost its connection."""

from __future__ import annotations

from collections.abc import Callable

from puffling.desktop.panels.quote import QuotePanel
from puffling.desktop.window import Window


def _shown(window: Window, symbol: str, below: str) -> QuotePanel:
    panel = window.docks["quote"].panel
    assert isinstance(panel, QuotePanel)
    window.session.selection.choose(symbol)
    window.show_panel("quote")
    panel.parts.choose(below)
    return panel


def depth(window: Window) -> None:
    """What waits at the next prices of a coin, whose figures are long."""
    _shown(window, "BTC/USD", "book")


def lost(window: Window) -> None:
    """A lost connection, and messages that cannot be true."""
    _shown(window, "TLT", "tape")
    board = window.session.core.market._board
    for price in (float("nan"), 0.0):
        board.snapshots((board.price("TLT")._replace(price=price),))
    board.reconnecting("demo", 3, 8.0, "The network is away.")


def away(window: Window) -> None:
    """Puts the panel away and the connection back."""
    window.session.core.market._board.connection("demo", connected=True)
    window.docks["quote"].hide()


SCENES: dict[str, Callable[[Window], None]] = {"quote-depth": depth, "quote-lost": lost}
