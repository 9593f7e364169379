"""What is left of a result when the world is a little less kind: dearer, slower, or set a notch off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import bars_a_year
from puffling.puffin.backtest.metrics import per_bar, returns_of, sharpe_ratios
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import simulate
from puffling.puffin.backtest.sweep import targets_of_many
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Setting
from puffling.puffin.strategies.base import Strategy

# Who stated no costs at all is asked what would be left at these.
_LEAST_COSTS = 0.0005
_NOTCH = 0.15
# So many targets are worked on before whoever wants to stop is heard.
_TOGETHER = 500_000


def dearer(terms: Terms) -> Terms:
    """Give the same terms at twice the costs."""
    slippage, commission = terms.slippage, terms.commission
    if slippage == SlippageModel() and commission == CommissionModel():
        return replace(terms, commission=CommissionModel(pct=_LEAST_COSTS))
    return replace(
        terms,
        slippage=SlippageModel(
            2.0 * slippage.fixed, 2.0 * slippage.pct, 2.0 * slippage.volume_share, 2.0 * slippage.impact
        ),
        commission=CommissionModel(
            2.0 * commission.flat, 2.0 * commission.per_share, 2.0 * commission.pct, 2.0 * commission.minimum
        ),
    )


def later(targets: Targets) -> Targets:
    """Give the same targets, each reached one bar later."""
    weights = np.zeros_like(targets.weights)
    weights[1:] = targets.weights[:-1]
    rebalance = targets.rebalance
    if rebalance is not None:
        rebalance = np.concatenate(([False], rebalance[:-1]))
    return Targets(weights, rebalance)


def neighbours(kind: type[Strategy], parameters: Mapping[str, Setting]) -> list[dict[str, Setting]]:
    """Give the parameter sets around one: each number a notch lower and higher, in every combination.

    The first is the set itself. What cannot be made (a short window longer than the long one) is left out.
    A number that stands alone is turned two notches, or there would be too few to tell anything by.
    """
    own = kind.made_of(parameters).get_parameters()
    found: list[dict[str, Setting]] = [own]
    notches = 1 if turnable(kind, own) > 1 else 2
    for combined in product(*(_notches(kind, name, value, notches) for name, value in own.items())):
        beside = dict(zip(own, combined, strict=True))
        if beside not in found and _can_be_made(kind, beside):
            found.append(beside)
        if len(found) > 81:
            break
    return found


def turnable(kind: type[Strategy], parameters: Mapping[str, Setting]) -> int:
    """Count the parameters that can be turned a notch: numbers with declared bounds."""
    return sum(len([*_notches(kind, name, value, 1)]) > 1 for name, value in parameters.items())


def returns_of_many(
    kind: type[Strategy],
    sets: list[dict[str, Setting]],
    panel: Panel,
    terms: Terms,
    *,
    since: int = 0,
    risk_free_rate: float = 0.05,
    size: Callable[[Targets], Targets] | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> tuple[Floats, Floats]:
    """Give the returns of parameter sets, (bars, sets), and their Sharpe ratios.

    Trading begins after `since`, of what the rule `size` makes of what is said. Some are worked on together;
    between two lots `pulse` is called.
    """
    traded = panel.part(since, len(panel))
    step = max(_TOGETHER // max(panel.close.size, 1), 1)
    parts = []
    for first in range(0, len(sets), step):
        pulse()
        some = sets[first : first + step]
        targets = targets_of_many(kind, some, panel)
        if size is not None:
            targets = np.array([size(Targets(weights)).weights for weights in targets])
        done = simulate(traded, targets[:, since:], terms, pulse=pulse)
        parts.append(returns_of(done.equities(0, len(some))))
    returns, bars = np.concatenate(parts), bars_a_year(traded)
    return returns.T, sharpe_ratios(returns, per_bar(risk_free_rate, bars), bars)


def _notches(kind: type[Strategy], name: str, value: Setting, notches: int) -> Iterator[Setting]:
    declared = next((each for each in kind.parameters if each.name == name), None)
    yield value
    if declared is None or isinstance(declared, Choice) or isinstance(value, str):
        return
    step = (
        max(abs(value) * _NOTCH, 1.0) if isinstance(value, int) else (abs(value) * _NOTCH or declared.minimum)
    )
    for notch in [*range(-notches, 0), *range(1, notches + 1)]:
        beside = value + notch * step
        whole = round(beside) if isinstance(value, int) else float(beside)
        if declared.minimum <= whole <= declared.maximum and whole != value:
            yield whole


def _can_be_made(kind: type[Strategy], parameters: Mapping[str, Setting]) -> bool:
    try:
        kind.made_of(parameters)
    except InvalidValue:
        return False
    return True
