"""Asking where a file should go, and putting it there whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from puffling.runtime.errors import StorageFailed
from puffling.runtime.port import Port
from puffling.runtime.text import tr


def ask_where(
    parent: QWidget, title: str, name: str, suffix: str, then: Callable[[Path], None]
) -> QFileDialog:
    """Offer to choose a file; what was chosen is handed on."""
    dialog = QFileDialog(parent.window(), title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
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
