"""Orders: what works, what this computer holds, what nobody knows yet, and how the others ended."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import button
from puffling.desktop.orders.acts import OrderActs
from puffling.desktop.orders.rows import order_columns
from puffling.desktop.orders.words import side_words, state_words
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.tables import Table
from puffling.desktop.trail import Sieve, Trail
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored
from puffling.store.orders import OrderState
from puffling.trading.events import ChosenAccountChanged, LineChanged, OrderChanged, OrderFilled
from puffling.trading.values import OrderLine, Story

if TYPE_CHECKING:
    from puffling.core.core import Core

OPEN, EVERYTHING = "open", "all"
_PAGES = {OPEN: "Open", EVERYTHING: "All"}
_MOST = 500
_CHANGEABLE = frozenset({OrderState.ACKED, OrderState.PARTIAL, OrderState.INTENT})


@panel(id="orders", title="Orders", icon="orders", area=Area.BOTTOM, order=2)
class OrdersPanel(Panel):
    """Shows orders as they come further, and says why each of them happened."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lines: dict[str, OrderLine] = {}
        self._acts = OrderActs(session)
        self.table: Table[OrderLine] = Table(order_columns(session.time), title=tr("Orders"), removable=True)
        self.table.keys_selected.connect(lambda _: self._selected())
        self.table.keys_removed.connect(self._cancel)
        self.table.key_activated.connect(self._look_at)
        self.table.menu_opening.connect(self._extend_menu)
        self._trail = Trail(self, self.table, tr("Why the order happened"))
        self.detail = self._trail.detail
        self._sieve = Sieve("orders", _PAGES, tr("Filter of orders"), self._show)
        self.filter = self._sieve.field
        self.setFocusProxy(self.table)
        self.setMinimumSize(340, 120)
        self.stop = button(tr("Cancel order"))
        self.stop.setObjectName("orders.cancel")
        self.stop.clicked.connect(lambda: self._cancel(self.table.selected_keys()))
        self.stop.hide()
        self._header = self._sieve.header(self.stop)
        self.table.states.loading()
        self._refetching = Refetching(
            self, self._load, self._take, self.table.states, failed=self._say_failed
        )

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group = tr("Orders")
        yield Action(
            "window.orders-cancel-all",
            tr("Cancel all orders"),
            lambda: self._acts.cancel_all(self),
            group,
            tr("Every open order of the account, after a question."),
            "Trade",
        )
        yield Action(
            "window.orders-why",
            tr("Why did this order happen?"),
            self._tell_story,
            group,
            tr("From the wish through every gate's answer to each fill."),
        )

    def choices(self) -> Kept:
        return {"table": self.table.save_state(), "page": self._sieve.pages.page}

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))
        self._sieve.pages.open(str(choices.get("page", "")))

    def wake(self, core: Core) -> None:
        for event in (OrderChanged, OrderFilled, LineChanged, ChosenAccountChanged, DatabaseRestored):
            self.hear(event, self._refetching.on_news)
        self.table.when_empty(
            tr("No orders"),
            tr("Orders appear here from the moment they are written down until their last fill."),
            icon="orders",
        )
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()

    async def _load(self) -> tuple[OrderLine, ...]:
        return await self.session.core.broker.orders(limit=_MOST)

    def _take(self, lines: tuple[OrderLine, ...]) -> None:
        self._lines = {line.id: line for line in lines}
        self._sieve.pages.say_count(OPEN, sum(line.is_open for line in lines))
        self.table.states.content()
        self._show()

    def _say_failed(self, error: PufflingError) -> None:
        self._lines = {}
        self.table.set_rows({})
        self.table.states.empty(
            error.message, error.hint, icon="orders", action=tr("Try again"), act=self._refetching.fetch
        )

    def _show(self) -> None:
        wanted, only_open = self._sieve.wanted, self._sieve.pages.page == OPEN
        self.table.set_rows(
            {
                key: line
                for key, line in self._lines.items()
                if (line.is_open or not only_open) and wanted in _words(line)
            }
        )
        self._selected()

    def _chosen(self, keys: Iterable[str]) -> list[OrderLine]:
        return [self._lines[key] for key in keys if key in self._lines]

    def _selected(self) -> None:
        chosen = self._chosen(self.table.selected_keys())
        self.stop.setVisible(any(line.is_open for line in chosen))
        if len(chosen) != 1:
            self.detail.hide()
        elif self.detail.isVisible():
            self._tell_story()

    def _look_at(self, key: str) -> None:
        for line in self._chosen([key]):
            self.session.selection.choose(line.symbol)
            self._tell_story()

    def _tell_story(self) -> None:
        chosen = self._chosen(self.table.selected_keys())
        if len(chosen) != 1 or chosen[0].intent_id is None:
            return
        core, intent_id = self.session.core, chosen[0].intent_id
        self.session.dispatch.run(
            lambda: core.broker.why(intent_id),
            name="order story",
            newest="orders.story",
            then=self._show_story,
            owner=self,
        )

    def _show_story(self, story: Story) -> None:
        lines = [
            f"{self.session.time(step.at)}  {step.title}" + (f": {step.text}" if step.text else "")
            for step in story.steps
        ]
        self._trail.tell("\n".join(lines))

    def _cancel(self, keys: list[str]) -> None:
        self._acts.cancel(self, [line for line in self._chosen(keys) if line.is_open])

    def _extend_menu(self, menu: QMenu, keys: list[str]) -> None:
        chosen = self._chosen(keys)
        still_open = [line for line in chosen if line.is_open]
        menu.addSeparator()
        if len(chosen) == 1:
            line = chosen[0]
            menu.addAction(tr("Why did this order happen?"), self._tell_story).setEnabled(
                line.intent_id is not None
            )
            menu.addAction(
                tr("Show {symbol}", symbol=line.symbol), partial(self.session.selection.choose, line.symbol)
            )
            if line.state in _CHANGEABLE and line.intent_id is not None:
                change = menu.addAction(tr("Change order…"), partial(self._acts.change, self, line))
                change.setEnabled(line.is_changeable)
                change.setToolTip(
                    ""
                    if line.is_changeable
                    else tr("The broker holds it with another order: cancel both, order anew.")
                )
        if still_open:
            title = (
                tr("Cancel order")
                if len(still_open) == 1
                else tr("Cancel {count} orders", count=len(still_open))
            )
            menu.addAction(title, partial(self._cancel, [line.id for line in still_open]))


def _words(line: OrderLine) -> str:
    return f"{line.symbol} {side_words(line.side)} {state_words(line)} {line.source} {line.why}".casefold()
