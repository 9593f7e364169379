"""Help: the pages of the guide, beside whatever one is working on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextBlockFormat, QTextCursor
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from puffling.desktop.card import spacer
from puffling.desktop.editors import narrow_choice
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.desktop.theme import look
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core

FIRST = "start"
WIDEST_TITLE = 240
LINE_HEIGHT_PERCENT = 140
SPACE_BELOW = 6


@panel(id="guide", title="Help", icon="help", area=Area.RIGHT, order=9)
class GuidePanel(Panel):
    """Shows one page of the help and the list of all."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._wanted = FIRST
        self.topics = narrow_choice(tr("Help page"))
        self.topics.setMaximumWidth(WIDEST_TITLE)
        self.topics.setProperty("grows", True)
        self.topics.activated.connect(lambda _: self.open(str(self.topics.currentData())))
        self.page = _Page()
        self.page.setAccessibleName(tr("Text of the help page"))
        self.states = States(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.addWidget(self.page)
        self.setFocusProxy(self.page)
        self.setMinimumSize(280, 160)
        self.states.loading()

    def header(self) -> list[QWidget]:
        return [self.topics, spacer()]

    def choices(self) -> Kept:
        return {"page": self._wanted}

    def restore(self, choices: Kept, content: Kept) -> None:
        self._wanted = str(choices.get("page", FIRST))

    def wake(self, core: Core) -> None:
        self._ears.append(_on_look(self.page.wear))
        self.session.dispatch.run(
            core.guide.all, name="list help", then=self._take_topics, failed=self._say_failed
        )

    def open(self, name: str) -> None:
        """Turn to the page of this name."""
        self._wanted = name
        self.session.dispatch.run(
            partial(self.session.core.guide.read, name),
            name="read help",
            newest="guide.read",
            then=lambda page: self._show(page.name, page.text),
            failed=self._say_failed,
        )

    def _take_topics(self, topics: tuple[Any, ...]) -> None:
        self.topics.clear()
        for topic in topics:
            self.topics.addItem(topic.title, topic.name)
        known = {topic.name for topic in topics}
        self.open(self._wanted if self._wanted in known else FIRST)

    def _show(self, name: str, text: str) -> None:
        self.topics.setCurrentIndex(self.topics.findData(name))
        self.page.show_markdown(text)
        self.states.content()
        self.mark_live()

    def _say_failed(self, error: PufflingError) -> None:
        self.states.error(error.message, error.hint, act=lambda: self.wake(self.session.core))


class _Page(QTextBrowser):
    """Markdown without pictures from elsewhere and without links that lead out."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._text = ""

    def show_markdown(self, text: str) -> None:
        self._text = text
        self.wear()
        self.verticalScrollBar().setValue(0)

    def wear(self) -> None:
        """Put the text on again, in the colours of now and with room between its lines."""
        self.document().setMarkdown(self._text)
        room = QTextBlockFormat()
        room.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        room.setBottomMargin(SPACE_BELOW)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(room)

    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Load nothing: a page is text."""
        return None


def _on_look(listener: Any) -> Any:
    """Follow changes of the look; the answer ends it."""
    look().changed.connect(listener)

    def forget() -> None:
        look().changed.disconnect(listener)

    return forget
