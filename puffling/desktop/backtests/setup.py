"""What is to be tested: the strategy with its parameters, symbols, time, money and terms; and Run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from puffling.automation.values import SavedStrategy, StrategyKind
from puffling.desktop.backtests.details import Details
from puffling.desktop.backtests.question import (
    PRESET_TITLES,
    PRESET_WORDS,
    PRESETS,
    REACHES,
    Question,
    preset_of,
)
from puffling.desktop.backtests.symbols import SymbolsEditor
from puffling.desktop.card import button, label
from puffling.desktop.charting.words import short_interval
from puffling.desktop.editors import Choice, day_field
from puffling.desktop.fields import Ask, Field
from puffling.desktop.forms import Form
from puffling.desktop.indicators.editor import field_of
from puffling.desktop.research.form import ResearchForm
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr

_MONEY = (
    Field("capital", "Capital", Ask.NUMBER, required=True, above=0, most=1e12),
    Field("benchmark", "Benchmark", Ask.TEXT, longest=20),
)
# Where the words of an error belong that name a part of the form by another name.
_FIELDS = {"commission": "flat", "slippage": "slippage_pct", "holding": "cash_rate", "leaving": "stop_loss"}
_PARTS: Mapping[tuple[str, ...], str] = {
    ("commission", "pct"): "commission_pct",
    ("slippage", "pct"): "slippage_pct",
}


class SetupForm(ResearchForm):
    """Asks for a test, and shows the tests on their way."""

    optimize_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("backtest", tr("Run"), tr("Run the test (Ctrl+Enter)"))
        self.kinds: dict[str, StrategyKind] = {}
        self._saved: dict[str, SavedStrategy] = {}
        self._question = Question()
        self._told: dict[str, Mapping[str, Any]] = {}
        self.strategy = Choice()
        self.strategy.setAccessibleName(tr("Strategy"))
        self.strategy.setObjectName("backtest.strategy")
        self.strategy.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.strategy.activated.connect(lambda _: self._choose_strategy())
        self.about = label(tone=Tone.MUTED, kind="caption")
        self.about.setWordWrap(True)
        self.parameters = Form(())
        self.symbols = SymbolsEditor(session)
        self.symbols.changed.connect(self._edited)
        self.interval = Choice()
        for interval in Interval:
            self.interval.addItem(short_interval(interval), interval.value)
        self.reach = Choice()
        for name, title in REACHES.items():
            self.reach.addItem(tr(title), name)
        self.since, self.until = day_field(tr("First day")), day_field(tr("Last day"))
        self.money = Form(tuple(replace(field, title=tr(field.title)) for field in _MONEY))
        self.money.editor("benchmark").setToolTip(
            tr("Empty means SPY where its source has it, - means none.")
        )
        self.money.editor("benchmark").setProperty("placeholderText", "SPY")
        self.costs = Choice()
        for name, title in PRESET_TITLES.items():
            self.costs.addItem(tr(title), name)
        self.cost_words = label(tone=Tone.MUTED, kind="caption")
        self.cost_words.setWordWrap(True)
        self.unfold = button(tr("Details"), kind="quiet", icon="right")
        self.unfold.setCheckable(True)
        self.unfold.setProperty("narrow", True)
        self.unfold.toggled.connect(self._fold)
        self.optimize = button(tr("Optimize…"))
        self.optimize.setObjectName("backtest.optimize")
        self.optimize.setToolTip(tr("Search better parameters for what is asked here"))
        self.optimize.clicked.connect(self.optimize_wanted)
        self._name_fields()
        self._arrange()
        self._connect()

    def furnish(self, question: Question) -> Iterator[None]:
        """Add what takes longer to make, in steps, and show a question."""
        details = Details()
        details.hide()
        yield from details.furnish()
        self.details = details
        self.details.changed.connect(self._edited)
        self.details.costs_changed.connect(self._own_costs)
        self.details.submitted.connect(self.run_wanted)
        self.column.insertWidget(self.column.indexOf(self.unfold) + 1, self.details)
        yield
        self.show_question(question)

    def _name_fields(self) -> None:
        for widget, name in (
            (self.interval, tr("Length of a bar")),
            (self.reach, tr("Range")),
            (self.costs, tr("Costs")),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(name)

    def _connect(self) -> None:
        for choice in (self.interval, self.reach):
            choice.activated.connect(lambda _: self._edited())
        for day in (self.since, self.until):
            day.textEdited.connect(lambda _: self._edited())
            day.returnPressed.connect(self.run_wanted)
        self.costs.activated.connect(lambda _: self._choose_costs())
        self.money.changed.connect(self._edited)
        self.money.submitted.connect(lambda _: self.run_wanted.emit())

    def _arrange(self) -> None:
        column = self.column
        column.addWidget(self.strategy)
        column.addWidget(self.about)
        column.addWidget(self.parameters)
        self.add_heading(tr("Symbols"))
        column.addWidget(self.symbols)
        self.add_heading(tr("Bars and time"))
        times = QHBoxLayout()
        times.setSpacing(6)
        times.addWidget(self.interval, 2)
        times.addWidget(self.reach, 5)
        column.addLayout(times)
        self.days = QWidget()
        row = QHBoxLayout(self.days)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.since)
        row.addWidget(label(tr("to"), tone=Tone.MUTED))
        row.addWidget(self.until)
        row.addStretch(1)
        column.addWidget(self.days)
        self.day_error = label(tone=Tone.DANGER, kind="caption")
        self.day_error.setWordWrap(True)
        self.day_error.hide()
        column.addWidget(self.day_error)
        self.add_heading(tr("Money"))
        column.addWidget(self.money)
        self.add_heading(tr("Costs"))
        column.addWidget(self.costs)
        column.addWidget(self.cost_words)
        column.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        acts = QHBoxLayout()
        acts.setSpacing(8)
        acts.addWidget(self.run, 1)
        acts.addWidget(self.optimize)
        self.foot.addLayout(acts)
        self.setMinimumWidth(276)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    @property
    def kind(self) -> StrategyKind | None:
        """Give the strategy that is chosen."""
        return self.kinds.get(self._question.strategy)

    @property
    def offered(self) -> bool:
        """Tell whether there is anything to choose from yet."""
        return bool(self.kinds)

    @property
    def draft(self) -> Question:
        """Give the question as it was last complete, for the next start."""
        # Without kinds there are no fields for the parameters yet: what was kept stays as it is.
        return (self.question(quietly=True) if self.offered else None) or self._question

    def show_strategies(self, kinds: Sequence[StrategyKind], saved: Sequence[SavedStrategy]) -> None:
        """Offer these: what the person configured first, then all there is."""
        self.kinds = {kind.name: kind for kind in kinds}
        self._saved = {each.id: each for each in saved}
        self.strategy.clear()
        for each in saved:
            self.strategy.addItem(each.name, ("saved", each.id))
        if saved:
            self.strategy.insertSeparator(self.strategy.count())
        for kind in sorted(kinds, key=lambda each: each.title.casefold()):
            self.strategy.addItem(kind.title, ("kind", kind.name))
        question = self._question
        if question.saved and question.saved not in self._saved:
            question = replace(question, saved="")
        if question.strategy not in self.kinds and kinds:
            first = "momentum" if "momentum" in self.kinds else kinds[0].name
            question = replace(question, strategy=first, saved="", parameters={})
        # Only the strategy is chosen anew: what was typed elsewhere in the form stays.
        self._question = question
        self._show_strategy(question)

    def show_question(self, question: Question) -> None:
        """Show this in all fields."""
        self._question = question
        self._show_strategy(question)
        self.parameters.set_values(question.parameters)
        self.symbols.show_symbols(question.symbols)
        self.interval.setCurrentIndex(max(self.interval.findData(question.interval.value), 0))
        self.reach.setCurrentIndex(max(self.reach.findData(question.reach), 0))
        self.since.setText(question.since.isoformat() if question.since else "")
        self.until.setText(question.until.isoformat() if question.until else "")
        self.money.set_values({"capital": question.capital, "benchmark": question.benchmark})
        self.details.show_values(question.terms, question.rules)
        self._show_preset(preset_of(question.terms))
        self._show_days()
        self.clear_errors()

    def question(self, *, quietly: bool = False) -> Question | None:
        """Give what is asked, or None after saying beside the fields what does not fit."""
        if not quietly:
            self.clear_errors()
            self.symbols.take_typed()
        parameters, money = self.parameters.values(), self.money.values()
        details = self.details.values()
        days = self._read_days()
        if parameters is None or money is None or details is None or days is None:
            if quietly:
                self.clear_errors()
            elif details is None:
                self.unfold.setChecked(True)
            return None
        self._question = replace(
            self._question,
            parameters=parameters,
            symbols=self.symbols.symbols,
            interval=Interval(str(self.interval.currentData())),
            reach=str(self.reach.currentData()),
            since=days[0],
            until=days[1],
            capital=float(money["capital"]),
            benchmark=str(money.get("benchmark") or "").upper(),
            terms=details[0],
            rules=details[1],
        )
        return self._question

    def say_wrong(self, field: str, message: str, hint: str) -> None:
        """Say what is wrong at the field it concerns, or above Run when it concerns none."""
        self.clear_errors()
        parts = tuple(field.split("."))
        last = parts[-1]
        name = _PARTS.get(parts[-2:], _FIELDS.get(last, last))
        text = f"{message} {hint}".strip()
        if any(each.name == last for each in self.parameters.fields):
            self.parameters.show_error(last, text)
            self._reveal(self.parameters.editor(last))
        elif parts[0] == "symbols":
            self.symbols.say_wrong(text)
            self._reveal(self.symbols.field)
        elif last in ("start", "end"):
            self._say_day(self.since if last == "start" else self.until, text)
        elif name in ("capital", "benchmark"):
            self.money.show_error(name, text)
            self._reveal(self.money.editor(name))
        elif self.details.say_wrong(name, text):
            self.unfold.setChecked(True)
            self._reveal(self.details)
        else:
            if last in ("strategy", "name"):
                set_role(self.strategy, wrong=True)
            self._say_error(text)

    def clear_errors(self) -> None:
        """Take back everything that was said to be wrong."""
        self.parameters.clear_errors()
        self.money.clear_errors()
        self.details.clear_errors()
        self.symbols.say_wrong("")
        self._say_error("")
        self.day_error.hide()
        self.day_error.setText("")
        for widget in (self.since, self.until, self.strategy):
            set_role(widget, wrong=False)

    def _edited(self) -> None:
        self._show_days()
        self.changed.emit()

    def _show_strategy(self, question: Question) -> None:
        wanted = ("saved", question.saved) if question.saved else ("kind", question.strategy)
        places = range(self.strategy.count())
        found = next((place for place in places if self.strategy.itemData(place) == wanted), -1)
        self.strategy.setCurrentIndex(found)
        self._renew_parameters(question.parameters)

    def _choose_strategy(self) -> None:
        chosen = self.strategy.currentData()
        if not isinstance(chosen, tuple):
            return
        before = self.draft
        self._told[before.strategy] = before.parameters
        sort, name = chosen
        if sort == "saved":
            saved = self._saved[name]
            interval = next((each for each in Interval if each.value == saved.interval), before.interval)
            question = replace(
                before,
                strategy=saved.strategy,
                saved=saved.id,
                parameters=saved.parameters,
                symbols=saved.symbols or before.symbols,
                interval=interval,
            )
        else:
            question = replace(before, strategy=name, saved="", parameters=self._told.get(name, {}))
        self.show_question(question)
        self.changed.emit()

    def _renew_parameters(self, values: Mapping[str, Any]) -> None:
        kind = self.kind
        self.about.setText(kind.help if kind is not None else "")
        self.about.setVisible(bool(self.about.text()))
        fields = tuple(field_of(each) for each in kind.parameters) if kind is not None else ()
        if fields == self.parameters.fields:
            return
        old = self.parameters
        self.parameters = Form(fields, values=values)
        self.parameters.changed.connect(self._edited)
        self.parameters.submitted.connect(lambda _: self.run_wanted.emit())
        self.column.replaceWidget(old, self.parameters)
        old.hide()
        old.deleteLater()
        self.parameters.setVisible(bool(fields))

    def _choose_costs(self) -> None:
        name = str(self.costs.currentData())
        if name in PRESETS:
            values = self.details.values()
            rules = values[1] if values is not None else self._question.rules
            self.details.show_values(PRESETS[name], rules)
        else:
            self.unfold.setChecked(True)
        self._show_preset(name)
        self._edited()

    def _own_costs(self) -> None:
        self._show_preset("own")

    def _show_preset(self, name: str) -> None:
        self.costs.setCurrentIndex(self.costs.findData(name))
        self.cost_words.setText(tr(PRESET_WORDS[name]))

    def _fold(self, unfolded: bool) -> None:
        from puffling.desktop.icons import set_icon

        set_icon(self.unfold, "down" if unfolded else "right")
        self.details.setVisible(unfolded)

    def _show_days(self) -> None:
        self.days.setVisible(self.reach.currentData() == "dates")

    def _read_days(self) -> tuple[date | None, date | None] | None:
        if self.reach.currentData() != "dates":
            return self._question.since, self._question.until
        found: list[date | None] = []
        for field in (self.since, self.until):
            text = field.text().strip()
            try:
                found.append(date.fromisoformat(text) if text else None)
            except ValueError:
                self._say_day(field, tr("Write it like 2026-03-11."))
                return None
        return found[0], found[1]

    def _say_day(self, field: QLineEdit, text: str) -> None:
        set_role(field, wrong=True)
        self.day_error.setText(text)
        self.day_error.show()
        self._reveal(self.day_error)
        if field.isVisible():
            field.setFocus()

    def _reveal(self, widget: QWidget) -> None:
        self.area.ensureWidgetVisible(widget)
        widget.setFocus()
