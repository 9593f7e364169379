"""The two lines that are always there: above what the person can reach and must know, below what goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.actions import shortcut_text
from puffling.desktop.menus import Menu
from puffling.desktop.squeezing import ElidedButton, ElidedLabel
from puffling.desktop.theme import look, set_role
from puffling.desktop.workspaces import WORKSPACES
from puffling.runtime.text import tr

MODE_TONES = {"demo": "warn", "paper": "accent", "live": "live"}
_ROOM_FOR_NAME, _ROOMY = 1100, 1400
_LEAST_FIELD = 72
_FIELDS = {True: 320, False: 140}
_LEAST_ACCOUNT = 44
STATE_TONES = {"active": "up", "reducing": "warn", "halted": "danger"}


class TopLine(QWidget):
    """Workspace switch, command field, data quality, mode, trading state and halt, in this order."""

    workspace_chosen = Signal(str)
    command_wanted = Signal()
    halt_wanted = Signal()
    resume_wanted = Signal()
    approvals_wanted = Signal()

    def __init__(self, fill_menu: Callable[[QMenu], None]) -> None:
        super().__init__()
        self._outer = outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._strip = QLabel(tr("LIVE: orders from here on spend real money"))
        self._strip.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._strip.setFixedHeight(24)
        self._strip.hide()
        outer.addWidget(self._strip)
        self._row = row = QGridLayout()
        row.setContentsMargins(0, 7, 0, 7)
        row.setHorizontalSpacing(14)
        outer.addLayout(row)
        row.addLayout(self._left(fill_menu), 0, 0)
        row.addWidget(self._field(), 0, 1)
        row.addLayout(self._right(), 0, 2)
        self._fit(roomy=True)
        look().changed.connect(self._paint_strip)
        self._paint_strip()

    def add_below(self, banner: QWidget) -> None:
        """Put a banner between this line and the panels."""
        self._outer.addWidget(banner)

    def show_workspace(self, workspace_id: str) -> None:
        """Mark the workspace that is open."""
        self._switch[workspace_id].setChecked(True)

    def show_data(self, label: str, quality: str) -> None:
        """Say how good the prices are; what is not real-time is said in amber."""
        self.data.setText(label)
        set_role(self.data, tone="muted" if quality == "realtime" else "warn")
        self.data.setToolTip(tr("Where the prices in this window come from"))

    def show_trading(self, mode: str, state: str, reason: str = "") -> None:
        """Say which money is meant and whether orders may leave."""
        self.mode.setText(f"● {mode.upper()}" if mode else "")
        set_role(self.mode, tone=MODE_TONES.get(mode, "muted"))
        self.state.setText(state.upper())
        set_role(self.state, tone=STATE_TONES.get(state, "muted"))
        self.state.setToolTip(reason)
        self._strip.setVisible(mode == "live")

    def offer_halt(self, *, halted: bool, can_halt: bool, can_resume: bool) -> None:
        """Show the one button that fits the state, exactly when its ability exists."""
        self.halt.setVisible(can_halt and not halted)
        self.resume.setVisible(can_resume and halted)

    def show_waiting(self, count: int) -> None:
        """Say how many orders wait for the person's yes, or nothing."""
        self.approvals.setText(tr("1 approval") if count == 1 else tr("{count} approvals", count=count))
        self.approvals.setVisible(count > 0)

    def be_locked(self, locked: bool) -> None:
        """Leave only what anybody may do: see the state of trading, and halt it."""
        for piece in (self.menu_button, self.field, self.approvals, self.account, self.resume):
            piece.setEnabled(not locked)
        for switch in self._switch.values():
            switch.setEnabled(not locked)

    def last_shown(self) -> dict[str, str]:
        """Give what the line says, to be painted again at the next start."""
        return {
            "data": self.data.text(),
            "quality": "realtime" if self.data.property("tone") == "muted" else "other",
            "mode": self.mode.text().removeprefix("● ").lower(),
            "state": self.state.text().lower(),
        }

    def show_last(self, kept: Mapping[str, Any]) -> None:
        """Say what was known when the window closed."""
        if kept:
            self.show_data(str(kept.get("data", "")), str(kept.get("quality", "")))
            self.show_trading(str(kept.get("mode", "")), str(kept.get("state", "")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = event.size().width()
        # The window's own frame says it, too.
        self.name.setVisible(width >= _ROOM_FOR_NAME)
        self._fit(roomy=width >= _ROOMY)

    def _fit(self, *, roomy: bool) -> None:
        keys = shortcut_text("Ctrl+K")
        words = tr("Search or run a command") if roomy else tr("Search")
        self.field.setText(f"{words}    {keys}")
        self.field.setMaximumWidth(_FIELDS[roomy])
        # Equal shares left and right keep the field in the middle where that costs nobody his words.
        for column, share in enumerate((100, 60, 100) if roomy else (0, 0, 1)):
            self._row.setColumnStretch(column, share)

    def _left(self, fill_menu: Callable[[QMenu], None]) -> QHBoxLayout:
        left = QHBoxLayout()
        left.setSpacing(4)
        self.menu = Menu(self)
        self.menu.aboutToShow.connect(lambda: fill_menu(self.menu))
        self.menu_button = QToolButton()
        self.menu_button.setText("☰")
        self.menu_button.setToolTip(tr("Menu ({keys})", keys=shortcut_text("F10")))
        self.menu_button.setAccessibleName(tr("Menu"))
        self.menu_button.clicked.connect(self.open_menu)
        left.addWidget(self.menu_button)
        self.name = QLabel(tr("Puffling"))
        set_role(self.name, kind="title")
        left.addWidget(self.name)
        left.addSpacing(4)
        group = QButtonGroup(self)
        self._switch: dict[str, QPushButton] = {}
        for number, workspace in enumerate(WORKSPACES, start=1):
            button = QPushButton(tr(workspace.title))
            button.setObjectName(f"workspace.{workspace.id}")
            button.setCheckable(True)
            button.setToolTip(shortcut_text(f"Ctrl+{number}"))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            set_role(button, kind="quiet")
            button.clicked.connect(lambda _checked=False, id=workspace.id: self.workspace_chosen.emit(id))
            group.addButton(button)
            left.addWidget(button)
            self._switch[workspace.id] = button
        left.addStretch(1)
        return left

    def _field(self) -> QWidget:
        self.field = ElidedButton(_LEAST_FIELD)
        self.field.setObjectName("command-field")
        self.field.setAccessibleName(tr("Search or run a command"))
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.field.setStyleSheet("text-align: left;")
        self.field.clicked.connect(self.command_wanted)
        return self.field

    def _right(self) -> QHBoxLayout:
        right = QHBoxLayout()
        right.setSpacing(14)
        right.addStretch(1)
        self.data, self.mode, self.state = ElidedLabel(wants_room=True), QLabel(), QLabel()
        for label, name in (
            (self.data, tr("Data quality")),
            (self.mode, tr("Mode")),
            (self.state, tr("Trading state")),
        ):
            label.setAccessibleName(name)
            right.addWidget(label)
        self.approvals = QPushButton()
        self.approvals.setObjectName("approvals-waiting")
        set_role(self.approvals, kind="waiting", narrow=True)
        self.approvals.clicked.connect(self.approvals_wanted)
        self.account = ElidedButton(_LEAST_ACCOUNT)
        self.account.setObjectName("account")
        self.account.setAccessibleName(tr("Account that orders go to"))
        set_role(self.account, kind="quiet", narrow=True)
        right.insertWidget(right.indexOf(self.mode), self.account)
        right.insertWidget(right.indexOf(self.account), self.approvals)
        for button in (self.approvals, self.account):
            button.setVisible(False)
        self.halt = QPushButton(tr("Halt trading"))
        self.halt.setObjectName("halt")
        self.halt.setToolTip(tr("No new order leaves until you resume"))
        set_role(self.halt, kind="danger")
        self.halt.clicked.connect(self.halt_wanted)
        self.resume = QPushButton(tr("Resume trading"))
        self.resume.setObjectName("resume")
        self.resume.clicked.connect(self.resume_wanted)
        for button in (self.halt, self.resume):
            button.setVisible(False)
            right.addWidget(button)
        return right

    def open_menu(self) -> None:
        """Open the menu under its button, ready for the keyboard."""
        self.menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _paint_strip(self) -> None:
        shades = look().theme.colours
        self._strip.setStyleSheet(
            f"background: {shades.live.name()}; color: {shades.on_live.name()}; font-weight: 600;"
        )


class BottomLine(QWidget):
    """Feed age, next job, running job with its progress, and the newest save or reconciliation."""

    jobs_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 5)
        row.setSpacing(28)
        self.feed, self.next, self.saved = QLabel(), QLabel(), QLabel()
        self.running = QPushButton()
        self.running.setObjectName("running-job")
        self.running.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        set_role(self.running, kind="quiet")
        self.running.setAccessibleName(tr("Running job"))
        self.running.clicked.connect(self.jobs_wanted)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        for label in (self.feed, self.next, self.saved):
            set_role(label, tone="muted")
        for piece in (self.feed, self.next, self.running, self.progress):
            row.addWidget(piece)
        row.addStretch(1)
        row.addWidget(self.saved)
        # A job that comes or goes must not lift the line and everything above it.
        keep = self.running.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.running.setSizePolicy(keep)
        self.show_job("", None)

    def show_feed(self, text: str, *, stale: bool = False, explained: str = "") -> None:
        """Say which feed answers and how old its newest price is."""
        self.feed.setText(text)
        self.feed.setToolTip(explained)
        set_role(self.feed, tone="warn" if stale else "muted")

    def show_next(self, text: str) -> None:
        """Say what runs next by itself."""
        self.next.setText(text)
        self.next.setVisible(bool(text))

    def show_job(self, text: str, share: float | None) -> None:
        """Show the job that runs, or nothing; without a known share the bar only moves."""
        self.running.setText(text)
        self.running.setVisible(bool(text))
        self.progress.setVisible(bool(text))
        self.progress.setRange(0, 0 if share is None and text else 1000)
        if share is not None:
            self.progress.setValue(round(share * 1000))

    def show_saved(self, text: str) -> None:
        """Say what was kept or compared last, and when."""
        self.saved.setText(text)
