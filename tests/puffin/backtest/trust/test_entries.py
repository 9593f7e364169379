"""Entries at random: everything about them is kept but when, and every moment is as likely as another."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.trust.entries import (
    begins_at_random,
    holdings_of,
    moves_of,
    random_entries,
)
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY


def market(seed: int, bars: int, symbols: int = 1, drift: float = 0.0) -> Panel:
    """Prices at random; every close is the next open."""
    draw = np.random.default_rng(seed)
    series = {}
    for place in range(symbols):
        close = (100.0 * np.cumprod(1.0 + draw.normal(drift, 0.01, bars))).astype(np.float64)
        open_ = np.concatenate(([100.0], close[:-1]))
        high, low = np.maximum(open_, close), np.minimum(open_, close)
        series[f"S{place}"] = Bars(
            np.arange(1, bars + 1) * US_PER_DAY, open_, high, low, close, np.ones(bars)
        )
    return Panel.of(series)


def column(*parts: tuple[float, int]) -> Floats:
    """Weights of one symbol: each so much for so many bars."""
    return np.concatenate([np.full(bars, weight) for weight, bars in parts])[:, None]


def arranged(lengths: tuple[int, ...], flat: int) -> list[tuple[int, ...]]:
    """Where holdings begin, in every order of them and of the flat bars."""
    found = set()
    for order in set(permutations([*range(len(lengths)), *[-1] * flat])):
        at, begins = 0, [0] * len(lengths)
        for card in order:
            if card >= 0:
                begins[card] = at
            at += lengths[card] if card >= 0 else 1
        found.add(tuple(begins))
    return sorted(found)


def test_a_holding_keeps_its_sides_and_ends_where_one_changes() -> None:
    weights = np.array([[0, 0], [1, 0], [0.5, 0], [0.5, -1], [0.5, -1], [0, 0], [-1, 0]], dtype=float)
    begins, lengths = holdings_of(weights)
    assert begins.tolist() == [1, 3, 6]
    assert lengths.tolist() == [2, 2, 1]


def test_every_arrangement_is_as_likely_as_any_other() -> None:
    lengths, flat, draws = (3, 1, 2), 4, 42_000
    every = arranged(lengths, flat)
    assert len(every) == 7 * 6 * 5
    found = begins_at_random(np.random.default_rng(1), np.array(lengths), flat, draws)
    counted = Counter(map(tuple, found.tolist()))
    assert sorted(counted) == every
    expected = draws / len(every)
    distance = sum((counted[each] - expected) ** 2 / expected for each in every)
    # Chi-square of 209 degrees of freedom: only one sample in a thousand lies above.
    assert distance < 277.0


def test_the_chance_is_that_of_counting_every_arrangement() -> None:
    panel = market(2, 14)
    weights = column((0.0, 1), (1.0, 3), (0.0, 2), (-0.5, 2), (0.0, 1), (1.0, 1), (0.0, 4))
    moves, lengths = moves_of(panel)[:, 0], (3, 2, 1)
    brought = [
        sum(
            weight * moves[first : first + bars].sum()
            for weight, first, bars in zip((1.0, -0.5, 1.0), begins, lengths, strict=True)
        )
        for begins in arranged(lengths, 12 - sum(lengths))
    ]
    true = float(weights[:12, 0] @ moves)
    told = random_entries(weights, panel, seed=3, draws=40_000)
    assert told is not None
    assert (told.draws, told.holdings) == (40_000, 3)
    assert told.chance == pytest.approx(np.mean(np.array(brought) >= true - 1e-12), abs=0.01)
    assert 0.0 < told.chance < 1.0


def test_the_same_seed_draws_the_same() -> None:
    panel, weights = market(3, 300), np.repeat(np.random.default_rng(4).choice([0.0, 1.0], 60), 5)[:, None]
    first, second = (random_entries(weights, panel, seed=9) for _ in range(2))
    assert first == second != random_entries(weights, panel, seed=10)


def test_what_is_always_in_a_rising_market_is_not_taken_for_timing() -> None:
    panel = market(5, 1_000, drift=0.002)
    draw = np.random.default_rng(6)
    chances = []
    for _ in range(40):
        # In for nine days of ten: it earns a lot, and would have earned it at other moments too.
        told = random_entries(np.repeat(draw.random(200) < 0.9, 5)[:, None].astype(np.float64), panel, seed=1)
        assert told is not None
        chances.append(told.chance)
    assert 0.3 < float(np.mean(chances)) < 0.7


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((300, 1)),
        column((0.0, 10), (1.0, 290)),
        column((1.0, 150), (-1.0, 150)),
        np.linspace(0.2, 0.9, 300)[:, None],
    ],
)
def test_who_has_hardly_another_moment_to_enter_is_not_judged(weights: Floats) -> None:
    assert random_entries(weights, market(7, 300), seed=1) is None


def test_who_is_hardly_ever_out_is_not_judged_however_many_bars_there_are() -> None:
    """Out for 30 bars of 1,000: entries at random would be the same ones but for a few bars."""
    assert random_entries(column((0.0, 30), (1.0, 970)), market(7, 1_000), seed=1) is None
    assert random_entries(column((0.0, 60), (1.0, 940)), market(7, 1_000), seed=1) is not None


def test_a_symbol_is_not_entered_before_it_has_a_price() -> None:
    panel = market(8, 400, symbols=2)
    late = Panel.of({"S0": panel.bars("S0"), "S1": panel.bars("S1")[200:]})
    # Held from its first day on: there is no other moment, only days on which nobody could hold it.
    weights = np.zeros((400, 2))
    weights[200:, 1] = 1.0
    assert random_entries(weights, late, seed=1) is None


def test_who_wants_to_stop_is_heard_between_two_lots() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    weights = np.repeat(np.random.default_rng(4).choice([0.0, 1.0], 60), 5)[:, None]
    with pytest.raises(KeyboardInterrupt):
        random_entries(weights, market(3, 300), seed=9, pulse=stop)
