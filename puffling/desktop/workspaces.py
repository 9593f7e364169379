"""The named workspaces: which panels each one starts with, where they stand, and how a layout is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from puffling.desktop.theme import GAP
from puffling.frozen import frozen

LAYOUT_VERSION = 1


@frozen
class Tabs:
    """Panels behind each other, the first in front."""

    panels: tuple[str, ...]


@frozen
class Split:
    """Parts beside or below each other, with the share of the room each one gets."""

    across: bool
    parts: tuple[tuple[Tabs | Split, int], ...]


@frozen
class Workspace:
    """One named arrangement of panels for one kind of work."""

    id: str
    title: str
    plan: Split


def _tabs(*panels: str) -> Tabs:
    return Tabs(panels)


WORKSPACES = (
    Workspace(
        "trade",
        "Trade",
        Split(
            True,
            (
                (_tabs("watchlist"), 23),
                (
                    Split(
                        False,
                        (
                            (_tabs("chart"), 68),
                            (
                                _tabs(
                                    "dashboard",
                                    "orders",
                                    "portfolio",
                                    "trades",
                                    "alerts",
                                    "approvals",
                                    "activity",
                                    "jobs",
                                ),
                                32,
                            ),
                        ),
                    ),
                    77,
                ),
            ),
        ),
    ),
    Workspace(
        "research",
        "Research",
        Split(
            True,
            (
                (_tabs("chart", "backtest", "optimization"), 65),
                (_tabs("data", "strategies", "fundamentals", "practice", "watchlist"), 35),
            ),
        ),
    ),
    Workspace(
        "automate",
        "Automate",
        Split(
            True,
            (
                (Split(False, ((_tabs("jobs"), 50), (_tabs("approvals", "alerts", "safety"), 50))), 45),
                (_tabs("activity", "orders", "trades", "portfolio"), 55),
            ),
        ),
    ),
    Workspace(
        "assistant",
        "Assistant",
        Split(
            True,
            (
                (Split(False, ((_tabs("chart"), 55), (_tabs("activity", "orders"), 45))), 66),
                (Split(False, ((_tabs("watchlist"), 50), (_tabs("approvals"), 50))), 34),
            ),
        ),
    ),
)


def panels_of(plan: Tabs | Split) -> Iterator[str]:
    """Give the panels of a plan, in reading order."""
    if isinstance(plan, Tabs):
        yield from plan.panels
    else:
        for part, _ in plan.parts:
            yield from panels_of(part)


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Split) -> None:
    """Put the docks where the plan wants them and hide the others."""
    for dock in docks.values():
        # In this order: a dock that was removed while it floated goes on floating.
        dock.setFloating(False)
        window.removeDockWidget(dock)
    first = docks[next(panels_of(plan))]
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first)
    _place(window, docks, plan)
    for name in panels_of(plan):
        docks[name].show()
    for front in _fronts(plan):
        docks[front].raise_()
    share_room(window, docks, plan)


def share_room(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Split) -> None:
    """Give every part of the plan its share of the window as it is now."""
    lines = [each for each in (window.menuWidget(), window.statusBar()) if each is not None]
    inside = window.contentsRect()
    _share(
        window, docks, plan, inside.width(), inside.height() - sum(each.sizeHint().height() for each in lines)
    )


def kept_layout(window: QMainWindow) -> str:
    """Give the present layout as text."""
    return bytes(window.saveState(LAYOUT_VERSION).toBase64().data()).decode("ascii")


def restore_layout(window: QMainWindow, kept: str) -> bool:
    """Bring a kept layout back; False when it cannot be read."""
    state = QByteArray.fromBase64(QByteArray(kept.encode("ascii", "replace")))
    return not state.isEmpty() and window.restoreState(state, LAYOUT_VERSION)


def _place(window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Tabs | Split) -> None:
    """Split the room of the plan's first dock, which stands already, among all of them."""
    if isinstance(plan, Tabs):
        for behind in plan.panels[1:]:
            window.tabifyDockWidget(docks[plan.panels[0]], docks[behind])
        return
    direction = Qt.Orientation.Horizontal if plan.across else Qt.Orientation.Vertical
    heads = [docks[next(panels_of(part))] for part, _ in plan.parts]
    for before, after in pairwise(heads):
        window.splitDockWidget(before, after, direction)
    for part, _ in plan.parts:
        _place(window, docks, part)


def _share(
    window: QMainWindow, docks: Mapping[str, QDockWidget], plan: Tabs | Split, width: int, height: int
) -> None:
    if isinstance(plan, Tabs):
        return
    whole = sum(share for _, share in plan.parts)
    room = (width if plan.across else height) - GAP * (len(plan.parts) - 1)
    sizes = [room * share // whole for _, share in plan.parts]
    # What is lost by rounding would move everything a little whenever the layout is brought back.
    sizes[-1] += room - sum(sizes)
    heads = [docks[next(panels_of(part))] for part, _ in plan.parts]
    direction = Qt.Orientation.Horizontal if plan.across else Qt.Orientation.Vertical
    window.resizeDocks(heads, sizes, direction)
    for (part, _), size in zip(plan.parts, sizes, strict=True):
        _share(window, docks, part, size if plan.across else width, height if plan.across else size)


def _fronts(plan: Tabs | Split) -> Iterator[str]:
    if isinstance(plan, Tabs):
        yield plan.panels[0]
    else:
        for part, _ in plan.parts:
            yield from _fronts(part)
