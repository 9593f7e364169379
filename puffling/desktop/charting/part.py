"""What makes up a chart besides its prices: parts that know their pane only by the seat they were given.

A part sees of history what the pane shows, never more: during a replay that ends at the present of the
replay. What a part needs besides (another symbol to compare with) it asks its seat for, which cuts the
same way; asking the core itself would let the future in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Protocol

from puffling.desktop.actions import Action
from puffling.desktop.session import Session
from puffling.frozen import frozen
from puffling.market.values import History
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from puffling.desktop.charts.chart import ChartView


class Candle(NamedTuple):
    """One bar by itself."""

    time_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def candle_at(bars: Bars, index: int) -> Candle:
    """Give one bar by itself."""
    return Candle(int(bars.time[index]), *(float(column[index]) for column in bars.columns()))


class Reader(Protocol):
    """Gives histories, cut at the present."""

    async def __call__(self, symbol: str, interval: Interval, since: date | None = None) -> History:
        """Give the bars of any symbol as far as the chart may know them."""
        ...


@frozen
class Seat:
    """What a part may use.

    `chart` makes the chart where there is none yet: ask it in `show` or later, never before the core is open.
    `history` is the one way to prices. `present_us` is None while the market is live. `show_long_hours` says
    whether the pane shows what trades before and after the sessions too. `finest` gives of this pane's series
    the finest bars a replay goes by, None while it is live or they are on their way.
    """

    session: Session
    chart: Callable[[], ChartView]
    history: Reader
    present_us: Callable[[], int | None]
    show_long_hours: Callable[[bool], None]
    finest: Callable[[], History | None]


class Part:
    """One concern of a chart: indicators, how prices look, drawings. There is one of each per pane."""

    # The name it is kept under; never translated.
    id = ""
    # Whether a template takes along what it keeps; what belongs to one symbol stays with the symbol.
    in_templates = True

    def __init__(self, seat: Seat) -> None:
        self.seat = seat

    def buttons(self) -> list[QWidget]:
        """Give what stands in the line over the chart while its pane is the active one; made once."""
        return []

    def acts(self) -> Iterable[Action]:
        """Give what the person can start; it is run on the part of the active pane."""
        return ()

    def keep(self) -> object:
        """Give what was chosen as plain values, for the next start and for templates."""
        return None

    def restore(self, kept: object) -> None:
        """Take over what was kept, before the first bars or at any time after; None is nothing."""

    def show(self, history: History) -> None:
        """Follow these bars; called after the chart has them, for another series and for more of the same."""

    def move(self, newest: Candle) -> None:
        """Take in what the last bar is now; nothing before it changes."""

    def sleep(self) -> None:
        """Stop listening and timing: the pane went out of sight. The next `show` goes on."""
