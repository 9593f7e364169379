"""Who bids and who asks on the demo market, at any moment, from the seed alone.

Between two trades the quote is renewed several times a second; the last trade always lies within it. How
far bid and ask are apart follows from how much of a share changes hands, and from the hour: wide in the
first minutes of a session, widest before and after it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from puffling.market.demo.hashing import Floats, Ints, key_of, uniform, uniform_pair
from puffling.market.demo.market import DemoMarket, Moment
from puffling.market.demo.universe import Listing
from puffling.market.values import AssetClass, BidAsk, Book, Level, SessionState, Tick
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, US_PER_SECOND

DEPTH = 10
RENEWED_US = 250_000
RENEWED_EXTENDED_US = 2 * US_PER_SECOND
# What waits deeper in the book is looked at and changed less often.
DEPTH_RENEWED_US = 2 * US_PER_SECOND
# Of the most traded fund; others are wider by the square root of how much less of them changes hands.
NARROWEST_SHARE = 0.15e-4
BUSIEST_VALUE = 53e9
COIN_SHARE = 1.2e-4
EXTENDED_WIDTH = 5.0
_KEPT_MINUTES = 8
_LONGEST_TAPE_US = 2 * US_PER_DAY


class _Minute(NamedTuple):
    """All quotes of one minute, in whole steps of price and parts of volume."""

    time: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints


class DemoQuotes:
    """Tells quotes, books and trades of a demo market; two of the same seed agree on all of them."""

    def __init__(self, market: DemoMarket) -> None:
        self._market = market
        self._kept: dict[tuple[str, int], _Minute] = {}

    def quote(self, symbol: str, at_us: int) -> BidAsk | None:
        """Give the bid and ask that stand at an instant; while the exchange is closed the last that stood."""
        path = self._market.path(symbol)
        at_us = self._market.last_traded(path, at_us)
        if at_us < 0:
            return None
        minute = self._minute(symbol, at_us)
        place = int(np.searchsorted(minute.time, at_us, side="right")) - 1
        unit, parts = _scales(path.listing)
        return BidAsk(
            symbol,
            int(minute.bid[place]) / unit,
            int(minute.ask[place]) / unit,
            int(minute.bid_size[place]) / parts,
            int(minute.ask_size[place]) / parts,
            int(minute.time[place]),
        )

    def book(self, symbol: str, at_us: int) -> Book | None:
        """Give ten prices on each side with what waits there; the first is the quote."""
        best = self.quote(symbol, at_us)
        if best is None:
            return None
        listing = self._market.listing(symbol)
        unit, parts = _scales(listing)
        bid, ask = round(best.bid * unit), round(best.ask * unit)
        gap = max((ask - bid) // 2, 1)
        return Book(
            symbol,
            self._side(listing, bid, -gap, best.bid_size, best.time_us, parts),
            self._side(listing, ask, gap, best.ask_size, best.time_us, parts),
            best.time_us,
        )

    def tape(self, symbol: str, at_us: int, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades up to an instant, the oldest of them first."""
        path = self._market.path(symbol)
        end_us = self._market.last_traded(path, at_us) + 1
        found: list[Tick] = []
        until_us = end_us
        while len(found) < limit and until_us > max(0, end_us - _LONGEST_TAPE_US):
            since_us = (until_us - 1) - (until_us - 1) % US_PER_MINUTE
            ticks = self._market.ticks(symbol, since_us, until_us)
            columns = zip(ticks.price.tolist(), ticks.size.tolist(), ticks.time.tolist(), strict=True)
            found = [Tick(symbol, price, size, time_us) for price, size, time_us in columns] + found
            # A night in between is stepped over as one.
            until_us = self._market.last_traded(path, since_us - 1) + 1
        return tuple(found[-limit:])

    def _minute(self, symbol: str, at_us: int) -> _Minute:
        starts_us = at_us - at_us % US_PER_MINUTE
        kept = self._kept.pop((symbol, starts_us), None) or self._make_minute(symbol, starts_us)
        self._kept[symbol, starts_us] = kept
        if len(self._kept) > _KEPT_MINUTES:
            del self._kept[next(iter(self._kept))]
        return kept

    def _make_minute(self, symbol: str, starts_us: int) -> _Minute:
        market = self._market
        path = market.path(symbol)
        listing = path.listing
        moment = market.locate(path, starts_us)
        unit, parts = _scales(listing)
        ticks = market.ticks(symbol, starts_us, starts_us + US_PER_MINUTE)
        renewed = RENEWED_US if moment.state is SessionState.OPEN else RENEWED_EXTENDED_US
        slots = np.arange(starts_us, starts_us + US_PER_MINUTE, renewed, dtype=np.int64)
        time = np.union1d(ticks.time, slots)
        place = np.searchsorted(ticks.time, time, side="right") - 1
        last = np.rint(ticks.price * unit).astype(np.int64)[place]
        spread = self._spread(listing, moment, last, time)
        bid = np.maximum(last - _below(self._side_of(listing, ticks.time, ticks.price)[place], spread), 1)
        first, second = uniform_pair(key_of(market.seed, symbol, "best sizes"), time)
        usual = _usual_size(listing)
        sizes = [_round_lots(listing, usual * (0.2 + 2.0 * each * each), parts) for each in (first, second)]
        return _Minute(time, bid, bid + spread, *sizes)

    def _side_of(self, listing: Listing, time: Ints, price: Floats) -> Floats:
        """Give 0 for each trade that hit the bid, 1 for one that lifted the ask, between them seldom."""
        chance = uniform(key_of(self._market.seed, listing.symbol, "sides"), time)
        chance = chance + 0.25 * np.sign(np.diff(price, prepend=price[:1]))
        return np.where(chance < 0.46, 0.0, np.where(chance > 0.54, 1.0, 0.5))

    def _spread(self, listing: Listing, moment: Moment, last: Ints, time: Ints) -> Ints:
        value = listing.anchor_price * listing.daily_volume
        share = NARROWEST_SHARE * float(np.sqrt(max(BUSIEST_VALUE / value, 1.0)))
        if listing.asset_class is AssetClass.CRYPTO:
            share = max(share, COIN_SHARE)
        jitter = 0.6 + 0.9 * uniform(key_of(self._market.seed, listing.symbol, "spread"), time)
        wide = last * (share * _width_at(listing, moment)) * jitter
        return np.maximum(np.rint(wide).astype(np.int64), 1)

    def _side(
        self, listing: Listing, best: int, step: int, size: float, time_us: int, parts: float
    ) -> tuple[Level, ...]:
        prices = best + step * np.arange(DEPTH, dtype=np.int64)
        prices = prices[prices > 0]
        # What waits belongs to its price, so that the book moves past it and does not shimmer.
        phase = prices * 7919 + time_us // DEPTH_RENEWED_US * 104_729
        chance = uniform(key_of(self._market.seed, listing.symbol, "depth"), phase)
        usual = _usual_size(listing) * (1.0 + 0.35 * np.arange(len(prices)))
        sizes = _round_lots(listing, usual * (0.3 + 1.4 * chance), parts) / parts
        sizes[0] = size
        unit = float(10**listing.price_decimals)
        return tuple(map(Level, (prices / unit).tolist(), sizes.tolist()))


