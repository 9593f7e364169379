"""The history that comes with the program, as a feed."""

from __future__ import annotations

from collections.abc import Sequence

from puffling.market.calendar import EXCHANGE, calendar
from puffling.market.feeds import PriceSink
from puffling.market.values import AssetClass, Basis, Instrument, Price, Quality, SessionState
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.samples import NAMES, SamplesProvider
from puffling.runtime.errors import Unavailable
from puffling.runtime.text import tr


class SamplesFeed:
    """Real daily history of five shares that comes with the program; nothing in it moves."""

    source = "samples"
    quality = Quality.SAMPLE
    intervals = frozenset({Interval.D1})
    basis = Basis.TRADED
    is_remote = False
    streams = False

    def __init__(self, provider: SamplesProvider) -> None:
        self._provider = provider

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("Sample data, real prices")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give the shares there are."""
        exchanges = {"IBM": "NYSE"}
        return tuple(
            Instrument(symbol, NAMES[symbol], AssetClass.EQUITY, exchanges.get(symbol, "NASDAQ"))
            for symbol in self._provider.symbols
        )

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Give none: all there is is listed."""
        return ()

    async def learn(self, symbol: str) -> Instrument | None:
        """Give none: all there is is listed."""
        return None

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Do nothing: these prices stand still."""

    def price(self, symbol: str) -> Price:
        """Give the last close of the history."""
        bars = self._provider.sample(symbol).bars
        last = len(bars) - 1
        session = calendar(EXCHANGE).sessions
        closed_us = int(session.closes_us[session.places(int(bars.time[last]), int(bars.time[last]) + 1)][0])
        return Price(
            symbol=symbol,
            price=float(bars.close[last]),
            time_us=closed_us,
            session=SessionState.CLOSED,
            previous_close=float(bars.close[last - 1]),
            day_open=float(bars.open[last]),
            day_high=float(bars.high[last]),
            day_low=float(bars.low[last]),
            day_volume=float(bars.volume[last]),
            source=self.source,
            label=self.label,
            quality=self.quality,
        )

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the daily bars of a span in prices as they were traded."""
        if interval is not Interval.D1:
            raise Unavailable(
                tr("The samples hold daily history only."), hint=tr("Choose days, weeks or months.")
            )
        return self._provider.sample(symbol).bars.between(span.start_us, span.end_us)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give none: the history ended in 2013."""
        return Bars.empty()

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give the correction the source states for each day."""
        return self._provider.sample(symbol).adjustment

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends that the source's adjusted closes tell of."""
        return self._provider.sample(symbol).actions

    def watch(self, symbols: frozenset[str]) -> None:
        """Do nothing: these prices stand still."""

    async def run(self, sink: PriceSink) -> None:
        """Say that the history is there; nothing follows."""
        sink.connection(self.source, True)

    async def close(self) -> None:
        """Do nothing: nothing is held."""
