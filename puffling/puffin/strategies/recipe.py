"""All it takes to make a strategy, as a value: it travels to another process and is made there.

recipe = Recipe("momentum", {"short_window": 10})
with recipe.faults_named():
    result = Backtester().run(recipe.make(), data)
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Parameter, Setting, settle_parameters
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.loading import faults_named, load_own
from puffling.puffin.strategies.own import PREFIX, OwnSource
from puffling.puffin.strategies.registry import find_strategy
from puffling.puffin.strategies.upstream import Outside, find_outside, parameters_of, taken_as

if TYPE_CHECKING:
    from puffling.puffin.backtest.targets import Tested
    from puffling.puffin.backtest.view import Trader


@frozen
class Recipe:
    """A strategy by name with its parameters, and the trusted text where it is a person's own."""

    strategy: str
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    own: OwnSource | None = None

    @property
    def in_house(self) -> bool:
        """Tell whether it is one of the house, which may run anywhere; others run in a child process."""
        return ":" not in self.strategy

    def with_parameters(self, parameters: Mapping[str, Setting]) -> Recipe:
        """Give the same strategy with other parameters."""
        return replace(self, parameters=dict(parameters))

    def faults_named(self) -> AbstractContextManager[None]:
        """Say of whatever the person's own code raises in here which line of its file that is."""
        return faults_named(self.own)

    def kind(self) -> Any:
        """Give the class, or what makes it."""
        return self._outside().kind

    def make(self) -> Tested | Trader:
        """Make the strategy; parameters out of bounds are named."""
        if self.in_house:
            return find_strategy(self.strategy).made_of(self.parameters)
        found = self._outside()
        if isinstance(found.kind, type) and issubclass(found.kind, Strategy):
            with self.faults_named():
                return found.kind.made_of(self.parameters)
        settled = settle_parameters(parameters_of(found.kind), self.parameters)
        with self.faults_named():
            made = found.make(**taken_as(found.kind, settled))
        if not any(callable(getattr(made, name, None)) for name in ("generate_signals", "on_bar")):
            raise InvalidValue(f"{self.strategy} has neither generate_signals nor on_bar", field="strategy")
        tested: Tested | Trader = made
        return tested

    def declared(self) -> tuple[Parameter, ...]:
        """Give what can be chosen."""
        return parameters_of(self.kind())

    def _outside(self) -> Outside:
        if self.in_house:
            kind: Any = find_strategy(self.strategy)
        elif self.strategy.startswith(PREFIX):
            if self.own is None:
                raise InvalidValue(f"{self.strategy} is not trusted", field="name")
            kind = load_own(self.own)
        else:
            return find_outside(self.strategy)
        return Outside(self.strategy, kind, kind)
