"""A form that asks for something to be computed: its fields, what is wrong, what runs, and the act."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.research.running import RunningJobs
from puffling.desktop.theme import Tone, set_role


class ResearchForm(QWidget):
    """Keeps what runs and the act in sight, whatever of the fields is scrolled away."""

    run_wanted = Signal()
    changed = Signal()

    def __init__(self, owner: str, act: str, tip: str) -> None:
        super().__init__()
        self.error = label(tone=Tone.DANGER)
        self.error.setWordWrap(True)
        self.error.hide()
        self.running = RunningJobs()
        self.run = QPushButton(act)
        self.run.setObjectName(f"{owner}.run")
        self.run.setToolTip(tip)
        set_role(self.run, kind="primary")
        self.run.clicked.connect(self.run_wanted)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(8, 2, 8, 8)
        self.column.setSpacing(6)
        self.area.setWidget(inside)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(8, 6, 8, 2)
        self.foot.setSpacing(8)
        self.foot.addWidget(self.error)
        self.foot.addWidget(self.running)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.area, 1)
        whole.addLayout(self.foot)

    def add_heading(self, text: str) -> None:
        """Name the fields that follow."""
        made = label(text, tone=Tone.MUTED, kind="caption")
        made.setContentsMargins(0, 6, 0, 0)
        self.column.addWidget(made)

    @abstractmethod
    def say_wrong(self, field: str, message: str, hint: str) -> None:
        """Say what is wrong at the field it concerns, or above the act when it concerns none."""

    def _say_error(self, text: str) -> None:
        self.error.setText(text)
        self.error.setVisible(bool(text))
