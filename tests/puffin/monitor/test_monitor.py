"""Profit and loss, the log of trades, health and the benchmark, under the names Puffin's users know."""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.csv_text import csv_text, unguarded
from puffling.puffin.errors import InvalidValue, NotOffered
from puffling.puffin.monitor.benchmark import BenchmarkComparison
from puffling.puffin.monitor.health import SLOW_SECONDS, SystemHealth
from puffling.puffin.monitor.pnl import PnLTracker, Position
from puffling.puffin.monitor.trade_log import TradeLog, TradeRecord

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)

FIELDS = {
    ("pnl", "Position"): "ticker quantity avg_price current_price strategy metadata",
    ("trade_log", "TradeRecord"): "timestamp ticker side qty price commission slippage strategy metadata",
    ("health", "HealthCheck"): "status last_update latency message metadata",
    ("pnl", "PnLTracker"): "initial_cash",
    ("health", "SystemHealth"): "alert_callback",
    ("trade_log", "TradeLog"): "",
    ("benchmark", "BenchmarkComparison"): "",
}
CALLS = {
    ("pnl", "PnLTracker"): {
        "update": "positions prices",
        "equity": "",
        "positions_value": "",
        "unrealized_pnl": "",
        "total_pnl": "",
        "record_trade": "ticker quantity price side commission",
        "daily_pnl": "",
        "cumulative_pnl": "",
        "attribution_by_strategy": "",
        "attribution_by_asset": "",
        "performance_summary": "",
    },
    ("pnl", "Position"): {"market_value": "", "cost_basis": "", "unrealized_pnl": ""},
    ("trade_log", "TradeLog"): {
        "record": "trade_record",
        "export_csv": "path",
        "export_json": "path",
        "filter": "ticker strategy date_range",
        "load_csv": "path",
        "load_json": "path",
        "summary": "",
    },
    ("trade_log", "TradeRecord"): {"to_dict": ""},
    ("health", "SystemHealth"): {
        "check_data_feed": "provider",
        "check_broker_connection": "broker",
        "alert": "message level",
        "get_overall_health": "",
        "reset": "",
    },
    ("benchmark", "BenchmarkComparison"): {
        "compare": "strategy_returns benchmark_returns",
        "plot_comparison": "strategy_returns benchmark_returns figsize",
        "rolling_metrics": "strategy_returns benchmark_returns window",
    },
}


@pytest.mark.parametrize(("place", "fields"), FIELDS.items())
def test_values_take_what_puffins_users_give_them(place: tuple[str, str], fields: str) -> None:
    module, name = place
    kind = getattr(importlib.import_module(f"puffling.puffin.monitor.{module}"), name)
    taken = [*inspect.signature(kind).parameters]
    assert taken[: len(fields.split())] == fields.split()


@pytest.mark.parametrize(("place", "calls"), CALLS.items())
def test_every_call_is_there_with_its_parameters(place: tuple[str, str], calls: dict[str, str]) -> None:
    module, name = place
    kind = getattr(importlib.import_module(f"puffling.puffin.monitor.{module}"), name)
    for call, parameters in calls.items():
        assert [*inspect.signature(getattr(kind, call)).parameters][1:] == parameters.split(), call


class Ticking:
    """A clock that is a day further at each look."""

    def __init__(self) -> None:
        self.days = -1

    def __call__(self) -> datetime:
        self.days += 1
        return START + timedelta(days=self.days)


def test_trades_move_cash_and_equity_is_what_there_is() -> None:
    tracker = PnLTracker(10_000.0, now=Ticking())
    tracker.record_trade("SPY", 10, Decimal(500), "buy", commission=1.0)
    assert tracker.equity() == 9_999.0
    tracker.update([Position("SPY", 10, 500.1, strategy="trend")], {"SPY": 510.0})
    assert tracker.equity() == 10_099.0
    assert tracker.unrealized_pnl() == pytest.approx(99.0)
    tracker.record_trade("SPY", 4, 520.0, "SELL", commission=1.0)
    assert tracker.realized_pnl() == pytest.approx(4 * 20 - 0.4 - 1.0)
    assert tracker.total_pnl() == pytest.approx(tracker.equity() - 10_000.0)
    assert tracker.attribution_by_asset() == {"SPY": pytest.approx(tracker.total_pnl())}
    assert tracker.attribution_by_strategy() == {"trend": pytest.approx(tracker.total_pnl())}
    with pytest.raises(InvalidValue):
        tracker.record_trade("SPY", 1, 1, "hold")


