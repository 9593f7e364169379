"""What stands over a chart: the words of one pane, and how a price becomes such words."""

from __future__ import annotations

from dataclasses import replace

from puffling.desktop import numbers
from puffling.frozen import frozen
from puffling.market.values import Price, Quality, SessionState
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr

_SESSIONS = {
    SessionState.OPEN: "The exchange is open",
    SessionState.PRE: "Before the open",
    SessionState.POST: "After the close",
    SessionState.CLOSED: "The exchange is closed",
}
_SHORT = {Interval.H1: "1h", Interval.D1: "1D", Interval.W1: "1W", Interval.MO1: "1M"}


@frozen
class Words:
    """All that is said of a pane; `tone` colours the change, `source_tone` warns of what is no live price.

    `source` says what bars and price are; `bars_from` what the bars are, as far as they are there.
    """

    symbol: str = ""
    interval: str = ""
    name: str = ""
    last: str = ""
    change: str = ""
    tone: str = "muted"
    session: str = ""
    source: str = ""
    source_tone: str = "muted"
    warnings: str = ""
    bars_from: str = ""

    def priced(self, price: Price | None, decimals: int) -> Words:
        """Give the same words with this price in them."""
        if price is None:
            source = self.bars_from or self.source
            return replace(self, last="", change="", tone="muted", session="", source=source)
        said = self.moved(
            price.price, price.change, price.change_percent / 100, decimals, tr(_SESSIONS[price.session])
        )
        if self.bars_from in {"", price.label}:
            return replace(said, source=price.label, source_tone=tone_of(price.quality))
        both = tr("{bars}, price: {price}", bars=self.bars_from, price=price.label)
        return replace(said, source=both, source_tone="warn")

    def over(self, label: str, quality: Quality, warnings: str) -> Words:
        """Give the same words over bars of this source."""
        return replace(self, bars_from=label, source=label, source_tone=tone_of(quality), warnings=warnings)

    def moved(self, last: float, change: float, share: float, decimals: int, session: str = "") -> Words:
        """Give the same words with this price and what it changed by."""
        return replace(
            self,
            last=numbers.fixed(last, decimals),
            change=f"{numbers.fixed(change, decimals, signed=True)}  {numbers.percent(share)}",
            tone="up" if change > 0 else "down" if change < 0 else "muted",
            session=session,
        )


def tone_of(quality: Quality) -> str:
    """Give the tone in which a source is named: what is no price of this moment stands out."""
    return "muted" if quality is Quality.REALTIME else "warn"


def short_interval(interval: Interval) -> str:
    """Give an interval as short as a button wants it."""
    return _SHORT.get(interval, interval.value)
