"""Preferences are the settings themselves; keys go in and never come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from puffling.desktop.dispatch import PERSON
from puffling.desktop.editors import Choice
from puffling.desktop.order_field import OrderField
from puffling.desktop.preferences import Preferences
from puffling.desktop.theme import look
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

CANARY = "PKCANARY0123456789ABCDEF"


async def preferences_of(window: Window) -> Preferences:
    """Open the preferences and wait until they are filled."""
    window.actions_.run("window.preferences")
    body = window.sheet.body
    assert isinstance(body, Preferences)
    await until(lambda: body.filled and bool(body.keys.lines))
    return body


async def test_every_setting_has_its_line(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    with calling_as(PERSON):
        views = await core.settings.all()
    assert set(page.lines) == {view.key for view in views}


async def test_a_change_counts_at_once(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    line = page.lines["appearance.theme"]
    editor = line.editor
    assert isinstance(editor, Choice)
    editor.setCurrentIndex(editor.findData("light"))
    await until(lambda: not look().theme.dark)
    assert core.settings_now.appearance.theme == "light"
    line.back.click()
    await until(lambda: core.settings_now.appearance.theme == "system")
    with calling_as(PERSON):
        await core.settings.put("appearance.theme", "light")
        await until(line.back.isVisible)
        await core.settings.put("appearance.theme", "system")
    await until(lambda: not line.back.isVisible())


async def test_symbols_are_written_as_everywhere_else(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    editor = page.lines["trading.whitelist"].editor
    assert isinstance(editor, QLineEdit)
    editor.setText("spy qqq, agg")
    editor.editingFinished.emit()
    await until(lambda: core.settings_now.trading.whitelist == ("SPY", "QQQ", "AGG"))
    await until(lambda: editor.text() == "SPY, QQQ, AGG")


async def test_a_value_out_of_bounds_is_refused_beside_its_field(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    line = page.lines["server.port"]
    before = core.settings_now.server.port
    field = line.editor
    assert isinstance(field, QLineEdit)
    field.setText("80")
    field.editingFinished.emit()
    await until(line.note.isVisible)
    assert line.note.text().startswith("server.port: The value should be greater than")
    field.setText("eighty")
    field.editingFinished.emit()
    await until(lambda: line.note.text().startswith("server.port: The value should be a valid integer."))
    assert core.settings_now.server.port == before


async def test_the_order_of_the_sources_is_set_by_mouse_and_by_keyboard(
    core: Core, open_window: OpenWindow
) -> None:
    page = await preferences_of(await open_window(core))
    line = page.lines["market.feeds"]
    field = line.editor
    assert isinstance(field, OrderField)

    def titles() -> list[str]:
        return [row.box.text() for row in field.rows]

    assert titles() == ["Demo", "Samples", "Files", "Yahoo", "Alpaca"]
    assert field.read() == ["demo", "samples", "files"]
    files = field.rows[2]
    files.box.setFocus()
    for _ in range(2):
        QTest.keyClick(files.box, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    await until(lambda: core.settings_now.market.feeds == ("files", "demo", "samples"))
    assert (titles()[0], files.up.isEnabled()) == ("Files", False)
    field.rows[1].down.click()
    await until(lambda: core.settings_now.market.feeds == ("files", "samples", "demo"))
    await until(lambda: [feed.source for feed in core.market.feed_states()] == ["files", "samples", "demo"])
    QTest.keyClick(field.rows[1].box, Qt.Key.Key_Space)
    await until(lambda: core.settings_now.market.feeds == ("files", "demo"))
    line.back.click()
    await until(lambda: field.read() == ["demo", "samples", "files"])


async def test_a_setting_is_found_by_what_can_be_chosen_in_it(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    page.search.setText("yahoo")
    assert page.lines["market.feeds"].isVisible()
    assert not page.lines["appearance.theme"].isVisible()


async def test_no_source_at_all_is_refused_beside_the_list(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    line = page.lines["market.feeds"]
    field = line.editor
    assert isinstance(field, OrderField)
    for row in field.rows[:3]:
        row.box.setChecked(False)
    await until(lambda: line.note.property("tone") == "danger")
    assert core.settings_now.market.feeds


async def test_searching_leaves_what_fits(core: Core, open_window: OpenWindow) -> None:
    page = await preferences_of(await open_window(core))
    page.search.setText("backup hour")
    assert [key for key, line in page.lines.items() if line.isVisible()] == ["upkeep.backup_hour"]
    page.search.setText("alpaca")
    assert page.keys.isVisible()
    assert {key for key, line in page.lines.items() if line.isVisible()} == {
        "market.feeds",
        "market.alpaca_data",
        "market.alpaca_address",
        "broker.alpaca_address",
    }


async def test_a_key_is_kept_said_plainly_and_never_shown_again(
    core: Core, open_window: OpenWindow, paths: Paths
) -> None:
    window = await open_window(core)
    page = await preferences_of(window)
    line = page.keys.lines["ALPACA_API_KEY"]
    field = line.field.field
    assert field.echoMode() is QLineEdit.EchoMode.Password
    field.setText(CANARY)
    QTest.keyClick(field, Qt.Key.Key_Return)
    await until(line.test.isEnabled)
    assert field.text() == ""
    assert "session" in line.state.text() + line.answer.text()
    shown = " ".join(widget.text() for widget in window.findChildren(QLineEdit))
    assert CANARY not in shown
    line.forget.click()
    await until(lambda: not line.test.isEnabled())
    for file in paths.data.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file


async def test_closing_while_a_change_is_kept_keeps_it_and_is_no_fault(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.crashes.serve(window)
    # Opened and closed before it is filled, then closed right after a change.
    window.actions_.run("window.preferences")
    window.sheet.close_sheet()
    page = await preferences_of(window)
    editor = page.lines["appearance.density"].editor
    assert isinstance(editor, Choice)
    editor.setCurrentIndex(editor.findData("roomy"))
    window.sheet.close_sheet()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await until(lambda: core.settings_now.appearance.density == "roomy")
    assert window.crashes.reports == []
