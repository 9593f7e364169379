"""What is kept of a test: no high or low lost, nothing a program could misread, hashes that tell apart."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest

from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.manifest import (
    code_digest,
    data_digest,
    engine_digest,
    engine_modules,
    result_digest,
    values_digest,
)
from puffling.puffin.backtest.metrics import sharpe_ratio
from puffling.puffin.backtest.report import Others
from puffling.puffin.backtest.reporting import (
    MOST_POINTS,
    curves_of,
    distribution_of,
    findings_of,
    metrics_of,
    plain,
    trades_of,
    years_of,
)
from puffling.puffin.backtest.thinning import thinned
from puffling.puffin.backtest.trust.verdict import Grade, Outcome, Reason, Verdict
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.registry import get_strategy
from tests.puffin.backtest.markets import real


def run(short_window: int = 20) -> BacktestResult:
    return Backtester().run(MomentumStrategy(short_window), real("AAPL"))


def test_thinning_keeps_the_ends_and_every_extreme() -> None:
    draw = np.random.default_rng(2)
    one, other = (np.cumsum(draw.normal(size=200_000)) for _ in range(2))
    other[7] = np.nan
    kept = thinned([one, other], 1_000)
    assert len(kept) <= 1_000
    assert kept[0] == 0
    assert kept[-1] == len(one) - 1
    assert np.all(np.diff(kept) > 0)
    for curve in (one, np.nan_to_num(other)):
        assert curve[kept].max() == curve.max()
        assert curve[kept].min() == curve.min()


def test_a_short_curve_is_kept_whole() -> None:
    result = run()
    curves = curves_of(result, 0.0, None)
    assert len(result.equity) < MOST_POINTS
    assert curves.equity == tuple(result.equity.tolist())
    assert curves.benchmark == ()


def test_the_rolling_ratio_is_that_of_the_bars_it_rolls_over() -> None:
    result = run()
    curves = curves_of(result, 0.03, None)
    returns = result.equity[1:] / result.equity[:-1] - 1.0
    free = 1.03 ** (1.0 / result.bars_a_year) - 1.0
    for place in (curves.rolling_bars, 700, len(result.equity) - 1):
        expected = sharpe_ratio(returns[place - curves.rolling_bars : place], free, result.bars_a_year)
        assert curves.rolling_sharpe[place] == pytest.approx(expected, rel=1e-6)
    assert curves.rolling_sharpe[curves.rolling_bars - 1] is None


def test_where_hardly_anything_was_held_there_is_no_rolling_ratio() -> None:
    bars = real("AAPL")
    strategy = get_strategy("rsi_reversal")
    result = Backtester().run(strategy, bars)
    told = [each for each in curves_of(result, 0.05, None).rolling_sharpe if each is not None]
    assert told
    assert max(map(abs, told)) < 20.0


def test_a_test_that_did_nothing_can_be_kept_too() -> None:
    result = Backtester().run(MomentumStrategy(signal_threshold=1.0), real("AAPL"))
    metrics = metrics_of(result, 0.05, None)
    told = {
        "metrics": metrics,
        "curves": curves_of(result, 0.05, None),
        "years": years_of(result, None),
        "distribution": distribution_of(result),
        "trades": trades_of(result),
    }
    text = json.dumps(plain(told), allow_nan=False)
    assert json.loads(text)["metrics"]["total_trades"] == 0.0
    assert metrics["sharpe_ratio"] is None


def test_no_gain_shares_a_bin_with_a_loss_and_none_is_left_out() -> None:
    result = run()
    bins = distribution_of(result)
    gains = result.trades.returns
    assert sum(each.count for each in bins) == len(gains)
    losses = sum(each.count for each in bins if each.high <= 0.0)
    assert losses == int(np.count_nonzero(gains < 0.0))


def test_the_same_test_has_the_same_hashes_and_another_one_others() -> None:
    one, same, other = run(), run(), run(21)
    assert result_digest(one) == result_digest(same) != result_digest(other)
    bars = real("AAPL")
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    columns["close"][17] = np.nextafter(columns["close"][17], math.inf)
    nearly = Bars(bars.time, **columns)
    assert data_digest({"A": bars}, {}) != data_digest({"A": nearly}, {})
    assert data_digest({"A": bars}, {}) != data_digest({"B": bars}, {})
    assert values_digest({"a": 1, "b": 2}) == values_digest({"b": 2, "a": 1}) != values_digest({"a": 1})
    assert code_digest(MomentumStrategy) != code_digest(type(get_strategy("macd")))
    assert len(engine_digest()) == 32


def test_all_that_a_test_computes_with_belongs_to_the_hash_of_the_engine() -> None:
    run()
    floors = tuple(f"puffling.puffin.{floor}." for floor in ("backtest", "factors", "strategies"))
    computing = {name for name in sys.modules if name.startswith(floors)}
    assert {"puffling.puffin.factors.cells", "puffling.puffin.strategies.holding"} <= computing
    assert computing <= set(engine_modules())


def test_the_spread_of_attempts_takes_in_one_more_without_knowing_them() -> None:
    ratios = np.random.default_rng(1).normal(size=40)
    others = Others(39, float(ratios[:-1].mean()), float(ratios[:-1].var(ddof=1)))
    assert others.variance_with(float(ratios[-1])) == pytest.approx(float(ratios.var(ddof=1)))
    assert Others().variance_with(0.3) is None


def test_reasons_write_a_loss_with_a_true_minus_sign_and_days_with_hyphens() -> None:
    message = "It never walked-in: {low:.0%} to {high:.1%} since {day}"
    reason = Reason("fortune", Outcome.FINE, message, {"low": -0.25, "high": -0.021, "day": "2020-01-05"})
    said = "It never walked-in: −25% to −2.1% since 2020-01-05"
    [found] = findings_of(Verdict(Grade.A, (reason,), {}))
    assert (str(reason), found.text) == (said, said)
