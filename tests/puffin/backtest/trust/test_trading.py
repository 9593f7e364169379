"""The verdict on strategies that send their own orders, and on what is really traded of those that do not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from puffling.puffin.backtest.costs import CommissionModel, Terms
from puffling.puffin.backtest.engine import Backtester, bars_a_year
from puffling.puffin.backtest.metrics import per_bar, returns_of, sharpe_ratio
from puffling.puffin.backtest.orders import Sizing, Ticket
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.targets import Targets, targets_of
from puffling.puffin.backtest.trust.stress import neighbours
from puffling.puffin.backtest.trust.verdict import Grade, Outcome, Verdict, examine
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk_forward import walk_forward
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.bracket_breakout import BracketBreakoutStrategy
from puffling.puffin.strategies.dual_momentum import DualMomentumStrategy
from puffling.puffin.strategies.factor_long_short import FactorLongShortStrategy
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from tests.puffin.backtest.markets import random_panel, real

CHECKS = [
    "foresight",
    "trades",
    "costs",
    "delay",
    "walk_forward",
    "fortune",
    "timing",
    "attempts",
    "plateau",
]
Acts = Callable[[View, dict[str, Any]], None]


class Trades:
    """A strategy as a person writes it: a function of what is seen, and what it remembers."""

    def __init__(self, act: Acts) -> None:
        self._act = act
        self._memory: dict[str, Any] = {}

    def on_bar(self, view: View) -> None:
        """Do what the function does."""
        self._act(view, self._memory)


def market() -> Panel:
    """Thirteen years of a real share."""
    return Panel.of({"IBM": real("IBM")})


def next_close(view: View, _: dict[str, Any]) -> None:
    """Holds what rises tomorrow."""
    later: Any = view
    closes = later._walk.panel.close
    close = closes[min(view.bar + 1, len(closes) - 1), 0]
    view.target("IBM", 1.0 if close > view.close("IBM") else -1.0)


def behind_the_columns(view: View, _: dict[str, Any]) -> None:
    """Finds the whole column that its history is a part of."""
    close = view.history("IBM").close
    whole = close if close.base is None else close.base.ravel()
    view.target("IBM", 1.0 if whole[min(len(close), len(whole) - 1)] > close[-1] else -1.0)


def best_day(view: View, memory: dict[str, Any]) -> None:
    """Looks for the lowest price of all on the first bar, and waits for it."""
    later: Any = view
    if not memory:
        memory["low"] = float(np.nanmin(later._walk.panel.low))
        view.send(Ticket("IBM", Side.BUY, 10.0, Kind.LIMIT, limit=memory["low"] * 1.01))


def stops_above(view: View, _: dict[str, Any]) -> None:
    """Buys what passes its old high, and protects it; what nobody sold is taken back."""
    bars = view.history("IBM")
    if len(bars) > 20 and not view.position("IBM"):
        for waiting in view.waiting:
            view.cancel(waiting)
        high = float(bars.high[-20:].max())
        ticket = Ticket("IBM", Side.BUY, view.quantity_for(0.9, high), Kind.STOP, stop=high)
        view.send(ticket, take_profit=1.1 * high, stop_loss=0.95 * high)


def counts(view: View, memory: dict[str, Any]) -> None:
    """In for ten bars, out for ten."""
    memory["seen"] = memory.get("seen", 0) + 1
    if memory["seen"] % 10 == 0:
        view.target("IBM", float(memory["seen"] // 10 % 2))


_shown: list[np.ndarray[Any, Any]] = [np.empty((0, 1))]


def kept(view: View, _: dict[str, Any]) -> None:
    """Keeps the longest history it was ever shown, beyond its own life."""
    later: Any = view
    if len(later._walk.panel) > len(_shown[0]):
        _shown[0] = later._walk.panel.close.copy()
    whole = _shown[0]
    view.target("IBM", 1.0 if whole[min(view.bar + 1, len(whole) - 1), 0] > view.close("IBM") else -1.0)


CHEATS = {
    "the next close": next_close,
    "behind its columns": behind_the_columns,
    "the best day": best_day,
    "what it was shown": kept,
}
HONEST = {"a stop and a bracket": stops_above, "a counter": counts}


@pytest.mark.parametrize("name", CHEATS)
def test_orders_that_know_what_comes_are_caught(name: str) -> None:
    verdict = examine(Trades(CHEATS[name]), market(), Backtester(), since=300)
    assert verdict.grade is Grade.F
    (reason,) = verdict.reasons
    assert str(reason).startswith("It knew what came later: take the days after ")


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("since", [0, 300])
def test_honest_orders_go_through_every_check(name: str, since: int) -> None:
    told: list[tuple[int, int]] = []
    verdict = examine(
        Trades(HONEST[name]),
        market(),
        Backtester(commission=CommissionModel(pct=0.001)),
        since=since,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert [reason.check for reason in verdict.reasons] == CHECKS
    assert verdict.reasons[0].outcome is Outcome.FINE
    assert float(verdict.reasons[0].values["asked"]) > 10
    assert list(dict.fromkeys(told)) == [(done, 9) for done in range(10)]


def test_orders_that_differ_when_it_trades_again_get_the_worst_grade() -> None:
    draw = np.random.default_rng(1)

    def guesses(view: View, _: dict[str, Any]) -> None:
        view.target("IBM", float(draw.choice([-1.0, 1.0])))

    verdict = examine(Trades(guesses), market(), Backtester())
    assert verdict.grade is Grade.F
    assert "two different answers" in str(verdict.reasons[0])


def test_one_with_declared_parameters_has_neighbours_and_the_same_verdict_each_time() -> None:
    strategy = BracketBreakoutStrategy(window=50, risk=0.1)
    panel = Panel.of({"AAPL": real("AAPL")[1_000:1_700]})
    first, second = (examine(strategy, panel, Backtester(), seed=3, since=200) for _ in range(2))
    assert first == second
    assert [reason.check for reason in first.reasons] == [*CHECKS, "overfitting"]
    done = Backtester().trade(BracketBreakoutStrategy(window=50, risk=0.1), panel, since=200)
    assert first.figures["total_trades"] == len(done.trades)
    late = Backtester().trade(BracketBreakoutStrategy(window=50, risk=0.1), panel, since=200, late=1)
    assert late.final_value != done.final_value
    assert first.figures["return_one_bar_later"] == late.equity[-1] / late.equity[0] - 1.0


def test_what_is_late_sees_each_close_a_bar_later() -> None:
    seen: list[tuple[int, float]] = []

    class Looks:
        def on_bar(self, view: View) -> None:
            seen.append((len(view.history("IBM")), view.close("IBM")))
            if view.bar == 5:
                view.send(Ticket("IBM", Side.BUY, 1.0, lasting=Lasting.IOC))

    panel = market().until(20)
    result = Backtester().trade(Looks(), panel, late=1)
    assert seen == [(bar + 1, float(panel.close[bar, 0])) for bar in range(19)]
    assert result.fills[0].price == panel.open[7, 0]


def test_who_looks_back_before_the_first_day_trades_from_it_on() -> None:
    panel, seen = market(), []

    class Looks:
        def on_bar(self, view: View) -> None:
            seen.append((view.bar, len(view.history("IBM"))))
            view.target("IBM", 1.0)

    result = Backtester().trade(Looks(), panel, since=100)
    assert seen[0] == (0, 101)
    assert result.panel is not None
    assert len(result.panel) == len(panel) - 100
    assert result.fills[0].price == panel.open[101, 0]


def ratio(tester: Backtester, targets: Targets, panel: Panel) -> float:
    """The Sharpe ratio of what is traded."""
    bars = bars_a_year(panel)
    return sharpe_ratio(returns_of(tester.hold(targets, panel).equity), per_bar(0.05, bars), bars)


def judged(
    panel: Panel, sizing: Sizing, protection: Protection | None, terms: Terms
) -> tuple[Verdict, list[float]]:
    """A verdict, and the ratios of the neighbours, each traded by hand under the same rules."""
    strategy = MomentumStrategy(10, 30)
    tester = Backtester(terms=terms_for(sizing, terms), protection=protection)
    size = partial(sized, panel=panel, terms=terms, sizing=sizing, stop_loss=0.1)
    verdict = examine(strategy, panel, tester, size=size)
    sets = neighbours(MomentumStrategy, strategy.get_parameters())
    made = [MomentumStrategy.made_of(parameters) for parameters in sets[1:]]
    return verdict, [ratio(tester, size(targets_of(each, panel)), panel) for each in made]


@pytest.mark.parametrize("symbols", [1, 2])
@pytest.mark.parametrize(
    ("sizing", "protection"),
    [
        (Sizing.EQUITY, None),
        (Sizing.FIXED, None),
        (Sizing.VOLATILITY, None),
        (Sizing.KELLY, None),
        (Sizing.EQUITY, Protection(stop_loss=0.03, take_profit=0.06)),
        (Sizing.RISK, Protection(stop_loss=0.1)),
    ],
)
def test_neighbours_are_judged_by_what_is_traded_of_them(
    symbols: int, sizing: Sizing, protection: Protection | None
) -> None:
    panel = random_panel(5, symbols=symbols, bars=500, gaps=False)
    terms = Terms(size=0.05, commission=CommissionModel(pct=0.001))
    verdict, ratios = judged(panel, sizing, protection, terms)
    assert verdict.figures["neighbours_sharpe"] == pytest.approx(float(np.nanmedian(np.nan_to_num(ratios))))
    plain, _ = judged(panel, Sizing.EQUITY, None, Terms())
    assert verdict.figures["neighbours_sharpe"] != plain.figures["neighbours_sharpe"]


@pytest.mark.parametrize(
    "strategy", [DualMomentumStrategy(lookback=60, hold=2), FactorLongShortStrategy(lookback=60, part=0.25)]
)
def test_neighbours_of_what_weighs_symbols_are_judged_too(strategy: PortfolioStrategy) -> None:
    panel, kind = random_panel(5, symbols=4, bars=500, gaps=True), type(strategy)
    tester = Backtester(commission=CommissionModel(pct=0.001))
    verdict = examine(strategy, panel, tester)
    sets = neighbours(kind, strategy.get_parameters())
    ratios = [ratio(tester, targets_of(kind.made_of(each), panel), panel) for each in sets[1:]]
    assert len(ratios) >= 4
    assert verdict.figures["neighbours_sharpe"] == pytest.approx(float(np.median(ratios)))
    assert verdict.reasons[-1].check == "overfitting"


@pytest.mark.parametrize(
    ("strategy", "bars"),
    [
        (MomentumStrategy(20, 50), 55),
        (DualMomentumStrategy(lookback=50, hold=2), 52),
        (BracketBreakoutStrategy(window=50), 52),
    ],
)
def test_neighbours_that_need_a_longer_past_than_there_is_are_left_out(strategy: Strategy, bars: int) -> None:
    verdict = examine(strategy, random_panel(5, symbols=3, bars=bars, gaps=False), Backtester())
    assert verdict.reasons[-1].check == "overfitting"


def test_walking_forward_cuts_what_its_orders_came_to() -> None:
    panel, strategy = market(), BracketBreakoutStrategy(window=50)
    told = walk_forward(strategy, panel, train_ratio=0.5, n_splits=3)
    whole = Backtester().run(BracketBreakoutStrategy(window=50), panel)
    grown = 1.0
    for split in told.splits:
        for part in (split.train, split.test):
            grown *= 1.0 + part.metrics["total_return"]
    assert grown == pytest.approx(whole.final_value / whole.initial_capital)
    assert sum(split.train.bars + split.test.bars for split in told.splits) == len(panel)
    with pytest.raises(InvalidValue, match="has no targets"):
        targets_of(strategy, panel)


def test_a_strategy_that_can_do_nothing_is_refused() -> None:
    nothing: Any = object()
    with pytest.raises(InvalidValue, match="needs generate_signals, or on_bar"):
        Backtester().run(nothing, real("IBM"))


def test_what_trades_needs_its_bars() -> None:
    with pytest.raises(InvalidValue, match="needs 50 bars"):
        Backtester().run(BracketBreakoutStrategy(window=50), real("IBM")[:49])
