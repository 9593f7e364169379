"""The row of a practice below the replay: what is held, how it goes, and the buttons that trade."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import quantity_words
from puffling.desktop.card import button, label, tool_button
from puffling.desktop.practice.desk import PracticeDesk
from puffling.desktop.practice.score import ScoreCard
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.broker.practice import Practice
from puffling.puffin.orders import Kind, Side
from puffling.runtime.text import tr

_QUANTITY_WIDTH = 72
# Below these widths the buttons matter more than the words.
_ALL_WORDS, _SOME_WORDS, _SCORE = 720, 560, 450
_LEAST_WIDTH = 350


class PracticeBar(QWidget):
    """Is there while somebody practises."""

    def __init__(self, desk: PracticeDesk) -> None:
        super().__init__()
        self.desk = desk
        self.setAccessibleName(tr("Practice"))
        self.badge = label(tone=Tone.ACCENT)
        self.badge.setStyleSheet("QLabel { font-weight: 600; }")
        self.held, self.gained = label(), label()
        self.beside = label(tone=Tone.MUTED)
        self.quantity = QLineEdit()
        self.quantity.setAccessibleName(tr("Quantity"))
        self.quantity.setToolTip(tr("How much an order of the practice is of"))
        self.quantity.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.quantity.setFixedWidth(_QUANTITY_WIDTH)
        self.buy = button(tr("Buy"), kind="buy")
        self.buy.setToolTip(tr("Buy at the next open (B)"))
        self.sell = button(tr("Sell"), kind="sell")
        self.sell.setToolTip(tr("Sell at the next open (S)"))
        self.close_ = button(tr("Close"))
        self.close_.setToolTip(tr("Close what is held at the next open, and let nothing wait (C)"))
        self.score = button(tr("Score"), kind="quiet")
        self.leave = tool_button("close", tr("End practice"))
        for name, made in (
            ("buy", self.buy), ("sell", self.sell), ("close", self.close_), ("score", self.score),
            ("leave", self.leave), ("quantity", self.quantity),
        ):  # fmt: skip
            made.setObjectName(f"practice.{name}")
            # A click leaves the keyboard with the chart, whose keys are those of the replay.
            if made is not self.quantity:
                made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 0)
        row.setSpacing(8)
        for widget in (self.badge, self.held, self.gained, self.beside):
            row.addWidget(widget)
        row.addStretch(1)
        for control in (self.quantity, self.buy, self.sell, self.close_, self.score, self.leave):
            row.addWidget(control)
        self.quantity.textEdited.connect(self._take_quantity)
        self.quantity.editingFinished.connect(self._write_quantity)
        self.buy.clicked.connect(lambda: desk.order(Side.BUY))
        self.sell.clicked.connect(lambda: desk.order(Side.SELL))
        self.close_.clicked.connect(desk.close)
        self.score.clicked.connect(self.show_score)
        self.leave.clicked.connect(self._end)
        self._write_quantity()

    def show_state(self) -> None:
        """Show how the practice stands."""
        book = self.desk.book
        self.setVisible(book is not None)
        if book is None:
            return
        self.badge.setText(tr("PRACTICE {symbol}", symbol=book.symbol))
        self.held.setText(_held_words(book))
        score = book.score
        self.gained.setText(numbers.percent(score.gained))
        tone = Tone.UP if score.gained > 0 else Tone.DOWN if score.gained < 0 else Tone.TEXT
        set_role(self.gained, tone=tone.value)
        said = tr("{equity} of {cash}", equity=numbers.money(score.equity), cash=numbers.money(score.cash))
        self.gained.setToolTip(said)
        self.gained.setAccessibleName(tr("Gained {share}", share=self.gained.text()))
        self.beside.setText(tr("holding {share}", share=numbers.percent(score.held)))
        self.beside.setToolTip(tr("What buying at the beginning and holding would have made"))
        if not self.quantity.hasFocus():
            self._write_quantity()
        held, waits = book.position is not None, bool(book.orders)
        for made in (self.buy, self.sell):
            made.setEnabled(self.desk.ready)
        self.close_.setEnabled(self.desk.ready and (held or waits))

    def show_score(self) -> None:
        """Show the score as it stands."""
        if self.desk.book is not None:
            ScoreCard(self.score, self.desk.book.score).open()

    def take_key(self, event: QKeyEvent) -> bool:
        """Act on a key of the practice; tell whether it was one."""
        plain = Qt.KeyboardModifier.NoModifier
        if self.desk.book is None or event.modifiers() != plain:
            return False
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_B:
            self.desk.order(Side.BUY)
        elif key == Qt.Key.Key_S:
            self.desk.order(Side.SELL)
        elif key == Qt.Key.Key_C:
            self.desk.close()
        else:
            return False
        event.accept()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = event.size().width()
        self.beside.setVisible(width >= _ALL_WORDS)
        self.badge.setVisible(width >= _ALL_WORDS)
        self.held.setVisible(width >= _SOME_WORDS)
        self.score.setVisible(width >= _SCORE)

    def minimumSizeHint(self) -> QSize:
        # Words go where there is no room for them, and make none.
        return QSize(_LEAST_WIDTH, super().minimumSizeHint().height())

    def _end(self) -> None:
        self.desk.end()

    def _take_quantity(self, text: str) -> None:
        try:
            quantity = Decimal(text.replace(",", "").strip())
        except InvalidOperation:
            return
        if quantity.is_finite() and quantity > 0:
            self.desk.quantity = quantity

    def _write_quantity(self) -> None:
        self.quantity.setText(quantity_words(self.desk.quantity))


def _held_words(book: Practice) -> str:
    """Say what is held, and what waits for the next open."""
    held = book.position
    waiting = sum(order.type is Kind.MARKET for order in book.orders)
    if waiting:
        return tr("Fills at the next open")
    if held is None:
        return tr("Nothing held")
    size, price = quantity_words(abs(Decimal(held.qty))), numbers.fixed(float(held.avg_price))
    if held.qty > 0:
        return tr("Long {size} at {price}", size=size, price=price)
    return tr("Short {size} at {price}", size=size, price=price)
