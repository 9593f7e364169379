"""What the window itself can do, apart from the abilities of the core."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.panel import find_panels
from puffling.desktop.workspaces import WORKSPACES
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.window import Window


def window_actions(window: Window) -> Iterator[Action]:
    """Give the actions that exist before any core is open."""
    group = tr("Window")
    yield Action("window.quit", tr("Quit"), window.close, group, tr("Close Puffling."), "File", "Ctrl+Q")
    for number, workspace in enumerate(WORKSPACES, start=1):
        yield Action(
            f"window.workspace-{workspace.id}",
            tr("{workspace} workspace", workspace=tr(workspace.title)),
            lambda id=workspace.id: window.open_workspace(id),
            tr("Workspaces"),
            tr("Switch to this workspace."),
            "Workspace",
            f"Ctrl+{number}",
            lambda id=workspace.id: window.workspace.id == id,
        )
    yield Action(
        "window.reset-workspace",
        tr("Reset this workspace"),
        window.reset_workspace,
        tr("Workspaces"),
        tr("Give it the panels and places it started with."),
        "Workspace",
    )
    for kind in find_panels():
        yield Action(
            f"window.panel-{kind.id}",
            tr(kind.title),
            lambda id=kind.id: window.show_panel(id),
            tr("Panels"),
            tr("Bring this panel to the front."),
            "View",
        )
