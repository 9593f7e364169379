"""Which panels stand where: the docks in the workspace that is open, and what every workspace remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from puffling.desktop.ask import Question
from puffling.desktop.dock import PanelDock
from puffling.desktop.later import later
from puffling.desktop.notices import Toast
from puffling.desktop.panel import Area
from puffling.desktop.selection import FIRST_SYMBOL
from puffling.desktop.sheet import Sheet
from puffling.desktop.snapshot import Kept, Snapshot
from puffling.desktop.workspaces import (
    WORKSPACES,
    Workspace,
    arrange,
    kept_layout,
    panels_of,
    restore_layout,
)
from puffling.puffin.data.interval import Interval

if TYPE_CHECKING:
    from puffling.desktop.window import Window

_QT_AREAS = {
    Area.LEFT: Qt.DockWidgetArea.LeftDockWidgetArea,
    Area.CENTRE: Qt.DockWidgetArea.LeftDockWidgetArea,
    Area.RIGHT: Qt.DockWidgetArea.RightDockWidgetArea,
    Area.BOTTOM: Qt.DockWidgetArea.BottomDockWidgetArea,
}


class Arrangement:
    """Puts docks where a workspace wants them; one that is left remembers how it was."""

    def __init__(self, window: Window, docks: Mapping[str, PanelDock], snapshot: Snapshot) -> None:
        self._window = window
        self._docks = docks
        self._here = frozenset(snapshot.workspaces)
        self._kept: dict[str, Kept] = {name: dict(kept) for name, kept in snapshot.workspaces.items()}
        self.workspace = _workspace_of(snapshot.workspace)
        self._focus_soon = later(window, self.take_focus)
        self._settle_soon = later(window, self._settle_titles)
        self._sizes_soon = later(window, self._bring_sizes_back)
        self._before: Kept = {}
        self._room_soon = later(window, lambda: window.growing.give_way(self._before))
        for dock in docks.values():
            dock.moved.connect(self._settle_soon.start)

    def stand(self) -> None:
        """Put everything where the open workspace had it."""
        self._open(self.workspace)

    def open(self, workspace_id: str) -> None:
        """Switch to another workspace; the one that is left remembers how it was."""
        wanted = _workspace_of(workspace_id)
        if wanted is self.workspace:
            return
        self._remember()
        self._open(wanted)
        # Once the docks stand: the keyboard cannot go to what is not on the screen yet.
        self._focus_soon.start()

    def take_focus(self) -> None:
        """Put the keyboard into the first panel of the open workspace."""
        self._docks[next(panels_of(self.workspace.plan))].panel.take_focus()

    def reset(self) -> None:
        """Give the open workspace the panels and places it started with."""
        self._kept.pop(self.workspace.id, None)
        self._arrange_panels({})
        self._arrange(self.workspace)

    def show(self, panel_id: str) -> None:
        """Bring a panel to the front, in this workspace, and put the keyboard there."""
        dock = self._docks[panel_id]
        if self._window.dockWidgetArea(dock) is Qt.DockWidgetArea.NoDockWidgetArea and not dock.isFloating():
            self._dock_by_area(dock)
        dock.show()
        dock.raise_()
        dock.panel.take_focus()

    def step(self, step: int) -> None:
        """Move the keyboard to the next panel that can be seen, in reading order."""
        seen = [
            dock for dock in self._docks.values() if dock.isVisible() and not dock.visibleRegion().isEmpty()
        ]
        if not seen:
            return
        seen.sort(
            key=lambda dock: (
                dock.mapToGlobal(dock.rect().topLeft()).x(),
                dock.mapToGlobal(dock.rect().topLeft()).y(),
            )
        )
        focused = QApplication.focusWidget()
        now = next(
            (place for place, dock in enumerate(seen) if focused is not None and dock.isAncestorOf(focused)),
            -step,
        )
        seen[(now + step) % len(seen)].panel.take_focus()

    def adopt(self, stored: Mapping[str, Kept]) -> None:
        """Take layouts from the database for workspaces this computer's snapshot knows nothing of."""
        missing = {name: dict(kept) for name, kept in stored.items() if name not in self._here}
        self._kept |= missing
        if self.workspace.id in missing:
            self._open(self.workspace)

    def kept(self) -> dict[str, Kept]:
        """Give every workspace as it is now or was left."""
        self._remember()
        return dict(self._kept)

    def _open(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._window.top.show_workspace(workspace.id)
        kept = self._kept.get(workspace.id, {})
        self._window.session.selection.choose(
            str(kept.get("symbol") or FIRST_SYMBOL), _interval_of(kept.get("interval", "")) or Interval.D1
        )
        self._arrange_panels(kept.get("panels"))
        self._window.setUpdatesEnabled(False)
        try:
            shown = kept.get("shown", list(panels_of(workspace.plan)))
            others = [
                dock for name, dock in self._docks.items() if not isinstance(shown, list) or name not in shown
            ]
            # What this workspace does not show leaves first: hidden later it would leave its room behind.
            for dock in others:
                self._window.removeDockWidget(dock)
            restored = restore_layout(self._window, str(kept.get("layout", "")))
            # What a kept layout knows nothing of Qt leaves lying over the others.
            for dock in others:
                dock.hide()
            if restored and self._anything_docked():
                # Qt fits what it brings back once more, and only then takes sizes.
                self._sizes_soon.start()
            else:
                self._arrange(workspace)
        finally:
            self._window.setUpdatesEnabled(True)
        self._settle_titles()

    def _arrange_panels(self, kept: object) -> None:
        found = kept if isinstance(kept, dict) else {}
        for name, dock in self._docks.items():
            own = found.get(name)
            dock.arrange(own if isinstance(own, dict) else {})

    def _arrange(self, workspace: Workspace) -> None:
        known = {name: dock for name, dock in self._docks.items() if name in set(panels_of(workspace.plan))}
        for name, dock in self._docks.items():
            if name not in known:
                self._window.removeDockWidget(dock)
        arrange(self._window, known, workspace.plan)
        self._settle_titles()

    def _remember(self) -> None:
        self._kept[self.workspace.id] = {
            "layout": kept_layout(self._window),
            "sizes": self._window.growing.keep(),
            "shown": [name for name, dock in self._docks.items() if not dock.isHidden()],
            "symbol": self._window.session.selection.symbol,
            "interval": self._window.session.selection.interval.value,
            "panels": {name: own for name, dock in self._docks.items() if (own := dock.arrangement())},
        }

    def _bring_sizes_back(self) -> None:
        self._window.growing.restore(self._kept.get(self.workspace.id, {}).get("sizes"))

    def _anything_docked(self) -> bool:
        return any(not dock.isHidden() for dock in self._docks.values())

    def _dock_by_area(self, dock: PanelDock) -> None:
        beside = next(
            (
                other
                for other in self._docks.values()
                if other is not dock and not other.isHidden() and other.kind.area is dock.kind.area
            ),
            None,
        )
        self._before = self._window.growing.keep()
        if beside is None and dock.kind.area is not Area.CENTRE:
            self._window.addDockWidget(_QT_AREAS[dock.kind.area], dock)
            dock.show()
            if self._has_room():
                self._room_soon.start()
                return
        beside = beside or self._largest(but=dock)
        if beside is not None:
            self._window.addDockWidget(self._window.dockWidgetArea(beside), dock)
            self._window.tabifyDockWidget(beside, dock)

    def _has_room(self) -> bool:
        """Tell whether all docks can stand in the window as it is."""
        layout = self._window.layout()
        assert layout is not None
        layout.activate()
        least = layout.minimumSize()
        return least.width() <= self._window.width() and least.height() <= self._window.height()

    def _largest(self, but: PanelDock) -> PanelDock | None:
        docked = [
            dock
            for dock in self._docks.values()
            if dock is not but and not dock.isFloating() and not dock.visibleRegion().isEmpty()
        ]
        return max(docked, key=lambda dock: dock.width() * dock.height(), default=None)

    def _settle_titles(self) -> None:
        for dock in self._docks.values():
            others = self._window.tabifiedDockWidgets(dock)
            behind = {other.objectName() for other in others if not other.isHidden()}
            dock.line.show_siblings([other for name, other in self._docks.items() if name in behind])
        # A dock that comes to the front comes before everything else: what lies over the docks goes over it.
        window = self._window
        for kind in (Sheet, Question, Toast):
            for over in window.findChildren(kind):
                over.raise_()
        if window.live is not None and window.live.lock.screen is not None:
            window.live.lock.screen.raise_()


def _workspace_of(workspace_id: str) -> Workspace:
    return next((each for each in WORKSPACES if each.id == workspace_id), WORKSPACES[0])


def _interval_of(text: object) -> Interval | None:
    return next((interval for interval in Interval if interval.value == text), None)
