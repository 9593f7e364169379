"""What one does with tests and results, from the view to the core and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject

from puffling.desktop.ask import ask_text
from puffling.desktop.backtests.asked import QuestionToSearch, QuestionToTest
from puffling.desktop.backtests.desk import Desk, title_of
from puffling.desktop.backtests.figures import grade_words
from puffling.desktop.backtests.handing_on import HandingOn
from puffling.desktop.backtests.question import asked_before
from puffling.desktop.backtests.shown import ShownTrades
from puffling.desktop.backtests.view import COMPARE, HISTORY, RESULT, BacktestView
from puffling.desktop.later import later
from puffling.desktop.notices import Level
from puffling.desktop.saving import ask_where
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.research.values import (
        BacktestDetail,
        BacktestLine,
        Comparison,
        Verification,
    )
    from puffling.automation.values import SavedStrategy, StrategyKind
    from puffling.puffin.backtest.report import BacktestReport, Trade

R = TypeVar("R")
SEARCH_MILLISECONDS = 200
MOST_LISTED = 500


class Room(QObject):
    """Joins view and core while the panel is awake; what it began goes on while the panel sleeps."""

    def __init__(self, session: Session, view: BacktestView, result: str) -> None:
        super().__init__(view)
        self.session = session
        self.view = view
        self.desk = Desk(session, self)
        self.hand_on = HandingOn(session, view, self.save_strategy)
        self.result = result
        self._awake = False
        self._listed = False
        self._shown = session.shared(ShownTrades)
        self._to_test = session.shared(QuestionToTest)
        self._search = later(self, self.list_results, SEARCH_MILLISECONDS)
        self._connect()

    def _connect(self) -> None:
        view, desk = self.view, self.desk
        view.run_wanted.connect(self.run)
        view.setup.optimize_wanted.connect(self.optimize)
        view.setup.running.stop_wanted.connect(desk.stop)
        desk.changed.connect(self._show_running)
        desk.finished.connect(self.open)
        desk.failed.connect(self._say_failed)
        view.report.trade_chosen.connect(self._show_trade)
        view.report.chart_wanted.connect(lambda: self.session.show_panel("chart"))
        view.report.verify_wanted.connect(self.verify)
        history = view.history
        history.search_changed.connect(lambda _: self._search.start())
        history.open_wanted.connect(self.open)
        history.compare_wanted.connect(self.compare)
        history.delete_wanted.connect(self.delete)
        history.ask_again_wanted.connect(self.ask_again)
        history.annotated.connect(self.annotate)
        self._to_test.on_change(self._take_question)

    def wake(self) -> None:
        """Fetch what is shown."""
        self._awake = True
        self.fetch_strategies()
        self.list_results()
        self._do(self.session.core.jobs.all, "fetch jobs", self.desk.catch_up, newest="backtest.jobs")

    def sleep(self) -> None:
        """Stop timing."""
        self._awake = False
        self._search.stop()
        self.view.history.keep_notes()

    def run(self) -> None:
        """Run what the form asks."""
        setup = self.view.setup
        question = setup.question()
        if question is None:
            self.view.show_setup(True)
            return
        kind = setup.kind
        if kind is None:
            setup.say_wrong("strategy", tr("Choose a strategy."), "")
            return
        title = title_of(question, setup.strategy.currentText())
        self.desk.start(question, title)

    def optimize(self) -> None:
        """Hand what the form asks to the panel that searches better parameters."""
        question = self.view.setup.question()
        if question is None:
            self.view.show_setup(True)
            return
        self.session.show_panel("optimization")
        self.session.shared(QuestionToSearch).ask(question)

    def fetch_strategies(self) -> None:
        """Fetch what can be tested."""
        core = self.session.core

        async def both() -> tuple[tuple[StrategyKind, ...], tuple[SavedStrategy, ...]]:
            return await core.strategies.types(), await core.strategies.all()

        self._do(both, "fetch strategies", self._offer, newest="backtest.strategies")

    def list_results(self) -> None:
        """Fetch the results that are kept, or those that hold what is looked for."""
        core, text = self.session.core, self.view.history.search.text().strip()[:80]
        self._do(
            lambda: core.backtests.all(limit=MOST_LISTED, text=text),
            "list backtests",
            self._list,
            newest="backtest.list",
        )

    def open(self, id: str) -> None:
        """Show a result."""
        core = self.session.core

        async def read() -> BacktestReport:
            report: BacktestReport = await core.backtests.report(id)
            # Drawing it takes a while too: everything else gets its turn in between.
            await asyncio.sleep(0)
            return report

        if self.result != id:
            self.view.states.loading()
        self.result = id
        self.view.open_page(RESULT)
        self._do(read, "open backtest", self._show, self._say_gone, newest="backtest.open")

    def compare(self, ids: Sequence[str]) -> None:
        """Show results beside each other."""
        core = self.session.core

        async def read() -> tuple[Comparison, list[BacktestDetail]]:
            found = await core.backtests.compare(tuple(ids))
            details = []
            for id in ids:
                details.append(await core.backtests.show(id))
                await asyncio.sleep(0)
            return found, details

        def show(found: tuple[Comparison, list[BacktestDetail]]) -> None:
            self.view.compare.show_comparison(*found, self.view.setup.kinds)
            self.view.open_page(COMPARE)

        self._do(read, "compare backtests", show, newest="backtest.compare")

    def delete(self, ids: Sequence[str]) -> None:
        """Delete results, and offer them back."""
        core = self.session.core

        async def remove() -> list[BacktestLine]:
            return [await core.backtests.delete(id) for id in ids]

        shown = self.result if self.result in ids else ""

        async def bring_back() -> None:
            for id in ids:
                await core.backtests.restore(id)

        def reopen(_nothing: None) -> None:
            if shown and not self.result:
                page = self.view.page
                self.open(shown)
                self.view.open_page(page)

        def offer(gone: list[BacktestLine]) -> None:
            if shown and self.result == shown:
                self.result = ""
                self._shown.clear()
                self.view.report.report = None
                self.view.say_nothing_yet()
            said = (
                tr("{name} deleted.", name=gone[0].name)
                if len(gone) == 1
                else tr("{count} results deleted.", count=len(gone))
            )
            self.session.notices.tell(
                said,
                action=tr("Undo"),
                act=lambda: self._do(bring_back, "restore backtests", reopen),
            )

        self._do(remove, "delete backtests", offer)

    def annotate(self, id: str, changed: Mapping[str, Any]) -> None:
        """Keep what the person says of a result."""
        if self.session.connected:
            core = self.session.core
            self._do(lambda: core.backtests.annotate(id, **changed), "note backtest")

    def ask_again(self, id: str) -> None:
        """Fill the form with what a result was asked."""
        core = self.session.core

        def fill(detail: BacktestDetail) -> None:
            self.view.setup.show_question(asked_before(detail.request))
            self.view.show_setup(True)

        self._do(lambda: core.backtests.show(id), "read backtest", fill)

    def ask_this_again(self) -> None:
        """Fill the form with what the shown result was asked."""
        report = self.view.report.report
        if report is not None:
            self.view.setup.show_question(asked_before(report.request))
            self.view.show_setup(True)

    def verify(self) -> None:
        """Run the shown result again and compare."""
        report, core = self.view.report.report, self.session.core
        if report is None:
            return
        origin, id = self.view.report.origin, report.summary.id
        self.view.report.open_page("origin")
        origin.verify.setEnabled(False)
        origin.say_verified(tr("Running it again …"), Tone.MUTED)

        def say(found: Verification) -> None:
            origin.verify.setEnabled(True)
            shown = self.view.report.report
            if shown is not None and shown.summary.id == found.id:
                sign = "✓" if found.identical else "≠"
                origin.say_verified(f"{sign} {found.text}", Tone.UP if found.identical else Tone.WARN)

        def fail(error: PufflingError) -> None:
            origin.verify.setEnabled(True)
            origin.say_verified(f"{error.message} {error.hint}".strip(), Tone.DANGER)

        self._do(lambda: core.backtests.verify(id), "verify backtest", say, fail)

    def export(self, suffix: str) -> None:
        """Ask for a file and write the shown result into it: html, pdf, or csv with the trades."""
        report = self.view.report.report
        if report is not None:
            name = "".join(sign if sign.isalnum() else "-" for sign in report.summary.name)[:60].strip("-")
            title = tr("Save the trades") if suffix == "csv" else tr("Save the tear sheet")
            write = partial(self.write, report.summary.id)
            ask_where(self.session, self.view, title, name, suffix, write)

    def write(self, id: str, file: Path) -> None:
        """Write a result into a file, as its name ends."""
        core = self.session.core
        self._do(
            lambda: core.backtests.save(id, file.absolute()),
            "export backtest",
            lambda saved: self.session.notices.tell(tr("Saved {file}.", file=saved.file), level=Level.DONE),
        )

    def save_strategy(self) -> None:
        """Keep the strategy of the shown result, or of the form, under a name."""
        report = self.view.report.report
        core = self.session.core
        if report is not None:
            summary = report.summary
            strategy, parameters, symbols = summary.strategy, summary.parameters, summary.symbols
            interval = Interval(summary.interval)
        else:
            draft = self.view.setup.draft
            strategy, parameters, symbols = draft.strategy, dict(draft.parameters), draft.symbols
            interval = draft.interval
        title = strategy.replace("_", " ").capitalize()
        grade = report.summary.grade if report is not None else ""

        async def keep() -> SavedStrategy | None:
            name = await ask_text(
                self.view,
                tr("Save as strategy"),
                tr("Name"),
                act=tr("Save"),
                value=f"{title} {' '.join(symbols[:3])}"[:80].strip(),
                text=f"{grade}: {grade_words(grade)}." if grade else "",
            )
            if name is None:
                return None
            return await core.strategies.create(
                name, strategy, symbols=symbols, interval=interval, parameters=parameters
            )

        def say(saved: SavedStrategy | None) -> None:
            if not self.hand_on.saved_as(saved) and saved is not None:
                self.session.notices.tell(
                    tr("{name} saved.", name=saved.name),
                    level=Level.DONE,
                    action=tr("Activate …"),
                    act=lambda: self.hand_on.activate_this(saved),
                )

        self._do(keep, "save strategy", say)

    def take_strategy(self, saved: SavedStrategy) -> None:
        """Take over a configured strategy that somebody wants tested."""
        setup = self.view.setup
        interval = next((each for each in Interval if each.value == saved.interval), Interval.D1)
        before = setup.draft
        setup.show_question(
            replace(
                before,
                strategy=saved.strategy,
                saved=saved.id,
                parameters=saved.parameters,
                symbols=saved.symbols or before.symbols,
                interval=interval,
            )
        )
        self.view.show_setup(True)

    def _take_question(self) -> None:
        """Take over a question that another panel wants tested."""
        question = self._to_test.question
        if question is not None:
            self.view.setup.show_question(question)
            self.view.show_setup(True)

    def _offer(self, found: tuple[tuple[StrategyKind, ...], tuple[SavedStrategy, ...]]) -> None:
        setup = self.view.setup
        first = not setup.offered
        setup.show_strategies(*found)
        if first:
            # What was asked before this form was there.
            self._take_question()
        if first and not setup.symbols.symbols:
            setup.symbols.show_symbols((self.session.selection.symbol,))

    def _list(self, lines: tuple[BacktestLine, ...]) -> None:
        self.view.history.show_lines(lines)
        looking = bool(self.view.history.search.text().strip())
        self.view.history.table.when_empty(
            tr("Nothing found") if looking else tr("No results yet"),
            tr("No result holds these words.") if looking else tr("Every test you run is kept here."),
            icon="search" if looking else "backtest",
        )
        if not self._listed:
            self._listed = True
            if self.result:
                page = self.view.page
                self.open(self.result)
                self.view.open_page(page)
                self.view.show_setup(self.view.setup_open)
            else:
                self.view.say_nothing_yet()

    def _show(self, report: BacktestReport) -> None:
        if report.summary.id != self.result:
            return
        before = self.view.report.report
        if before is not None and before.summary.id != report.summary.id:
            self._shown.clear()
        self.view.report.show_report(report, self.view.setup.kinds.get(report.summary.strategy))
        self.view.states.content()

    def _say_gone(self, error: PufflingError) -> None:
        self.result = ""
        self.view.states.error(
            error.message, error.hint, action=tr("All results"), act=lambda: self.view.open_page(HISTORY)
        )

    def _show_running(self) -> None:
        if self._awake:
            self.view.setup.running.show_jobs(self.desk.jobs, self.desk.names)

    def _say_failed(self, error: Mapping[str, str]) -> None:
        field, message = error.get("field", ""), error.get("message", "")
        self.view.show_setup(True)
        self.view.setup.say_wrong(field, message, error.get("hint", ""))

    def _show_trade(self, trade: Trade) -> None:
        report = self.view.report.report
        if report is None:
            return
        interval = Interval(report.summary.interval)
        self._shown.show(report.trades, interval, trade)
        self.session.selection.choose(trade.symbol, interval)

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
