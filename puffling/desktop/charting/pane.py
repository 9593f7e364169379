"""One pane: one symbol at one interval, its bars fetched, drawn and kept alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import Signal

from puffling.desktop.charting.frame import PaneFrame
from puffling.desktop.charting.header import ButtonRow
from puffling.desktop.charting.last_seen import kept_bars, kept_content, kept_words
from puffling.desktop.charting.part import Candle, Part, Seat, candle_at
from puffling.desktop.charting.parts import PARTS
from puffling.desktop.charting.past import Present, end_of
from puffling.desktop.charting.source import Source
from puffling.desktop.charting.words import Words
from puffling.desktop.continuation import goes_on
from puffling.desktop.session import Session
from puffling.desktop.sketch import Sketch
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.market.events import PricesMoved
from puffling.market.values import Instrument, Price, SessionState
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView

SECONDS_BETWEEN_QUESTIONS = 1.0
NEW_YORK = "XNYS"

# Some bars are drawn one by one; of more a chart is built anew.
_MOST_ADDED = 400


class ChartPane(PaneFrame):
    """Shows one series; the panel around it says when it is seen, and hands it prices."""

    said = Signal()
    became_live = Signal()
    moved = Signal()

    def __init__(self, session: Session, number: int, present: Present) -> None:
        super().__init__()
        self._session = session
        self._present = present
        self.symbol = session.selection.symbol
        self.interval = session.selection.interval
        self.words = Words(symbol=self.symbol, interval=self.interval.value)
        self.awake = False
        self.live = False
        self.source = Source(session, present, number)
        self._shown: tuple[str, Interval] | None = None
        self._instrument: Instrument | None = None
        self._bars = Bars.empty()
        self._newest_bar: Candle | None = None
        self._newest: Price | None = None
        # How far it went since it was shown last.
        self._passed: tuple[float, ...] = ()
        self._developing = False
        self._asked_again_at = 0.0
        self._stop_watching: Callable[[], None] = _nothing
        self._chart: ChartView | None = None
        self._kept_view: Kept = {}
        self._kept_content: Kept = {}
        seat = Seat(
            session,
            lambda: self.chart,
            self.source.read,
            lambda: present.us,
            self.show_long_hours,
            lambda: self.source.finest,
        )
        self.parts: tuple[Part, ...] = tuple(make(seat) for make in PARTS)
        self.buttons = ButtonRow([button for part in self.parts for button in part.buttons()])
        self._sketch = Sketch()
        self._waiting = States(self._sketch)
        self.column.addWidget(self._sketch, 1)
        self._waiting.loading()

    @property
    def chart(self) -> ChartView:
        """Give the chart, which takes the place of the sketch when it is first needed."""
        if self._chart is None:
            # Imported here: with its library it is half of what a start has to load.
            from puffling.desktop.charts.chart import ChartView

            self._chart = ChartView()
            self.column.replaceWidget(self._sketch, self._chart)
            self._sketch.deleteLater()
            self._chart.show()
            self.setFocusProxy(self._chart)
            self.follow_hand(self._chart)
            self._chart.bar_pointed.connect(self.point)
            self._chart.range_changed.connect(lambda *_: self.moved.emit())
        return self._chart

    @property
    def zone(self) -> tzinfo:
        """Give the zone in which the times of the bars read right."""
        return zone_of(self._instrument, self.interval)

    @property
    def drawn(self) -> bool:
        """Tell whether there are bars on the chart itself."""
        return self._chart is not None and self._shown is not None and len(self._bars) > 0

    @property
    def bars(self) -> Bars:
        """Give the bars that are shown; the last of them may have moved since."""
        return self._bars

    def part(self, id: str) -> Part:
        """Give the part of this name."""
        return next(part for part in self.parts if part.id == id)

    def choices(self) -> Kept:
        """Give what was chosen for this pane as plain values."""
        kept: Kept = {"symbol": self.symbol, "interval": self.interval.value}
        kept |= {part.id: part.keep() for part in self.parts}
        if self._chart is None:
            return {"view": self._kept_view, **kept}
        return {"view": self._chart.save_state(), **kept} if len(self._bars) else kept

    def content(self) -> Kept:
        """Give what is seen now, small enough to paint the next start with."""
        if self._shown is None or not len(self._bars):
            return self._kept_content
        symbol, interval = self._shown
        words = replace(self.words, symbol=symbol, interval=interval.value)
        return kept_content(self._bars, self._newest_bar, words, self._decimals)

    def restore(self, choices: Kept) -> None:
        """Take over what was chosen for this pane."""
        view = choices.get("view")
        self._kept_view = view if isinstance(view, dict) else {}
        if self.drawn:
            self.chart.restore_state(self._kept_view)
        for part in self.parts:
            part.restore(choices.get(part.id))

    def restore_content(self, content: Kept) -> None:
        """Show what was seen last, before the core is open."""
        bars = kept_bars(content)
        if not len(bars):
            return
        self._bars = bars
        self._kept_content = content
        self._say(kept_words(content))
        self._sketch.show_bars(bars)
        self._waiting.stale(tr("As last seen"))

    def wake(self) -> None:
        """Come into sight: fetch, and watch what is shown."""
        self.awake = True
        self.fetch()

    def sleep(self) -> None:
        """Go out of sight."""
        self.awake = False
        self._passed = ()
        self._stop_watching()
        self._stop_watching = _nothing
        for part in self.parts:
            part.sleep()

    def look_at(self, symbol: str, interval: Interval) -> None:
        """Show another series."""
        if (symbol, interval) == (self.symbol, self.interval):
            return
        self.symbol, self.interval = symbol, interval
        if self.awake:
            self.fetch()

    def show_long_hours(self, wanted: bool) -> None:
        """Show what trades before and after the sessions too, or leave it out."""
        if self.source.long_hours is not wanted:
            self.source.long_hours = wanted
            if self.awake:
                self.fetch()

    def take(self, event: PricesMoved) -> bool:
        """Take the newest price of this symbol if it is there; showing it is another step."""
        price = event.prices.get(self.symbol) if self._present.us is None else None
        if price is not None:
            self._newest = price
            passed = (*self._passed, *event.turns.get(self.symbol, ()), price.price)
            self._passed = (min(passed), max(passed))
        return price is not None

    def fetch(self) -> None:
        """Show the chosen series: a screenful at once, all of it when that stands."""
        symbol, interval = self.symbol, self.interval
        if self._shown != (symbol, interval) or not self.live:
            self._show_instrument(symbol, interval)
            if self._shown is not None and self._shown != (symbol, interval):
                self.chart.states.loading()
        elif self._stop_watching is _nothing:
            self._watch()
            self._newest = self._session.core.data.newest(symbol)

        all_shown = self._shown == (symbol, interval) and self.live and len(self._bars) > 0
        # What is shown goes on: a screenful in between would have everything computed again.
        self.source.fetch(
            symbol, interval, screenful=not all_shown, arrived=self._show_known, failed=self._say_failed
        )

    def enter_past(self) -> None:
        """Show what was known at the present of a replay that begins; the market is not listened to."""
        self._stop_watching()
        self._stop_watching = _nothing
        self._show_known(False)
        self.look_at_newest()
        if self.awake:
            self.fetch()

    def leave_past(self) -> None:
        """Show the live market again."""
        self.source.leave_past()
        if self.awake:
            self.fetch()

    def show_present(self) -> None:
        """Show what is known at the present of the replay; what more is needed for it is fetched."""
        self._show_known(False)
        if self.awake and self.source.wants_more():
            self.fetch()

    def look_at_newest(self) -> None:
        """See the newest bar, and as many as before."""
        if self.drawn:
            first, last = self.chart.visible_range
            self.chart.restore_state({"bars": last - first, "behind": (first - last) * 0.04})

    def dispose(self) -> None:
        """End what is under way, and go."""
        self.sleep()
        self.source.cancel()
        self.buttons.deleteLater()
        self.hide()
        self.deleteLater()

    def show_newest(self) -> None:
        """Show the newest price: in the words, and as the last bar; no bar before it is touched."""
        if self._present.us is not None:
            self._say_known()
            return
        self._say(self.words.priced(self._newest, self._decimals))
        price, bar = self._newest, self._newest_bar
        passed, self._passed = self._passed, ()
        if price is None or bar is None or self._shown is None or self._shown[0] != price.symbol:
            return
        interval = self._shown[1]
        trades = price.session is SessionState.OPEN or (
            self.source.long_hours and price.session is not SessionState.CLOSED
        )
        if trades and price.time_us >= end_of(bar.time_us, interval):
            self._fetch_again()
            return
        if not self._developing:
            return
        high, low = max(bar.high, price.price, *passed), min(bar.low, price.price, *passed)
        volume = max(bar.volume, price.day_volume) if interval is Interval.D1 else bar.volume
        self._newest_bar = Candle(bar.time_us, bar.open, high, low, price.price, volume)
        self.chart.update_last(*self._newest_bar[1:])
        for part in self.parts:
            part.move(self._newest_bar)

    @property
    def _decimals(self) -> int:
        return self._instrument.price_decimals if self._instrument else 2

    def _say(self, words: Words) -> None:
        if words != self.words:
            self.words = words
            self.caption.say(words)
            self.said.emit()

    def _show_instrument(self, symbol: str, interval: Interval) -> None:
        core = self._session.core
        try:
            self._instrument = core.data.instrument(symbol)
        except PufflingError:
            self._instrument = None
        name = self._instrument.name if self._instrument else ""
        self._watch()
        self._newest, self._passed = core.data.newest(symbol), ()
        # Of another series nothing stays, least of all where its prices came from.
        before = self.words if self.words.symbol == symbol else Words()
        words = replace(before, symbol=symbol, interval=interval.value, name=name)
        replaying = self._present.us is not None
        self._say(words.priced(None if replaying else self._newest, self._decimals))

    def _watch(self) -> None:
        stop = self._stop_watching
        live = self._instrument is not None and self._present.us is None
        self._stop_watching = self._session.core.data.watch((self.symbol,)) if live else _nothing
        stop()

    def _show_known(self, fresh: bool) -> None:
        history = self.source.history
        if history is None:
            return
        symbol, interval = history.key.symbol, history.key.interval
        same = self._shown == (symbol, interval) and self.live
        view = self.chart.save_state() if same or not fresh else self._kept_view
        self._kept_view = {}
        self._kept_content = {}
        self._shown = (symbol, interval)
        bars = history.bars
        grown = (
            same
            and self.chart.bar_count == len(self._bars)
            and len(bars) - len(self._bars) < _MOST_ADDED
            and goes_on(self._bars, bars)
        )
        self._bars = bars
        self._newest_bar = candle_at(bars, -1) if len(bars) else None
        self._developing = history.developing
        self._say(self.words.over(history.label, history.quality, "\n".join(history.warnings)))
        if not len(bars):
            self.chart.clear()
            self.chart.states.empty(
                tr("No prices for {symbol}", symbol=symbol),
                tr("No feed has prices of this width for it. Choose another width."),
                icon="chart",
            )
        else:
            if grown:
                self.chart.go_on(bars.time, bars.columns())
            else:
                self._draw(bars, zone_of(self._instrument, interval))
                if view:
                    self.chart.restore_state(view)
            for part in self.parts:
                part.show(history)
        self.show_newest()
        self._mark_live()

    def _say_known(self) -> None:
        """Say the price of the last bar that is known, and what it changed since the one before."""
        bars = self._bars
        if not len(bars):
            self._say(self.words.priced(None, self._decimals))
            return
        last = float(bars.close[-1])
        before = float(bars.close[-2]) if len(bars) > 1 else last
        share = last / before - 1 if before else 0.0
        self._say(self.words.moved(last, last - before, share, self._decimals))

    def _draw(self, bars: Bars, zone: tzinfo) -> None:
        self.chart.set_bars(bars.time, *bars.columns(), price_decimals=self._decimals, zone=zone)

    def _say_failed(self, error: PufflingError) -> None:
        self.chart.clear()
        self.chart.states.error(error.message, error.hint, act=self.fetch)
        self._shown = None
        self.source.forget()
        self._mark_live()

    def _mark_live(self) -> None:
        self.live = True
        self.became_live.emit()

    def _fetch_again(self) -> None:
        """A new bar has begun; ask for it, but not with every tick until it is there."""
        now = self._session.core.clock.monotonic()
        if now - self._asked_again_at >= SECONDS_BETWEEN_QUESTIONS:
            self._asked_again_at = now
            self.fetch()


def zone_of(instrument: Instrument | None, interval: Interval) -> tzinfo:
    """Give the zone in which the bars' times read right: days stand at UTC midnight."""
    if instrument is None or not interval.is_intraday or instrument.calendar != NEW_YORK:
        return UTC
    return ZoneInfo("America/New_York")


def _nothing() -> None:
    """Do nothing."""
