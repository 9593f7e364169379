"""Tries lots of sets and judges what was tried; runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from puffling.automation.research.faults import explained
from puffling.automation.research.search.task import Lot, Tried
from puffling.automation.research.task import Task, attempt_digest
from puffling.automation.research.testing import size_for, tester_for
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.reporting import plain
from puffling.puffin.backtest.targets import panel_of
from puffling.puffin.backtest.trust.subjects import Size
from puffling.puffin.search.axes import Axis
from puffling.puffin.search.judging import judge_trials
from puffling.puffin.search.trials import Moments, Rules, Trial, Walked, Wanted, try_sets
from puffling.runtime.compute import checkpoint
from puffling.runtime.text import tr

# What is found again by its place, not kept twice.
_APART = frozenset({"number", "parameters"})


def tried(lot: Lot) -> Iterator[Tried]:
    """Try some sets, and tell of each as soon as it is known."""
    task, count = lot.task, len(lot.sets)
    done = 0.0

    def progress(now: float) -> None:
        nonlocal done
        done = now
        again()

    def again() -> None:
        checkpoint(done, count, "")

    def size(seen: Panel) -> Size:
        return size_for(task, seen)

    again()
    with explained(task.recipe):
        found = try_sets(
            task.recipe,
            [Wanted(*each) for each in lot.sets],
            panel_of(task.series),
            tester_for(task, again),
            Rules(lot.objective, lot.holdout, lot.stretches, task.risk_free_rate),
            since_us=task.since_us,
            actions=task.actions or None,
            size=None if task.sizing in {Sizing.EQUITY, Sizing.FIXED} else size,
            progress=progress,
        )
        for trial in found:
            yield _kept(trial, task)


def judged(
    trials: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]],
    axes: Sequence[Mapping[str, Any]],
    attempts: int,
) -> dict[str, Any]:
    """Judge the best of what was tried."""
    found = [trial_of(*each) for each in trials]
    varied = [Axis(each["name"], each["title"], tuple(each["values"])) for each in axes]
    told = judge_trials(found, varied, attempts=attempts, say=tr)
    best = next((each for each in found if each.number == told.best), None)
    document: dict[str, Any] = plain(told)
    if best is not None:
        document |= {"score": best.score, "unseen_score": best.unseen_score}
    return document


def trial_of(number: int, parameters: Mapping[str, Any], metrics: Mapping[str, Any]) -> Trial:
    """Give a trial as it was before it was kept."""
    told = {**metrics}
    if told.get("moments") is not None:
        told["moments"] = Moments(**told["moments"])
    told["walked"] = tuple(Walked(**each) for each in told.get("walked", ()))
    for name in ("sums", "squares"):
        told[name] = tuple(told.get(name, ()))
    known = {each.name for each in fields(Trial)}
    return Trial(number, dict(parameters), **{name: told[name] for name in told if name in known})


def _kept(trial: Trial, task: Task) -> Tried:
    metrics = {name: value for name, value in plain(trial).items() if name not in _APART}
    digest = attempt_digest(task.request, trial.parameters, task.recipe)
    return Tried(
        trial.number, trial.parameters, metrics, bool(trial.trouble), digest, trial.ratio, trial.bars
    )
