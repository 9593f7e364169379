"""A map of two parameters: in each cell the best score of all sets with these two values."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from puffling.automation.research.search.values import TrialLine, Varied
from puffling.desktop.card import label
from puffling.desktop.editors import narrow_choice
from puffling.desktop.optimization.lists import set_words, setting_words, written
from puffling.desktop.theme import Size, Theme, Tone, look, mix
from puffling.runtime.text import tr

_LEFT, _TOP, _FOOT = 64.0, 8.0, 40.0
_MOST_WIDE, _MOST_HIGH = 92.0, 44.0
_ROOM_FOR_WORDS, _HIGH_ENOUGH = 34.0, 15.0
_CHOICE_WIDTH, _ROOM_TO_SAY = 128, 470
# No deeper: a number on it must still be read.
_DEEPEST = 0.5


class ParameterMap(QWidget):
    """The map with the choice of its two parameters."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._varied: tuple[Varied, ...] = ()
        self._trials: tuple[TrialLine, ...] = ()
        self._objective, self._best = "sharpe_ratio", -1
        self.across, self.up = (
            narrow_choice(tr("From left to right")),
            narrow_choice(tr("From bottom to top")),
        )
        for choice in (self.across, self.up):
            choice.setFixedWidth(_CHOICE_WIDTH)
            choice.activated.connect(lambda _: self._draw())
        self.said = label(tone=Tone.MUTED, kind="caption")
        self.said.setWordWrap(True)
        self.field = _Field()
        self.field.chosen.connect(self.chosen)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.across)
        row.addWidget(self.up)
        row.addWidget(self.said, 1)
        row.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.field, 1)

    def show_trials(
        self, trials: Sequence[TrialLine], varied: Sequence[Varied], objective: str, best: int
    ) -> None:
        """Show these; the best one is framed."""
        if tuple(varied) != self._varied:
            self._varied = tuple(varied)
            for choice, place in ((self.across, 0), (self.up, 1)):
                choice.clear()
                for each in varied:
                    choice.addItem(tr(each.title), each.name)
                choice.setCurrentIndex(min(place, len(varied) - 1))
            self.up.setVisible(len(varied) > 1)
        self._trials, self._objective, self._best = tuple(trials), objective, best
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where room is scarce the map needs it more than what is said of it.
        self.said.setVisible(event.size().width() >= _ROOM_TO_SAY)

    def _draw(self) -> None:
        by_name = {each.name: each for each in self._varied}
        across = by_name.get(str(self.across.currentData()))
        up = by_name.get(str(self.up.currentData()))
        if across is None:
            return
        one = up is None or up is across
        cells: dict[tuple[int, int], TrialLine] = {}
        columns = {value: place for place, value in enumerate(across.values)}
        rows = {value: place for place, value in enumerate(up.values)} if up is not None and not one else {}
        for trial in self._trials:
            column = columns.get(trial.parameters.get(across.name, ""))
            row = rows.get(trial.parameters.get(up.name, "")) if up is not None and not one else 0
            if column is None or row is None or trial.score is None:
                continue
            known = cells.get((column, row))
            if known is None or (known.score is not None and trial.score > known.score):
                cells[column, row] = trial
        others = len(self._varied) - (1 if one else 2)
        self.said.setText(
            tr("Each cell holds the best of all sets with these values; the frame is the best of all.")
            if others
            else tr("The frame is the best; a plateau around it is worth more than a lonely peak.")
        )
        self.field.show_cells(
            cells,
            across,
            None if one else up,
            self._varied,
            self._objective,
            self._best,
        )


