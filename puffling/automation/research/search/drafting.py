"""Draws searches up: which parameters vary between which bounds, and the sets they make."""

from __future__ import annotations

from contextlib import nullcontext

from puffling.automation.research.faults import explained
from puffling.automation.research.search.task import DrawnUp, Outline
from puffling.automation.research.search.values import Wish
from puffling.puffin.backtest.reporting import plain
from puffling.puffin.errors import InvalidValue
from puffling.puffin.search.axes import Axis, read_axis, usual_axes
from puffling.puffin.search.space import Method, check_axes, planned
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.patience import patience
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.recipe import Recipe
from puffling.puffin.strategies.trading import TradingStrategy
from puffling.runtime.compute import checkpoint
from puffling.runtime.text import tr

_PATIENCE_SECONDS = 20.0


def outlined(recipe: Recipe, wish: Wish) -> Outline:
    """Give what would vary."""
    with explained(recipe):
        axes = _axes(recipe, wish)
        check_axes(axes, Method(wish.method), wish.most)
        return _outline(recipe, axes)


def drawn_up(recipe: Recipe, wish: Wish) -> DrawnUp:
    """Give the sets of a search."""
    checkpoint(0, 1, tr("Drawing up the sets"))
    with explained(recipe):
        axes = _axes(recipe, wish)
        plan = planned(recipe, axes, Method(wish.method), wish.most, wish.seed)
        return DrawnUp(_outline(recipe, axes), plan.sets, plan.bars_needed, plan.left_out)


def _outline(recipe: Recipe, axes: list[Axis]) -> Outline:
    kind = recipe.kind()
    alike = isinstance(kind, type) and issubclass(kind, Strategy)
    alone = not alike or issubclass(kind, (PortfolioStrategy, TradingStrategy))
    return Outline(tuple(plain(axis) for axis in axes), quick=not alone)


def _axes(recipe: Recipe, wish: Wish) -> list[Axis]:
    with nullcontext() if recipe.in_house else patience(_PATIENCE_SECONDS):
        declared = recipe.declared()
    if not declared:
        raise InvalidValue(f"{recipe.strategy} has no parameters that could vary", field="strategy")
    if not wish.vary:
        return list(usual_axes(declared, recipe.parameters))
    return [read_axis(each, declared) for each in wish.vary]
