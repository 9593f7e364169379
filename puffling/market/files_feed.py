"""What a person imported from files, as a feed: their words are taken for it, and nothing in it moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from puffling.market.calendar import calendar
from puffling.market.feeds import FeedParts, PriceSink
from puffling.market.own_prices import OwnPrices, OwnShelf
from puffling.market.own_values import OwnSeries
from puffling.market.values import AssetClass, Basis, Instrument, Price, Quality, SessionState
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import resample
from puffling.runtime.errors import Unavailable
from puffling.runtime.text import tr

END_OF_TIME_US = day_to_us(date.max)


class FilesFeed:
    """Answers from the imported series; wider bars are made from the narrowest there are."""

    source = "files"
    quality = Quality.END_OF_DAY
    intervals = frozenset(Interval) - {Interval.W1, Interval.MO1}
    basis = Basis.GIVEN
    is_remote = False
    streams = False

    def __init__(self, parts: FeedParts) -> None:
        self._shelf = OwnShelf(parts.data)
        self._port = parts.port
        self._series = self._shelf.newest()
        self._prices: dict[str, Price] = {}
        # The series that was read last: a chart asks for one many times.
        self._read: OwnPrices | None = None

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("Your file")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give what was imported."""
        named = {each.symbol: each for each in self._series}
        return tuple(
            Instrument(
                each.symbol,
                each.name,
                AssetClass.EQUITY,
                tr("Your file"),
                each.currency,
                each.decimals,
                each.calendar,
            )
            for each in named.values()
        )

    async def look_again(self) -> None:
        """Take note of what was imported or removed since."""
        self._series = await self._port.thread(self._shelf.newest)
        self._prices.clear()
        self._read = None

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Give none: all there is is listed."""
        return ()

    async def learn(self, symbol: str) -> Instrument | None:
        """Give a symbol that was imported a moment ago."""
        await self.look_again()
        return next((each for each in self.instruments() if each.symbol == symbol), None)

    def price(self, symbol: str) -> Price:
        """Give the last close of the narrowest series."""
        price = self._prices.get(symbol)
        if price is None:
            price = self._prices[symbol] = self._last_close(symbol)
        return price

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Do nothing: these prices stand still."""

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the bars of a span as the file has them, or made from narrower ones."""
        prices = await self._prices_for(symbol, interval)
        bars, own = prices.corrected, prices.about.interval
        if own is interval:
            return bars.between(span.start_us, span.end_us)
        # The bars around the span, too: the first and the last wide bar need all of theirs.
        near = bars.between(span.start_us - 2 * interval.us, span.end_us + 2 * interval.us)
        sessions = calendar(prices.about.calendar).sessions
        # Years of minutes are numbers by the million: NumPy works on them beside the loop.
        wider = await self._port.thread(resample, near, own, interval, sessions)
        return wider.between(span.start_us, span.end_us)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give what the file has from a time on, which is what lies in its day or in the future."""
        return await self.bars(symbol, interval, Span(since_us, END_OF_TIME_US))

    def came_at_us(self, symbol: str) -> int:
        """Give when a symbol was imported last."""
        return max((to_us(each.imported_at) for each in self._of(symbol)), default=0)

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give none: what a file says of splits and dividends is in its bars already."""
        return Adjustment.none()

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give none: a file of prices does not say what happened."""
        return ()

    def watch(self, symbols: frozenset[str]) -> None:
        """Do nothing: these prices stand still."""

    async def run(self, sink: PriceSink) -> None:
        """Say that the files are there; nothing follows."""
        sink.connection(self.source, True)

    async def close(self) -> None:
        """Do nothing: nothing is held."""

    def _of(self, symbol: str) -> tuple[OwnSeries, ...]:
        return tuple(each for each in self._series if each.symbol == symbol)

    async def _prices_for(self, symbol: str, interval: Interval) -> OwnPrices:
        order = list(Interval)
        there = self._of(symbol)
        if not there:
            raise _gone(symbol)
        # The widest that is not too wide: its bars are the file's own, or nearest to them.
        fitting = [each for each in there if order.index(each.interval) <= order.index(interval)]
        if not fitting:
            widths = ", ".join(str(each.interval) for each in there)
            raise Unavailable(
                tr("The file of {symbol} has bars of {widths} only.", symbol=symbol, widths=widths),
                hint=tr("Choose a wider interval, or import a file with narrower bars."),
            )
        return await self._load(max(fitting, key=lambda each: order.index(each.interval)))

    async def _load(self, series: OwnSeries) -> OwnPrices:
        if self._read is None or self._read.about != series:
            self._read = await self._port.thread(self._shelf.read, series.symbol, series.interval)
        return self._read

    def _last_close(self, symbol: str) -> Price:
        there = self._of(symbol)
        if not there:
            raise _gone(symbol)
        about = there[0]
        last = self._series[about]
        return Price(
            symbol=symbol,
            price=last.close,
            time_us=to_us(about.last),
            session=SessionState.CLOSED,
            previous_close=last.previous_close,
            day_open=last.open,
            day_high=last.high,
            day_low=last.low,
            day_volume=last.volume,
            source=self.source,
            label=self.label,
            quality=self.quality,
        )


def _gone(symbol: str) -> Unavailable:
    return Unavailable(
        tr("No file was imported as {symbol}.", symbol=symbol), hint=tr("Import its file again.")
    )
