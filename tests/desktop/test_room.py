"""No panel covers another or is cut in a small window, and the chart gets what the window gains."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractScrollArea, QPushButton, QStyle, QStyleOptionButton, QWidget

from puffling.core.core import Core
from puffling.desktop.dock import PanelDock
from puffling.desktop.panel import find_panels
from puffling.desktop.panels.backtest import BacktestPanel
from puffling.desktop.squeezing import ElidedButton
from puffling.desktop.window import SMALLEST_SIZE, Window
from puffling.desktop.workspaces import WORKSPACES
from tests.desktop.conftest import OpenWindow, until

PANELS = [kind.id for kind in find_panels()]


def docks_in_sight(window: Window) -> dict[str, PanelDock]:
    """The docks that can be seen, those behind others left out."""
    return {name: dock for name, dock in window.docks.items() if not dock.visibleRegion().isEmpty()}


def place_of(widget: QWidget, inside: QWidget) -> QRect:
    """Where a widget stands in another one."""
    return QRect(widget.mapTo(inside, QPoint()), widget.size())


def faults(window: Window) -> list[str]:
    """What lies outside the window, over something else, or is cut."""
    docks = docks_in_sight(window)
    places = {name: place_of(dock, window) for name, dock in docks.items()}
    found = [f"{name} outside" for name, place in places.items() if not window.rect().contains(place)]
    found += [f"{a} over {b}" for a, b in combinations(places, 2) if places[a].intersects(places[b])]
    found += [f"{name} too narrow" for name, dock in docks.items() if not holds(dock)]
    for owner in (window.top, *docks.values()):
        found += [f"{button.text()!r} cut" for button in owner.findChildren(QPushButton) if is_cut(button)]
    return found


def holds(dock: PanelDock) -> bool:
    """Whether a dock is as large as its title line and its panel need."""
    needed = max(dock.line.minimumSizeHint().width(), dock.panel.minimumWidth())
    return dock.width() >= needed and dock.panel.height() >= dock.panel.minimumHeight()


def is_cut(button: QPushButton) -> bool:
    """Whether a button that can be seen does not show all its words; some end in dots by design."""
    if not button.isVisible() or button.visibleRegion().isEmpty() or not button.text():
        return False
    option = QStyleOptionButton()
    button.initStyleOption(option)
    room = button.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, button).width()
    short = not isinstance(button, ElidedButton) and room < button.fontMetrics().horizontalAdvance(
        button.text()
    )
    return short or sticks_out(button)


def has_its_least_width(widget: QWidget) -> bool:
    """Whether a widget is as wide as it says it has to be."""
    return widget.width() >= widget.minimumSizeHint().width()


def sticks_out(button: QPushButton) -> bool:
    """Whether something around a button has no room for its width; what scrolls may hide it."""
    around = button.parentWidget()
    while around is not None and not around.isWindow():
        if isinstance(around.parentWidget(), QAbstractScrollArea):
            return False
        place = place_of(button, around)
        if place.left() < 0 or place.right() >= around.width():
            return True
        around = around.parentWidget()
    return False


async def settled(window: Window, after: str) -> None:
    """Wait until nothing is wrong."""
    try:
        await until(lambda: not faults(window))
    except TimeoutError:
        places = {
            name: (dock.geometry().getRect(), dock.line.minimumSizeHint().width())
            for name, dock in docks_in_sight(window).items()
        }
        raise AssertionError(f"{after}: {faults(window)} {places}") from None


@pytest.mark.parametrize("workspace", [each.id for each in WORKSPACES])
async def test_every_panel_has_its_room_in_the_smallest_window(
    core: Core, open_window: OpenWindow, workspace: str
) -> None:
    window = await open_window(core)
    window.resize(*SMALLEST_SIZE)
    window.open_workspace(workspace)
    for name in PANELS:
        window.reset_workspace()
        window.show_panel(name)
        await settled(window, name)
    # One after the other, none closed.
    for name in PANELS:
        window.show_panel(name)
        await settled(window, f"{name} beside the others")
    window.show_panel("backtest")
    backtests = window.docks["backtest"].panel
    assert isinstance(backtests, BacktestPanel)
    await until(lambda: backtests.room is not None)


async def test_the_top_line_says_all_it_has_to_say_in_the_smallest_window(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.resize(*SMALLEST_SIZE)
    for mode, state in (("demo", "active"), ("paper", "reducing"), ("live", "halted")):
        window.top.show_data("Delayed 15 minutes", "delayed")
        window.top.show_trading(mode, state)
        window.top.show_waiting(12)
        window.top.offer_halt(halted=state == "halted", can_halt=True, can_resume=True)
        await settled(window, f"{mode} {state}")
        for piece in (window.top.mode, window.top.state, window.top.field, window.top.account):
            await until(partial(has_its_least_width, piece))


@pytest.mark.parametrize("workspace", [each.id for each in WORKSPACES])
async def test_what_the_window_gains_goes_to_the_main_panel(
    core: Core, open_window: OpenWindow, workspace: str
) -> None:
    window = await open_window(core)
    window.open_workspace(workspace)
    await settled(window, workspace)
    before = {name: dock.geometry() for name, dock in docks_in_sight(window).items()}
    main = max(before, key=lambda name: before[name].width() * before[name].height())
    beside = {
        name: place.width()
        for name, place in before.items()
        if place.right() < before[main].left() or before[main].right() < place.left()
    }
    assert beside
    window.resize(1900, 1000)
    await until(lambda: window.docks[main].width() == before[main].width() + 620)
    assert {name: window.docks[name].width() for name in beside} == beside
    window.resize(1280, 800)
    await until(lambda: {name: window.docks[name].geometry() for name in before} == before)


async def test_a_panel_that_is_opened_has_its_room_from_the_main_panel(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    await settled(window, "trade")
    before = window.docks["watchlist"].width()
    window.show_panel("ticket")
    await until(lambda: window.docks["watchlist"].width() == before and not faults(window))
    assert window.docks["ticket"].width() >= 300
