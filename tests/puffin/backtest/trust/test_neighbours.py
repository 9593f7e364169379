"""Where there are too few neighbours to judge by, the verdict says so, and nobody is better off for it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.trust.stress import neighbours, turnable
from puffling.puffin.backtest.trust.verdict import Outcome, Reason, Verdict, examine
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.declaration import Choice, Parameter, Whole
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.registry import get_strategy
from tests.puffin.backtest.markets import random_panel, real


class Follows(Strategy):
    """Long where a bar closed above the one some bars before it."""

    title = "Follows"
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    back = 20

    def bars_needed(self) -> int:
        return self.back + 1

    def decide(self, bars: Bars) -> Signals:
        before = np.full(len(bars), np.nan)
        before[self.back :] = bars.close[: -self.back]
        held = np.where(bars.close > before, 1.0, 0.0)
        return Signals(held, np.ones(len(bars)))


class OneChoice(Follows):
    """With nothing but options."""

    parameters = (Choice("side", "Side", "long", (("long", "Long"), ("flat", "Flat"))),)


class TightBounds(Follows):
    """With a number that can hardly be turned."""

    parameters = (Whole("back", "Back", 20, 18, 22),)


class OneNumber(Follows):
    """With a number that can be turned twice each way."""

    parameters = (Whole("back", "Back", 20, 2, 200),)


class Written:
    """What a person writes without declaring anything."""

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """Long on a rising day."""
        return pd.DataFrame({"signal": (data.Close.diff() > 0.0).astype(float)}, index=data.index)


def market() -> Panel:
    """Three years of a share that rose."""
    return Panel.of({"GOOG": real("GOOG")[:750]})


def said(strategy: Any, panel: Panel | None = None) -> tuple[Verdict, list[Reason]]:
    """A verdict, and what it says of neighbours."""
    verdict = examine(strategy, market() if panel is None else panel, Backtester())
    return verdict, [each for each in verdict.reasons if each.check in {"plateau", "overfitting"}]


@pytest.mark.parametrize("strategy", [Written(), Follows(), OneChoice()])
def test_who_declares_no_number_is_told_that_nothing_can_be_turned_and_gets_no_a(strategy: Any) -> None:
    verdict, [reason] = said(strategy)
    assert (reason.check, reason.outcome) == ("plateau", Outcome.DOUBTFUL)
    assert str(reason).startswith("It declares no numbers that can be turned: whether its neighbours do")
    assert "overfitting_probability" not in verdict.figures


def test_what_only_holds_has_nothing_that_could_be_fitted() -> None:
    verdict, [reason] = said(get_strategy("buy_and_hold"))
    assert (reason.check, reason.outcome) == ("plateau", Outcome.FINE)
    [timing] = [each for each in verdict.reasons if each.check == "timing"]
    assert str(timing) == "It never changes what it holds: there are no entries to compare with random ones"


def test_so_few_neighbours_say_what_they_show_and_that_they_are_few() -> None:
    assert turnable(TightBounds, {"back": 20}) == 0
    wider = type("Wider", (Follows,), {"parameters": (Whole("back", "Back", 20, 17, 23),)})
    verdict, [reason] = said(wider())
    assert (reason.check, reason.values["count"]) == ("plateau", 2)
    assert reason.outcome is Outcome.DOUBTFUL
    assert str(reason).startswith("Only 2 of its neighbours could be tested, too few to tell a plateau")
    ratios = [Backtester().run(wider(back=back), market()).metrics()["sharpe_ratio"] for back in (20, 17, 23)]
    assert verdict.figures["neighbours_sharpe"] == pytest.approx(np.median(ratios[1:]))
    assert reason.values["share"] == pytest.approx(np.median(ratios[1:]) / ratios[0])


def test_neighbours_that_need_a_longer_history_are_counted() -> None:
    _, [reason] = said(OneNumber(back=100), Panel.of({"GOOG": real("GOOG")[:105]}))
    assert (reason.values["count"], reason.values["longer"]) == (2, 2)
    assert "; 2 need a longer history" in str(reason)


def test_a_number_that_stands_alone_is_turned_two_notches_each_way() -> None:
    found = [each["back"] for each in neighbours(OneNumber, {"back": 20})]
    assert found == [20, 14, 17, 23, 26]
    _, reasons = said(OneNumber())
    assert [each.check for each in reasons] == ["plateau", "overfitting"]
    two = [each["first"] for each in neighbours(type(get_strategy("balanced")), {"first": 0.6})]
    assert two == pytest.approx([0.6, 0.42, 0.51, 0.69, 0.78])


def test_who_earned_nothing_is_told_that_there_is_no_peak() -> None:
    panel = random_panel(5, symbols=1, bars=400, gaps=False)
    verdict, [reason, _] = said(get_strategy("momentum"), panel)
    assert (reason.check, reason.outcome) == ("plateau", Outcome.DOUBTFUL)
    assert str(reason).startswith(
        "It earned no more than cash; the middle one of its neighbours has a Sharpe"
    )
    assert reason.values["beside"] == verdict.figures["neighbours_sharpe"]
