"""Data: every bar of a series, what is missing or wrong, splits and dividends, and their origin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedWidget, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import spacer, tool_button
from puffling.desktop.later import later
from puffling.desktop.numbers import moment
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.theme import set_role
from puffling.market.events import PricesMoved
from puffling.market.values import SessionState
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.data.question import Question
    from puffling.desktop.data.reading import Found
    from puffling.desktop.data.view import DataView
    from puffling.market.values import Price

FOLLOW_MILLISECONDS = 250
SECONDS_BETWEEN_QUESTIONS = 5.0
IMPORT, FUNDAMENTALS = "window.import-prices", "fundamentals"


@panel(id="data", title="Data", icon="columns", area=Area.RIGHT, order=13)
class DataPanel(ViewPanel["DataView"]):
    """Shows the prices of the selected symbol as numbers, or of one that it keeps."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._choices: Kept = {}
        self._question: Question | None = None
        self._newest: Price | None = None
        self._asked_again_at = 0.0
        self._stop_watching = _nothing
        self._watched = ""
        self.symbol = QPushButton(session.selection.symbol)
        self.symbol.setObjectName("data.symbol")
        self.symbol.setToolTip(tr("Choose another symbol"))
        self.symbol.setAccessibleName(tr("Symbol"))
        set_role(self.symbol, kind="quiet", narrow=True)
        self.symbol.clicked.connect(self.ask_symbol)
        self.field = SymbolField(session, "data")
        self.field.chosen.connect(self._choose_symbol)
        self.field.left.connect(self.leave_field)
        self.place = QStackedWidget()
        self.place.addWidget(self.symbol)
        self.place.addWidget(self.field)
        self.place.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.leave_field()
        self.pin = tool_button("pin", tr("Keep this symbol, whatever the chart shows"), checkable=True)
        self.pin.clicked.connect(self._pinned)
        self.bring = tool_button("import", tr("Import prices…"))
        self.bring.clicked.connect(lambda: session.actions.run(IMPORT))
        self.take = tool_button("export", tr("Take these bars elsewhere"))
        self.take.clicked.connect(self._offer_exports)
        self._header = [self.place, self.pin, spacer(), self.bring, self.take]
        self._follow = later(self, self._catch_up, FOLLOW_MILLISECONDS)

    def make_view(self) -> DataView:
        from puffling.desktop.data.view import DataView

        return DataView(self._page)

    def put_view(self, view: DataView) -> None:
        super().put_view(view)
        if self._view is not view:
            return
        view.controls.changed.connect(self._ask)
        view.page_wanted.connect(lambda _: self._fetch_page())
        view.moment_chosen.connect(self._point)
        view.bars.copy_wanted.connect(self.copy)
        view.origin.reload_wanted.connect(self.reload)
        view.origin.fundamentals_wanted.connect(lambda: self.session.show_panel(FUNDAMENTALS))
        self.states.content()

    @property
    def _page(self) -> str:
        return str(self._choices.get("page", ""))

    @property
    def question(self) -> Question:
        """Give how the series is asked for; unless it is kept, it is the one everybody looks at."""
        if self._question is None:
            from puffling.desktop.data.question import read_question

            self._question = read_question(self._choices)
        if not self.pin.isChecked():
            selection = self.session.selection
            self._question = replace(self._question, symbol=selection.symbol, interval=selection.interval)
        return self._question

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group, place = tr("Data"), "Data"
        for name, title, act, summary in (
            ("symbol", tr("Data: choose symbol"), self.ask_symbol, tr("Show the bars of another symbol.")),
            ("pin", tr("Data: keep symbol"), self.pin.click, tr("Follow the chart, or keep this symbol.")),
            ("go-to", tr("Data: go to day"), self._ask_day, tr("Show the bar of a day in the table.")),
            ("turn", tr("Data: turn order round"), self._turn, tr("The newest bars first, or the oldest.")),
            ("copy", tr("Copy bars"), self.copy, tr("Put the chosen bars, or all, on the clipboard.")),
            ("csv", tr("Save bars as CSV…"), partial(self.save, "csv"), tr("With where they come from.")),
            (
                "parquet",
                tr("Save bars as Parquet…"),
                partial(self.save, "parquet"),
                tr("For programs that read columns."),
            ),
            ("reload", tr("Ask the source again"), self.reload, tr("Fetch these bars anew.")),
        ):
            yield Action(f"window.data-{name}", title, act, group, summary, place)
        for page, title in (
            ("bars", tr("Data: bars")),
            ("flags", tr("Data: gaps and flags")),
            ("actions", tr("Data: splits and dividends")),
            ("origin", tr("Data: where they come from")),
        ):
            yield Action(f"window.data-show-{page}", title, partial(self._open_page, page), group)

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices
        self.pin.setChecked(choices.get("pinned") is True and isinstance(choices.get("symbol"), str))

    def choices(self) -> Kept:
        if self._view is None or self._question is None:
            return self._choices
        return {
            "page": self._view.page,
            "oldest_first": not self._view.bars.rows.newest_first,
            "pinned": self.pin.isChecked(),
            **self._question.keep(),
        }

    def wake(self, core: Core) -> None:
        self.leave_field()
        self.hear_selection(self._selected)
        self.hear_present(self._present_moved)
        self.hear(PricesMoved, self._take)
        self.fetch()

    def sleep(self) -> None:
        self._follow.stop()
        self._watch("")

    def focus_view(self, view: DataView) -> None:
        view.take_focus()

    def ask_symbol(self) -> None:
        """Offer a field for another symbol in the place of the present one."""
        self.place.setCurrentWidget(self.field)
        self.place.setFixedWidth(150)
        self.field.setFocus()

    def leave_field(self) -> None:
        """Show the symbol again in the place of the field."""
        self.place.setCurrentWidget(self.symbol)
        self.symbol.ensurePolished()
        self.place.setFixedWidth(self.symbol.sizeHint().width())

    def fetch(self) -> None:
        """Ask for the bars anew: what is kept is there at once."""
        question = self.question
        if self.symbol.text() != question.symbol:
            self.symbol.setText(question.symbol)
            self.leave_field()
        if self._view is not None:
            self._view.controls.show_question(question)
            shown = self._view.history
            if shown is None or (shown.key.symbol, shown.key.interval) != (
                question.symbol,
                question.interval,
            ):
                self._view.states.loading()
        self.session.dispatch.run(
            lambda: self._load(question),
            name="fetch data",
            newest="data.fetch",
            then=self._show,
            failed=self._say_failed,
            owner=self,
        )

    def copy(self) -> None:
        """Put the chosen bars, or all, on the clipboard."""
        from puffling.desktop.data.taking import copy_bars

        self.session.dispatch.run(
            lambda: copy_bars(self.session, self.view.bars), name="copy bars", newest="data.copy", owner=self
        )

    def save(self, suffix: str) -> None:
        """Ask where the bars should go, and write them there."""
        from puffling.desktop.data.taking import save_bars

        if self.view.history is not None:
            save_bars(self, self.session, self._known_question(), self.view.history.source, suffix)

    def reload(self) -> None:
        """Ask the source of these bars for all of them again, when that is meant."""
        from puffling.desktop.data.taking import reload_bars

        history = self.view.history
        if history is not None:
            self.session.dispatch.run(
                lambda: reload_bars(self, self.session, self._known_question(), history, self.view.origin),
                name="reload data",
                newest="data.reload",
                then=lambda done: self.fetch() if done else None,
                owner=self,
            )

    async def _load(self, asked: Question) -> Found:
        core = self.session.core
        if self._view is None:
            from puffling.desktop.data.making import made_view

            self.put_view(await made_view(self._page))
            await asyncio.sleep(0)
        from puffling.desktop.data.reading import read_bars

        controls = self.view.controls
        await asyncio.sleep(0)
        controls.show_feeds([(feed.source, feed.label) for feed in core.data.feeds()])
        controls.show_question(asked)
        await asyncio.sleep(0)
        return await read_bars(core, asked, self.session.selection.present_us)

    def _known_question(self) -> Question:
        """Give what is asked for, and in a replay nothing of what comes after its present."""
        return self.question.known_at(self.session.selection.present_us)

    def _show(self, found: Found) -> None:
        history = found.history
        self.mark_live()
        times = (moment(history.fetched_at), moment(history.refreshed_at))
        self.view.show_history(history, found.instrument, found.zone, times)
        if self._choices.get("oldest_first") is True:
            self._choices = {}
            self.view.bars.turn()
        self._watch("" if self.session.selection.present_us is not None else history.key.symbol)
        self._fetch_page()
        if len(history.bars):
            self.view.states.content()
        else:
            self.view.states.empty(
                tr("No bars of {symbol}", symbol=history.key.symbol),
                tr("No feed has any in this range. Choose another range, width or source."),
                icon="columns",
            )

    def _say_failed(self, error: PufflingError) -> None:
        self.mark_live()
        self._watch("")
        self.view.show_nothing()
        self.view.states.error(error.message, error.hint, act=self.fetch)

    def _fetch_page(self) -> None:
        """Fetch what only the open page shows."""
        history = self.view.history
        if history is None or not self.awake:
            return
        key, core, present_us = history.key, self.session.core, self.session.selection.present_us
        if self.view.page == "actions":
            self.session.dispatch.run(
                lambda: core.data.actions(key.symbol, key.source),
                name="fetch splits and dividends",
                newest="data.page",
                then=lambda found: self.view.show_actions(found, present_us),
                failed=lambda _: self.view.show_actions((), present_us),
                owner=self,
            )
        elif self.view.page == "origin":
            self.session.dispatch.run(
                lambda: core.data.kept(key.symbol, key.interval, key.source),
                name="fetch coverage",
                newest="data.page",
                then=self.view.show_kept,
                owner=self,
            )

    def _selected(self) -> None:
        if not self.pin.isChecked():
            self.fetch()

    def _pinned(self) -> None:
        self.pin.setToolTip(
            tr("Follow the chart again")
            if self.pin.isChecked()
            else tr("Keep this symbol, whatever the chart shows")
        )
        if self.awake:
            self.fetch()

    def _choose_symbol(self, symbol: str) -> None:
        self.leave_field()
        core = self.session.core
        self.session.dispatch.run(
            lambda: core.data.learn(symbol),
            name="learn symbol",
            newest="data.learn",
            then=lambda found: self._go_to(found.symbol),
            failed=self.session.tell_error,
            owner=self,
        )

    def _go_to(self, symbol: str) -> None:
        if not self.pin.isChecked():
            self.session.selection.choose(symbol)
        else:
            self._question = replace(self.question, symbol=symbol)
            self.fetch()

    def _ask(self, question: Question) -> None:
        followed = not self.pin.isChecked() and question.interval is not self.session.selection.interval
        self._question = question
        if followed:
            # Whoever follows the chart also leads it.
            self.session.selection.choose(interval=question.interval)
        elif self.awake:
            self.fetch()

    def _point(self, moment_us: int) -> None:
        if self.view.history is not None:
            self.session.selection.point_at(self.view.history.key.symbol, moment_us)

    def _open_page(self, page: str) -> None:
        self.view.open_page(page)

    def _ask_day(self) -> None:
        self.view.ask_day()

    def _turn(self) -> None:
        self.view.bars.turn()

    def _offer_exports(self) -> None:
        from puffling.desktop.data.taking import offer_exports

        offer_exports(self.take, self.copy, self.save)

    def _present_moved(self) -> None:
        # A replay may play faster than anybody reads numbers.
        if not self._follow.isActive():
            self._follow.start()

    def _watch(self, symbol: str) -> None:
        if symbol == self._watched:
            return
        self._stop_watching()
        self._watched, self._newest = symbol, None
        self._stop_watching = self.session.core.data.watch((symbol,)) if symbol else _nothing

    def _take(self, event: PricesMoved) -> None:
        price = event.prices.get(self._watched)
        if price is not None:
            self._newest = price
            if not self._follow.isActive():
                self._follow.start()

    def _catch_up(self) -> None:
        """Show the newest price as the last bar, or what a replay has come to know."""
        price, history = self._newest, self.view.history
        present_us = self.session.selection.present_us
        if price is None or history is None or present_us is not None or not self._watched:
            self.fetch()
            return
        from puffling.desktop.charting.past import end_of

        bars = history.bars
        if not len(bars):
            return
        if price.session is SessionState.OPEN and price.time_us >= end_of(
            int(bars.time[-1]), history.key.interval
        ):
            now = self.session.core.clock.monotonic()
            if now - self._asked_again_at >= SECONDS_BETWEEN_QUESTIONS:
                self._asked_again_at = now
                self.fetch()
        elif history.developing:
            self.view.bars.rows.take(price, history.key.interval)


def _nothing() -> None:
    """Do nothing."""
