"""Ten strategies that cheat, all of which are caught, and ten honest ones, none of which is accused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.backtest.costs import CommissionModel
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import SignalSource, Tested, targets_of
from puffling.puffin.backtest.trust.foresight import cuts, foresight
from puffling.puffin.backtest.trust.luck import fortunes
from puffling.puffin.backtest.trust.verdict import Grade, Outcome, examine
from puffling.puffin.backtest.walk_forward import walk_forward
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.strategies.registry import get_strategy
from tests.puffin.backtest.markets import random_panel, real

Signal = Callable[[pd.DataFrame], pd.Series]


class Written:
    """A strategy as a person writes it: a function of a frame."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """Give what the function says."""
        return pd.DataFrame({"signal": self._signal(data).fillna(0.0).clip(-1.0, 1.0)}, index=data.index)


def sign(values: pd.Series) -> pd.Series:
    """The direction of each value."""
    return pd.Series(np.sign(values), index=values.index)


def change(data: pd.DataFrame) -> pd.Series:
    """Returns of closes."""
    return data.Close.pct_change()


def best_window(data: pd.DataFrame) -> pd.Series:
    """The average that would have served best over all of history."""
    held = {window: sign(data.Close - data.Close.rolling(window).mean()) for window in range(5, 100, 5)}
    brought = {window: float((held[window].shift() * change(data)).sum()) for window in held}
    return held[max(brought, key=lambda window: brought[window])]


def weekly(data: pd.DataFrame) -> pd.Series:
    """The week's own close, known on its Monday."""
    by_week = data.Close.groupby(pd.Grouper(freq="W")).transform("last")
    return sign(by_week - data.Close)


def avoided_crashes(data: pd.DataFrame) -> pd.Series:
    """Always in, but for the days before the worst ones."""
    return (change(data).shift(-1) > -0.06).astype(float)


def last_month(data: pd.DataFrame) -> pd.Series:
    """The direction of the newest month that is over."""
    by_month = data.Close.groupby(pd.Grouper(freq="ME")).last().pct_change().shift()
    return sign(by_month.reindex(data.index, method="ffill"))


CHEATS: dict[str, Signal] = {
    "shifted target": lambda data: sign(change(data).shift(-1)),
    "centred window": lambda data: sign(data.Close - data.Close.rolling(21, center=True).mean()),
    "scaling on the full sample": lambda data: sign(
        (data.Close - data.Close.mean()) / data.Close.std() + 0.5
    ),
    "fill on the signal's own close": lambda data: (data.Close > data.Open).astype(float).shift(-1),
    "rank over all of history": lambda data: (data.Volume.rank(pct=True) > 0.7).astype(float),
    "the best window of all of history": best_window,
    "the close of a week on its Monday": weekly,
    "filled backwards": lambda data: sign(change(data).where(change(data).abs() > 0.02).bfill()),
    "only the crashes left out": avoided_crashes,
    "the top of all of history": lambda data: (data.Close < 0.9 * data.Close.max()).astype(float),
}

HONEST: dict[str, Signal] = {
    "yesterday's direction": lambda data: sign(change(data)),
    "trailing window": lambda data: sign(data.Close - data.Close.rolling(21).mean()),
    "scaling on what was known": lambda data: sign(
        (data.Close - data.Close.expanding().mean()) / data.Close.expanding().std()
    ),
    "exponential average": lambda data: sign(data.Close - data.Close.ewm(span=50).mean()),
    "rank among the last year": lambda data: (data.Volume.rolling(250).rank(pct=True) > 0.7).astype(float),
    "the top so far": lambda data: (data.Close < 0.9 * data.Close.cummax()).astype(float),
    "the last finished month": last_month,
    "volatility": lambda data: (0.01 / change(data).rolling(20).std()).clip(0.0, 1.0),
    "filled forwards": lambda data: sign(change(data).where(change(data).abs() > 0.02).ffill()),
    "always in": lambda data: pd.Series(1.0, index=data.index),
}


CHECKS = [
    "foresight",
    "warm_up",
    "trades",
    "costs",
    "delay",
    "walk_forward",
    "fortune",
    "timing",
    "attempts",
    "plateau",
    "overfitting",
]


def panel() -> Panel:
    """Thirteen years of a real share."""
    return Panel.of({"IBM": real("IBM")})


def seen_ahead(strategy: Tested) -> bool:
    """Whether asking with less history gives a cheat away."""
    market = panel()
    weights = targets_of(strategy, market).weights
    return foresight(lambda part: targets_of(strategy, part).weights, market, weights).found


@pytest.mark.parametrize("name", CHEATS)
def test_every_cheat_is_caught(name: str) -> None:
    assert seen_ahead(Written(CHEATS[name]))


@pytest.mark.parametrize("name", HONEST)
def test_nobody_honest_is_accused(name: str) -> None:
    assert not seen_ahead(Written(HONEST[name]))


def test_a_cheat_gets_the_worst_grade_and_is_told_the_day() -> None:
    market = panel()
    verdict = examine(Written(CHEATS["shifted target"]), market, Backtester())
    assert verdict.grade is Grade.F
    (reason,) = verdict.reasons
    assert reason.outcome is Outcome.FATAL
    assert str(reason).startswith("It knew what came later: take the days after 2013-02-")


