"""The trust verdict: one letter, what it means, and every reason as a line one can read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop import icons
from puffling.desktop.backtests.figures import check_words, grade_tone, grade_words
from puffling.desktop.card import label
from puffling.desktop.theme import Tone, look, mix
from puffling.puffin.backtest.report import Finding
from puffling.runtime.text import tr

MARKS = {
    "fatal": ("error", Tone.DANGER, "Condemns the result"),
    "bad": ("close", Tone.DOWN, "Bad"),
    "doubtful": ("warn", Tone.WARN, "Doubtful"),
    "fine": ("check", Tone.UP, "Fine"),
}
_WORST_FIRST = tuple(MARKS)
_BADGE = 52


class Badge(QWidget):
    """The grade as one large letter on its colour."""

    def __init__(self, side: int = _BADGE) -> None:
        super().__init__()
        self._grade = ""
        self._side = side
        self.setFixedSize(side, side)
        look().changed.connect(self.update)

    @property
    def grade(self) -> str:
        """Give the letter that is shown."""
        return self._grade

    def show_grade(self, grade: str) -> None:
        """Show this letter; none at all is a dash."""
        self._grade = grade
        self.setToolTip(grade_words(grade))
        self.setAccessibleName(tr("Grade {grade}", grade=grade or "–"))
        self.setAccessibleDescription(grade_words(grade))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        shades = look().theme.colours
        ink = shades.tone(grade_tone(self._grade))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mix(shades.panel, ink, 0.16))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        font = QFont(look().theme.font(semibold=True))
        font.setPixelSize(round(self._side * 0.58))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._grade or "–")


class ReasonLine(QWidget):
    """One reason: its sign, its words, and why it matters for whoever points at it."""

    def __init__(self, finding: Finding, *, named: bool) -> None:
        super().__init__()
        icon, self._tone, said = MARKS.get(finding.outcome, MARKS["doubtful"])
        self._icon = icon
        title, why = check_words(finding.check)
        self._sign = QLabel()
        self._sign.setFixedSize(18, 18)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = finding.text
        self._named = named
        self.words = label(finding.text)
        self.words.setWordWrap(named)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        if named:
            column.addWidget(label(title, kind="title"))
            column.addWidget(self.words)
            if why:
                muted = label(why, tone=Tone.MUTED, kind="caption")
                muted.setWordWrap(True)
                column.addWidget(muted)
        else:
            self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            column.addWidget(self.words)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        tip = f"{tr(said)}: {finding.text}"
        self.setToolTip(f"{title}\n{tip}" + (f"\n{why}" if why else ""))
        self.setAccessibleName(f"{title}: {tip}")
        self.setAccessibleDescription(why)
        look().changed.connect(self._dye)
        self._dye()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._named:
            room = max(event.size().width() - 26, 60)
            metrics = self.words.fontMetrics()
            self.words.setText(metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, room))

    def _dye(self) -> None:
        ink = look().theme.colours.tone(self._tone)
        self._sign.setPixmap(icons.pixmap(self._icon, ink, 14, self.devicePixelRatioF()))


class VerdictHead(QWidget):
    """The verdict in short: letter, meaning, and the worst reasons; a click opens all of them."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.badge = Badge()
        self._words = ""
        self.meaning = label(kind="title")
        self.meaning.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lines = QVBoxLayout()
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.meaning)
        column.addLayout(self._lines)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(_BADGE + 14)

    def show_verdict(self, grade: str, reasons: Sequence[Finding]) -> None:
        """Show the grade with the worst reasons first."""
        self.badge.show_grade(grade)
        self._words = grade_words(grade)
        ordered = worst_first(reasons)
        counts = [
            tr("{count} bad", count=bad)
            if (bad := sum(each.outcome in ("bad", "fatal") for each in reasons))
            else "",
            tr("{count} doubtful", count=doubts)
            if (doubts := sum(each.outcome == "doubtful" for each in reasons))
            else "",
            tr("{count} fine", count=fine)
            if (fine := sum(each.outcome == "fine" for each in reasons))
            else "",
        ]
        said = ", ".join(each for each in counts if each)
        self._words = f"{self._words} · {said}" if said else self._words
        empty_layout(self._lines)
        for finding in ordered[:2]:
            self._lines.addWidget(ReasonLine(finding, named=False))
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit()

    def _elide(self) -> None:
        room = max(self.width() - _BADGE - 12, 60)
        short = self.meaning.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.meaning.setText(short)
        self.meaning.setToolTip(self._words)


class VerdictPage(QScrollArea):
    """Every reason with its name and why it matters."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName(tr("Reasons of the verdict"))
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(8, 4, 8, 8)
        self._column.setSpacing(12)
        self.setWidget(inside)

    def show_reasons(self, reasons: Sequence[Finding]) -> None:
        """Show these, the worst first."""
        empty_layout(self._column)
        for finding in worst_first(reasons):
            self._column.addWidget(ReasonLine(finding, named=True))
        self._column.addStretch(1)


def worst_first(reasons: Sequence[Finding]) -> list[Finding]:
    """Give the reasons in the order in which one should read them."""

    def rank(finding: Finding) -> int:
        known = finding.outcome in _WORST_FIRST
        return _WORST_FIRST.index(finding.outcome) if known else len(_WORST_FIRST)

    return sorted(reasons, key=rank)


def empty_layout(layout: QVBoxLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