def test_each_day_counts_by_its_last_update() -> None:
    tracker = PnLTracker(1_000.0, now=Ticking())
    tracker.record_trade("SPY", 1, 100, "buy")
    held = [Position("SPY", 1, 100)]
    for price in (110.0, 105.0, 130.0):
        tracker.update(held, {"SPY": price})
    assert [*tracker.daily_pnl()] == [10.0, -5.0, 25.0]
    assert [*tracker.cumulative_pnl()] == [10.0, 5.0, 30.0]
    assert tracker.performance_summary()["max_drawdown"] == pytest.approx(-5 / 1_010)


RECORD = TradeRecord(START, "SPY", "buy", 10, 512.5, 0.1, 0.02, "=cmd|' /C calc'!A0", {"why": "test"})


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_log_that_was_written_is_read_back_as_it_was(tmp_path: Path, ending: str) -> None:
    log = TradeLog()
    log.record(RECORD)
    log.record(TradeRecord(START + timedelta(days=1), "AAPL", "sell", 5, 200.0))
    file = tmp_path / f"log.{ending}"
    getattr(log, f"export_{ending}")(file)
    again = TradeLog()
    getattr(again, f"load_{ending}")(file)
    assert [*again] == [*log]
    assert log.filter(ticker="SPY") == [RECORD]
    assert [each.ticker for each in log.filter(date_range=(START + timedelta(hours=1), None))] == ["AAPL"]
    told = log.summary()
    assert (told["total_trades"], told["buys"], told["total_volume"]) == (2, 1, 6_125.0)


def test_no_cell_is_a_formula_and_numbers_stay_numbers() -> None:
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1"]
    text = csv_text(["text", "number"], [[each, Decimal("-1.50")] for each in dangerous])
    for line in text.split("\r\n")[1:-1]:
        assert line.startswith("\"'")
        assert line.endswith(",-1.50")
    assert unguarded("'=1+1") == "=1+1"
    assert unguarded("'tis") == "'tis"
    assert csv_text(["a"], [["x\r\ny\N{RIGHT-TO-LEFT OVERRIDE}z"]]).count("\r\n") == 2


def test_what_cannot_be_read_as_a_trade_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="ticker"):
        TradeRecord.from_dict({"timestamp": START})
    file = tmp_path / "log.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(InvalidValue, match="not JSON"):
        TradeLog().load_json(file)


class Broken:
    """A broker that does not answer."""

    def get_account(self) -> object:
        """Fail."""
        raise ConnectionError("refused")


class Fine:
    """A provider that answers."""

    is_connected = True


def test_the_worst_check_is_how_the_whole_is_and_an_alarm_is_told() -> None:
    heard: list[tuple[str, str]] = []
    health = SystemHealth(lambda message, level: heard.append((message, level)), now=lambda: START)
    assert health.get_overall_health()["status"] == "unknown"
    assert health.check_data_feed(Fine()).status == "healthy"
    check = health.check_broker_connection(Broken())
    assert (check.status, check.message, check.last_update) == (
        "unhealthy",
        "ConnectionError: refused",
        START,
    )
    assert health.check_data_feed(object()).status == "unhealthy"
    assert heard[0] == ("broker: ConnectionError: refused", "error")
    assert health.get_overall_health()["status"] == "unhealthy"
    health.reset()
    assert health.get_overall_health()["checks"] == {}


def test_a_strategy_that_is_its_benchmark_twice_over_has_a_beta_of_two() -> None:
    days = pd.date_range("2024-01-02", periods=120, freq="B")
    other = pd.Series(np.sin(np.arange(120)) / 100, index=days)
    told = BenchmarkComparison().compare(2 * other, other.iloc[:-1])
    assert told["beta"] == pytest.approx(2.0)
    assert told["correlation"] == pytest.approx(1.0)
    rolling = BenchmarkComparison().rolling_metrics(2 * other, other, window=60)
    assert len(rolling) == 61
    assert rolling.index[0] == days[59]
    assert rolling["beta"].to_numpy() == pytest.approx(2.0)
    with pytest.raises(InvalidValue):
        BenchmarkComparison().compare([0.1, 0.2], [0.1])
    with pytest.raises(NotOffered, match="matplotlib"):
        BenchmarkComparison().plot_comparison(other, other)


