"""A form beside its pages: one at a time where there is no room for both."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from puffling.desktop.research.form import ResearchForm
from puffling.desktop.states import States

RESULT = "result"


class ResearchView(QWidget):
    """Arranges a form, the result, and other pages."""

    changed = Signal()
    run_wanted = Signal()
    kept_page: ClassVar[str]
    """The page of all that is kept: beside the result the one that is open again at the next start."""
    form_width: ClassVar[int]
    narrow_below: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self._page = RESULT
        self._pages: dict[str, QWidget] = {}
        self._form_open = True
        self._form_in_front = True
        self._sized = False
        self.narrow = False
        self.states: States
        self.stack = QStackedWidget()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(8)
        self.split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.run_wanted)

    @abstractmethod
    def furnish(self, kept: Mapping[str, Any]) -> Iterator[None]:
        """Make the parts, a few at a step: each of them takes a while, and so does dressing it."""

    @property
    @abstractmethod
    def form(self) -> ResearchForm:
        """Give what asks."""

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._page

    @property
    def form_open(self) -> bool:
        """Tell whether the form is wanted beside the pages."""
        return self._form_open

    @property
    def form_seen(self) -> bool:
        """Tell whether the form can be seen."""
        return self._form_in_front if self.narrow else self._form_open

    def open_page(self, page: str) -> None:
        """Turn to a page."""
        self._page = page
        self._form_in_front = False
        self._settle()

    def show_form(self, wanted: bool) -> None:
        """Show the form, or leave all the room to the pages."""
        if self.narrow:
            self._form_in_front = wanted
        else:
            self._form_open = wanted
        self._settle()

    def keep(self) -> dict[str, Any]:
        """Give how it is arranged."""
        sizes = self.split.sizes()
        return {"form": self._form_open, "page": self._page, "sizes": sizes if all(sizes) else []}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Arrange it as it was left."""
        self._form_open = kept.get("form") is not False
        self._page = self.kept_page if kept.get("page") == self.kept_page else RESULT
        sizes = kept.get("sizes")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(each, int) for each in sizes):
            self.split.setSizes(sizes)
            self._sized = True
        self._settle()

    @abstractmethod
    def say_nothing_yet(self) -> None:
        """Say what comes here, and what brings it."""

    @abstractmethod
    def take_focus(self) -> None:
        """Put the keyboard where one starts."""

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pages:
            self._fit(event.size().width())

    def _add_form(self, form: ResearchForm) -> None:
        self.split.addWidget(form)
        form.show()
        form.run_wanted.connect(self.run_wanted)

    def _add_pages(self, pages: dict[str, QWidget]) -> None:
        """Show the pages, which stand in the stack already: dressing them takes a while each."""
        self._pages = pages
        self.split.addWidget(self.stack)
        self.stack.show()
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.states = States(pages[RESULT])
        self._fit(self.width())

    def _fit(self, width: int) -> None:
        narrow = width < self.narrow_below
        if narrow != self.narrow:
            self.narrow = narrow
            self._settle()
        if not self._sized and not narrow:
            self._sized = True
            self.split.setSizes([self.form_width, max(width - self.form_width, 300)])

    def _settle(self) -> None:
        self.stack.setCurrentWidget(self._pages[self._page])
        self.form.setVisible(self.form_seen)
        self.stack.setVisible(not (self.narrow and self._form_in_front))
        self.changed.emit()
