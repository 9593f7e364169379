"""Questions to a strategy, as functions that run anywhere: here for those of the house, else in a child.

What goes wrong is part of the answer, so that it crosses the border between processes with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeVar

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.aims import Aims, aims_of
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.heard import Heard
from puffling.puffin.backtest.hearing import Acts, acts_of
from puffling.puffin.backtest.manifest import package_digest
from puffling.puffin.backtest.orders import Sizing, Steps
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import Tested, sends_orders, targets_of, trader_of
from puffling.puffin.backtest.view import Trader
from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Parameter, Setting
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.loading import OwnStrategyFailed
from puffling.puffin.strategies.patience import TookTooLong, patience
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.trading import stood
from puffling.puffin.strategies.upstream import find_outside, names_outside, parameters_of

R = TypeVar("R")

# Of a strategy that does not say how much it needs.
_LEAST_BARS = 250
_MOST_BARS = 5_000
PATIENCE_SECONDS = 20.0


@frozen
class Trouble:
    """What is wrong with a strategy or what was asked of it; `line` is that in a person's own file."""

    message: str
    field: str = ""
    line: int = 0
    said: str = ""


@frozen
class Declared:
    """What a strategy says of itself; `trades` tells that it sends its own orders."""

    name: str
    title: str
    help: str
    parameters: tuple[Parameter, ...]
    several: bool = False
    trades: bool = False


@frozen
class Settled:
    """A strategy that could be made: all its parameters, and how many bars it takes until it speaks.

    `package` is the digest of the installed package it comes from, empty for every other.
    """

    parameters: dict[str, Setting]
    bars_needed: int
    several: bool
    trades: bool = False
    package: str = ""


def describe(recipe: Recipe) -> Declared | Trouble:
    """Ask a strategy what can be chosen, and make it once with nothing chosen."""

    def work() -> Declared:
        kind = recipe.kind()
        recipe.make()
        return _declared(recipe.strategy, kind)

    return _answered(recipe, work)


def describe_outside() -> tuple[Declared, ...]:
    """Ask every installed strategy what can be chosen; one that cannot be loaded says why in its help."""
    found: list[Declared] = []
    for name in names_outside():
        try:
            found.append(_declared(name, find_outside(name).kind))
        except Exception as error:  # noqa: BLE001  the edge: a broken package must not hide the others
            found.append(Declared(name, name, f"It cannot be loaded: {type(error).__name__}: {error}.", ()))
    return tuple(found)


def settle(recipe: Recipe) -> Settled | Trouble:
    """Make a strategy with its parameters and give what they all are."""

    def work() -> Settled:
        made = recipe.make()
        settled = _settled(recipe, made)
        installed = not recipe.in_house and recipe.own is None
        return replace(settled, package=package_digest(type(made))) if installed else settled

    return _answered(recipe, work)


def trades(recipe: Recipe) -> bool:
    """Tell whether a strategy sends its own orders."""
    return sends_orders(recipe.kind())


def decide(
    recipe: Recipe, series: Mapping[str, Bars], symbol: str, *, patience_seconds: float = PATIENCE_SECONDS
) -> Signals | Trouble:
    """Give what a strategy says at every bar of one symbol; some weigh all the symbols for that."""
    return _answered(recipe, lambda: said_by(recipe.make(), series, symbol), patience_seconds)


def aim(
    recipe: Recipe,
    series: Mapping[str, Bars],
    terms: Terms,
    sizing: Sizing,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Aims | Trouble:
    """Give what a strategy wants to hold after the newest bar: of a trading one, how it stood there."""

    def work() -> Aims:
        strategy = recipe.make()
        if not sends_orders(strategy):
            assert isinstance(strategy, Tested)
            return aims_of(strategy, series, terms, sizing)
        return Aims(
            tuple(series),
            tuple(float(said_by(strategy, series, symbol).signal[-1]) for symbol in series),
        )

    return _answered(recipe, work, patience_seconds)


def act(
    recipe: Recipe,
    series: Mapping[str, Bars],
    heard: Sequence[Heard],
    terms: Terms,
    rule: Rule,
    *,
    first_us: int,
    steps: Steps,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Acts | Trouble:
    """Give what a strategy with orders of its own says to the last close it heard of."""

    def work() -> Acts:
        trader = trader_of(recipe.make())
        assert trader is not None
        return acts_of(trader, series, heard, terms, rule, first_us=first_us, steps=steps)

    return _answered(recipe, work, patience_seconds)


def said_by(strategy: Tested | Trader, series: Mapping[str, Bars], symbol: str) -> Signals:
    """Give what a strategy of any kind says at every bar of one symbol: of a trading one, how it stood."""
    bars = series[symbol]
    if sends_orders(strategy):
        return stood(strategy, series, symbol)
    assert isinstance(strategy, Tested)
    if isinstance(strategy, PortfolioStrategy):
        panel = Panel.of(series)
        place = panel.symbols.index(symbol)
        weight = targets_of(strategy, panel).weights[panel.present[:, place], place]
        return Signals(weight, np.abs(weight))
    if isinstance(strategy, Strategy):
        return strategy.signals(bars)
    signal = targets_of(strategy, Panel.of({symbol: bars})).weights[:, 0]
    return Signals(signal, np.abs(signal))


def _answered(
    recipe: Recipe, work: Callable[[], R], patience_seconds: float = PATIENCE_SECONDS
) -> R | Trouble:
    waiting = nullcontext() if recipe.in_house else patience(patience_seconds)
    try:
        with waiting, recipe.faults_named():
            return work()
    except OwnStrategyFailed as error:
        return Trouble(str(error), error.field, error.line, error.said)
    except InvalidValue as error:
        return Trouble(str(error), error.field)
    except TookTooLong as error:
        return Trouble(f"{recipe.strategy}: {error}", "strategy")
    except Exception as error:
        # The edge: a strategy from outside raises whatever it likes; one of ours does not.
        if recipe.in_house:
            raise
        return Trouble(f"{recipe.strategy}: {type(error).__name__}: {error}", "strategy")


def _declared(name: str, kind: object) -> Declared:
    own = name.rpartition(":")[2].replace("_", " ").capitalize()
    title = getattr(kind, "title", "") or own
    said = getattr(kind, "help", "") or (getattr(kind, "__doc__", "") or "").strip().partition("\n")[0]
    several = isinstance(kind, type) and issubclass(kind, PortfolioStrategy)
    parameters = parameters_of(kind) if callable(kind) else ()
    return Declared(name, str(title), str(said), parameters, several, sends_orders(kind))


def _settled(recipe: Recipe, made: Tested | Trader) -> Settled:
    several, sends = isinstance(made, PortfolioStrategy), sends_orders(made)
    if isinstance(made, Strategy):
        return Settled(made.get_parameters(), max(int(made.bars_needed()), 1), several, sends)
    given = {each.name: recipe.parameters.get(each.name, each.default) for each in recipe.declared()}
    # Whole numbers are mostly windows; one that is not must not ask for a century.
    windows = [value for value in given.values() if isinstance(value, int) and value <= _MOST_BARS]
    return Settled(given, max([*windows, _LEAST_BARS]), several, sends)
