"""Practice: how practising in replays went, the newest first, beside buying and holding."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import spacer
from puffling.desktop.columns import Column, Kind
from puffling.desktop.notices import Level
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import ElidedLabel
from puffling.desktop.tables import Table
from puffling.desktop.theme import set_role
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, PracticesChanged
from puffling.trading.practice.values import PracticeLine

if TYPE_CHECKING:
    from puffling.core.core import Core

_MOST = 500
_MOMENT = timedelta(microseconds=1)


def practice_columns() -> list[Column[PracticeLine]]:
    """Give the columns, the ones that matter most first."""
    return [
        Column("practised_at", tr("Practised"), lambda line: line.practised_at, Kind.TIME, width=128),
        Column("symbol", tr("Symbol"), lambda line: line.symbol, Kind.STRONG, width=84),
        Column("interval", tr("Bars"), lambda line: line.interval, Kind.MUTED, width=52),
        Column("stretch", tr("Stretch"), lambda line: line.began, width=176, text=stretch_words),
        Column("gained", tr("Return"), lambda line: line.gained, Kind.PERCENT, width=84),
        Column("held", tr("Holding"), lambda line: line.held, Kind.PERCENT, width=84),
        Column("ahead", tr("Ahead"), lambda line: line.ahead, Kind.PERCENT, width=84),
        Column("drawdown", tr("Deepest fall"), lambda line: line.drawdown, Kind.SHARE, width=96),
        Column("trades", tr("Trades"), lambda line: line.trades, Kind.NUMBER, decimals=0, width=64),
        Column("win_rate", tr("Won"), lambda line: line.win_rate, Kind.SHARE, decimals=0, width=64),
        Column("costs", tr("Costs"), lambda line: line.costs, Kind.MONEY, width=84),
        Column("rewinds", tr("Gone back"), lambda line: line.rewinds, Kind.NUMBER, decimals=0, width=84),
    ]


def stretch_words(line: PracticeLine) -> str:
    """Say from which day to which; a moment at midnight ends the day before it."""
    began, ended = ((moment - _MOMENT).date() for moment in (line.began, line.ended))
    return f"{began} – {ended}"


@panel(id="practice", title="Practice", icon="replay", area=Area.BOTTOM, order=9)
class PracticePanel(Panel):
    """Shows what practising came to, and leads back to the symbol."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lines: dict[str, PracticeLine] = {}
        self.average = ElidedLabel(wants_room=True)
        set_role(self.average, tone="muted")
        self.table: Table[PracticeLine] = Table(practice_columns(), title=tr("Practice"), removable=True)
        self.table.keys_removed.connect(self._remove)
        self.table.key_activated.connect(self._look_at)
        self.table.menu_opening.connect(self._extend_menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.setFocusProxy(self.table)
        self.setMinimumSize(340, 120)
        self.table.states.loading()
        self._refetching = Refetching(self, self._load, self._take, self.table.states)

    def header(self) -> list[QWidget]:
        return [spacer(), self.average]

    def choices(self) -> Kept:
        return {"table": self.table.save_state()}

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))

    def wake(self, core: Core) -> None:
        self.hear(PracticesChanged, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self.table.when_empty(
            tr("No practice yet"),
            tr("Begin a replay in a chart and choose Practise: what your play money came to stands here."),
            icon="replay",
        )
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()

    async def _load(self) -> tuple[PracticeLine, ...]:
        return await self.session.core.practice.all(_MOST)

    def _take(self, lines: tuple[PracticeLine, ...]) -> None:
        self._lines = {line.id: line for line in lines}
        self.table.states.content()
        self.table.set_rows(self._lines)
        ahead = sum(line.ahead for line in lines) / len(lines) if lines else 0.0
        words = tr("{share} ahead of holding on average", share=numbers.percent(ahead))
        self.average.setText(words if lines else "")

    def _look_at(self, key: str) -> None:
        line = self._lines.get(key)
        if line is not None:
            interval = next((each for each in Interval if each.value == line.interval), None)
            self.session.selection.choose(line.symbol, interval)
            self.session.show_panel("chart")

    def _remove(self, keys: list[str]) -> None:
        core, notices = self.session.core, self.session.notices

        async def remove() -> list[str]:
            return [(await core.practice.remove(key)).id for key in keys]

        async def bring_back(removed: list[str]) -> None:
            for key in removed:
                await core.practice.restore(key)

        def offer(removed: list[str]) -> None:
            undo = partial(self.session.dispatch.run, partial(bring_back, removed), name="restore practice")
            notices.tell(
                tr("Practice removed") if len(removed) == 1 else tr("{count} removed", count=len(removed)),
                level=Level.DONE,
                action=tr("Undo"),
                act=undo,
            )

        self.session.dispatch.run(remove, name="remove practice", then=offer)

    def _extend_menu(self, menu: QMenu, keys: list[str]) -> None:
        menu.addSeparator()
        if len(keys) == 1 and keys[0] in self._lines:
            symbol = self._lines[keys[0]].symbol
            menu.addAction(tr("Show {symbol}", symbol=symbol), partial(self._look_at, keys[0]))
        if keys:
            menu.addAction(tr("Remove"), partial(self._remove, keys))
