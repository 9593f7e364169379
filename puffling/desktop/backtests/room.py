"""What one does with tests and results, from the view to the core and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from puffling.desktop.backtests.asked import QuestionToSearch, QuestionToTest
from puffling.desktop.backtests.handing_on import HandingOn
from puffling.desktop.backtests.question import asked_before, reach_words, title_of
from puffling.desktop.backtests.shown import ShownTrades
from puffling.desktop.backtests.view import COMPARE, BacktestView
from puffling.desktop.later import later
from puffling.desktop.notices import Level
from puffling.desktop.research.room import ResearchRoom, grade_said
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
    from puffling.puffin.backtest.report import BacktestReport, Summary, Trade

SEARCH_MILLISECONDS = 200
MOST_LISTED = 500


class Room(ResearchRoom[BacktestView]):
    """Joins the view of backtests with the core."""

    abilities = ("backtest.run",)
    words: ClassVar = {"deleted": "{count} results deleted.", "all": "All results"}

    def __init__(self, session: Session, view: BacktestView, shown: str) -> None:
        super().__init__(session, view, shown)
        self.hand_on = HandingOn(session, view, self._save_strategy)
        self._on_chart = session.shared(ShownTrades)
        self._to_test = session.shared(QuestionToTest)
        self._search = later(self, self.list_kept, SEARCH_MILLISECONDS)
        self._connect()

    def _connect(self) -> None:
        view = self.view
        view.setup.optimize_wanted.connect(self.optimize)
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

    def id_of(self, result: Summary) -> str:
        """Give the id of a result."""
        return result.id

    def keep(self) -> dict[str, Any]:
        """Give what the next start shows again."""
        return {**super().keep(), "question": self.view.setup.draft.keep()}

    def sleep(self) -> None:
        """Stop timing."""
        super().sleep()
        self._search.stop()
        self.view.history.keep_notes()

    def run(self) -> None:
        """Run what the form asks."""
        setup = self.view.setup
        question = setup.question()
        if question is None:
            self.view.show_form(True)
            return
        kind = setup.kind
        if kind is None:
            setup.say_wrong("strategy", tr("Choose a strategy."), "")
            return
        name = f"{title_of(question, setup.strategy.currentText())} · {reach_words(question)}"
        today = self.session.core.clock.now().date()
        self.desk.start(self.abilities[0], question.arguments(today), name)

    def optimize(self) -> None:
        """Hand what the form asks to the panel that searches better parameters."""
        question = self.view.setup.question()
        if question is None:
            self.view.show_form(True)
            return
        self.session.show_panel("optimization")
        self.session.shared(QuestionToSearch).ask(question)

    def fetch_kinds(self) -> None:
        """Fetch what can be tested."""
        core = self.session.core

        async def both() -> tuple[tuple[StrategyKind, ...], tuple[SavedStrategy, ...]]:
            return await core.strategies.types(), await core.strategies.all()

        self._do(both, "fetch strategies", self._offer, newest="backtest.strategies")

    def list_kept(self) -> None:
        """Fetch the results that are kept, or those that hold what is looked for."""
        core, text = self.session.core, self.view.history.search.text().strip()[:80]
        self._do(
            lambda: core.backtests.all(limit=MOST_LISTED, text=text),
            "list backtests",
            self._list,
            newest="backtest.list",
        )

    async def read(self, id: str) -> Callable[[], None]:
        """Read a result, and give what shows it."""
        report: BacktestReport = await self.session.core.backtests.report(id)
        return partial(self._show, report)

    async def remove(self, id: str) -> BacktestLine:
        """Delete a result."""
        return await self.session.core.backtests.delete(id)

    async def bring_back(self, id: str) -> BacktestLine:
        """Undo that."""
        return await self.session.core.backtests.restore(id)

    def forget(self) -> None:
        """Show nothing of a result that is gone, on the chart neither."""
        self._on_chart.clear()
        self.view.report.report = None

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
            self.view.show_form(True)

        self._do(lambda: core.backtests.show(id), "read backtest", fill)

    def ask_this_again(self) -> None:
        """Fill the form with what the shown result was asked."""
        report = self.view.report.report
        if report is not None:
            self.view.setup.show_question(asked_before(report.request))
            self.view.show_form(True)

    def verify(self) -> None:
        """Run the shown result again and compare."""
        report, core = self.view.report.report, self.session.core
        if report is None:
            return
        origin, id = self.view.report.origin, report.summary.id
        self.view.report.open_page("origin")
        origin.verify.setEnabled(False)
        origin.say_verified(tr("Running it again…"), Tone.MUTED)

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
        self._save_strategy(self._say_saved)

    def _save_strategy(self, then: Callable[[SavedStrategy], None]) -> None:
        report = self.view.report.report
        if report is not None:
            summary = report.summary
            strategy, parameters, symbols = summary.strategy, summary.parameters, summary.symbols
            interval = Interval(summary.interval)
        else:
            draft = self.view.setup.draft
            strategy, parameters, symbols = draft.strategy, dict(draft.parameters), draft.symbols
            interval = draft.interval
        grade = report.summary.grade if report is not None else ""

        def kept(saved: SavedStrategy) -> None:
            if report is not None:
                self.hand_on.note(report.summary.id, saved)
            then(saved)

        self._keep_strategy(strategy, parameters, symbols, interval, grade_said(grade), kept)

    def _say_saved(self, saved: SavedStrategy) -> None:
        self.session.notices.tell(
            tr("{name} saved.", name=saved.name),
            level=Level.DONE,
            action=tr("Activate…"),
            act=lambda: self.hand_on.activate_this(saved),
        )

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
        self.view.show_form(True)

    def _take_question(self) -> None:
        """Take over a question that another panel wants tested."""
        question = self._to_test.question
        if question is not None:
            self.view.setup.show_question(question)
            self.view.show_form(True)

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
        self._first_listed()

    def _show(self, report: BacktestReport) -> None:
        before = self.view.report.report
        if before is not None and before.summary.id != report.summary.id:
            self._on_chart.clear()
        self.view.report.show_report(report, self.view.setup.kinds.get(report.summary.strategy))

    def _show_trade(self, trade: Trade) -> None:
        report = self.view.report.report
        if report is None:
            return
        interval = Interval(report.summary.interval)
        self._on_chart.show(report.trades, interval, trade)
        self.session.selection.choose(trade.symbol, interval)
