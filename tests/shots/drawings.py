"""The chart with everything a person can draw on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop.drawings.board import DrawingBoard
from puffling.desktop.drawings.part import Drawings
from puffling.desktop.drawings.style import Style
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.popover import Popover
from puffling.store.values import DrawingColour, DrawingDash, DrawingKind

if TYPE_CHECKING:
    from puffling.desktop.window import Window

SKETCHES: tuple[tuple[DrawingKind, tuple[tuple[float, float], ...], Style], ...] = (
    (DrawingKind.LINE, ((0.10, 0.50), (0.30, 0.20)), Style()),
    (
        DrawingKind.RAY,
        ((0.35, 0.50), (0.45, 0.45)),
        Style(DrawingColour.AMBER, dash=DrawingDash.DASHED, text="Trend"),
    ),
    (
        DrawingKind.EXTENDED,
        ((0.50, 0.10), (0.60, 0.14)),
        Style(DrawingColour.GREY, dash=DrawingDash.DOTTED),
    ),
    (DrawingKind.ARROW, ((0.20, 0.70), (0.28, 0.55)), Style(DrawingColour.UP, 2.5)),
    (DrawingKind.HORIZONTAL, ((0.20, 0.62),), Style(DrawingColour.DOWN, text="Stop")),
    (DrawingKind.VERTICAL, ((0.72, 0.50),), Style(DrawingColour.VIOLET, text="Earnings")),
    (DrawingKind.RECTANGLE, ((0.05, 0.12), (0.16, 0.30)), Style(DrawingColour.TEAL, text="Range")),
    (DrawingKind.CHANNEL, ((0.75, 0.70), (0.95, 0.50), (0.75, 0.60)), Style(DrawingColour.PINK)),
    (DrawingKind.FIBONACCI, ((0.50, 0.20), (0.62, 0.55)), Style(DrawingColour.ORANGE, 1.0)),
    (DrawingKind.NOTE, ((0.32, 0.15),), Style(text="Broke out on\nvolume")),
)


def bare(window: Window) -> None:
    """Takes every drawing away; a chart without its tools yet has none."""
    for popover in window.findChildren(Popover):
        popover.leave()
    board = _part(window).board
    if board is None:
        return
    board.layer.measured = None
    board.select("")
    if board.book is not None:
        board.book.clear()


def everything(window: Window) -> None:
    """One of each kind, the retracement selected, and a measure."""
    bare(window)
    board = _board(window)
    ground = board.ground()
    assert ground is not None
    assert board.book is not None
    width, height = ground.viewport.width, ground.viewport.height
    for kind, places, style in SKETCHES:
        points = tuple(ground.point(x * width, y * height) for x, y in places)
        made = board.book.draw(kind, points, style)
        if kind is DrawingKind.FIBONACCI:
            board.select(made.id)
    measured = [ground.point(x * width, y * height) for x, y in ((0.38, 0.75), (0.46, 0.6))]
    board.layer.measured = (measured[0], measured[1])


def editor(window: Window) -> None:
    """The form of the retracement."""
    everything(window)
    _board(window).edit()


def tool(window: Window) -> None:
    """A tool that stays in the hand, and the magnet on."""
    bare(window)
    _board(window).choose(DrawingKind.LINE, stays=True)
    _board(window).toggle_magnet()


def _board(window: Window) -> DrawingBoard:
    board = _part(window).board
    assert board is not None
    return board


def _part(window: Window) -> Drawings:
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    part = panel.active.part("drawings")
    assert isinstance(part, Drawings)
    return part


SCENES: dict[str, Callable[[Window], None]] = {
    "drawings": everything,
    "drawings-editor": editor,
    "drawings-tool": tool,
}
