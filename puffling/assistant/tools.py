"""The abilities an assistant may use, as tools: made from the declarations, called only when complete.

A tool call comes from a model and is treated as such: strict JSON, exactly the declared fields, and
the same gate as every other caller. What a tool answers is cut at a length that a model can read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from puffling.frozen import frozen
from puffling.runtime.capability import Capability
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.registry import Registry
from puffling.runtime.text import tr

LONGEST_ANSWER = 20_000
LONGEST_CALL = 20_000


@frozen
class Tool:
    """One tool as a model is told of it."""

    name: str
    description: str
    ability: str
    effect: str
    input_schema: dict[str, Any]


def tools(registry: Registry) -> tuple[Tool, ...]:
    """Give every ability that declares a tool name; acts reserved for the person never do."""
    return tuple(
        Tool(
            name=ability.tool,
            description=ability.help,
            ability=ability.id,
            effect=str(ability.effect),
            input_schema=_schema(ability),
        )
        for ability in registry
        if ability.tool and ability.effect is not Effect.GUARD
    )


async def call_tool(registry: Registry, name: str, arguments_json: str) -> str:
    """Call the tool with arguments as a model wrote them and give its answer as JSON text."""
    ability = next((found for found in registry if found.tool == name), None)
    if ability is None or ability.effect is Effect.GUARD:
        raise NotFound(tr("There is no tool called {name}.", name=shown_name(name)))
    result = ability.dump(await ability.invoke(_strict_object(arguments_json)))
    text = json.dumps(result, ensure_ascii=False)
    if len(text) <= LONGEST_ANSWER:
        return text
    return json.dumps({"cut_at": LONGEST_ANSWER, "of": len(text), "beginning": text[:LONGEST_ANSWER]})


def shown_name(name: str) -> str:
    """Give a name from outside in a form that is safe to show."""
    return re.sub(r"[^\w.-]", "?", name[:64])


def _strict_object(text: str) -> Mapping[str, object]:
    hint = tr("Send one complete JSON object with the fields of the tool.")
    if len(text) > LONGEST_CALL:
        raise InvalidInput(tr("The arguments are too long."), hint=hint)
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidInput(tr("The arguments are not valid JSON."), hint=hint) from None
    if not isinstance(value, dict):
        raise InvalidInput(tr("The arguments are not a JSON object."), hint=hint)
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a field stands twice")
    return values


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _schema(ability: Capability) -> dict[str, Any]:
    schema = ability.arguments_model.model_json_schema()
    schema.pop("title", None)
    return schema
