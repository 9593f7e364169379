"""Strategies: those the person configured, the library they come from, and own files with their trust."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QMenu, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import spacer, tool_button
from puffling.desktop.loading import load
from puffling.desktop.menus import passing_menu
from puffling.desktop.pages import Pages
from puffling.desktop.panel import Area, ViewPanel, find_panels, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.strategies.shared import ShownSignals, StrategyToTest
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, StrategiesChanged, StrategyDecided

if TYPE_CHECKING:
    from puffling.automation.runner.values import ActiveStrategy, Decision
    from puffling.automation.values import OwnStrategyFile, SavedStrategy, StrategyKind
    from puffling.core.core import Core
    from puffling.desktop.strategies.files import OwnFiles
    from puffling.desktop.strategies.rows import KindRow
    from puffling.desktop.strategies.view import StrategiesView

# A file that was saved in an editor is noticed this soon.
LOOK_SECONDS = 2.0
BACKTESTS = "backtest"
DECISIONS = 200
PAGES = {"mine": "Mine", "library": "Library"}


@panel(id="strategies", title="Strategies", icon="strategies", area=Area.RIGHT, order=14)
class StrategiesPanel(ViewPanel["StrategiesView"]):
    """Creates, edits, copies and deletes strategies, and shows what they say."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._files: OwnFiles | None = None
        self._choices: Kept = {}
        self._kinds: dict[str, StrategyKind] = {}
        self._saved: dict[str, SavedStrategy] = {}
        self._stamp: object = None
        self._looking: asyncio.Task[None] | None = None
        self._shown = session.shared(ShownSignals)
        self._to_test = session.shared(StrategyToTest)
        self._pages = Pages("strategies", PAGES)
        self._pages.turned.connect(self._turned)
        self.add = tool_button("add", tr("New strategy"))
        self.add.clicked.connect(self.offer_kinds)
        self._header = [spacer(), self._pages.in_a_row(), self.add]

    def make_view(self) -> StrategiesView:
        from puffling.desktop.strategies.files import OwnFiles
        from puffling.desktop.strategies.view import StrategiesView

        view = StrategiesView(self.session.time)
        self._files = OwnFiles(self.session, self, view)
        view.saved.restore_state(self._choices.get("saved", {}))
        view.kinds.restore_state(self._choices.get("kinds", {}))
        view.saved.keys_selected.connect(self._edit_chosen)
        view.saved.keys_removed.connect(self.delete)
        view.saved.menu_opening.connect(self._extend_menu)
        view.kinds.keys_selected.connect(self._look_at_kind)
        view.kinds.key_activated.connect(self.begin)
        view.editor.saved.connect(self._keep)
        view.editor.cancelled.connect(self._leave_editor)
        view.signals.clicked.connect(lambda on: self.show_signals() if on else self._shown.choose(None))
        view.backtest.clicked.connect(self.backtest)
        view.activate.clicked.connect(self.activate)
        view.duplicate.clicked.connect(self.duplicate)
        view.delete.clicked.connect(lambda: self.delete(view.saved.selected_keys()))
        view.configure.clicked.connect(lambda: self.begin(view.kinds.current_key() or ""))
        view.show_page(self.page)
        view.saved.when_empty(
            tr("No strategies yet"),
            tr("Choose one from the library and give it your parameters."),
            icon="strategies",
            action=tr("Open library"),
            act=partial(self.turn_to, "library"),
        )
        return view

    @property
    def page(self) -> str:
        """Give which page is seen: mine or library."""
        return self._pages.page

    @property
    def chosen(self) -> SavedStrategy | None:
        """Give the configured strategy that is worked with."""
        keys = self.view.saved.selected_keys()
        return self._saved.get(keys[0]) if len(keys) == 1 else None

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group, place = tr("Strategies"), "Research/Strategies"
        for name, title, act, summary in (
            ("new", tr("New strategy"), self.offer_kinds, tr("Choose a kind and set its parameters.")),
            ("signals", tr("Show signals on the chart"), self.show_signals, tr("Of the chosen strategy.")),
            ("backtest", tr("Backtest strategy"), self.backtest, tr("Test the chosen strategy.")),
            ("activate", tr("Activate or deactivate strategy"), self.activate, tr("The chosen strategy.")),
            ("duplicate", tr("Duplicate strategy"), self.duplicate, tr("Copy the chosen strategy.")),
            ("library", tr("Library of strategies"), partial(self.turn_to, "library"), ""),
            ("mine", tr("My strategies"), partial(self.turn_to, "mine"), ""),
            ("folder", tr("Open folder of own strategies"), self._open_folder, ""),
        ):
            yield Action(f"window.strategies-{name}", title, act, group, summary, place)

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices
        self.turn_to(str(choices.get("page", "")))

    def choices(self) -> Kept:
        if self._view is None:
            return {**self._choices, "page": self.page}
        saved, kinds = self._view.saved.save_state(), self._view.kinds.save_state()
        return {"page": self.page, "saved": saved, "kinds": kinds}

    def wake(self, core: Core) -> None:
        self.hear(StrategiesChanged, lambda _: self.fetch())
        self.hear(DatabaseRestored, lambda _: self.fetch())
        self.hear(StrategyDecided, lambda _: self._fetch_live())
        self._ears.append(self._shown.on_change(self._check_signals))
        self.fetch()
        self._looking = self.session.dispatch.run(self._keep_looking, name="look at strategy files")

    def sleep(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def focus_view(self, view: StrategiesView) -> None:
        view.take_focus()

    def turn_to(self, page: str) -> None:
        """Show the person's own strategies, or the library."""
        self._pages.open(page)

    def fetch(self) -> None:
        """Bring the lists up to date."""
        self.session.dispatch.run(
            self._load,
            name="fetch strategies",
            newest="strategies.fetch",
            then=lambda found: self._show(*found),
            failed=self._say_failed,
            owner=self,
        )

    def offer_kinds(self) -> None:
        """Open the menu of what a new strategy can be."""
        menu = passing_menu(self)
        group = ""
        for row in self._kind_rows():
            if row.group != group:
                group = row.group
                menu.addSection(group)
            if row.kind is not None:
                menu.addAction(row.title, partial(self.begin, row.name)).setToolTip(row.help)
        menu.addSeparator()
        if self._files is not None:
            menu.addAction(tr("New file of your own…"), self._files.ask_new)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def begin(self, name: str) -> None:
        """Ask for the parameters of a new strategy of this kind."""
        kind = self._kinds.get(name)
        if kind is None:
            return
        selection = self.session.selection
        self.turn_to("mine")
        self.view.saved.select([])
        called = tr("{title} on {symbol}", title=kind.title, symbol=selection.symbol)
        self.view.editor.begin(kind, self._free(called), (selection.symbol,), selection.interval.value)
        self.view.show_editor(draft=True)

    def show_signals(self) -> None:
        """Put what the chosen strategy says on the charts of its symbols."""
        saved = self.chosen
        if saved is None:
            self._say_choose()
            return
        selection = self.session.selection
        elsewhere = saved.symbols and selection.symbol not in saved.symbols
        self._shown.choose(saved)
        selection.choose(saved.symbols[0] if elsewhere else None, Interval(saved.interval))

    def backtest(self) -> None:
        """Hand the chosen strategy over to the panel of backtests."""
        saved = self.chosen
        if saved is None:
            self._say_choose()
            return
        self._to_test.choose(saved)
        if any(kind.id == BACKTESTS for kind in find_panels()):
            self.session.show_panel(BACKTESTS)

    def activate(self) -> None:
        """Let the chosen strategy run by itself, or no more."""
        saved = self.chosen
        if saved is None:
            self._say_choose()
            return

        async def turn() -> None:
            from puffling.desktop.strategies.activating import ask_to_activate, ask_to_deactivate

            act = ask_to_deactivate if saved.enabled else ask_to_activate
            await act(self.session, self, saved)

        self.session.dispatch.run(turn, name="activate strategy", owner=self)

    def duplicate(self) -> None:
        """Make another strategy like the chosen one."""
        saved = self.chosen
        if saved is not None:
            core = self.session.core
            self._change(lambda: core.strategies.duplicate(saved.id))

    def delete(self, ids: list[str]) -> None:
        """Delete strategies, and offer to bring them back."""
        gone = [self._saved[id] for id in ids if id in self._saved]
        core = self.session.core

        async def remove() -> list[SavedStrategy]:
            return [await core.strategies.delete(each.id) for each in gone]

        async def bring_back() -> None:
            for each in gone:
                await core.strategies.restore(
                    each.id,
                    each.name,
                    each.strategy,
                    each.created_at,
                    each.symbols,
                    Interval(each.interval),
                    each.parameters,
                    each.version,
                )

        def offer_undo(deleted: list[SavedStrategy]) -> None:
            if self._shown.saved is not None and self._shown.saved.id in ids:
                self._shown.choose(None)
            self.session.notices.tell(
                tr("{names} deleted.", names=", ".join(each.name for each in deleted)),
                action=tr("Undo"),
                act=lambda: self.session.dispatch.run(bring_back, name="restore strategies"),
            )

        if gone:
            self.session.dispatch.run(remove, name="delete strategies", then=offer_undo)

    def _turned(self) -> None:
        if self._view is not None:
            self._view.show_page(self.page)

    def _kind_rows(self) -> list[KindRow]:
        rows = self.view.kinds.rows
        return [found for key in rows.keys if (found := rows.row_of(key)) is not None]

    def _open_folder(self) -> None:
        if self._files is not None:
            self._files.open_folder()

    def _extend_menu(self, menu: QMenu, ids: list[str]) -> None:
        if ids:
            menu.addSeparator()
            menu.addAction(tr("Show signals on the chart"), self.show_signals)
            menu.addAction(tr("Backtest"), self.backtest)
            menu.addAction(tr("Activate or deactivate…"), self.activate)
            menu.addAction(tr("Duplicate"), self.duplicate)
            menu.addAction(tr("Delete"), partial(self.delete, ids))

    async def _keep_looking(self) -> None:
        core = self.session.core
        while True:
            stamp = await core.strategies.stamp()
            if self._stamp is not None and stamp != self._stamp:
                self.fetch()
            self._stamp = stamp
            await core.clock.sleep(LOOK_SECONDS)

    async def _load(self) -> tuple[Any, ...]:
        await load("puffling.desktop.strategies.view")
        _ = self.view
        await asyncio.sleep(0)
        strategies = self.session.core.strategies
        return await strategies.types(), await strategies.files(), await strategies.all()

    def _show(
        self,
        kinds: tuple[StrategyKind, ...],
        files: tuple[OwnStrategyFile, ...],
        saved: tuple[SavedStrategy, ...],
    ) -> None:
        from puffling.desktop.strategies.rows import kind_rows

        view = self.view
        self._kinds = {kind.name: kind for kind in kinds}
        self._saved = {each.id: each for each in saved}
        view.titles.update({kind.name: kind.title for kind in kinds})
        view.kinds.set_rows(kind_rows(kinds, files))
        view.saved.set_rows(self._saved)
        self.states.content()
        if not view.editor.dirty:
            self._edit_chosen(view.saved.selected_keys())
        self._look_at_kind(view.kinds.selected_keys())
        self._renew_signals()
        self.mark_live()

    def _renew_signals(self) -> None:
        shown = self._shown.saved
        if shown is not None and self._saved.get(shown.id) != shown:
            self._shown.choose(self._saved.get(shown.id))

    def _say_failed(self, error: PufflingError) -> None:
        self.states.error(error.message, error.hint, act=self.fetch)
        self.mark_live()

    def _say_choose(self) -> None:
        self.session.notices.tell(tr("Choose one of your strategies first."))

    def _edit_chosen(self, _ids: list[str]) -> None:
        view, saved = self.view, self.chosen
        left = view.editor.before
        if view.editor.dirty and left is not None and (saved is None or saved.id != left.id):
            self._offer_left(left)
        kind = self._kinds.get(saved.strategy) if saved is not None else None
        view.detail.setVisible(saved is not None)
        view.editor.dirty = False
        if saved is None:
            return
        view.editor.setVisible(kind is not None)
        if kind is not None:
            view.editor.edit(kind, saved)
        view.show_editor(draft=False)
        self._check_signals()
        if saved.enabled:
            view.show_live(saved.id)
            self._fetch_live()

    def _fetch_live(self) -> None:
        """Show what the chosen strategy, if it runs, has decided so far."""
        saved = self.chosen if self._view is not None else None
        if saved is None or not saved.enabled:
            return
        live = self.session.core.live_strategies

        async def look() -> tuple[tuple[ActiveStrategy, ...], tuple[Decision, ...]]:
            return await live.active(), await live.decisions(saved.id, DECISIONS)

        def show(found: tuple[tuple[ActiveStrategy, ...], tuple[Decision, ...]]) -> None:
            active = next((each for each in found[0] if each.id == saved.id), None)
            if active is not None and self.chosen == saved:
                self.view.live.show_active(active, found[1])

        self.session.dispatch.run(
            look, name="fetch decisions", newest="strategies.live", then=show, owner=self
        )

    def _offer_left(self, left: SavedStrategy) -> None:
        entered = self.view.editor.entered()
        if entered is not None and left.id in self._saved:
            core = self.session.core
            self.session.notices.tell(
                tr("Changes to {name} were not saved.", name=left.name),
                action=tr("Save them"),
                act=lambda: self._change(lambda: core.strategies.change(left.id, **entered)),
            )

    def _leave_editor(self) -> None:
        self.view.editor.dirty = False
        self._edit_chosen([])
        self.view.saved.setFocus()

    def _check_signals(self) -> None:
        shown, saved = self._shown.saved, self.chosen
        self.view.signals.setChecked(shown is not None and saved is not None and shown.id == saved.id)

    def _keep(self, entered: dict[str, Any]) -> None:
        editor, core = self.view.editor, self.session.core
        before, kind = editor.before, editor.kind
        if before is not None:
            self._change(lambda: core.strategies.change(before.id, **entered))
        elif kind is not None:
            self._change(lambda: core.strategies.create(strategy=kind.name, **entered))

    def _change(self, work: Callable[[], Coroutine[Any, Any, SavedStrategy]]) -> None:
        def done(saved: SavedStrategy) -> None:
            self.view.editor.dirty = False
            self._saved[saved.id] = saved
            self.view.saved.set_rows(dict(sorted(self._saved.items(), key=lambda each: each[1].name.lower())))
            self.view.saved.select([saved.id])
            self._edit_chosen([saved.id])

        def failed(error: PufflingError) -> None:
            if self.view.editor.dirty:
                self.view.editor.tell(error)
            else:
                self.session.tell_error(error)

        self.session.dispatch.run(work, name="change strategy", then=done, failed=failed, owner=self)

    def _look_at_kind(self, names: list[str]) -> None:
        row = self.view.kinds.rows.row_of(names[0]) if len(names) == 1 else None
        self.view.show_kind(row)
        if self._files is not None:
            self._files.look_at(row.file if row is not None else None)

    def _free(self, name: str) -> str:
        taken = {each.name.casefold() for each in self._saved.values()}
        number, found = 2, name
        while found.casefold() in taken:
            found, number = f"{name} {number}", number + 1
        return found
