"""All of a history under one roof: its bars, what is wrong with them, splits and dividends, its origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, tzinfo

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.card import label
from puffling.desktop.data.bar_table import BarTable
from puffling.desktop.data.controls import Controls
from puffling.desktop.data.lists import Act, Finding, act_columns, acts, finding_columns, findings
from puffling.desktop.data.origin import OriginView
from puffling.desktop.pages import Pages
from puffling.desktop.states import States
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone, set_role
from puffling.market.values import Coverage, History, Instrument, Quality
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import day_to_us, from_us
from puffling.runtime.text import tr

PAGES = {"bars": "Bars", "flags": "Gaps, flags", "actions": "Actions", "origin": "Origin"}
_JUMP_WIDTH = 96


class DataView(QWidget):
    """Shows what it is given, and tells what the person wants."""

    page_wanted = Signal(str)
    moment_chosen = Signal(object)

    def __init__(
        self,
        page: str = "",
        controls: Controls | None = None,
        bars: BarTable | None = None,
        origin: OriginView | None = None,
    ) -> None:
        """Put the parts together; who has time between makes the large ones one by one and hands them in."""
        super().__init__()
        self.history: History | None = None
        self._zone: tzinfo = UTC
        self.controls = controls or Controls()
        self._words = ""
        self.summary = label(tone=Tone.MUTED, kind="caption")
        # Long words are cut; they do not push the panel wide.
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bars = bars or BarTable()
        self.fault = label(tone=Tone.WARN, kind="caption")
        self.fault.setWordWrap(True)
        self.fault.setContentsMargins(8, 4, 8, 4)
        self.fault.hide()
        self.flags: Table[Finding] = Table(finding_columns(), title=tr("Gaps and flags"))
        self.flags.when_empty(
            tr("Nothing is missing, nothing is wrong"),
            tr("Every bar of this range is there, and none is impossible."),
            icon="check",
        )
        self.splits: Table[Act] = Table(act_columns(), title=tr("Splits and dividends"))
        self.origin = origin or OriginView()
        self.jump = QLineEdit()
        self.jump.setPlaceholderText(tr("Go to day"))
        self.jump.setAccessibleName(tr("Day to go to"))
        self.jump.setToolTip(tr("Write it like 2026-03-11."))
        self.jump.setFixedWidth(_JUMP_WIDTH)
        self.jump.returnPressed.connect(self._jump)
        self.stack = QStackedWidget()
        for made in (self.bars, self.flags, self.splits, self.origin):
            self.stack.addWidget(made)
        self.pages = Pages("data", PAGES, page)
        self.pages.setContentsMargins(2, 0, 8, 0)
        self.pages.addWidget(self.jump)
        self.pages.turned.connect(self._turned)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.controls)
        said = QHBoxLayout()
        said.setContentsMargins(9, 0, 8, 0)
        said.addWidget(self.summary)
        column.addLayout(said)
        column.addLayout(self.pages)
        column.addWidget(self.stack, 1)
        column.addWidget(self.fault)
        self.states = States(self.stack)
        self.bars.selectionModel().currentRowChanged.connect(lambda *_: self._explain())
        self.flags.keys_selected.connect(lambda _: self._explain())
        self.bars.chosen.connect(self.moment_chosen)
        self.flags.clicked.connect(lambda _: self._find_finding())
        self.flags.key_activated.connect(lambda _: self._find_finding())
        self.splits.clicked.connect(lambda _: self._find_act())
        self.splits.key_activated.connect(lambda _: self._find_act())
        self._turn()

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self.pages.page

    def open_page(self, page: str) -> None:
        """Turn to a page as the person does."""
        self.pages.open(page)

    def show_history(
        self, history: History, instrument: Instrument, zone: tzinfo, times: tuple[str, str]
    ) -> None:
        """Show these bars, and all that comes with them."""
        same = self.history is not None and self.history.key == history.key
        chosen = self.bars.currentIndex()
        moment = self._moment_of(chosen) if same and chosen.isValid() else None
        scrolled = self.bars.verticalScrollBar().value()
        self.history, self._zone = history, zone
        self.bars.rows.show(history, decimals=instrument.price_decimals, zone=zone)
        if same:
            self.bars.verticalScrollBar().setValue(scrolled)
        if moment is not None and (row := self.bars.rows.row_at(moment)) is not None:
            self.bars.setCurrentIndex(self.bars.rows.index(row, 0))
            self.bars.verticalScrollBar().setValue(scrolled)
        found = findings(history, zone)
        self.flags.set_rows(found)
        count = len(history.flags)
        self.pages.say_count("flags", count)
        self.origin.show_origin(history, instrument, times)
        self._say(history)
        self._explain()

    def show_actions(self, found: Sequence[CorporateAction], present_us: int | None) -> None:
        """Show splits and dividends until a moment."""
        currency = self.history.currency if self.history is not None else ""
        self.splits.set_rows(acts(found, currency, present_us))
        self.splits.when_empty(
            tr("No splits, no dividends"), tr("The source knows of none until now."), icon="info"
        )

    def show_kept(self, coverage: Coverage) -> None:
        """Show which stretches are kept here."""
        bars = self.history.bars if self.history is not None else None
        shown = None
        if bars is not None and len(bars):
            shown = Span(int(bars.time[0]), int(bars.time[-1]) + 1)
        self.origin.show_kept(coverage, shown)

    def show_nothing(self) -> None:
        """Show no history: what is said instead is told over the pages."""
        self.history = None
        self._words = ""
        self.fault.hide()
        self.summary.setText("")
        self.pages.say_count("flags", 0)

    def go_to(self, moment_us: int) -> None:
        """Turn to the bars and put the bar of a moment in the middle."""
        if self.page != "bars":
            self.open_page("bars")
        self.bars.go_to(moment_us)

    def take_focus(self) -> None:
        """Put the keyboard on the open page."""
        {"bars": self.bars, "flags": self.flags, "actions": self.splits}.get(
            self.page, self.origin.reload
        ).setFocus()

    def ask_day(self) -> None:
        """Put the keyboard where a day to go to is named."""
        if self.page != "bars":
            self.open_page("bars")
        self.jump.setFocus()
        self.jump.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _turned(self) -> None:
        self._turn()
        self.page_wanted.emit(self.page)

    def _turn(self) -> None:
        self.stack.setCurrentIndex(self.pages.place)
        self.jump.setVisible(self.page == "bars")
        self._explain()

    def _jump(self) -> None:
        text = self.jump.text().strip()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            set_role(self.jump, wrong=bool(text))
            return
        set_role(self.jump, wrong=False)
        self.jump.clear()
        self.bars.go_to(day_to_us(day))
        self.bars.setFocus()

    def _find_finding(self) -> None:
        key = self.flags.current_key()
        if key is not None and (found := self.flags.rows.row_of(key)) is not None:
            self._point(found.since_us)

    def _find_act(self) -> None:
        key = self.splits.current_key()
        if key is not None and (found := self.splits.rows.row_of(key)) is not None:
            self._point(found.day_us)

    def _point(self, moment_us: int) -> None:
        # The table behind the list goes along, and is there when one turns to it.
        self.bars.go_to(moment_us)
        self.moment_chosen.emit(moment_us)

    def _moment_of(self, index: QModelIndex) -> int:
        return int(self.bars.rows.bars.time[self.bars.rows.place_of(index.row())])

    def _explain(self) -> None:
        """Say of the chosen bar or finding what is wrong, in full: also to whoever has no pointer."""
        text = ""
        index, key = self.bars.currentIndex(), self.flags.current_key()
        if self.page == "bars" and index.isValid():
            text = self.bars.rows.faults_of(self.bars.rows.place_of(index.row()))
        elif self.page == "flags" and key is not None and (found := self.flags.rows.row_of(key)) is not None:
            used = tr("Indicators and signals see it.") if found.used else ""
            text = "\n".join(each for each in (found.message, used) if each)
        self.fault.setText(text)
        self.fault.setVisible(bool(text))

    def _say(self, history: History) -> None:
        bars = history.bars
        away = int(history.kept_away.sum())
        count = tr("{count} bars", count=f"{len(bars):,}")
        if away:
            count = tr("{count} bars, {away} kept away", count=f"{len(bars):,}", away=f"{away:,}")
        parts = [history.label, count]
        if len(bars):
            first, last = (f"{from_us(int(bars.time[place])):%Y-%m-%d}" for place in (0, -1))
            parts.append(tr("{first} to {last}", first=first, last=last))
        self._words = " · ".join(parts)
        set_role(self.summary, tone="muted" if history.quality is Quality.REALTIME else "warn")
        self._elide()

    def _elide(self) -> None:
        room = max(self.width() - 18, 40)
        short = self.summary.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.summary.setText(short)
        self.summary.setToolTip(self._words if short != self._words else "")
