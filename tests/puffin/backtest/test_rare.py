"""Moments of the engine and of its verdict that hardly ever come."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import puffling.puffin.factors.indicators as folder
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.trust.subjects import _first_apart
from puffling.puffin.backtest.trust.verdict import Outcome, examine
from puffling.puffin.backtest.view import Said, View
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Whole
from puffling.puffin.factors.indicator import find_indicator, find_indicators
from puffling.puffin.factors.warm_up import bars_needed
from tests.puffin.backtest.markets import bars_of, panel_of_rows, random_panel, real
from tests.puffin.backtest.trust.test_neighbours import Follows

FLAT = [(10.0,) * 4] * 5


class Aims:
    """Aims at all of one symbol on its first close."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol

    def on_bar(self, view: View) -> None:
        """Aim."""
        if view.bar == 0:
            view.target(self._symbol, 1.0)


class Refuses(Aims):
    """Fails at whatever it is shown first."""

    due: ClassVar[list[Exception]] = []

    def on_bar(self, view: View) -> None:
        """Fail once, then aim."""
        if self.due:
            raise self.due.pop()
        super().on_bar(view)


def test_what_cannot_be_traded_at_an_open_is_traded_at_the_next_that_there_is() -> None:
    whole = bars_of(FLAT)
    panel = Panel.of({"X": whole, "Y": _without(1, 2)})
    [fill] = Backtester(initial_capital=1_000.0).trade(Aims("Y"), panel).fills
    assert fill.timestamp == from_us(int(whole.time[3]))


def _without(first: int, last: int) -> Bars:
    whole = bars_of(FLAT)
    kept = [place for place in range(len(whole)) if not first <= place <= last]
    return Bars(whole.time[kept], *(column[kept] for column in whole.columns()))


def test_a_dividend_is_paid_for_what_is_held() -> None:
    panel = panel_of_rows(FLAT)
    day = from_us(int(panel.time[3])).date()
    result = Backtester(initial_capital=1_000.0).trade(
        Aims("X"), panel, actions={"X": [CorporateAction(day, dividend=0.5)]}
    )
    assert result.equity.tolist() == [1_000.0, 1_000.0, 1_000.0, 1_050.0, 1_050.0]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (InvalidValue("too little history", field="data"), Outcome.FINE),
        (IndexError("no such bar"), Outcome.FATAL),
    ],
    ids=["says it is too little", "needs what comes later"],
)
def test_one_that_fails_on_less_history_knows_what_comes_unless_it_says_it_is_too_little(
    failure: Exception, outcome: Outcome
) -> None:
    Refuses.due.append(failure)
    verdict = examine(Refuses("S0"), random_panel(4, symbols=1, bars=300, gaps=False), Backtester())
    [reason] = [each for each in verdict.reasons if each.check == "foresight"]
    assert reason.outcome is outcome


def test_who_says_the_same_and_then_less_differs_from_the_first_that_is_missing() -> None:
    said = [Said(bar, "aim", None, "X", (1.0,)) for bar in (1, 4, 7)]
    assert _first_apart(said, said, 9) == -1
    assert _first_apart(said, said[:2], 9) == _first_apart(said[:2], said, 9) == 7
    assert _first_apart(said, said[:2], 7) == -1
    other = [said[0], Said(3, "aim", None, "X", (0.5,))]
    assert _first_apart(said, other, 9) == 3


def test_neighbours_that_all_need_a_longer_history_show_nothing() -> None:
    least = type("Least", (Follows,), {"parameters": (Whole("back", "Back", 100, 100, 200),)})
    verdict = examine(least(), Panel.of({"GOOG": real("GOOG")[:105]}), Backtester())
    [reason] = [each for each in verdict.reasons if each.check == "plateau"]
    assert (reason.outcome, reason.values["count"], reason.values["longer"]) == (Outcome.DOUBTFUL, 0, 2)
    assert "share" not in reason.values
    assert "neighbours_sharpe" not in verdict.figures


def test_an_indicator_that_never_says_anything_needs_all_there_is() -> None:
    class Silent:
        outputs = find_indicator("sma").outputs

        @staticmethod
        def compute(bars: Any, **parameters: Any) -> dict[str, Any]:
            """Give nothing at any bar."""
            return {each.name: np.full(len(bars), np.nan) for each in Silent.outputs}

    kind: Any = Silent
    assert bars_needed(kind) == 1 << 17
    assert bars_needed(find_indicator("sma"), period=30) == 30


def test_two_indicators_of_one_name_are_found_out(tmp_path: Path) -> None:
    text = "from puffling.puffin.factors.indicators.averages import Sma\n\n\nclass Again(Sma):\n    pass\n"
    (tmp_path / "zz_again.py").write_text(text, encoding="utf-8")
    folder.__path__.append(str(tmp_path))
    try:
        with pytest.raises(ValueError, match="two indicators are called sma"):
            find_indicators.__wrapped__()
    finally:
        folder.__path__.remove(str(tmp_path))
        sys.modules.pop(f"{folder.__name__}.zz_again", None)
