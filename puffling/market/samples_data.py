"""Writes the shipped sample history from its source: `python -m puffling.market.samples_data`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.samples import FILE, NAMES, PRICE_UNIT
from puffling.runtime.paths import resources


def write_samples(file: Path) -> None:
    """Keep days, prices in ten-thousandths, volumes and adjusted closes of every share, exactly."""
    from bokeh_sampledata import stocks

    columns: dict[str, NDArray[np.generic]] = {}
    for symbol in NAMES:
        share = getattr(stocks, symbol)
        prices = np.array([share[name] for name in ("open", "high", "low", "close")])
        whole = np.rint(prices * PRICE_UNIT).astype(np.int32)
        if not np.array_equal(whole / PRICE_UNIT, prices):
            raise ValueError(f"prices of {symbol} need more than four decimals")
        since_1970 = [(date.fromisoformat(day) - date(1970, 1, 1)).days for day in share["date"]]
        columns[f"{symbol}.day"] = np.array(since_1970, dtype=np.uint16)
        columns[f"{symbol}.prices"] = whole
        columns[f"{symbol}.volume"] = np.array(share["volume"], dtype=np.uint32)
        columns[f"{symbol}.adjusted_close"] = np.array(share["adj_close"])
    np.savez_compressed(file, allow_pickle=False, **columns)


if __name__ == "__main__":
    write_samples(resources() / "samples" / FILE)
