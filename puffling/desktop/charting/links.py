"""What charts side by side have in common: symbol, width of the bars, crosshair, stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.charting.timescale import bar_at, moment_at, place_at
from puffling.puffin.data.interval import Interval


class Link(StrEnum):
    """One thing charts can share."""

    SYMBOL = "symbol"
    INTERVAL = "interval"
    CROSSHAIR = "crosshair"
    RANGE = "range"


FIRST_LINKS = frozenset({Link.CROSSHAIR})


class Links:
    """Carries what happens in one pane over to the others."""

    def __init__(self, panes: Callable[[], Iterable[ChartPane]]) -> None:
        self._panes = panes
        self._carrying = False
        self.on: frozenset[Link] = FIRST_LINKS

    def toggle(self, link: Link) -> None:
        """Tie the charts together in this, or let them go."""
        self.on ^= {link}

    def keep(self) -> list[str]:
        """Give what is linked as plain values."""
        return sorted(link.value for link in self.on)

    def restore(self, kept: object) -> None:
        """Take over what was kept."""
        known = {link.value: link for link in Link}
        if isinstance(kept, list):
            self.on = frozenset(known[each] for each in kept if each in known)

    def look_at(self, active: ChartPane, symbol: str, interval: Interval) -> None:
        """Let the active pane show a series, and the others of it what they share."""
        for pane in self._panes():
            own_symbol = symbol if pane is active or Link.SYMBOL in self.on else pane.symbol
            own_interval = interval if pane is active or Link.INTERVAL in self.on else pane.interval
            pane.look_at(own_symbol, own_interval)

    def point(self, source: ChartPane, index: int | None) -> None:
        """Put the crosshair of the others on the same moment."""
        if self._carrying or Link.CROSSHAIR not in self.on:
            return
        begun = int(source.bars.time[index]) if index is not None and index < len(source.bars) else None
        self._carrying = True
        try:
            for pane in self._others(source):
                if begun is None:
                    pane.chart.point_at(None)
                    continue
                wider = source.interval.seconds > pane.interval.seconds
                pane.chart.point_at(bar_at(pane.bars.time, begun, from_wider=wider))
        finally:
            self._carrying = False

    def move(self, source: ChartPane) -> None:
        """Show the same stretch of time in the others."""
        if self._carrying or Link.RANGE not in self.on or not len(source.bars):
            return
        first, last = (
            moment_at(source.bars.time, source.interval, place) for place in source.chart.visible_range
        )
        self._carrying = True
        try:
            for pane in self._others(source):
                times = pane.bars.time
                begin, end = (place_at(times, pane.interval, moment) for moment in (first, last))
                pane.chart.restore_state({"bars": end - begin, "behind": pane.chart.bar_count - end})
        finally:
            self._carrying = False

    def _others(self, source: ChartPane) -> list[ChartPane]:
        return [pane for pane in self._panes() if pane is not source and pane.drawn]
