"""A row of titles of which one is chosen: the pages of a panel."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from puffling.desktop.card import button
from puffling.desktop.squeezing import Squeezed
from puffling.runtime.text import tr


class Pages(QHBoxLayout):
    """Tells when another page is chosen; the first one is open where nobody wanted one there is.

    Where there is no room for all titles, the one of the open page stands there and offers the others.
    """

    turned = Signal()

    def __init__(self, owner: str, titles: Mapping[str, str], wanted: str = "") -> None:
        super().__init__()
        self.setContentsMargins(2, 0, 0, 0)
        self.setSpacing(0)
        self._titles = titles
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        self._row = Squeezed(tr("Pages"), gap=0, at_left=True)
        first = wanted if wanted in titles else next(iter(titles))
        for name, title in titles.items():
            made = button(tr(title), kind="quiet")
            made.setObjectName(f"{owner}.{name}")
            made.setProperty("narrow", True)
            made.setCheckable(True)
            made.setChecked(name == first)
            self._group.addButton(made)
            self._buttons[name] = made
            self._row.hold(made)
        self.addWidget(self._row)
        self.addStretch(1)
        self._group.buttonClicked.connect(self._turn)
        self._say_page()

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return next(name for name, made in self._buttons.items() if made.isChecked())

    def in_a_row(self) -> QWidget:
        """Give a widget that holds the titles and nothing else, for a title line."""
        held = QWidget()
        held.setLayout(self)
        return held

    @property
    def place(self) -> int:
        """Give which page is open, counted from the left."""
        return list(self._titles).index(self.page)

    def open(self, page: str) -> None:
        """Turn to a page as the person does; one that there is not changes nothing."""
        if page in self._buttons:
            self._buttons[page].click()

    def say_count(self, page: str, count: int) -> None:
        """Say beside the title of a page how much it holds."""
        title = tr(self._titles[page])
        self._buttons[page].setText(f"{title} {count:,}" if count else title)
        self._say_page()

    def title(self, page: str) -> str:
        """Give what the row says of a page."""
        return self._buttons[page].text()

    def _turn(self) -> None:
        self._say_page()
        self.turned.emit()

    def _say_page(self) -> None:
        title = self.title(self.page)
        self._row.one.setText(title)
        self._row.one.setAccessibleName(tr("Page: {title}", title=title))
