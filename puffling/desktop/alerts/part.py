"""Alerts on a chart: each at a price is a line one can move, remove, or make where one points.

They belong to the present: a replay shows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from puffling.automation.alerts.values import AlertLine, AlertState
from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Part, Seat
from puffling.market.values import History
from puffling.runtime.text import tr
from puffling.store.events import AlertsChanged, DatabaseRestored

if TYPE_CHECKING:
    from puffling.desktop.charts.price_lines import PriceLine

_SHOWN = frozenset({AlertState.WATCHING, AlertState.OTHER_PRICES})


class AlertsOnChart(Part):
    """Shows the alerts that are on in the symbol of this pane."""

    id = "alerts"
    in_templates = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._symbol = ""
        self._ears: list[Callable[[], None]] = []
        self.shown: tuple[AlertLine, ...] = ()
        self.lines: list[PriceLine] = []

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.new-alert",
            tr("New alert…"),
            self.ask_new,
            tr("Alerts"),
            tr("Be told when the symbol of the chart reaches a price, or moves so far in a day."),
            "Trade",
            "Ctrl+Alt+A",
            icon="bell",
        )

    def show(self, history: History) -> None:
        other, self._symbol = self._symbol != history.key.symbol, history.key.symbol
        if not self._ears:
            bus = self.seat.session.core.bus
            self._ears = [
                bus.on(AlertsChanged, lambda _: self._fetch()),
                bus.on(DatabaseRestored, lambda _: self._fetch()),
            ]
            other = True
        if other:
            self.shown = ()
            self._fetch()
        self._draw()

    def sleep(self) -> None:
        for deafen in self._ears:
            deafen()
        self._ears.clear()

    def ask_new(self) -> None:
        """Ask what to wait for in the symbol of this chart."""
        if self._symbol:
            from puffling.desktop.alerts.acts import AlertActs

            AlertActs(self.seat.session).ask_new(self.seat.chart(), self._symbol)

    def _fetch(self) -> None:
        symbol = self._symbol
        self.seat.session.dispatch.run(
            partial(self._read, symbol), name="alerts on chart", newest=f"chart.alerts.{id(self)}"
        )

    async def _read(self, symbol: str) -> None:
        await self.seat.session.until_filled()
        found = await self.seat.session.core.alerts.all()
        if symbol == self._symbol:
            self.shown = tuple(
                line
                for line in found
                if line.symbol == symbol and line.level is not None and line.state in _SHOWN
            )
            self._draw()

    def _draw(self) -> None:
        if any(line.held for line in self.lines) or not (self.lines or self.shown):
            # One that is being moved stays in the hand that moves it.
            return
        chart = self.seat.chart()
        for line in self.lines:
            chart.lines.remove(line)
        self.lines.clear()
        if self.seat.present_us() is None and self.shown:
            from puffling.desktop.alerts.acts import AlertActs
            from puffling.desktop.alerts.lines import alert_line

            acts = AlertActs(self.seat.session)
            for alert in self.shown:
                line = alert_line(alert)
                line.released = partial(acts.move, alert)
                line.removed = partial(acts.remove, [alert])
                self.lines.append(line)
                chart.lines.add(line)
        chart.refresh()
