"""What one does with searches, from the view to the core and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from puffling.desktop.backtests.asked import QuestionToTest
from puffling.desktop.backtests.question import Question
from puffling.desktop.later import later
from puffling.desktop.notices import Level
from puffling.desktop.optimization.asked import Asked, question_of
from puffling.desktop.optimization.lists import set_words
from puffling.desktop.optimization.view import OptimizationView
from puffling.desktop.research.room import ResearchRoom, grade_said
from puffling.desktop.session import Session
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.research.search.values import SearchDetail, SearchLine, SearchPlan, TrialLine
    from puffling.automation.values import SavedStrategy, StrategyKind

RUN, RESUME = "optimization.run", "optimization.resume"
PLAN_MILLISECONDS = 250
MOST_SETS = 10_000


class SearchRoom(ResearchRoom[OptimizationView]):
    """Joins the view of searches with the core."""

    abilities = (RUN, RESUME)
    words: ClassVar = {"deleted": "{count} searches deleted.", "all": "All searches"}

    def __init__(self, session: Session, view: OptimizationView, asked: Asked, shown: str) -> None:
        super().__init__(session, view, shown)
        self._plan_refused = False
        self._planning = later(self, self._plan, PLAN_MILLISECONDS)
        view.form.show_asked(asked)
        view.form.changed.connect(self._planning.start)
        view.question_wanted.connect(self._change_question)
        view.open_wanted.connect(self.open)
        view.delete_wanted.connect(self.delete)
        view.resume_wanted.connect(self.resume)
        view.result.use_wanted.connect(self.use)
        view.result.keep_wanted.connect(self.save_strategy)
        view.result.resume_wanted.connect(lambda: self.resume(self.shown))

    def id_of(self, result: SearchDetail) -> str:
        """Give the id of a search."""
        return result.summary.id

    def keep(self) -> dict[str, Any]:
        """Give what the next start shows again."""
        return {**super().keep(), "asked": self.view.form.asked.keep()}

    def sleep(self) -> None:
        """Stop timing."""
        super().sleep()
        self._planning.stop()

    def fetch_kinds(self) -> None:
        """Fetch what can be searched."""
        types = self.session.core.strategies.types
        self._do(types, "fetch strategies", self._offer, newest=self._named("kinds"))

    def list_kept(self) -> None:
        """Fetch the searches that are kept."""
        core = self.session.core
        self._do(core.optimization.all, "list", self._list, newest=self._named("list"))

    def take_question(self, question: Question) -> None:
        """Take over a question somebody wants better parameters for."""
        self.view.form.show_question(question)
        self.view.show_form(True)
        self._planning.start()
        if not self.shown:
            self.view.say_nothing_yet()

    def run(self) -> None:
        """Search what the form asks for."""
        form, core = self.view.form, self.session.core
        form.clear_errors()
        asked = form.asked
        if not asked.question.symbols:
            self._not_begun(InvalidInput(tr("Say which symbols to trade."), field="symbols"))
            return
        if not asked.vary:
            self._not_begun(InvalidInput(tr("Nothing varies: choose at least one parameter."), field="vary"))
            return
        self.desk.start(RUN, asked.arguments(core.clock.now().date()), form.what.text())

    def resume(self, id: str) -> None:
        """Go on with a search that stopped."""
        line = self.view.searches.rows.row_of(id)
        self.desk.start(RESUME, {"id": id}, line.name if line is not None else "")

    async def read(self, id: str) -> Callable[[], None]:
        """Read a search with its sets, and give what shows it."""
        core = self.session.core
        detail, trials = await core.optimization.show(id), await core.optimization.trials(id, limit=MOST_SETS)
        return partial(self.view.result.show_search, detail, trials)

    async def remove(self, id: str) -> SearchLine:
        """Delete a search."""
        return await self.session.core.optimization.delete(id)

    async def bring_back(self, id: str) -> SearchLine:
        """Undo that."""
        return await self.session.core.optimization.restore(id)

    def forget(self) -> None:
        """Show nothing of a search that is gone."""
        self.view.result.detail = None

    def use(self, trial: TrialLine) -> None:
        """Fill the Backtest form with a set."""
        detail = self.view.result.detail
        if detail is not None:
            self.session.show_panel("backtest")
            question = question_of(detail.request, trial.parameters)
            self.session.shared(QuestionToTest).ask(question)

    def save_strategy(self, trial: TrialLine) -> None:
        """Keep a set as a configured strategy."""
        detail = self.view.result.detail
        if detail is None:
            return
        summary, varied = detail.summary, set_words(trial.parameters, detail.varied)
        text = f"{varied}. {grade_said(summary.grade)}" if summary.grade else varied

        def say(saved: SavedStrategy) -> None:
            self.session.notices.tell(tr("{name} saved.", name=saved.name), level=Level.DONE)

        interval = Interval(summary.interval)
        self._keep_strategy(summary.strategy, trial.parameters, summary.symbols, interval, text, say)

    def _plan(self) -> None:
        if not self._awake:
            # It is planned when the panel wakes.
            return
        form, core = self.view.form, self.session.core
        asked = form.asked
        if form.kind is None or not asked.vary:
            form.say_plan("")
            return
        arguments = asked.plan(core.clock.now().date())

        def say(plan: SearchPlan) -> None:
            if self._plan_refused:
                form.clear_errors()
            self._plan_refused = False
            form.say_plan(plan.text)

        def refuse(error: PufflingError) -> None:
            self._plan_refused = True
            form.say_plan("")
            self._refused(error)

        self._do(
            lambda: core.optimization.plan(**arguments),
            "plan optimization",
            say,
            refuse,
            newest=self._named("plan"),
        )

    def _change_question(self) -> None:
        self.session.show_panel("backtest")
        question = self.view.form.asked.question
        if question.strategy:
            self.session.shared(QuestionToTest).ask(question)

    def _offer(self, kinds: tuple[StrategyKind, ...]) -> None:
        self.view.form.show_kinds(kinds)
        self._planning.start()

    def _list(self, lines: tuple[SearchLine, ...]) -> None:
        self.view.show_searches(lines)
        self._first_listed()

    def _not_begun(self, error: PufflingError) -> None:
        self.view.show_form(True)
        self._refused(error)

    def _refused(self, error: PufflingError) -> None:
        field = error.field if isinstance(error, InvalidInput) else ""
        self.view.form.say_wrong(field, error.message, error.hint)
