"""The line of choices over the bars: width, range, source, adjusted or as traded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.charting.words import short_interval
from puffling.desktop.data.question import REACHES, Question
from puffling.desktop.editors import day_field, narrow_choice
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr


class Controls(QWidget):
    """Shows how a series is asked for, and tells when that is to be otherwise."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._question: Question | None = None
        self.interval = narrow_choice(tr("Width of the bars"))
        for interval in Interval:
            self.interval.addItem(short_interval(interval), interval.value)
        self.reach = narrow_choice(tr("Range"))
        for reach, title in REACHES.items():
            self.reach.addItem(tr(title), reach)
        self.source = narrow_choice(tr("Source"))
        self.source.setToolTip(tr("Which feed answers; automatic is the first that has the symbol"))
        self.basis = narrow_choice(tr("Prices"))
        self.basis.addItem(tr("Adjusted"), True)
        self.basis.addItem(tr("As traded"), False)
        self.basis.setToolTip(tr("Corrected for splits and dividends, or as they were paid then"))
        self.since, self.until = day_field(tr("First day")), day_field(tr("Last day"))
        self.show_feeds(())
        first = QHBoxLayout()
        first.setContentsMargins(0, 0, 0, 0)
        first.setSpacing(6)
        for choice, share in ((self.interval, 3), (self.reach, 5), (self.source, 5), (self.basis, 5)):
            first.addWidget(choice, share)
        self.days = QWidget()
        second = QHBoxLayout(self.days)
        second.setContentsMargins(0, 6, 0, 0)
        second.setSpacing(6)
        for widget in (
            label(tr("From"), tone=Tone.MUTED),
            self.since,
            label(tr("to"), tone=Tone.MUTED),
            self.until,
        ):
            second.addWidget(widget)
        second.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(0)
        column.addLayout(first)
        column.addWidget(self.days)
        self.interval.activated.connect(
            lambda _: self._choose(
                lambda each: replace(each, interval=Interval(str(self.interval.currentData())))
            )
        )
        self.reach.activated.connect(lambda _: self._choose_reach(str(self.reach.currentData())))
        self.source.activated.connect(
            lambda _: self._choose(lambda each: replace(each, source=self.source.currentData() or None))
        )
        self.basis.activated.connect(
            lambda _: self._choose(lambda each: replace(each, adjusted=bool(self.basis.currentData())))
        )
        for field in (self.since, self.until):
            field.editingFinished.connect(partial(self._read_day, field))

    def show_feeds(self, feeds: Sequence[tuple[str, str]]) -> None:
        """Offer these feeds by name and label."""
        chosen = self.source.currentData() or None
        self.source.clear()
        self.source.addItem(tr("Automatic"), "")
        for name, title in feeds:
            self.source.addItem(title, name)
        self.source.setCurrentIndex(max(self.source.findData(chosen or ""), 0))

    def show_question(self, question: Question) -> None:
        """Show how the series is asked for now."""
        self._question = question
        self.interval.setCurrentIndex(self.interval.findData(question.interval.value))
        self.reach.setCurrentIndex(max(self.reach.findData(question.reach), 0))
        if question.source is not None and self.source.findData(question.source) < 0:
            self.source.addItem(question.source, question.source)
        self.source.setCurrentIndex(max(self.source.findData(question.source or ""), 0))
        self.basis.setCurrentIndex(0 if question.adjusted else 1)
        self.days.setVisible(question.reach == "dates")
        for field, day in ((self.since, question.since), (self.until, question.until)):
            field.setText(day.isoformat() if day is not None else "")
            set_role(field, wrong=False)

    def _choose_reach(self, reach: str) -> None:
        self._choose(lambda each: replace(each, reach=reach))
        if reach == "dates":
            self.since.setFocus()

    def _read_day(self, field: QLineEdit) -> None:
        text = field.text().strip()
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            set_role(field, wrong=True)
            field.setToolTip(tr("Write it like 2026-03-11."))
            return
        set_role(field, wrong=False)
        field.setToolTip("")
        if field is self.since:
            self._choose(lambda each: replace(each, since=day))
        else:
            self._choose(lambda each: replace(each, until=day))

    def _choose(self, change: Callable[[Question], Question]) -> None:
        if self._question is None:
            return
        question = change(self._question)
        if question != self._question:
            self.show_question(question)
            self.changed.emit(question)
