"""Questions that are awaited: a card in the window asks, the rest of the window stays alive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QPropertyAnimation, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.forms import Field, Form
from puffling.desktop.keyboard import KeyboardPlace, come_up
from puffling.desktop.shadows import SHADOW, paint_floating
from puffling.desktop.theme import MOTION_MILLISECONDS, Tone, look
from puffling.runtime.text import tr

_WIDTH = 420
_TOP = 88
_STEP = 28


class Question(QWidget):
    """A card that waits for an answer and lets everything else be used meanwhile."""

    answered = Signal(object)

    def __init__(self, window: QWidget, title: str, text: str, *, only_stops: bool = False) -> None:
        super().__init__(window)
        self.setObjectName("question")
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._window = window
        self._only_stops = only_stops
        self._before = KeyboardPlace()
        self._before.note()
        self._motion = QPropertyAnimation(self, b"pos", self)
        self._motion.setDuration(MOTION_MILLISECONDS)
        self.content = QVBoxLayout(self)
        edge = SHADOW + 20
        self.content.setContentsMargins(edge, SHADOW + 16, edge, SHADOW + 16)
        self.content.setSpacing(10)
        self.content.addWidget(label(title, kind="heading"))
        if text:
            said = label(text, tone=Tone.MUTED, kind="prose")
            said.setWordWrap(True)
            self.content.addWidget(said)
        window.installEventFilter(self)

    def open(self, focus: QWidget) -> None:
        """Come in at the top of the window, with the keyboard on this widget."""
        width = min(_WIDTH + 2 * SHADOW, max(self._window.width() - 16, 240))
        self.setFixedWidth(width)
        self.adjustSize()
        # Words of several lines are taller at this width than what they would like to have.
        self.resize(width, max(self.height(), self.content.totalHeightForWidth(width)))
        place = self._place()
        self.move(place)
        self.show()
        if not look().theme.reduced_motion:
            self._motion.setStartValue(place - QPoint(0, 12))
            self._motion.setEndValue(place)
            self._motion.start()
        come_up(self, focus, over_lock=self._only_stops)

    def dismiss(self) -> None:
        """Go, and give the keyboard back to where it was."""
        self._window.removeEventFilter(self)
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self._window)
        self._motion.stop()
        self.hide()
        if had_focus:
            self._before.go_back()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.answered.emit(None)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = self.focusWidget()
            if isinstance(focused, QPushButton):
                focused.click()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._motion.stop()
            self.move(self._place())
        elif event.type() == QEvent.Type.Close:
            self.answered.emit(None)
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW)
        paint_floating(painter, box, look().theme)

    def _place(self) -> QPoint:
        others = [
            other
            for other in self._window.findChildren(
                Question, options=Qt.FindChildOption.FindDirectChildrenOnly
            )
            if other is not self and other.isVisible()
        ]
        left = (self._window.width() - self.width()) // 2
        return QPoint(left, _TOP - SHADOW + _STEP * len(others))


async def ask(
    parent: QWidget,
    title: str,
    text: str = "",
    *,
    act: str,
    danger: bool = False,
    cancel: str = "",
    only_stops: bool = False,
) -> bool:
    """Ask whether to do something; the button says what it does. Escape, and closing the window, mean no.

    What only stops something can be answered on a locked window too.
    """
    question = Question(parent.window(), title, text, only_stops=only_stops)
    yes = button(act, kind="danger" if danger else "primary")
    no = button(cancel or tr("Cancel"))
    yes.clicked.connect(lambda: question.answered.emit(True))
    no.clicked.connect(lambda: question.answered.emit(False))
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addStretch()
    row.addWidget(no)
    row.addWidget(yes)
    question.content.addSpacing(4)
    question.content.addLayout(row)
    return bool(await _answer(question, no if danger else yes))


async def ask_form(
    parent: QWidget,
    title: str,
    fields: Sequence[Field],
    *,
    act: str,
    text: str = "",
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Ask for values; None when the person thought better of it."""
    question = Question(parent.window(), title, text)
    form = Form(fields, act=act, cancel=tr("Cancel"), values=values)
    form.submitted.connect(question.answered.emit)
    form.cancelled.connect(lambda: question.answered.emit(None))
    question.content.addWidget(form)
    first: QWidget = form.editor(fields[0].name) if fields else form
    found: dict[str, Any] | None = await _answer(question, first)
    return found


async def ask_text(
    parent: QWidget, title: str, name: str, *, act: str, value: str = "", text: str = ""
) -> str | None:
    """Ask for one line of text; None when the person thought better of it."""
    field = Field("text", name, required=True, shortest=1)
    found = await ask_form(parent, title, (field,), act=act, text=text, values={"text": value})
    return None if found is None else str(found["text"])


async def _answer(question: Question, focus: QWidget) -> Any:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(answer: object = None) -> None:
        if not future.done():
            future.set_result(answer)

    question.answered.connect(settle)
    question.destroyed.connect(lambda _gone: settle())
    question.open(focus)
    try:
        return await future
    finally:
        if _alive(question):
            question.dismiss()


def _alive(widget: QObject) -> bool:
    import shiboken6

    return shiboken6.isValid(widget)
