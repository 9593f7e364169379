"""All that is known of one symbol's price now, and how it reads."""

from __future__ import annotations

from dataclasses import field

from puffling.desktop import numbers
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.market.values import BidAsk, FeedState, Price, Quality, SessionState
from puffling.puffin.csv_text import pasted_line
from puffling.runtime.text import tr

_SESSIONS = {
    SessionState.OPEN: ("Open", "closes in {time}"),
    SessionState.PRE: ("Before the open", "opens in {time}"),
    SessionState.POST: ("After the close", "ends in {time}"),
    SessionState.CLOSED: ("Closed", "early trading in {time}"),
}


@frozen
class Facts:
    """One symbol at one moment; what is not known is None."""

    symbol: str = ""
    name: str = ""
    decimals: int = 2
    price: Price | None = None
    quote: BidAsk | None = None
    has_quotes: bool = True
    year_low: float | None = None
    year_high: float | None = None
    average_volume: float | None = None
    session_seconds: float | None = None
    feed: FeedState | None = None
    left_out: tuple[str, ...] = field(default=())

    @property
    def tone(self) -> Tone:
        """Give the tone of the change since the previous close."""
        if self.price is None or not self.price.change:
            return Tone.MUTED
        return Tone.UP if self.price.change > 0 else Tone.DOWN

    @property
    def last(self) -> str:
        """Give the last price."""
        return numbers.fixed(self.price.price if self.price else None, self.decimals)

    @property
    def change(self) -> str:
        """Give the change since the previous close, in price and percent."""
        if self.price is None or not self.price.previous_close:
            return ""
        change = numbers.fixed(self.price.change, self.decimals, signed=True)
        return f"{change}  {numbers.percent(self.price.change_percent / 100)}"

    @property
    def quality(self) -> tuple[str, Tone]:
        """Give how good the price is, in amber unless it is real and of now."""
        if self.price is None:
            return "", Tone.MUTED
        real = self.price.quality is Quality.REALTIME and self.price.label == tr("Real time")
        return self.price.label, Tone.MUTED if real else Tone.WARN

    @property
    def session(self) -> str:
        """Give what the exchange does, and how long still."""
        if self.price is None:
            return ""
        state, until = _SESSIONS[self.price.session]
        if self.session_seconds is None:
            return tr("Trades day and night") if self.price.session is SessionState.OPEN else tr(state)
        return f"{tr(state)} · {tr(until, time=countdown(self.session_seconds))}"

    @property
    def state(self) -> str:
        """Give what the exchange does, for where there is no room for more."""
        return "" if self.price is None else tr(_SESSIONS[self.price.session][0])

    @property
    def spread(self) -> tuple[float, float] | None:
        """Give how far bid and ask are apart, in price and in basis points of the middle."""
        quote = self.quote
        if quote is None or not quote.bid or not quote.ask:
            return None
        return quote.ask - quote.bid, 20_000.0 * (quote.ask - quote.bid) / (quote.ask + quote.bid)

    @property
    def spread_words(self) -> tuple[str, str]:
        """Give the spread in price and in basis points, as people read it."""
        if self.spread is None:
            return numbers.NOTHING, ""
        points = numbers.fixed(self.spread[1], 1 if self.spread[1] >= 1.0 else 2)
        return numbers.fixed(self.spread[0], self.decimals), tr("{points} bp", points=points)

    def side(self, which: str) -> tuple[str, str]:
        """Give price and size of the bid or the ask."""
        quote = self.quote
        price = getattr(quote, which) if quote is not None else 0.0
        if not price:
            return numbers.NOTHING, ""
        size = getattr(quote, f"{which}_size")
        return numbers.fixed(price, self.decimals), f"\N{MULTIPLICATION SIGN} {size_words(size)}"

    @property
    def bid_share(self) -> float | None:
        """Give how much of what waits at the best prices waits on the buying side."""
        if self.quote is None or not (self.quote.bid_size + self.quote.ask_size):
            return None
        return self.quote.bid_size / (self.quote.bid_size + self.quote.ask_size)

    @property
    def figures(self) -> tuple[tuple[str, str], ...]:
        """Give the small figures with their names."""
        price = self.price
        volume = price.day_volume if price else None
        busy = ""
        if volume is not None and self.average_volume:
            busy = f" · {numbers.percent(volume / self.average_volume, 0, signed=False)}"
        return (
            (tr("Previous"), numbers.fixed(price.previous_close if price else None, self.decimals)),
            (tr("Open"), numbers.fixed(price.day_open if price else None, self.decimals)),
            (tr("Volume"), numbers.short(volume) + busy),
            (tr("Average"), numbers.short(self.average_volume)),
        )

    def ranges(self) -> tuple[tuple[str, float | None, float | None], ...]:
        """Give the ranges the last price stands in: the day's and the year's."""
        price = self.price
        year_low, year_high = self.year_low, self.year_high
        if price is not None and year_low is not None and year_high is not None:
            year_low, year_high = min(year_low, price.day_low), max(year_high, price.day_high)
        day = (price.day_low, price.day_high) if price is not None else (None, None)
        return ((tr("Day"), *day), (tr("Year"), year_low, year_high))

    def as_text(self) -> str:
        """Give all of it as a spreadsheet takes it."""
        label, _ = self.quality
        rows = [
            (tr("Symbol"), self.symbol),
            (tr("Name"), self.name),
            (tr("Last"), self.last),
            (tr("Change"), self.change),
            (tr("Bid"), " ".join(self.side("bid"))),
            (tr("Ask"), " ".join(self.side("ask"))),
            (tr("Spread"), " ".join(self.spread_words)),
            *(
                (name, f"{numbers.fixed(low, self.decimals)} to {numbers.fixed(high, self.decimals)}")
                for name, low, high in self.ranges()
            ),
            *self.figures,
            (tr("Session"), self.session),
            (tr("Source"), label),
        ]
        return "\n".join(map(pasted_line, rows))


def size_words(size: float) -> str:
    """Give a size with as many digits as it needs: 1,100 shares, 0.0125 coins."""
    if size == int(size):
        return numbers.fixed(size, 0)
    return numbers.fixed(size, 4 if size < 10 else 2 if size < 1_000 else 0)


def countdown(seconds: float) -> str:
    """Give how long still, in its two largest units."""
    minutes = int(max(seconds, 0.0) // 60)
    if minutes < 1:
        return tr("{count} s", count=round(max(seconds, 0.0)))
    if minutes < 60:
        return tr("{count} min", count=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return tr("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return tr("{days} d {hours} h", days=hours // 24, hours=hours % 24)
