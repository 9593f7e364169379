"""Help inside the window: the keys, made from the actions themselves, and what this program is."""

from __future__ import annotations

import platform

import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

import puffling
from puffling.desktop.actions import ActionBook, shortcut_text
from puffling.desktop.theme import Theme, set_role
from puffling.runtime.text import tr

# Keys that belong to no action, because they only mean something where one is.
_HERE = (
    ("Alt", "Open the menu"),
    ("Esc", "Close the palette, a sheet or a field"),
    ("Alt+Up", "Move the chosen rows of a watchlist up"),
    ("Alt+Down", "Move the chosen rows of a watchlist down"),
    ("Del", "Remove the chosen rows of a watchlist"),
    ("Ctrl+C", "Copy the chosen rows of a table"),
    ("Menu", "Open the menu of what has the focus"),
)


class Shortcuts(QScrollArea):
    """All keys at one glance."""

    def __init__(self, actions: ActionBook) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in actions:
            if action.shortcut:
                groups.setdefault(action.group, []).append((shortcut_text(action.shortcut), action.title))
        groups[tr("Where you are")] = [(shortcut_text(keys), tr(said)) for keys, said in _HERE]
        for name, lines in groups.items():
            heading = QLabel(name)
            set_role(heading, kind="title", tone="muted")
            row = grid.rowCount()
            grid.addWidget(heading, row, 0, 1, 2)
            for keys, said in lines:
                row += 1
                shown = QLabel(keys)
                shown.setFont(Theme.mono())
                shown.setMinimumWidth(130)
                grid.addWidget(shown, row, 0)
                grid.addWidget(QLabel(said), row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        self.setWidget(inside)


class About(QWidget):
    """What this program is, and which one."""

    def __init__(self, data_folder: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        for text, kind in (
            (tr("Puffling {version}", version=puffling.__version__), "title"),
            (tr("A personal trading application: explore markets, test strategies and trade."), "prose"),
            (tr("Free software under the MIT licence."), "prose"),
            (
                tr(
                    "Python {python}, Qt for Python {qt}",
                    python=platform.python_version(),
                    qt=PySide6.__version__,
                ),
                "caption",
            ),
            (tr("Your data is in {folder}", folder=data_folder) if data_folder else "", "caption"),
        ):
            if text:
                line = QLabel(text)
                line.setWordWrap(True)
                line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                set_role(line, kind=kind)
                column.addWidget(line)
        column.addStretch(1)
