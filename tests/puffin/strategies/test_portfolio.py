"""Strategies that weigh symbols against each other, on real prices."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.balanced import BalancedStrategy
from puffling.puffin.strategies.cointegration import bond, bonds, p_values
from puffling.puffin.strategies.dual_momentum import DualMomentumStrategy
from puffling.puffin.strategies.factor_long_short import FactorLongShortStrategy
from puffling.puffin.strategies.holding import new_months
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.registry import find_strategy, list_strategies
from puffling.puffin.strategies.stat_arb import StatArbStrategy

KINDS = [find_strategy(name) for name in list_strategies()]
TOGETHER = [kind for kind in KINDS if issubclass(kind, PortfolioStrategy)]


def shares() -> Panel:
    """Five real shares, two of which came to the market later."""
    provider = SamplesProvider()
    return Panel.of({symbol: provider.sample(symbol).bars for symbol in provider.symbols})


def months(count: int, *growth: float) -> Panel:
    """Symbols that grow evenly by a rate a day, over days around the clock."""
    time = np.arange(count, dtype=np.int64) * 86_400_000_000
    series = {}
    for place, rate in enumerate(growth):
        price: Floats = 100.0 * np.power(1.0 + rate, np.arange(count, dtype=np.float64))
        series[f"S{place}"] = Bars(time, price, price, price, price, np.full(count, 1e6))
    return Panel.of(series)


@pytest.mark.parametrize("kind", TOGETHER, ids=lambda kind: kind.name())
def test_no_bar_to_come_changes_what_was_held(kind: type[PortfolioStrategy]) -> None:
    panel = shares()
    whole = targets_of(kind(), panel)
    for count in (600, 1_400, len(panel) - 1):
        part = targets_of(kind(), panel.until(count))
        assert np.array_equal(part.weights, whole.weights[:count])
        if part.rebalance is not None:
            assert whole.rebalance is not None
            assert np.array_equal(part.rebalance, whole.rebalance[:count])


@pytest.mark.parametrize("kind", TOGETHER, ids=lambda kind: kind.name())
def test_a_frame_of_several_symbols_is_answered_on_its_own_index(kind: type[PortfolioStrategy]) -> None:
    frame = SamplesProvider().fetch_historical(["AAPL", "IBM", "MSFT"], "2005-01-01", "2009-12-31")
    given = kind().generate_signals(frame)
    assert given.index.equals(frame.index)
    assert given["signal"].between(-1.0, 1.0).all()
    ran = Backtester().run(kind(), frame)
    assert ran.panel is not None
    wide = given["signal"].unstack().to_numpy()
    assert np.array_equal(wide, targets_of(kind(), ran.panel).weights)


def test_months_begin_where_the_one_before_is_over() -> None:
    days = pd.date_range("2024-01-30", "2024-03-02").as_unit("us").asi8
    first = new_months(days)
    assert [str(day)[:10] for day in days[first].astype("datetime64[us]")] == [
        "2024-01-30",
        "2024-02-01",
        "2024-03-01",
    ]


def test_sixty_and_forty_are_brought_back_each_quarter() -> None:
    panel = months(200, 0.01, 0.0)
    held = Backtester().run(BalancedStrategy(), panel).held
    assert held is not None
    changes = np.flatnonzero((held[1:] != held[:-1]).any(axis=1)) + 1
    # The first open, then the day after the first of April and of July.
    assert changes.tolist() == [1, 91, 182]


def test_only_what_rose_most_is_held_and_nothing_when_nothing_rose() -> None:
    panel = months(120, 0.001, 0.004, -0.002)
    weights = targets_of(DualMomentumStrategy(lookback=20, hold=1), panel).weights
    assert weights[31:].tolist() == [[0.0, 1.0, 0.0]] * len(weights[31:])
    falling = months(120, -0.001, -0.004)
    assert not targets_of(DualMomentumStrategy(lookback=20, hold=1), falling).weights.any()


def test_the_best_are_bought_and_the_worst_sold_for_as_much() -> None:
    panel = months(120, 0.001, 0.004, -0.002, 0.002)
    for factor, wanted in (("momentum", [0.0, 0.5, -0.5, 0.0]), ("reversal", [0.0, -0.5, 0.5, 0.0])):
        strategy = FactorLongShortStrategy(factor=factor, lookback=20, part=0.3)
        weights = targets_of(strategy, panel).weights
        assert weights[-1].tolist() == wanted
        assert np.allclose(weights.sum(axis=1), 0.0)


@pytest.mark.parametrize("kind", [BalancedStrategy, FactorLongShortStrategy, StatArbStrategy])
def test_who_needs_several_symbols_says_so(kind: type[PortfolioStrategy]) -> None:
    with pytest.raises(InvalidValue, match="needs 2 symbols, there are 1") as refused:
        targets_of(kind(), months(400, 0.001))
    assert refused.value.field == "symbols"


def together(seed: int, count: int = 600) -> Panel:
    """Three walks at random, of which the last hangs on the first."""
    draw = np.random.default_rng(seed)
    walk, other = (100.0 + np.cumsum(draw.normal(0.0, 0.5, count)) for _ in range(2))
    rest = np.zeros(count)
    for place in range(1, count):
        rest[place] = 0.8 * rest[place - 1] + draw.normal(0.0, 0.5)
    time = np.arange(count, dtype=np.int64) * 86_400_000_000
    volume = np.full(count, 1e6)
    prices: dict[str, Floats] = {"FIRST": walk, "OTHER": other, "TIED": 40.0 + 0.5 * walk + rest}
    return Panel.of({name: Bars(time, each, each, each, each, volume) for name, each in prices.items()})


def test_what_does_not_hang_together_seems_to_as_seldom_as_the_test_says() -> None:
    draw = np.random.default_rng(4)
    chances = [bond(*np.cumsum(draw.normal(size=(2, 240)), axis=1)).p_value for _ in range(1_500)]
    for level, slack in ((0.01, 0.01), (0.05, 0.02), (0.1, 0.025), (0.5, 0.05)):
        assert float(np.mean(np.array(chances) < level)) == pytest.approx(level, abs=slack)


@pytest.mark.parametrize(("statistic", "chance"), [(-3.896, 0.01), (-3.336, 0.05), (-3.045, 0.1)])
def test_the_published_critical_values_get_their_chances(statistic: float, chance: float) -> None:
    # MacKinnon (2010), table 2, two series with a constant, no end of observations.
    assert p_values(np.array([statistic])) == pytest.approx(chance, rel=0.03)


def test_all_pairs_at_once_are_what_two_plain_regressions_say_of_each() -> None:
    draw = np.random.default_rng(7)
    close = 100.0 + np.cumsum(draw.normal(size=(240, 6)), axis=0)
    close[:, 3] = 40.0 + 0.5 * close[:, 0] + draw.normal(size=240)
    close[:, 4], close[7, 5] = 30.0, np.nan
    found = bonds(close)
    pairs = [*zip(found.first.tolist(), found.second.tolist(), strict=True)]
    assert pairs == [*combinations(range(5), 2)]
    for place, (one, other) in enumerate(pairs):
        told = found.at(place)
        if 4 in (one, other):
            assert told == (0.0, 0.0, 1.0)
            continue
        line = np.column_stack((close[:, other], np.ones(240)))
        (ratio, level), *_ = np.linalg.lstsq(line, close[:, one])
        rest = close[:, one] - line @ (ratio, level)
        change = np.diff(rest)
        explained = np.column_stack((rest[1:-1], change[:-1]))
        slopes, (left,), *_ = np.linalg.lstsq(explained, change[1:])
        error = left / (len(change) - 3) * np.linalg.inv(explained.T @ explained)[0, 0]
        chance = float(p_values(np.array([slopes[0] / np.sqrt(error)]))[0])
        assert told == pytest.approx((ratio, level, chance), rel=1e-9, abs=1e-12)


def test_the_pair_that_hangs_together_is_found_and_traded_against_itself() -> None:
    panel = together(1)
    strategy = StatArbStrategy()
    frame = pd.DataFrame(panel.close, columns=list(panel.symbols))
    assert [pair[:2] for pair in strategy.find_cointegrated_pairs(frame, 0.01)] == [("FIRST", "TIED")]
    weights = targets_of(strategy, panel).weights
    assert not weights[:, 1].any()
    held = weights[:, 0] != 0.0
    assert held.any()
    assert (np.sign(weights[held, 0]) == -np.sign(weights[held, 2])).all()
    assert np.abs(weights).max() == 0.5
    assert Backtester(100_000.0).run(strategy, panel).final_value > 100_000.0
