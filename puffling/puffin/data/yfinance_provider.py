"""Yahoo Finance through the yfinance library: prices as they were traded, and what happened to them.

Yahoo states prices in today's shares: every split that came later is in them already. Here that is taken
back, so that a history kept today still fits after the next split, and is corrected by one rule for all.
"""

from __future__ import annotations

import logging
import math
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.ordering import in_order
from puffling.puffin.data.provider import DataProvider, Day, day_of
from puffling.puffin.data.resample import resample
from puffling.puffin.errors import InvalidValue, NotOffered, SourceFailed, UnknownSymbol

if TYPE_CHECKING:
    import pandas as pd

# How far back Yahoo keeps bars of each width, in days; wider ones go back to the beginning.
REACH_DAYS = {Interval.M1: 29, Interval.M5: 59, Interval.M15: 59, Interval.M30: 59, Interval.H1: 729}
# No more minutes than these in one question.
ONE_QUESTION_DAYS = {Interval.M1: 7}
TIMEOUT_SECONDS = 10.0
_PRICES = tuple(name.title() for name in COLUMNS[:4])
# What American exchanges write with a point, Yahoo writes with a dash; its points name exchanges.
_SHARE_CLASSES = frozenset("ABC")
_SILENT = logging.CRITICAL + 1
_LATEST_SECOND = 253_402_300_799
# The library keeps one session, one cookie and one set of options for the whole process.
_one_at_a_time = threading.Lock()


@frozen
class Listing:
    """What Yahoo says of a symbol; the symbol is written our way."""

    symbol: str
    name: str
    kind: str
    exchange: str
    currency: str = ""
    zone: str = ""
    decimals: int = 2


@frozen
class LastPrice:
    """The newest price Yahoo tells, with its day; `time_us` is the moment of the trade."""

    price: float
    time_us: int
    previous_close: float
    day_open: float
    day_high: float
    day_low: float
    day_volume: float


@frozen(eq=False)
class YahooHistory:
    """Bars as they were traded, the splits and dividends of their time, and what Yahoo says of the symbol."""

    bars: Bars
    actions: tuple[CorporateAction, ...]
    listing: Listing
    last: LastPrice | None


class _NoPrices(SourceFailed):
    """An answer without prices and without a reason."""


