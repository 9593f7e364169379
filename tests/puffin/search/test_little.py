"""What a search says where there is little to judge by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Real, Whole
from puffling.puffin.search.axes import Axis, read_axis, usual_axis
from puffling.puffin.search.judging import Judged, judge_trials
from puffling.puffin.search.measures import Part
from puffling.puffin.search.space import Method, planned
from puffling.puffin.search.trials import Moments, Rules, Trial, Walked, Wanted, try_sets
from puffling.puffin.strategies.recipe import Recipe
from tests.puffin.backtest.markets import random_panel

AXES = (Axis("window", "Window", (5, 10, 20)),)
BLOCK = (0.01, -0.02, 0.03, 0.01) * 4


def trial(number: int, score: float | None, **changes: Any) -> Trial:
    """A set that was tried."""
    found = Trial(number, {"window": AXES[0].values[number % 3]}, score)
    shape: dict[str, Any] = {
        "moments": Moments(0.1, 800, 0.0, 3.0),
        "bars": 800,
        "sums": BLOCK,
        "squares": (0.001,) * 16,
    }
    return replace(found, **(shape | changes))


def said(judged: Judged) -> dict[str, str]:
    """What it says, by check."""
    return {each.check: each.text for each in judged.findings}


def outcome(judged: Judged, check: str) -> str:
    """How one check came out."""
    [found] = [each.outcome for each in judged.findings if each.check == check]
    return found


def test_one_set_by_itself_says_nothing_of_overfitting_neighbours_and_attempts() -> None:
    told = judge_trials([trial(0, 1.0, moments=None)], AXES, attempts=1)
    assert set(said(told)) == {"unseen"}
    assert "nothing is left to look at afterwards" in said(told)["unseen"]
    assert judge_trials([trial(0, None)], AXES, attempts=1).findings == ()


def test_a_single_ratio_is_judged_by_its_own_error() -> None:
    told = judge_trials([trial(0, 1.0), trial(1, 0.5, moments=None)], AXES, attempts=2)
    assert "chosen among 2 attempts" in said(told)["deflated"]


@pytest.mark.parametrize(
    ("later", "brought", "said_of_it", "came"),
    [
        (None, 0.0, "did nothing", "doubtful"),
        (0.9, 0.1, "brought +10.0% and came 1 of 2", "fine"),
        (0.3, 0.1, "brought +10.0% and came 2 of 2", "doubtful"),
        (-0.3, -0.2, "brought −20.0% and came 2 of 2", "bad"),
    ],
)
def test_the_part_it_was_not_chosen_on_tells_how_it_did(
    later: float | None, brought: float, said_of_it: str, came: str
) -> None:
    best = trial(0, 1.0, unseen={"total_return": brought}, unseen_score=later)
    other = trial(1, 0.5, unseen={"total_return": 0.0}, unseen_score=0.5)
    told = judge_trials([best, other], AXES, attempts=2)
    assert said_of_it in said(told)["unseen"]
    assert outcome(told, "unseen") == came


@pytest.mark.parametrize(("later", "came"), [(-0.3, "fine"), (-0.5, "doubtful"), (0.0, "fine")])
def test_a_measure_below_nought_is_better_the_nearer_it_is(later: float, came: str) -> None:
    best = trial(0, -0.2, unseen={"total_return": 0.1}, unseen_score=later)
    other = trial(1, -0.4, unseen={"total_return": 0.0}, unseen_score=-0.9)
    assert outcome(judge_trials([best, other], AXES, attempts=2), "unseen") == came


def test_a_stretch_in_which_nothing_could_be_chosen_is_left_out() -> None:
    none, some = Walked(None, None, None), Walked(1.0, 0.5, 0.1)
    told = judge_trials([trial(0, 1.0, walked=(none, some)), trial(1, 0.5, walked=(none, none))], AXES,
                        attempts=2)  # fmt: skip
    assert len(told.stages) == 1
    assert "in each of 1 stretches, the best made money in 1" in said(told)["walk_forward"]
    nothing = judge_trials([trial(0, 1.0, walked=(none,))], AXES, attempts=1)
    assert nothing.stages == ()
    assert "walk_forward" not in said(nothing)


@pytest.mark.parametrize(
    ("scores", "where", "came"),
    [
        ((1.0, 0.9, 0.8), "a plateau", "fine"),
        ((1.0, 0.1, 0.1), "a lonely peak", "doubtful"),
        ((1.0, -0.5, -0.5), "a lonely peak", "bad"),
        ((-0.5, -0.6, -0.6), "a plateau", "fine"),
        ((1.0, None, None), "a lonely peak", "doubtful"),
    ],
)
def test_its_neighbours_tell_a_plateau_from_a_lonely_peak(
    scores: tuple[float | None, ...], where: str, came: str
) -> None:
    told = judge_trials([trial(at, score) for at, score in enumerate(scores)], AXES, attempts=3)
    assert where in said(told)["plateau"]
    assert outcome(told, "plateau") == came


@pytest.mark.parametrize(("trades", "came"), [(1.0, "bad"), (25.0, "doubtful")])
def test_few_trades_are_named(trades: float, came: str) -> None:
    told = judge_trials([trial(0, 1.0, seen={"total_trades": trades})], AXES, attempts=1)
    assert said(told)["trades"].startswith(f"{trades:.0f} trades are too few")
    assert outcome(told, "trades") == came


def test_a_stretch_of_one_bar_is_none() -> None:
    empty: Any = None
    with pytest.raises(InvalidValue, match="at least two bars"):
        Part(np.ones((1, 3)), np.zeros((1, 2)), empty, _Stretch(), (0.0, 252.0))  # type: ignore[arg-type]


class _Stretch:
    first = last = 1

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("declared", "value", "values"),
    [
        (Choice("kind", "Kind", "sma", (("sma", "Simple"), ("ema", "Exponential"))), "sma", ("sma", "ema")),
        (Real("edge", "Edge", 0.0, 0.0, 1.0, 0.01), 0.0, None),
        (Whole("window", "Window", 2, 2, 2), 2, (2,)),
    ],
)
def test_what_is_usual_lies_around_what_is_chosen(
    declared: Any, value: Any, values: tuple[object, ...] | None
) -> None:
    axis = usual_axis(declared, value)
    assert values is None or axis.values == values
    assert len(set(axis.values)) == len(axis.values)


def test_a_choice_given_wrongly_shows_what_can_be_given() -> None:
    kind = Choice("kind", "Kind", "sma", (("sma", "Simple"), ("ema", "Exponential")))
    with pytest.raises(InvalidValue, match="must be one of sma, ema"):
        read_axis("kind=1..2", (kind,))
    with pytest.raises(InvalidValue, match="kind=sma,ema"):
        read_axis("kind", (kind,))


def _plan(parameters: Mapping[str, Any], axes: tuple[Axis, ...], most: int = 100) -> None:
    planned(Recipe("momentum", parameters), axes, Method.GRID, most, 1)


def test_a_set_that_can_never_be_made_says_why() -> None:
    with pytest.raises(InvalidValue, match="None of these can be made"):
        _plan({}, (Axis("short_window", "Short", (200,)), Axis("long_window", "Long", (20, 30))))
    with pytest.raises(InvalidValue, match="Unknown strategy"):
        planned(Recipe("nobody"), (Axis("x", "X", (1, 2)),), Method.GRID, 10, 1)


def test_draws_end_when_hardly_any_set_can_be_made() -> None:
    axes = (
        Axis("short_window", "Short", tuple(range(60, 100))),
        Axis("long_window", "Long", tuple(range(21, 62))),
    )
    plan = planned(Recipe("momentum"), axes, Method.RANDOM, 50, 1)
    assert 0 < len(plan.sets) <= 50
    assert all(float(each["short_window"]) < float(each["long_window"]) for each in plan.sets)


def test_a_rule_of_sizes_decides_what_is_traded_in_every_trial() -> None:
    panel = random_panel(6, symbols=1, bars=300, gaps=False)
    sets = [Wanted(at, {"short_window": at + 2, "long_window": 30}, 0) for at in range(2)]

    def half(_: Panel) -> Callable[[Targets], Targets]:
        return lambda told: Targets(told.weights * 0.5)

    def tried(size: Callable[[Panel], Callable[[Targets], Targets]] | None, terms: Terms) -> list[Trial]:
        tester = Backtester(terms=terms)
        since_us = int(panel.time[60])
        return list(try_sets(Recipe("momentum"), sets, panel, tester, Rules(), since_us=since_us, size=size))

    halved, plain = tried(half, Terms()), tried(None, Terms(size=0.5))
    assert [each.whole for each in halved] == [each.whole for each in plain]
    assert [each.whole for each in halved] != [each.whole for each in tried(None, Terms())]
