"""Hashes of what went into a test and of what came out: the same ones mean the same test, to the last bit."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from puffling.puffin.backtest.engine import BacktestResult
    from puffling.puffin.data.actions import CorporateAction
    from puffling.puffin.data.bars import Bars

_LENGTH = 32
# What strategies compute with belongs to it: indicators, and what they share among themselves.
_ENGINE = (
    "puffling.puffin.backtest",
    "puffling.puffin.backtest.trust",
    "puffling.puffin.factors",
    "puffling.puffin.factors.indicators",
    "puffling.puffin.strategies",
)
# A result may hang on the versions of these, where a strategy uses them.
_LIBRARIES = ("numpy", "talib", "pandas")


def data_digest(series: Mapping[str, Bars], actions: Mapping[str, Iterable[CorporateAction]]) -> str:
    """Give the hash of prices by symbol, in their order, and of what happened to the shares."""
    hashed = hashlib.sha256()
    for symbol, bars in series.items():
        hashed.update(f"{symbol}|{len(bars)}|".encode())
        for column in (bars.time, *bars.columns()):
            hashed.update(np.ascontiguousarray(column).tobytes())
        for action in actions.get(symbol, ()):
            hashed.update(repr(action).encode())
    return hashed.hexdigest()[:_LENGTH]


def values_digest(values: Mapping[str, Any]) -> str:
    """Give the hash of named values, whatever their order."""
    return _hash(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str))


def result_digest(result: BacktestResult) -> str:
    """Give the hash of every fill and of the equity at every bar."""
    hashed = hashlib.sha256(np.ascontiguousarray(result.equity).tobytes())
    made = result.columns
    if made is not None:
        for column in (made.bar, made.symbol, made.quantity, made.price, made.commission):
            hashed.update(np.ascontiguousarray(column).tobytes())
    return hashed.hexdigest()[:_LENGTH]


def code_digest(kind: type) -> str:
    """Give the hash of the file a strategy is written in, and of those it is derived from."""
    modules = dict.fromkeys(each.__module__ for each in kind.__mro__ if each.__module__ != "builtins")
    return _hash("".join(_source(name) for name in modules))


def package_digest(kind: type) -> str:
    """Give the hash of every file of code of the installed package that a strategy comes from."""
    package = import_module(kind.__module__.partition(".")[0])
    folders = [Path(each) for each in getattr(package, "__path__", ())]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    if not files and package.__file__ is not None:
        files = [Path(package.__file__)]
    return _hash("".join(f"{file.name}\n{file.read_text('utf-8', 'replace')}" for file in files))


@cache
def engine_digest() -> str:
    """Give the hash of the files of the engine."""
    return _hash("".join(_source(name) for name in engine_modules()))


def engine_modules() -> list[str]:
    """Give the names of the modules that make up the engine."""
    names = []
    for package in _ENGINE:
        found = iter_modules(import_module(package).__path__, f"{package}.")
        names += [package, *sorted(module.name for module in found)]
    return names


def library_versions() -> dict[str, str]:
    """Give the versions of what computed."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version:
            found[name] = str(version)
    return found


def _source(module: str) -> str:
    """Give the text of a module; where only its version is known, that has to do."""
    from importlib.util import find_spec

    known = sys.modules.get(module)
    spec = getattr(known, "__spec__", None) or (find_spec(module) if known is None else None)
    loader = getattr(spec, "loader", None)
    if loader is None or not hasattr(loader, "get_source"):
        return module
    try:
        return loader.get_source(module) or module
    except (ImportError, OSError):
        return module


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
