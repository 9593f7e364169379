"""The trust verdict: a grade, and in plain words why.

Each check says one of three things: fine, doubtful, or bad; two of them can condemn a result by themselves
(a strategy that sees ahead, and one that says something else when it is asked again). The words are templates
with their values beside them, so that a face can say them in another language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from functools import partial

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.metrics import returns_of
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.splits import Actions
from puffling.puffin.backtest.targets import Tested
from puffling.puffin.backtest.trust.luck import Fortunes, fortunes, timing_p
from puffling.puffin.backtest.trust.overfitting import overfitting
from puffling.puffin.backtest.trust.sharpe import Track, deflated_p, deflated_sharpe
from puffling.puffin.backtest.trust.subjects import Size, Subject, subject_of
from puffling.puffin.backtest.view import Trader
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue

Progress = Callable[[int, int, str], None]

LEAST_TRADES = 30
_CHECKS = 9


class Outcome(StrEnum):
    """What a check says."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    FATAL = "fatal"


class Grade(StrEnum):
    """How far a result can be trusted, from A to F."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    F = "F"


@frozen
class Reason:
    """What one check found: its message has places for the values."""

    check: str
    outcome: Outcome
    message: str
    values: Mapping[str, str | float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.values)


@frozen
class Verdict:
    """The grade, the reasons, and the figures they rest on."""

    grade: Grade
    reasons: tuple[Reason, ...]
    figures: Mapping[str, float]


def grade_of(reasons: tuple[Reason, ...]) -> Grade:
    """Give the grade that reasons come to."""
    outcomes = [reason.outcome for reason in reasons]
    if Outcome.FATAL in outcomes:
        return Grade.F
    bad, doubtful = outcomes.count(Outcome.BAD), outcomes.count(Outcome.DOUBTFUL)
    if bad >= 2:
        return Grade.D
    if bad or doubtful > 3:
        return Grade.C
    return Grade.B if doubtful else Grade.A


def examine(
    strategy: Tested | Trader,
    panel: Panel,
    backtester: Backtester,
    *,
    trials: int = 1,
    trial_variance: float | None = None,
    seed: int = 0,
    progress: Progress = lambda done, total, note: None,
    since: int = 0,
    actions: Actions | None = None,
    size: Size | None = None,
) -> Verdict:
    """Test a strategy and look at the result from every side."""
    subject = subject_of(strategy, panel, backtester, since=since, actions=actions, size=size)
    return judge(subject, trials=trials, trial_variance=trial_variance, seed=seed, progress=progress)


def judge(
    subject: Subject,
    *,
    trials: int = 1,
    trial_variance: float | None = None,
    seed: int = 0,
    progress: Progress = lambda done, total, note: None,
) -> Verdict:
    """Look at a result from every side; `trials` counts all attempts on this data, this one included.

    Progress is told often enough for whoever wants to stop to be heard.
    """
    exam = _Exam(subject, max(trials, 1), trial_variance, seed)
    reasons: list[Reason] = []
    for place, (note, check) in enumerate(exam.checks()):
        exam.pulse = partial(progress, place, _CHECKS, note)
        exam.pulse()
        reasons += check()
        if reasons and reasons[-1].outcome is Outcome.FATAL:
            break
    progress(_CHECKS, _CHECKS, "")
    return Verdict(grade_of(tuple(reasons)), tuple(reasons), exam.figures)


class _Exam:
    """One examination: what was asked is kept, so that nothing is computed twice."""

    def __init__(
        self,
        subject: Subject,
        trials: int,
        trial_variance: float | None,
        seed: int,
    ) -> None:
        self._subject = subject
        self._trials, self._variance, self._seed = trials, trial_variance, seed
        self.pulse: Callable[[], None] = lambda: None
        self.figures: dict[str, float] = {}
        self._result: BacktestResult = subject.result
        self._returns: Floats = returns_of(subject.result.equity)

    def checks(self) -> tuple[tuple[str, Callable[[], list[Reason]]], ...]:
        """Give the checks in the order that makes the rest needless when one condemns."""
        return (
            ("Looking for foresight", self._foresight),
            ("Warming up elsewhere", self._warm_up),
            ("Counting trades", self._trades),
            ("Doubling the costs", self._costs),
            ("Acting a bar later", self._delay),
            ("Walking forward", self._forward),
            ("Trying other moments", self._timing),
            ("Counting the attempts", self._attempts),
            ("Turning every knob a notch", self._plateau),
        )

    def _foresight(self) -> list[Reason]:
        told = self._subject.foresight(self.pulse)
        if not told.repeatable:
            message = "Asked twice about the same history it gave two different answers"
            return [Reason("foresight", Outcome.FATAL, message)]
        if told.found:
            day = f"{from_us(int(self._subject.time[told.bar])):%Y-%m-%d}"
            message = (
                "It knew what came later: take the days after {day} away, and what it said that day changes"
            )
            return [Reason("foresight", Outcome.FATAL, message, {"day": day})]
        message = "It never saw ahead: asked {asked} times with less history it said the same"
        return [Reason("foresight", Outcome.FINE, message, {"asked": told.asked})]

    def _warm_up(self) -> list[Reason]:
        told = self._subject.warm_up(self.pulse)
        if told is None:
            return []
        self.figures["warm_up_differing"] = told.differing
        if told.differing > 0.01:
            message = (
                "It needs more than the {bars} bars it asks for: begun later, {share:.0%} of signals change"
            )
            values = {"bars": told.bars_needed, "share": told.differing}
            return [Reason("warm_up", Outcome.BAD, message, values)]
        return [Reason("warm_up", Outcome.FINE, "Its signals do not depend on where history begins")]

    def _trades(self) -> list[Reason]:
        count = len(self._result.trades)
        self.figures["total_trades"] = float(count)
        if self._subject.passive:
            return []
        if count < LEAST_TRADES:
            outcome = Outcome.BAD if count < LEAST_TRADES // 3 else Outcome.DOUBTFUL
            message = "{count} trades are too few to tell skill from luck; {least} would be a start"
            return [Reason("trades", outcome, message, {"count": count, "least": LEAST_TRADES})]
        return [Reason("trades", Outcome.FINE, "{count} trades are enough to judge by", {"count": count})]

    def _costs(self) -> list[Reason]:
        left = _brought(self._subject.dearer())
        self.figures["return_at_double_costs"] = left
        return [self._kept("costs", left, "at twice the costs")]

    def _delay(self) -> list[Reason]:
        left = _brought(self._subject.later())
        self.figures["return_one_bar_later"] = left
        return [self._kept("delay", left, "when every order comes a bar later")]

    def _kept(self, check: str, left: float, when: str) -> Reason:
        had = _brought(self._result)
        values: dict[str, str | float] = {"left": left, "had": had, "when": when}
        if had <= 0.0:
            return Reason(check, Outcome.DOUBTFUL, "It lost money to begin with", values)
        if left <= 0.0:
            return Reason(check, Outcome.BAD, "Nothing is left of its {had:.1%} {when}", values)
        message = "It keeps {left:.1%} of return {when}, of {had:.1%}"
        return Reason(check, Outcome.FINE if left >= had / 2.0 else Outcome.DOUBTFUL, message, values)

    def _forward(self) -> list[Reason]:
        try:
            told = self._subject.forward()
        except InvalidValue:
            message = "The history is too short to walk forward"
            return [Reason("walk_forward", Outcome.DOUBTFUL, message)]
        won = float(np.mean([split.test.metrics["total_return"] > 0.0 for split in told.splits]))
        self.figures["walk_forward_won"] = won
        message, values = "It made money in {won:.0%} of the stretches that followed", {"won": won}
        if np.isfinite(told.efficiency):
            self.figures["walk_forward_efficiency"] = values["efficiency"] = told.efficiency
            message += ", {efficiency:.0%} of what it made a year in those before them"
        outcome = Outcome.FINE if won >= 0.6 else Outcome.DOUBTFUL if won >= 0.4 else Outcome.BAD
        return [Reason("walk_forward", outcome, message, values)]

    def _timing(self) -> list[Reason]:
        trades = self._result.trades
        told = fortunes(trades.profit / self._result.initial_capital, seed=self._seed, pulse=self.pulse)
        self.figures["worst_drawdown_likely"] = told.max_drawdown.low
        self.figures["return_low"], self.figures["return_high"] = (
            told.total_return.low,
            told.total_return.high,
        )
        reasons = [_drawn_anew(told)] if len(trades) else []
        if self._subject.passive:
            return reasons
        chance = timing_p(self._subject.weights, self._subject.moves)
        self.figures["timing_p"] = chance
        outcome = Outcome.FINE if chance <= 0.05 else Outcome.DOUBTFUL if chance <= 0.3 else Outcome.BAD
        message = "The same positions at other moments would have done as well in {chance:.0%} of cases"
        return [*reasons, Reason("timing", outcome, message, {"chance": chance})]

    def _attempts(self) -> list[Reason]:
        try:
            track = Track.of(self._returns)
        except InvalidValue:
            return [Reason("attempts", Outcome.BAD, "It did nothing, so there is nothing to judge")]
        variance = self._variance if self._variance is not None else track.error**2
        chance = deflated_p(track, self._trials)
        self.figures["deflated_p"] = chance
        self.figures["deflated_sharpe"] = deflated_sharpe(track, self._trials, variance)
        self.figures["trials"] = float(self._trials)
        outcome = Outcome.FINE if chance <= 0.05 else Outcome.DOUBTFUL if chance <= 0.25 else Outcome.BAD
        message = (
            "After {trials} attempts on this data, luck alone would show as much in {chance:.0%} of cases"
            if self._trials > 1
            else "At the first attempt on this data, luck alone would show as much in {chance:.0%} of cases"
        )
        return [Reason("attempts", outcome, message, {"chance": chance, "trials": self._trials})]

    def _plateau(self) -> list[Reason]:
        found = self._subject.around(self.pulse)
        if found is None:
            return []
        returns, ratios = found
        self.pulse()
        around = np.nan_to_num(ratios, nan=0.0)
        own, beside = float(around[0]), float(np.median(around[1:]))
        self.figures["neighbours_sharpe"] = beside
        told = overfitting(returns, _blocks(len(returns)))
        self.figures["overfitting_probability"] = told.probability
        reasons = []
        if own > 0.0:
            message = "Its neighbours do {share:.0%} as well: {where}"
            share = beside / own
            outcome = Outcome.FINE if share >= 0.5 else Outcome.DOUBTFUL if share >= 0.0 else Outcome.BAD
            where = "a plateau" if share >= 0.5 else "a lonely peak"
            reasons.append(Reason("plateau", outcome, message, {"share": share, "where": where}))
        chance = told.probability
        outcome = Outcome.FINE if chance <= 0.4 else Outcome.DOUBTFUL if chance <= 0.6 else Outcome.BAD
        message = "The best of its neighbourhood is a poor choice later in {chance:.0%} of cases"
        reasons.append(Reason("overfitting", outcome, message, {"chance": chance}))
        return reasons


def _drawn_anew(told: Fortunes) -> Reason:
    """Say between what its trades could have come to; who might as well have lost has shown little."""
    low, high, fall = told.total_return.low, told.total_return.high, told.max_drawdown.low
    message = (
        "Its trades drawn anew bring {low:.0%} to {high:.0%} in nine cases of ten,"
        " and in one of twenty they fall further than {fall:.0%}"
    )
    outcome = Outcome.FINE if low > 0.0 else Outcome.DOUBTFUL
    return Reason("fortune", outcome, message, {"low": low, "high": high, "fall": fall})


def _brought(result: BacktestResult) -> float:
    return float(result.equity[-1] / result.equity[0] - 1.0)


def _blocks(bars: int) -> int:
    return max(min(16, bars // 40 * 2), 2)
