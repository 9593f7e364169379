"""The last lines of the engine: what hardly anybody asks for, and what hardly ever happens."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.manifest import package_digest, result_digest
from puffling.puffin.backtest.orders import Sizing, Ticket
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sizing import sized
from puffling.puffin.backtest.splits import Past
from puffling.puffin.backtest.targets import Targets, targets_of
from puffling.puffin.backtest.trust.foresight import WarmUp, warm_up
from puffling.puffin.backtest.trust.verdict import Outcome, examine
from puffling.puffin.backtest.view import View
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.buy_and_hold import BuyAndHoldStrategy
from tests.puffin.backtest.markets import bars_of, panel_of_rows, random_panel

RISING = bars_of([(price,) * 4 for price in (10.0, 10.0, 11.0, 12.1)])


def test_the_curve_stands_on_the_days_of_the_bars() -> None:
    curve = Backtester(initial_capital=1_000.0).run(BuyAndHoldStrategy(), RISING).equity_curve
    assert curve.tolist() == pytest.approx([1_000.0, 1_000.0, 1_100.0, 1_210.0])
    assert (curve.index.name, curve.name) == ("Date", "equity")
    assert curve.index[0] == pd.Timestamp(from_us(int(RISING.time[0]))).tz_localize(None)


def test_drawing_shows_the_curve() -> None:
    """With a library that draws on paper of its own."""
    drawn: list[tuple[str, list[float]]] = []
    backend, matplotlib, pyplot = (ModuleType(name) for name in ("paper", "matplotlib", "matplotlib.pyplot"))

    def plot(data: pd.Series, kind: str, **how: Any) -> str:
        drawn.append((how["title"], data.tolist()))
        return "axes"

    vars(backend)["plot"] = plot
    vars(pyplot)["show"] = lambda: drawn.append(("shown", []))
    vars(matplotlib)["pyplot"] = pyplot
    made = {"paper": backend, "matplotlib": matplotlib, "matplotlib.pyplot": pyplot}
    before = {name: sys.modules.get(name) for name in made}
    sys.modules.update(made)
    try:
        with pd.option_context("plotting.backend", "paper"):
            assert BacktestResult(pd.Series([1.0, 2.0])).plot() == "axes"
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    assert drawn == [("Equity", [1.0, 2.0]), ("shown", [])]


def test_a_result_without_trades_and_a_package_of_one_file_have_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(result_digest(BacktestResult())) == len(result_digest(BacktestResult(pd.Series([1.0]))))
    assert result_digest(BacktestResult()) != result_digest(BacktestResult(pd.Series([1.0])))
    file = tmp_path / "lone_strategy.py"
    file.write_text("class Lone:\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    kind = type("Lone", (), {"__module__": "lone_strategy"})
    try:
        before = package_digest(kind)
        file.write_text("class Lone:\n    other = 1\n", encoding="utf-8")
        assert package_digest(kind) != before
    finally:
        del sys.modules["lone_strategy"]


def test_what_is_set_anew_is_sized_anew() -> None:
    panel = random_panel(3, symbols=1, bars=200, gaps=False)
    held, again = np.ones((200, 1)), np.zeros(200, dtype=bool)
    again[150] = True
    plain = sized(Targets(held), panel, Terms(size=0.05), Sizing.VOLATILITY).weights[:, 0]
    anew = sized(Targets(held, again), panel, Terms(size=0.05), Sizing.VOLATILITY).weights[:, 0]
    # Held since the first bar, when nothing was known, it is nothing; set anew it is what is known by then.
    assert set(plain) == {0.0}
    assert set(anew[:150]) == {0.0}
    assert 0.0 < anew[150] <= 1.0
    assert set(anew[150:]) == {anew[150]}


def test_in_shares_of_the_last_split_its_bars_are_as_they_were_traded() -> None:
    panel = Panel.of({"X": RISING, "Y": RISING})
    day = from_us(int(panel.time[2])).date()
    past = Past(panel, {"X": [CorporateAction(day, split_ratio=2.0)]})
    assert past.until(1, 0).close.tolist() == [10.0, 10.0]
    assert past.until(2, 0).close.tolist() == [5.0, 5.0, 11.0]
    assert past.until(3, 1).close.tolist() == RISING.close.tolist()
    assert past.until(1, 0).close.tolist() == [10.0, 10.0]


def test_an_order_of_open_quantity_takes_no_more_than_there_is_room_for() -> None:
    asked: list[float] = []

    class Twice:
        def on_bar(self, view: View) -> None:
            if view.bar in (0, 1):
                limit = Ticket("X", Side.BUY, None, Kind.LIMIT, limit=10.0)
                asked.append(view.send(limit, share=0.6 if view.bar == 0 else 1.0).remaining)

    result = Backtester(initial_capital=1_000.0).trade(Twice(), panel_of_rows([(10.0,) * 4] * 4))
    assert asked == [60.0, 40.0]
    assert [fill.qty for fill in result.fills] == [60.0, 40.0]


class Since(Strategy):
    """Long on every other stretch of seven bars since it began."""

    def bars_needed(self) -> int:
        return 2

    def decide(self, bars: Bars) -> Signals:
        signal = (np.arange(len(bars)) // 7 % 2).astype(float)
        return Signals(signal, np.ones(len(bars)))


def test_a_strategy_that_is_another_when_it_begins_later_is_told_so() -> None:
    panel = random_panel(1, symbols=1, bars=400, gaps=False)

    def ask(part: Panel) -> Any:
        return targets_of(Since(), part).weights

    told = warm_up(ask, panel, ask(panel), 2)
    # A hundred bars begin it two bars off: two of every seven differ.
    assert told.differing == pytest.approx(2 / 7, abs=0.01)
    verdict = examine(Since(), panel, Backtester())
    [reason] = [each for each in verdict.reasons if each.check == "warm_up"]
    assert reason.outcome is Outcome.BAD
    assert str(reason).startswith("It needs more than the 2 bars it asks for: begun later,")


def test_one_that_says_nothing_of_less_history_differs_in_nothing() -> None:
    panel = random_panel(1, symbols=1, bars=400, gaps=False)

    def ask(part: Panel) -> Any:
        if len(part) < 400:
            raise InvalidValue("too little", field="data")
        return np.ones((len(part), 1))

    assert warm_up(ask, panel, ask(panel), 2) == WarmUp(2, 0.0)


def test_a_history_too_short_to_walk_forward_is_named() -> None:
    panel = random_panel(2, symbols=1, bars=12, gaps=False)
    verdict = examine(BuyAndHoldStrategy(), panel, Backtester())
    [reason] = [each for each in verdict.reasons if each.check == "walk_forward"]
    assert (reason.outcome, str(reason)) == (
        Outcome.DOUBTFUL,
        "The history is too short to walk forward",
    )
