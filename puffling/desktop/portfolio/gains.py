"""The gains of a year: every lot that was closed in it, the sums below, and a file for the tax return."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from puffling.desktop.amounts import Amounts
from puffling.desktop.card import button, label
from puffling.desktop.menus import passing_menu
from puffling.desktop.portfolio.rows import closed_columns
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.puffin.portfolio.gains import GainLine, GainSums
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import YearlyGains

MATCHING = {"fifo": "Oldest lots first", "lifo": "Newest lots first", "chosen": "Lots you choose"}


class YearGains(QWidget):
    """One year of closed lots."""

    year_wanted = Signal(int)
    export_wanted = Signal()
    matching_wanted = Signal(str)

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self._amounts = amounts
        self._report: YearlyGains | None = None
        self.year = button(tr("{year} ▾", year=NOTHING_YET), kind="quiet")
        self.year.setAccessibleName(tr("Choose year"))
        self.year.clicked.connect(self._open_years)
        self.matching = button("", kind="quiet")
        self.matching.setAccessibleName(tr("Lots a sale closes"))
        self.matching.setToolTip(tr("Which lots a sale closes; all trades are told anew what they earned"))
        self.matching.clicked.connect(self._open_matching)
        self.export = button(tr("Save as CSV"), kind="quiet", icon="export")
        self.export.clicked.connect(self.export_wanted)
        self.table: Table[GainLine] = Table(closed_columns(amounts), title=tr("Gains of a year"))
        self.sums = label()
        self.beside = label(tone=Tone.MUTED)
        bar = QHBoxLayout()
        bar.setContentsMargins(2, 0, 2, 0)
        bar.setSpacing(8)
        bar.addWidget(self.year)
        bar.addWidget(self.matching)
        bar.addStretch(1)
        bar.addWidget(self.export)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 2, 8, 2)
        foot.setSpacing(16)
        foot.addWidget(self.sums)
        foot.addWidget(self.beside)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addWidget(self.table, 1)
        column.addLayout(foot)

    @property
    def report(self) -> YearlyGains | None:
        """Give what is shown."""
        return self._report

    def show_year(self, report: YearlyGains) -> None:
        """Show a year."""
        self._report = report
        self.table.when_empty(
            tr("Nothing was closed in {year}", year=report.year),
            tr("A sale, or buying back what was sold short, stands here with its gain."),
            icon="portfolio",
        )
        self.table.set_rows({str(place): line for place, line in enumerate(report.rows)})
        self.refresh()

    def refresh(self) -> None:
        """Write everything anew: amounts may be hidden now."""
        report = self._report
        if report is None:
            return
        self.table.rows.rewrite()
        self.year.setText(tr("{year} ▾", year=report.year))
        self.matching.setText(tr("{name} ▾", name=tr(MATCHING[report.matching])))
        self.export.setEnabled(bool(report.rows))
        self.sums.setText(
            tr(
                "Short term {short}   Long term {long}   Together {total}",
                short=self._gain(report.short_term),
                long=self._gain(report.long_term),
                total=self._gain(report.total),
            )
        )
        self.beside.setText(
            tr(
                "Dividends {dividends}   Interest {interest}",
                dividends=self._amounts.money(report.dividends),
                interest=self._amounts.money(report.interest),
            )
        )

    def _gain(self, sums: GainSums) -> str:
        return self._amounts.money(sums.gain, signed=True)

    def _open_years(self) -> None:
        report = self._report
        if report is None:
            return
        menu = passing_menu(self)
        for year in sorted({*report.years, report.year}, reverse=True):
            item = menu.addAction(str(year), partial(self.year_wanted.emit, year))
            item.setCheckable(True)
            item.setChecked(year == report.year)
        menu.popup(self.year.mapToGlobal(self.year.rect().bottomLeft()))

    def _open_matching(self) -> None:
        if self._report is None:
            return
        menu = passing_menu(self)
        for name, title in MATCHING.items():
            item = menu.addAction(tr(title), partial(self.matching_wanted.emit, name))
            item.setCheckable(True)
            item.setChecked(name == self._report.matching)
        menu.popup(self.matching.mapToGlobal(self.matching.rect().bottomLeft()))


NOTHING_YET = "\N{EN DASH}"