def _width_at(listing: Listing, moment: Moment) -> float:
    """Give how much wider than usual it is at this minute."""
    if listing.asset_class is AssetClass.CRYPTO:
        return 1.0
    if moment.state is not SessionState.OPEN:
        return EXTENDED_WIDTH
    return 1.0 + 2.5 / (1.0 + moment.minute / 6.0)


def _below(side: Floats, spread: Ints) -> Ints:
    """Give how far under the last trade the bid stands."""
    return np.rint(side * spread).astype(np.int64)


def _usual_size(listing: Listing) -> float:
    """Give what usually waits at the best price."""
    if listing.asset_class is AssetClass.CRYPTO:
        return listing.daily_volume / 20_000.0
    return 150.0 + 900.0 * float(np.sqrt(listing.daily_volume / 78e6))


def _round_lots(listing: Listing, sizes: Floats, parts: float) -> Ints:
    """Give sizes as people quote them, in parts: shares by the hundred, coins in fractions."""
    if listing.asset_class is AssetClass.CRYPTO:
        return np.maximum(np.rint(sizes * parts).astype(np.int64), 1)
    return np.maximum(np.rint(sizes / 100.0).astype(np.int64), 1) * 100


def _scales(listing: Listing) -> tuple[float, float]:
    return float(10**listing.price_decimals), float(listing.volume_parts)
