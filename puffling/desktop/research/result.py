"""One result: its name, what it is of and where its prices came from, its verdict, and pages below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.backtests.verdict import VerdictHead
from puffling.desktop.card import label
from puffling.desktop.pages import Pages
from puffling.desktop.theme import Tone, set_role

_MADE_UP = ("demo", "sample", "simulated")


class ResultView(QWidget):
    """The head of a result; its pages come one at a step."""

    titles: ClassVar[Mapping[str, str]]
    wide: ClassVar[int]
    """From this width on verdict and figures stand beside each other."""
    flat: ClassVar[int]
    """Below this height the lines that matter less make room."""

    def __init__(self, page: str, trust_page: str) -> None:
        super().__init__()
        self._first = page
        self._name_words, self._what_words = "", ""
        self._pages: Pages | None = None
        self.name = label(kind="heading")
        self.what = label(tone=Tone.MUTED, kind="caption")
        for line in (self.name, self.what):
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.data_label = label(tone=Tone.WARN, kind="caption")
        self.verdict = VerdictHead()
        self.verdict.opened.connect(lambda: self.open_page(trust_page))
        self.stack = QStackedWidget()
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(16)
        titles = QHBoxLayout()
        titles.setSpacing(8)
        titles.addWidget(self.name, 1)
        titles.addWidget(self.data_label)
        head = QVBoxLayout()
        head.setContentsMargins(8, 2, 8, 2)
        head.setSpacing(2)
        head.addLayout(titles)
        head.addWidget(self.what)
        head.addSpacing(6)
        head.addLayout(self._top)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addLayout(head)
        self.setMinimumWidth(300)

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._first if self._pages is None else self._pages.page

    def open_page(self, page: str) -> None:
        """Turn to a page as the person does."""
        if self._pages is not None:
            self._pages.open(page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pages is not None:
            self._fit(wide=event.size().width() >= self.wide, flat=event.size().height() < self.flat)
            self._elide()

    def _put_beside(self, verdict_share: int, what: QWidget | QLayout, share: int) -> None:
        """Put something beside the verdict, or below it where it is narrow."""
        if isinstance(what, QWidget):
            self._top.addWidget(self.verdict, verdict_share)
            self._top.addWidget(what, share)
        else:
            self._top.addWidget(self.verdict, verdict_share, Qt.AlignmentFlag.AlignTop)
            self._top.addLayout(what, share)

    def _add_pages(self, owner: str) -> None:
        """Offer the pages, which are in the stack already, and open the first."""
        self._pages = Pages(owner, self.titles, self._first)
        self._pages.turned.connect(self._turned)
        self._column.addLayout(self._pages)
        self._column.addWidget(self.stack, 1)
        self._turn()

    def _say_head(self, name: str, what: Sequence[str]) -> None:
        """Say which result it is; where its prices came from is said next, and takes room from the name."""
        self._name_words, self._what_words = name, " · ".join(each for each in what if each)

    def _say_data(self, said: str, qualities: Sequence[str], warnings: Sequence[str]) -> None:
        """Say where prices came from; those that nobody traded at stand out."""
        self.data_label.setText(said)
        made_up = any(each in _MADE_UP for each in qualities)
        set_role(self.data_label, tone="warn" if made_up else "muted")
        self.data_label.setToolTip("\n".join(warnings))
        self._elide()

    def _say_count(self, page: str, count: int) -> None:
        if self._pages is not None:
            self._pages.say_count(page, count)

    def _fit(self, *, wide: bool, flat: bool) -> None:
        self.what.setHidden(flat)
        self._top.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._top.setSpacing(16 if wide else 4)

    def _turned(self) -> None:
        self._turn()

    def _turn(self) -> None:
        self.stack.setCurrentIndex(list(self.titles).index(self.page))

    def _elide(self) -> None:
        room = max(self.width() - self.data_label.sizeHint().width() - 32, 60)
        _say(self.name, self._name_words, room)
        _say(self.what, self._what_words, max(self.width() - 20, 60))


def _say(line: QLabel, words: str, room: int) -> None:
    short = line.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
    line.setText(short)
    line.setToolTip(words if short != words else "")
