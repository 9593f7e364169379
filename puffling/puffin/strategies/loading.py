"""From the text of a person's own strategy to its class, and from what goes wrong to the line it is on."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import Any

from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Real, Whole
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.own import OwnSource
from puffling.puffin.strategies.patience import TookTooLong

# What is wrong with an answer is found by whoever asked: no line of the file is in the traceback.
_ANSWERS = {"signal", "confidence", "weights", "strategy"}
_DECIDING = ("decide", "allocate", "generate_signals", "on_bar")
# What a class without our base is asked.
_ASKED = ("generate_signals", "on_bar")


class OwnStrategyFailed(InvalidValue):
    """A person's own strategy does not do; `line` says where in its file."""

    def __init__(self, message: str, *, line: int = 0, file: str = "", field: str = "strategy") -> None:
        at = f"{file}, line {line}: " if line else f"{file}: " if file else ""
        super().__init__(at + message, field=field)
        self.line = line
        self.file = file
        self.said = message


def load_own(source: OwnSource) -> type[Any]:
    """Run the text and give the strategy it declares; a text that is not the trusted one never runs."""
    if hashlib.sha256(source.text).hexdigest() != source.digest:
        raise OwnStrategyFailed("the text is not the one that was trusted", file=source.file)
    module = ModuleType(f"own_strategy_{source.name}")
    module.__file__ = source.file
    try:
        code = compile(source.text, _place(source), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise OwnStrategyFailed(error.msg, line=error.lineno or 1, file=source.file) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise OwnStrategyFailed(_words(error), line=1, file=source.file) from None
    with faults_named(source):
        # Dataclasses and the like look their module up by its name.
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)  # noqa: S102  the person has looked at exactly this text and trusts it
    return _only_strategy(module, source)


@contextmanager
def faults_named(source: OwnSource | None) -> Iterator[None]:
    """Say of whatever a person's own code raises where in its file that was; None lets everything pass."""
    try:
        yield
    except OwnStrategyFailed:
        raise
    except InvalidValue as error:
        of_file = not error.field or error.field in _ANSWERS or _is_in(error.__traceback__, source, "on_bar")
        if source is None or not of_file:
            # A parameter that does not fit, or too little history: no fault of the file.
            raise
        line = _line_in(source, error.__traceback__) or line_of(source, *_DECIDING)
        raise OwnStrategyFailed(str(error), line=line, file=source.file) from None
    except (Exception, SystemExit, TookTooLong) as error:
        line = _line_in(source, error.__traceback__) if source is not None else 0
        if source is None or not line:
            raise
        raise OwnStrategyFailed(_words(error), line=line, file=source.file) from error


def line_of(source: OwnSource, *names: str) -> int:
    """Give the line on which a class of the file gives a meaning to one of these names."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError):
        return 1
    for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for node in kind.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            told = {getattr(target, "id", "") for target in targets} | {getattr(node, "name", "")}
            if told & set(names):
                return node.lineno
    return next((node.lineno for node in tree.body if isinstance(node, ast.ClassDef)), 1)


def check_declaration(kind: type[Strategy], source: OwnSource) -> None:
    """Say what of a declaration cannot be a form."""
    line = line_of(source, "parameters")
    declared = kind.parameters
    known = (Whole, Real, Choice)
    if not isinstance(declared, tuple) or not all(isinstance(each, known) for each in declared):
        raise OwnStrategyFailed(
            "parameters must be a tuple of Whole, Real and Choice", line=line, file=source.file
        )
    for place, each in enumerate(declared):
        if not each.name.isidentifier() or hasattr(Strategy, each.name):
            raise OwnStrategyFailed(
                f"a parameter cannot be called {each.name!r}", line=line, file=source.file
            )
        if each.name in {other.name for other in declared[:place]}:
            raise OwnStrategyFailed(f"two parameters are called {each.name}", line=line, file=source.file)
        try:
            each.check(each.default)
        except InvalidValue as error:
            raise OwnStrategyFailed(
                f"the default of {each.name} does not fit: {error}", line=line, file=source.file
            ) from None


def _only_strategy(module: ModuleType, source: OwnSource) -> type[Any]:
    found = [
        made
        for name, made in vars(module).items()
        if isinstance(made, type) and made.__module__ == module.__name__ and not name.startswith("_")
        if issubclass(made, Strategy) or any(callable(getattr(made, each, None)) for each in _ASKED)
    ]
    last = [kind for kind in found if not any(kind in other.__mro__[1:] for other in found)]
    if not last:
        message = (
            "there is no strategy: a class that builds on Strategy, or that has generate_signals or on_bar"
        )
        raise OwnStrategyFailed(message, line=1, file=source.file)
    if len(last) > 1:
        names = ", ".join(kind.__name__ for kind in last)
        raise OwnStrategyFailed(
            f"there is more than one strategy ({names}); what only helps begins with _",
            line=_class_line(source, last[1].__name__),
            file=source.file,
        )
    kind = last[0]
    if issubclass(kind, Strategy):
        check_declaration(kind, source)
    return kind


def _class_line(source: OwnSource, name: str) -> int:
    nodes = ast.walk(ast.parse(source.text))
    return next((node.lineno for node in nodes if isinstance(node, ast.ClassDef) and node.name == name), 1)


def _line_in(source: OwnSource, trace: TracebackType | None) -> int:
    """Give the innermost line of the file in a traceback, 0 where it is in none."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _place(source):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _is_in(trace: TracebackType | None, source: OwnSource | None, function: str) -> bool:
    """Tell whether a traceback goes through a function of the file: then what it asked for was wrong."""
    while source is not None and trace is not None:
        code = trace.tb_frame.f_code
        if (code.co_filename, code.co_name) == (_place(source), function):
            return True
        trace = trace.tb_next
    return False


def _place(source: OwnSource) -> str:
    """Give the name under which Python speaks of the text: no file of the machine has it."""
    return f"own:{source.file}"


def _words(error: BaseException) -> str:
    if isinstance(error, TookTooLong):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
