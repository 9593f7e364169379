"""From signatures to what checks and describes values, and from its findings to words for people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, get_type_hints

from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

# What pydantic says of lists and texts in the words of a program, said to a person.
_SAID = {
    "too_short": "{field} needs at least {min_length} values, not {actual_length}.",
    "too_long": "{field} takes at most {max_length} values, not {actual_length}.",
    "string_too_short": "{field} needs at least {min_length} letters.",
    "string_too_long": "{field} takes at most {max_length} letters.",
    "tuple_type": "{field} should be a list of values.",
    "list_type": "{field} should be a list of values.",
}
_HINTS = {"too_short": "Name more of them.", "too_long": "Name fewer of them."}


def result_adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    """Give the adapter for what a function answers, or for the items that it yields."""
    from pydantic import TypeAdapter

    annotation = get_type_hints(function, include_extras=True)["return"]
    if getattr(annotation, "__origin__", None) is AsyncIterator:
        annotation = annotation.__args__[0]
    return TypeAdapter(annotation)


def invalid_input(error: ValidationError) -> InvalidInput:
    """Turn the first finding of a validation into a message that names the field and what to do."""
    found = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in found["loc"])
    if found["type"] == "missing":
        return InvalidInput(
            tr("{field} is missing.", field=field), field=field, hint=tr("Give a value for it.")
        )
    if found["type"] == "extra_forbidden":
        return InvalidInput(
            tr("{field} is not a known field.", field=field),
            field=field,
            hint=tr("Check its spelling, or leave it out."),
        )
    context = found.get("ctx", {})
    if found["type"] in _SAID:
        empty = found["type"] == "string_too_short" and context["min_length"] == 1
        said = "{field} must not be empty." if empty else _SAID[found["type"]]
        hint = _HINTS.get(found["type"], "Correct the value and try again.")
        return InvalidInput(
            tr(said, **{**context, "field": field or tr("The value")}), field=field, hint=tr(hint)
        )
    message = found["msg"].removeprefix("Value error, ").partition(", unable to parse")[0].rstrip(".")
    # "Input should be ...": who typed it knows the field, not the input.
    what = message.removeprefix("Input should ")
    said = "{field}: {message}." if what == message else "{field} should {message}."
    return InvalidInput(
        tr(said, field=field or tr("The value"), message=what),
        field=field,
        hint=tr("Correct the value and try again."),
    )
