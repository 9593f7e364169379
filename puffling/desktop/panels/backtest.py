"""Backtest: ask what a strategy would have done, see how far the answer can be trusted, keep and compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import tool_button
from puffling.desktop.menus import passing_menu
from puffling.desktop.panel import Area, panel
from puffling.desktop.research.panel import ResearchPanel
from puffling.desktop.session import Session
from puffling.desktop.strategies.shared import StrategyToTest
from puffling.runtime.text import tr
from puffling.store.events import ResultsChanged, StrategiesChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.backtests.room import Room
    from puffling.desktop.backtests.view import BacktestView


@panel(id="backtest", title="Backtest", icon="backtest", area=Area.CENTRE, order=6)
class BacktestPanel(ResearchPanel["BacktestView", "Room"]):
    """Asks, runs, shows and keeps backtests."""

    pieces = (
        "backtests.figures",
        "backtests.handing_on",
        "backtests.question",
        "backtests.plots",
        "backtests.painting",
        "backtests.timechart",
        "backtests.bins",
        "backtests.heat",
        "backtests.verdict",
        "backtests.lists",
        "backtests.origin",
        "research.result",
        "backtests.report",
        "backtests.symbols",
        "backtests.details",
        "research.form",
        "backtests.setup",
        "research.columns",
        "backtests.history",
        "backtests.compare",
        "backtests.view",
        "backtests.room",
    )
    titles: ClassVar = {"setup": "Setup", "result": "Result", "history": "All results"}

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._to_test = session.shared(StrategyToTest)
        self._to_test.on_change(self._take_strategy)
        self.more = tool_button("export", tr("Save, copy or go on with this result"))
        self.more.clicked.connect(self._open_menu)

    def header(self) -> list[QWidget]:
        return [*super().header(), self.more]

    def acts(self) -> Iterable[Action]:
        # As abilities: what does not exist (yet) is offered nowhere.
        yield self._action(
            "start",
            tr("Run the backtest the form asks for"),
            lambda room: room.run(),
            tr("Like Run in the Backtest panel (Ctrl+Enter there)."),
            "backtest",
        )
        for name, title, act in (
            ("cancel", tr("Cancel running backtests"), lambda room: room.desk.stop_all()),
            (
                "optimize",
                tr("Search better parameters for what the form asks"),
                lambda room: room.optimize(),
            ),
            ("results", tr("All results of backtests"), lambda room: room.view.open_page("history")),
            ("again", tr("Ask the shown backtest again"), lambda room: room.ask_this_again()),
            ("check", tr("Run the shown backtest again and compare"), lambda room: room.verify()),
            ("keep-strategy", tr("Save as strategy"), lambda room: room.save_strategy()),
            ("activate", tr("Activate the strategy shown"), lambda room: room.hand_on.activate()),
            ("rehearse", tr("Rehearse the strategy shown"), lambda room: room.hand_on.rehearse()),
            ("rehearsals", tr("Show rehearsals"), lambda room: room.hand_on.show_rehearsals()),
            ("save-html", tr("Save the tear sheet (HTML)"), lambda room: room.export("html")),
            ("save-pdf", tr("Save the tear sheet (PDF)"), lambda room: room.export("pdf")),
            ("save-csv", tr("Save the trades (CSV)"), lambda room: room.export("csv")),
            ("copy-figures", tr("Copy the figures"), lambda room: room.view.report.copy_figures()),
        ):
            yield self._action(name, title, act)

    def make_view(self) -> BacktestView:
        from puffling.desktop.backtests.view import BacktestView

        return BacktestView(self.session, self.session.time)

    def make_room(self, view: BacktestView) -> Room:
        from puffling.desktop.backtests.room import Room

        return Room(self.session, view, str(self._kept.get("shown") or ""))

    def wake(self, core: Core) -> None:
        self.hear(ResultsChanged, lambda _: self._if_there(lambda room: room.list_kept()))
        self.hear(StrategiesChanged, lambda _: self._if_there(lambda room: room.fetch_kinds()))
        super().wake(core)

    def _take_strategy(self) -> None:
        saved = self._to_test.saved
        if saved is not None:
            self._with_room(lambda room: room.take_strategy(saved))

    def _open_menu(self) -> None:
        room = self._room
        if room is None:
            return
        menu = passing_menu(self)
        menu.addAction(tr("Save as strategy…"), room.save_strategy)
        menu.addAction(tr("Optimize…"), room.optimize)
        menu.addAction(tr("Rehearse…"), room.hand_on.rehearse)
        menu.addAction(tr("Rehearsals"), room.hand_on.show_rehearsals)
        menu.addAction(tr("Activate…"), room.hand_on.activate)
        if room.view.report.report is not None:
            menu.addAction(tr("Ask the same again"), room.ask_this_again)
            menu.addSeparator()
            menu.addAction(tr("Tear sheet (HTML) …"), lambda: room.export("html"))
            menu.addAction(tr("Tear sheet (PDF) …"), lambda: room.export("pdf"))
            menu.addAction(tr("Trades (CSV) …"), lambda: room.export("csv"))
            menu.addAction(tr("Copy the figures"), room.view.report.copy_figures)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
