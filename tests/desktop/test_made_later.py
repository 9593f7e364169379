"""Panels are made when they are first seen, and the rest once the window is filled."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

import puffling.desktop.panels
from puffling.desktop.crash import CrashDesk
from puffling.desktop.panel import Panel, ViewPanel, find_panels
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.window import Window
from puffling.desktop.window_actions import panel_actions
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core

KEPT = {
    "choices": {"table": {"order": ["a"]}},
    "content": {"rows": [1]},
    "room": {"width": 310, "height": 190},
}


class FirstPaint(QObject):
    """Notes where the panels in sight stand when the window is painted first."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.places: dict[str, tuple[QRect, QRect]] = {}
        window.installEventFilter(self)

    def places_now(self) -> dict[str, tuple[QRect, QRect]]:
        """Where each dock stands in the window, and its panel in it."""
        return {
            name: (dock.geometry(), dock.panel.geometry())
            for name, dock in self._window.docks.items()
            if not dock.visibleRegion().isEmpty()
        }

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self.places:
            self.places = self.places_now()
        return super().eventFilter(watched, event)


def made(window: Window) -> set[str]:
    """The panels that were made already."""
    return {name for name, dock in window.docks.items() if dock.made}


def holds_keyboard(panel: Panel) -> bool:
    """Whether what is typed goes into this panel."""
    focused = QApplication.focusWidget()
    return focused is not None and panel.isAncestorOf(focused)


def test_what_is_known_of_a_panel_before_its_file_is_run_is_what_the_file_declares() -> None:
    kinds = find_panels()
    assert [getattr(import_module(kind.module), kind.name).kind for kind in kinds] == list(kinds)
    folder = puffling.desktop.panels.__path__[0]
    files = {file.stem for file in Path(folder).glob("*.py")}
    assert {kind.module.rpartition(".")[2] for kind in kinds} == files - {"__init__"}


async def test_only_what_is_in_sight_is_made_for_the_first_paint(open_window: OpenWindow) -> None:
    window = await open_window(snapshot=Snapshot(workspace="trade"))
    await until(window.docks["chart"].isVisible)
    assert made(window) == {name for name, dock in window.docks.items() if not dock.visibleRegion().isEmpty()}
    assert "chart" in made(window)
    assert not window.whole


async def test_a_panel_comes_into_being_when_it_is_shown(open_window: OpenWindow) -> None:
    window = await open_window(snapshot=Snapshot(workspace="assistant"))
    assert "jobs" not in made(window)
    window.show_panel("jobs")
    assert "jobs" in made(window)
    assert window.docks["jobs"].panel.isVisible()


async def test_a_filled_window_has_every_panel_and_its_acts_in_their_order(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    await until(lambda: window.whole)
    acts = [act.id for dock in window.docks.values() for act in panel_actions(window, dock)]
    known = [action.id for action in window.actions_]
    assert [id for id in known if id in set(acts)] == acts
    assert known.index("window.quit") < known.index(acts[0])
    assert known.index(acts[-1]) < known.index("safety.halt")


async def test_what_was_kept_of_a_panel_nobody_needed_is_kept_again_unchanged(
    open_window: OpenWindow,
) -> None:
    charts = {"panels": {"chart": {"charts": [{"symbol": "MSFT"}]}}}
    before = Snapshot(
        workspace="automate", workspaces={"automate": charts}, panels={"trades": KEPT, "chart": KEPT}
    )
    window = await open_window(snapshot=before)
    room = window.docks["trades"].minimumSize()
    after = await close_window(window)
    assert (room.width(), room.height()) == (310, 190)
    assert after.panels["trades"] == after.panels["chart"] == KEPT
    assert after.workspaces["automate"]["panels"]["chart"] == charts["panels"]["chart"]


async def test_a_view_takes_the_keyboard_when_it_comes(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core, Snapshot(workspace="assistant"))
    for name in ("data", "strategies", "fundamentals", "safety", "trades", "portfolio", "dashboard"):
        window.show_panel(name)
        panel = window.docks[name].panel
        assert isinstance(panel, ViewPanel)
        await until(partial(holds_keyboard, panel))


async def test_of_two_views_of_a_panel_the_first_one_stays(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core, Snapshot(workspace="assistant"))
    panel = window.docks["trades"].panel
    assert isinstance(panel, ViewPanel)
    first, second = panel.view, panel.make_view()
    panel.put_view(second)
    assert panel.view is first
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(second)


async def test_a_key_of_a_panel_that_is_not_made_yet_is_not_lost(open_window: OpenWindow) -> None:
    window = await open_window(snapshot=Snapshot(workspace="assistant"))
    assert "window.ticket-buy" not in window.actions_
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_B, held)
    assert window.docks["ticket"].isVisible()


@pytest.mark.parametrize("size", [(1000, 600), (1280, 800)])
async def test_what_was_painted_first_stands_where_it_stays(
    core: Core, paths: Paths, size: tuple[int, int]
) -> None:
    window = Window(Snapshot(), CrashDesk(paths.logs))
    window.resize(*size)
    paint = FirstPaint(window)
    window.show()
    await until(lambda: bool(paint.places))
    window.connect_core(core)
    await until(lambda: window.whole)
    await until(lambda: window.docks["chart"].panel.live)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    assert paint.places_now() == paint.places
    await close_window(window)


async def test_whoever_looks_for_an_action_early_finds_all_of_them(open_window: OpenWindow) -> None:
    window = await open_window(snapshot=Snapshot(workspace="assistant"))
    assert not window.whole
    window.open_palette()
    acts = {act.id for dock in window.docks.values() for act in panel_actions(window, dock)}
    assert acts
    assert acts <= {entry.id for entry in window.palette_.entries}


async def test_a_window_may_close_while_its_panels_are_being_made(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(snapshot=Snapshot(workspace="assistant", panels={"trades": KEPT}))
    window.connect_core(core)
    await until(lambda: window.docks["chart"].panel.live)
    after = await close_window(window)
    assert list(after.panels) == [kind.id for kind in find_panels()]
