"""One test as a call that travels to another process: arrays in, a report out.

What computes is loaded where it runs: whoever only sends a test does without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.report import Manifest, Others, Provenance, Summary
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.recipe import Recipe

# What runs a test; a process may load it while prices are still being read.
ENGINE = "puffling.automation.research.testing"


@frozen
class Task:
    """Everything a test needs; `others` says how many other attempts there were on the same data."""

    recipe: Recipe
    bars_needed: int
    series: Mapping[str, Bars]
    since_us: int
    interval: str
    terms: Terms
    protection: Protection
    intrabar: Intrabar
    risk_free_rate: float
    seed: int
    sizing: Sizing = Sizing.EQUITY
    benchmark: str = ""
    benchmark_bars: Bars | None = None
    actions: Mapping[str, tuple[CorporateAction, ...]] = field(default_factory=dict)
    sessions: Mapping[str, Sessions] = field(default_factory=dict)
    others: Others = field(default_factory=Others)
    provenance: tuple[Provenance, ...] = ()
    warnings: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Told:
    """What a test came to: in short, in full as plain values, and its ratio for the ledger of attempts."""

    summary: Summary
    manifest: Manifest
    document: dict[str, Any]
    ratio: float
    bars: int


# What makes an attempt another one than the one before: all that a person chooses and that changes what is
# traded. What the market charges, how much money there is, and what a result is compared with are no choices
# by which a better one could be found.
ATTEMPTED = (
    "strategy", "parameters", "leaving", "size", "sizing", "leverage", "lot", "volume_cap", "intrabar",
    "adjusted", "start", "end",
)  # fmt: skip


def attempt_digest(request: Mapping[str, Any], parameters: Mapping[str, Setting], recipe: Recipe) -> str:
    """Give the name of an attempt in the ledger: what was asked with these parameters, of which text."""
    from puffling.puffin.backtest.manifest import values_digest

    asked = {**request, "parameters": dict(parameters)}
    attempted = {name: asked[name] for name in ATTEMPTED}
    if recipe.own is not None:
        # Who writes a file anew until it pays has tried as often as it was another one.
        attempted["text"] = recipe.own.digest
    return values_digest(attempted)


def run_task(task: Task) -> Told:
    """Test, report, and look how far that can be trusted."""
    from puffling.automation.research.testing import test
    from puffling.runtime.compute import keep_pauses_short

    # Orders and candles by the hundred thousand: whoever wants to stop would have to wait for the collector.
    keep_pauses_short()
    return test(task)
