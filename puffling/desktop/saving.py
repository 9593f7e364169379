"""Asking where a file is or should go, and putting it there whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from puffling.desktop.session import Session
from puffling.runtime.errors import StorageFailed
from puffling.runtime.port import Port
from puffling.runtime.text import tr

SAVE, IMPORT = "save", "import"


class Folders:
    """Where files were saved and where they were taken from last; Documents before that."""

    def __init__(self, _session: Session) -> None:
        self._last: dict[str, str] = {}

    def keep(self) -> dict[str, str]:
        """Give them for the next start."""
        return dict(self._last)

    def restore(self, kept: Mapping[str, object]) -> None:
        """Take over what was kept."""
        self._last |= {purpose: folder for purpose, folder in kept.items() if isinstance(folder, str)}

    def begin(self, dialog: QFileDialog, purpose: str) -> None:
        """Let a dialog begin in the folder of its purpose, and remember where it ends."""
        last = self._last.get(purpose, "")
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        there = (each for each in (last, documents) if each and Path(each).is_dir())
        dialog.setDirectory(next(there, str(Path.home())))
        dialog.fileSelected.connect(lambda file: self._note(purpose, file))
        dialog.filesSelected.connect(lambda files: self._note(purpose, files[0]))

    def _note(self, purpose: str, file: str) -> None:
        self._last[purpose] = str(Path(file).parent)


def ask_where(
    session: Session, parent: QWidget, title: str, name: str, suffix: str, then: Callable[[Path], None]
) -> QFileDialog:
    """Offer to choose a file; what was chosen is handed on."""
    dialog = QFileDialog(parent.window(), title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    session.shared(Folders).begin(dialog, SAVE)
    dialog.setNameFilter(tr("{kind} files (*.{suffix})", kind=suffix.upper(), suffix=suffix))
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(f"{name}.{suffix}")
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()
    return dialog


async def save(port: Port, file: Path, pieces: Iterable[bytes]) -> Path:
    """Write a file piece by piece; the old one stays until the new one is complete."""
    unfinished = file.with_name(file.name + ".part")
    try:
        await port.thread(unfinished.write_bytes, b"")
        for piece in pieces:
            await port.thread(_append, unfinished, piece)
            await asyncio.sleep(0)
        await port.thread(unfinished.replace, file)
    except OSError as error:
        raise StorageFailed(
            tr("{file} could not be written.", file=file.name),
            hint=error.strerror or tr("Choose another place."),
        ) from error
    finally:
        await port.thread(_forget, unfinished)
    return file


def _append(file: Path, piece: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(piece)


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)
