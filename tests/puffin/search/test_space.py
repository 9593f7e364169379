"""What may vary: read from words, within the bounds that are declared, and put together into sets."""

from __future__ import annotations

from itertools import product

import pytest

from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Real, Whole
from puffling.puffin.search.axes import Axis, combinations, read_axis, usual_axes
from puffling.puffin.search.space import MOST_TRIALS, Method, planned
from puffling.puffin.strategies.momentum import MomentumStrategy
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.registry import find_strategy, list_strategies

DECLARED = (
    Whole("window", "Window", 20, 2, 5_000),
    Real("entry", "Entry", -2.0, -5.0, -0.5, 0.1),
    Choice("kind", "Kind", "sma", (("sma", "Simple"), ("ema", "Exponential"))),
)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("window=5..20:5", (5, 10, 15, 20)),
        ("window=5..18:5", (5, 10, 15)),
        ("window = 5 .. 7 : 1 ", (5, 6, 7)),
        ("window=7", (7,)),
        ("window=9,3,9", (9, 3)),
        ("entry=-3..-2.6:0.1", (-3.0, -2.9, -2.8, -2.7, -2.6)),
        ("entry=-3..-3", (-3.0,)),
        ("kind=ema,sma", ("ema", "sma")),
    ],
)
def test_words_become_values(words: str, values: tuple[object, ...]) -> None:
    axis = read_axis(words, DECLARED)
    assert axis.values == values
    assert read_axis(str(axis), DECLARED) == axis


def test_without_a_step_some_ten_values_lie_between() -> None:
    assert 5 <= len(read_axis("window=5..200", DECLARED).values) <= 25
    assert 5 <= len(read_axis("entry=-3..-1", DECLARED).values) <= 25


@pytest.mark.parametrize(
    ("words", "field", "said"),
    [
        ("window=1..20:5", "window", "between 2 and 5000"),
        ("window=20..5:5", "window", "the first is the larger"),
        ("window=5..20:0", "window", "above 0"),
        ("window=5..20:-1", "window", "above 0"),
        ("window=5..6:0.5", "window", "whole number"),
        ("window=a..b", "window", "'a'"),
        ("window=nan", "window", "'nan'"),
        ("window=..", "window", "'nothing'"),
        ("window=", "window", "window=10..40"),
        ("window", "window", "needs values"),
        ("window=2..5000:1", "window", "1,000 are the most"),
        ("entry=-9..-1:1", "entry", "between -5 and -0.5"),
        ("kind=sma,wma", "kind", "one of sma, ema"),
        ("wings=1..2", "wings", "there are: window, entry, kind"),
        ("=1..2", "vary", "Unknown parameter"),
    ],
)
def test_values_that_cannot_be_name_their_field(words: str, field: str, said: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_axis(words, DECLARED)
    assert caught.value.field == field
    assert said in str(caught.value)


def test_every_set_is_tried_but_those_that_cannot_be_made() -> None:
    axes = [Axis("short_window", "", (10, 20, 30)), Axis("long_window", "", (20, 40))]
    plan = planned(Recipe("momentum"), axes, Method.GRID, 100, 0)
    pairs = [(each["short_window"], each["long_window"]) for each in plan.sets]
    assert pairs == [(short, long) for short, long in product((10, 20, 30), (20, 40)) if short < long]
    assert plan.left_out == 6 - len(pairs)
    assert plan.bars_needed == tuple(long for _, long in pairs)
    assert all(each["ma_type"] == "sma" for each in plan.sets)


def test_the_same_seed_draws_the_same_sets_and_none_twice() -> None:
    axes = [Axis("short_window", "", tuple(range(2, 60))), Axis("long_window", "", tuple(range(30, 230)))]
    plans = [planned(Recipe("momentum"), axes, Method.RANDOM, 50, seed) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    assert len({str(each) for each in plans[0].sets}) == 50
    assert all(int(each["short_window"]) < int(each["long_window"]) for each in plans[0].sets)


def test_most_of_a_small_space_is_drawn_without_one_set_twice() -> None:
    axes = [Axis("short_window", "", tuple(range(2, 14))), Axis("long_window", "", (30, 31, 32))]
    plan = planned(Recipe("momentum"), axes, Method.RANDOM, 30, 1)
    assert len({str(each) for each in plan.sets}) == len(plan.sets) == 30


def test_fewer_sets_than_are_wanted_are_all_drawn() -> None:
    axes = [Axis("short_window", "", (5, 10))]
    plan = planned(Recipe("momentum"), axes, Method.RANDOM, 50, 1)
    assert [each["short_window"] for each in plan.sets] == [5, 10]


@pytest.mark.parametrize(
    ("axes", "field"),
    [
        ([], "vary"),
        ([Axis("short_window", "", (5,))], "vary"),
        ([Axis("short_window", "", (5, 6)), Axis("short_window", "", (7, 8))], "short_window"),
        ([Axis("short_window", "", tuple(range(2, 102))), Axis("long_window", "", tuple(range(102, 202)))],
         "vary"),
        ([Axis("short_window", "", (60, 70))], "short_window"),
    ],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_refused(axes: list[Axis], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        planned(Recipe("momentum"), axes, Method.GRID, MOST_TRIALS, 0)
    assert caught.value.field == field


@pytest.mark.parametrize("name", list_strategies())
def test_every_strategy_of_the_house_knows_what_is_worth_varying(name: str) -> None:
    kind = find_strategy(name)
    axes = usual_axes(kind.parameters, {})
    assert combinations(axes) <= 1_000
    for axis in axes:
        default = next(each.default for each in kind.parameters if each.name == axis.name)
        values = [float(value) for value in axis.values]
        assert min(values) <= float(default) <= max(values)
        assert len(axis.values) > 1


def test_what_is_worth_varying_lies_around_what_is_chosen() -> None:
    short, _ = usual_axes(MomentumStrategy.parameters, {"short_window": 100})
    assert (short.values[0], short.values[-1]) == (50, 200)
