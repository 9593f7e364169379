"""How a value is declared: a frozen dataclass with slots, whose methods are written when first used.

The standard library writes the methods of a dataclass as text and compiles that for every class there is. A
start declares some three hundred values and makes instances of a fifth of them: writing the rest took a tenth
of the time to a live window. How an instance is made is written here, straight into its slots: that takes a
fifth of the time to write, and half of it to make one. The other methods are the standard library's own, to
the letter.

It stands below both halves of the house, which both have values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

V = TypeVar("V")


@overload
def frozen(kind: type[V], /) -> type[V]: ...
@overload
def frozen(*, eq: bool) -> Callable[[type[V]], type[V]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[V] | None = None, /, *, eq: bool = True) -> type[V] | Callable[[type[V]], type[V]]:
    """Declare a value; without `eq`, each instance is like itself only."""

    def declare(kind: type[V]) -> type[V]:
        declared = dataclass(slots=True, init=False, repr=False, eq=False)(kind)
        methods: dict[str, Any] = {**_METHODS, **(_COMPARISON if eq else {})}
        for name, method in methods.items():
            if name not in _BY_HAND or name not in vars(declared):
                setattr(declared, name, method)
        return declared

    return declare if kind is None else declare(kind)


class _Unsaid:
    """Stands for what a value makes itself where nothing was said, as the standard library shows it."""

    def __repr__(self) -> str:
        return "<factory>"


_UNSAID = _Unsaid()


class _Unwritten:
    """Stands where a method of a value will be, and writes it for whoever asks first."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object | None, owner: type[Any]) -> Any:
        kind = next((each for each in owner.__mro__ if vars(each).get(self._name) is self), None)
        if kind is not None:
            setattr(kind, self._name, _written(kind, self._name))
        # Else another thread was quicker.
        return getattr(owner if instance is None else instance, self._name)


def _written(kind: type[Any], name: str) -> Any:
    return _making(kind) if name == "__init__" else _borrowed(kind, name)


def _making(kind: type[Any]) -> Any:
    """Write how an instance is made, as the fields of the class say and its `__post_init__`."""
    known: dict[str, Any] = {"_unsaid": _UNSAID}
    places: list[str] = []
    keywords: list[str] = []
    lines: list[str] = []
    for each in fields(kind):
        name = value = parameter = each.name
        if each.default_factory is not MISSING:
            known[f"_make_{name}"] = each.default_factory
            parameter = f"{name}=_unsaid"
            value = f"_make_{name}() if {name} is _unsaid else {name}" if each.init else f"_make_{name}()"
        elif each.default is not MISSING:
            known[f"_usual_{name}"] = each.default
            parameter = f"{name}=_usual_{name}"
            value = name if each.init else f"_usual_{name}"
        elif not each.init:
            continue
        if each.init:
            (keywords if each.kw_only else places).append(parameter)
        known[f"_set_{name}"] = getattr(kind, name).__set__
        lines.append(f"  _set_{name}(self, {value})\n")
    if hasattr(kind, "__post_init__"):
        lines.append("  self.__post_init__()\n")
    signature = ", ".join(["self", *places, *(["*"] if keywords else []), *keywords])
    body = "".join(lines) or "  pass\n"
    text = f"def write({', '.join(known)}):\n def __init__({signature}):\n{body} return __init__"
    found: dict[str, Any] = {}
    exec(text, vars(sys.modules[kind.__module__]), found)  # noqa: S102  made of names of fields alone
    made = found["write"](**known)
    made.__annotations__ = {each.name: each.type for each in fields(kind) if each.init} | {"return": None}
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    return made


def _borrowed(kind: type[Any], name: str) -> Any:
    """Let the standard library write the method, for a class that is like this one but for its bases."""
    own = {each.name: each for each in fields(kind)}
    types = {name: each.type for name, each in own.items()}
    named = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    plain: type[Any] = type(kind.__name__, (), {**named, **own, "__annotations__": types})
    wanted = {"__repr__": "repr", "__eq__": "eq", "__hash__": "unsafe_hash"}[name]
    dataclass(**{"init": False, "repr": False, "eq": False, wanted: True})(plain)
    return vars(plain)[name]


def _refuse_change(self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_removal(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in fields(self)]


def _take_state(self: Any, state: list[object]) -> None:
    for each, found in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, found)


_METHODS: dict[str, Any] = {
    "__init__": _Unwritten("__init__"),
    "__repr__": _Unwritten("__repr__"),
    "__setattr__": _refuse_change,
    "__delattr__": _refuse_removal,
    "__getstate__": _state,
    "__setstate__": _take_state,
}
_COMPARISON = {"__eq__": _Unwritten("__eq__"), "__hash__": _Unwritten("__hash__")}
# What a class may say itself.
_BY_HAND = frozenset({"__repr__", "__eq__", "__hash__", "__getstate__", "__setstate__"})
