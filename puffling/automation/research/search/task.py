"""Parts of a search as calls that travel to another process: what to try, a lot of sets, the judgement.

What computes is loaded where it runs: whoever only sends a call does without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from puffling.automation.research.search.values import Wish
from puffling.automation.research.task import Task
from puffling.frozen import frozen
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.recipe import Recipe
from puffling.runtime.compute import hand_over

# What runs a lot; a process may load it while prices are still being read.
ENGINE = "puffling.automation.research.search.trying"


@frozen
class Outline:
    """What would vary, as plain values; `quick` tells that all sets may run as one matrix."""

    axes: tuple[dict[str, Any], ...]
    quick: bool


@frozen
class DrawnUp:
    """The sets of a search by number."""

    outline: Outline
    sets: tuple[dict[str, Setting], ...]
    bars_needed: tuple[int, ...]
    left_out: int


@frozen
class Lot:
    """Some sets of a search to try together: number, parameters, and where history begins for each."""

    task: Task
    objective: str
    holdout: float
    stretches: int
    sets: tuple[tuple[int, Mapping[str, Setting], int], ...]


@frozen
class Tried:
    """One set that was tried, as it is kept: its figures, and its name and ratio for the ledger."""

    number: int
    parameters: dict[str, Setting]
    metrics: dict[str, Any]
    failed: bool
    digest: str
    ratio: float
    bars: int


def outline(recipe: Recipe, wish: Wish) -> Outline:
    """Give what would vary."""
    from puffling.automation.research.search.drafting import outlined

    return outlined(recipe, wish)


def draw_up(recipe: Recipe, wish: Wish) -> DrawnUp:
    """Give the sets of a search."""
    from puffling.automation.research.search.drafting import drawn_up

    return drawn_up(recipe, wish)


def try_lot(lot: Lot) -> None:
    """Try some sets, and hand over what each came to as soon as it is known."""
    from puffling.automation.research.search.trying import tried

    for each in tried(lot):
        hand_over(each)


def prices_digest(task: Task) -> str:
    """Give the hash of the prices that sets are tried on."""
    from puffling.puffin.backtest.manifest import data_digest

    return data_digest(task.series, task.actions)


def judge(
    trials: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]],
    axes: Sequence[Mapping[str, Any]],
    attempts: int,
) -> dict[str, Any]:
    """Judge the best of what was tried, (number, parameters, metrics) each, as plain values."""
    from puffling.automation.research.search.trying import judged

    return judged(trials, axes, attempts)
