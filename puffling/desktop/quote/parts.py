"""The parts of the Quote panel and how they share its room: beside each other, or in turns below the face."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from puffling.desktop.menus import passing_menu
from puffling.desktop.quote.depth import Depth
from puffling.desktop.quote.face import QuoteFace
from puffling.desktop.quote.facts import size_words
from puffling.desktop.quote.tape import Tape
from puffling.desktop.theme import set_role
from puffling.market.values import AssetClass
from puffling.runtime.text import tr

# From here on tape and book stand beside the face; below the second width they stand under it.
ALL_ABREAST = 720
FACE_BESIDE = 500
FACE_WIDTH = 280
SHORT = 600
TAPE, BOOK = "tape", "book"
_COINS: tuple[float, ...] = (0.0, 0.01, 0.1, 1.0, 10.0)
_SHARES: tuple[float, ...] = (0.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0)


class Parts(QWidget):
    """Face, tape and book; tells when another of them comes into sight."""

    sight_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.face = QuoteFace()
        self.tape = Tape()
        self.ladder = Depth()
        self._below = TAPE
        self._abreast = False
        self._sizes = _SHARES
        self._least_size = 0.0
        self._bar = self._make_bar()
        lists = QWidget()
        self._lists = QBoxLayout(QBoxLayout.Direction.LeftToRight, lists)
        self._lists.setContentsMargins(0, 0, 0, 0)
        self._lists.setSpacing(16)
        self._lists.addWidget(self.tape, 1)
        self._lists.addWidget(self.ladder, 1)
        rest = QWidget()
        column = QBoxLayout(QBoxLayout.Direction.TopToBottom, rest)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._bar)
        column.addWidget(lists, 1)
        self._whole = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.addWidget(self.face, 0, Qt.AlignmentFlag.AlignTop)
        self._whole.addWidget(rest, 1)
        self.setFocusProxy(self.face)
        self._arrange()

    @property
    def shows_tape(self) -> bool:
        """Tell whether the tape can be seen."""
        return self._abreast or self._below == TAPE

    @property
    def shows_book(self) -> bool:
        """Tell whether the order book can be seen."""
        return self._abreast or self._below == BOOK

    @property
    def chosen(self) -> str:
        """Give which of the two is shown where there is room for one."""
        return self._below

    def choose(self, which: str) -> None:
        """Show the tape or the book where there is room for one."""
        if which in self._switch and which != self._below:
            self._below = which
            self._arrange()
            self.sight_changed.emit()

    def offer_sizes(self, asset_class: AssetClass | None) -> None:
        """Offer filters that fit what is traded: shares come by the hundred, coins in fractions."""
        sizes = _COINS if asset_class is AssetClass.CRYPTO else _SHARES
        if sizes != self._sizes:
            self._sizes = sizes
            self.filter_by(0.0)

    def filter_by(self, least_size: float) -> None:
        """Show trades of this size and larger ones only."""
        self._least_size = least_size
        self.tape.show_from(least_size)
        self.filter.setText(tr("{size} ▾", size=_size_title(least_size)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        self._bar_row = row = QHBoxLayout(bar)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(2)
        group = QButtonGroup(self)
        self._switch: dict[str, QPushButton] = {}
        for which, title in ((TAPE, tr("Trades")), (BOOK, tr("Depth"))):
            button = QPushButton(title)
            button.setCheckable(True)
            set_role(button, kind="quiet")
            button.clicked.connect(partial(self.choose, which))
            group.addButton(button)
            row.addWidget(button)
            self._switch[which] = button
        row.addStretch(1)
        self.filter = QPushButton(tr("{size} ▾", size=_size_title(0.0)))
        self.filter.setAccessibleName(tr("Least size of a trade that is shown"))
        set_role(self.filter, kind="quiet")
        self.filter.clicked.connect(self._open_filter)
        row.addWidget(self.filter)
        bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return bar

    def _open_filter(self) -> None:
        menu = passing_menu(self)
        for size in self._sizes:
            item = menu.addAction(_size_title(size), partial(self.filter_by, size))
            item.setCheckable(True)
            item.setChecked(size == self._least_size)
        menu.popup(self.filter.mapToGlobal(self.filter.rect().bottomLeft()))

    def _arrange(self) -> None:
        before = (self.shows_tape, self.shows_book)
        self._abreast = self.width() >= ALL_ABREAST
        beside = self._abreast or (self.width() >= FACE_BESIDE and self.height() < SHORT)
        directions = QBoxLayout.Direction
        self._whole.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        self._whole.setSpacing(16 if beside else 4)
        self.face.setMaximumWidth(FACE_WIDTH if beside else 16_777_215)
        self.face.setMinimumWidth(FACE_WIDTH if beside else 0)
        for which, button in self._switch.items():
            button.setChecked(which == self._below)
            button.setVisible(not self._abreast)
        # The filter stands over the tape: at the right of the switch, or alone at the left.
        self._bar_row.setDirection(directions.RightToLeft if self._abreast else directions.LeftToRight)
        self.tape.setVisible(self.shows_tape)
        self.ladder.setVisible(self.shows_book)
        self.filter.setVisible(self.shows_tape)
        if before != (self.shows_tape, self.shows_book):
            self.sight_changed.emit()


def _size_title(least_size: float) -> str:
    return tr("{size} and more", size=size_words(least_size)) if least_size else tr("All sizes")
