"""Chart: candles and volume of the symbol everybody looks at, with its newest bar alive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop import numbers
from puffling.desktop.actions import Action
from puffling.desktop.continuation import goes_on
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.sketch import Sketch
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.theme import set_role
from puffling.market.events import PricesMoved
from puffling.market.values import History, Instrument, Price, Quality, SessionState
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.instants import US_PER_DAY, from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import PuffinError
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.charts.chart import ChartView

DRAIN_MILLISECONDS = 50
KEPT_BARS = 180
SECONDS_BETWEEN_QUESTIONS = 1.0
NEW_YORK = "XNYS"

_SESSIONS = {
    SessionState.OPEN: "The exchange is open",
    SessionState.PRE: "Before the open",
    SessionState.POST: "After the close",
    SessionState.CLOSED: "The exchange is closed",
}
_TITLES = {Interval.H1: "1h", Interval.D1: "1D", Interval.W1: "1W", Interval.MO1: "1M"}
# What is behind the first screenful; fetched once the first is shown.
_DEEP_DAYS = {
    Interval.M1: 20,
    Interval.M5: 90,
    Interval.M15: 270,
    Interval.M30: 540,
    Interval.H1: 1100,
    Interval.D1: 20 * 366,
    Interval.W1: 20 * 366,
}


@panel(id="chart", title="Chart", icon="chart", area=Area.CENTRE, order=2)
class ChartPanel(Panel):
    """Shows one symbol at one interval."""

    titled = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown: tuple[str, Interval] | None = None
        self._instrument: Instrument | None = None
        self._bars = Bars.empty()
        self._newest: Price | None = None
        self._developing = False
        self._asked_again_at = 0.0
        self._stop_watching: Callable[[], None] = _nothing
        self._drain = QTimer(self)
        self._drain.setSingleShot(True)
        self._drain.setInterval(DRAIN_MILLISECONDS)
        self._drain.timeout.connect(self._show_newest)
        self.indicators = Indicators(session, lambda: self.chart)
        self._header = self._make_header()
        self._chart: ChartView | None = None
        self._kept_view: Kept = {}
        self._kept_content: Kept = {}
        self._sketch = Sketch()
        self._waiting = States(self._sketch)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._sketch)
        self.setMinimumSize(360, 220)
        self._waiting.loading()

    def header(self) -> list[QWidget]:
        return self._header

    @property
    def chart(self) -> ChartView:
        """Give the chart, which takes the place of the sketch when it is first needed."""
        if self._chart is None:
            # Imported here: with its library it is half of what a start has to load.
            from puffling.desktop.charts.chart import ChartView

            self._chart = ChartView()
            self._column.replaceWidget(self._sketch, self._chart)
            self._sketch.deleteLater()
            self._chart.show()
            self.setFocusProxy(self._chart)
        return self._chart

    def choices(self) -> Kept:
        indicators = {"indicators": self.indicators.keep()}
        if self._chart is None:
            return {"view": self._kept_view, **indicators}
        return {"view": self._chart.save_state(), **indicators} if len(self._bars) else indicators

    def content(self) -> Kept:
        if self._shown is None or not len(self._bars):
            return self._kept_content
        bars = self._bars[-KEPT_BARS:]
        columns = [bars.time.tolist(), *(column.round(6).tolist() for column in bars.columns())]
        symbol, interval = self._shown
        return {
            "symbol": symbol,
            "interval": interval.value,
            "name": self.name.text(),
            "last": self.last.text(),
            "change": self.change.text(),
            "tone": self.change.property("tone") or "muted",
            "source": self.source.text(),
            "decimals": self._decimals,
            "rows": list(zip(*columns, strict=True)),
        }

    def acts(self) -> Iterable[Action]:
        return self.indicators.acts()

    def restore(self, choices: Kept, content: Kept) -> None:
        self.indicators.restore(choices.get("indicators"))
        try:
            bars = bars_from_rows([[float(each) for each in row] for row in content.get("rows", [])])
        except (TypeError, ValueError, PuffinError):
            bars = Bars.empty()
        if not len(bars):
            return
        view = choices.get("view")
        self._kept_view = view if isinstance(view, dict) else {}
        self._bars = bars
        self._kept_content = content
        self.symbol.setText(str(content.get("symbol", "")))
        self._fit_symbol()
        self.name.setText(str(content.get("name", "")))
        self._say_price(
            str(content.get("last", "")), str(content.get("change", "")), str(content.get("tone", ""))
        )
        self._say_source(str(content.get("source", "")), demo=True)
        self._mark_interval(str(content.get("interval", "")))
        self._sketch.show_bars(bars)
        self._waiting.stale(tr("As last seen"))

    def wake(self, core: Core) -> None:
        self.hear(PricesMoved, self._take)
        self.hear_selection(self._fetch)
        self._fetch()

    def sleep(self) -> None:
        self._drain.stop()
        self._stop_watching()
        self._stop_watching = _nothing

    def ask_symbol(self) -> None:
        """Offer a field for another symbol in the place of the present one."""
        self._symbol_place.setCurrentWidget(self.field)
        self._symbol_place.setFixedWidth(170)
        self.field.setFocus()

    @property
    def _decimals(self) -> int:
        return self._instrument.price_decimals if self._instrument else 2

    def _make_header(self) -> list[QWidget]:
        self.symbol = QPushButton(self.session.selection.symbol)
        self.symbol.setObjectName("chart.symbol")
        self.symbol.setToolTip(tr("Choose another symbol"))
        self.symbol.setAccessibleName(tr("Symbol"))
        set_role(self.symbol, kind="quiet")
        self.symbol.setStyleSheet("QPushButton { font-weight: 600; padding: 2px 4px; }")
        self.symbol.clicked.connect(self.ask_symbol)
        self.field = SymbolField(self.session, "chart")
        self.field.chosen.connect(self._choose)
        self.field.left.connect(self._leave_field)
        self._symbol_place = QStackedWidget()
        self._symbol_place.addWidget(self.symbol)
        self._symbol_place.addWidget(self.field)
        self._symbol_place.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.name, self.last, self.change, self.source = ElidedLabel(), QLabel(), QLabel(), QLabel()
        set_role(self.name, tone="muted")
        set_role(self.last, kind="title")
        self.name.setProperty("grows", True)
        group = QButtonGroup(self)
        self._switch: dict[Interval, QPushButton] = {}
        for interval in Interval:
            button = QPushButton(_TITLES.get(interval, interval.value))
            button.setCheckable(True)
            button.setAccessibleName(tr("Interval {interval}", interval=interval.value))
            set_role(button, kind="quiet")
            button.setStyleSheet("QPushButton { padding: 2px 7px; }")
            button.clicked.connect(
                lambda _=False, each=interval: self.session.selection.choose(interval=each)
            )
            group.addButton(button)
            self._switch[interval] = button
        self._switch[self.session.selection.interval].setChecked(True)
        return [
            self._symbol_place,
            self.last,
            self.change,
            self.name,
            *self._switch.values(),
            self.indicators.button,
            self.source,
        ]

    def _choose(self, symbol: str) -> None:
        self._leave_field()
        try:
            self.session.core.data.instrument(symbol)
        except PufflingError as error:
            self.session.tell_error(error)
            return
        self.session.selection.choose(symbol)
        self.chart.setFocus()

    def _leave_field(self) -> None:
        self._symbol_place.setCurrentWidget(self.symbol)
        self._fit_symbol()

    def _fit_symbol(self) -> None:
        self._symbol_place.setFixedWidth(self.symbol.sizeHint().width())

    def _fetch(self) -> None:
        """Show the chosen series: a screenful at once, all of it when that stands."""
        symbol, interval = self.session.selection.symbol, self.session.selection.interval
        core = self.session.core
        if self._shown != (symbol, interval) or not self.live:
            self._mark_interval(interval.value)
            self._show_instrument(core, symbol)
            if self._shown is not None and self._shown != (symbol, interval):
                self.chart.states.loading()

        days = _DEEP_DAYS.get(interval)
        all_shown = self._shown == (symbol, interval) and self.live and len(self._bars) > 0

        async def fetch() -> None:
            # What is shown goes on: a screenful in between would have everything computed again.
            if days is None or not all_shown:
                self._show_history(await core.data.history(symbol, interval), fresh=True)
            if days is not None:
                since: date = (core.clock.now() - timedelta(days=days)).date()
                self._show_history(await core.data.history(symbol, interval, since), fresh=False)

        self.session.dispatch.run(fetch, name="fetch chart", newest="chart", failed=self._say_failed)

    def _show_instrument(self, core: Core, symbol: str) -> None:
        self.symbol.setText(symbol)
        self._fit_symbol()
        try:
            self._instrument = core.data.instrument(symbol)
        except PufflingError:
            self._instrument = None
        self.name.setText(self._instrument.name if self._instrument else "")
        stop = self._stop_watching
        self._stop_watching = core.data.watch((symbol,)) if self._instrument else _nothing
        stop()
        self._newest = core.data.newest(symbol)
        self._show_price()

    def _show_history(self, history: History, *, fresh: bool) -> None:
        symbol, interval = history.key.symbol, history.key.interval
        same = self._shown == (symbol, interval) and self.live
        view = self.chart.save_state() if same or not fresh else self._kept_view
        self._kept_view = {}
        self._kept_content = {}
        self._shown = (symbol, interval)
        grown = same and self.chart.bar_count == len(self._bars) and goes_on(self._bars, history.bars)
        self._bars = history.bars
        self._developing = history.developing
        self._say_source(history.label, demo=history.quality is not Quality.REALTIME)
        self.source.setToolTip("\n".join(history.warnings))
        if not len(history.bars):
            self.chart.clear()
            self.chart.states.empty(
                tr("No prices for {symbol}", symbol=symbol),
                tr("No feed has prices of this width for it. Choose another width."),
                icon="chart",
            )
        else:
            if grown:
                self.chart.go_on(history.bars.time, history.bars.columns())
            else:
                self._draw(history.bars, self._decimals, _zone_of(self._instrument, interval))
                if view:
                    self.chart.restore_state(view)
            self.indicators.show(symbol, history.bars)
        self._show_newest()
        self.mark_live()

    def _draw(self, bars: Bars, decimals: int, zone: tzinfo) -> None:
        self.chart.set_bars(bars.time, *bars.columns(), price_decimals=decimals, zone=zone)

    def _say_failed(self, error: PufflingError) -> None:
        self.chart.clear()
        self.chart.states.error(error.message, error.hint, act=self._fetch)
        self._shown = None
        self.mark_live()

    def _take(self, event: PricesMoved) -> None:
        price = event.prices.get(self.session.selection.symbol)
        if price is not None:
            self._newest = price
            if not self._drain.isActive():
                self._drain.start()

    def _show_newest(self) -> None:
        self._show_price()
        price = self._newest
        if price is None or self._shown is None or self._shown[0] != price.symbol or not len(self._bars):
            return
        interval = self._shown[1]
        bars = self._bars
        begun = int(bars.time[-1])
        if price.session is SessionState.OPEN and price.time_us >= _end_of(begun, interval):
            self._fetch_again()
            return
        if not self._developing:
            return
        high = max(float(bars.high[-1]), price.price)
        low = min(float(bars.low[-1]), price.price)
        volume = (
            max(float(bars.volume[-1]), price.day_volume)
            if interval is Interval.D1
            else float(bars.volume[-1])
        )
        last = bars_from_rows([(begun, float(bars.open[-1]), high, low, price.price, volume)])
        self._bars = Bars.join([bars[:-1], last])
        self.chart.update_last(float(bars.open[-1]), high, low, price.price, volume)
        self.indicators.move(self._bars)

    def _fetch_again(self) -> None:
        """A new bar has begun; ask for it, but not with every tick until it is there."""
        now = self.session.core.clock.monotonic()
        if now - self._asked_again_at >= SECONDS_BETWEEN_QUESTIONS:
            self._asked_again_at = now
            self._fetch()

    def _show_price(self) -> None:
        price = self._newest
        if price is None:
            self._say_price("", "", "muted")
            return
        tone = "up" if price.change > 0 else "down" if price.change < 0 else "muted"
        change = numbers.fixed(price.change, self._decimals, signed=True)
        self.last.setToolTip(tr(_SESSIONS[price.session]))
        self._say_price(
            numbers.fixed(price.price, self._decimals),
            f"{change}  {numbers.percent(price.change_percent / 100)}",
            tone,
        )

    def _say_price(self, last: str, change: str, tone: str) -> None:
        self.last.setText(last)
        self.change.setText(change)
        set_role(self.change, tone=tone)

    def _say_source(self, label: str, *, demo: bool) -> None:
        self.source.setText(label)
        set_role(self.source, tone="warn" if demo else "muted")

    def _mark_interval(self, value: str) -> None:
        for interval, button in self._switch.items():
            if interval.value == value:
                button.setChecked(True)


def _nothing() -> None:
    """Do nothing."""


def _end_of(begun_us: int, interval: Interval) -> int:
    """Give the instant at which a bar that begun then is over; weeks and months end by the calendar."""
    if interval is Interval.W1:
        return begun_us + 7 * US_PER_DAY
    if interval is Interval.MO1:
        return to_us((from_us(begun_us).replace(day=1) + timedelta(days=32)).replace(day=1))
    return begun_us + (interval.us if interval.is_intraday else US_PER_DAY)


def _zone_of(instrument: Instrument | None, interval: Interval) -> tzinfo:
    """Give the zone in which the bars' times read right: days stand at UTC midnight."""
    if instrument is None or not interval.is_intraday or instrument.calendar != NEW_YORK:
        return UTC
    return ZoneInfo("America/New_York")


class ElidedLabel(QLabel):
    """A label that gives way when room is scarce."""

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        hint.setWidth(0)
        return hint
