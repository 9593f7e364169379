"""A person's own files in the panel: new ones, the question whether to trust one, and their folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from puffling.desktop import numbers
from puffling.desktop.ask import ask, ask_text
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.desktop.strategies.view import LIBRARY, StrategiesView
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import OwnStrategyFile, OwnStrategyText


class OwnFiles:
    """What the panel does with files."""

    def __init__(self, session: Session, panel: QWidget, view: StrategiesView) -> None:
        self._session = session
        self._panel = panel
        self._view = view
        self._wanted = ""
        view.new_file.clicked.connect(self.ask_new)
        view.distrust.clicked.connect(self.distrust)
        view.source.trust.clicked.connect(self.ask_trust)
        view.source.reveal.clicked.connect(self.open_folder)

    def look_at(self, file: OwnStrategyFile | None) -> None:
        """Show the text of a file."""
        self._wanted = file.name if file is not None else ""
        if file is None:
            return
        core = self._session.core
        self._session.dispatch.run(
            lambda: core.strategies.source(file.name),
            name="read strategy file",
            newest="strategies.source",
            then=self._show,
            owner=self._panel,
        )

    def ask_new(self) -> None:
        """Ask for a name and write a file that runs."""
        core = self._session.core

        async def write() -> OwnStrategyFile | None:
            name = await ask_text(
                self._panel,
                tr("New file of your own"),
                tr("Name"),
                act=tr("Write file"),
                text=tr("It begins with a commented strategy that runs: small letters, digits and _."),
                value="my_strategy",
            )
            return None if name is None else await core.strategies.new_file(name)

        self._session.dispatch.run(write, name="new strategy file", then=self._written, owner=self._panel)

    def ask_trust(self) -> None:
        """Ask whether exactly this text may run, and say of which file it is."""
        file = self._view.source.file
        if file is None:
            return
        core = self._session.core

        async def trust() -> None:
            said = tr(
                "{path}\n{size} bytes, SHA-256 {digest}\n\nIt can do whatever you can do on this computer. "
                "Trust it if you wrote it, or have read it. After any change it waits to be trusted anew.",
                path=file.path,
                size=numbers.full(file.size),
                digest=" ".join(file.digest[place : place + 8] for place in range(0, 64, 8)),
            )
            if await ask(self._panel, tr("Let {name} run?", name=file.name), said, act=tr("Trust it")):
                await core.strategies.trust(file.name, file.digest)

        self._session.dispatch.run(trust, name="trust strategy file", owner=self._panel)

    def distrust(self) -> None:
        """Let a file run no more."""
        file, core = self._view.source.file, self._session.core
        if file is not None:
            self._session.dispatch.run(
                lambda: core.strategies.distrust(file.name), name="stop trusting", owner=self._panel
            )

    def open_folder(self) -> None:
        """Open the folder of own strategies where files are looked at."""
        core = self._session.core
        self._session.dispatch.run(core.strategies.folder, name="open folder", then=_open)

    def _written(self, made: OwnStrategyFile | None) -> None:
        if made is None:
            return
        self._session.notices.tell(
            tr("{file} is written. Change it in your editor, then trust it.", file=made.path),
            level=Level.DONE,
            action=tr("Open folder"),
            act=self.open_folder,
        )
        self._view.show_page(LIBRARY)

    def _show(self, file: OwnStrategyText) -> None:
        if file.name == self._wanted:
            self._view.source.show_file(file)


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
