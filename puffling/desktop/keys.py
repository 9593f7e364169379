"""Keys of outside services: which are there and where; entered once, tested, and never shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.editors import Choice
from puffling.desktop.session import Session
from puffling.desktop.theme import set_role
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.access import KeyTest
    from puffling.settings.secrets import KeptKey, KeyState

SAFEST, KEYCHAIN, VAULT, SESSION = "", "keychain", "encrypted file", "this session"


class Keys(QWidget):
    """One line for each key, the choice where new ones are kept, and a test for each service."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.lines: dict[str, KeyLine] = {}
        heading = QLabel(tr("Keys"))
        set_role(heading, kind="heading")
        said = QLabel(
            tr(
                "Keys leave this computer only for the service they belong to. Puffling never shows one "
                "again and never writes one into settings, logs or backups."
            )
        )
        said.setWordWrap(True)
        set_role(said, tone="muted")
        self.place = Choice()
        self.place.setAccessibleName(tr("Where new keys are kept"))
        for title, place in (
            (tr("Safest place there is"), SAFEST),
            (tr("Keychain of this computer"), KEYCHAIN),
            (tr("File behind a passphrase"), VAULT),
            (tr("This session only"), SESSION),
        ):
            self.place.addItem(title, place)
        self.place.currentIndexChanged.connect(lambda _: self._place_changed())
        where = QHBoxLayout()
        where.addWidget(QLabel(tr("Keep new keys in")), 1)
        where.addWidget(self.place)
        self.passphrase = SecretField(tr("Passphrase of the key file"), tr("Open"))
        self.passphrase.entered.connect(self._open_vault)
        self.passphrase.hide()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading)
        column.addWidget(said)
        column.addLayout(where)
        column.addWidget(self.passphrase)
        column.addWidget(self.note)
        column.addLayout(self._rows)
        self.note.hide()
        self._fetch()

    def fits(self, wanted: str) -> bool:
        """Tell whether somebody who searches for this means keys."""
        words = [
            tr("Keys"),
            tr("Secrets"),
            *(f"{line.name} {line.title.text()}" for line in self.lines.values()),
        ]
        return any(wanted in word.casefold() for word in words)

    def _fetch(self) -> None:
        core = self._session.core
        self._session.dispatch.run(
            core.settings.keys, name="fetch keys", newest="keys", then=self._show, owner=self
        )

    def _show(self, states: tuple[KeyState, ...]) -> None:
        for state in states:
            line = self.lines.get(state.name)
            if line is None:
                line = self.lines[state.name] = KeyLine(state)
                line.entered.connect(self._keep)
                line.test_wanted.connect(self._test)
                line.forget_wanted.connect(self._forget)
                self._rows.addWidget(line)
            line.show_state(state)

    def _keep(self, name: str, secret: str) -> None:
        self.lines[name].keep(self._session, secret, self.place.currentData() or None, self._fetch)

    def _forget(self, name: str) -> None:
        self.lines[name].forget_key(self._session, self._fetch)

    def _test(self, name: str) -> None:
        core, line = self._session.core, self.lines[name]
        line.say(tr("Asking the service"))

        def tested(answer: KeyTest) -> None:
            line.say(answer.message, good=answer.accepted)

        self._session.dispatch.run(
            lambda: core.settings.test_key(line.service),
            name="test key",
            newest=f"test {name}",
            then=tested,
            failed=line.say_error,
            owner=line,
        )

    def _place_changed(self) -> None:
        self.passphrase.setVisible(self.place.currentData() == VAULT)

    def _open_vault(self, passphrase: str) -> None:
        core = self._session.core

        def opened(states: tuple[KeyState, ...]) -> None:
            self.note.setText(tr("The key file is open for this session."))
            self.note.show()
            self._show(states)

        self._session.dispatch.run(
            lambda: core.registry.invoke("settings.open-vault", {"passphrase": passphrase}),
            name="open key file",
            then=opened,
            owner=self,
        )


class KeyLine(QWidget):
    """One key: its state, a field that never echoes, and its test."""

    entered = Signal(str, str)
    test_wanted = Signal(str)
    forget_wanted = Signal(str)

    def __init__(self, state: KeyState) -> None:
        super().__init__()
        self.name = state.name
        self.service = state.service
        self.title = QLabel(state.title)
        self.state = QLabel()
        self.answer = QLabel()
        self.answer.setWordWrap(True)
        self.answer.hide()
        self.field = SecretField(tr("Paste the {title}", title=state.title), tr("Keep"))
        self.field.entered.connect(lambda secret: self.entered.emit(self.name, secret))
        self.test = QPushButton(tr("Test"))
        self.test.setAccessibleName(tr("Test {title}", title=state.title))
        self.test.clicked.connect(lambda: self.test_wanted.emit(self.name))
        self.forget = QPushButton(tr("Forget"))
        self.forget.setAccessibleName(tr("Forget {title}", title=state.title))
        self.forget.clicked.connect(lambda: self.forget_wanted.emit(self.name))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.state, 0, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.field, 1, 0)
        grid.addWidget(self.test, 1, 1)
        grid.addWidget(self.forget, 1, 2)
        grid.addWidget(self.answer, 2, 0, 1, 3)

    def keep(self, session: Session, secret: str, place: str | None, then: Callable[[], None]) -> None:
        """Keep what was typed as this key, and say where it is."""
        core = session.core

        def kept(answer: KeptKey) -> None:
            self.say(answer.message)
            then()

        session.dispatch.run(
            lambda: core.registry.invoke(
                "settings.keep-key", {"name": self.name, "secret": secret, "place": place}
            ),
            name="keep key",
            then=kept,
            failed=self.say_error,
            owner=self,
        )

    def forget_key(self, session: Session, then: Callable[[], None]) -> None:
        """Forget this key."""
        core = session.core

        def gone(_: None) -> None:
            self.say(tr("Forgotten."))
            then()

        session.dispatch.run(
            lambda: core.settings.forget_key(self.name),
            name="forget key",
            then=gone,
            failed=self.say_error,
            owner=self,
        )

    def show_state(self, state: KeyState) -> None:
        """Say whether the key is there and where; never what it is."""
        if state.trouble:
            self.state.setText(tr("Cannot be read"))
            self.say(state.trouble, good=False)
        else:
            self.state.setText(tr("In {place}", place=state.place) if state.present else tr("Not set"))
        set_role(self.state, tone="danger" if state.trouble else "up" if state.present else "muted")
        self.test.setEnabled(state.present)
        self.forget.setEnabled(state.present and state.place != "environment")

    def say(self, text: str, *, good: bool | None = None) -> None:
        """Show an answer under the key."""
        self.answer.setText(text)
        set_role(self.answer, tone={None: "muted", True: "up", False: "danger"}[good])
        self.answer.show()

    def say_error(self, error: PufflingError) -> None:
        """Show why it did not work and what to do."""
        self.say(f"{error.message} {error.hint}".strip(), good=False)


class SecretField(QWidget):
    """Takes a secret without ever echoing it, and forgets it once it is handed over."""

    entered = Signal(str)

    def __init__(self, placeholder: str, act: str) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.field.returnPressed.connect(self._enter)
        self.button = QPushButton(act)
        self.button.setEnabled(False)
        self.button.clicked.connect(self._enter)
        self.field.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)

    def _enter(self) -> None:
        secret = self.field.text().strip()
        self.field.clear()
        if secret:
            self.entered.emit(secret)
