"""Backtest: ask what a strategy would have done, see how far the answer can be trusted, keep and compare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import spacer, tool_button
from puffling.desktop.loading import load
from puffling.desktop.menus import passing_menu
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.states import States
from puffling.desktop.strategies.shared import StrategyToTest
from puffling.desktop.theme import set_role
from puffling.runtime.jobs import JobChanged
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, ResultsChanged, StrategiesChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.backtests.room import Room

# As abilities: what does not exist (yet) is offered nowhere.

# Loaded one after the other: all at once would hold everything else up.
_PIECES = (
    "figures",
    "handing_on",
    "question",
    "plots",
    "painting",
    "timechart",
    "bins",
    "heat",
    "verdict",
    "lists",
    "origin",
    "report",
    "symbols",
    "details",
    "setup",
    "history",
    "compare",
    "view",
    "room",
)


@panel(id="backtest", title="Backtest", icon="backtest", area=Area.CENTRE, order=6)
class BacktestPanel(Panel):
    """Asks, runs, shows and keeps backtests."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._choices: Kept = {}
        self._room: Room | None = None
        self._furnishing = False
        self._waiting: list[Callable[[Room], None]] = []
        self._to_test = session.shared(StrategyToTest)
        self._to_test.on_change(self._take_strategy)
        self.setup_switch = _switch("setup", tr("Setup"))
        self.result_switch = _switch("result", tr("Result"))
        self.history_switch = _switch("history", tr("All results"))
        self.setup_switch.clicked.connect(self._switch_setup)
        self.result_switch.clicked.connect(lambda: self._open_page("result"))
        self.history_switch.clicked.connect(lambda: self._open_page("history"))
        self.more = tool_button("export", tr("Save, copy or go on with this result"))
        self.more.clicked.connect(self._open_menu)
        self._pages = Squeezed(tr("Pages"))
        self._pages.one.setText(tr("Results"))
        for made in (self.result_switch, self.history_switch):
            self._pages.hold(made)
        self._header = [self.setup_switch, spacer(), self._pages, self.more]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.states = States(self)
        self.states.loading()
        self.setMinimumSize(330, 240)

    @property
    def room(self) -> Room | None:
        """Give view and works, None before the panel was first looked at."""
        return self._room

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group, place = tr("Backtest"), "Research"
        yield Action(
            "window.backtest-start",
            tr("Run the backtest the form asks for"),
            lambda: self._with_room(lambda room: room.run()),
            group,
            tr("Like Run in the Backtest panel (Ctrl+Enter there)."),
            place,
            icon="backtest",
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
            yield Action(f"window.backtest-{name}", title, partial(self._with_room, act), group, menu=place)

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices

    def choices(self) -> Kept:
        room = self._room
        if room is None:
            return self._choices
        return {
            **room.view.keep(),
            "question": room.view.setup.draft.keep(),
            "result": room.result,
        }

    def wake(self, core: Core) -> None:
        self.hear(JobChanged, self._take_job)
        self.hear(ResultsChanged, lambda _: self._with_awake(lambda room: room.list_results()))
        self.hear(StrategiesChanged, lambda _: self._with_awake(lambda room: room.fetch_strategies()))
        self.hear(DatabaseRestored, lambda _: self._with_awake(lambda room: room.wake()))
        if self._room is not None:
            self._room.wake()
        elif not self._furnishing:
            self._furnishing = True
            self.session.dispatch.run(self._furnish, name="open the backtests", owner=self)

    def sleep(self) -> None:
        if self._room is not None:
            self._room.sleep()

    def take_focus(self) -> None:
        self._with_room(lambda room: room.view.take_focus())

    async def _furnish(self) -> None:
        """Make the view piece by piece: everything else gets its turn in between."""
        await asyncio.sleep(0)
        if not self.awake:
            # A workspace that is being arranged shows for a moment what then stands behind another panel.
            self._furnishing = False
            return
        await load(*(f"puffling.desktop.backtests.{piece}" for piece in _PIECES))
        from puffling.desktop.backtests.room import Room
        from puffling.desktop.backtests.view import BacktestView

        view = BacktestView(self.session, self.session.time)
        self._column.addWidget(view)
        view.show()
        for _ in view.furnish(self._choices):
            await asyncio.sleep(0)
        view.changed.connect(self._show_switches)
        await asyncio.sleep(0)
        self._room = room = Room(self.session, view, str(self._choices.get("result") or ""))
        view.restore(self._choices)
        self.states.content()
        self._show_switches()
        await asyncio.sleep(0)
        if self.awake:
            room.wake()
        self.mark_live()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act(room)

    def _with_room(self, act: Callable[[Room], None]) -> None:
        """Do it now, or as soon as there is something to do it with."""
        if self._room is not None:
            act(self._room)
        else:
            self._waiting.append(act)

    def _with_awake(self, act: Callable[[Room], None]) -> None:
        if self._room is not None:
            act(self._room)

    def _take_job(self, event: JobChanged) -> None:
        if self._room is not None:
            self._room.desk.take(event)

    def _take_strategy(self) -> None:
        saved = self._to_test.saved
        if saved is not None:
            self._with_room(lambda room: room.take_strategy(saved))

    def _open_page(self, page: str) -> None:
        self._with_room(lambda room: room.view.open_page(page))

    def _switch_setup(self) -> None:
        self._with_room(lambda room: room.view.show_setup(not room.view.setup_seen))

    def _show_switches(self) -> None:
        if self._room is None:
            return
        view = self._room.view
        self.setup_switch.setChecked(view.setup_seen)
        pages_seen = not (view.narrow and view.setup_seen)
        self.result_switch.setChecked(pages_seen and view.page == "result")
        self.history_switch.setChecked(pages_seen and view.page != "result")

    def _open_menu(self) -> None:
        room = self._room
        if room is None:
            return
        menu = passing_menu(self)
        menu.addAction(tr("Save as strategy …"), room.save_strategy)
        menu.addAction(tr("Optimize …"), room.optimize)
        menu.addAction(tr("Rehearse …"), room.hand_on.rehearse)
        menu.addAction(tr("Rehearsals"), room.hand_on.show_rehearsals)
        menu.addAction(tr("Activate …"), room.hand_on.activate)
        if room.view.report.report is not None:
            menu.addAction(tr("Ask the same again"), room.ask_this_again)
            menu.addSeparator()
            menu.addAction(tr("Tear sheet (HTML) …"), lambda: room.export("html"))
            menu.addAction(tr("Tear sheet (PDF) …"), lambda: room.export("pdf"))
            menu.addAction(tr("Trades (CSV) …"), lambda: room.export("csv"))
            menu.addAction(tr("Copy the figures"), room.view.report.copy_figures)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def _switch(name: str, title: str) -> QPushButton:
    made = QPushButton(title)
    made.setObjectName(f"backtest.show-{name}")
    made.setCheckable(True)
    set_role(made, kind="quiet", narrow=True)
    return made
