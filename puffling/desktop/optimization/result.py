"""What a search came to: how far its best can be trusted, then the map, all sets, reasons, the walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
)

from puffling.automation.research.search.values import SearchDetail, TrialLine
from puffling.desktop import numbers
from puffling.desktop.backtests.figures import BY_ID
from puffling.desktop.backtests.verdict import VerdictPage
from puffling.desktop.card import button, label
from puffling.desktop.columns import Column, R
from puffling.desktop.optimization.lists import (
    STATES,
    Step,
    set_words,
    step_columns,
    trial_columns,
    written,
)
from puffling.desktop.optimization.map import ParameterMap
from puffling.desktop.research.result import ResultView
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr

_DOUBTS = {
    "deflated_sharpe": "Deflated Sharpe {share}",
    "overfitting_probability": "overfitting {share}",
}


class SearchResult(ResultView):
    """Shows one search; nothing in it is called best without what is to be thought of it."""

    titles: ClassVar = {"map": "Map", "sets": "Sets", "reasons": "Trust", "walk": "Walk forward"}
    wide, flat = 700, 460
    use_wanted = Signal(object)
    keep_wanted = Signal(object)
    resume_wanted = Signal()

    def __init__(self, page: str = "") -> None:
        super().__init__(page, "reasons")
        self.detail: SearchDetail | None = None
        self.trials: dict[int, TrialLine] = {}
        self._chosen = -1
        self.which = label(tone=Tone.MUTED, kind="caption")
        self.set = label(kind="title")
        self.scores = label()
        self.doubts = label(tone=Tone.MUTED, kind="caption")
        for line in (self.which, self.set, self.scores, self.doubts):
            line.setWordWrap(True)
        self.use = button(tr("Use these"))
        self.use.setObjectName("optimization.use")
        self.use.setToolTip(tr("Fill the Backtest form with this set"))
        self.keep = button(tr("Save as strategy…"))
        self.keep.setObjectName("optimization.keep")
        self.resume = button(tr("Go on"), icon="play")
        self.resume.setObjectName("optimization.resume")
        self.resume.setToolTip(tr("Try the sets that are still missing"))
        self.use.clicked.connect(self._use)
        self.keep.clicked.connect(self._keep)
        self.resume.clicked.connect(self.resume_wanted)
        self._arrange()

    def furnish(self) -> Iterator[None]:
        """Make the pages, one at a step."""
        self.map = ParameterMap()
        self.map.chosen.connect(self.choose)
        yield
        self.sets: Table[TrialLine] = Table([], title=tr("Sets"))
        self._made_for: tuple[object, ...] = ()
        self.reasons = VerdictPage()
        yield
        self.walk: Table[Step] = Table([], title=tr("Walk forward"))
        for page in (self.map, self.sets, self.reasons, self.walk):
            self.stack.addWidget(page)
        yield
        self._add_pages("optimization")

    @property
    def chosen(self) -> TrialLine | None:
        """Give the set that is looked at: the chosen one, or the best."""
        return self.trials.get(self._chosen)

    def show_search(self, detail: SearchDetail, trials: Sequence[TrialLine]) -> None:
        """Show this search."""
        before = self.detail
        self.detail = detail
        self.trials = {each.number: each for each in trials}
        summary, best = detail.summary, detail.best
        tried = (
            tr("{count} sets", count=f"{summary.tried:,}")
            if summary.tried == summary.planned
            else tr("{count} of {all} sets", count=f"{summary.tried:,}", all=f"{summary.planned:,}")
        )
        state = "" if summary.state == "done" else tr(STATES[summary.state])
        reach = tr("{first} to {last}", first=summary.start, last=summary.end)
        self._say_head(summary.name, (state, tried, ", ".join(summary.symbols), summary.interval, reach))
        self._say_data(detail.data_label, (detail.quality,), detail.warnings)
        self.verdict.show_verdict(summary.grade, detail.findings)
        self.reasons.show_reasons(detail.findings)
        self.resume.setVisible(summary.state not in ("done", "running"))
        self._show_sets(detail)
        same = before is not None and before.summary.id == summary.id
        number = best.number if best is not None else -1
        self._chosen = self._chosen if same and self._chosen in self.trials else number
        self.map.show_trials(trials, detail.varied, summary.objective, number)
        self._show_walk(detail)
        self._show_chosen()

    def choose(self, number: int) -> None:
        """Look at one set."""
        if number in self.trials and number != self._chosen:
            self._chosen = number
            self._show_chosen()

    def _arrange(self) -> None:
        acts = QHBoxLayout()
        acts.setSpacing(8)
        for each in (self.use, self.keep, self.resume):
            acts.addWidget(each)
        acts.addStretch(1)
        best = QVBoxLayout()
        best.setSpacing(2)
        for widget in (self.which, self.set, self.scores, self.doubts):
            best.addWidget(widget)
        best.addSpacing(4)
        best.addLayout(acts)
        self._put_beside(5, best, 5)

    def _fit(self, *, wide: bool, flat: bool) -> None:
        super()._fit(wide=wide, flat=flat)
        self.which.setHidden(flat)

    def _show_sets(self, detail: SearchDetail) -> None:
        objective = detail.summary.objective
        made_for = (*detail.varied, objective)
        if made_for != self._made_for:
            self._made_for = made_for
            self.sets = self._renewed(self.sets, trial_columns(detail.varied, objective), tr("Sets"))
            self.sets.keys_selected.connect(self._take_row)
            self.sets.key_activated.connect(lambda _: self._use())
            self.sets.menu_opening.connect(self._extend_menu)
            self.walk = self._renewed(self.walk, step_columns(detail.varied, objective), tr("Walk forward"))
            self.walk.when_empty(
                tr("No walk forward"), tr("The history is too short to choose anew in parts of it.")
            )
        self.sets.set_rows({str(each.number): each for each in self.trials.values()})
        self.sets.when_empty(tr("Nothing tried yet"), tr("What was tried stands here as it comes."))
        self._say_count("sets", len(self.trials))

    def _renewed(self, old: Table[R], columns: list[Column[R]], title: str) -> Table[R]:
        made = Table(columns, title=title)
        place = self.stack.indexOf(old)
        shown = self.stack.currentWidget() is old
        self.stack.removeWidget(old)
        self.stack.insertWidget(place, made)
        if shown:
            self.stack.setCurrentWidget(made)
        old.deleteLater()
        return made

    def _show_walk(self, detail: SearchDetail) -> None:
        steps = [Step(place, each) for place, each in enumerate(detail.stretches, start=1)]
        self.walk.set_rows({str(each.number): each for each in steps})

    def _show_chosen(self) -> None:
        detail, trial = self.detail, self.chosen
        for each in (self.use, self.keep):
            each.setEnabled(trial is not None and not trial.trouble)
        if detail is None or trial is None:
            under_way = detail is not None and detail.summary.state == "running"
            self.which.setText(tr("Under way") if under_way else tr("No best set"))
            self.set.setText("")
            self.doubts.setText("")
            self.scores.setText(
                tr("What is best is known, and judged, when all is tried.")
                if under_way
                else tr("No set did anything that could be measured.")
            )
            return
        best = detail.best is not None and trial.number == detail.best.number
        count = f"{len(self.trials):,}"
        self.which.setText(tr("Best of {count} sets", count=count) if best else tr("The set you look at"))
        self.set.setText(set_words(trial.parameters, detail.varied))
        objective = detail.summary.objective
        title = tr(BY_ID[objective].title)
        seen, later = (written(objective, each) for each in (trial.score, trial.unseen_score))
        said = tr("{title} {seen} where it was chosen", title=title, seen=seen)
        if detail.holdout:
            said = tr("{said}, {later} in what came after", said=said, later=later)
        self.scores.setText(trial.trouble or said)
        self.doubts.setText(_doubts(detail) if best else tr("Only the best is judged."))
        self.sets.select([str(trial.number)])

    def _take_row(self, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            self.choose(int(keys[0]))

    def _extend_menu(self, menu: QMenu, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            menu.addAction(tr("Use these"), self._use)
            menu.addAction(tr("Save as strategy…"), self._keep)

    def _use(self) -> None:
        if self.use.isEnabled():
            self.use_wanted.emit(self.chosen)

    def _keep(self) -> None:
        if self.keep.isEnabled():
            self.keep_wanted.emit(self.chosen)


def _doubts(detail: SearchDetail) -> str:
    """Give the figures that the best never stands without."""
    told = detail.figures
    parts = [
        tr(words, share=numbers.percent(value, 0, signed=False))
        for name, words in _DOUBTS.items()
        if (value := told.get(name)) is not None
    ]
    plateau = next((each for each in detail.findings if each.check == "plateau"), None)
    if plateau is not None:
        parts.append(tr(str(plateau.values.get("where", ""))))
    return " · ".join(parts)
