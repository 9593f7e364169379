"""What one does with searches, from the view to the core and back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject

from puffling.desktop.ask import ask_text
from puffling.desktop.backtests.asked import QuestionToTest
from puffling.desktop.backtests.figures import grade_words
from puffling.desktop.backtests.question import Question
from puffling.desktop.later import later
from puffling.desktop.notices import Level
from puffling.desktop.optimization.asked import Asked, question_of
from puffling.desktop.optimization.lists import set_words
from puffling.desktop.optimization.view import ALL, RESULT, OptimizationView
from puffling.desktop.session import Session
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.jobs import JobChanged, JobRecord, JobState
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.research.search.values import SearchDetail, SearchLine, SearchPlan, TrialLine
    from puffling.automation.values import SavedStrategy, StrategyKind

R = TypeVar("R")
RUN, RESUME = "optimization.run", "optimization.resume"
PLAN_MILLISECONDS = 250
MOST_SETS = 10_000


class SearchRoom(QObject):
    """Joins view and core while the panel is awake; what it began goes on while the panel sleeps."""

    def __init__(self, session: Session, view: OptimizationView, asked: Asked, search: str) -> None:
        super().__init__(view)
        self.session = session
        self.view = view
        self.search = search
        self._mine: dict[str, str] = {}
        self._jobs: dict[str, JobRecord] = {}
        self._awake = False
        self._listed = False
        self._plan_refused = False
        self._planning = later(self, self._plan, PLAN_MILLISECONDS)
        form = view.form
        form.show_asked(asked)
        form.changed.connect(self._planning.start)
        form.question_wanted.connect(self._change_question)
        form.running.stop_wanted.connect(self._stop)
        view.run_wanted.connect(self.run)
        view.open_wanted.connect(self.open)
        view.delete_wanted.connect(self.delete)
        view.resume_wanted.connect(self.resume)
        view.result.use_wanted.connect(self.use)
        view.result.keep_wanted.connect(self.save_strategy)
        view.result.resume_wanted.connect(lambda: self.resume(self.search))

    def wake(self) -> None:
        """Fetch what is shown."""
        self._awake = True
        core = self.session.core
        self._do(core.strategies.types, "fetch strategies", self._offer, newest="optimization.kinds")
        self._do(core.jobs.all, "fetch jobs", self._catch_up, newest="optimization.jobs")
        self.list_searches()

    def sleep(self) -> None:
        """Stop timing."""
        self._awake = False
        self._planning.stop()

    def list_searches(self) -> None:
        """Fetch the searches that are kept."""
        core = self.session.core
        self._do(core.optimization.all, "list optimizations", self._list, newest="optimization.list")

    def take_question(self, question: Question) -> None:
        """Take over a question somebody wants better parameters for."""
        self.view.form.show_question(question)
        self.view.show_form(True)
        self._planning.start()
        if not self.search:
            self._say_nothing_yet()

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
        arguments = asked.arguments(core.clock.now().date())
        self._do(
            lambda: core.registry.get(RUN).start(arguments),
            "start optimization",
            lambda job: self._begun(job.record, form.what.text()),
            self._not_begun,
        )

    def resume(self, id: str) -> None:
        """Go on with a search that stopped."""
        core, line = self.session.core, self.view.searches.rows.row_of(id)
        self._do(
            lambda: core.registry.get(RESUME).start({"id": id}),
            "resume optimization",
            lambda job: self._begun(job.record, line.name if line is not None else ""),
            self._not_begun,
        )

    def open(self, id: str) -> None:
        """Show a search."""
        core = self.session.core

        async def read() -> tuple[SearchDetail, tuple[TrialLine, ...]]:
            return await core.optimization.show(id), await core.optimization.trials(id, limit=MOST_SETS)

        if self.search != id:
            self.view.states.loading()
        self.search = id
        self.view.open_page(RESULT)
        self._do(
            read,
            "open optimization",
            lambda found: self._show(*found),
            self._say_gone,
            newest="optimization.open",
        )

    def delete(self, ids: Sequence[str]) -> None:
        """Delete searches, and offer them back."""
        core = self.session.core

        async def remove() -> list[SearchLine]:
            return [await core.optimization.delete(id) for id in ids]

        async def bring_back() -> None:
            for id in ids:
                await core.optimization.restore(id)

        def offer(gone: list[SearchLine]) -> None:
            if self.search in ids:
                self.search = ""
                self.view.result.detail = None
                self._say_nothing_yet()
            said = (
                tr("{name} deleted.", name=gone[0].name)
                if len(gone) == 1
                else tr("{count} searches deleted.", count=len(gone))
            )
            self.session.notices.tell(
                said, action=tr("Undo"), act=lambda: self._do(bring_back, "restore optimizations")
            )

        self._do(remove, "delete optimizations", offer)

    def use(self, trial: TrialLine) -> None:
        """Fill the Backtest form with a set."""
        detail = self.view.result.detail
        if detail is not None:
            self.session.show_panel("backtest")
            question = question_of(detail.request, trial.parameters)
            self.session.shared(QuestionToTest).ask(question)

    def save_strategy(self, trial: TrialLine) -> None:
        """Keep a set as a configured strategy."""
        detail, core = self.view.result.detail, self.session.core
        if detail is None:
            return
        summary = detail.summary
        interval = Interval(summary.interval)
        varied = set_words(trial.parameters, detail.varied)
        title = summary.strategy.rpartition(":")[2].replace("_", " ").capitalize()

        async def keep() -> SavedStrategy | None:
            name = await ask_text(
                self.view,
                tr("Save as strategy"),
                tr("Name"),
                act=tr("Save"),
                value=f"{title} {' '.join(summary.symbols[:3])}"[:80].strip(),
                text=f"{varied}. {summary.grade}: {grade_words(summary.grade)}." if summary.grade else varied,
            )
            if name is None:
                return None
            return await core.strategies.create(
                name,
                summary.strategy,
                symbols=summary.symbols,
                interval=interval,
                parameters=trial.parameters,
            )

        def say(saved: SavedStrategy | None) -> None:
            if saved is not None:
                self.session.notices.tell(tr("{name} saved.", name=saved.name), level=Level.DONE)

        self._do(keep, "save strategy", say)

    def take_job(self, event: JobChanged) -> None:
        """Take in what became of a job."""
        self._note(event.job)
        self._show_running()

    def _begun(self, job: JobRecord, name: str) -> None:
        self._mine[job.id] = name
        self._note(job)
        self._show_running()

    def _catch_up(self, jobs: tuple[JobRecord, ...]) -> None:
        self._jobs = {}
        for job in reversed(jobs):
            self._note(job)
        self._show_running()

    def _note(self, job: JobRecord) -> None:
        if job.capability_id not in (RUN, RESUME):
            return
        if not job.final:
            self._jobs[job.id] = job
            return
        self._jobs.pop(job.id, None)
        if self._mine.pop(job.id, None) is None:
            return
        if job.state is JobState.DONE:
            try:
                found = self.session.core.board.get(job.id, job.user).result
            except NotFound:
                return
            self.open(found.summary.id)
        elif job.state is JobState.FAILED:
            error = job.error or {}
            self.view.show_form(True)
            self.view.form.say_wrong(error.get("field", ""), error.get("message", ""), error.get("hint", ""))

    def _show_running(self) -> None:
        if self._awake:
            self.view.form.running.show_jobs(self._jobs, self._mine)

    def _stop(self, id: str) -> None:
        core = self.session.core
        self._do(lambda: core.jobs.cancel(id), "cancel optimization")

    def _plan(self) -> None:
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
            newest="optimization.plan",
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
        if not self._listed:
            self._listed = True
            if self.search:
                page = self.view.page
                self.open(self.search)
                self.view.open_page(page)
            else:
                self._say_nothing_yet()

    def _show(self, detail: SearchDetail, trials: tuple[TrialLine, ...]) -> None:
        if detail.summary.id == self.search:
            self.view.result.show_search(detail, trials)
            self.view.states.content()

    def _say_gone(self, error: PufflingError) -> None:
        self.search = ""
        self.view.states.error(
            error.message, error.hint, action=tr("All searches"), act=lambda: self.view.open_page(ALL)
        )

    def _say_nothing_yet(self) -> None:
        nothing = not self.view.form.asked.question.strategy
        self.view.say_nothing_yet(self._change_question if nothing else None)

    def _not_begun(self, error: PufflingError) -> None:
        self.view.show_form(True)
        self._refused(error)

    def _refused(self, error: PufflingError) -> None:
        field = error.field if isinstance(error, InvalidInput) else ""
        self.view.form.say_wrong(field, error.message, error.hint)

    def _do(
        self,
        work: Callable[[], Coroutine[Any, Any, R]],
        name: str,
        then: Callable[[R], None] | None = None,
        failed: Callable[[PufflingError], None] | None = None,
        *,
        newest: str | None = None,
    ) -> None:
        self.session.dispatch.run(
            work,
            name=name,
            then=then,
            failed=failed or self.session.tell_error,
            newest=newest,
            owner=self,
        )
