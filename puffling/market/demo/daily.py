"""A listing's daily bars in whole price steps, with its splits and dividends."""

from __future__ import annotations

from datetime import date

import numpy as np

from puffling.frozen import frozen
from puffling.market.demo.factors import Tides, heavy_bell
from puffling.market.demo.hashing import Floats, Ints, bell, key_of, uniform, uniform_pair
from puffling.market.demo.universe import ANCHOR_DAY, FIRST_HORIZON, QUARTERS, Listing
from puffling.market.values import AssetClass
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, us_to_day
from puffling.puffin.data.sessions import Sessions

SESSIONS_A_YEAR = 252.0
DAYS_A_YEAR = 365.25
_LARGEST_MOVE = 0.35


@frozen(eq=False)
class DailyPath:
    """All days of a listing: prices in whole steps, volumes in whole parts, as they were on that day."""

    listing: Listing
    sessions: Sessions
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    # The previous close in this day's own units, so after a split.
    reference: Ints


def daily_path(seed: int, listing: Listing, sessions: Sessions, tides: Tides) -> DailyPath:
    """Tell the whole history of a listing, from the epoch to the end of its calendar."""
    days = sessions.days_us // US_PER_DAY
    symbol = listing.symbol
    usual = _usual_volatility(listing, tides, sessions)
    volatility = usual * (0.45 + 0.55 * tides.stress)
    payouts = _payout_days(listing, sessions)

    moves = listing.own_volatility * (0.5 + 0.5 * tides.stress) * heavy_bell(seed, symbol, days)
    for factor, leaning in listing.leanings.items():
        moves = moves + leaning * tides.returns[factor]
    moves = moves + _surprises(seed, listing, days)
    if len(payouts):
        moves[payouts] = moves[payouts] - listing.dividend_yield / len(listing.dividend_months)
    anchor = int(np.searchsorted(sessions.days_us, day_to_us(ANCHOR_DAY)))
    moves = _drifting(moves, listing, anchor)

    level = np.cumprod(1.0 + moves)
    steps_per_unit = 10**listing.price_decimals
    level = level * (listing.anchor_price * steps_per_unit / level[anchor])
    shares = _shares_per_later_share(listing, sessions)
    before = np.append(level[0], level[:-1])
    if listing.asset_class is AssetClass.CRYPTO:
        start = before
    else:
        overnight = 0.3 * moves + 0.25 * volatility * bell(key_of(seed, symbol, "overnight"), days)
        start = before * (1.0 + overnight)
    close = _steps(level * shares)
    reference = np.append(close[0], _steps(level[:-1] * shares[1:]))
    opening = _steps(start * shares)

    up, down = uniform_pair(key_of(seed, symbol, "range"), days)
    top, bottom = np.maximum(opening, close), np.minimum(opening, close)
    high = np.maximum(np.rint(top * (1.0 + volatility * (0.06 + 1.0 * up * up))).astype(np.int64), top)
    low = np.rint(bottom * (1.0 - volatility * (0.06 + 1.0 * down * down))).astype(np.int64)
    low = np.maximum(np.minimum(low, bottom), 1)

    bustle = 0.5 + 0.25 * tides.stress + 0.35 * np.minimum(np.abs(moves) / usual, 6.0)
    trade = listing.daily_volume * listing.volume_parts / shares
    volume = np.rint(trade * bustle * (0.7 + 0.6 * uniform(key_of(seed, symbol, "volume"), days)))
    return DailyPath(listing, sessions, opening, high, low, close, volume.astype(np.int64), reference)


def actions_of(path: DailyPath) -> tuple[CorporateAction, ...]:
    """Tell all splits and dividends of a listing, in the order of their days."""
    listing, sessions = path.listing, path.sessions
    steps_per_unit = 10**listing.price_decimals
    found: dict[date, CorporateAction] = {}
    for place in _payout_days(listing, sessions).tolist():
        before = int(path.reference[place]) / steps_per_unit
        cents = round(before * listing.dividend_yield / len(listing.dividend_months) * 10_000)
        if cents == 0:
            continue
        day = us_to_day(int(sessions.days_us[place]))
        dividend = cents / 10_000
        found[day] = CorporateAction(day, 1.0, dividend, 1.0 - dividend / before)
    for day, ratio in listing.splits:
        same_day = found.get(day, CorporateAction(day))
        found[day] = CorporateAction(day, float(ratio), same_day.dividend, same_day.price_factor / ratio)
    return tuple(found[day] for day in sorted(found))


def _usual_volatility(listing: Listing, tides: Tides, sessions: Sessions) -> float:
    # Judged by the same days however far the market reaches, or a longer one would have another past.
    judged = int(np.searchsorted(sessions.days_us, day_to_us(FIRST_HORIZON)))
    total = listing.own_volatility * listing.own_volatility
    for factor, leaning in listing.leanings.items():
        returns = tides.returns[factor][:judged]
        squares = np.cumsum(returns * returns)
        total += leaning * leaning * float(squares[-1]) / len(squares)
    return float(np.sqrt(total))


def _surprises(seed: int, listing: Listing, days: Ints) -> Floats:
    """Give rare jumps, as earnings make them; funds have none of their own."""
    if listing.asset_class is AssetClass.ETF:
        return np.zeros(len(days))
    chance, size = uniform_pair(key_of(seed, listing.symbol, "surprise"), days)
    direction = np.where(chance < 0.006, 1.0, -1.0)
    return np.where(chance < 0.012, direction * listing.own_volatility * (2.0 + 4.0 * size), 0.0)


def _drifting(moves: Floats, listing: Listing, anchor: int) -> Floats:
    """Shift the moves so that from the epoch to the anchor day they grow by the listing's drift."""
    # log(1 + x) to third order: logarithms themselves round differently from one system to the next.
    growth = moves - moves * moves / 2.0 + moves * moves * moves / 3.0
    per_year = DAYS_A_YEAR if listing.asset_class is AssetClass.CRYPTO else SESSIONS_A_YEAR
    shift = listing.drift / per_year - float(np.cumsum(growth[1 : anchor + 1])[-1]) / anchor
    shifted: Floats = np.clip(moves + shift, -_LARGEST_MOVE, _LARGEST_MOVE)
    return shifted


def _shares_per_later_share(listing: Listing, sessions: Sessions) -> Floats:
    shares = np.ones(len(sessions))
    for day, ratio in listing.splits:
        shares[sessions.days_us < day_to_us(day)] *= ratio
    return shares


def _payout_days(listing: Listing, sessions: Sessions) -> Ints:
    """Give the places of the ex-dividend sessions: the first on or after the listing's day of the month."""
    if not listing.dividend_yield:
        return np.empty(0, np.int64)
    first, last = us_to_day(int(sessions.days_us[0])).year, us_to_day(int(sessions.days_us[-1])).year
    of_month = (
        8 if listing.asset_class is AssetClass.EQUITY else 15 if listing.dividend_months == QUARTERS else 1
    )
    wanted = [
        day_to_us(date(year, month, of_month))
        for year in range(first, last + 1)
        for month in listing.dividend_months
    ]
    places = np.searchsorted(sessions.days_us, np.array(wanted, dtype=np.int64))
    return places[(places > 0) & (places < len(sessions))]


def _steps(prices: Floats) -> Ints:
    return np.maximum(np.rint(prices), 1.0).astype(np.int64)
