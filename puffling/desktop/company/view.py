"""A company at a glance: its name, its key ratios, its statements and its filings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.card import label
from puffling.desktop.company import figures
from puffling.desktop.company.figures import SheetLine
from puffling.desktop.company.tiles import Tiles
from puffling.desktop.pages import Pages
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.puffin.data.reported import FiledReport, FilingList, Origin, Ratio, RatioReport, StatementTable
from puffling.runtime.text import tr

PAGES = {
    "income": "Income",
    "balance": "Balance",
    "cashflow": "Cash flow",
    "ratios": "Ratios",
    "filings": "Filings",
}
NARROW = 430
SCROLL_BAR = 16
_TRUSTED = "https://www.sec.gov/"


class CompanyView(QWidget):
    """Shows what it is given, and tells which page the person wants."""

    page_wanted = Signal()

    def __init__(self, page: str = "") -> None:
        super().__init__()
        self._shown: StatementTable | None = None
        self._words: tuple[str, str] = ("", "")
        self._name = label(kind="heading")
        self._origin = label(tone=Tone.MUTED, kind="caption")
        self._note = label(tone=Tone.WARN, kind="caption")
        self._note.setWordWrap(True)
        self._note.hide()
        for line in (self._name, self._origin):
            # A long name is cut; it does not push the panel wide.
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.tiles = Tiles()
        self._pages = Pages("fundamentals", PAGES, page)
        self._pages.turned.connect(self._turned)
        self.sheet: Table[SheetLine] = Table([], title=tr("Statement"))
        self.ratios: Table[Ratio] = Table(figures.ratio_columns(), title=tr("Ratios"))
        self.filings: Table[FiledReport] = Table(figures.filing_columns(), title=tr("Filings"))
        for listed in (self.ratios, self.filings):
            # Times, shares and money under each other have no common order; reports have the order of time.
            listed.horizontalHeader().setSectionsClickable(False)
        self.filings.key_activated.connect(self._open_filing)
        self.filings.menu_opening.connect(self._extend_filing_menu)
        self.stack = QStackedWidget()
        for table in (self.sheet, self.ratios, self.filings):
            self.stack.addWidget(table)
        self._filed: dict[str, FiledReport] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QVBoxLayout()
        head.setContentsMargins(8, 0, 8, 2)
        head.setSpacing(2)
        for widget in (self._name, self._origin, self._note):
            head.addWidget(widget)
        head.addSpacing(6)
        head.addWidget(self.tiles)
        column.addLayout(head)
        column.addLayout(self._pages)
        column.addWidget(self.stack, 1)
        self._turn()

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._pages.page

    def open_page(self, page: str) -> None:
        """Turn to a page as the person does."""
        self._pages.open(page)

    def show_origin(self, origin: Origin, fetched: str) -> None:
        """Say whose numbers these are, where they come from and since when they are known."""
        self._words = (f"{origin.name} · {origin.symbol}", figures.origin_words(origin, fetched))
        self._note.setText(origin.note)
        self._note.setVisible(bool(origin.note))
        self._elide()

    def show_ratios(self, report: RatioReport) -> None:
        """Show the key ratios as tiles and all of them as a list."""
        found = {ratio.id: ratio for ratio in report.ratios}
        self.tiles.show_ratios(found, report.origin.currency)
        self.ratios.set_rows(found)

    def show_filings(self, found: FilingList) -> None:
        """Show what was filed."""
        self._filed = figures.keyed(found.filings)
        self.filings.set_rows(self._filed)
        self.filings.when_empty(
            tr("No filings"), tr("This source does not tell what was filed when."), icon="info"
        )

    def show_statement(self, table: StatementTable) -> None:
        """Show a statement; its periods are its columns, so a new one may need a new table."""
        before, self._shown = self._shown, table
        if before is None or self._other_columns(before, table):
            self._renew_sheet(table)
        else:
            self.sheet.set_rows(figures.sheet_lines(table))
        self.sheet.when_empty(
            tr("Nothing here"), tr("This source has no such statement of the company."), icon="info"
        )

    def copy_csv(self) -> None:
        """Put the whole statement on the clipboard, every period and every digit."""
        if self._shown is not None:
            QGuiApplication.clipboard().setText(figures.as_csv(self._shown))

    def take_focus(self) -> None:
        """Put the keyboard on the open table."""
        self._table().setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()
        self._fit_periods()

    def _turned(self) -> None:
        self._turn()
        self.page_wanted.emit()

    def _turn(self) -> None:
        self.stack.setCurrentWidget(self._table())

    def _table(self) -> Table[Any]:
        page = self.page
        return self.ratios if page == "ratios" else self.filings if page == "filings" else self.sheet

    def _other_columns(self, before: StatementTable, table: StatementTable) -> bool:
        return (before.ends, before.period) != (table.ends, table.period)

    def _renew_sheet(self, table: StatementTable) -> None:
        old = self.sheet
        focused, place = old.hasFocus(), self.stack.indexOf(old)
        chosen = old.selected_keys()
        self.sheet = Table(figures.sheet_columns(table), title=tr("Statement"))
        # The lines of a statement have an order of their own.
        self.sheet.horizontalHeader().setSectionsClickable(False)
        self.sheet.menu_opening.connect(self._extend_sheet_menu)
        shown = self.stack.currentWidget() is old
        self.stack.insertWidget(place, self.sheet)
        if shown:
            self.stack.setCurrentWidget(self.sheet)
        self.stack.removeWidget(old)
        old.deleteLater()
        self.sheet.set_rows(figures.sheet_lines(table))
        self.sheet.select(chosen)
        self._fit_periods()
        if focused:
            self.sheet.setFocus()

    def _fit_periods(self) -> None:
        """Show as many periods as have room, the newest first; the others wait behind the menu."""
        narrow = self.width() < NARROW
        taken = figures.TITLE_WIDTH * (0.6 if narrow else 1.0) + (0 if narrow else figures.BARS_WIDTH)
        fitting = max(int(self.width() - taken - SCROLL_BAR) // figures.PERIOD_WIDTH, 2)
        header = self.sheet.horizontalHeader()
        for number in range(1, header.count()):
            header.setSectionHidden(number, narrow if number == 1 else number - 2 >= fitting)

    def _elide(self) -> None:
        for line, words in ((self._name, self._words[0]), (self._origin, self._words[1])):
            _say(line, words, self.width() - 16)

    def _extend_sheet_menu(self, menu: QMenu, _keys: Sequence[str]) -> None:
        menu.addAction(tr("Copy statement as CSV"), self.copy_csv)

    def _extend_filing_menu(self, menu: QMenu, keys: Sequence[str]) -> None:
        if len(keys) == 1 and self._filed[keys[0]].url.startswith(_TRUSTED):
            menu.addAction(tr("Open in the browser"), lambda: self._open_filing(keys[0]))

    def _open_filing(self, key: str) -> None:
        url = self._filed[key].url
        if url.startswith(_TRUSTED):
            QDesktopServices.openUrl(QUrl(url))


def _say(line: QLabel, words: str, room: int) -> None:
    short = line.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, max(room, 40))
    line.setText(short)
    line.setToolTip(words if short != words else "")
