"""How far the best can be trusted: noise is told from a planted edge, and every attempt counts."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.judging import Judged, judge_trials
from puffling.puffin.search.trials import Moments, Rules, Trial, Walked, Wanted, try_sets
from puffling.puffin.strategies.recipe import Recipe

AXES = (
    Axis("short_window", "Short window", (2, 5, 10, 15, 20)),
    Axis("long_window", "Long window", (25, 40, 60, 80, 100)),
)
PAIRS = list(product(*(axis.values for axis in AXES)))


def market(seed: int, *, bars: int = 1_600, drift: float = 0.0) -> Panel:
    """Prices drawn at random; with a drift, the direction lasts for 160 days before it turns."""
    draw = np.random.default_rng(seed)
    way = np.where(np.arange(bars) // 160 % 2 == 0, 1.0, -1.0)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, bars) + drift * way))
    open_ = np.append(close[0], close[:-1])
    columns = (open_, np.maximum(open_, close), np.minimum(open_, close), close, np.full(bars, 1e6))
    return Panel.of({"X": Bars(np.arange(1, bars + 1) * US_PER_DAY, *columns)})


@cache
def searched(seed: int, drift: float = 0.0) -> list[Trial]:
    panel = market(seed, drift=drift)
    wanted = [
        Wanted(at, {"short_window": short, "long_window": long}, 0) for at, (short, long) in enumerate(PAIRS)
    ]
    tester = Backtester(terms=Terms())
    return list(try_sets(Recipe("momentum"), wanted, panel, tester, Rules(), since_us=int(panel.time[120])))


def judged(seed: int, drift: float = 0.0, attempts: int = len(PAIRS)) -> Judged:
    return judge_trials(searched(seed, drift), AXES, attempts=attempts)


def test_on_noise_the_best_is_chosen_in_vain() -> None:
    chances = [judged(seed).figures["overfitting_probability"] for seed in range(16)]
    assert 0.35 <= np.mean([each for each in chances if each is not None]) <= 0.65
    deflated = [judged(seed).figures["deflated_sharpe"] or 0.0 for seed in range(16)]
    assert sum(each > 0.95 for each in deflated) <= 2
    assert all(judged(seed).grade != "A" for seed in range(16))


def test_a_planted_edge_is_found_and_believed() -> None:
    told = judged(3, drift=0.004)
    assert (told.figures["overfitting_probability"] or 0.0) <= 0.1
    assert (told.figures["deflated_sharpe"] or 0.0) >= 0.99
    outcomes = {each.check: each.outcome for each in told.findings}
    assert outcomes["deflated"] == outcomes["unseen"] == outcomes["walk_forward"] == "fine"
    assert "plateau" in next(each.text for each in told.findings if each.check == "plateau")


def test_every_attempt_on_the_data_makes_the_best_less_believable() -> None:
    few, many = (judged(3, drift=0.001, attempts=count) for count in (25, 10_000))
    assert (few.figures["deflated_sharpe"] or 0.0) > (many.figures["deflated_sharpe"] or 0.0)
    assert many.findings[0].values["attempts"] == 10_000
    assert "10000 attempts" in many.findings[0].text
    # There were at least as many as there are trials, whatever a ledger says.
    assert judged(3, attempts=1).figures["attempts"] == len(PAIRS)


def made(number: int, score: float | None, *, at: int, later: float | None = 0.5) -> Trial:
    """A trial with nothing but a score, at a place of one axis."""
    return Trial(
        number,
        {"window": at},
        score=score,
        unseen_score=later,
        seen={"total_trades": 50.0},
        unseen={"total_return": 0.1},
        walked=(Walked(score, later, 0.1), Walked(later, score, -0.1)),
        moments=Moments(0.1, 500, 0.0, 3.0),
        bars=500,
        sums=tuple(np.random.default_rng(number).normal(0.1, 1.0, 10).tolist()),
        squares=(9.0,) * 10,
    )


@pytest.mark.parametrize(
    ("scores", "where"), [([0.9, 1.0, 0.8, 0.1], "a plateau"), ([0.1, 1.0, 0.2, 0.9], "a lonely peak")]
)
def test_a_plateau_is_told_from_a_peak(scores: list[float], where: str) -> None:
    trials = [made(at, score, at=at) for at, score in enumerate(scores)]
    told = judge_trials(trials, [Axis("window", "Window", (0, 1, 2, 3))], attempts=4)
    assert told.best == 1
    assert where in next(each.text for each in told.findings if each.check == "plateau")


def test_what_became_of_the_best_is_told_with_its_rank() -> None:
    trials = [made(0, 1.0, at=0, later=0.2), made(1, 0.5, at=1, later=0.9), made(2, 0.1, at=2, later=0.6)]
    told = judge_trials(trials, [Axis("window", "Window", (0, 1, 2))], attempts=3)
    finding = next(each for each in told.findings if each.check == "unseen")
    assert (finding.values["rank"], finding.values["count"]) == (3, 3)
    assert finding.outcome == "doubtful"


def test_each_stretch_chooses_for_itself() -> None:
    trials = [made(0, 1.0, at=0, later=0.2), made(1, 0.5, at=1, later=0.9)]
    told = judge_trials(trials, [Axis("window", "Window", (0, 1))], attempts=2)
    assert [stage.number for stage in told.stages] == [0, 1]
    assert [stage.unseen_return for stage in told.stages] == [0.1, -0.1]
    assert told.figures["walk_forward_won"] == 0.5


def test_where_nothing_has_a_score_nothing_is_the_best() -> None:
    told = judge_trials([made(0, None, at=0)], [Axis("window", "Window", (0, 1))], attempts=1)
    assert (told.best, told.grade, told.findings) == (-1, "", ())


def test_a_trial_that_failed_is_no_part_of_the_judgement() -> None:
    failed = Trial(5, {"window": 1}, score=9.0, trouble="It needs more bars")
    told = judge_trials([made(0, 1.0, at=0), failed, made(2, 0.5, at=2)],
                        [Axis("window", "Window", (0, 1, 2))], attempts=3)  # fmt: skip
    assert told.best == 0
    assert told.figures["trials"] == 2.0