class YFinanceProvider(DataProvider):
    """Answers from Yahoo Finance; `session` is any session that yfinance takes, such as one with a proxy."""

    def __init__(
        self,
        *,
        session: Any = None,
        cache_folder: Path | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._own_session = session
        self._cache_folder = cache_folder
        self._timeout_seconds = timeout_seconds

    @cached_property
    def _session(self) -> Any:
        given = self._own_session
        return given if given is not None else patient_session(self._timeout_seconds)

    def get_supported_assets(self) -> list[str]:
        """Give none by name: Yahoo lists its hundreds of thousands nowhere; `search` finds them."""
        return []

    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Give adjusted OHLCV rows from start to end, both included, indexed by Date or by (Date, Symbol)."""
        import pandas as pd

        width = Interval.parse(interval)
        first, last = day_of(start, "start"), day_of(end, "end") if end is not None else None
        asked = [symbols] if isinstance(symbols, str) else list(symbols)
        if not asked:
            raise InvalidValue("No symbol was asked for", field="symbols")
        frames = {symbol: self._adjusted(symbol, width, first, last).to_frame() for symbol in asked}
        if len(frames) == 1:
            return next(iter(frames.values()))
        together = pd.concat(frames, names=["Symbol", "Date"])
        return together.swaplevel().sort_index()

    def history(
        self,
        symbol: str,
        interval: Interval = Interval.D1,
        start: date | None = None,
        end: date | None = None,
    ) -> YahooHistory:
        """Give prices as they were traded from one day to before another; the whole history without days.

        Intraday prices are given as Yahoo has them: it knows the splits of the days asked for only.
        """
        if interval in {Interval.W1, Interval.MO1}:
            raise NotOffered("Weeks and months are made of days: ask for those")
        asked: dict[str, Any] = {"start": start, "end": end} if start or end else {"period": "max"}
        try:
            frame, about = self._ask(symbol, interval=str(interval), **asked)
        except _NoPrices:
            # Hours in which nothing was traded; a share without any day would be another matter.
            if not interval.is_intraday:
                raise
            return YahooHistory(Bars.empty(), (), _listing_of(symbol, {}), None)
        listing = _listing_of(symbol, about)
        if interval.is_intraday:
            return YahooHistory(_bars(frame, interval), (), listing, _last_price(frame, about))
        bars = _bars(frame, interval)
        actions = _actions(frame, bars)
        return YahooHistory(as_traded(bars, actions), actions, listing, _last_price(frame, about))

    def last_price(self, symbol: str) -> tuple[Listing, LastPrice]:
        """Give the newest price Yahoo tells of a symbol."""
        frame, about = self._ask(symbol, period="5d", interval="1d")
        last = _last_price(frame, about)
        if last is None:
            raise SourceFailed(f"Yahoo has no price of {symbol} now")
        return _listing_of(symbol, about), last

    def search(self, text: str, limit: int = 20) -> tuple[Listing, ...]:
        """Find symbols by part of their name."""
        with self._library(text) as yahoo:
            found = yahoo.Search(
                text,
                max_results=limit,
                news_count=0,
                lists_count=0,
                recommended=0,
                session=self._session,
                timeout=self._timeout_seconds,
            ).quotes
            return tuple(_found(each) for each in found if isinstance(each.get("symbol"), str))

    def _adjusted(self, symbol: str, width: Interval, first: date, last: date | None) -> Bars:
        end_us = day_to_us(last) + US_PER_DAY if last is not None else np.iinfo(np.int64).max
        source = width if width.is_intraday else Interval.D1
        # Asked up to now whatever the end is: a split after it is in the prices before it.
        until = None if not width.is_intraday or last is None else last + timedelta(days=1)
        history = self.history(symbol, source, first, until)
        bars = history.bars
        if len(bars) and history.actions:
            bars = Adjustment.of(history.actions, us_to_day(int(bars.time[-1]))).apply(bars)
        if width is not source:
            bars = resample(bars, source, width)
        return bars.between(day_to_us(first), int(end_us))

    def _ask(self, symbol: str, **asked: Any) -> tuple[pd.DataFrame, Mapping[str, Any]]:
        with self._library(symbol) as yahoo:
            ticker = yahoo.Ticker(to_yahoo(symbol), session=self._session)
            frame = ticker.history(
                auto_adjust=False, actions=True, timeout=self._timeout_seconds, prepost=False, **asked
            )
            about = ticker.history_metadata
            if frame.empty and not about.get("currency"):
                # Without a network the library may answer an empty frame and no error.
                raise SourceFailed("Yahoo did not answer")
            missing = [name for name in (*_PRICES, "Volume") if name not in frame.columns]
            if missing and not frame.empty:
                raise SourceFailed(f"Yahoo's answer has no column {', '.join(missing)}")
            return frame, about

    @contextmanager
    def _library(self, what: str) -> Iterator[Any]:
        """Lend the library, set up for us, and say in our words what went wrong in it."""
        import yfinance
        from yfinance import exceptions

        with _one_at_a_time:
            logging.getLogger("yfinance").setLevel(_SILENT)
            # It uses what pandas will take away, and tells everybody's terminal.
            warnings.filterwarnings("ignore", category=DeprecationWarning, module="^yfinance")
            yfinance.config.debug.hide_exceptions = False
            if self._cache_folder is not None:
                yfinance.set_tz_cache_location(str(self._cache_folder))
            try:
                yield yfinance
            except SourceFailed:
                _forget_answers()
                raise
            except exceptions.YFRateLimitError as error:
                _forget_answers()
                raise SourceFailed("Yahoo asks for fewer questions", busy=True) from error
            except exceptions.YFPricesMissingError as error:
                _forget_answers()
                reason = error.yahoo_reason or ""
                if "delisted" in reason or "Not Found" in reason or "No data found" in reason:
                    raise UnknownSymbol(what) from error
                if not reason:
                    raise _NoPrices(f"Yahoo gave no prices of {what} and no reason") from error
                raise NotOffered(f"Yahoo says: {reason}") from error
            except exceptions.YFTzMissingError as error:
                _forget_answers()
                raise UnknownSymbol(what) from error
            except Exception as error:
                if getattr(getattr(error, "response", None), "status_code", 0) == 404:
                    raise UnknownSymbol(what) from error
                # The edge: the library lets through whatever a bad answer breaks in it.
                _forget_answers()
                raise SourceFailed(_words_for(error)) from error


def patient_session(timeout_seconds: float, **options: Any) -> Any:
    """Make a session that waits no longer than this for an answer; the library's own waits add up."""
    from curl_cffi.requests import Session

    class PatientSession(Session[Any]):
        def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:
            # Cookies are asked for in four ways before the question itself; prices come without them, too.
            longest = timeout_seconds if "/finance/" in url else timeout_seconds / 2
            return super().request(method, url, *args, **{**kwargs, "timeout": longest})

    return PatientSession(impersonate="chrome", **options)


def to_yahoo(symbol: str) -> str:
    """Write a symbol the way Yahoo does: BTC/USD is BTC-USD, BRK.B is BRK-B, VOD.L stays."""
    plain = symbol.strip().upper().replace("/", "-")
    stem, point, ending = plain.rpartition(".")
    return f"{stem}-{ending}" if point and ending in _SHARE_CLASSES else plain


def from_yahoo(symbol: str, kind: str) -> str:
    """Write Yahoo's symbol our way."""
    stem, dash, ending = symbol.rpartition("-")
    if dash and kind == "CRYPTOCURRENCY":
        return f"{stem}/{ending}"
    return f"{stem}.{ending}" if dash and ending in _SHARE_CLASSES else symbol


def _bars(frame: pd.DataFrame, interval: Interval) -> Bars:
    import pandas as pd

    if frame.empty:
        return Bars.empty()
    index = pd.DatetimeIndex(frame.index)
    if index.tz is not None and interval.is_intraday:
        index = index.tz_convert("UTC")
    # A day is named by the date at its exchange, whatever the hour in the answer.
    index = index.tz_localize(None)
    time = index.as_unit("us").asi8.astype(np.int64)
    if not interval.is_intraday:
        time = time - time % US_PER_DAY
    columns = [frame[name].to_numpy(dtype=np.float64) for name in (*_PRICES, "Volume")]
    # A row without any price is a minute without trade; one with some of them is a fault, and stays.
    there = ~np.isnan(np.stack(columns[:4])).all(axis=0)
    return in_order(time[there], [column[there] for column in columns]).bars


def _actions(frame: pd.DataFrame, bars: Bars) -> tuple[CorporateAction, ...]:
    if frame.empty:
        return ()
    days = np.array([day_to_us(stamp.date()) for stamp in frame.index], dtype=np.int64)
    ratios, dividends = (_column(frame, name) for name in ("Stock Splits", "Dividends"))
    dividends = dividends + _column(frame, "Capital Gains")
    made: list[CorporateAction] = []
    later = 1.0
    for row in reversed(np.flatnonzero((ratios > 0.0) | (dividends > 0.0))):
        ratio = float(ratios[row]) if ratios[row] > 0.0 else 1.0
        before = int(np.searchsorted(bars.time, days[row])) - 1
        paid = float(dividends[row])
        kept = 1.0 - paid / float(bars.close[before]) if before >= 0 and paid else 1.0
        factor = kept / ratio if 0.0 < kept <= 1.0 else 1.0 / ratio
        # Dividends too are stated in today's shares.
        made.append(CorporateAction(us_to_day(int(days[row])), ratio, paid * later, factor))
        later *= ratio
    return tuple(reversed(made))


def as_traded(bars: Bars, actions: Sequence[CorporateAction]) -> Bars:
    """Take back the splits that Yahoo has worked into its prices."""
    splits = [
        CorporateAction(action.day, 1.0 / action.split_ratio, 0.0, action.split_ratio)
        for action in actions
        if action.split_ratio != 1.0
    ]
    return Adjustment.of(splits, date.max).apply(bars) if splits else bars


def _column(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame.columns:
        return np.zeros(len(frame))
    column: NDArray[np.float64] = np.nan_to_num(frame[name].to_numpy(dtype=np.float64))
    return column


def _last_price(frame: pd.DataFrame, about: Mapping[str, Any]) -> LastPrice | None:
    price, at = _number(about.get("regularMarketPrice")), about.get("regularMarketTime")
    if isinstance(at, datetime):
        # The library turns seconds into moments once somebody has looked at them.
        at = int(at.timestamp())
    if not price > 0 or not isinstance(at, int) or not 0 <= at <= _LATEST_SECOND or frame.empty:
        return None
    row = frame.iloc[-1]
    before = frame["Close"].dropna().iloc[:-1]
    previous = float(before.iloc[-1]) if len(before) else _number(about.get("chartPreviousClose"))
    numbers = {
        "previous_close": previous,
        "day_open": _number(row["Open"]),
        "day_high": _number(about.get("regularMarketDayHigh", row["High"])),
        "day_low": _number(about.get("regularMarketDayLow", row["Low"])),
    }
    # What the day lacks is the price itself: before its first trade a day has no more.
    day = {name: value if value > 0 else price for name, value in numbers.items()}
    volumes = (_number(about.get("regularMarketVolume")), _number(row["Volume"]))
    volume = next((each for each in volumes if each > 0), 0.0)
    return LastPrice(price, at * 1_000_000, day_volume=volume, **day)


def _number(value: object) -> float:
    """Give a finite number; NaN for whatever else stands in an answer."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _listing_of(symbol: str, about: Mapping[str, Any]) -> Listing:
    decimals = about.get("priceHint")
    return Listing(
        symbol.strip().upper(),
        str(about.get("longName") or about.get("shortName") or symbol),
        str(about.get("instrumentType") or "EQUITY"),
        str(about.get("fullExchangeName") or about.get("exchangeName") or ""),
        str(about.get("currency") or ""),
        str(about.get("exchangeTimezoneName") or ""),
        decimals if isinstance(decimals, int) and 0 <= decimals <= 8 else 2,
    )


def _found(quote: Mapping[str, Any]) -> Listing:
    kind = str(quote.get("quoteType") or "EQUITY")
    return Listing(
        from_yahoo(quote["symbol"], kind),
        str(quote.get("longname") or quote.get("shortname") or quote["symbol"]),
        kind,
        str(quote.get("exchDisp") or quote.get("exchange") or ""),
    )


def _forget_answers() -> None:
    """Let go of answers the library remembers: it remembers bad ones too, and would give them for ever."""
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()


def _words_for(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name or "timed out" in str(error):
        return "Yahoo did not answer in time"
    if isinstance(error, OSError) or "DNS" in name or "Connection" in name:
        return "Yahoo cannot be reached"
    return "Yahoo gave an answer that cannot be read"
