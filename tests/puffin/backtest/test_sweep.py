"""Many parameter sets at once against each alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.metrics import Sweep
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.simulation import FillColumns, simulate
from puffling.puffin.backtest.sweep import sweep_parameters, targets_of_many
from puffling.puffin.backtest.targets import sends_orders
from puffling.puffin.backtest.trust.stress import neighbours
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.registry import find_strategy, list_strategies
from tests.puffin.backtest.markets import random_panel, real

TERMS = Terms(commission=CommissionModel(pct=0.001, minimum=1.0), slippage=SlippageModel(pct=0.0005))
ALONE = [name for name in list_strategies() if not issubclass(find_strategy(name), PortfolioStrategy)]
CROSSES: list[dict[str, Setting]] = [
    {"short_window": short, "long_window": long, "ma_type": kind, "signal_threshold": threshold}
    for short, long, kind, threshold in product((5, 10, 20), (30, 50), ("sma", "ema"), (0.0, 0.01))
]
REVERSIONS: list[dict[str, Setting]] = [
    {"window": window, "zscore_entry": entry} for window, entry in product((10, 20), (-2.5, -1.5))
]


@pytest.mark.parametrize(("name", "sets"), [("momentum", CROSSES), ("mean_reversion", REVERSIONS)])
@pytest.mark.parametrize("symbols", [1, 3])
def test_figures_of_a_sweep_are_those_of_single_runs(
    name: str, sets: list[dict[str, Setting]], symbols: int
) -> None:
    kind = find_strategy(name)
    panel = Panel.of({"AAPL": real()}) if symbols == 1 else random_panel(3, symbols=3, bars=400, gaps=True)
    (part,) = sweep_parameters(kind, sets, panel, TERMS)
    for place, parameters in enumerate(sets):
        alone = Backtester(terms=TERMS).run(kind.made_of(parameters), panel).metrics()
        for figure in Sweep.__dataclass_fields__:
            assert getattr(part.figures, figure)[place] == pytest.approx(alone[figure], rel=1e-12), figure


def assert_fills_of_each_alone(kind: type[Strategy], sets: list[dict[str, Setting]], panel: Panel) -> None:
    """Every run of many made the fills of a single one, to the last bit."""
    together = simulate(panel, targets_of_many(kind, sets, panel), TERMS)
    for place, parameters in enumerate(sets):
        alone = Backtester(terms=TERMS).run(kind.made_of(parameters), panel)
        among = together.fills(place)
        assert alone.columns is not None
        for name in FillColumns.__dataclass_fields__:
            assert np.array_equal(getattr(among, name), getattr(alone.columns, name)), (parameters, name)
        assert np.array_equal(together.equity(place), alone.equity)


def test_five_hundred_pairs_make_the_fills_of_five_hundred_single_runs() -> None:
    pairs: list[dict[str, Setting]] = [
        {"short_window": short, "long_window": long}
        for short, long in product(range(5, 55, 2), range(60, 260, 10))
    ]
    assert len(pairs) == 500
    assert_fills_of_each_alone(find_strategy("momentum"), pairs, Panel.of({"AAPL": real()[-2_520:]}))


@pytest.mark.parametrize("name", [name for name in ALONE if not sends_orders(find_strategy(name))])
def test_whatever_varies_fills_are_those_of_each_alone(name: str) -> None:
    kind = find_strategy(name)
    sets = neighbours(kind, {})[:12]
    assert_fills_of_each_alone(kind, sets, random_panel(4, symbols=2, bars=400, gaps=True))


def test_a_sweep_of_strategies_with_orders_of_their_own_is_one_run_after_another() -> None:
    panel = random_panel(3, symbols=2, bars=200, gaps=True)
    sets: list[dict[str, Setting]] = [{"window": 10}, {"window": 20, "risk": 0.02}]
    kind = find_strategy("bracket_breakout")
    parts = list(sweep_parameters(kind, sets, panel, TERMS))
    assert [(part.first, part.last) for part in parts] == [(0, 1), (1, 2)]
    for part, parameters in zip(parts, sets, strict=True):
        alone = Backtester(terms=TERMS).run(kind.made_of(parameters), panel).metrics()
        assert alone["total_trades"]
        for figure in Sweep.__dataclass_fields__:
            assert getattr(part.figures, figure).tolist() == [alone[figure]], figure


def test_a_sweep_too_large_for_memory_comes_in_parts() -> None:
    panel = Panel.of({"AAPL": real()})
    sets = CROSSES * 200
    parts = list(sweep_parameters(find_strategy("momentum"), sets, panel, Terms()))
    assert len(parts) > 1
    assert [part.first for part in parts] == [0, *(part.last for part in parts[:-1])]
    assert parts[-1].last == len(sets)


@pytest.mark.parametrize(
    "name", [name for name in list_strategies() if not issubclass(find_strategy(name), PortfolioStrategy)]
)
def test_every_strategy_says_the_same_alone_and_among_others(name: str) -> None:
    kind: type[Strategy] = find_strategy(name)
    made = [kind.made_of({}), kind.made_of({})]
    told = kind.signals_of_many(real(), made)
    assert np.array_equal(told[0], made[0].signals(real()).signal)
    assert np.array_equal(told[0], told[1])
