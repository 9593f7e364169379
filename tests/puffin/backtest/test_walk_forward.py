"""Walking forward: history is cut, and no bar of it is asked about twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.backtest.view import View
from puffling.puffin.backtest.walk_forward import stretches, walk_forward
from puffling.puffin.errors import InvalidValue
from tests.puffin.backtest.markets import random_panel


class Counts:
    """Holds every other week, and counts the bars it was asked about."""

    def __init__(self) -> None:
        self.asked = 0

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """In for five bars, out for five."""
        self.asked += len(data)
        return pd.DataFrame({"signal": np.arange(len(data)) // 5 % 2.0}, index=data.index)


SEEN: list[int] = []


class CountsBars:
    """Sends its own orders, and counts the closes it hears of."""

    def on_bar(self, view: View) -> None:
        """Hold from the first one on."""
        SEEN.append(view.bar)
        if view.bar == 0:
            view.target("S0", 1.0)


@pytest.mark.parametrize("bars", [200, 400])
@pytest.mark.parametrize("splits", [1, 5, 10])
def test_each_bar_is_asked_about_once_however_often_history_is_cut(bars: int, splits: int) -> None:
    strategy, panel = Counts(), random_panel(1, symbols=3, bars=bars, gaps=False)
    told = walk_forward(strategy, panel, n_splits=splits)
    assert strategy.asked == 3 * bars
    assert sum(split.train.bars + split.test.bars for split in told.splits) == bars
    SEEN.clear()
    walk_forward(CountsBars(), panel, n_splits=splits)
    assert list(range(bars)) == SEEN


def test_each_stretch_is_traded_by_itself_with_what_was_said_about_all_of_history() -> None:
    panel = random_panel(2, symbols=2, bars=300, gaps=True)
    told = walk_forward(Counts(), panel, train_ratio=0.6, n_splits=3)
    targets = targets_of(Counts(), panel)
    for split, (first, turn, last) in zip(told.splits, stretches(300, 0.6, 3), strict=True):
        for stretch, begin, end in ((split.train, first, turn), (split.test, turn, last)):
            alone = Backtester().hold(targets.part(begin, end), panel.part(begin, end))
            assert stretch.metrics == pytest.approx(alone.metrics(), nan_ok=True)
            assert stretch.bars == end - begin


def test_its_efficiency_is_the_yearly_return_of_the_tests_for_each_unit_in_training() -> None:
    told = walk_forward(Counts(), random_panel(2, symbols=2, bars=300, gaps=True), n_splits=3)
    trained, tested = (
        np.mean([getattr(split, part).metrics["annualized_return"] for split in told.splits])
        for part in ("train", "test")
    )
    assert np.isnan(told.efficiency) if trained <= 0.0 else told.efficiency == tested / trained


@pytest.mark.parametrize(
    ("ratio", "splits", "field"), [(0.0, 5, "train_ratio"), (1.0, 5, "train_ratio"), (0.7, 0, "n_splits")]
)
def test_a_cut_that_makes_no_sense_is_refused(ratio: float, splits: int, field: str) -> None:
    panel = random_panel(1, symbols=1, bars=100, gaps=False)
    with pytest.raises(InvalidValue) as refused:
        walk_forward(Counts(), panel, ratio, splits)
    assert refused.value.field == field
    with pytest.raises(InvalidValue, match="too few"):
        walk_forward(Counts(), panel, 0.7, 50)
