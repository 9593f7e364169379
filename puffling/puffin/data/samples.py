"""Real daily history that comes with the program: five shares, 2000 to 2013, in the public domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.provider import DataProvider, Day, asked_span
from puffling.puffin.data.resample import resample
from puffling.puffin.errors import NotOffered, UnknownSymbol

if TYPE_CHECKING:
    import pandas as pd

FILE = "stocks.npz"
PRICE_UNIT = 10_000.0
_MOVED = 1e-6
# The largest dividend of all these was a ninth of the price.
_SPLIT = 0.7
NAMES = {
    "AAPL": "Apple Inc.",
    "FB": "Facebook, Inc.",
    "GOOG": "Google Inc.",
    "IBM": "International Business Machines Corporation",
    "MSFT": "Microsoft Corporation",
}


@frozen(eq=False)
class Sample:
    """One share: prices as they were traded, and what corrects them for splits and dividends."""

    bars: Bars
    adjustment: Adjustment
    actions: tuple[CorporateAction, ...]


class SamplesProvider(DataProvider):
    """Answers from the shipped files alone; `folder` holds them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or _beside_the_package()) / FILE
        self._read: dict[str, Sample] = {}

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The shares there are."""
        with np.load(self._file) as columns:
            return tuple(sorted({name.split(".")[0] for name in columns.files}))

    def sample(self, symbol: str) -> Sample:
        """Give one share's whole history."""
        if symbol not in self._read:
            if symbol not in self.symbols:
                raise UnknownSymbol(
                    symbol, near=tuple(get_close_matches(symbol.upper(), self.symbols, 3, 0.5))
                )
            self._read[symbol] = self._load(symbol)
        return self._read[symbol]

    def bars(self, symbol: str, *, adjusted: bool = True) -> Bars:
        """Give one share's daily bars."""
        sample = self.sample(symbol)
        return sample.adjustment.apply(sample.bars) if adjusted else sample.bars

    def get_supported_assets(self) -> list[str]:
        """Give the shares there are."""
        return list(self.symbols)

    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Give adjusted OHLCV rows from start to end, both included, indexed by Date or by (Date, Symbol)."""
        import pandas as pd

        width = Interval.parse(interval)
        if width.is_intraday:
            raise NotOffered("The samples hold daily history only")
        span = asked_span(start, end)
        one = isinstance(symbols, str)
        frames = {
            symbol: resample(self.bars(symbol), Interval.D1, width)
            .between(span.start_us, span.end_us)
            .to_frame()
            for symbol in ([symbols] if isinstance(symbols, str) else symbols)
        }
        if one or len(frames) == 1:
            return next(iter(frames.values()))
        together = pd.concat(frames, names=["Symbol", "Date"])
        return together.swaplevel().sort_index()

    def _load(self, symbol: str) -> Sample:
        with np.load(self._file) as columns:
            time = columns[f"{symbol}.day"].astype(np.int64) * US_PER_DAY
            prices = columns[f"{symbol}.prices"] / PRICE_UNIT
            volume = columns[f"{symbol}.volume"].astype(np.float64)
            adjusted_close = columns[f"{symbol}.adjusted_close"]
        bars = Bars(time, prices[0], prices[1], prices[2], prices[3], volume)
        factors = adjusted_close / bars.close
        actions = _told_by(factors, bars)
        splits = Adjustment.of(actions, date.max).factors(time)[1]
        return Sample(bars, Adjustment(time, factors, splits), actions)


def _told_by(factors: NDArray[np.float64], bars: Bars) -> tuple[CorporateAction, ...]:
    """Give the splits and dividends that a source's adjusted closes tell: only then do they leave the closes.

    A split is told exactly, the amount of a dividend as nearly as closes in cents allow.
    """
    told = []
    for place in (np.flatnonzero(np.abs(factors[1:] / factors[:-1] - 1.0) > _MOVED) + 1).tolist():
        price_factor = float(factors[place - 1] / factors[place])
        ratio = round(1.0 / price_factor) if price_factor < _SPLIT else 1
        cash = (1.0 - price_factor * ratio) * float(bars.close[place - 1])
        day = us_to_day(int(bars.time[place]))
        told.append(CorporateAction(day, float(ratio), round(cash, 2) + 0.0, price_factor))
    return tuple(told)


def _beside_the_package() -> Path:
    package = Path(__file__).resolve().parents[2]
    installed = package / "_resources" / "samples"
    return installed if installed.is_dir() else package.parent / "resources" / "samples"
