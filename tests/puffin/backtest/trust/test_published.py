"""Statistics against what was published of them: printed results, closed forms, and every case there is."""

from __future__ import annotations

from itertools import product
from math import comb, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.metrics import annual_return
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.trust.luck import fortunes
from puffling.puffin.backtest.trust.overfitting import overfitting
from puffling.puffin.backtest.walk_forward import walk_forward
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.strategies.registry import get_strategy

_BIG = 134_217_728.0


def drawn_by_r(seed: int, count: int) -> Floats:
    """What R gives for `set.seed(seed); rnorm(count)`: Mersenne Twister, and normal numbers by inversion."""
    words, key = seed, []
    for place in range(50 + 625):
        words = (69_069 * words + 1) % 2**32
        if place > 50:
            key.append(words)
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(key, dtype=np.uint32), "pos": 624},
    }
    even = twister.random_raw(2 * count) * 2.3283064365386963e-10
    # As R does, Python inverts the normal distribution by Wichura's algorithm AS 241.
    finer = (np.floor(_BIG * even[::2]) + even[1::2]) / _BIG
    return np.array([NormalDist().inv_cdf(each) for each in finer.tolist()])


def fit(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Slope and intercept of y over x, and how much of it that explains, adjusted for their number."""
    slope, intercept = np.polyfit(x, y, 1)
    apart = y - slope * x - intercept
    left = float(apart @ apart) / float((y - y.mean()) @ (y - y.mean()))
    return float(slope), float(intercept), 1.0 - left * (len(x) - 1) / (len(x) - 2)


def test_numbers_are_drawn_as_r_draws_them() -> None:
    """`set.seed(42); rnorm(5)` as R prints it in countless places."""
    printed = [1.37095845, -0.56469817, 0.36312841, 0.63286260, 0.40426832]
    assert drawn_by_r(42, 5) == pytest.approx(printed, abs=5e-9)


def test_overfitting_is_that_of_the_package_of_r() -> None:
    """CRAN, package pbo, vignette "Using the PBO package", printed results of summary(my_pbo).

    100 attempts without skill, 2,400 days, 8 blocks, Sharpe ratios above 3 % a year. Printed is p_bo
    1.0000000, slope -0.0030456, ar^2 0.9700000, p_loss 1.0000000. What the package calls the slope is the
    first coefficient of what was shown over what was kept, which R's lm gives first: the intercept.
    """
    bars, attempts = 2_400, 100
    drawn = drawn_by_r(765, bars * attempts).reshape(attempts, bars).T
    scaled = drawn * sqrt(1.0 / 252.0) / drawn.std(axis=0, ddof=1)
    told = overfitting(scaled - scaled.mean(axis=0) - 0.03 / 252.0, 8)
    assert told.probability == 1.0
    assert told.loss_probability == 1.0
    # R divides by one observation less when it tells a deviation.
    smaller = sqrt((bars // 2 - 1) / (bars // 2))
    _, first, explained = fit(told.kept * smaller, told.shown * smaller)
    assert first == pytest.approx(-0.0030456, abs=5e-8)
    assert explained == pytest.approx(0.97, abs=5e-3)
    assert told.slope == pytest.approx(fit(told.shown, told.kept)[0])


@pytest.mark.parametrize(("blocks", "ways"), [(8, 70), (10, 252), (16, 12_870)])
def test_history_is_halved_in_every_way_there_is(blocks: int, ways: int) -> None:
    """Bailey, Borwein, López de Prado and Zhu (2017), section 2: 16 blocks make 12,870 combinations."""
    returns = np.random.default_rng(3).normal(size=(160, 3))
    assert len(overfitting(returns, blocks).logits) == ways == comb(blocks, blocks // 2)


def test_each_half_is_judged_by_the_ratio_of_its_own_bars() -> None:
    """The definition itself, on a case small enough to write out: 4 blocks, 6 ways, 5 attempts."""
    returns = np.random.default_rng(4).normal(0.1, 1.0, (20, 5))
    halves = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    block = np.arange(20) // 5
    logits = []
    for half in halves:
        inside = np.isin(block, half)
        seen, unseen = (part.mean(axis=0) / part.std(axis=0) for part in (returns[inside], returns[~inside]))
        rank = float((unseen <= unseen[seen.argmax()]).sum()) / 6.0
        logits.append(np.log(rank / (1.0 - rank)))
    told = overfitting(returns, 4)
    assert told.logits == pytest.approx(logits)
    assert told.probability == pytest.approx(np.mean([(each < 0.0) + 0.5 * (each == 0.0) for each in logits]))


def below(fall: Floats) -> Floats:
    """How often the deepest fall of a motion without drift stays less than this many deviations."""
    odd = 2 * np.arange(100)[:, None] + 1
    terms = (-1.0) ** np.arange(100)[:, None] / odd * np.exp(-((odd * np.pi / fall) ** 2) / 8.0)
    told: Floats = 4.0 / np.pi * terms.sum(axis=0)
    return told


def test_the_fall_of_trades_that_bring_nothing_is_that_of_brownian_motion() -> None:
    """Magdon-Ismail, Atiya, Pratap and Abu-Mostafa, "On the Maximum Drawdown of a Brownian Motion" (2004).

    Journal of Applied Probability 41, 147-161: without drift the expected fall is sqrt(pi / 2) = 1.2533
    deviations of the whole; its distribution is that of the largest absolute value of the motion.
    """
    falls = np.linspace(1e-3, 12.0, 5_000)
    expected = np.trapezoid(1.0 - below(falls), falls)
    assert expected == pytest.approx(sqrt(np.pi / 2.0), abs=2e-3)
    trades, small = 10_000, 1e-5
    told = fortunes(np.tile([small, -small], trades // 2), seed=6)
    whole = small * sqrt(trades)
    for fall, chance in zip(
        (told.max_drawdown.low, told.max_drawdown.middle, told.max_drawdown.high),
        (0.95, 0.5, 0.05),
        strict=True,
    ):
        # Of 2,000 draws a share is uncertain by 0.011, and steps miss some of the deepest moments.
        assert float(below(np.array([-fall / whole]))[0]) == pytest.approx(chance, abs=0.035)


def test_fortunes_are_those_of_every_order_there_is() -> None:
    """Every one of 4^4 histories of four trades, drawn with replacement, against many drawn ones."""
    trades = np.array([0.10, -0.05, 0.02, -0.13])
    final, falls = [], []
    for drawn in product(trades, repeat=4):
        curve = np.concatenate(([1.0], np.cumprod(1.0 + np.array(drawn))))
        final.append(curve[-1] - 1.0)
        falls.append((curve / np.maximum.accumulate(curve)).min() - 1.0)
    told = fortunes(trades, seed=5, draws=200_000)
    assert told.loss_probability == pytest.approx(np.mean(np.array(final) < 0.0), abs=0.005)
    for interval, every in ((told.total_return, final), (told.max_drawdown, falls)):
        ordered = np.sort(every)
        for value, level in ((interval.low, 0.05), (interval.middle, 0.5), (interval.high, 0.95)):
            # Among so few histories values come in steps: as many lie below and above as the level says.
            assert np.mean(ordered < value - 1e-9) <= level + 0.005
            assert np.mean(ordered <= value + 1e-9) >= level - 0.005


def test_walk_forward_efficiency_is_pardos() -> None:
    """Pardo, "The Evaluation and Optimization of Trading Strategies" (2008), chapter 11.

    The yearly return out of sample for each unit of the yearly return in sample. Worked here for two
    stretches that grow by 0.1 % and 0.3 % a bar while they are trained on, and by 0.05 % and 0.1 % after.
    """
    rates = np.repeat([0.001, 0.0005, 0.003, 0.001], 50)
    open_ = (100.0 * np.cumprod(1.0 + rates)).astype(np.float64)
    bars = Bars(np.arange(1, 201) * US_PER_DAY, open_, open_, open_, open_, np.ones(200))
    told = walk_forward(
        get_strategy("buy_and_hold"), Panel.of({"X": bars}), train_ratio=0.5, n_splits=2, terms=Terms(lot=0.0)
    )

    def yearly(rate: float) -> float:
        # It holds from the second open on, and what trades every day has 365 of them a year.
        return annual_return(np.array([0.0, *[rate] * 48]), 365.0)

    trained, tested = (np.mean([yearly(rate) for rate in pair]) for pair in ((0.001, 0.003), (0.0005, 0.001)))
    assert told.efficiency == pytest.approx(tested / trained, rel=1e-6)
    assert 0.2 < told.efficiency < 0.3
