"""The names by which Puffin's users know strategies and backtests."""

from __future__ import annotations

import importlib
import inspect

import pandas as pd
import pytest

NAMES = {
    "strategies.base": "SignalFrame Strategy",
    "strategies.market_making": "MarketMakingStrategy",
    "strategies.mean_reversion": "MeanReversionStrategy",
    "strategies.momentum": "MomentumStrategy",
    "strategies.registry": "register get_strategy list_strategies register_defaults",
    "strategies.stat_arb": "StatArbStrategy",
    "backtest.engine": "Order Fill Position SlippageModel CommissionModel Backtester BacktestResult",
    "backtest.walk_forward": "walk_forward",
}
FIELDS = {
    "Order": ["symbol", "side", "qty", "order_type", "limit_price", "stop_price", "timestamp"],
    "Fill": ["symbol", "side", "qty", "price", "commission", "slippage", "timestamp"],
    "Position": ["symbol", "qty", "avg_price", "realized_pnl"],
    "SlippageModel": ["fixed", "pct"],
    "CommissionModel": ["flat", "per_share", "pct"],
    "Backtester": ["initial_capital", "slippage", "commission"],
    "BacktestResult": ["equity_curve", "fills", "initial_capital", "final_value"],
}


@pytest.mark.parametrize(("module", "names"), NAMES.items())
def test_what_is_imported_from_puffin_is_there_under_its_name(module: str, names: str) -> None:
    found = importlib.import_module(f"puffling.puffin.{module}")
    assert all(hasattr(found, name) for name in names.split())
    assert not hasattr(found, "nothing_of_that_name")


@pytest.mark.parametrize(("name", "fields"), FIELDS.items())
def test_values_take_what_puffins_users_give_them_in_their_order(name: str, fields: list[str]) -> None:
    kind = getattr(importlib.import_module("puffling.puffin.backtest.engine"), name)
    assert [*inspect.signature(kind).parameters][: len(fields)] == fields


def test_signals_can_be_made_as_the_frame_puffins_users_make() -> None:
    from puffling.puffin.strategies.base import SignalFrame

    made = SignalFrame({"signal": [1.0], "confidence": [0.5]}, index=pd.DatetimeIndex(["2024-01-02"]))
    assert isinstance(made, pd.DataFrame)
