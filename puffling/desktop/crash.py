"""When Puffling itself is at fault: say so once, offer the redacted report, and let the person go on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

import puffling
from puffling.desktop.theme import Theme, set_role
from puffling.runtime.redaction import redactor
from puffling.runtime.text import tr

_log = logging.getLogger(__name__)

Write = Callable[[BaseException], str]


class CrashDesk:
    """Collects faults, shows one dialog at a time, and keeps secrets out of the report."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._write: Write = report_of
        self._window: QWidget | None = None
        self.dialog: CrashDialog | None = None
        self.reports: list[str] = []

    def serve(self, window: QWidget) -> None:
        """Show dialogs over this window from now on."""
        self._window = window

    def use_writer(self, write: Write) -> None:
        """Let reports be written by this from now on: the open core knows the log and its threads too."""
        from puffling.runtime.log import watch_for_crashes

        self._write = write
        loop = asyncio.get_running_loop()

        def report_soon(fault: BaseException) -> None:
            # A thread may have failed, and widgets belong to Qt's own; after the loop there is only the log.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.report, fault)

        watch_for_crashes(report_soon)

    def report(self, fault: BaseException) -> None:
        """Tell the person about a fault; further ones are added to the open dialog."""
        _log.error("A fault in Puffling", exc_info=fault)
        self.reports.append(self._write(fault))
        if self._window is None:
            return
        if self.dialog is None:
            self.dialog = CrashDialog(self._window, self._folder)
            self.dialog.finished.connect(self._closed)
            self.dialog.open()
        self.dialog.show_reports(self.reports)

    def catch_strays(self) -> None:
        """Take exceptions that escape from Qt's slots and from the start itself."""
        sys.excepthook = self._stray

    def _stray(self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        self.report(fault.with_traceback(trace))

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
        self.reports.clear()


class CrashDialog(QDialog):
    """Says that Puffling is at fault and offers the report to copy or save."""

    def __init__(self, window: QWidget, folder: Path) -> None:
        super().__init__(window)
        self._folder = folder
        self.setWindowTitle(tr("Puffling made a mistake"))
        self.setModal(False)
        self.setMinimumSize(620, 380)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        title = QLabel(tr("Puffling made a mistake"))
        set_role(title, kind="heading")
        said = QLabel(
            tr(
                "What you asked for may not have happened. Your data is safe and you can go on working. "
                "The report below helps to repair the fault; keys and passwords have been removed from it."
            )
        )
        set_role(said, kind="prose")
        said.setWordWrap(True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(Theme.mono())
        self.text.setAccessibleName(tr("Report"))
        self.note = QLabel()
        set_role(self.note, tone="muted")
        row = QHBoxLayout()
        self.copy = QPushButton(tr("Copy report"))
        self.copy.clicked.connect(self._copy)
        self.save = QPushButton(tr("Save report"))
        self.save.clicked.connect(self._save)
        self.go_on = QPushButton(tr("Keep working"))
        set_role(self.go_on, kind="primary")
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self.accept)
        row.addWidget(self.note, 1)
        for button in (self.copy, self.save, self.go_on):
            row.addWidget(button)
        for piece in (title, said):
            column.addWidget(piece)
        column.addWidget(self.text, 1)
        column.addLayout(row)

    def show_reports(self, reports: list[str]) -> None:
        """Show all faults of this session, the newest last."""
        self.text.setPlainText("\n\n".join(reports))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.note.setText(tr("Copied."))

    def _save(self) -> None:
        number = 1
        while (path := self._folder / f"report-{number}.txt").exists():
            number += 1
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(self.text.toPlainText(), encoding="utf-8")
        except OSError as error:
            self.note.setText(tr("It cannot be saved: {reason}.", reason=error.strerror or error))
        else:
            self.note.setText(tr("Saved as {path}", path=path))


def report_of(fault: BaseException) -> str:
    """Write down a fault with what is needed to repair it, and nothing about the person."""
    head = f"Puffling {puffling.__version__}, Python {platform.python_version()}, {platform.platform()}"
    trace = "".join(traceback.format_exception(fault))
    return redactor.clean(f"{head}\n\n{trace}").replace(str(Path.home()), "~")
