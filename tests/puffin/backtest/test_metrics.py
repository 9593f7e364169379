"""Figures against the library whose definitions they state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import empyrical
import numpy as np
import pytest

from puffling.puffin.backtest import metrics
from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import FillColumns, simulate
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.backtest.trades import Resized, round_trips, tally
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.momentum import MomentumStrategy
from tests.puffin.backtest.markets import random_panel, random_targets, real

FREE = metrics.per_bar(0.05)
Figure = Callable[[Floats], float]


def returns(symbol: str = "AAPL") -> Floats:
    """Daily returns of a real share."""
    close = real(symbol).close
    change: Floats = close[1:] / close[:-1] - 1.0
    return change


def beside(change: Floats) -> Floats:
    """The returns of another share over the last so many days."""
    return returns("IBM")[-len(change) :]


def equity_of(change: Floats) -> Floats:
    """What one unit became."""
    return np.concatenate(([1.0], np.cumprod(1.0 + change)))


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT", "GOOG", "FB"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.total_return, empyrical.cum_returns_final),
        (metrics.annual_return, empyrical.annual_return),
        (metrics.annual_volatility, empyrical.annual_volatility),
        (lambda r: metrics.sharpe_ratio(r, FREE), lambda r: empyrical.sharpe_ratio(r, FREE)),
        (lambda r: metrics.sortino_ratio(r, FREE), lambda r: empyrical.sortino_ratio(r, FREE)),
        (lambda r: metrics.max_drawdown(equity_of(r)), empyrical.max_drawdown),
        (lambda r: metrics.omega_ratio(r, FREE), lambda r: empyrical.omega_ratio(r, FREE)),
        (metrics.tail_ratio, empyrical.tail_ratio),
        (metrics.stability, empyrical.stability_of_timeseries),
        (metrics.value_at_risk, empyrical.value_at_risk),
        (metrics.conditional_value_at_risk, empyrical.conditional_value_at_risk),
        (
            lambda r: metrics.beta(r, returns("IBM")[-len(r) :]),
            lambda r: empyrical.beta(r, returns("IBM")[-len(r) :]),
        ),
        (
            lambda r: metrics.alpha(r, returns("IBM")[-len(r) :], FREE),
            lambda r: empyrical.alpha(r, returns("IBM")[-len(r) :], FREE),
        ),
    ],
)
def test_every_figure_is_the_one_empyrical_defines(symbol: str, ours: Figure, theirs: Figure) -> None:
    change = returns(symbol)
    assert ours(change) == pytest.approx(float(theirs(change)), rel=1e-9, abs=1e-12)


def test_calmar_is_the_yearly_return_for_each_unit_of_the_deepest_fall() -> None:
    change = returns("MSFT")
    told = metrics.figures(equity_of(change), round_trips(simulate_nothing()), risk_free_rate=0.05)
    assert told["calmar_ratio"] == pytest.approx(empyrical.calmar_ratio(change), rel=1e-9)


def simulate_nothing() -> FillColumns:
    """The fills of who never trades."""
    panel = Panel.of({"AAPL": real()})
    return simulate(panel, np.zeros((1, len(panel), 1)), Terms()).fills(0)


def test_what_cannot_be_told_is_not_a_number_and_never_an_error() -> None:
    still = metrics.figures(np.full(300, 100.0), round_trips(simulate_nothing()))
    for name in ("calmar_ratio", "tail_ratio", "skewness", "kurtosis"):
        assert np.isnan(still[name])
    assert still["total_return"] == still["max_drawdown"] == still["total_trades"] == 0.0
    for short in (np.array([100.0]), np.array([100.0, 101.0])):
        assert np.isnan(metrics.figures(short, round_trips(simulate_nothing()))["sharpe_ratio"])


def test_the_worst_falls_are_told_with_where_they_healed() -> None:
    equity = np.array([10.0, 9.0, 10.0, 12.0, 6.0, 9.0, 12.5, 12.0])
    assert metrics.worst_drawdowns(equity) == (
        metrics.Drawdown(3, 4, 6, -0.5),
        metrics.Drawdown(0, 1, 2, -0.09999999999999998),
        metrics.Drawdown(6, 7, None, -0.040000000000000036),
    )


def test_figures_of_many_runs_are_those_of_each_alone() -> None:
    panel = random_panel(5, symbols=1, bars=300, gaps=False)
    targets = random_targets(5, panel, runs=40)
    done = simulate(panel, targets, Terms(commission=CommissionModel(pct=0.001)))
    swept = metrics.sweep(done)
    for run in range(40):
        alone = metrics.figures(done.equity(run), round_trips(done.fills(run)))
        for name in (
            "total_return",
            "annualized_return",
            "annualized_volatility",
            "sharpe_ratio",
            "max_drawdown",
        ):
            assert getattr(swept, name)[run] == pytest.approx(alone[name], rel=1e-9)
        for name in ("total_trades", "win_rate", "profit_factor"):
            assert getattr(swept, name)[run] == pytest.approx(alone[name], rel=1e-9)


def test_runs_that_leave_in_parts_are_counted_by_their_lots() -> None:
    panel = random_panel(6, symbols=1, bars=60, gaps=False)
    targets = np.tile(np.array([1.0, 0.5, 0.0, 1.0, 0.0, 0.0]), 10)[None, :, None]
    done = simulate(panel, targets, Terms())
    trades = round_trips(done.fills(0))
    assert tally(done).count.tolist() == [len(trades)]
    assert float(trades.profit.sum()) == pytest.approx(done.equity(0)[-1] - 100_000.0)


def test_the_oldest_shares_leave_first_and_fees_go_with_them() -> None:
    fills = FillColumns(
        bar=np.array([1, 2, 3, 4]),
        symbol=np.zeros(4, np.int64),
        quantity=np.array([10.0, 10.0, -15.0, -15.0]),
        price=np.array([100.0, 110.0, 120.0, 90.0]),
        commission=np.array([1.0, 2.0, 3.0, 1.5]),
    )
    trades = round_trips(fills)
    assert trades.quantity.tolist() == [10.0, 5.0, 5.0]
    assert trades.entry_price.tolist() == [100.0, 110.0, 110.0]
    assert trades.commission == pytest.approx([3.0, 2.0, 1.5])
    assert trades.profit == pytest.approx([197.0, 48.0, -101.5])


def test_shares_in_parts_leave_no_trade_of_a_rounding_error_behind() -> None:
    fills = FillColumns(
        bar=np.arange(5),
        symbol=np.zeros(5, np.int64),
        quantity=np.array([0.1, 0.2, -(0.1 + 0.2), 0.7, -0.7]),
        price=np.full(5, 100.0),
        commission=np.zeros(5),
    )
    assert round_trips(fills).quantity.tolist() == [0.1, 0.2, 0.7]


def test_a_split_goes_through_what_is_held_and_not_through_what_it_brings() -> None:
    fills = FillColumns(
        bar=np.array([1, 2, 5, 6]),
        symbol=np.array([0, 1, 0, 1]),
        quantity=np.array([100.0, 10.0, -400.0, -10.0]),
        price=np.array([80.0, 50.0, 21.0, 50.0]),
        commission=np.array([4.0, 0.0, 8.0, 0.0]),
    )
    trades = round_trips(fills, [Resized(5, 0, 4.0), Resized(7, 1, 2.0)])
    assert trades.quantity.tolist() == [400.0, 10.0]
    assert trades.entry_price.tolist() == [20.0, 50.0]
    assert trades.profit.tolist() == [400.0 - 12.0, 0.0]


def test_trades_of_prices_as_they_were_traded_tell_all_of_the_equity() -> None:
    sample = SamplesProvider().sample("AAPL")
    panel = Panel.of({"AAPL": sample.bars})
    splits = [replace(each, dividend=0.0) for each in sample.actions if each.split_ratio != 1.0]
    assert splits
    held = np.tile(np.repeat([1.0, 0.0, -0.5, 0.0], 200), len(panel) // 800 + 1)[: len(panel), None]
    held[-3:] = 0.0
    result = Backtester(commission=CommissionModel(pct=0.001)).hold(
        Targets(held), panel, actions={"AAPL": splits}
    )
    assert len(result.resized) == len(splits)
    assert float(result.trades.profit.sum()) == pytest.approx(result.final_value - 100_000.0)
    assert result.positions()[0].qty == 0.0


def test_a_result_tells_the_figures_puffins_users_know() -> None:
    told = Backtester(commission=CommissionModel(pct=0.001)).run(MomentumStrategy(), real()).metrics()
    known = {
        "total_return", "annualized_return", "annualized_volatility", "sharpe_ratio", "max_drawdown",
        "win_rate", "profit_factor", "total_trades",
    }  # fmt: skip
    assert known <= told.keys()


def test_figures_stand_beside_those_of_a_benchmark() -> None:
    equity, none = equity_of(returns()), round_trips(simulate_nothing())
    told = metrics.figures(equity, none, benchmark=equity)
    assert told["benchmark_return"] == told["total_return"]
    assert told["beta"] == pytest.approx(1.0)
    assert told["alpha"] == pytest.approx(0.0)
    assert "beta" not in metrics.figures(equity, none)
    assert np.isnan(metrics.beta(np.array([0.1]), np.array([0.1])))


def test_a_market_of_nothing_and_targets_of_another_one_are_refused() -> None:
    with pytest.raises(InvalidValue, match="at least one symbol"):
        Panel.of({})
    panel = random_panel(5, symbols=2, bars=30, gaps=False)
    with pytest.raises(InvalidValue, match="symbols of the panel"):
        simulate(panel, random_targets(5, random_panel(5, symbols=1, bars=30, gaps=False), runs=2), Terms())
    with pytest.raises(InvalidValue, match="walk through every bar"):
        simulate(panel, random_targets(5, panel, runs=2), Terms(volume_cap=0.1))
