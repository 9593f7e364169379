"""Trades: everything that was bought and sold, what it earned, and what the person says of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puffling.desktop.actions import Action
from puffling.desktop.amounts import Amounts
from puffling.desktop.loading import load
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.saving import ask_where, save
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, TradesChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.portfolio.trades import TradesView
    from puffling.trading.portfolio.values import TextFile, TradeLine

# More than anybody reads; whoever wants all of them saves them.
MOST_SHOWN = 1_000
CHOSEN = "chosen"


@panel(id="trades", title="Trades", icon="trades", area=Area.BOTTOM, order=21)
class TradesPanel(ViewPanel["TradesView"]):
    """Shows the history of trades, the newest first."""

    least_size = (340, 170)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._amounts = session.shared(Amounts)
        self._choices: Kept = {}
        self._refetching = Refetching(self, self._load, self._show, self.states)

    def make_view(self) -> TradesView:
        from puffling.desktop.portfolio.trades import TradesView

        made = TradesView(self._amounts, self.session.time)
        made.table.restore_state(self._choices.get("table", {}))
        made.filter_by(side=str(self._choices.get("side", "")), span=str(self._choices.get("span", "")))
        made.wanted_changed.connect(self._refetching.fetch)
        made.chart_wanted.connect(self._show_chart)
        made.save_wanted.connect(self.save)
        made.annotated.connect(self.annotate)
        made.lots_wanted.connect(self.choose_lots)
        return made

    def acts(self) -> Iterable[Action]:
        group = tr("Trades")
        yield Action(
            "window.trades-find",
            tr("Find trades"),
            self.look_for,
            group,
            tr("Find trades by symbol, note, tag, source or strategy."),
        )
        yield Action(
            "window.trades-note",
            tr("Write a note on the trade"),
            self.write_note,
            group,
            tr("Note why the chosen trade was made, and what you learned."),
        )
        yield Action(
            "window.trades-save",
            tr("Save trades (CSV)"),
            self.save,
            group,
            tr("Write the trades that are wanted into a file for a spreadsheet."),
        )

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices

    def choices(self) -> Kept:
        if self._view is None:
            return self._choices
        return {"table": self._view.table.save_state(), "side": self._view.side, "span": self._view.span}

    def wake(self, core: Core) -> None:
        self.hear(TradesChanged, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self._ears.append(self._amounts.on_change(self._rewrite))
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()

    def focus_view(self, view: TradesView) -> None:
        view.table.setFocus()

    def look_for(self) -> None:
        """Put the keyboard where one looks for trades."""
        self.view.search.setFocus()

    def write_note(self) -> None:
        """Put the keyboard into the note of the chosen trade."""
        self.view.write_note()

    def annotate(self, id: str, changed: dict[str, Any]) -> None:
        """Keep what the person says of a trade, and offer to take it back."""
        core = self.session.core
        before = self.view.table.rows.row_of(id)

        def told(line: TradeLine) -> None:
            self._put(line)
            if before is not None:
                undo = {"note": before.note, "tags": before.tags}
                self.session.notices.tell(
                    tr("The trade is noted."), action=tr("Undo"), act=lambda: take_back(undo)
                )

        def take_back(undo: dict[str, Any]) -> None:
            self.session.dispatch.run(
                lambda: core.monitor.annotate_trade(id, **undo),
                name="note trade",
                then=self._put,
                owner=self,
            )

        self.session.dispatch.run(
            lambda: core.monitor.annotate_trade(id, **changed), name="note trade", then=told, owner=self
        )

    def choose_lots(self, id: str) -> None:
        """Ask which lots a trade closed, and keep the answer; what is left goes by age."""
        core = self.session.core

        async def ask() -> bool:
            from puffling.desktop.portfolio.lots_form import ask_lots

            chosen = await ask_lots(self, await core.portfolio.lots_for(id))
            if chosen is None:
                return False
            await core.portfolio.choose_lots(id, chosen)
            if core.settings_now.portfolio.matching != CHOSEN:
                await core.settings.put("portfolio.matching", CHOSEN)
            return True

        def say(kept: bool) -> None:
            if kept:
                self.session.notices.tell(tr("Sales close the lots you chose, and then the oldest."))

        self.session.dispatch.run(ask, name="choose lots", then=say, owner=self)

    def save(self) -> None:
        """Ask for a file and write the trades that are wanted into it."""
        ask_where(self.session, self, tr("Save the trades"), "trades", "csv", self.write)

    def write(self, file: Path) -> None:
        """Write the trades that are wanted into a file."""
        core, wanted = self.session.core, self._wanted()

        async def work() -> Path:
            found: TextFile = await core.monitor.export_trades(**wanted)
            return await save(core.port, file, (found.text.encode(),))

        self.session.dispatch.run(
            work,
            name="export trades",
            then=lambda saved: self.session.notices.tell(tr("Saved {file}.", file=saved.name)),
        )

    def _rewrite(self) -> None:
        if self._view is not None:
            self._view.refresh()

    def _wanted(self) -> dict[str, Any]:
        view = self.view
        return {"side": view.side or None, "text": view.text, "start": self._first_day(view.span)}

    def _first_day(self, span: str) -> date | None:
        today = self.session.core.portfolio.today()
        days = {"today": 0, "week": 6, "month": 29}
        if span in days:
            return today - timedelta(days=days[span])
        return today.replace(month=1, day=1) if span == "year" else None

    async def _load(self) -> tuple[TradeLine, ...]:
        await load("puffling.desktop.portfolio.trades")
        return await self.session.core.monitor.trades(MOST_SHOWN + 1, **self._wanted())

    def _show(self, found: tuple[TradeLine, ...]) -> None:
        self.states.content()
        self.view.show_trades(found[:MOST_SHOWN], more=len(found) > MOST_SHOWN)

    def _put(self, line: TradeLine) -> None:
        self.view.table.update_rows({line.id: line})

    def _show_chart(self, symbol: str) -> None:
        self.session.selection.choose(symbol)
        self.session.show_panel("chart")
