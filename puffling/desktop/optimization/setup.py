"""What is to be searched: a question of the Backtest panel, what varies in it, and what is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from puffling.automation.research.search.values import OBJECTIVES
from puffling.automation.values import StrategyKind
from puffling.desktop.backtests.question import PRESET_TITLES, Question, preset_of, reach_words
from puffling.desktop.card import button, label
from puffling.desktop.charting.words import short_interval
from puffling.desktop.editors import Choice, narrow_choice
from puffling.desktop.optimization.asked import HOLDOUTS, METHODS, Asked
from puffling.desktop.optimization.axes import AxesEditor
from puffling.desktop.research.form import ResearchForm
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr


class SearchForm(ResearchForm):
    """Asks for a search, says how much work it is, and shows the searches on their way."""

    question_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("optimization", tr("Search"), tr("Try all of it (Ctrl+Enter)"))
        self.kinds: dict[str, StrategyKind] = {}
        self._asked = Asked()
        self.what = label(kind="title")
        self.where = label(tone=Tone.MUTED, kind="caption")
        for line in (self.what, self.where):
            line.setWordWrap(True)
        self.change = button(tr("Change in Backtest"), kind="quiet")
        self.change.setObjectName("optimization.question")
        self.change.setProperty("narrow", True)
        self.change.setToolTip(tr("Strategy, symbols, range and costs are those of the Backtest form."))
        self.change.clicked.connect(self.question_wanted)
        self.axes = AxesEditor()
        self.axes.changed.connect(self._edited)
        self.objective = _choice(tr("Best is"), {name: tr(title) for name, title in OBJECTIVES.items()})
        self.method = _choice(tr("Sets"), {name: tr(title) for name, title in METHODS.items()})
        self.most = QLineEdit()
        self.most.setAccessibleName(tr("How many at random"))
        self.most.setFixedWidth(64)
        self.most.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.holdout = _choice(tr("Kept unseen"), {share: tr(title) for share, title in HOLDOUTS.items()})
        self.plan = label(tone=Tone.MUTED, kind="caption")
        self.plan.setWordWrap(True)
        for choice in (self.objective, self.method, self.holdout):
            choice.activated.connect(lambda _: self._edited())
        self.most.textEdited.connect(lambda _: self._edited())
        self._arrange()

    def _arrange(self) -> None:
        column = self.column
        column.addWidget(self.what)
        column.addWidget(self.where)
        column.addWidget(self.change, 0, Qt.AlignmentFlag.AlignLeft)
        self.add_heading(tr("What varies"))
        column.addWidget(self.axes)
        self.add_heading(tr("Sets"))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.method, 1)
        row.addWidget(self.most)
        column.addLayout(row)
        self.add_heading(tr("The best has the highest"))
        column.addWidget(self.objective)
        self.add_heading(tr("Looked at only afterwards"))
        column.addWidget(self.holdout)
        column.addStretch(1)
        self.foot.addWidget(self.plan)
        self.foot.addWidget(self.run)
        self.setMinimumWidth(296)

    @property
    def asked(self) -> Asked:
        """Give the search as the form stands."""
        rows = self.axes.rows
        if not rows:
            return self._asked
        most = self.most.text().strip()
        return replace(
            self._asked,
            vary={name: row.said() for name, row in rows.items() if row.on.isChecked()},
            objective=str(self.objective.currentData()),
            method=str(self.method.currentData()),
            most=int(most) if most.isdecimal() else 0,
            holdout=float(self.holdout.currentData()),
        )

    @property
    def kind(self) -> StrategyKind | None:
        """Give the strategy that is searched."""
        return self.kinds.get(self._asked.question.strategy)

    def show_kinds(self, kinds: Sequence[StrategyKind]) -> None:
        """Take what strategies there are, with what each of them declares."""
        before, found = self.asked, {kind.name: kind for kind in kinds}
        if found != self.kinds:
            self.kinds = found
            self.show_asked(before)

    def show_question(self, question: Question) -> None:
        """Take over a question; of another strategy something else varies."""
        before = self.asked
        same = before.question.strategy == question.strategy
        self.show_asked(replace(before, question=question, vary=before.vary if same else {}))

    def show_asked(self, asked: Asked) -> None:
        """Show this in all fields."""
        self._asked = asked
        question, kind = asked.question, self.kind
        symbols = ", ".join(question.symbols[:6]) + (" …" if len(question.symbols) > 6 else "")
        title = kind.title if kind is not None else question.strategy.replace("_", " ").capitalize()
        self.what.setText(tr("{strategy}, {symbols}", strategy=title, symbols=symbols) if symbols else title)
        costs = tr(PRESET_TITLES[preset_of(question.terms)])
        self.where.setText(
            " · ".join(
                (short_interval(question.interval), reach_words(question), tr("costs: {name}", name=costs))
            )
        )
        declared = kind.parameters if kind is not None else ()
        self.axes.show_parameters(declared, question.parameters, asked.vary)
        for choice, value in (
            (self.objective, asked.objective),
            (self.method, asked.method),
            (self.holdout, asked.holdout),
        ):
            choice.setCurrentIndex(max(choice.findData(value), 0))
        self.most.setText(str(asked.most))
        self._settle()
        self.clear_errors()
        if kind is not None and not declared:
            self.say_wrong("strategy", tr("This strategy has no parameters that could vary."), "")

    def say_plan(self, text: str) -> None:
        """Say how much work it is."""
        self.plan.setText(text)

    def say_wrong(self, field: str, message: str, hint: str) -> None:
        """Say what is wrong at the field it concerns, or above Search when it concerns none."""
        self.clear_errors()
        text = f"{message} {hint}".strip()
        if self.axes.say_wrong(field, text):
            return
        if field == "trials":
            set_role(self.most, wrong=True)
        self._say_error(text)

    def clear_errors(self) -> None:
        """Take back everything that was said to be wrong."""
        self.axes.clear_errors()
        self._say_error("")
        set_role(self.most, wrong=False)

    def _edited(self) -> None:
        self._settle()
        self.clear_errors()
        self.changed.emit()

    def _settle(self) -> None:
        self.most.setVisible(self.method.currentData() == "random")


def _choice(name: str, offered: dict[str, str] | dict[float, str]) -> Choice:
    made = narrow_choice(name)
    for value, title in offered.items():
        made.addItem(title, value)
    return made
