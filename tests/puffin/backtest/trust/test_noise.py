"""Strategies that know nothing on markets that have nothing to know, traded by the engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import simulate
from puffling.puffin.backtest.trust.entries import random_entries
from puffling.puffin.backtest.trust.sharpe import Track, deflated_p
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from tests.puffin.backtest.trust.test_sharpe import uniform_distance

MARKETS, BARS, LASTING = 300, 500, 5
# Above this only one in a hundred samples lies.
FAR = 1.63 / np.sqrt(MARKETS)


def noise(seed: int) -> Panel:
    """A market whose next move nobody can know: nothing is gained by holding it, long or short."""
    draw = np.random.default_rng(seed)
    # Half the variance less: moves that are even as logarithms would gain on average.
    close = 100.0 * np.exp(np.cumsum(draw.normal(-5e-5, 0.01, BARS)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    return Panel.of({"X": Bars(np.arange(1, BARS + 1) * US_PER_DAY, open_, high, low, close, np.ones(BARS))})


def guesses(seed: int, strategies: int) -> Floats:
    """What they say: long, short or nothing, for some days each."""
    draw = np.random.default_rng([seed, 1])
    said = draw.choice([-1.0, 0.0, 1.0], (strategies, BARS // LASTING))
    return np.repeat(said, LASTING, axis=1)[:, :, None]


@pytest.mark.parametrize("trials", [1, 10])
def test_the_deflated_chances_of_the_best_of_them_are_uniform(trials: int) -> None:
    chances = []
    for seed in range(MARKETS):
        done = simulate(noise(seed), guesses(seed, trials), Terms(lot=0.0))
        tracks = [Track.of(returns) for returns in returns_of(done.equities(0, trials))]
        chances.append(deflated_p(max(tracks, key=lambda each: each.sharpe), trials))
    assert uniform_distance(chances) < FAR


def pair(seed: int) -> Panel:
    """Two markets that mostly move together."""
    draw = np.random.default_rng([seed, 2])
    moves = draw.normal(0.0, 0.01, (BARS, 1)) + draw.normal(0.0, 0.003, (BARS, 2))
    close = 100.0 * np.exp(np.cumsum(moves - 5.5e-5, axis=0))
    open_ = np.concatenate((np.full((1, 2), 100.0), close[:-1]))
    high, low, time = np.maximum(open_, close), np.minimum(open_, close), np.arange(1, BARS + 1) * US_PER_DAY
    return Panel.of(
        {
            name: Bars(time, open_[:, at], high[:, at], low[:, at], close[:, at], np.ones(BARS))
            for at, name in enumerate("XY")
        }
    )


def one_long_one_short(said: Floats) -> Floats:
    """What hedges: as much of one as is sold of the other."""
    return np.concatenate((said, -said), axis=1) / 2.0


def one_or_the_other(said: Floats) -> Floats:
    """What rotates: always in one of them."""
    return np.concatenate((said >= 0.0, said < 0.0), axis=1).astype(np.float64)


WAYS: dict[str, tuple[Callable[[int], Panel], Callable[[Floats], Floats]]] = {
    "one symbol": (noise, lambda said: said),
    "one long, one short": (pair, one_long_one_short),
    "one or the other": (pair, one_or_the_other),
}


@pytest.mark.parametrize("way", WAYS)
def test_random_entries_bring_as_much_as_guesses_as_often_as_it_says(way: str) -> None:
    market, made = WAYS[way]
    chances = []
    for seed in range(MARKETS):
        told = random_entries(made(guesses(seed, 1)[0]), market(seed), seed=seed)
        assert told is not None
        chances.append(told.chance)
    assert uniform_distance(chances) < FAR


def test_who_knows_the_next_move_is_told_from_who_guesses() -> None:
    market = noise(1)
    moves = np.zeros((BARS, 1))
    moves[:-2, 0] = market.open[2:, 0] / market.open[1:-1, 0] - 1.0
    told = random_entries(np.sign(moves), market, seed=1)
    assert told is not None
    assert told.chance == 1.0 / (told.draws + 1) == 0.001
