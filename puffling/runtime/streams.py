"""Streams: the sister of an ability, for values that keep coming.

A controller method that carries `@stream` takes `Topics` and yields values; it is reached over a
WebSocket, in the terminal and through the local door, and passes the same gate as every call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from puffling.frozen import frozen
from puffling.runtime.actor import current_caller
from puffling.runtime.errors import PufflingError
from puffling.runtime.gate import Effect, Gate
from puffling.runtime.schema import result_adapter
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from puffling.runtime.capability import Controller

C = TypeVar("C", bound="Controller")
P = ParamSpec("P")
R = TypeVar("R")


@frozen
class StreamDeclaration:
    """What a decorator says about a controller method that yields values as they come."""

    title: str
    ws: str
    function: Callable[..., Any]


def stream(
    *, title: str, ws: str
) -> Callable[[Callable[Concatenate[C, P], AsyncIterator[R]]], Callable[Concatenate[C, P], AsyncIterator[R]]]:
    """Declare a controller method that takes `Topics` and yields values for as long as somebody listens."""

    def declare(
        function: Callable[Concatenate[C, P], AsyncIterator[R]],
    ) -> Callable[Concatenate[C, P], AsyncIterator[R]]:
        declaration = StreamDeclaration(title=title, ws=ws, function=function)
        function.declaration = declaration  # type: ignore[attr-defined]  # a function has no other place for it
        return function

    return declare


class Topics:
    """What one listener of a stream wants to hear of; it may change while the stream runs."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names: set[str] = set()
        self._changed: list[Callable[[], None]] = []
        self._refused: list[Callable[[str, PufflingError], None]] = []
        self.subscribe(*names)

    def subscribe(self, *names: str) -> None:
        """Add topics."""
        self.names.update(names)
        self._tell()

    def unsubscribe(self, *names: str) -> None:
        """Take topics away; without names, all of them."""
        self.names.difference_update(names or tuple(self.names))
        self._tell()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call the listener after every change."""
        self._changed.append(listener)

    def refuse(self, name: str, error: PufflingError) -> None:
        """Take back a topic that the stream cannot give, and say why to whoever listens."""
        self.names.discard(name)
        for listener in self._refused:
            listener(name, error)

    def on_refusal(self, listener: Callable[[str, PufflingError], None]) -> None:
        """Call the listener for every topic that the stream takes back."""
        self._refused.append(listener)

    def _tell(self) -> None:
        for listener in self._changed:
            listener()


class Stream:
    """A stream that is ready to be listened to."""

    def __init__(self, controller: Controller, declaration: StreamDeclaration, gate: Gate) -> None:
        self.domain = controller.domain
        self.id = f"{controller.domain}.{declaration.function.__name__.replace('_', '-')}"
        self.effect = Effect.READ
        self.tool: str | None = None
        self.protective = False
        self.proposes = False
        self.while_halted = False
        self.ws = declaration.ws
        self.declaration = declaration
        self._controller = controller
        self._gate = gate

    @property
    def title(self) -> str:
        """Give the name of the stream as a person reads it."""
        return tr(self.declaration.title)

    @property
    def summary(self) -> str:
        """Give the first line of the docstring, which is the help."""
        return tr((inspect.getdoc(self.declaration.function) or "").partition("\n")[0])

    @functools.cached_property
    def item_type(self) -> TypeAdapter[Any]:
        """Give what turns one item into JSON and describes it."""
        return result_adapter(self.declaration.function)

    def shown_arguments(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Give none: what is listened to changes while the stream runs."""
        return {}

    async def listen(self, topics: Topics) -> AsyncGenerator[Any, None]:
        """Yield the items as plain JSON values until the listener goes away."""
        await self._gate.admit(self, {}, current_caller())
        source = self.declaration.function(self._controller, topics)
        try:
            async for item in source:
                yield self.item_type.dump_python(item, mode="json")
        finally:
            await source.aclose()
