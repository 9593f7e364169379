"""Chart: candles and volume of the symbol everybody looks at, with its newest bar alive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.charting.header import ButtonRow, Header
from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.symbol_field import SymbolField
from puffling.market.events import PricesMoved
from puffling.runtime.errors import PufflingError

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.charts.chart import ChartView

DRAIN_MILLISECONDS = 50


@panel(id="chart", title="Chart", icon="chart", area=Area.CENTRE, order=2)
class ChartPanel(Panel):
    """Shows charts; the active one follows what everybody looks at."""

    titled = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._line = Header(session, self)
        self._line.symbol_chosen.connect(self._choose)
        self._line.interval_chosen.connect(lambda interval: session.selection.choose(interval=interval))
        self._drain = QTimer(self)
        self._drain.setSingleShot(True)
        self._drain.setInterval(DRAIN_MILLISECONDS)
        self._drain.timeout.connect(self._show_newest)
        self.active = ChartPane(session, 0)
        self.active.said.connect(self._say)
        self.active.became_live.connect(self.mark_live)
        buttons = [button for part in self.active.parts for button in part.buttons()]
        self._line.buttons.addWidget(ButtonRow(buttons))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.active)
        self.setFocusProxy(self.active)
        self.setMinimumSize(360, 220)

    def header(self) -> list[QWidget]:
        return self._line.widgets()

    @property
    def chart(self) -> ChartView:
        """Give the chart of the active pane."""
        return self.active.chart

    @property
    def indicators(self) -> Indicators:
        """Give the indicators of the active pane."""
        found = self.active.part(Indicators.id)
        assert isinstance(found, Indicators)
        return found

    @property
    def symbol(self) -> QPushButton:
        """Give the button that names the symbol."""
        return self._line.symbol

    @property
    def field(self) -> SymbolField:
        """Give the field for another symbol."""
        return self._line.field

    @property
    def last(self) -> QLabel:
        """Give the label of the last price."""
        return self._line.last

    @property
    def source(self) -> QLabel:
        """Give the label that says where the prices come from."""
        return self._line.source

    def choices(self) -> Kept:
        return self.active.choices()

    def content(self) -> Kept:
        return self.active.content()

    def acts(self) -> Iterable[Action]:
        for part in self.active.parts:
            for action in part.acts():
                yield replace(action, run=partial(self._run_in_part, part.id, action.id))

    def restore(self, choices: Kept, content: Kept) -> None:
        self.active.restore(choices)
        self.active.restore_content(content)

    def wake(self, core: Core) -> None:
        self.hear(PricesMoved, self._take)
        self.hear_selection(self._follow)
        selection = self.session.selection
        self.active.symbol, self.active.interval = selection.symbol, selection.interval
        self.active.wake()

    def sleep(self) -> None:
        self._drain.stop()
        self.active.sleep()

    def ask_symbol(self) -> None:
        """Offer a field for another symbol in the place of the present one."""
        self._line.ask_symbol()

    def _run_in_part(self, part_id: str, action_id: str) -> None:
        for action in self.active.part(part_id).acts():
            if action.id == action_id:
                action.run()

    def _say(self) -> None:
        self._line.say(self.active.words)

    def _choose(self, symbol: str) -> None:
        self._line.leave_field()
        try:
            self.session.core.data.instrument(symbol)
        except PufflingError as error:
            self.session.tell_error(error)
            return
        self.session.selection.choose(symbol)
        self.chart.setFocus()

    def _follow(self) -> None:
        self.active.look_at(self.session.selection.symbol, self.session.selection.interval)

    def _take(self, event: PricesMoved) -> None:
        if self.active.take(event.prices) and not self._drain.isActive():
            self._drain.start()

    def _show_newest(self) -> None:
        self.active.show_newest()
