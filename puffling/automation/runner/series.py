"""Prices a strategy may decide on: complete up to the bar that closed, without a fault where it looks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from puffling.automation.runner.timing import Slot, Timing
from puffling.market.market import Market
from puffling.market.ranges import warmed_up_from
from puffling.market.values import AssetClass, History, Instrument, Quality
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.quality import Fault
from puffling.runtime.errors import PufflingError, Unavailable
from puffling.runtime.text import tr

MADE_UP = frozenset({Quality.DEMO, Quality.SAMPLE})
# Of a strategy that has run for years the oldest bars decide nothing any more.
MOST_BARS = 5_000


class Unfit(Unavailable):
    """The prices are not fit to decide on, just now at least."""

    code = "unfit_prices"


async def fit_series(
    market: Market, symbols: tuple[str, ...], timing: Timing, slot: Slot, *, since_us: int, bars_needed: int,
    made_up: bool,
) -> Mapping[str, Bars]:  # fmt: skip
    """Give the bars until the one that closed, or raise `Unfit` with what is wrong with them.

    They begin at the same bar for as long as the strategy runs, so that what it said once it says again.
    """
    interval = timing.interval
    anchored_us = warmed_up_from(Span(since_us, since_us), bars_needed, interval)
    bar_us = to_us(slot.bar_at)
    newest_us = warmed_up_from(Span(bar_us, bar_us), max(MOST_BARS, 2 * bars_needed), interval)
    looked_at_us = to_us(timing.bars_before(slot, bars_needed))
    series: dict[str, Bars] = {}
    source: str | None = None
    for symbol in symbols:
        try:
            history = await market.bars(
                symbol, interval, max(anchored_us, newest_us), bar_us + 1, source=source
            )
        except PufflingError as error:
            raise Unfit(error.message, hint=error.hint) from None
        _check(symbol, history, bar_us, looked_at_us, made_up=made_up)
        series[symbol] = history.closed
        # What is weighed against each other has to be of one source.
        source = source or history.source
    return series


def step_of(known: Instrument) -> Decimal | None:
    """Give the smallest step of prices; None is an exchange's, cents and finer below 1."""
    is_coin = known.asset_class is AssetClass.CRYPTO
    return Decimal(1).scaleb(-known.price_decimals) if is_coin else None


def _check(symbol: str, history: History, bar_us: int, looked_at_us: int, *, made_up: bool) -> None:
    if history.quality in MADE_UP and not made_up:
        raise Unfit(
            tr("The prices of {symbol} are made up ({label}).", symbol=symbol, label=history.label),
            hint=tr("Put a feed of real prices first."),
        )
    wrong = [
        flag
        for flag in history.flags
        if flag.fault is Fault.FUTURE or (flag.until_us >= looked_at_us and flag.time_us <= bar_us)
    ]
    if wrong:
        raise Unfit(
            tr("The prices of {symbol} are doubtful: {reason}", symbol=symbol, reason=wrong[-1].message),
            hint=tr("See the Data panel; fetch the history anew."),
        )
    bars = history.closed
    if not len(bars) or int(bars.time[-1]) != bar_us:
        # Without the time of the bar: what is said of each bar is told once.
        raise Unfit(
            tr("The newest bar of {symbol} is not there yet.", symbol=symbol),
            hint=tr("It is looked for again by itself."),
        )
