"""Strategies that others installed: those of packages, and those of a package called puffin.

A package offers strategies as entry points of the group `puffling.strategies`; they are called
`<package>:<name>`. A package called puffin that keeps to Puffin's contract offers those of its registry as
`puffin:<name>`. Their objects are used as they are: all that is asked of one is `generate_signals(frame)`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, Literal, get_args, get_origin

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Parameter, Real, Setting, Whole
from puffling.puffin.strategies.base import Strategy

GROUP = "puffling.strategies"
PUFFIN = "puffin"
_REGISTRY = "puffin.strategies.registry"
_MOST = 100_000
_YES_OR_NO = (("yes", "Yes"), ("no", "No"))


@frozen
class Outside:
    """A strategy that somebody installed: what makes it, and what says which parameters it takes."""

    name: str
    make: Callable[..., Any]
    kind: Callable[..., Any]


def offered() -> bool:
    """Tell whether anything was installed that may offer strategies; nothing of it is loaded."""
    return bool(entry_points(group=GROUP)) or _puffin_installed()


def names_outside() -> list[str]:
    """Give the names of all installed strategies."""
    return [*(_called(point) for point in entry_points(group=GROUP)), *(name for name in _of_puffin())]


def find_outside(name: str) -> Outside:
    """Give the installed strategy of this name."""
    package, _, own = name.partition(":")
    for point in entry_points(group=GROUP):
        if _called(point) == name:
            kind = point.load()
            if not callable(kind):
                raise InvalidValue(f"{name} is not a class of strategies", field="name")
            return Outside(name, kind, kind)
    if package == PUFFIN and name in set(_of_puffin()):
        registry = importlib.import_module(_REGISTRY)

        def make(**settings: Setting) -> Any:
            return registry.get_strategy(own, **settings)

        # The object itself says what its class takes: the registry passes everything on.
        return Outside(name, make, type(registry.get_strategy(own)))
    known = ", ".join(names_outside()) or "none"
    raise InvalidValue(f"Unknown strategy {name!r}; installed are: {known}", field="name")


def parameters_of(kind: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Give what can be chosen: as declared, or else read from the defaults of the constructor."""
    declared = getattr(kind, "parameters", None)
    if isinstance(kind, type) and issubclass(kind, Strategy) and isinstance(declared, tuple):
        return declared
    try:
        taken = inspect.signature(kind, eval_str=True).parameters.values()
    except (TypeError, ValueError, NameError):
        return ()
    return tuple(made for each in taken if (made := _parameter(each)) is not None)


def taken_as(kind: Callable[..., Any], settings: dict[str, Setting]) -> dict[str, Any]:
    """Give settings in the types the constructor has defaults of: yes and no are True and False there."""
    defaults = {name: each.default for name, each in inspect.signature(kind).parameters.items()}
    return {
        name: value == "yes" if isinstance(defaults.get(name), bool) else value
        for name, value in settings.items()
    }


def _of_puffin() -> Iterator[str]:
    if not _puffin_installed():
        return
    try:
        registry = importlib.import_module(_REGISTRY)
    except ImportError:
        # A package of that name without the contract has nothing to offer.
        return
    # Upstream fills its registry on request.
    getattr(registry, "register_defaults", lambda: None)()
    for name in registry.list_strategies():
        yield f"{PUFFIN}:{name}"


def _puffin_installed() -> bool:
    try:
        return find_spec(PUFFIN) is not None
    except ValueError:
        # A module of that name that was put there by hand.
        return False


def _called(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else point.module.partition(".")[0]
    return f"{package}:{point.name}"


def _parameter(taken: inspect.Parameter) -> Parameter | None:
    """Read one; what has no default of a simple type stays as its author left it."""
    name, default = taken.name, taken.default
    title = name.replace("_", " ").capitalize()
    if get_origin(taken.annotation) is Literal and default in get_args(taken.annotation):
        options = tuple((str(each), str(each)) for each in get_args(taken.annotation))
        return Choice(name, title, default, options)
    if isinstance(default, bool):
        return Choice(name, title, "yes" if default else "no", _YES_OR_NO)
    if isinstance(default, int):
        return Whole(name, title, default, 1 if default >= 1 else -_MOST, max(_MOST, default))
    if isinstance(default, float):
        return Real(name, title, default, min(-float(_MOST), default), max(float(_MOST), default), 0.1)
    return None
