"""Templates in the window: saved from a chart, put on another, on new ones, and deleted with a way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton

from puffling.desktop.ask import Question
from puffling.desktop.charting.templates import content_of, dress
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.chart import ChartPanel
from puffling.runtime.actor import calling_as
from tests.desktop.charting.test_replay import settled
from tests.desktop.charting.test_room import all_drawn
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window
    from puffling.store.values import ChartTemplate


async def kept(core: Core) -> tuple[ChartTemplate, ...]:
    """The templates there are."""
    with calling_as(PERSON):
        return await core.templates.all()


async def opened_menu(window: Window, panel: ChartPanel) -> QMenu:
    """The list of templates."""
    QTest.mouseClick(panel.templates_button, Qt.MouseButton.LeftButton)
    await until(lambda: any(each.isVisible() for each in panel.templates_button.findChildren(QMenu)))
    return next(each for each in panel.templates_button.findChildren(QMenu) if each.isVisible())


def choose(menu: QMenu, title: str) -> None:
    """Click a line of a menu, wherever in it."""
    for action in menu.actions():
        found = action.menu()
        if isinstance(found, QMenu):
            for inner in found.actions():
                if inner.text() == title:
                    inner.trigger()
                    menu.close()
                    return
        if action.text() == title:
            action.trigger()
            menu.close()
            return
    raise AssertionError(title)


def labels(panel: ChartPanel) -> tuple[str, ...]:
    """The indicators of the active chart."""
    board = panel.indicators.board
    return board.labels if board is not None else ()


def press_undo(window: Window) -> None:
    """Take back what the newest notice offers to."""
    undo = [each for each in window.findChildren(QPushButton) if each.text() == "Undo"][-1]
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)


async def test_a_chart_is_saved_under_a_name_and_its_look_put_on_another(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    assert panel.indicators.board is not None
    panel.indicators.board.add("rsi", {"period": 9})
    panel.indicators.board.add("sma", {"period": 33})
    window.actions_.run("window.save-template")
    await until(lambda: bool(window.findChildren(Question)))
    (question,) = window.findChildren(Question)
    field = question.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "Swing")
    QTest.keyClick(field, Qt.Key.Key_Return)
    await until(lambda: bool(window.notices.shown))
    (template,) = await kept(core)
    assert template.name == "Swing"
    assert template.content == content_of(panel.active)
    assert "drawings" not in template.content

    panel.indicators.remove_all()
    window.session.selection.choose("GLD")
    await all_drawn(panel)
    choose(await opened_menu(window, panel), "Apply")
    assert labels(panel) == ("RSI 9", "SMA 33")
    assert panel.symbol.text() == "GLD"
    press_undo(window)
    assert labels(panel) == ()


async def test_a_template_that_was_saved_over_is_offered_back(core: Core, open_window: OpenWindow) -> None:
    window, panel = await settled(core, open_window)
    with calling_as(PERSON):
        await core.templates.save("Mine", {"indicators": []})
    before = await kept(core)
    choose(await opened_menu(window, panel), "Save this chart here")
    await until(lambda: bool(window.notices.shown))
    assert (await kept(core))[0].content == content_of(panel.active)
    press_undo(window)
    for _ in range(200):
        if await kept(core) == before:
            break
    assert await kept(core) == before


async def test_new_charts_begin_with_the_template_that_is_for_them(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    with calling_as(PERSON):
        look: JsonValue = [{"key": "rsi-1", "indicator": "rsi", "parameters": {"period": 5}}]
        await core.templates.save("Mine", {"indicators": look})
    choose(await opened_menu(window, panel), "Use for new charts")
    while not (await kept(core))[0].default:
        await until(lambda: True)
    window.actions_.run("window.charts-2")
    await all_drawn(panel)
    panel.activate(panel.panes[1])
    await until(lambda: labels(panel) == ("RSI 5",))
    panel.activate(panel.panes[0])
    assert labels(panel) == ()


async def test_a_deleted_template_is_offered_back(core: Core, open_window: OpenWindow) -> None:
    window, panel = await settled(core, open_window)
    with calling_as(PERSON):
        await core.templates.save("Mine", {"indicators": []})
    before = await kept(core)
    choose(await opened_menu(window, panel), "Delete")
    await until(lambda: bool(window.notices.shown))
    assert await kept(core) == ()
    assert window.notices.shown[-1].text == "The template Mine was deleted."
    press_undo(window)
    for _ in range(200):
        if await kept(core) == before:
            break
    assert await kept(core) == before


async def test_a_template_of_another_time_changes_what_it_knows_and_nothing_else(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await settled(core, open_window)
    assert panel.indicators.board is not None
    panel.indicators.board.add("rsi", {})
    dress(panel.active, {"magic": 4})
    assert labels(panel) == ("RSI 14",)
    dress(panel.active, {"indicators": "x"})
    assert labels(panel) == ()
