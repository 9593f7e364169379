"""How far the best of a search can be trusted: it was chosen, and whatever is chosen looks better than it is.

What was tried is judged by the scores over what was seen; the rest of history only tells what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.report import Finding, Number
from puffling.puffin.backtest.reporting import findings_of, numbers
from puffling.puffin.backtest.trust.overfitting import overfitting_of
from puffling.puffin.backtest.trust.sharpe import Track, deflated_sharpe
from puffling.puffin.backtest.trust.verdict import LEAST_TRADES, Outcome, Reason, Verdict, grade_of
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.measures import best_of
from puffling.puffin.search.trials import BLOCKS, Trial

# A plateau is looked for among so many sets beside the best one for each axis.
_NEAREST = 2


@frozen
class Stage:
    """One stretch of the walk: which trial was chosen in it, and what became of it in the next."""

    number: int
    seen: Number
    unseen: Number
    unseen_return: Number


@frozen
class Judged:
    """The best of the trials, how it fares among them, and how far that can be trusted.

    `best` is the number of a trial, -1 where no trial has a score.
    """

    best: int
    grade: str
    findings: tuple[Finding, ...]
    figures: dict[str, Number] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()


def judge_trials(
    trials: Sequence[Trial],
    axes: Sequence[Axis],
    *,
    attempts: int,
    say: Callable[..., str] = str.format,
) -> Judged:
    """Judge the best of some trials; `attempts` counts all there ever were on the data, these included."""
    told = [each for each in trials if not each.trouble]
    place = best_of([each.score for each in told])
    if place < 0:
        return Judged(-1, "", ())
    exam = _Exam(told, place, axes, max(attempts, len(told)))
    reasons = tuple(reason for check in exam.checks() if (reason := check()) is not None)
    grade = grade_of(reasons)
    found = findings_of(Verdict(grade, reasons, exam.figures), say)
    return Judged(told[place].number, str(grade), found, numbers(exam.figures), exam.stages)


class _Exam:
    """One examination of the best among the others."""

    def __init__(self, told: Sequence[Trial], place: int, axes: Sequence[Axis], attempts: int) -> None:
        self._told, self._place, self._axes, self._attempts_made = told, place, axes, attempts
        self._best = told[place]
        self.figures: dict[str, float] = {"trials": float(len(told)), "attempts": float(attempts)}
        self.stages: tuple[Stage, ...] = ()

    def checks(self) -> tuple[Callable[[], Reason | None], ...]:
        """Give the checks in the order in which they are read."""
        return (
            self._attempts,
            self._overfitting,
            self._unseen,
            self._forward,
            self._plateau,
            self._trades,
        )

    def _attempts(self) -> Reason | None:
        moments = self._best.moments
        if moments is None:
            return None
        track = Track(moments.sharpe, moments.bars, moments.skewness, moments.kurtosis)
        ratios = [each.moments.sharpe for each in self._told if each.moments is not None]
        spread = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else track.error**2
        chance = deflated_sharpe(track, self._attempts_made, spread)
        self.figures["deflated_sharpe"] = chance
        outcome = Outcome.FINE if chance >= 0.95 else Outcome.DOUBTFUL if chance >= 0.75 else Outcome.BAD
        message = (
            "It was chosen among {attempts} attempts on this data. The chance that it is better than the "
            "luckiest of so many without skill is {chance:.0%}"
        )
        return Reason("deflated", outcome, message, {"attempts": self._attempts_made, "chance": chance})

    def _overfitting(self) -> Reason | None:
        if len(self._told) < 2:
            return None
        sums, squares = (
            np.array([getattr(each, name) for each in self._told]).T for name in ("sums", "squares")
        )
        told = overfitting_of(sums, squares, self._best.bars // BLOCKS)
        chance = told.probability
        self.figures["overfitting_probability"] = chance
        self.figures["overfitting_loss"] = told.loss_probability
        outcome = Outcome.FINE if chance <= 0.25 else Outcome.DOUBTFUL if chance < 0.5 else Outcome.BAD
        message = (
            "What is best in one half of history is below the middle in the other in {chance:.0%} of cases"
        )
        return Reason("overfitting", outcome, message, {"chance": chance})

    def _unseen(self) -> Reason | None:
        best = self._best
        if not best.unseen:
            message = "All of history was used to choose it: nothing is left to look at afterwards"
            return Reason("unseen", Outcome.DOUBTFUL, message)
        later, had = best.unseen_score, best.score or 0.0
        others = [each.unseen_score for each in self._told if each.unseen_score is not None]
        rank = 1 + sum(each > later for each in others) if later is not None else len(others)
        self.figures["unseen_rank"] = float(rank)
        values: dict[str, str | float] = {"rank": rank, "count": max(len(others), 1)}
        if later is None:
            return Reason(
                "unseen", Outcome.DOUBTFUL, "In the part it was not chosen on it did nothing", values
            )
        brought = best.unseen.get("total_return") or 0.0
        values["brought"] = brought
        # A drawdown is better the nearer it is to 0, so less than twice as deep is half as good.
        kept = later / had if had > 0.0 else (had / later if later < 0.0 else 1.0)
        good = brought > 0.0 and kept >= 0.5
        outcome = Outcome.FINE if good else Outcome.DOUBTFUL if brought > 0.0 else Outcome.BAD
        message = "In the part it was not chosen on it brought {brought:+.1%} and came {rank} of {count}"
        return Reason("unseen", outcome, message, values)

    def _forward(self) -> Reason | None:
        walks = len(self._best.walked)
        stages = []
        for step in range(walks):
            place = best_of([each.walked[step].seen for each in self._told])
            if place >= 0:
                chosen = self._told[place]
                walked = chosen.walked[step]
                stages.append(Stage(chosen.number, walked.seen, walked.unseen, walked.unseen_return))
        self.stages = tuple(stages)
        if not stages:
            return None
        won = sum((each.unseen_return or 0.0) > 0.0 for each in stages)
        grown = float(np.prod([1.0 + (each.unseen_return or 0.0) for each in stages]) - 1.0)
        self.figures["walk_forward_won"] = won / len(stages)
        self.figures["walk_forward_return"] = grown
        share = won / len(stages)
        outcome = Outcome.FINE if share >= 0.6 else Outcome.DOUBTFUL if share >= 0.4 else Outcome.BAD
        message = (
            "Chosen anew in each of {count} stretches, the best made money in {won} of those that followed"
        )
        return Reason("walk_forward", outcome, message, {"count": len(stages), "won": won})

    def _plateau(self) -> Reason | None:
        beside = [each.score for each in self._neighbours()]
        if len(beside) < 2:
            return None
        own = self._best.score or 0.0
        middle = float(np.median([float("-inf") if each is None else each for each in beside]))
        if not np.isfinite(middle):
            middle = 0.0
        self.figures["neighbours_score"] = middle
        if own > 0.0:
            share = middle / own
        else:
            share = own / middle if middle < 0.0 else 0.0
        outcome = Outcome.FINE if share >= 0.5 else Outcome.DOUBTFUL if share >= 0.0 else Outcome.BAD
        where = "a plateau" if share >= 0.5 else "a lonely peak"
        message = "The {count} sets beside it do {share:.0%} as well: {where}"
        return Reason("plateau", outcome, message, {"share": share, "where": where, "count": len(beside)})

    def _trades(self) -> Reason | None:
        count = int(self._best.seen.get("total_trades") or 0.0)
        if not count or count >= LEAST_TRADES:
            return None
        outcome = Outcome.BAD if count < LEAST_TRADES // 3 else Outcome.DOUBTFUL
        message = "{count} trades are too few to tell skill from luck; {least} would be a start"
        return Reason("trades", outcome, message, {"count": count, "least": LEAST_TRADES})

    def _neighbours(self) -> list[Trial]:
        """Give the trials a step away along the axes; where draws left gaps, the nearest there are."""
        places = {axis.name: {value: at for at, value in enumerate(axis.values)} for axis in self._axes}

        def at(trial: Trial) -> list[int]:
            return [found.get(trial.parameters.get(name, ""), 0) for name, found in places.items()]

        points = np.array([at(each) for each in self._told], dtype=np.float64)
        apart = np.abs(points - points[self._place]).max(axis=1)
        apart[self._place] = np.inf
        near = np.flatnonzero(apart <= 1.0)
        if len(near) < _NEAREST * len(self._axes):
            reach = np.array([max(len(axis.values) - 1, 1) for axis in self._axes])
            far = (np.abs(points - points[self._place]) / reach).sum(axis=1)
            far[self._place] = np.inf
            nearest = np.argsort(far, kind="stable")[: _NEAREST * len(self._axes)]
            near = nearest[np.isfinite(far[nearest])]
        return [self._told[place] for place in near.tolist()]
