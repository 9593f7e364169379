"""The demo market's promises."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from puffling.market.calendar import ALWAYS, EXCHANGE, calendar
from puffling.market.demo.market import DemoMarket
from puffling.market.values import AssetClass, SessionState
from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import inspect_bars
from puffling.puffin.data.resample import resample
from puffling.puffin.errors import UnknownSymbol

NOW = datetime(2026, 11, 20, 15, 30, 20, tzinfo=UTC)
TODAY = NOW.date()
NOW_US = to_us(NOW)
TWENTY_YEARS_AGO_US = day_to_us(date(2006, 11, 20))


@cache
def market() -> DemoMarket:
    return DemoMarket()


SYMBOLS = sorted(market().listings)


def days(symbol: str, start_us: int = TWENTY_YEARS_AGO_US) -> Bars:
    bars = market().bars(symbol, Interval.D1, start_us, day_to_us(TODAY))
    return Adjustment.of(market().actions(symbol), TODAY).apply(bars)


def returns(symbol: str) -> NDArray[np.float64]:
    close = days(symbol).close
    return close[1:] / close[:-1] - 1.0


def digest(bars: Bars) -> str:
    columns = (bars.time, *(getattr(bars, name) for name in COLUMNS))
    return sha256(
        b"".join(column.astype(column.dtype.newbyteorder("<")).tobytes() for column in columns)
    ).hexdigest()


def test_thirty_symbols_of_all_kinds_are_listed_with_readable_names() -> None:
    listings = market().listings.values()
    assert len(listings) >= 30
    assert {listing.asset_class for listing in listings} == set(AssetClass)
    assert {"SPY", "AGG", "GLD", "QQQ", "BTC/USD", "ETH/USD", "SOL/USD"} <= market().listings.keys()
    assert all(len(listing.name) > 2 for listing in listings)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_twenty_years_of_days_are_there_and_sound(symbol: str) -> None:
    bars = days(symbol)
    sessions = market().calendar_of(symbol).sessions
    expected = sessions.days_us[sessions.places(TWENTY_YEARS_AGO_US, day_to_us(TODAY))]
    assert np.array_equal(bars.time, expected)
    assert inspect_bars(bars, now_us=NOW_US).flags == ()
    assert bool(np.all(bars.volume > 0))


def test_the_funds_move_together_and_bonds_do_not() -> None:
    moves = {symbol: returns(symbol) for symbol in ("SPY", "QQQ", "AGG", "TLT", "XOM", "CVX", "KO")}

    def together(one: str, other: str) -> float:
        return float(np.corrcoef(moves[one], moves[other])[0, 1])

    assert together("SPY", "QQQ") > 0.7
    assert -0.5 < together("SPY", "AGG") < 0.0
    assert together("AGG", "TLT") > 0.7
    assert together("XOM", "CVX") > together("XOM", "KO") + 0.1


@pytest.mark.parametrize("symbol", ["SPY", "QQQ", "AAPL", "BTC/USD"])
def test_extreme_days_are_more_frequent_than_a_bell_curve_allows(symbol: str) -> None:
    moves = returns(symbol)
    centred = moves - moves.mean()
    assert float((centred**4).mean() / (centred**2).mean() ** 2) - 3.0 > 2.0


def test_wild_days_come_in_clusters() -> None:
    size = np.abs(returns("SPY"))
    assert float(np.corrcoef(size[1:], size[:-1])[0, 1]) > 0.15
    assert float(np.corrcoef(size[20:], size[:-20])[0, 1]) > 0.05


def test_prices_look_like_prices() -> None:
    spy = days("SPY").close
    assert 300.0 < spy[-1] < 1_500.0
    assert 0.10 < returns("SPY").std() * np.sqrt(252) < 0.25
    assert (spy / np.maximum.accumulate(spy)).min() < 0.7
    assert spy[-1] > 2.0 * spy[0]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_minutes_add_up_to_their_day_exactly(symbol: str) -> None:
    sessions = market().path(symbol).sessions
    # Half days, the days around a change of New York's clocks, a weekend, a split, plain days.
    for first, last in (
        ((2025, 11, 26), (2025, 12, 3)),
        ((2026, 3, 5), (2026, 3, 11)),
        ((2020, 8, 27), (2020, 9, 2)),
    ):
        window = day_to_us(date(*first)), day_to_us(date(*last))
        whole = market().bars(symbol, Interval.D1, *window)
        minutes = market().bars(symbol, Interval.M1, *window)
        assert resample(minutes, Interval.M1, Interval.D1, sessions) == whole
        adjusted = Adjustment.of(market().actions(symbol), TODAY).apply(minutes)
        assert inspect_bars(adjusted).flags == ()
        for interval in (Interval.M5, Interval.M15, Interval.M30, Interval.H1):
            part = market().bars(symbol, interval, *window)
            assert part == resample(minutes, Interval.M1, interval, sessions)


@pytest.mark.parametrize("symbol", ["SPY", "GLD", "TSLA", "BTC/USD", "XRP/USD"])
def test_ticks_add_up_to_their_minute_exactly(symbol: str) -> None:
    start_us = to_us(datetime(2026, 11, 20, 14, 30, tzinfo=UTC))
    minutes = market().bars(symbol, Interval.M1, start_us, start_us + 60 * US_PER_MINUTE)
    ticks = market().ticks(symbol, start_us, start_us + 60 * US_PER_MINUTE)
    assert bool(np.all(np.diff(ticks.time) >= 0))
    first = np.searchsorted(ticks.time, minutes.time)
    assert np.array_equal(ticks.price[first], minutes.open)
    assert np.array_equal(ticks.price[np.append(first[1:], len(ticks.price)) - 1], minutes.close)
    assert np.array_equal(np.maximum.reduceat(ticks.price, first), minutes.high)
    assert np.array_equal(np.minimum.reduceat(ticks.price, first), minutes.low)
    assert np.array_equal(np.add.reduceat(ticks.size, first), minutes.volume)


@settings(max_examples=40, deadline=None)
@given(
    symbol=st.sampled_from(["SPY", "AAPL", "BTC/USD"]),
    interval=st.sampled_from(list(Interval)),
    start=st.integers(0, 20 * 1440),
    length=st.integers(0, 10 * 1440),
)
def test_any_window_is_the_slice_of_a_larger_one(
    symbol: str, interval: Interval, start: int, length: int
) -> None:
    begin = day_to_us(date(2024, 2, 20))
    start_us, end_us = begin + start * US_PER_MINUTE, begin + (start + length) * US_PER_MINUTE
    larger = market().bars(symbol, interval, begin - 3 * US_PER_DAY, begin + 40 * US_PER_DAY)
    assert DemoMarket().bars(symbol, interval, start_us, end_us) == larger.between(start_us, end_us)


def test_every_system_computes_the_same_bars_and_ticks() -> None:
    june = day_to_us(date(2024, 6, 3)), day_to_us(date(2024, 6, 15))
    parts = [
        market().bars(symbol, interval, *june)
        for symbol in SYMBOLS
        for interval in (Interval.D1, Interval.M1)
    ]
    ticks = market().ticks("ETH/USD", june[0], june[0] + 5 * US_PER_MINUTE)
    whole = "".join(map(digest, parts)) + sha256(ticks.price.tobytes() + ticks.time.tobytes()).hexdigest()
    assert (
        sha256(whole.encode()).hexdigest()
        == "48d4674ee3e316573e182bc7d23e3f276b004732d614b8d662876bfed424cc44"
    )


def test_another_seed_is_another_market() -> None:
    window = TWENTY_YEARS_AGO_US, day_to_us(TODAY)
    assert DemoMarket(8).bars("SPY", Interval.D1, *window) != market().bars("SPY", Interval.D1, *window)


def test_a_split_leaves_the_worth_alone_and_shows_in_prices_as_traded() -> None:
    split = next(action for action in market().actions("AAPL") if action.day == date(2020, 8, 31))
    assert split.split_ratio == 4.0
    window = day_to_us(date(2020, 8, 27)), day_to_us(date(2020, 9, 2))
    traded = market().bars("AAPL", Interval.D1, *window).close
    adjusted = days("AAPL", window[0])[:4].close
    assert 3.4 < traded[1] / traded[2] < 4.6
    assert 0.85 < adjusted[1] / adjusted[2] < 1.15


def test_dividends_are_paid_and_the_adjusted_history_earns_them() -> None:
    recent = [
        action for action in market().actions("SPY") if date(2015, 1, 1) <= action.day < date(2025, 1, 1)
    ]
    assert len(recent) == 40
    assert all(action.dividend > 0.0 for action in recent)
    traded = market().bars("SPY", Interval.D1, TWENTY_YEARS_AGO_US, day_to_us(TODAY)).close
    adjusted = days("SPY").close
    assert adjusted[-1] / adjusted[0] > 1.1 * traded[-1] / traded[0]
    assert market().actions("GLD") == ()


def test_crypto_trades_at_the_weekend_and_shares_rest() -> None:
    saturday = to_us(datetime(2026, 11, 21, 15, tzinfo=UTC))
    hour = saturday, saturday + 60 * US_PER_MINUTE
    assert len(market().bars("BTC/USD", Interval.M1, *hour)) == 60
    assert len(market().ticks("BTC/USD", *hour).time) > 600
    assert market().day("BTC/USD", saturday).state is SessionState.OPEN
    assert len(market().bars("SPY", Interval.M1, *hour)) == 0
    assert len(market().ticks("SPY", *hour).time) == 0
    assert market().day("SPY", saturday).state is SessionState.CLOSED


def test_the_day_so_far_is_what_its_ticks_have_made_it() -> None:
    for symbol, opened in (("SPY", (14, 30)), ("BTC/USD", (0, 0))):
        start_us = to_us(datetime(2026, 11, 20, *opened, tzinfo=UTC))
        ticks = market().ticks(symbol, start_us, NOW_US + 1)
        day = market().day(symbol, NOW_US)
        assert day.price == ticks.price[-1]
        assert (day.open, day.high, day.low) == (ticks.price[0], ticks.price.max(), ticks.price.min())
        assert day.volume == ticks.size.sum()
        moving, is_moving = market().bars_until(symbol, Interval.D1, day_to_us(TODAY), NOW_US, NOW_US)
        assert is_moving
        assert (moving.close[0], moving.high[0], moving.volume[0]) == (day.price, day.high, day.volume)


@pytest.mark.parametrize("interval", list(Interval))
def test_nobody_sees_the_future(interval: Interval) -> None:
    seen, _ = market().bars_until("SPY", interval, NOW_US - 90 * US_PER_DAY, NOW_US + 90 * US_PER_DAY, NOW_US)
    last = market().ticks("SPY", NOW_US - US_PER_MINUTE, NOW_US + 1).price[-1]
    assert seen.time[-1] <= NOW_US
    assert seen.close[-1] == last


def test_early_trading_leads_from_the_last_close_to_the_open_and_late_trading_ends_at_the_close() -> None:
    spy = market().bars("SPY", Interval.D1, day_to_us(date(2026, 11, 18)), day_to_us(date(2026, 11, 20)))
    early = market().day("SPY", to_us(datetime(2026, 11, 19, 9, 0, tzinfo=UTC)))
    before = market().day("SPY", to_us(datetime(2026, 11, 19, 14, 29, 59, 999_999, tzinfo=UTC)))
    late = market().day("SPY", to_us(datetime(2026, 11, 20, 0, 59, 59, 999_999, tzinfo=UTC)))
    assert (early.state, early.price, early.previous_close) == (SessionState.PRE, spy.close[0], spy.close[0])
    assert (before.state, before.price) == (SessionState.PRE, spy.open[1])
    assert (late.state, late.price, late.high) == (SessionState.POST, spy.close[1], spy.high[1])


def test_the_session_is_busiest_at_its_ends() -> None:
    window = day_to_us(date(2026, 9, 1)), day_to_us(date(2026, 10, 1))
    volume = market().bars("SPY", Interval.M1, *window).volume.reshape(-1, 390).mean(axis=0)
    middle = volume[165:225].mean()
    assert volume[:30].mean() > 1.8 * middle
    assert volume[-30:].mean() > 1.8 * middle


def test_the_epoch_is_long_ago_and_before_it_there_is_nothing() -> None:
    assert len(market().bars("SPY", Interval.D1, 0, day_to_us(date(2000, 1, 3)))) == 0
    assert market().day("BTC/USD", 0).state is SessionState.CLOSED
    assert calendar(EXCHANGE).sessions.days_us[0] < market().path("SPY").sessions.days_us[0]
    assert calendar(ALWAYS).sessions.days_us[0] < market().path("BTC/USD").sessions.days_us[0]


def test_an_unknown_symbol_is_an_error_not_a_price() -> None:
    with pytest.raises(UnknownSymbol):
        market().bars("NOPE", Interval.D1, 0, 1)


def test_a_market_that_is_told_further_has_the_same_past() -> None:
    near, far = DemoMarket(), DemoMarket(horizon=date(2050, 1, 1))
    for symbol in ("SPY", "AAPL", "BTC/USD"):
        past, more = near.path(symbol), far.path(symbol)
        count = len(past.sessions)
        assert count < len(more.sessions)
        for name in ("open", "high", "low", "close", "volume", "reference"):
            assert np.array_equal(getattr(past, name), getattr(more, name)[:count])
    start_us, end_us = day_to_us(date(2049, 12, 1)), day_to_us(date(2049, 12, 31))
    assert len(near.bars("SPY", Interval.D1, start_us, end_us)) == 0
    assert len(far.bars("SPY", Interval.D1, start_us, end_us)) == 21
