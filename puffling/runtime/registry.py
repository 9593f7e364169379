"""The one list of all abilities and streams, from which every face is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from puffling.runtime.capability import Capability, Controller
from puffling.runtime.errors import NotFound
from puffling.runtime.streams import Stream
from puffling.runtime.text import tr


class Invoker(Protocol):
    """Calls abilities by their id, for those who must not know the controllers."""

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call the ability and give its result."""
        ...


class Registry:
    """All abilities and streams of one core, by id; the one list from which every face is made."""

    def __init__(self) -> None:
        self._capabilities: dict[str, Capability] = {}
        self._streams: dict[str, Stream] = {}

    def add(self, controller: Controller) -> None:
        """Take in what a bound controller offers; two abilities or streams cannot claim one name."""
        known: list[Capability | Stream] = [*self, *self.streams]
        taken = {key for each in known for key in _claims(each)}
        new: list[Capability | Stream] = [*controller.abilities.values(), *controller.streams.values()]
        for offered in new:
            for key in _claims(offered):
                if key in taken:
                    raise ValueError(f"{offered.id} claims {key}, which is taken")
                taken.add(key)
            if isinstance(offered, Stream):
                self._streams[offered.id] = offered
            else:
                self._capabilities[offered.id] = offered

    def __iter__(self) -> Iterator[Capability]:
        return iter(sorted(self._capabilities.values(), key=lambda ability: ability.id))

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Give all streams."""
        return tuple(sorted(self._streams.values(), key=lambda source: source.id))

    def get(self, ability_id: str) -> Capability:
        """Give the ability of this id, or say which ones exist beside it."""
        try:
            return self._capabilities[ability_id]
        except KeyError:
            raise _unknown(ability_id, self._capabilities) from None

    def get_stream(self, stream_id: str) -> Stream:
        """Give the stream of this id, or say which ones exist."""
        try:
            return self._streams[stream_id]
        except KeyError:
            raise _unknown(stream_id, self._streams) from None

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call the ability of this id with named arguments."""
        return await self.get(ability_id).invoke(arguments)


def _claims(ability: Capability | Stream) -> Iterator[str]:
    yield f"the id {ability.id}"
    if isinstance(ability, Stream):
        yield f"the route {ability.ws}"
        return
    if ability.http:
        yield f"the route {ability.http.method} {re.sub(r'{.*?}', '{}', ability.http.path)}"
    if ability.tool:
        yield f"the tool {ability.tool}"
    if ability.shortcut:
        yield f"the shortcut {ability.shortcut}"


def _unknown(wanted: str, known: Mapping[str, object]) -> NotFound:
    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = (
        tr("Did you mean {near}?", near=", ".join(near))
        if near
        else tr("See the list of abilities in the help.")
    )
    return NotFound(tr("There is no ability called {name}.", name=wanted), hint=hint)
