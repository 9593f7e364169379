"""Where the bars of one pane come from: the market while it is live, what was known of it during a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date, datetime, timedelta
from functools import partial

from puffling.desktop.charting.past import Present, history_at, moment_before, next_moment
from puffling.desktop.loading import load
from puffling.desktop.session import Session
from puffling.market.values import History
from puffling.puffin.data.instants import from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError

# What the first chart is drawn with.
_LIBRARY = ("pyqtgraph", "puffling.desktop.charts.chart", "puffling.desktop.indicators.board")
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
_OF_OLD_DAYS = 40 * 366

Arrived = Callable[[bool], None]


class Source:
    """Fetches whole histories and gives of them what may be known: nothing goes past this to a chart."""

    def __init__(self, session: Session, present: Present, number: int) -> None:
        self._session = session
        self._present = present
        self._key = f"chart.{number}"
        self._fetching: asyncio.Task[None] | None = None
        self._whole: History | None = None
        self._finer: History | None = None
        self._reaches_us = 0
        self._asking = False
        # Whether bars before and after the sessions are among them; what a replay steps through has none.
        self.long_hours = False
        self._others: dict[tuple[str, Interval, date | None], History] = {}

    @property
    def history(self) -> History | None:
        """Give what is known now; None before anything arrived."""
        if self._whole is None:
            return None
        return self._whole if self._present.us is None else self._cut(self._whole, self._present.us)

    @property
    def finest(self) -> History | None:
        """Give the finest bars a replay goes by, as they were known; None while they are on their way."""
        present, finest = self._present.us, self._finer or self._whole
        if present is None or finest is None or finest.key.interval is not self._present.finest:
            return None
        return history_at(finest, present)

    def fetch(
        self,
        symbol: str,
        interval: Interval,
        *,
        screenful: bool,
        arrived: Arrived,
        failed: Callable[[PufflingError], None],
    ) -> None:
        """Fetch a series; `arrived` hears whether it is the first of it. A screenful is there at once."""
        work: Callable[[], Coroutine[None, None, None]]
        if self._present.us is None:
            work = partial(self._live, symbol, interval, screenful, arrived)
        else:
            work = partial(self._past, symbol, interval, from_us(self._present.us), arrived)
        self._asking = True
        self._fetching = self._session.dispatch.run(work, name="fetch chart", newest=self._key, failed=failed)

    @property
    def waits(self) -> bool:
        """Tell whether bars are on their way."""
        return self._asking

    def wants_more(self) -> bool:
        """Tell whether the replay is about to leave what was fetched for it."""
        present = self._present.us
        return present is not None and not self._asking and present > self._reaches_us

    def forget(self) -> None:
        """Know nothing of any series any more."""
        self._whole = self._finer = None
        self._asking = False
        self._others.clear()

    def leave_past(self) -> None:
        """Let go of what only a replay needed."""
        self._finer = None
        self._others.clear()

    def cancel(self) -> None:
        """End what is under way."""
        self._asking = False
        if self._fetching is not None:
            self._fetching.cancel()

    def next_moment(self) -> int | None:
        """Give the moment of the replay at which there is one bar more; None at the end of history."""
        present, whole = self._present.us, self._whole
        if present is None or whole is None:
            return None
        now_us = to_us(self._session.core.clock.now())
        return next_moment(whole.bars, whole.key.interval, present, now_us)

    def moment_before(self) -> int | None:
        """Give the moment of the replay at which there is one bar less; None where history begins."""
        present, whole = self._present.us, self._whole
        if present is None or whole is None:
            return None
        return moment_before(whole.bars, whole.key.interval, present)

    async def read(self, symbol: str, interval: Interval, since: date | None = None) -> History:
        """Give any series as far as it is known, for the parts of the chart."""
        history = self._session.core.data.history
        if self._present.us is None:
            return await history(symbol, interval, since)
        key = (symbol, interval, since)
        whole = self._others.get(key)
        if whole is None:
            past = from_us(self._present.us) - timedelta(days=_DEEP_DAYS.get(interval, _OF_OLD_DAYS))
            whole = self._others[key] = await history(symbol, interval, since or past.date())
        # The present may have moved while the bars were on their way.
        present = self._present.us
        return whole if present is None else history_at(whole, present)

    async def _live(self, symbol: str, interval: Interval, screenful: bool, arrived: Arrived) -> None:
        core = self._session.core
        days = _DEEP_DAYS.get(interval)
        if days is None or screenful:
            self._take(await core.data.history(symbol, interval, long_hours=self.long_hours))
            await load(*_LIBRARY)
            arrived(True)
        if days is not None:
            since = (core.clock.now() - timedelta(days=days)).date()
            self._take(await core.data.history(symbol, interval, since, long_hours=self.long_hours))
            arrived(False)
        self._asking = False

    async def _past(self, symbol: str, interval: Interval, moment: datetime, arrived: Arrived) -> None:
        """Fetch around a moment, and the finer bars that a bar under way is made of."""
        finest = self._present.finest
        whole, reaches_us = await self._around(symbol, interval, moment)
        finer = None
        if finest.seconds < interval.seconds:
            finer, finer_reaches_us = await self._around(symbol, finest, moment)
            reaches_us = min(reaches_us, finer_reaches_us)
        # Reading and drawing in one go would hold the loop.
        await self._session.core.clock.sleep(0)
        fresh = self._whole is None or self._whole.key != whole.key
        self._take(whole, finer)
        self._reaches_us = reaches_us
        self._asking = False
        arrived(fresh)

    async def _around(self, symbol: str, interval: Interval, moment: datetime) -> tuple[History, int]:
        """Give bars before and after a moment, and until when a replay can go on with them."""
        core = self._session.core
        days = timedelta(days=_DEEP_DAYS.get(interval, _OF_OLD_DAYS))
        now = core.clock.now()
        if moment - (now - days) > days / 4:
            # What a live chart reaches back to has enough before this moment, and is there already.
            return await core.data.history(symbol, interval, (now - days).date()), to_us(now)
        since, until = moment - days, min(moment + days, now)
        whole = await core.data.history(symbol, interval, since.date(), until.date())
        return whole, to_us(moment + days * 0.9) if until < now else to_us(now)

    def _take(self, whole: History, finer: History | None = None) -> None:
        self._whole, self._finer = whole, finer

    def _cut(self, whole: History, present_us: int) -> History:
        if self._finer is None:
            return history_at(whole, present_us)
        return history_at(whole, present_us, self._finer.bars, self._finer.key.interval)
