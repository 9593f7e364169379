"""The trust verdict: a grade, and in plain words why.

Each check says one of three things: fine, doubtful, or bad; two of them can condemn a result by themselves
(a strategy that sees ahead, and one that says something else when it is asked again). The words are templates
with their values beside them, so that a face can say them in another language.
"""

from __future__ import annotations

import re
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
from puffling.puffin.backtest.trust.entries import random_entries
from puffling.puffin.backtest.trust.luck import Fortunes, fortunes
from puffling.puffin.backtest.trust.overfitting import overfitting
from puffling.puffin.backtest.trust.sharpe import Track, deflated_p, deflated_sharpe
from puffling.puffin.backtest.trust.subjects import Around, Size, Subject, subject_of
from puffling.puffin.backtest.view import Trader
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue

Progress = Callable[[int, int, str], None]

LEAST_TRADES = 30
# Fewer neighbours tell neither a plateau from a peak nor how often the best of them is a poor choice.
_LEAST_BESIDE = 3
# Where the middle one of them does as well as this, it hardly matters which was chosen.
_LEVEL = 0.8
_CHECKS = 9
# One between two digits or letters parts a day or a word.
_HYPHEN_OF_NUMBER = re.compile(r"(?<!\w)-(?=\d)")


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

    def said(self, say: Callable[..., str] = str.format) -> str:
        """Give it in the words that `say` makes of its message, with true minus signs."""
        return _HYPHEN_OF_NUMBER.sub("\N{MINUS SIGN}", say(self.message, **self.values))

    def __str__(self) -> str:
        return self.said()


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
            ("Entering at random", self._timing),
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
            # Of next to nothing any share is large, and says no more.
            more = told.efficiency > 1.0
            message += (
                ", and more a year than in those before them"
                if more
                else ", {efficiency:.0%} of what it made a year in those before them"
            )
        outcome = Outcome.FINE if won >= 0.6 else Outcome.DOUBTFUL if won >= 0.4 else Outcome.BAD
        return [Reason("walk_forward", outcome, message, values)]

    def _timing(self) -> list[Reason]:
        trades = self._result.trades
        told = fortunes(trades.profit / self._result.initial_capital, seed=self._seed, pulse=self.pulse)
        for name, spread in (("return", told.total_return), ("drawdown", told.max_drawdown)):
            self.figures[f"{name}_low"], self.figures[f"{name}_high"] = spread.low, spread.high
        return [*([_drawn_anew(told)] if len(trades) else []), self._entries()]

    def _entries(self) -> Reason:
        if self._subject.passive:
            message = "It never changes what it holds: there are no entries to compare with random ones"
            return Reason("timing", Outcome.FINE, message)
        told = random_entries(self._subject.weights, self._subject.moves, seed=self._seed, pulse=self.pulse)
        if told is None:
            message = (
                "It holds nearly the same all the time: random entries would hardly be others,"
                " so nothing tells its timing from chance"
            )
            return Reason("timing", Outcome.DOUBTFUL, message)
        chance = told.chance
        self.figures["random_entries_p"], self.figures["random_entries"] = chance, float(told.draws)
        outcome = Outcome.FINE if chance <= 0.05 else Outcome.DOUBTFUL if chance <= 0.3 else Outcome.BAD
        message = (
            "With random entries, all of it held as long and on the same sides,"
            " it would have brought as much in {chance:.1%} of {draws} draws"
        )
        return Reason("timing", outcome, message, {"chance": chance, "draws": told.draws})

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
            return [self._nothing_to_turn()]
        self.pulse()
        around = np.nan_to_num(found.ratios, nan=0.0)
        own, beside = float(around[0]), float(np.median(around[1:])) if found.count else 0.0
        if found.count:
            self.figures["neighbours_sharpe"] = beside
        if found.count < _LEAST_BESIDE or len(found.returns) < 4:
            return [_too_few(found, own, beside)]
        told = overfitting(found.returns, _blocks(len(found.returns)))
        self.figures["overfitting_probability"] = told.probability
        chance = told.probability
        matters = own <= 0.0 or beside / own < _LEVEL
        outcome = Outcome.FINE if chance <= 0.4 else Outcome.DOUBTFUL
        if chance > 0.6 and matters:
            outcome = Outcome.BAD
        message = "The best of its neighbourhood is a poor choice later in {chance:.0%} of cases"
        return [_beside(own, beside), Reason("overfitting", outcome, message, {"chance": chance})]

    def _nothing_to_turn(self) -> Reason:
        """Whoever hides what was fitted must not be better off than whoever declares it."""
        if self._subject.passive:
            message = "It has no number to turn, and holds the same all the time: nothing was fitted"
            return Reason("plateau", Outcome.FINE, message)
        message = (
            "It declares no numbers that can be turned: whether its neighbours do as well,"
            " and how far it was fitted to the past, cannot be told"
        )
        return Reason("plateau", Outcome.DOUBTFUL, message)


def _beside(own: float, beside: float) -> Reason:
    """Say whether it stands on a plateau of its neighbours."""
    if own <= 0.0:
        message = (
            "It earned no more than cash; the middle one of its neighbours has a Sharpe ratio of {beside:.2f}"
        )
        return Reason("plateau", Outcome.DOUBTFUL, message, {"beside": beside})
    share = beside / own
    outcome = Outcome.FINE if share >= 0.5 else Outcome.DOUBTFUL if share >= 0.0 else Outcome.BAD
    where = "a plateau" if share >= 0.5 else "a lonely peak"
    return Reason(
        "plateau", outcome, "Its neighbours do {share:.0%} as well: {where}", {"share": share, "where": where}
    )


def _too_few(found: Around, own: float, beside: float) -> Reason:
    """Say what so few neighbours show, and that they are too few."""
    message = (
        "Only {count} of its neighbours could be tested, too few to tell a plateau from a lonely peak"
        " or how far it was fitted to the past"
    )
    values: dict[str, str | float] = {"count": found.count}
    outcome = Outcome.DOUBTFUL
    if found.longer:
        message += "; {longer} need a longer history"
        values["longer"] = found.longer
    if found.count and own > 0.0:
        message += "; they do {share:.0%} as well"
        values["share"] = beside / own
        outcome = Outcome.DOUBTFUL if beside >= 0.0 else Outcome.BAD
    return Reason("plateau", outcome, message, values)


def _drawn_anew(told: Fortunes) -> Reason:
    """Say between what its trades could have come to; who might as well have lost has shown little."""
    returns, falls = told.total_return, told.max_drawdown
    message = (
        "Its trades drawn anew bring {low:.0%} to {high:.0%} in nine cases of ten,"
        " and fall by {shallow:.0%} to {deep:.0%} on the way"
    )
    outcome = Outcome.FINE if returns.low > 0.0 else Outcome.DOUBTFUL
    values = {"low": returns.low, "high": returns.high, "shallow": abs(falls.high), "deep": abs(falls.low)}
    return Reason("fortune", outcome, message, values)


def _brought(result: BacktestResult) -> float:
    return float(result.equity[-1] / result.equity[0] - 1.0)


def _blocks(bars: int) -> int:
    return max(min(16, bars // 40 * 2), 2)
