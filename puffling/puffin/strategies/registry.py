"""Which strategies there are: every file of this folder, and what others register."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.base import Strategy

S = TypeVar("S", bound=Strategy)

# Listed first, in the order Puffin's users know them in.
_FIRST = ("momentum", "mean_reversion", "stat_arb", "market_making")

_registered: dict[str, type[Strategy]] = {}


def register(name: str | None = None) -> Callable[[type[S]], type[S]]:
    """Make a strategy from outside this folder known, under its own name where none is given."""

    def keep(kind: type[S]) -> type[S]:
        called = name or kind.name()
        known = _registered.get(called, kind)
        # A class made anew from the same place takes the place of the old one.
        if (known.__module__, known.__qualname__) != (kind.__module__, kind.__qualname__):
            raise InvalidValue(f"There is a strategy called {called!r} already", field="name")
        _registered[called] = kind
        return kind

    return keep


@cache
def register_defaults() -> None:
    """Walk the folder and register every strategy in it, once."""
    import puffling.puffin.strategies as folder

    for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        for made in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(made, type)
                and issubclass(made, Strategy)
                and made.title
                and made.__module__ == module.name
            ):
                register()(made)


def list_strategies() -> list[str]:
    """Give the names of the strategies there are."""
    register_defaults()
    return [*(name for name in _FIRST if name in _registered), *sorted(_registered.keys() - set(_FIRST))]


def find_strategy(name: str) -> type[Strategy]:
    """Give the strategy of this name."""
    register_defaults()
    if name not in _registered:
        offered = ", ".join(list_strategies())
        raise InvalidValue(f"Unknown strategy {name!r}; there are: {offered}", field="name")
    return _registered[name]


def get_strategy(name: str, **kwargs: Setting) -> Strategy:
    """Make the strategy of this name; parameters that are not given keep their defaults."""
    return find_strategy(name).made_of(kwargs)
