"""The window as a person meets it: workspaces, panels, errors, and what it remembers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QPushButton,
    QWidget,
)

from puffling.desktop.ask import Question
from puffling.desktop.dispatch import PERSON
from puffling.desktop.notices import Level
from puffling.desktop.panel import find_panels
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.workspaces import WORKSPACES, panels_of
from puffling.market.events import PricesMoved
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from puffling.runtime.jobs import JobChanged
from puffling.store.events import AuditAppended, WatchlistsChanged
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


@dataclass(frozen=True)
class InDoubt:
    """What the records are said to be when somebody else changed them."""

    trustworthy: bool = False
    message: str = "The database is not the one that was closed last."
    hint: str = "Look through your records."


def seen(window: Window) -> set[str]:
    """The panels that can be seen now."""
    return {name for name, dock in window.docks.items() if dock.panel.awake}


async def test_every_workspace_names_only_panels_that_exist() -> None:
    there = {kind.id for kind in find_panels()}
    for workspace in WORKSPACES:
        assert set(panels_of(workspace.plan)) <= there


async def test_a_workspace_shows_its_panels_and_the_others_sleep(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    assert seen(window) == {"watchlist", "chart", "dashboard"}
    window.open_workspace("automate")
    await until(lambda: seen(window) == {"jobs", "approvals", "activity"})


async def test_a_panel_that_is_not_seen_does_not_listen(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    both = core.bus.listeners(PricesMoved)
    window.open_workspace("automate")
    await until(lambda: seen(window) == {"jobs", "approvals", "activity"})
    assert core.bus.listeners(PricesMoved) == both - 3
    window.open_workspace("trade")
    await until(lambda: seen(window) == {"watchlist", "chart", "dashboard"})
    assert core.bus.listeners(PricesMoved) == both


async def test_a_tab_that_comes_to_the_front_wakes_and_the_one_behind_sleeps(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.show_panel("activity")
    await until(lambda: seen(window) == {"watchlist", "chart", "activity"})
    audits = core.bus.listeners(AuditAppended)
    jobs = core.bus.listeners(JobChanged)
    window.show_panel("jobs")
    await until(lambda: seen(window) == {"watchlist", "chart", "jobs"})
    assert core.bus.listeners(AuditAppended) == audits - 1
    assert core.bus.listeners(JobChanged) == jobs + 1


async def test_closing_and_opening_restores_workspace_selection_layout_and_content(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.selection.choose("GLD", Interval.W1)
    window.docks["watchlist"].close()
    await asyncio.sleep(0)
    window.open_workspace("research")
    window.session.selection.choose("AAPL")
    await until(lambda: window.docks["chart"].panel.content().get("symbol") == "AAPL")
    snapshot = await close_window(window)

    again = await open_window(snapshot=snapshot)
    assert again.workspace.id == "research"
    assert again.session.selection.symbol == "AAPL"
    shown = again.docks["chart"].panel.content()
    assert len(shown.get("rows", ())) == 0 or shown["symbol"] == "AAPL"
    again.open_workspace("trade")
    assert (again.session.selection.symbol, again.session.selection.interval) == ("GLD", Interval.W1)
    assert again.docks["watchlist"].isHidden()
    assert not again.docks["activity"].isHidden()


async def test_layouts_survive_the_loss_of_the_snapshot(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.docks["watchlist"].close()
    await close_window(window)
    again = await open_window(core, Snapshot())
    await until(again.docks["watchlist"].isHidden)


async def test_a_panel_that_a_kept_layout_does_not_know_stays_hidden(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.open_workspace("research")
    snapshot = await close_window(window)
    again = await open_window(snapshot=snapshot)
    shown = {name for name, dock in again.docks.items() if not dock.isHidden()}
    assert shown == {
        "chart", "backtest", "optimization", "data", "strategies", "fundamentals", "practice", "watchlist",
    }  # fmt: skip
    again.show_panel("activity")
    assert again.dockWidgetArea(again.docks["activity"]) is not Qt.DockWidgetArea.NoDockWidgetArea


async def test_a_workspace_can_be_reset(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.docks["watchlist"].close()
    window.docks["chart"].setFloating(True)
    await until(lambda: "watchlist" not in seen(window))
    window.actions_.run("window.reset-workspace")
    await until(lambda: seen(window) == {"watchlist", "chart", "dashboard"})
    assert not window.docks["chart"].isFloating()


async def test_an_action_exists_exactly_when_its_ability_does(core: Core, open_window: OpenWindow) -> None:
    window = await open_window()
    assert not window.top.halt.isVisible()
    assert all(action.id.startswith("window.") for action in window.actions_)
    window.connect_core(core)
    there = {action.id for action in window.actions_ if not action.id.startswith("window.")}
    assert there <= {ability.id for ability in core.registry}
    assert {ability.id for ability in core.registry if ability.menu} <= there
    await until(window.top.halt.isVisible)


async def test_halting_takes_one_key_and_resuming_asks_first(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.top.halt.click()
    await until(window.top.resume.isVisible)
    assert window.top.state.text() == "HALTED"
    window.top.resume.click()
    await until(lambda: window.findChild(Question) is not None)
    question = window.findChild(Question)
    assert isinstance(question, Question)
    assert window.top.state.text() == "HALTED"
    QTest.keyClick(question, Qt.Key.Key_Return)
    await until(window.top.halt.isVisible)
    assert window.top.state.text() == "ACTIVE"


async def test_an_error_for_people_becomes_a_notice_with_its_hint(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.dispatch.run(lambda: core.watchlists.show("none"), name="show")
    await until(lambda: bool(window.notices.shown))
    told = window.notices.shown[-1]
    assert told.level is Level.ERROR
    assert told.text
    assert "Traceback" not in told.text + told.hint
    assert window.crashes.reports == []


async def test_a_bug_ends_in_the_crash_dialog_without_secrets_and_the_window_lives_on(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.crashes.serve(window)

    async def broken() -> None:
        raise ZeroDivisionError("a canary sk-ant-0123456789abcdefghijklmnop")

    window.session.dispatch.run(broken, name="broken")
    await until(lambda: window.crashes.dialog is not None)
    dialog = window.crashes.dialog
    assert dialog is not None
    assert "ZeroDivisionError" in dialog.text.toPlainText()
    assert "abcdefghijklmnop" not in dialog.text.toPlainText()
    dialog.accept()
    window.open_workspace("research")
    await until(lambda: "chart" in seen(window))


async def test_the_newest_request_cancels_the_older(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    ended: list[str] = []

    async def slow(name: str) -> str:
        await asyncio.sleep(0.05 if name == "old" else 0)
        return name

    window.session.dispatch.run(lambda: slow("old"), name="old", newest="same", then=ended.append)
    window.session.dispatch.run(lambda: slow("new"), name="new", newest="same", then=ended.append)
    await asyncio.sleep(0.1)
    assert ended == ["new"]


async def test_a_new_person_starts_with_one_click(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core, welcome=True)
    start = window.findChild(QPushButton, "welcome.start")
    assert start is not None
    start.click()
    await until(lambda: core.settings_now.window.welcomed)
    assert seen(window) == {"watchlist", "chart", "dashboard"}


async def test_saving_is_said_when_it_is_so(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.bottom.show_saved("")
    core.bus.publish(WatchlistsChanged(core.user))
    assert window.bottom.saved.text().startswith("Saved")


async def test_quitting_asks_while_work_is_running(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    left: list[bool] = []
    window.closing.connect(lambda: left.append(True))
    window.actions_.run("data.check")
    await until(lambda: window.bottom.running.text() != "")
    window.close()
    await until(lambda: window.findChild(Question) is not None)
    assert left == []
    question = window.findChild(Question)
    assert isinstance(question, Question)
    next(button for button in question.findChildren(QPushButton) if "quit" in button.text()).click()
    await until(lambda: left == [True])


async def test_records_in_doubt_stay_in_sight_until_a_backup_is_restored(
    core: Core, open_window: OpenWindow
) -> None:
    with calling_as(PERSON):
        backup = await core.backups.create()
    window = await open_window(core)
    assert window.live is not None
    window.live.show_records(InDoubt())
    assert window.banner.isVisible()
    window.banner.buttons[0].click()
    await until(window.sheet.isVisible)
    body = window.sheet.body
    assert body is not None
    body.findChildren(QPushButton)[0].click()
    await until(lambda: window.findChild(Question) is not None)
    question = window.findChild(Question)
    assert isinstance(question, Question)
    next(button for button in question.findChildren(QPushButton) if button.text() != "Cancel").click()
    await until(lambda: not window.banner.isVisible())
    assert backup.name


async def test_everything_that_takes_the_keyboard_has_a_name(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.actions_.run("window.preferences")
    await asyncio.sleep(0.2)
    nameless = [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and isinstance(widget, (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView))
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []


async def test_another_workspace_and_back_leaves_every_panel_as_large_as_it_was(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)

    def sizes() -> dict[str, QSize]:
        # A panel that was never in front has not been given a size yet.
        return {name: dock.size() for name, dock in window.docks.items() if dock.panel.awake}

    await until(lambda: window.docks["chart"].height() > 1.5 * window.docks["dashboard"].height())
    before = sizes()
    for _ in range(2):
        window.open_workspace("research")
        await asyncio.sleep(0.05)
        window.open_workspace("trade")
        await asyncio.sleep(0.05)
        assert sizes() == before
