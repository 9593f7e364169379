"""Small markets for the engine: written out by hand, drawn at random, or real."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.samples import SamplesProvider
from puffling.runtime.paths import resources

Row = tuple[float, float, float, float]


def bars_of(rows: Sequence[Row], *, volume: float = 1_000.0) -> Bars:
    """Bars of open, high, low and close, a day apart."""
    return bars_from_rows([(day * US_PER_DAY, *row, volume) for day, row in enumerate(rows, start=1)])


def panel_of_rows(rows: Sequence[Row], *, volume: float = 1_000.0) -> Panel:
    """A market of one symbol named X."""
    return Panel.of({"X": bars_of(rows, volume=volume)})


@cache
def real(symbol: str = "AAPL") -> Bars:
    """Real prices of a share, adjusted."""
    sample = SamplesProvider(resources() / "samples").sample(symbol)
    return sample.adjustment.apply(sample.bars)


def random_panel(seed: int, *, symbols: int, bars: int, gaps: bool) -> Panel:
    """A market drawn at random; with gaps, some symbols have no bar on some days."""
    draw = np.random.default_rng(seed)
    series = {}
    for place in range(symbols):
        close = 50.0 * np.exp(np.cumsum(draw.normal(0.0, 0.03, bars)))
        open_ = close * np.exp(draw.normal(0.0, 0.01, bars))
        high, low = np.maximum(open_, close) * 1.01, np.minimum(open_, close) * 0.99
        # The first symbol trades every day, so that the market has all of them.
        kept = np.flatnonzero(draw.random(bars) < (0.8 if gaps and place else 1.0))
        kept = kept if len(kept) else np.arange(bars)
        columns = (column[kept] for column in (open_, high, low, close, np.full(bars, 1e4)))
        series[f"S{place}"] = Bars((kept + 1) * US_PER_DAY, *columns)
    return Panel.of(series)


def random_targets(seed: int, panel: Panel, runs: int) -> Floats:
    """Targets that stay for some bars and then change."""
    draw = np.random.default_rng(seed)
    shape = (runs, len(panel) // 3 + 1, len(panel.symbols))
    chosen = np.repeat(draw.choice([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0], shape), 3, axis=1)[:, : len(panel)]
    whole: Floats = chosen * draw.choice([1.0, 1.0 / len(panel.symbols)])
    return whole


terms = st.builds(
    Terms,
    capital=st.sampled_from([1_000.0, 10_000.0, 1e6]),
    slippage=st.builds(
        SlippageModel, fixed=st.sampled_from([0.0, 0.01]), pct=st.sampled_from([0.0, 0.0005, 0.01])
    ),
    commission=st.builds(
        CommissionModel,
        flat=st.sampled_from([0.0, 1.0]),
        per_share=st.sampled_from([0.0, 0.005]),
        pct=st.sampled_from([0.0, 0.001]),
        minimum=st.sampled_from([0.0, 2.0]),
    ),
    size=st.sampled_from([0.5, 1.0, 1.5]),
    fixed=st.booleans(),
    leverage=st.sampled_from([1.0, 2.0]),
    lot=st.sampled_from([0.0, 0.01, 1.0, 100.0]),
)