def test_who_keeps_what_it_was_shown_is_caught_by_what_it_said_before() -> None:
    class Keeps:
        shown = pd.DataFrame()

        def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
            if len(data) > len(Keeps.shown):
                Keeps.shown = data
            later = sign(Keeps.shown.Close.shift(-1) - Keeps.shown.Close)
            return pd.DataFrame({"signal": later.reindex(data.index).fillna(0.0)})

    verdict = examine(Keeps(), panel(), Backtester())
    assert verdict.grade is Grade.F
    assert "It knew what came later" in str(verdict.reasons[0])


def test_who_says_something_else_when_asked_again_gets_the_worst_grade() -> None:
    draw = np.random.default_rng(1)
    guess = Written(lambda data: pd.Series(draw.choice([-1.0, 1.0], len(data)), index=data.index))
    verdict = examine(guess, panel(), Backtester())
    assert verdict.grade is Grade.F
    assert "two different answers" in str(verdict.reasons[0])


def test_a_verdict_names_every_check_and_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    verdict = examine(
        get_strategy("momentum"),
        panel(),
        Backtester(commission=CommissionModel(pct=0.001)),
        trials=7,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert [reason.check for reason in verdict.reasons] == CHECKS
    # Within a check it is told again and again, for whoever wants to stop.
    assert list(dict.fromkeys(told)) == [(done, 9) for done in range(10)]
    assert len(told) > 100
    assert verdict.figures["trials"] == 7.0


def test_what_its_trades_and_later_stretches_came_to_is_told_in_words() -> None:
    market, strategy = Panel.of({"GOOG": real("GOOG")}), get_strategy("macd")
    verdict = examine(strategy, market, Backtester(), seed=4)
    told = {reason.check: reason for reason in verdict.reasons}
    trades = Backtester().run(strategy, market).trades
    drawn = fortunes(trades.profit / 100_000.0, seed=4)
    assert told["fortune"].values == {
        "low": drawn.total_return.low,
        "high": drawn.total_return.high,
        "shallow": -drawn.max_drawdown.high,
        "deep": -drawn.max_drawdown.low,
    }
    assert "in nine cases of ten" in str(told["fortune"])
    assert {name: verdict.figures[name] for name in ("return_low", "return_high")} == {
        "return_low": drawn.total_return.low,
        "return_high": drawn.total_return.high,
    }
    assert verdict.figures["drawdown_low"] == drawn.max_drawdown.low < drawn.max_drawdown.high
    assert verdict.figures["drawdown_high"] == drawn.max_drawdown.high
    rows = walk_forward(strategy, market).to_frame().groupby("part")["annualized_return"].mean()
    assert told["walk_forward"].values["efficiency"] == pytest.approx(rows["test"] / rows["train"])
    assert verdict.figures["walk_forward_efficiency"] == told["walk_forward"].values["efficiency"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(0.0005, 0.001, "and more a year than"), (0.001, 0.0005, "% of what it made a year")],
)
def test_stretches_that_brought_more_than_those_before_them_are_no_share_of_them(
    before: float, after: float, said: str
) -> None:
    rates = np.tile(np.repeat([before, after], [70, 30]), 5)
    close = (100.0 * np.cumprod(1.0 + rates)).astype(np.float64)
    bars = Bars(np.arange(1, len(close) + 1) * US_PER_DAY, close, close, close, close, np.ones(len(close)))
    verdict = examine(get_strategy("buy_and_hold"), Panel.of({"X": bars}), Backtester())
    [reason] = [each for each in verdict.reasons if each.check == "walk_forward"]
    assert said in str(reason)
    assert (verdict.figures["walk_forward_efficiency"] > 1.0) == (after > before)


def test_bars_that_only_warm_up_are_not_judged() -> None:
    market, strategy, tester = panel(), get_strategy("momentum"), Backtester()
    since = len(market) // 2
    verdict = examine(strategy, market, tester, since=since)
    targets = targets_of(strategy, market).part(since, len(market))
    traded = tester.hold(targets, market.part(since, len(market)))
    assert verdict.figures["total_trades"] == len(traded.trades)
    assert verdict.figures["total_trades"] < examine(strategy, market, tester).figures["total_trades"]
    assert verdict.reasons[0].outcome is Outcome.FINE


def test_the_same_question_gets_the_same_verdict() -> None:
    market, strategy = panel(), get_strategy("momentum")
    first, second = (examine(strategy, market, Backtester(), trials=3, seed=5) for _ in range(2))
    assert first == second


def source_of(strategy: SignalSource) -> SignalSource:
    """Keeps the protocol honest: what is written here is what the engine takes."""
    return strategy


def test_what_is_written_as_a_function_is_a_strategy() -> None:
    assert isinstance(source_of(Written(HONEST["always in"])), Tested)


def test_a_large_history_is_asked_about_less_often_and_its_end_all_the_same() -> None:
    panel = random_panel(1, symbols=2, bars=1_000, gaps=False)
    weights = np.repeat(np.arange(1_000.0)[:, None], 2, axis=1)
    usual = cuts(panel, weights, 2)
    large = Panel.of({f"S{place}": panel.bars("S0") for place in range(200)})
    fewer = cuts(large, np.repeat(weights[:, :1], 200, axis=1), 2)
    assert len(usual) > 140
    assert 20 < len(fewer) <= 40
    assert usual[0] == fewer[0] == 999
