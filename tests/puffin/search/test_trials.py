"""Trials of a search against single tests of the same sets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.trust.overfitting import overfitting
from puffling.puffin.backtest.trust.sharpe import Track
from puffling.puffin.backtest.trust.subjects import subject_of
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.judging import judge_trials
from puffling.puffin.search.measures import FIGURES, OBJECTIVES, Stretch, best_of
from puffling.puffin.search.space import Method, planned
from puffling.puffin.search.trials import BLOCKS, Rules, Trial, Wanted, parts_of, try_sets
from puffling.puffin.strategies.recipe import Recipe
from tests.puffin.backtest.markets import random_panel, real

TERMS = Terms(commission=CommissionModel(pct=0.001, minimum=1.0), slippage=SlippageModel(pct=0.0005))
WARM = 120


def tried(
    name: str,
    sets: list[dict[str, Setting]],
    panel: Panel,
    tester: Backtester,
    rules: Rules | None = None,
) -> list[Trial]:
    since_us = int(panel.time[WARM])
    wanted = [Wanted(number, each, 0) for number, each in enumerate(sets)]
    return list(try_sets(Recipe(name), wanted, panel, tester, rules or Rules(), since_us=since_us))


SETS: dict[str, list[dict[str, Setting]]] = {
    "momentum": [
        {"short_window": short, "long_window": long, "ma_type": kind}
        for short, long, kind in product((5, 20), (30, 60), ("sma", "ema"))
    ],
    "mean_reversion": [{"window": 10}, {"window": 20, "zscore_entry": -1.5}],
    "dual_momentum": [{"lookback": 20}, {"lookback": 60}],
    "bracket_breakout": [{"window": 10}, {"window": 20, "risk": 0.02}],
}
TESTERS = {
    "matrix": Backtester(terms=TERMS),
    "walk": Backtester(terms=TERMS, protection=Protection(stop_loss=0.05)),
}


@pytest.mark.parametrize("way", TESTERS)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("symbols", [1, 3])
def test_the_figures_of_a_trial_are_those_of_a_single_test(name: str, way: str, symbols: int) -> None:
    if (name, symbols) == ("dual_momentum", 1) or (name, way) == ("bracket_breakout", "walk"):
        symbols = 3
    panel = (
        Panel.of({"AAPL": real()}).part(0, 900)
        if symbols == 1
        else random_panel(3, symbols=3, bars=500, gaps=True)
    )
    tester = TESTERS["matrix" if name == "bracket_breakout" else way]
    trials = tried(name, SETS[name], panel, tester)
    cut = parts_of(len(panel) - WARM, Rules()).seen.last
    assert [trial.trouble for trial in trials] == [""] * len(SETS[name])
    for trial in trials:
        for last, told in ((len(panel), trial.whole), (WARM - 1 + cut + 1, trial.seen)):
            strategy = Recipe(name, trial.parameters).make()
            alone = subject_of(strategy, panel.part(0, last), tester, since=WARM - 1, examined=False).result
            expected = alone.metrics()
            for figure in FIGURES:
                value = expected[figure] if np.isfinite(expected[figure]) else None
                assert told[figure] == pytest.approx(value, rel=1e-12, abs=1e-15), figure
        assert trial.ratio == pytest.approx(
            Track.of(returns_of(alone_equity(name, trial, panel, tester))).sharpe
        )


def alone_equity(
    name: str, trial: Trial, panel: Panel, tester: Backtester
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    strategy = Recipe(name, trial.parameters).make()
    equity: np.ndarray[tuple[int], np.dtype[np.float64]] = subject_of(
        strategy, panel, tester, since=WARM - 1, examined=False
    ).result.equity
    return equity


def test_what_was_not_seen_goes_on_where_the_seen_ended() -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 900)
    [trial] = tried("momentum", [{}], panel, TESTERS["matrix"], Rules(holdout=0.25))
    grown = (1.0 + (trial.seen["total_return"] or 0.0)) * (1.0 + (trial.unseen["total_return"] or 0.0))
    assert grown - 1.0 == pytest.approx(trial.whole["total_return"], rel=1e-12)
    counts = [part["total_trades"] or 0.0 for part in (trial.seen, trial.unseen, trial.whole)]
    assert counts[0] + counts[1] == counts[2]
    assert counts[0] > 0.0


def test_each_stretch_of_the_walk_is_scored_by_its_own_bars() -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 900)
    tester = TESTERS["matrix"]
    [trial] = tried("momentum", [{}], panel, tester, Rules(objective="total_return", stretches=3))
    equity = alone_equity("momentum", trial, panel, tester)
    assert len(trial.walked) == 3
    for walked, (train, test) in zip(
        trial.walked, parts_of(len(panel) - WARM, Rules(stretches=3)).walk, strict=True
    ):
        for told, part in ((walked.seen, train), (walked.unseen, test), (walked.unseen_return, test)):
            assert told == pytest.approx(equity[part.last] / equity[part.first] - 1.0, rel=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_never_trades_has_no_score(objective: str) -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 500)
    never: dict[str, Setting] = {"signal_threshold": 1.0}
    trials = tried("momentum", [never, {}], panel, TESTERS["matrix"], Rules(objective=objective))
    assert (trials[0].score, trials[0].unseen_score, trials[0].moments) == (None, None, None)
    assert trials[1].score is not None


def test_sets_that_need_a_longer_past_leave_the_others_as_they_are_alone() -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 900)
    since_us = int(panel.time[400])
    sets: list[dict[str, Setting]] = [{"ma_type": "ema", "long_window": long} for long in (30, 60, 90)]
    begins = [int(panel.time[place]) for place in (300, 200, 300)]
    wanted = [Wanted(at, each, begin) for at, (each, begin) in enumerate(zip(sets, begins, strict=True))]
    tester = TESTERS["matrix"]
    together = list(try_sets(Recipe("momentum"), wanted, panel, tester, Rules(), since_us=since_us))
    for each, begin, trial in zip(sets, (300, 200, 300), together, strict=True):
        strategy = Recipe("momentum", each).make()
        alone = subject_of(strategy, panel.part(begin, 900), tester, since=399 - begin, examined=False).result
        assert trial.whole["sharpe_ratio"] == pytest.approx(alone.metrics()["sharpe_ratio"], rel=1e-12)


def test_a_set_that_does_not_fit_these_bars_says_so_and_the_others_go_on() -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 400)
    trials = tried("momentum", [{}, {"long_window": 600}, {"long_window": 60}], panel, TESTERS["matrix"])
    assert [bool(trial.trouble) for trial in trials] == [False, True, False]
    assert "needs 600 bars" in trials[1].trouble
    assert trials[1].score is None


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_best_is_what_a_plain_loop_finds(objective: str) -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 700)
    axes = [Axis("short_window", "", (5, 10, 20, 30)), Axis("long_window", "", (20, 40, 80, 110))]
    plan = planned(Recipe("momentum"), axes, Method.GRID, 100, 0)
    trials = tried("momentum", list(plan.sets), panel, TESTERS["matrix"], Rules(objective=objective))
    last = WARM + parts_of(len(panel) - WARM, Rules()).seen.last
    found: list[float] = []
    for each in plan.sets:
        subject = subject_of(
            Recipe("momentum", each).make(),
            panel.part(0, last),
            TESTERS["matrix"],
            since=WARM - 1,
            examined=False,
        )
        found.append(subject.result.metrics()[objective])
    judged = judge_trials(trials, axes, attempts=len(trials))
    assert judged.best == int(np.argmax(found))


def test_the_overfitting_of_a_search_is_that_of_its_returns() -> None:
    panel = Panel.of({"AAPL": real()}).part(0, 700)
    sets = SETS["momentum"]
    trials = tried("momentum", sets, panel, TESTERS["matrix"])
    columns = [returns_of(alone_equity("momentum", trial, panel, TESTERS["matrix"])) for trial in trials]
    judged = judge_trials(trials, [Axis("short_window", "", (5, 20))], attempts=8)
    told = overfitting(np.array(columns).T, BLOCKS)
    assert judged.figures["overfitting_probability"] == pytest.approx(told.probability)


def test_history_is_cut_without_a_gap() -> None:
    parts = parts_of(1_000, Rules(holdout=0.3, stretches=4))
    assert (parts.seen, parts.unseen) == (Stretch(0, 700), Stretch(700, 1_000))
    assert [train.first for train, _ in parts.walk] == [0, 250, 500, 750]
    assert all(train.last == test.first for train, test in parts.walk)
    assert parts_of(1_000, Rules(holdout=0.0)).unseen is None
    assert parts_of(60, Rules(stretches=20)).walk == ()


@pytest.mark.parametrize(("returns", "holdout", "field"), [(39, 0.3, "start"), (60, 0.02, "holdout")])
def test_too_short_a_history_is_refused(returns: int, holdout: float, field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parts_of(returns, Rules(holdout=holdout))
    assert caught.value.field == field


def test_nothing_is_never_the_best() -> None:
    assert best_of([None, -2.0, float("nan"), -1.0, -1.0]) == 3
    assert best_of([0.0, -1.0]) == 0
    assert best_of([None, None]) == -1
