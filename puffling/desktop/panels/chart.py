"""Chart: up to nine charts side by side; the active one follows the symbol everybody looks at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import tool_button
from puffling.desktop.charting.acts import chart_acts, show_layouts
from puffling.desktop.charting.grid import LAYOUTS, Grid
from puffling.desktop.charting.header import Header
from puffling.desktop.charting.links import Link, Links
from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.charting.past import Present
from puffling.desktop.charting.replay import Replay
from puffling.desktop.charting.templates import Templates
from puffling.desktop.charting.timescale import bar_at
from puffling.desktop.charting.transport import Transport
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.later import later
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.practice.part import Practising
from puffling.desktop.practice.room import PracticeRoom
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import Fitting
from puffling.desktop.symbol_field import SymbolField
from puffling.market.events import FeedStateChanged, HistoryRenewed, PricesMoved
from puffling.market.values import FeedState
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.charts.chart import ChartView

DRAIN_MILLISECONDS = 50
LEAST_DRAIN_MILLISECONDS = 16


@panel(id="chart", title="Chart", icon="chart", area=Area.CENTRE, order=2)
class ChartPanel(Panel):
    """Holds the panes and what they share: the line above them, links, templates, a replay."""

    titled = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._made = 0
        self._seen_together = 4
        self._spare: list[Kept] = []
        self._kept_contents: list[Kept] = []
        self.present = Present()
        self.panes: list[ChartPane] = []
        self._feed: FeedState | None = None
        self._feed_symbol = ""
        self.links = Links(lambda: self.panes)
        self.replay = Replay(session, self.present, lambda: self.panes, lambda: self.active)
        self.templates = Templates(session, lambda: self.active)
        self._line = Header(session, self)
        self._line.symbol_chosen.connect(self._choose)
        self._line.interval_chosen.connect(lambda interval: session.selection.choose(interval=interval))
        self.layout_button = tool_button("grid", tr("Charts side by side"))
        self.layout_button.clicked.connect(lambda: show_layouts(self, self.layout_button))
        self.templates_button = tool_button("template", tr("Chart templates"))
        self.templates_button.clicked.connect(lambda: self.templates.offer(self.templates_button))
        self.replay_button = tool_button("replay", tr("Replay history"), checkable=True)
        self.replay_button.clicked.connect(self.switch_replay)
        # The menu has them, too.
        self._tools = Fitting((self.replay_button, self.layout_button, self.templates_button), gap=6)
        self._due: deque[ChartPane] = deque()
        self._drain = later(self, self._show_newest)
        self.transport = Transport(session, self.replay)
        self.transport.went.connect(self.take_focus)
        self.transport.practise.clicked.connect(lambda: self._run_in_part(Practising.id, "window.practise"))
        self.replay.changed.connect(self._show_replay)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.practice = PracticeRoom(session, column, lambda: self.panes)
        self.practice.desk.on_change(self._show_replay)
        self.grid = Grid()
        self.active = self._add_pane()
        self._settle_panes()
        column.addWidget(self.grid, 1)
        column.addWidget(self.transport)
        self.setMinimumSize(360, 200)

    def header(self) -> list[QWidget]:
        *words, source = self._line.widgets()
        return [*words, self._tools, source]

    @property
    def chart(self) -> ChartView:
        """Give the chart of the active pane."""
        return self.active.chart

    @property
    def count(self) -> int:
        """Give how many charts there are."""
        return len(self.panes)

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

    def content(self) -> Kept:
        if len(self.panes) == 1:
            return self.active.content()
        return {**self.active.content(), "panes": [pane.content() for pane in self.panes]}

    def arrangement(self) -> Kept:
        return {
            "panes": [pane.choices() for pane in self.panes],
            "active": self.panes.index(self.active),
            "spare": self._spare,
            "sizes": self.grid.keep(),
            "links": self.links.keep(),
            "replay": self.replay.keep() if self.replay.on else None,
            "practice": self.practice.arrangement(),
        }

    def acts(self) -> Iterable[Action]:
        yield from chart_acts(self)
        for part in self.active.parts:
            for action in part.acts():
                yield replace(action, run=partial(self._run_in_part, part.id, action.id))

    def restore(self, choices: Kept, content: Kept) -> None:
        self.active.restore_content(content)
        self._kept_contents = _dicts(content.get("panes"))

    def arrange(self, kept: Kept) -> None:
        found = _dicts(kept.get("panes"))
        if len(found) not in LAYOUTS:
            # A workspace that was never seen begins with the chart one comes from.
            found, kept = [self.active.choices()], {}
        self._set_panes(len(found))
        self._spare = _dicts(kept.get("spare"))
        place = kept.get("active")
        self.active = self.panes[place if isinstance(place, int) and 0 <= place < len(found) else 0]
        self.links.restore(kept.get("links"))
        self.practice.desk.leave()
        if self.replay.on:
            self.replay.end()
        self.replay.restore(kept.get("replay"))
        self.practice.arrange(kept.get("practice"), replaying=self.replay.on)
        selection = self.session.selection
        for pane, choices in zip(self.panes, found, strict=True):
            pane.restore(choices)
            own = (selection.symbol, selection.interval)
            pane.look_at(*(own if pane is self.active else _series_of(choices, pane)))
            if self.replay.on:
                pane.enter_past()
        for pane, content in zip(self.panes, self._kept_contents, strict=False):
            if content.get("symbol") == pane.symbol:
                pane.restore_content(content)
        self._kept_contents = []
        self._settle_panes()
        self.grid.restore(kept.get("sizes"))

    def wake(self, core: Core) -> None:
        self.hear(PricesMoved, self._take)
        self.hear(HistoryRenewed, self._fetch_renewed)
        self.hear(FeedStateChanged, lambda _: self._look_at_feed())
        self.hear_selection(self._follow)
        self.hear_pointing(self._point_at)
        selection = self.session.selection
        self.active.symbol, self.active.interval = selection.symbol, selection.interval
        for pane in self.panes:
            pane.wake()
        self.practice.take_up()

    def sleep(self) -> None:
        self._drain.stop()
        self._due.clear()
        self.replay.pause()
        self.practice.desk.keep()
        for pane in self.panes:
            pane.sleep()

    def take_focus(self) -> None:
        self.active.setFocus()

    def ask_symbol(self) -> None:
        """Offer a field for another symbol in the place of the present one."""
        self._line.ask_symbol()

    def show_charts(self, count: int) -> None:
        """Show this many charts; those that go are remembered and come back to their places."""
        if count == len(self.panes):
            return
        focused = QApplication.focusWidget()
        with_keyboard = focused is not None and self.isAncestorOf(focused)
        while len(self.panes) > count:
            gone = next(pane for pane in reversed(self.panes) if pane is not self.active)
            self._spare.append({**gone.choices(), "place": self.panes.index(gone)})
            self._drop_pane(gone)
        fresh = []
        while len(self.panes) < count:
            choices = self._spare.pop() if self._spare else {}
            place = choices.get("place")
            pane = self._add_pane(place if isinstance(place, int) else None)
            pane.restore(choices)
            pane.symbol, pane.interval = _series_of(choices, self.active)
            if not choices:
                fresh.append(pane)
            if self.awake:
                pane.wake()
        self._settle_panes()
        self.templates.dress(fresh)
        if with_keyboard:
            self.take_focus()

    def enlarge(self) -> None:
        """Show the active chart alone, or again the others beside it."""
        if len(self.panes) > 1:
            self._seen_together = len(self.panes)
            self.show_charts(1)
        else:
            self.show_charts(self._seen_together)

    def step_chart(self, step: int) -> None:
        """Make the next chart the active one."""
        self.activate(self.panes[(self.panes.index(self.active) + step) % len(self.panes)])
        self.active.setFocus()

    def activate(self, pane: ChartPane) -> None:
        """Work with this pane: the line above, the keys and the shared selection are its own now."""
        if pane is self.active:
            return
        self.active = pane
        self._outline()
        self.session.selection.choose(pane.symbol, pane.interval)

    def toggle_link(self, link: Link) -> None:
        """Tie the charts together in this, or let them go."""
        self.links.toggle(link)
        if link in self.links.on:
            self.links.look_at(self.active, self.active.symbol, self.active.interval)
            if self.active.drawn:
                self.links.move(self.active)

    def switch_replay(self) -> None:
        """Wait for a bar to begin a replay at, or end the one that is on."""
        if self.replay.on or self.replay.choosing:
            self.replay.end()
        elif self.session.connected:
            self.replay.choose()
            self.transport.day.setFocus()

    def _set_panes(self, count: int) -> None:
        while len(self.panes) > count:
            gone = self.panes[-1]
            if gone is self.active:
                self.active = self.panes[0]
            self._drop_pane(gone)
        while len(self.panes) < count:
            pane = self._add_pane()
            if self.awake:
                pane.wake()

    def _add_pane(self, place: int | None = None) -> ChartPane:
        pane = ChartPane(self.session, self._made, self.present)
        self._made += 1
        self.panes.insert(len(self.panes) if place is None else place, pane)
        pane.said.connect(lambda: self._say(pane))
        pane.became_live.connect(self._note_live)
        pane.activated.connect(lambda: self.activate(pane))
        pane.pointed.connect(lambda index: self.links.point(pane, index))
        pane.moved.connect(lambda: self.links.move(pane))
        pane.picked.connect(lambda index: self.replay.pick(pane, index))
        pane.caption.enlarged.connect(self.enlarge)
        pane.keys = self._take_key
        self._line.buttons.addWidget(pane.buttons)
        return pane

    def _drop_pane(self, pane: ChartPane) -> None:
        self.panes.remove(pane)
        if pane in self._due:
            self._due.remove(pane)
        self._line.buttons.removeWidget(pane.buttons)
        pane.dispose()

    def _settle_panes(self) -> None:
        self.grid.place(self.panes)
        self._drain.setInterval(max(DRAIN_MILLISECONDS // len(self.panes), LEAST_DRAIN_MILLISECONDS))
        self._outline()

    def _outline(self) -> None:
        for pane in self.panes:
            pane.stand(among_others=len(self.panes) > 1, outlined=pane is self.active)
        self._line.buttons.setCurrentWidget(self.active.buttons)
        self.setFocusProxy(self.active)
        self._say(self.active)
        self._show_replay()

    def _run_in_part(self, part_id: str, action_id: str) -> None:
        for action in self.active.part(part_id).acts():
            if action.id == action_id:
                action.run()

    def _say(self, pane: ChartPane) -> None:
        if pane is not self.active:
            return
        if self._feed_symbol != pane.symbol:
            self._look_at_feed()
        self._line.say(pane.words, self._feed)

    def _look_at_feed(self) -> None:
        """Know how the feed of what is shown is doing; nobody asks for it with every price."""
        self._feed_symbol, self._feed = self.active.symbol, None
        if self.session.connected and self.present.us is None:
            try:
                self._feed = self.session.core.quotes.feed_of(self.active.symbol)
            except PufflingError:
                # Nobody knows the symbol: the pane says so.
                return
            self._line.say(self.active.words, self._feed)

    def _note_live(self) -> None:
        if self.active.live:
            self.mark_live()

    def _choose(self, symbol: str) -> None:
        self._line.leave_field()
        core = self.session.core
        # A symbol that nobody here knows is asked for at the sources.
        self.session.dispatch.run(
            lambda: core.data.learn(symbol),
            name="learn symbol",
            newest="learn symbol",
            then=lambda found: self._go_to(found.symbol),
            failed=self.session.tell_error,
            owner=self,
        )

    def _go_to(self, symbol: str) -> None:
        self.session.selection.choose(symbol)
        self.chart.setFocus()

    def _follow(self) -> None:
        selection = self.session.selection
        self.links.look_at(self.active, selection.symbol, selection.interval)
        self.replay.note_interval(selection.interval)
        self._show_replay()

    def _point_at(self, symbol: str, moment_us: int) -> None:
        """Show a moment that another panel points at, in the middle, with the crosshair on it."""
        pane = self.active
        if pane.symbol != symbol or not pane.drawn:
            return
        times = pane.bars.time
        place = bar_at(times, moment_us, from_wider=False) or 0
        first, last = pane.chart.visible_range
        if not first <= place <= last:
            pane.chart.look_at(place - (last - first) / 2, place + (last - first) / 2)
        pane.chart.point_at(place)

    def _show_replay(self) -> None:
        self.session.selection.stand_at(self.replay.present_us)
        practising = self.practice.show(replaying=self.replay.on)
        self.replay_button.setChecked(self.replay.on or self.replay.choosing)
        self.transport.show_state(self.active.interval, self.active.zone, practising=practising)

    def _take_key(self, event: QKeyEvent) -> bool:
        return self.practice.take_key(event) or self.transport.take_key(event)

    def _fetch_renewed(self, event: HistoryRenewed) -> None:
        for pane in self.panes:
            if pane.symbol == event.symbol:
                pane.fetch()

    def _take(self, event: PricesMoved) -> None:
        for pane in self.panes:
            if pane.take(event) and pane not in self._due:
                self._due.append(pane)
        if self._due and not self._drain.isActive():
            self._drain.start()

    def _show_newest(self) -> None:
        """Show the newest price of one pane: to draw them all in one go would hold the loop too long."""
        if self._due:
            self._due.popleft().show_newest()
        if self._due:
            self._drain.start()


def _dicts(kept: object) -> list[Kept]:
    return [each for each in kept if isinstance(each, dict)] if isinstance(kept, list) else []


def _series_of(choices: Kept, pane: ChartPane) -> tuple[str, Interval]:
    interval = next((each for each in Interval if each.value == choices.get("interval")), pane.interval)
    symbol = choices.get("symbol")
    return (symbol if isinstance(symbol, str) and symbol else pane.symbol), interval
