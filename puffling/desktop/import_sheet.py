"""The sheet in which a file of prices is looked at before it is imported, and imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop import numbers
from puffling.desktop.card import button, label
from puffling.desktop.editors import Choice
from puffling.desktop.later import later
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone, look
from puffling.market.own_values import FilePreview, OwnSeries
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.jobs import Job, JobChanged
from puffling.runtime.text import tr

WIDTH = 560
_ROLES = {
    "time": "Time",
    "time_of_day": "Time of day",
    "open": "Open",
    "high": "High",
    "low": "Low",
    "close": "Close",
    "volume": "Volume",
    "adjusted_close": "Adjusted close",
    "symbol": "Symbols",
}
_WIDTHS = {
    Interval.M1: "1 minute",
    Interval.M5: "5 minutes",
    Interval.M15: "15 minutes",
    Interval.M30: "30 minutes",
    Interval.H1: "1 hour",
    Interval.D1: "1 day",
}
_HEADS = ("Time", "Open", "High", "Low", "Close", "Volume")
_SHOWN_ROWS = 6
_SHOWN_FAULTS = 6
_TYPING_MILLISECONDS = 400


class ImportSheet(QWidget):
    """Shows what is in a file, takes corrections of what was guessed, and imports it."""

    def __init__(self, session: Session, path: Path, done: Callable[[tuple[OwnSeries, ...]], None]) -> None:
        super().__init__()
        self._session = session
        self._path = path
        self._done = done
        self._job: Job | None = None
        self._filling = False
        self._corrected = False
        self.preview: FilePreview | None = None
        self.symbol = QLineEdit(session.core.files.free_symbol(path.name))
        self.symbol.setAccessibleName(tr("Symbol"))
        self.width_ = Choice()
        self.width_.setAccessibleName(tr("Length of a bar"))
        self.width_.addItem(tr("As in the file"), None)
        for interval, title in _WIDTHS.items():
            self.width_.addItem(tr(title), interval)
        self.zone = QLineEdit()
        self.zone.setAccessibleName(tr("Time zone"))
        self.columns = {role: self._column_choice(title) for role, title in _ROLES.items()}
        self.said = label()
        self.said.setWordWrap(True)
        self.table = _table()
        self.faults = label(tone=Tone.WARN)
        self.faults.setWordWrap(True)
        self.trouble = label(tone=Tone.DANGER)
        self.trouble.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1_000)
        self.note = label(tone=Tone.MUTED, kind="caption")
        self.act = button(tr("Import"), kind="primary")
        self.act.clicked.connect(self.start)
        self.stop = button(tr("Cancel"))
        self.stop.clicked.connect(self._stop)
        self._lay_out()
        self._soon = later(self, self.look_into, _TYPING_MILLISECONDS)
        self.zone.textEdited.connect(lambda _: self._soon.start())
        self.symbol.textEdited.connect(lambda _: self._show_ready())
        self.symbol.returnPressed.connect(self.start)
        self.width_.activated.connect(lambda _: self.look_into())
        unsubscribe = session.core.bus.on(JobChanged, self._heard)
        self.destroyed.connect(lambda *_: unsubscribe())
        self.setFocusProxy(self.symbol)
        self.look_into()

    def look_into(self) -> None:
        """Read the beginning of the file the way an import would."""
        self._show_waiting(tr("Looking into the file…"))
        core, chosen = self._session.core, self._choices()
        chosen.pop("symbol", None)
        looking = self._session.dispatch.run(
            lambda: core.files.preview(self._path, **chosen),
            name="look into file",
            newest="import.preview",
            then=self.show_preview,
            failed=self._refused,
            owner=self,
        )
        self.destroyed.connect(lambda *_: looking.cancel())

    def start(self) -> None:
        """Import the file as it is shown."""
        if not self.act.isEnabled():
            return
        self._show_waiting(tr("Importing…"))
        ability = self._session.core.registry.get("files.add")
        arguments = {"path": self._path, **self._choices()}

        async def import_it() -> tuple[OwnSeries, ...]:
            self._job = await ability.start(arguments)
            self.bar.show()
            kept: tuple[OwnSeries, ...] = await self._job.wait()
            return kept

        self._session.dispatch.run(
            import_it, name="import file", then=self._imported, failed=self._refused, owner=self
        )

    def show_preview(self, preview: FilePreview) -> None:
        """Show what was found, and take it for the answer to what was chosen."""
        self.preview = preview
        self._filling = True
        for role, choice in self.columns.items():
            choice.clear()
            choice.addItem(tr("None"), "")
            for name in preview.names:
                choice.addItem(name, name)
            choice.setCurrentIndex(max(choice.findData(preview.columns.get(role, "")), 0))
        self._filling = False
        first = preview.series[0] if preview.series else None
        intraday = first is not None and first.interval.is_intraday
        for widget in self._zone_row:
            widget.setVisible(intraday)
        if intraday and not self.zone.text().strip():
            self.zone.setText(preview.zone)
        several = "symbol" in preview.columns
        self.symbol.setEnabled(not several)
        if several:
            self.symbol.setText("")
            self.symbol.setPlaceholderText(tr("As in the file"))
        self.said.setText(_summary(preview))
        _fill(self.table, preview.rows[:_SHOWN_ROWS], tr("Time (UTC)") if intraday else tr("Day"))
        self.table.setVisible(bool(preview.rows))
        self.faults.setText("\n".join(_shortened(preview.faults)) if preview.series else "")
        self.faults.setVisible(bool(self.faults.text()))
        self._say("" if preview.series else "\n".join(preview.faults))
        self._rest()

    def _choices(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if self.symbol.text().strip():
            chosen["symbol"] = self.symbol.text().strip()
        if self.width_.currentData() is not None:
            chosen["interval"] = self.width_.currentData()
        if self.zone.text().strip() and not self.zone.isHidden():
            chosen["zone"] = self.zone.text().strip()
        if self.preview is not None:
            named = {role: str(choice.currentData() or "") for role, choice in self.columns.items()}
            guessed = {role: self.preview.columns.get(role, "") for role in _ROLES}
            if named != guessed or self._corrected:
                self._corrected = True
                chosen["columns"] = named
        return chosen

    def _refused(self, error: PufflingError) -> None:
        self._job = None
        self._say(f"{error.message} {error.hint}".strip())
        self._rest()
        if self.preview is None:
            self.act.setEnabled(False)

    def _imported(self, kept: tuple[OwnSeries, ...]) -> None:
        self._job = None
        first = kept[0]
        self._session.notices.tell(
            tr("{symbol}: {count} bars imported.", symbol=first.symbol, count=numbers.full(first.bars)),
            level=Level.DONE,
        )
        self._session.selection.choose(first.symbol, first.interval)
        self._done(kept)

    def _heard(self, event: JobChanged) -> None:
        if self._job is not None and event.job.id == self._job.id:
            self.bar.setValue(round(1_000 * event.job.fraction))
            self.note.setText(event.job.note)

    def _stop(self) -> None:
        job = self._job
        if job is None:
            self._done(())
            return
        core = self._session.core
        self._session.dispatch.run(lambda: core.jobs.cancel(job.id), name="stop import")
        self._job = None
        self._rest()

    def _column_changed(self) -> None:
        if not self._filling:
            self.look_into()

    def _say(self, trouble: str) -> None:
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))

    def _show_waiting(self, note: str) -> None:
        self.act.setEnabled(False)
        self.note.setText(note)
        self._say("")

    def _rest(self) -> None:
        self.bar.hide()
        self.bar.setValue(0)
        self.note.setText("")
        self._show_ready()

    def _show_ready(self) -> None:
        there = self.preview is not None and bool(self.preview.series)
        named = bool(self.symbol.text().strip()) or not self.symbol.isEnabled()
        self.act.setEnabled(there and named and self._job is None)
        if self._job is None:
            symbol = self.symbol.text().strip().upper()
            replaced = there and bool(symbol) and self._session.core.files.is_own(symbol)
            self.note.setText(
                tr("{symbol} is imported already and will be replaced.", symbol=symbol) if replaced else ""
            )

    def _column_choice(self, title: str) -> Choice:
        made = Choice()
        made.setAccessibleName(tr("Column for {title}", title=tr(title)))
        made.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(8)
        made.activated.connect(lambda _: self._column_changed())
        return made

    def _lay_out(self) -> None:
        file = label(self._path.name)
        file.setToolTip(str(self._path))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        _row(grid, 0, 0, tr("File"), file, span=3)
        _row(grid, 1, 0, tr("Symbol"), self.symbol)
        _row(grid, 1, 2, tr("Length of a bar"), self.width_)
        self._zone_row = _row(grid, 2, 0, tr("Time zone"), self.zone, span=3)
        heading = label(tr("Columns"), kind="title")
        heading.setContentsMargins(0, 6, 0, 0)
        grid.addWidget(heading, 3, 0, 1, 4)
        for place, (role, title) in enumerate(_ROLES.items()):
            _row(grid, 4 + place // 2, 2 * (place % 2), tr(title), self.columns[role])
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        column.addLayout(grid)
        column.addWidget(self.said)
        column.addWidget(self.table)
        column.addWidget(self.faults)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.note, 1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.act)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(10)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.trouble)
        outer.addWidget(self.bar)
        outer.addLayout(buttons)
        self.bar.setFixedHeight(4)
        for hidden in (self.bar, self.table, self.faults, self.trouble, *self._zone_row):
            hidden.hide()


def _row(
    grid: QGridLayout, row: int, column: int, title: str, widget: QWidget, *, span: int = 1
) -> tuple[QWidget, QWidget]:
    name = label(title, tone=Tone.MUTED)
    name.setBuddy(widget)
    grid.addWidget(name, row, column)
    grid.addWidget(widget, row, column + 1, 1, span)
    return name, widget


def _table() -> QTableWidget:
    made = QTableWidget(0, len(_HEADS))
    made.setAccessibleName(tr("First rows"))
    made.verticalHeader().hide()
    made.verticalHeader().setDefaultSectionSize(look().theme.row_height - 4)
    made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    made.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setShowGrid(False)
    made.horizontalHeader().setHighlightSections(False)
    made.setStyleSheet("QHeaderView::section { border: none; padding: 2px 3px; }")
    made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for place in range(len(_HEADS)):
        head = QTableWidgetItem(tr(_HEADS[place]))
        head.setTextAlignment(right if place else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        made.setHorizontalHeaderItem(place, head)
    return made


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]], first_head: str) -> None:
    if (head := table.horizontalHeaderItem(0)) is not None:
        head.setText(first_head)
    table.setRowCount(len(rows))
    for row, cells in enumerate(rows):
        for place, text in enumerate(cells):
            item = QTableWidgetItem(text)
            if place:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, place, item)
    height = table.horizontalHeader().sizeHint().height()
    table.setFixedHeight(height + len(rows) * table.verticalHeader().defaultSectionSize() + 2)


def _summary(preview: FilePreview) -> str:
    if not preview.series:
        return ""
    first = preview.series[0]
    bars = numbers.full(sum(each.bars for each in preview.series))
    said = tr(
        "{bars} bars of {width}, {first} to {last}.",
        bars=bars,
        width=tr(_WIDTHS.get(first.interval, str(first.interval))),
        first=_day(min(each.first for each in preview.series)),
        last=_day(max(each.last for each in preview.series)),
    )
    if len(preview.series) > 1:
        names = ", ".join(each.symbol for each in preview.series[:6])
        said += " " + tr("{count} symbols: {names}.", count=len(preview.series), names=names)
    if preview.adjusted_by_file:
        said += " " + tr("Prices are corrected by the file's adjusted closes.")
    if not preview.whole:
        said += " " + tr("Only the beginning was looked at.")
    return said


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _shortened(faults: Sequence[str]) -> list[str]:
    shown = list(faults[:_SHOWN_FAULTS])
    if len(faults) > _SHOWN_FAULTS:
        shown.append(tr("And {count} more.", count=len(faults) - _SHOWN_FAULTS))
    return shown
