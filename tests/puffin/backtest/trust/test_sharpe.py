"""Errors of a Sharpe ratio, against the worked examples of the papers and against chance itself."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from puffling.puffin.backtest.trust.overfitting import overfitting
from puffling.puffin.backtest.trust.sharpe import (
    Track,
    deflated_p,
    deflated_sharpe,
    expected_best,
    least_bars,
    probabilistic_sharpe,
)
from puffling.puffin.errors import InvalidValue

# "The Deflated Sharpe Ratio": 2.5 a year over five years of 250 days, skewness −3, kurtosis 10, the ratios of
# all attempts with a variance of one half a year.
PAPER = Track(2.5 / sqrt(250), 1_250, -3.0, 10.0)


def uniform_distance(values: list[float]) -> float:
    """How far a sample lies from evenly spread ones, as Kolmogorov and Smirnov measure it."""
    ordered = np.sort(values)
    steps = np.arange(1, len(ordered) + 1) / len(ordered)
    return float(max(np.max(steps - ordered), np.max(ordered - steps + 1 / len(ordered))))


def test_the_deflated_ratio_is_that_of_the_papers_example() -> None:
    assert expected_best(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(PAPER, 100, 0.5 / 250) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(PAPER, 46, 0.5 / 250) == pytest.approx(0.9505, abs=5e-5)


def test_the_length_a_record_needs_is_that_of_the_papers_table() -> None:
    # "The Sharpe Ratio Efficient Frontier": a yearly ratio of 2 of normal daily returns needs 2.73 years to
    # be believed above 1 with 95 %.
    normal = Track(2.0 / sqrt(250), 1_000, 0.0, 3.0)
    assert least_bars(normal, 1.0 / sqrt(250)) / 250 == pytest.approx(2.73, abs=0.01)
    assert least_bars(normal, 3.0 / sqrt(250)) == float("inf")


def test_more_attempts_make_the_same_record_worth_less() -> None:
    worth = [deflated_sharpe(PAPER, trials, 0.5 / 250) for trials in (1, 2, 10, 100, 10_000)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == probabilistic_sharpe(PAPER)
    chances = [deflated_p(PAPER, trials) for trials in (1, 2, 10, 100, 10_000)]
    assert chances == sorted(chances)


@pytest.mark.parametrize("trials", [1, 5, 20])
def test_the_best_of_attempts_without_skill_looks_lucky_exactly_as_often_as_it_says(trials: int) -> None:
    draw = np.random.default_rng(trials)
    chances = []
    for _ in range(400):
        tracks = [Track.of(returns) for returns in draw.standard_t(5, (trials, 500))]
        chances.append(deflated_p(max(tracks, key=lambda each: each.sharpe), trials))
    # Above this only one in a hundred samples of 400 lies.
    assert uniform_distance(chances) < 1.63 / sqrt(400)


def test_a_record_that_never_moves_is_no_record() -> None:
    with pytest.raises(InvalidValue):
        Track.of(np.zeros(100))


def test_attempts_without_skill_are_overfitted_half_of_the_time() -> None:
    draw = np.random.default_rng(7)
    found = [overfitting(draw.normal(size=(600, 20)), 10).probability for _ in range(60)]
    assert float(np.mean(found)) == pytest.approx(0.5, abs=0.06)


def test_one_attempt_with_skill_among_many_is_chosen_and_stays_good() -> None:
    draw = np.random.default_rng(8)
    returns = draw.normal(0.0, 0.01, (1_000, 20))
    returns[:, 3] += 0.003
    told = overfitting(returns, 10)
    assert told.probability == 0.0
    assert told.loss_probability == 0.0
    assert len(told.logits) == 252


def test_attempts_that_are_all_the_same_are_neither_good_nor_bad() -> None:
    returns = np.tile(np.random.default_rng(9).normal(size=(200, 1)), (1, 8))
    assert overfitting(returns, 4).probability == 0.5


@pytest.mark.parametrize(("attempts", "blocks"), [(1, 4), (5, 3), (5, 200)])
def test_overfitting_needs_attempts_and_an_even_number_of_blocks(attempts: int, blocks: int) -> None:
    with pytest.raises(InvalidValue):
        overfitting(np.zeros((100, attempts)), blocks)
