"""Strategies that know nothing on markets that have nothing to know, traded by the engine."""

from __future__ import annotations

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import simulate
from puffling.puffin.backtest.trust.luck import timing_p
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


def test_the_same_positions_at_other_times_do_as_well_as_often_as_it_says() -> None:
    chances = [timing_p(guesses(seed, 1)[0], noise(seed)) for seed in range(MARKETS)]
    assert uniform_distance(chances) < FAR


def test_who_knows_the_next_move_is_told_from_who_guesses() -> None:
    market = noise(1)
    moves = np.zeros((BARS, 1))
    moves[:-2, 0] = market.open[2:, 0] / market.open[1:-1, 0] - 1.0
    assert timing_p(np.sign(moves), market) == 1.0 / BARS
