"""What abilities look like from outside: plain values that cross a socket and need no registry to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from puffling.frozen import frozen

if TYPE_CHECKING:
    from puffling.runtime.capability import Capability
    from puffling.runtime.registry import Registry

Schema = dict[str, Any]


@frozen
class AbilityOutline:
    """One ability as a face without the registry knows it; `arguments` is its JSON Schema when asked for."""

    id: str
    title: str
    summary: str
    help: str
    effect: str
    job: bool
    arguments: Schema | None = None
    # The ability that carries out what this one only shows, given the token of its answer.
    confirmed_by: str = ""


@frozen
class StreamOutline:
    """One stream as a face without the registry knows it."""

    id: str
    title: str
    summary: str


@frozen
class Catalogue:
    """Everything that can be called and listened to."""

    abilities: tuple[AbilityOutline, ...]
    streams: tuple[StreamOutline, ...]

    @classmethod
    def of(cls, registry: Registry, ability_id: str = "") -> Catalogue:
        """Read the catalogue from a registry; only the named ability comes with its arguments."""
        return cls(
            tuple(_outline(ability, ability.id == ability_id) for ability in registry),
            tuple(StreamOutline(stream.id, stream.title, stream.summary) for stream in registry.streams),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Catalogue:
        """Read the catalogue from what `as_dict` gave."""
        return cls(
            tuple(AbilityOutline(**ability) for ability in values["abilities"]),
            tuple(StreamOutline(**stream) for stream in values["streams"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the catalogue as plain JSON values."""
        return asdict(self)

    @property
    def everything(self) -> tuple[AbilityOutline | StreamOutline, ...]:
        """Give abilities and streams together."""
        return (*self.abilities, *self.streams)

    def ability(self, ability_id: str) -> AbilityOutline | None:
        """Give the ability of this id, if there is one."""
        return next((ability for ability in self.abilities if ability.id == ability_id), None)

    def stream(self, stream_id: str) -> StreamOutline | None:
        """Give the stream of this id, if there is one."""
        return next((stream for stream in self.streams if stream.id == stream_id), None)


def _outline(ability: Capability, with_arguments: bool) -> AbilityOutline:
    return AbilityOutline(
        ability.id,
        ability.title,
        ability.summary,
        ability.help,
        str(ability.effect),
        ability.job,
        ability.arguments_model.model_json_schema() if with_arguments else None,
        ability.confirmed_by,
    )


def plain(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Give the schema itself where it stands behind a reference or beside a null."""
    while True:
        if "$ref" in schema:
            target = definitions[re.sub(r"^.*/", "", schema["$ref"])]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
            continue
        choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
        if len(choices) == 1:
            schema = {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
            continue
        return schema


def takes_several(schema: Schema, definitions: Mapping[str, Schema]) -> bool:
    """Tell whether a value of this schema is a list."""
    return plain(schema, definitions).get("type") == "array"
