"""Dialogs for files begin where the person keeps theirs, not where the program happened to be started."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from puffling.core.core import Core
from puffling.desktop.saving import Folders, ask_where
from puffling.desktop.window import Window
from tests.desktop.conftest import OpenWindow, close_window


def folder_of(dialog: QFileDialog) -> Path:
    """Where a dialog stands; it is closed."""
    folder = Path(dialog.directory().absolutePath())
    dialog.close()
    return folder


def asked(window: Window) -> QFileDialog:
    """A dialog that asks where to save."""
    return ask_where(window.session, window, "Save", "bars", "csv", lambda _: None)


def first_folder() -> Path:
    """Documents where there are any, else the home folder."""
    documents = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    return documents if documents.is_dir() else Path.home()


async def test_saving_begins_in_documents_then_where_one_saved_last_also_after_a_restart(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    assert first_folder() != Path.cwd()
    dialog = asked(window)
    dialog.fileSelected.emit(str(tmp_path / "bars.csv"))
    assert folder_of(dialog) == first_folder()
    assert folder_of(asked(window)) == tmp_path
    window.importing.choose()
    [chooser] = (each for each in window.findChildren(QFileDialog) if each.isVisible())
    assert folder_of(chooser) == first_folder()
    snapshot = await close_window(window)
    window = await open_window(snapshot=snapshot)
    assert folder_of(asked(window)) == tmp_path


async def test_a_folder_that_is_gone_is_no_place_to_begin(open_window: OpenWindow, tmp_path: Path) -> None:
    window = await open_window()
    window.session.shared(Folders).restore({"save": str(tmp_path / "gone"), "import": 7})
    assert folder_of(asked(window)) == first_folder()
    assert window.session.shared(Folders).keep() == {"save": str(tmp_path / "gone")}
