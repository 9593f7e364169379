"""The indicators of one chart: added, edited, hidden, removed, and kept up with its bars."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from puffling.desktop.charting.part import Candle, candle_at
from puffling.desktop.charts.study import Study
from puffling.desktop.continuation import goes_on
from puffling.desktop.indicators.chosen import MOST, Chosen, ChosenIndicators, Setting
from puffling.desktop.indicators.drawing import drawable, next_colour, study_of
from puffling.desktop.indicators.editor import IndicatorEditor
from puffling.desktop.indicators.follower import Follower
from puffling.desktop.indicators.picker import IndicatorPicker
from puffling.desktop.session import Session
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.indicator import Indicator, Live
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView
    from puffling.desktop.charts.readout import Readout

# As many bars, all indicators together, as the loop has time for; more are computed beside it.
MOST_AT_ONCE = 40_000


class Board(QObject):
    """What is shown on a chart besides its prices; `computations` counts histories, never ticks."""

    def __init__(self, session: Session, chart: ChartView, chosen: ChosenIndicators) -> None:
        super().__init__(chart)
        self._session = session
        self._chart = chart
        self._chosen = chosen
        self._symbol = ""
        self._bars = Bars.empty()
        self._newest: Candle | None = None
        self._studies: dict[str, Study] = {}
        self._followers: dict[str, Follower] = {}
        self.computations = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """Give what is shown, in order."""
        return tuple(self._studies[each.key].label for each in self._chosen if each.key in self._studies)

    def study(self, key: str) -> Study:
        """Give what is drawn of one indicator."""
        return self._studies[key]

    def readout(self, key: str) -> Readout:
        """Give the line that reads out one indicator."""
        return self._chart.panes.readouts[key]

    def show(self, symbol: str, bars: Bars) -> None:
        """Follow these bars: what is known of them already is not computed again."""
        known = symbol == self._symbol and goes_on(self._bars, bars)
        self._symbol, self._bars = symbol, bars
        self._newest = candle_at(bars, -1) if len(bars) else None
        for each in self._chosen if len(bars) else ():
            if each.key not in self._studies:
                self._draw(each)
            elif not known:
                self._compute(each)
            elif each.key in self._followers:
                self._advance(each.key)
        self._chart.refresh()

    def move(self, newest: Candle) -> None:
        """Take in what the newest bar is now; nothing before it is touched."""
        self._newest = newest
        for follower in self._followers.values():
            follower.move(newest)

    def take_over(self, chosen: ChosenIndicators) -> None:
        """Show these indicators in the place of the present ones."""
        for key in tuple(self._studies):
            self._undraw(key)
        self._chosen = chosen
        for each in chosen:
            self._draw(each)

    def offer(self, anchor: QWidget) -> None:
        """Open the list of indicators by this widget."""
        if self._session.connected and len(self._bars):
            kinds = [kind for kind in self._session.core.factors.kinds().values() if drawable(kind)]
            IndicatorPicker(anchor, kinds, self._choose).open()

    def add(self, indicator: str, parameters: Mapping[str, Setting] | None = None) -> str:
        """Show one more indicator; give the key it is known by."""
        kind = self._session.core.factors.settled(indicator, parameters or {})
        kinds = self._session.core.factors.kinds()
        others = [(kinds[each.indicator], each.colour) for each in self._chosen if each.indicator in kinds]
        made = self._chosen.new(indicator, dict(parameters or {}), next_colour(kind, others))
        self._draw(made)
        return made.key

    def edit(self, key: str) -> None:
        """Open the form of one indicator beside its line."""
        kind = self._kind(self._chosen.get(key)) if self._session.connected else None
        if kind is not None and kind.parameters:
            IndicatorEditor(
                self.readout(key), kind, self._chosen.get(key).parameters, partial(self.set, key)
            ).open()
        elif kind is not None:
            self._session.notices.tell(tr("{title} has nothing to choose.", title=tr(kind.title)))

    def set(self, key: str, parameters: Mapping[str, Setting]) -> None:
        """Give an indicator other parameters, or raise InvalidInput naming the wrong one."""
        if key not in self._studies:
            return
        kind = self._session.core.factors.settled(self._chosen.get(key).indicator, parameters)
        chosen = self._chosen.change(key, parameters=dict(parameters))
        study, renewed = self._studies[key], study_of(kind, chosen)
        study.label, study.plots = renewed.label, renewed.plots
        self._compute(chosen)

    def toggle(self, key: str) -> None:
        """Hide an indicator, or show it again."""
        study = self._studies[key]
        study.visible = not study.visible
        self._chosen.change(key, visible=study.visible)
        self._chart.refresh_now()

    def remove(self, key: str) -> None:
        """Take an indicator away; a notice offers it back."""
        self._keep_shares()
        label = self._studies[key].label
        taken, place = self._chosen.take(key)
        self._undraw(key)
        self._session.notices.tell(
            tr("{label} was removed.", label=label),
            action=tr("Undo"),
            act=partial(self._put_back, [(taken, place)]),
        )

    def remove_all(self) -> None:
        """Take every indicator away; a notice offers them back."""
        self._keep_shares()
        taken = [(each, place) for place, each in enumerate(self._chosen)]
        if not taken:
            return
        for each, _ in taken:
            self._chosen.take(each.key)
            self._undraw(each.key)
        self._session.notices.tell(
            tr("{count} indicators were removed.", count=len(taken)),
            action=tr("Undo"),
            act=partial(self._put_back, taken),
        )

    def keep(self) -> list[dict[str, object]]:
        """Give what is shown as plain values."""
        self._keep_shares()
        return self._chosen.keep()

    def _choose(self, indicator: str) -> None:
        if len(self._chosen) >= MOST:
            self._session.notices.tell(
                tr("A chart shows {count} indicators at the most.", count=MOST),
                hint=tr("Remove one of them first."),
            )
            return
        self.readout(self.add(indicator)).setFocus()

    def _put_back(self, taken: list[tuple[Chosen, int]]) -> None:
        for each, place in taken:
            if each.key not in self._studies:
                self._chosen.put(each, place)
                self._draw(each)

    def _keep_shares(self) -> None:
        for key, study in self._studies.items():
            self._chosen.change(key, share=study.share)

    def _kind(self, chosen: Chosen) -> type[Indicator] | None:
        """Give the indicator, or None where what was kept fits none any more."""
        try:
            return self._session.core.factors.settled(chosen.indicator, chosen.parameters)
        except PufflingError:
            return None

    def _draw(self, chosen: Chosen) -> None:
        kind = self._kind(chosen)
        if kind is None or not drawable(kind) or not len(self._bars):
            return
        study = study_of(kind, chosen)
        self._studies[chosen.key] = study
        readout = self._chart.add_study(study)
        readout.edit_asked.connect(partial(self.edit, chosen.key))
        readout.hide_asked.connect(partial(self.toggle, chosen.key))
        readout.remove_asked.connect(partial(self.remove, chosen.key))
        self._compute(chosen)

    def _undraw(self, key: str) -> None:
        self._followers.pop(key, None)
        self._chart.remove_study(self._studies.pop(key))

    def _compute(self, chosen: Chosen) -> None:
        """Compute the closed bars; only then the chart has something to draw."""
        study, bars, symbol = self._studies[chosen.key], self._bars, self._symbol
        self._followers.pop(chosen.key, None)
        study.series = {}
        factors = self._session.core.factors
        self.computations += 1
        if len(bars) * len(self._chosen) <= MOST_AT_ONCE:
            live = factors.follow(chosen.indicator, symbol, bars[:-1], chosen.parameters)
            self._take(chosen, live)
            return
        study.note = tr("computing…")
        self._chart.refresh_now()
        self._session.dispatch.run(
            lambda: factors.follow_long(chosen.indicator, symbol, bars[:-1], chosen.parameters),
            name="compute indicator",
            newest=f"indicator.{id(self)}.{chosen.key}",
            then=partial(self._take_later, chosen, symbol, bars),
        )

    def _take_later(self, chosen: Chosen, symbol: str, bars: Bars, live: Live) -> None:
        """Draw what was computed beside the loop, unless something else is wanted by then."""
        if chosen.key not in self._studies or chosen.key in self._followers or symbol != self._symbol:
            return
        if int(self._bars.time[0]) == int(bars.time[0]) and len(self._bars) >= len(bars):
            self._take(chosen, live)

    def _take(self, chosen: Chosen, live: Live) -> None:
        """Draw what was computed."""
        study = self._studies[chosen.key]
        follower = self._followers[chosen.key] = Follower(live)
        study.series = follower.series
        self._advance(chosen.key)
        self._chart.refresh_now()

    def _advance(self, key: str) -> None:
        follower, study = self._followers[key], self._studies[key]
        if self._newest is not None:
            follower.advance(self._bars, self._newest)
        study.note = ""
        if not follower.known:
            if follower.needed is None:
                chosen = self._chosen.get(key)
                needed = self._session.core.factors.bars_needed(chosen.indicator, chosen.parameters)
                follower.needed = needed
            missing = follower.needed - len(self._bars)
            study.note = tr("needs {count} more bars", count=missing) if missing > 0 else ""
