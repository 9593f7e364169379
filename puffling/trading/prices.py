"""Prices as the desk sees them: the market's newest, with whatever speaks against trading on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from puffling.market.market import Market
from puffling.market.values import BidAsk, Doubt, Instrument, LeftOut, Price, Quality, words_of
from puffling.puffin.data.instants import US_PER_SECOND, from_us, to_us
from puffling.runtime.clock import Clock
from puffling.trading.judging import PriceSeen

# Prices younger than this are not asked for again.
FRESH_SECONDS = 15
# Exchanges let free prices out a quarter of an hour late.
DELAY_SECONDS = 20 * 60
_MADE_UP = frozenset({Quality.DEMO, Quality.SAMPLE})


class MarketPrices:
    """Tells the desk prices and instruments of the market."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self._market = market
        self._clock = clock

    async def instrument(self, symbol: str) -> Instrument:
        """Give what is known of a symbol."""
        return await self._market.learn(symbol)

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Have the prices of these symbols told as `PricesMoved` until the answer is called."""
        return self._market.watch(symbols)

    async def look(self, symbol: str) -> PriceSeen:
        """Give the newest price, asking its source when the one at hand is not fresh."""
        price = await self._market.latest(symbol, fresh_seconds=FRESH_SECONDS)
        quote = await self._market.quotes.quote(symbol)
        left_out = self._market.quotes.left_out(symbol)
        return seen(price, quote, left_out, self._clock.now())


def seen(price: Price, quote: BidAsk | None, left_out: tuple[LeftOut, ...], now: datetime) -> PriceSeen:
    """Put together what the market tells of a symbol."""
    newest_us = price.time_us if quote is None else max(price.time_us, quote.time_us)
    return PriceSeen(
        last=_exact(price.price),
        at=from_us(newest_us),
        bid=_side(quote.bid) if quote is not None else None,
        ask=_side(quote.ask) if quote is not None else None,
        doubt=_doubt(left_out, newest_us, now),
        previous_close=_side(price.previous_close),
        made_up=price.quality in _MADE_UP,
        late_seconds=DELAY_SECONDS if price.quality is Quality.DELAYED else 0,
    )


def _doubt(left_out: tuple[LeftOut, ...], newest_us: int, now: datetime) -> str:
    """Say what strange thing the source told since its last sound word, empty when it told none."""
    is_old = to_us(now) - newest_us > FRESH_SECONDS * US_PER_SECOND
    for each in left_out:
        # What came late is everyday business; what is stamped tomorrow would be the newest until then.
        counts = is_old if each.doubt is Doubt.FUTURE else each.doubt is not Doubt.LATE
        if counts and each.time_us >= newest_us:
            return words_of(each.doubt)
    return ""


def _side(price: float) -> Decimal | None:
    # Nobody stands on a side that has no price.
    return None if price == 0 or math.isnan(price) else _exact(price)


def _exact(price: float) -> Decimal:
    return Decimal(repr(float(price)))
