"""How an account is spread, as bars: by kind of asset and by position, cash among them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.portfolio.rows import asset_class_words
from puffling.desktop.theme import Size, Tone, look
from puffling.frozen import frozen
from puffling.puffin.portfolio.exposure import weight
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import Portfolio

ROW = 24
# What needs no colour of its own.
CASH = -1
_HEAD = 28
_NAME, _SHARE, _AMOUNT = 76, 62, 100
# Narrower than this, the amounts give way to the bars.
_ROOM = 400


@frozen
class Bar:
    """One bar: what it is of, how much that is, which share of the equity, and the number of its colour."""

    name: str
    amount: Decimal
    share: Decimal | None
    ink: int


class AllocationBars(QWidget):
    """Draws the bars of one account."""

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self._amounts = amounts
        self._groups: tuple[tuple[str, tuple[Bar, ...]], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Allocation"))
        look().changed.connect(self.update)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Bar, ...]], ...]:
        """Give what is drawn."""
        return self._groups

    def show_portfolio(self, shown: Portfolio) -> None:
        """Draw an account; the height follows how much it holds."""
        groups = tuple(group for group in groups_of(shown) if group[1])
        if groups == self._groups:
            return
        rows = sum(len(bars) for _, bars in groups)
        grew = rows != sum(len(bars) for _, bars in self._groups)
        self._groups = groups
        if grew:
            self.setFixedHeight(rows * ROW + len(groups) * _HEAD + 8)
        said = [
            f"{bar.name} {numbers.percent(bar.share, 1, signed=False)}" for _, bars in groups for bar in bars
        ]
        self.setAccessibleDescription(", ".join(said))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 160)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = look().theme
        top = 0.0
        for title, bars in self._groups:
            painter.setFont(theme.font(Size.CAPTION))
            painter.setPen(theme.colours.muted)
            painter.drawText(QRectF(8, top, self.width() - 16, _HEAD), Qt.AlignmentFlag.AlignVCenter, title)
            top += _HEAD
            most = max((abs(bar.share or Decimal(0)) for bar in bars), default=Decimal(0)) or Decimal(1)
            painter.setFont(theme.font())
            for bar in bars:
                self._paint_bar(painter, bar, QRectF(8, top, self.width() - 16, ROW), most)
                top += ROW

    def _paint_bar(self, painter: QPainter, bar: Bar, box: QRectF, most: Decimal) -> None:
        colours = look().theme.colours
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        metrics = painter.fontMetrics()
        painter.setPen(colours.text)
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, _NAME)
        painter.drawText(QRectF(box.left(), box.top(), _NAME, ROW), middle, name)
        end = box.right()
        if self.width() >= _ROOM:
            painter.setPen(colours.muted)
            painter.drawText(
                QRectF(end - _AMOUNT, box.top(), _AMOUNT, ROW),
                middle | right,
                self._amounts.money(bar.amount),
            )
            end -= _AMOUNT
        painter.setPen(colours.text)
        share = numbers.percent(bar.share, 1, signed=False)
        painter.drawText(QRectF(end - _SHARE, box.top(), _SHARE, ROW), middle | right, share)
        end -= _SHARE + 8
        begin = box.left() + _NAME + 8
        length = (end - begin) * float(min(abs(bar.share or Decimal(0)) / most, Decimal(1)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.raised)
        painter.drawRoundedRect(QRectF(begin, box.top() + 8, max(end - begin, 0.0), 8), 4, 4)
        plain = colours.muted if bar.ink == CASH else colours.series[bar.ink % len(colours.series)]
        painter.setBrush(colours.tone(Tone.DOWN) if bar.amount < 0 else plain)
        painter.drawRoundedRect(QRectF(begin, box.top() + 8, max(length, 2.0), 8), 4, 4)


class Allocation(QScrollArea):
    """The bars, and a way to scroll where they are many."""

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self.bars = AllocationBars(amounts)
        self.setWidget(self.bars)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.bars.setAutoFillBackground(False)


def groups_of(shown: Portfolio) -> Sequence[tuple[str, tuple[Bar, ...]]]:
    """Give the bars of an account: its kinds of assets and its positions, the largest first, cash last."""
    equity = shown.equity
    cash: tuple[Bar, ...] = ()
    if shown.cash is not None and equity is not None:
        cash = (Bar(tr("Cash"), shown.cash, weight(shown.cash, equity), CASH),)
    inks = {line.asset_class: place for place, line in enumerate(shown.exposure)}
    kinds = tuple(
        Bar(asset_class_words(line.asset_class), line.net, line.share, inks[line.asset_class])
        for line in shown.exposure
    )
    held = sorted(shown.positions, key=lambda each: abs(each.value or Decimal(0)), reverse=True)
    positions = tuple(
        Bar(each.symbol, each.value, each.weight, inks.get(each.asset_class, 0))
        for each in held
        if each.value is not None
    )
    return ((tr("By kind of asset"), (*kinds, *cash)), (tr("By position"), (*positions, *cash)))
