"""Bar replay: all charts of a panel stand at one moment of the past, which is stepped, played and moved.

What is known at that moment is cut from history in the panes' sources. `changed` tells every move: whoever
practises on a replay reads the moment here and the price from the pane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from PySide6.QtCore import QObject, Signal

from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.charting.past import Present, end_of, moment_of_day
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

# Bars a second; zero stands for as fast as the screen follows.
SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 0.0)
_FASTEST_PAUSE_SECONDS = 0.016
_FASTEST_BARS = 8


class Replay(QObject):
    """The moment the charts stand at, and what moves it."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        present: Present,
        panes: Callable[[], Sequence[ChartPane]],
        active: Callable[[], ChartPane],
    ) -> None:
        super().__init__()
        self._session = session
        self._present = present
        self._panes = panes
        self._active = active
        self._player: asyncio.Task[None] | None = None
        self.choosing = False
        self.speed = 1.0

    @property
    def present_us(self) -> int | None:
        """Give the moment the charts stand at; None while they are live."""
        return self._present.us

    @property
    def on(self) -> bool:
        """Tell whether the charts show the past."""
        return self._present.us is not None

    @property
    def playing(self) -> bool:
        """Tell whether bars come by themselves."""
        return self._player is not None

    def choose(self) -> None:
        """Wait for a bar to begin at."""
        if not self.on:
            self.choosing = True
            self.changed.emit()

    def pick(self, pane: ChartPane, index: int) -> None:
        """Begin at a bar that was clicked, while one is waited for: it is the last that is seen."""
        if self.choosing and index < len(pane.bars):
            self.begin(end_of(int(pane.bars.time[index]), pane.interval))

    def begin(self, moment_us: int) -> None:
        """Go back to this moment."""
        self._check_past(moment_us)
        self.pause()
        self.choosing = False
        self._present.us = moment_us
        self._present.finest = min((pane.interval for pane in self._panes()), key=_width)
        for pane in self._panes():
            pane.enter_past()
        self.changed.emit()

    def go_to(self, day: date) -> None:
        """Go to the end of a day, or to its beginning where a day has many bars."""
        moment_us = moment_of_day(day, self._active().interval, self._active().zone)
        if self.on:
            self._check_past(moment_us)
            self.pause()
            self._stand_at(moment_us)
        else:
            self.begin(moment_us)

    def step(self, bars: int) -> bool:
        """Go a bar of the active chart on, or back; tell whether there was one."""
        source = self._active().source
        moment = source.next_moment() if bars > 0 else source.moment_before()
        if moment is None:
            return False
        self._stand_at(moment)
        return True

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing:
            self.pause()
        elif self.on:
            self._player = self._session.dispatch.run(self._play, name="play replay", newest="chart.replay")
        self.changed.emit()

    def pause(self) -> None:
        """Let no bar come by itself."""
        if self._player is not None:
            self._player.cancel()
            self._player = None
            self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play this many bars a second; 0 is as many as can be followed."""
        self.speed = speed
        self.changed.emit()

    def note_interval(self, interval: Interval) -> None:
        """Keep the present when a chart goes to finer bars; the others are made of them from now on."""
        if self.on and interval.seconds < self._present.finest.seconds:
            self._present.finest = interval
            for pane in self._panes():
                if pane.interval.seconds > interval.seconds:
                    pane.fetch()

    def end(self) -> None:
        """Go back to the live market, or stop waiting for a bar to begin at."""
        self.pause()
        self.choosing = False
        if self.on:
            self._present.us = None
            for pane in self._panes():
                pane.leave_past()
        self.changed.emit()

    def keep(self) -> Kept:
        """Give where the replay stands as plain values."""
        return {"present_us": self._present.us, "finest": self._present.finest.value, "speed": self.speed}

    def restore(self, kept: object) -> None:
        """Stand where a replay stood that was kept; before the panes fetch."""
        found = kept if isinstance(kept, dict) else {}
        present_us, speed = found.get("present_us"), found.get("speed")
        finest = next((each for each in Interval if each.value == found.get("finest")), Interval.D1)
        self.speed = speed if speed in SPEEDS else 1.0
        self.choosing = False
        self._present.us = present_us if isinstance(present_us, int) and present_us > 0 else None
        self._present.finest = finest
        self.changed.emit()

    def _check_past(self, moment_us: int) -> None:
        if moment_us >= to_us(self._session.core.clock.now()):
            raise InvalidInput(
                tr("A replay stays in the past."), field="day", hint=tr("Choose an earlier day.")
            )

    def _stand_at(self, moment_us: int) -> None:
        self._present.us = moment_us
        for pane in self._panes():
            pane.show_present()
        self.changed.emit()

    async def _play(self) -> None:
        clock = self._session.core.clock
        while True:
            await clock.sleep(1 / self.speed if self.speed else _FASTEST_PAUSE_SECONDS)
            for _ in range(1 if self.speed else _FASTEST_BARS):
                if not self.step(1) and not self._active().source.waits:
                    self._player = None
                    self.changed.emit()
                    return
                # Many charts take their time: one bar a turn keeps the loop free.
                await clock.sleep(0)


def _width(interval: Interval) -> int:
    return interval.seconds