def test_what_is_sold_wholly_is_held_no_more_and_stays_earned() -> None:
    tracker = PnLTracker(1_000.0, now=Ticking())
    tracker.record_trade("SPY", 2, 100, "buy")
    tracker.record_trade("SPY", 2, 110, "sell")
    assert (tracker.positions_value(), tracker.unrealized_pnl()) == (0.0, 0.0)
    assert (tracker.realized_pnl(), tracker.equity()) == (20.0, 1_020.0)


def test_a_trade_is_made_of_plain_values_or_refused() -> None:
    plain = {"timestamp": START, "ticker": "SPY", "side": "buy", "qty": "10", "price": 512.5}
    assert TradeRecord.from_dict(plain) == TradeRecord(START, "SPY", "buy", 10.0, 512.5)
    for broken in ({"qty": "many"}, {"timestamp": "noon"}, {"metadata": "{"}):
        with pytest.raises(InvalidValue, match="cannot be read"):
            TradeRecord.from_dict({**plain, **broken})


class Silent:
    """A provider that is there and says that it is not connected."""

    def is_connected(self) -> bool:
        """Say no."""
        return False


class Slow:
    """A broker that answers late."""

    def get_account(self) -> object:
        """Answer when the time of a good answer is over."""
        began = time.perf_counter()
        while time.perf_counter() - began <= SLOW_SECONDS:
            threading.Event().wait(0.1)
        return object()


def test_who_says_no_is_unhealthy_and_who_is_slow_is_degraded() -> None:
    health = SystemHealth(now=lambda: START)
    no = health.check_data_feed(Silent())
    assert (no.status, no.message) == ("unhealthy", "is_connected answered no")
    assert [level for _, level, _ in health.alerts] == ["error"]
    late = health.check_broker_connection(Slow())
    assert late.status == "degraded"
    assert late.latency > SLOW_SECONDS
    assert health.get_overall_health()["status"] == "unhealthy"


def test_a_window_of_one_day_measures_nothing() -> None:
    with pytest.raises(InvalidValue, match="two days"):
        BenchmarkComparison().rolling_metrics([0.1, 0.2], [0.1, 0.2], window=1)


def test_what_never_moves_goes_along_with_nothing() -> None:
    told = BenchmarkComparison().compare([0.0, 0.0, 0.0], [0.1, -0.1, 0.2])
    assert np.isnan(told["correlation"])


class Axes:
    """One of the pictures of a figure: it notes what it is to draw."""

    def __init__(self) -> None:
        self.drawn: dict[str, tuple[list[object], list[float]]] = {}
        self.label = ""
        self.named = False

    def plot(self, along: Iterable[object], values: Iterable[float], *, label: str) -> None:
        """Draw a line."""
        self.drawn[label] = (list(along), [float(value) for value in values])

    def set_ylabel(self, label: str) -> None:
        """Name what is drawn."""
        self.label = label

    def legend(self) -> None:
        """Name the lines."""
        self.named = True


@dataclass
class Figure:
    """What would be shown."""

    size: tuple[float, float]
    axes: list[Axes]


def subplots(rows: int, columns: int, *, figsize: tuple[float, float], sharex: bool) -> Any:
    """Give a figure and its pictures, below each other on the same days."""
    assert sharex
    figure = Figure(figsize, [Axes() for _ in range(rows * columns)])
    return figure, figure.axes


def test_a_comparison_is_drawn_where_matplotlib_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # A stand-in for the library, which does not come with Puffling.
    pyplot = ModuleType("matplotlib.pyplot")
    vars(pyplot)["subplots"] = subplots
    for library in (ModuleType("matplotlib"), pyplot):
        monkeypatch.setitem(sys.modules, library.__name__, library)
    figure = BenchmarkComparison().plot_comparison([0.1, -0.5], [0.0, 0.1], figsize=(4, 3))
    above, below = figure.axes
    assert (figure.size, above.label, below.label, above.named) == ((4, 3), "Growth of 1", "Drawdown", True)
    assert above.drawn["Strategy"] == ([0, 1, 2], pytest.approx([1.0, 1.1, 0.55]))
    assert below.drawn["Strategy"][1] == pytest.approx([0.0, 0.0, -0.5])
    assert below.drawn["Benchmark"][1] == pytest.approx([0.0, 0.0, 0.0])
    days = pd.date_range("2024-01-02", periods=2, freq="B")
    dated = pd.Series([0.1, -0.5], index=days)
    figure = BenchmarkComparison().plot_comparison(dated, dated)
    assert figure.axes[0].drawn["Benchmark"][0] == [days[0], *days]
