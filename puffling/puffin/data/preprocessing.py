"""Making a frame of prices ready for research: order, gaps, outliers and splits.

Filling and leaving out are choices of whoever researches; the application itself repairs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.provider import Day
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

    # Ratios by day, as a mapping, a series or pairs.
    Splits = Mapping[Any, float] | pd.Series[float] | Iterable[tuple[Day, float]]

_PRICES = ("Open", "High", "Low", "Close")
_FILLS = ("ffill", "bfill", "interpolate", "drop", "none")
# The spread of quiet days, told from the median as a bell curve would have it.
_OF_A_BELL = 1.4826


def preprocess(
    data: pd.DataFrame,
    fill_method: str | None = "ffill",
    remove_outliers: bool = True,
    outlier_std: float = 5.0,
) -> pd.DataFrame:
    """Give the frame in order, each time once, gaps filled and prices that jump away and back left out.

    `fill_method` is "ffill", "bfill", "interpolate", "drop" or None. A row is an outlier when its close lies
    more than `outlier_std` usual moves from the closes before and after it, on the same side: a move that
    stays is the market's. Several symbols of one frame are looked at one by one.
    """
    import pandas as pd

    method = fill_method or "none"
    if method not in _FILLS:
        raise InvalidValue(
            f"Unknown way to fill: {fill_method!r}; use one of {', '.join(_FILLS)}", field="fill_method"
        )
    if outlier_std <= 0.0:
        raise InvalidValue("Outliers need a positive number of usual moves", field="outlier_std")
    if isinstance(data.index, pd.MultiIndex):
        name = data.index.names[1]
        parts = {
            symbol: preprocess(rows.droplevel(1), fill_method, remove_outliers, outlier_std)
            for symbol, rows in data.groupby(level=1)
        }
        together = pd.concat(parts, names=[name, data.index.names[0]])
        return together.swaplevel().sort_index()
    ordered = data[~data.index.duplicated(keep="last")].sort_index()
    filled = _filled(ordered.replace([np.inf, -np.inf], np.nan), method)
    if not remove_outliers or "Close" not in filled.columns:
        return filled
    return filled[~_outliers(filled["Close"].to_numpy(dtype=np.float64), outlier_std)]


def adjust_splits(df: pd.DataFrame, splits: Splits) -> pd.DataFrame:
    """Give the frame with prices before each split divided by its ratio, and volumes multiplied.

    A ratio of 4 is four new shares for one old; the prices of the split's own day are new ones already.
    """
    import pandas as pd

    adjusted = df.copy()
    index = df.index.get_level_values(0) if isinstance(df.index, pd.MultiIndex) else df.index
    dates = pd.DatetimeIndex(index)
    pairs: Iterable[tuple[Any, float]] = splits.items() if isinstance(splits, Mapping | pd.Series) else splits
    factor = np.ones(len(df))
    for day, ratio in pairs:
        if not ratio > 0.0 or not np.isfinite(ratio):
            raise InvalidValue(f"A split needs a positive ratio, not {ratio!r}", field="splits")
        moment = pd.Timestamp(day)
        if dates.tz is not None and moment.tz is None:
            moment = moment.tz_localize(dates.tz)
        factor[np.asarray(dates < moment)] *= float(ratio)
    for name in (*_PRICES, "Adj Close"):
        if name in adjusted.columns:
            adjusted[name] = adjusted[name].astype(np.float64) / factor
    if "Volume" in adjusted.columns:
        adjusted["Volume"] = adjusted["Volume"].astype(np.float64) * factor
    return adjusted


def _filled(data: pd.DataFrame, method: str) -> pd.DataFrame:
    if method == "none":
        return data
    if method == "drop":
        return data.dropna()
    filled = data.copy()
    for name in filled.columns:
        if name == "Volume":
            # Nobody traded where nothing was told: the volume of another day would be made up.
            filled[name] = filled[name].fillna(0.0)
        elif method == "ffill":
            filled[name] = filled[name].ffill()
        elif method == "bfill":
            filled[name] = filled[name].bfill()
        else:
            filled[name] = filled[name].interpolate(limit_area="inside")
    # What lies before the first price, or after the last, has nothing to be filled from.
    return filled.dropna()


def _outliers(close: NDArray[np.float64], most: float) -> NDArray[np.bool_]:
    outlier = np.zeros(len(close), dtype=np.bool_)
    outlier |= ~(close > 0.0)
    held = np.flatnonzero(~outlier)
    if len(held) < 4:
        return outlier
    moves = np.diff(np.log(close[held]))
    usual = _OF_A_BELL * float(np.median(np.abs(moves - np.median(moves))))
    limit = most * max(usual, 1e-12)
    away, back = moves[:-1], moves[1:]
    outlier[held[1:-1]] = (np.abs(away) > limit) & (np.abs(back) > limit) & (np.sign(away) != np.sign(back))
    return outlier
