"""Finds the controllers by walking their folder and hands each what it asks for by type."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from puffling import controllers
from puffling.runtime.capability import Controller


def controller_types() -> Iterator[type[Controller]]:
    """Give every controller class in the folder, in the order of its files."""
    for module_info in sorted(pkgutil.iter_modules(controllers.__path__), key=lambda found: found.name):
        module = importlib.import_module(f"{controllers.__name__}.{module_info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Controller)
                and value.__module__ == module.__name__
            ):
                yield value


def build(kind: type[Controller], parts: Mapping[type[Any], object]) -> Controller:
    """Make a controller from the parts that its `__init__` names by type."""
    if kind.__init__ is object.__init__:
        return kind()
    hints = get_type_hints(kind.__init__)
    needed = {}
    for parameter in inspect.signature(kind).parameters.values():
        wanted = hints[parameter.name]
        if wanted not in parts:
            raise TypeError(f"{kind.__name__} asks for {wanted!r}, which core does not build")
        needed[parameter.name] = parts[wanted]
    return kind(**needed)
