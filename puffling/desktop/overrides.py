"""What fails in a method that Qt calls ends as an error, not as the end of the process.

Before Python 3.12 an error that the interpreter itself raises (an index out of range, a wrong type, a
division by zero) is no object yet when it leaves a method. PySide6 takes it for one there, and reads memory
that is something else. An error that was caught once is an object: so each such method catches what it lets
through.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from shiboken6 import Shiboken

_WHEN_SUBCLASSED = "__init_subclass__"


def shield_overrides() -> None:
    """Let every class made from now on shield the methods it puts in the place of Qt's."""
    setattr(Shiboken.Object, _WHEN_SUBCLASSED, classmethod(_shield))


def _shield(kind: type[Any], /, **_named: Any) -> None:
    qt = [base for base in kind.__mro__ if base.__module__.startswith("PySide6.")]
    for name, method in list(vars(kind).items()):
        if not isinstance(method, FunctionType) or name.startswith("_"):
            continue
        if any(name in vars(base) for base in qt):
            setattr(kind, name, _shielded(method))


def _shielded(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*values: Any, **named: Any) -> Any:
        try:
            return method(*values, **named)
        except BaseException:
            raise

    return call
