"""The face of a quote: price, bid and ask, ranges and figures, painted as one."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from puffling.desktop import numbers
from puffling.desktop.cells import LEFT, RIGHT
from puffling.desktop.feed_words import WELL, feed_tooltip, feed_words
from puffling.desktop.menus import offer_copy
from puffling.desktop.quote.facts import Facts
from puffling.desktop.theme import FLASH_MILLISECONDS, Size, Theme, Tone, look, translucent
from puffling.runtime.text import tr

EDGE = 8
LINE = 20
PRICE_LINE = 32
BOX = 58
RANGE_LINE = 24
WARNING_LINE = 22
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class QuoteFace(QWidget):
    """Paints the facts of one symbol; Ctrl+C copies them."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = Facts()
        self._flashes: dict[str, tuple[int, bool]] = {}
        self._watch = QElapsedTimer()
        self._watch.start()
        self._fading = QTimer(self)
        self._fading.setInterval(33)
        self._fading.timeout.connect(self._fade)
        self._feed_place = QRect()
        self._warning_place = QRect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Quote"))
        look().changed.connect(self.update)

    def show_facts(self, facts: Facts) -> None:
        """Show these; what changed of the same symbol flashes once."""
        before, self.facts = self.facts, facts
        if before.symbol == facts.symbol and self.isVisible() and not look().theme.reduced_motion:
            for name in ("last", "bid", "ask"):
                old, new = _number(before, name), _number(facts, name)
                if old and new and old != new:
                    self._flashes[name] = (self._watch.elapsed(), new > old)
            if self._flashes and not self._fading.isActive():
                self._fading.start()
        elif before.symbol != facts.symbol:
            self._flashes.clear()
        if bool(before.left_out) != bool(facts.left_out):
            self.updateGeometry()
        self.setAccessibleDescription(facts.as_text())
        self.update()

    def copy(self) -> None:
        """Put all facts on the clipboard as a spreadsheet takes them."""
        QGuiApplication.clipboard().setText(self.facts.as_text())

    def sizeHint(self) -> QSize:
        height = 2 * LINE + PRICE_LINE + 6 + BOX + 12 + 2 * RANGE_LINE + 6 + 2 * LINE + 8
        return QSize(300, height + (WARNING_LINE if self.facts.left_out else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        offer_copy(self, self.copy, event.globalPos())

    def hideEvent(self, event: QEvent) -> None:
        self._fading.stop()
        self._flashes.clear()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._tip(event), self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = look().theme
        left, width = EDGE, self.width() - 2 * EDGE
        top = self._paint_head(painter, theme, QRect(left, 0, width, 0))
        top = self._paint_sides(painter, theme, QRect(left, top + 6, width, BOX)) + 12
        for name, low, high in self.facts.ranges():
            self._paint_range(painter, theme, QRect(left, top, width, RANGE_LINE), name, low, high)
            top += RANGE_LINE
        self._paint_figures(painter, theme, QRect(left, top + 6, width, 2 * LINE))
        if self.facts.left_out:
            self._paint_warning(painter, theme, QRect(left, top + 8 + 2 * LINE, width, WARNING_LINE))
        else:
            self._warning_place = QRect()
        if self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colours.accent)
            painter.drawRoundedRect(QRectF(0, LINE + 5, 2, PRICE_LINE - 10), 1, 1)

    def _paint_head(self, painter: QPainter, theme: Theme, room: QRect) -> int:
        facts = self.facts
        line = QRect(room.left(), 0, room.width(), LINE)
        quality, tone = facts.quality
        painter.setFont(theme.font())
        taken = _write(painter, line, RIGHT, quality, theme.colours.tone(tone))
        name = line.adjusted(0, 0, -taken - 8, 0)
        _write(painter, name, LEFT, facts.name or facts.symbol, theme.colours.muted)
        line = QRect(room.left(), LINE, room.width(), PRICE_LINE)
        painter.setFont(theme.font(Size.FIGURE, semibold=True))
        self._paint_flash(painter, theme, line, "last", facts.last)
        taken = _write(painter, line, LEFT, facts.last, theme.colours.text)
        painter.setFont(theme.font(Size.PROSE))
        # The change stands on the line the price stands on.
        change = line.adjusted(taken + 10, 5, 0, 0)
        _write(painter, change, LEFT, facts.change, theme.colours.tone(facts.tone))
        line = QRect(room.left(), LINE + PRICE_LINE, room.width(), LINE)
        painter.setFont(theme.font(Size.CAPTION))
        feed = facts.feed
        words = feed_words(feed) if feed is not None else ""
        well = feed is None or feed.condition in WELL
        tone = Tone.MUTED if well else Tone.WARN
        taken = _write(painter, line, RIGHT, words, theme.colours.tone(tone))
        self._feed_place = QRect(line.right() - taken, line.top(), taken, line.height())
        session = line.adjusted(0, 0, -taken - 8, 0)
        fits = painter.fontMetrics().horizontalAdvance(facts.session) <= session.width()
        _write(painter, session, LEFT, facts.session if fits else facts.state, theme.colours.muted)
        return line.bottom() + 1

    def _paint_sides(self, painter: QPainter, theme: Theme, room: QRect) -> int:
        facts = self.facts
        if not facts.has_quotes:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colours.raised)
            painter.drawRoundedRect(QRectF(room), 6, 6)
            painter.setFont(theme.font())
            words = tr("This feed tells no bid and ask")
            _write(painter, room.adjusted(12, 0, -12, 0), _CENTRE, words, theme.colours.muted)
            return room.bottom() + 1
        middle = 74 if room.width() > 280 else 58
        half = (room.width() - middle) // 2
        bid = QRect(room.left(), room.top(), half, room.height() - 6)
        ask = QRect(room.right() + 1 - half, room.top(), half, room.height() - 6)
        for name, title, box, colour, side in (
            ("bid", tr("Bid"), bid, theme.colours.up, LEFT),
            ("ask", tr("Ask"), ask, theme.colours.down, RIGHT),
        ):
            price, size = facts.side(name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(translucent(colour, 0.10))
            painter.drawRoundedRect(QRectF(box), 6, 6)
            inside = box.adjusted(9, 3, -9, -3)
            caption = QRect(inside.left(), inside.top() + 1, inside.width(), 17)
            painter.setFont(theme.font(Size.CAPTION))
            # Bid and ask mirror each other: title outside, size inside.
            _write(painter, caption, side, title, colour)
            other = RIGHT if side == LEFT else LEFT
            rest = caption.adjusted(26, 0, 0, 0) if side == LEFT else caption.adjusted(0, 0, -26, 0)
            _write(painter, rest, other, size, theme.colours.muted)
            line = QRect(inside.left(), inside.top() + 19, inside.width(), 26)
            painter.setFont(_fitting(theme, price, line.width()))
            self._paint_flash(painter, theme, line, name, price, right=side == RIGHT)
            _write(painter, line, side, price, theme.colours.text)
        absolute, points = facts.spread_words
        between = QRect(bid.right() + 1, room.top(), middle, room.height() - 6)
        painter.setFont(theme.font(Size.CAPTION))
        thirds = between.height() // 3
        for place, (words, tone) in enumerate(
            ((tr("Spread"), Tone.MUTED), (absolute, Tone.TEXT), (points, Tone.MUTED))
        ):
            line = QRect(between.left(), between.top() + place * thirds, between.width(), thirds)
            _write(painter, line, _CENTRE, words, theme.colours.tone(tone))
        self._paint_balance(painter, theme, QRectF(room.left(), room.bottom() - 2, room.width(), 3))
        return room.bottom() + 1

    def _paint_balance(self, painter: QPainter, theme: Theme, bar: QRectF) -> None:
        """Show which side waits with more at the best prices."""
        painter.setPen(Qt.PenStyle.NoPen)
        share = self.facts.bid_share
        if share is None:
            painter.setBrush(theme.colours.line)
            painter.drawRoundedRect(bar, 1.5, 1.5)
            return
        split = bar.left() + bar.width() * share
        painter.setBrush(theme.colours.up)
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(split - bar.left() - 1, 0), 3), 1.5, 1.5)
        painter.setBrush(theme.colours.down)
        painter.drawRoundedRect(QRectF(split + 1, bar.top(), max(bar.right() - split - 1, 0), 3), 1.5, 1.5)

    def _paint_range(
        self, painter: QPainter, theme: Theme, room: QRect, name: str, low: float | None, high: float | None
    ) -> None:
        facts, painter_font = self.facts, theme.font(Size.CAPTION)
        painter.setFont(painter_font)
        metrics = QFontMetrics(painter_font)
        _write(painter, room, LEFT, name, theme.colours.muted)
        figures = [_fixed(facts, each) for each in (low, high)]
        # Both ranges have the same room for their figures, so that the bars stand under each other.
        widest = max(
            (metrics.horizontalAdvance(_fixed(facts, each)) for _, *ends in facts.ranges() for each in ends),
            default=0,
        )
        label = max(metrics.horizontalAdvance(each) for each, _, _ in facts.ranges()) + 10
        start = room.left() + label
        lower = QRect(start, room.top(), widest, room.height())
        upper = QRect(room.right() + 1 - widest, room.top(), widest, room.height())
        _write(painter, lower, RIGHT, figures[0], theme.colours.text)
        _write(painter, upper, RIGHT, figures[1], theme.colours.text)
        bar = QRectF(lower.right() + 9, room.center().y() - 1, upper.left() - lower.right() - 18, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colours.line)
        painter.drawRoundedRect(bar, 2, 2)
        last = facts.price.price if facts.price else None
        if last is None or low is None or high is None or high <= low:
            return
        share = min(max((last - low) / (high - low), 0.0), 1.0)
        at = bar.left() + bar.width() * share
        painter.setBrush(translucent(theme.colours.accent, 0.55))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), at - bar.left(), 4), 2, 2)
        painter.setBrush(theme.colours.panel)
        painter.drawEllipse(QPointF(at, bar.center().y()), 6, 6)
        painter.setBrush(theme.colours.accent)
        painter.drawEllipse(QPointF(at, bar.center().y()), 4, 4)

    def _paint_figures(self, painter: QPainter, theme: Theme, room: QRect) -> None:
        half = room.width() // 2
        for place, (name, value) in enumerate(self.facts.figures):
            cell = QRect(room.left(), room.top() + place // 2 * LINE, half - 8, LINE)
            if place % 2:
                cell.moveLeft(room.left() + half + 8)
            painter.setFont(theme.font(Size.CAPTION))
            taken = _write(painter, cell, LEFT, name, theme.colours.muted)
            _write(painter, cell.adjusted(taken + 6, 0, 0, 0), RIGHT, value, theme.colours.text)

    def _paint_warning(self, painter: QPainter, theme: Theme, room: QRect) -> None:
        painter.setFont(theme.font(Size.CAPTION))
        words = tr("Left out: {what}", what=", ".join(self.facts.left_out))
        _write(painter, room, LEFT, words, theme.colours.warn)
        self._warning_place = room

    def _paint_flash(
        self, painter: QPainter, theme: Theme, line: QRect, name: str, text: str, *, right: bool = False
    ) -> None:
        found = self._flashes.get(name)
        if found is None:
            return
        left = 1.0 - (self._watch.elapsed() - found[0]) / FLASH_MILLISECONDS
        if left <= 0.0:
            return
        width = painter.fontMetrics().horizontalAdvance(text) + 8
        start = line.right() + 5 - width if right else line.left() - 4
        painter.save()
        painter.setOpacity(min(left * 2, 1.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colours.flash_up if found[1] else theme.colours.flash_down)
        painter.drawRoundedRect(QRectF(start, line.top() + 2, width, line.height() - 4), 4, 4)
        painter.restore()

    def _fade(self) -> None:
        oldest = self._watch.elapsed() - FLASH_MILLISECONDS
        self._flashes = {name: flash for name, flash in self._flashes.items() if flash[0] > oldest}
        if not self._flashes:
            self._fading.stop()
        self.update()

    def _tip(self, event: QHelpEvent) -> str:
        facts = self.facts
        if self._warning_place.contains(event.pos()):
            return tr("Live messages that cannot be true move no price, no bar and no signal.")
        if self._feed_place.contains(event.pos()) and facts.feed is not None:
            return feed_tooltip(facts.feed)
        return facts.name if event.pos().y() < LINE else ""


def _write(painter: QPainter, room: QRect, side: int, text: str, colour: QColor) -> int:
    """Write words that give way to their room; give how much of it they took."""
    metrics = painter.fontMetrics()
    if metrics.horizontalAdvance(text) > room.width():
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room.width(), 0))
    painter.setPen(colour)
    painter.drawText(room, side, text)
    return metrics.horizontalAdvance(text)


def _fitting(theme: Theme, text: str, width: int) -> QFont:
    """Give the largest face in which a price fits: one that lost its last digits would be another price."""
    for size in (Size.HEADING, Size.PROSE, Size.BASE):
        font = theme.font(size, semibold=True)
        if QFontMetrics(font).horizontalAdvance(text) <= width:
            return font
    return theme.font(Size.CAPTION)


def _number(facts: Facts, name: str) -> float | None:
    if name == "last":
        return facts.price.price if facts.price else None
    found: float | None = getattr(facts.quote, name, None)
    return found


def _fixed(facts: Facts, value: float | None) -> str:
    return numbers.fixed(value, facts.decimals)
