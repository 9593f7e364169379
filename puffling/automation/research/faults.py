"""What a test or a search found wrong, in the words of whoever asked: which field has it, or which line."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.patience import TookTooLong
from puffling.puffin.strategies.recipe import Recipe
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

# What a part of the library calls a fault, and what of a request has it.
FIELDS = {
    "": "strategy",
    "name": "strategy",
    "data": "start",
    "signal": "strategy",
    "confidence": "strategy",
    "weights": "strategy",
}


@contextmanager
def explained(recipe: Recipe) -> Iterator[None]:
    """Say what goes wrong in here as a person can understand it, and which field has it."""
    try:
        with recipe.faults_named():
            yield
    except InvalidValue as error:
        raise InvalidInput(
            f"{error}.",
            field=FIELDS.get(error.field, error.field),
            hint=tr("Choose another range, symbol or parameters."),
        ) from None
    except TookTooLong as error:
        raise InvalidInput(
            f"{recipe.strategy}: {error}.",
            field="strategy",
            hint=tr("Look for a loop in it that does not end."),
        ) from None
    except Exception as fault:
        # The edge: a strategy of the person's own raises whatever it likes.
        raise _blamed(fault, recipe) from fault


def _blamed(fault: Exception, recipe: Recipe) -> Exception:
    """Give what a person can understand where a strategy's file raised; anything else is a bug here."""
    try:
        file = inspect.getfile(recipe.kind())
    except (TypeError, OSError):
        return fault
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == file]
    if not lines:
        return fault
    what = f"{type(fault).__name__}: {fault}".strip(": ").rstrip(".")
    return InvalidInput(
        tr("{strategy} failed in line {line}: {what}.", strategy=recipe.strategy, line=lines[-1], what=what),
        field="strategy",
        hint=tr("Mend the strategy and run it again."),
    )
