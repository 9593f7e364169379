"""Every ability can be reached from the window, and no action points at an ability that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.desktop.abilities import ResultText
from puffling.desktop.editors import LineEditor
from puffling.desktop.forms import Form
from puffling.desktop.window_actions import panel_actions, window_actions
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core

# The window keeps layouts and keys itself, one draws on charts, drops files, minds alerts where they stand.
IN_A_BETTER_PLACE = {
    "alerts.create",
    "alerts.change",
    "alerts.switch",
    "alerts.place",
    "alerts.read",
    "alerts.remove",
    "alerts.restore",
    "practice.remove",
    "practice.restore",
    "workspaces.keep",
    "workspaces.forget",
    "settings.keep-key",
    "settings.open-vault",
    "drawings.put",
    "drawings.remove",
    "drawings.clear",
    "drawings.restore",
    "files.add",
    "files.preview",
    "optimization.plan",
    "optimization.restore",
    "strategies.restore",
    "strategies.trust",
}


async def test_every_ability_is_an_action_with_its_title_menu_and_shortcut(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    abilities = [ability for ability in core.registry if ability.id not in IN_A_BETTER_PLACE]
    told = {ability.id: (ability.title, ability.menu, ability.shortcut or "") for ability in abilities}
    found = {action.id: (action.title, action.menu, action.shortcut) for action in window.actions_}
    assert {id: found.get(id) for id in told} == told


async def test_every_action_is_the_windows_own_or_an_ability(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    own = {action.id for action in window_actions(window)}
    own |= {action.id for dock in window.docks.values() for action in panel_actions(window, dock)}
    abilities = {ability.id for ability in core.registry}
    assert {action.id for action in window.actions_} <= own | abilities


async def test_an_ability_that_takes_an_object_is_run_from_its_form(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)

    def fill(parameters: str) -> Form:
        window.actions_.run("factors.compute")
        body = window.sheet.body
        assert body is not None
        (form,) = body.findChildren(Form)
        form.set_values({"indicator": "sma", "symbol": "SPY", "interval": "1d", "limit": 3})
        editor = form.editor("parameters")
        assert isinstance(editor, LineEditor)
        editor.setText(parameters)
        form.submit()
        return form

    assert "JSON" in fill('{"period": 5').errors["parameters"]
    fill('{"period": 0}')
    await until(lambda: any("Period must lie between" in told.text for told in window.notices.shown))
    fill('{"period": 5, "source": "high"}')
    await until(lambda: isinstance(window.sheet.body, ResultText))
    assert isinstance(window.sheet.body, ResultText)
    assert "SMA 5" in window.sheet.body.toPlainText()