class _Field(QWidget):
    """Paints the cells, and tells which one is chosen."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._cells: dict[tuple[int, int], TrialLine] = {}
        self._across: Varied | None = None
        self._up: Varied | None = None
        self._varied: tuple[Varied, ...] = ()
        self._objective, self._best = "sharpe_ratio", -1
        self._low, self._high = 0.0, 1.0
        self._on: tuple[int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Map of two parameters"))
        look().changed.connect(self.update)

    def show_cells(
        self,
        cells: dict[tuple[int, int], TrialLine],
        across: Varied,
        up: Varied | None,
        varied: tuple[Varied, ...],
        objective: str,
        best: int,
    ) -> None:
        """Show these cells by column and row, the first row lowest."""
        self._cells, self._across, self._up, self._varied = cells, across, up, varied
        self._objective, self._best = objective, best
        scores = [each.score for each in cells.values() if each.score is not None]
        self._low, self._high = min(scores, default=0.0), max(scores, default=1.0)
        found = next((place for place, each in cells.items() if each.number == best), None)
        self._on = found if self._on not in cells or self._on is None else self._on
        if found is not None:
            self.setAccessibleDescription(self._said(found))
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 140)

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """Give column and row of a place; None where there is no cell."""
        wide, high = self._cell()
        column, row = int((at.x() - _LEFT) // wide), int((at.y() - _TOP) // high)
        place = (column, self._rows() - 1 - row)
        return place if at.x() >= _LEFT and at.y() >= _TOP and place in self._cells else None

    def centre_of(self, place: tuple[int, int]) -> QPointF:
        """Give where a cell is painted."""
        return self._box(place).center()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if place is None else self._said(place), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        place = self.cell_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._on is None:
            super().keyPressEvent(event)
            return
        place = self._on
        while 0 <= place[0] < self._columns() and 0 <= place[1] < self._rows():
            place = (place[0] + step[0], place[1] + step[1])
            if place in self._cells:
                self._choose(place)
                return

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._across is None:
            return
        theme = look().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for column in range(self._columns()):
            for row in range(self._rows()):
                self._paint_cell(painter, theme, (column, row))
        self._paint_axes(painter, theme)

    def _paint_cell(self, painter: QPainter, theme: Theme, place: tuple[int, int]) -> None:
        shades, box, trial = theme.colours, self._box(place).adjusted(1, 1, -1, -1), self._cells.get(place)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = mix(shades.panel, shades.raised, 0.6)
        painter.setBrush(ground if trial is None else self._ground(theme, trial.score or 0.0))
        radius = min(4.0, box.height() / 4, box.width() / 4)
        painter.drawRoundedRect(box, radius, radius)
        if trial is None:
            return
        if box.width() >= _ROOM_FOR_WORDS and box.height() >= _HIGH_ENOUGH:
            painter.setPen(shades.text)
            painter.setFont(theme.font(Size.CAPTION, semibold=trial.number == self._best))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, written(self._objective, trial.score))
        framed = trial.number == self._best
        if framed or (place == self._on and self.hasFocus()):
            painter.setPen(QPen(shades.text if framed else shades.accent, 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, radius, radius)

    def _paint_axes(self, painter: QPainter, theme: Theme) -> None:
        assert self._across is not None
        shades, (wide, high) = theme.colours, self._cell()
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(shades.muted)
        bottom = _TOP + high * self._rows()
        skipped = max(round(34.0 / wide + 0.49), 1)
        for column in range(0, self._columns(), skipped):
            box = QRectF(_LEFT + column * wide - 20, bottom + 2, wide + 40, 16)
            words = setting_words(self._across.values[column])
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)
        title = QRectF(_LEFT, bottom + 19, wide * self._columns(), 16)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, tr(self._across.title))
        if self._up is None:
            return
        skipped = max(round(14.0 / high + 0.49), 1)
        for row in range(0, self._rows(), skipped):
            box = self._box((0, row))
            place = QRectF(18, box.center().y() - 8, _LEFT - 24, 16)
            words = setting_words(self._up.values[row])
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        painter.save()
        painter.translate(10, _TOP + high * self._rows() / 2)
        painter.rotate(-90)
        painter.drawText(QRectF(-100, -8, 200, 16), Qt.AlignmentFlag.AlignCenter, tr(self._up.title))
        painter.restore()

    def _ground(self, theme: Theme, score: float) -> QColor:
        """Give the colour of a score: what lost money has that of a loss, for every measure begins at 0."""
        shades = theme.colours
        if self._objective in ("profit_factor", "win_rate", "max_drawdown"):
            share = (score - self._low) / (self._high - self._low) if self._high > self._low else 1.0
            return mix(shades.raised, shades.accent, 0.06 + share * (_DEEPEST - 0.06))
        most = max(abs(self._low), abs(self._high)) or 1.0
        strength = min(abs(score) / most, 1.0) * _DEEPEST
        return mix(shades.raised, shades.up if score >= 0.0 else shades.down, strength)

    def _choose(self, place: tuple[int, int]) -> None:
        self._on = place
        self.update()
        self.chosen.emit(self._cells[place].number)

    def _said(self, place: tuple[int, int]) -> str:
        trial = self._cells[place]
        score, later = (written(self._objective, each) for each in (trial.score, trial.unseen_score))
        words = set_words(trial.parameters, self._varied)
        return tr("{words}: {score} seen, {later} unseen", words=words, score=score, later=later)

    def _columns(self) -> int:
        return len(self._across.values) if self._across is not None else 0

    def _rows(self) -> int:
        return len(self._up.values) if self._up is not None else 1

    def _cell(self) -> tuple[float, float]:
        wide = (self.width() - _LEFT - 10) / max(self._columns(), 1)
        high = (self.height() - _TOP - _FOOT) / max(self._rows(), 1)
        return min(max(wide, 2.0), _MOST_WIDE), min(max(high, 2.0), _MOST_HIGH)

    def _box(self, place: tuple[int, int]) -> QRectF:
        wide, high = self._cell()
        top = _TOP + (self._rows() - 1 - place[1]) * high
        return QRectF(_LEFT + place[0] * wide, top, wide, high)
