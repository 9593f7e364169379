"""What the window itself can do, apart from the abilities of the core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.amounts import Amounts
from puffling.desktop.panel import find_panels
from puffling.desktop.theme import Scheme, look
from puffling.desktop.workspaces import WORKSPACES
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.dock import PanelDock
    from puffling.desktop.selection import Selection
    from puffling.desktop.window import Window

HELP, HELP_KEY = "guide", "F1"
_INTERVALS = {
    Interval.M1: "1 minute",
    Interval.M5: "5 minutes",
    Interval.M15: "15 minutes",
    Interval.M30: "30 minutes",
    Interval.H1: "1 hour",
    Interval.D1: "1 day",
    Interval.W1: "1 week",
    Interval.MO1: "1 month",
}


def window_actions(window: Window) -> Iterator[Action]:
    """Give the actions that exist before any core is open."""
    yield from _general(window)
    for number, workspace in enumerate(WORKSPACES, start=1):
        yield Action(
            f"window.workspace-{workspace.id}",
            tr("{workspace} workspace", workspace=tr(workspace.title)),
            partial(window.open_workspace, workspace.id),
            tr("Workspaces"),
            tr("Switch to this workspace."),
            "Workspace",
            f"Ctrl+{number}",
            partial(_is_open, window, workspace.id),
        )
    yield from _themes(window)
    yield from _intervals(window)
    yield Action(
        "window.reset-workspace",
        tr("Reset layout"),
        window.reset_workspace,
        tr("Workspaces"),
        tr("Give this workspace the panels and places it started with."),
        "View",
    )
    for number, kind in enumerate(find_panels(), start=1):
        yield Action(
            f"window.panel-{kind.id}",
            tr(kind.title),
            partial(window.show_panel, kind.id),
            tr("Panels"),
            tr("Bring this panel to the front."),
            "View",
            HELP_KEY if kind.id == HELP else f"Ctrl+Shift+{number}" if number < 10 else "",
            icon=kind.icon,
        )


def panel_actions(window: Window, dock: PanelDock) -> Iterator[Action]:
    """Give what can be started in this panel from anywhere; it comes to the front first."""
    for action in dock.panel.acts():
        yield replace(action, run=partial(_run_in_panel, window, dock.kind.id, action.run))


def _run_in_panel(window: Window, panel_id: str, run: Callable[[], None]) -> None:
    window.show_panel(panel_id)
    run()


def _general(window: Window) -> Iterator[Action]:
    group = tr("Window")
    yield Action(
        "window.palette",
        tr("Search or run a command"),
        window.open_palette,
        group,
        tr("Find any action or symbol."),
        "View",
        "Ctrl+K",
    )
    yield Action(
        "window.menu",
        tr("Open menu"),
        window.top.open_menu,
        group,
        tr("The menu, for the keyboard."),
        None,
        "F10",
    )
    yield Action(
        "window.next-panel",
        tr("Next panel"),
        lambda: window.step_panel(1),
        group,
        tr("Move the keyboard to the next panel."),
        "View",
        "F6",
    )
    yield Action(
        "window.previous-panel",
        tr("Previous panel"),
        lambda: window.step_panel(-1),
        group,
        tr("Move the keyboard to the panel before."),
        "View",
        "Shift+F6",
    )
    yield Action(
        "window.full-screen",
        tr("Full screen"),
        window.toggle_full_screen,
        group,
        tr("Fill the screen, or go back."),
        "View",
        "F11",
        window.isFullScreen,
    )
    yield Action(
        "window.hide-amounts",
        tr("Hide amounts"),
        partial(_hide_amounts, window),
        group,
        tr("Dots instead of money and quantities, in every panel; again shows them."),
        "View",
        "Ctrl+Shift+A",
        lambda: window.session.shared(Amounts).hidden,
        icon="eye-off",
    )
    yield Action(
        "window.lock",
        tr("Lock window"),
        window.lock,
        group,
        tr("Cover the panels until you are back; work goes on, and trading can still be halted."),
        "View",
        "Ctrl+L",
    )
    yield Action(
        "window.preferences",
        tr("Preferences"),
        window.show_preferences,
        group,
        tr("Change how Puffling looks and works, and keep keys."),
        "File",
        "Ctrl+,",
    )
    yield Action(
        "window.connect-broker",
        tr("Connect a broker…"),
        window.connect_broker,
        tr("Accounts"),
        tr("Choose Alpaca or another one, keep its keys, test them, and send orders there."),
        "Trade",
        icon="key",
    )
    yield Action(
        "window.import-prices",
        tr("Import prices…"),
        window.importing.choose,
        tr("Data"),
        tr("Take prices from a file of your own: CSV or Parquet."),
        "Data",
        icon="import",
    )
    yield Action("window.quit", tr("Quit"), window.leave, group, tr("Close Puffling."), "File", "Ctrl+Q")
    yield Action(
        "window.shortcuts",
        tr("Keyboard shortcuts"),
        window.show_shortcuts,
        group,
        tr("All keys at one glance."),
        "Help",
        "Ctrl+/",
    )
    yield Action(
        "window.about", tr("About Puffling"), window.show_about, group, tr("Which version this is."), "Help"
    )


def _themes(window: Window) -> Iterator[Action]:
    for scheme, title, summary in (
        (Scheme.DARK, tr("Dark theme"), tr("Light words on dark ground.")),
        (Scheme.LIGHT, tr("Light theme"), tr("Dark words on light ground.")),
        (Scheme.SYSTEM, tr("Theme of the system"), tr("Dark or light, whatever the system uses.")),
    ):
        yield Action(
            f"window.theme-{scheme.value}",
            title,
            partial(_choose_theme, window, scheme),
            tr("Window"),
            summary,
            "View/Theme",
            checked=partial(_is_worn, scheme),
        )


def _intervals(window: Window) -> Iterator[Action]:
    selection = window.session.selection
    for number, interval in enumerate(Interval, start=1):
        yield Action(
            f"window.interval-{interval.name.lower()}",
            tr("Chart: {interval}", interval=tr(_INTERVALS[interval])),
            partial(selection.choose, interval=interval),
            tr("Chart"),
            tr("Show the prices at this width."),
            "View/Chart interval",
            f"Alt+{number}",
            partial(_is_chosen, selection, interval),
        )


def _hide_amounts(window: Window) -> None:
    session = window.session
    hidden = not session.shared(Amounts).hidden
    session.shared(Amounts).hide(hidden)
    if session.connected:
        put = session.core.settings.put
        session.dispatch.run(lambda: put("window.hide_amounts", hidden), name="hide amounts")


def _choose_theme(window: Window, scheme: Scheme) -> None:
    session = window.session
    if session.connected:
        put = session.core.settings.put
        session.dispatch.run(lambda: put("appearance.theme", scheme.value), name="choose theme")
    else:
        look().wear(replace(look().appearance, scheme=scheme))


def _is_worn(scheme: Scheme) -> bool:
    return look().appearance.scheme is scheme


def _is_chosen(selection: Selection, interval: Interval) -> bool:
    return selection.interval is interval


def _is_open(window: Window, workspace_id: str) -> bool:
    return window.workspace.id == workspace_id
