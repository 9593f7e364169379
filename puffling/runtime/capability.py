"""One declaration per ability: from it come the call, the route, the verb, the menu entry and the tool.

A controller method that carries `@capability` is the only description of what it does. Its signature
is the schema of its arguments, its docstring the help, and its effect decides who may call it. The
models that check arguments are built on first use, because building all of them at start costs more
than showing the window.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    get_type_hints,
)

from puffling.runtime.actor import Caller, current_caller
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter, ValidationError

    from puffling.runtime.jobs import Job, JobBoard

C = TypeVar("C", bound="Controller")
P = ParamSpec("P")
R = TypeVar("R")


class Effect(StrEnum):
    """What a call does to the world; the policy decides by it who may make the call."""

    READ = "read"
    COMPUTE = "compute"
    WRITE = "write"
    TRADE = "trade"
    GUARD = "guard"

    @property
    def changes(self) -> bool:
        """Tell whether calls of this effect belong in the audit trail."""
        return self in {Effect.WRITE, Effect.TRADE, Effect.GUARD}


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path over HTTP, written as in `GET /api/watchlists/{watchlist}`."""

    method: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Route:
        """Read the route from its one-line form."""
        method, _, path = text.partition(" ")
        if method not in {"GET", "POST", "PUT", "PATCH", "DELETE"} or not path.startswith("/api/"):
            raise ValueError(f"not a route: {text!r}")
        return cls(method, path)

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Name the parameters that stand in the path."""
        return tuple(re.findall(r"{(\w+)(?::\w+)?}", self.path))


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a decorator says about a controller method.

    `protective` marks an act that can only make things safer, such as halting: everybody may do it.
    """

    title: str
    effect: Effect
    verb: str
    http: Route | None
    tool: str | None
    menu: str | None
    shortcut: str | None
    job: bool
    protective: bool
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class StreamDeclaration:
    """What a decorator says about a controller method that yields values as they come."""

    title: str
    ws: str
    function: Callable[..., Any]


def capability(
    *,
    title: str,
    effect: Effect,
    verb: str | None = None,
    http: str | None = None,
    tool: str | None = None,
    menu: str | None = None,
    shortcut: str | None = None,
    job: bool = False,
    protective: bool = False,
) -> Callable[
    [Callable[Concatenate[C, P], Coroutine[Any, Any, R]]], Callable[Concatenate[C, P], Coroutine[Any, Any, R]]
]:
    """Declare an async controller method to be an ability of Puffling."""

    def declare(
        function: Callable[Concatenate[C, P], Coroutine[Any, Any, R]],
    ) -> Callable[Concatenate[C, P], Coroutine[Any, Any, R]]:
        declaration = Declaration(
            title=title,
            effect=effect,
            verb=verb or function.__name__.replace("_", "-"),
            http=Route.parse(http) if http else None,
            tool=tool,
            menu=menu,
            shortcut=shortcut,
            job=job,
            protective=protective,
            function=function,
        )

        @functools.wraps(function)
        async def call(controller: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
            ability = controller.abilities[declaration.verb]
            return cast("R", await ability(*args, **kwargs))

        call.declaration = declaration  # type: ignore[attr-defined]  # a function has no other place for it
        return call

    return declare


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


class Gate(Protocol):
    """Decides whether a caller may do what it asks; core hands in the policy."""

    async def admit(self, ability: Capability, arguments: Mapping[str, object], caller: Caller) -> None:
        """Return when the call may go on, and raise a refusal for people when it may not."""
        ...


class Invoker(Protocol):
    """Calls abilities by their id, for those who must not know the controllers."""

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call the ability and give its result."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What every ability call passes: the gate, and the board on which long work is kept."""

    gate: Gate
    board: JobBoard


class Controller:
    """A domain of abilities; each public method that is declared becomes one."""

    domain: ClassVar[str]

    def __init_subclass__(cls, domain: str | None = None) -> None:
        super().__init_subclass__()
        cls.domain = domain or cls.__name__.lower()

    def bind(self, desk: Desk) -> None:
        """Make the declared methods callable; core does this once for each controller."""
        self.abilities: dict[str, Capability] = {}
        self.streams: dict[str, Stream] = {}
        for name in dir(type(self)):
            declaration = getattr(getattr(type(self), name), "declaration", None)
            if isinstance(declaration, Declaration):
                self.abilities[declaration.verb] = Capability(self, declaration, desk)
            elif isinstance(declaration, StreamDeclaration):
                self.streams[name.replace("_", "-")] = Stream(self, declaration, desk)


class Capability:
    """An ability that is ready to be called: a declaration, its controller and the door before it."""

    def __init__(self, controller: Controller, declaration: Declaration, desk: Desk) -> None:
        self.domain = controller.domain
        self.id = f"{controller.domain}.{declaration.verb}"
        self.declaration = declaration
        self.effect = declaration.effect
        self.http = declaration.http
        self.tool = declaration.tool
        self.menu = declaration.menu
        self.shortcut = declaration.shortcut
        self.job = declaration.job
        self.protective = declaration.protective
        self._controller = controller
        self._desk = desk

    @property
    def title(self) -> str:
        """Give the name of the ability as a person reads it."""
        return tr(self.declaration.title)

    @property
    def summary(self) -> str:
        """Give the first line of the docstring, which is the help."""
        return tr((inspect.getdoc(self.declaration.function) or "").partition("\n")[0])

    @property
    def help(self) -> str:
        """Give the whole docstring."""
        return tr(inspect.getdoc(self.declaration.function) or "")

    @functools.cached_property
    def arguments_model(self) -> type[BaseModel]:
        """Give the model that checks the arguments: the signature, with nothing extra allowed."""
        from pydantic import ConfigDict, create_model

        hints = get_type_hints(self.declaration.function, include_extras=True)
        fields: dict[str, Any] = {}
        for parameter in self._parameters:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (hints[parameter.name], default)
        name = f"{self.domain}_{self.declaration.verb}".title().replace("_", "").replace("-", "")
        return create_model(f"{name}Arguments", __config__=ConfigDict(extra="forbid"), **fields)

    @functools.cached_property
    def result_type(self) -> TypeAdapter[Any]:
        """Give what turns a result into JSON and describes it."""
        return result_adapter(self.declaration.function)

    @property
    def needs_arguments(self) -> bool:
        """Tell whether the ability cannot be called with nothing given."""
        return any(parameter.default is parameter.empty for parameter in self._parameters)

    def check(self, arguments: Mapping[str, object]) -> dict[str, Any]:
        """Give the arguments in the types of the signature, or say which field is wrong."""
        return dict(self._model_of(arguments))

    def dump(self, result: object) -> Any:
        """Give the result as plain JSON values."""
        return self.result_type.dump_python(result, mode="json")

    def shown_arguments(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Give the arguments as JSON values for the audit trail; secrets are masked by their type."""
        return self._model_of(arguments).model_dump(mode="json")

    def _model_of(self, arguments: Mapping[str, object]) -> BaseModel:
        from pydantic import ValidationError

        try:
            return self.arguments_model.model_validate(dict(arguments))
        except ValidationError as error:
            raise invalid_input(error) from None

    async def __call__(self, /, *args: object, **kwargs: object) -> Any:
        """Check the arguments, pass the gate and do it; a long one is waited for on the board."""
        arguments = await self._admitted(self._bound(args, kwargs))
        if not self.job:
            return await self.declaration.function(self._controller, **arguments)
        job = self._start(arguments)
        try:
            return await job.wait()
        finally:
            if job.ended is None:
                self._desk.board.cancel(job.id)

    async def invoke(self, arguments: Mapping[str, object]) -> Any:
        """Call the ability with named arguments."""
        return await self(**arguments)

    async def start(self, arguments: Mapping[str, object]) -> Job:
        """Put the ability on the job board and give its record without waiting for the end."""
        return self._start(await self._admitted(self._bound((), arguments)))

    def _start(self, arguments: Mapping[str, Any]) -> Job:
        return self._desk.board.start(
            self.title,
            functools.partial(self.declaration.function, self._controller, **arguments),
            caller=current_caller(),
            capability_id=self.id,
        )

    async def _admitted(self, arguments: Mapping[str, object]) -> dict[str, Any]:
        checked = self.check(arguments)
        await self._desk.gate.admit(self, checked, current_caller())
        return checked

    def _bound(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        names = [parameter.name for parameter in self._parameters]
        if len(args) > len(names):
            raise InvalidInput(
                tr("{ability} takes at most {count} arguments.", ability=self.id, count=len(names))
            )
        return {**dict(zip(names, args, strict=False)), **kwargs}

    @functools.cached_property
    def _parameters(self) -> tuple[inspect.Parameter, ...]:
        return tuple(inspect.signature(self.declaration.function).parameters.values())[1:]


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

    def __init__(self, controller: Controller, declaration: StreamDeclaration, desk: Desk) -> None:
        self.domain = controller.domain
        self.id = f"{controller.domain}.{declaration.function.__name__.replace('_', '-')}"
        self.ws = declaration.ws
        self.declaration = declaration
        self._controller = controller

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

    async def listen(self, topics: Topics) -> AsyncGenerator[Any, None]:
        """Yield the items as plain JSON values until the listener goes away."""
        current_caller()
        source = self.declaration.function(self._controller, topics)
        try:
            async for item in source:
                yield self.item_type.dump_python(item, mode="json")
        finally:
            await source.aclose()


class Registry:
    """All abilities and streams of one core, by id; the one list from which every face is made."""

    def __init__(self) -> None:
        self._capabilities: dict[str, Capability] = {}
        self._streams: dict[str, Stream] = {}

    def add(self, controller: Controller) -> None:
        """Take in what a bound controller offers; two abilities cannot claim one name."""
        taken = {key for ability in self for key in _claims(ability)}
        for ability in controller.abilities.values():
            for key in _claims(ability):
                if key in taken:
                    raise ValueError(f"{ability.id} claims {key}, which is taken")
                taken.add(key)
            self._capabilities[ability.id] = ability
        for source in controller.streams.values():
            self._streams[source.id] = source

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


def result_adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    """Give the adapter for what a function answers, or for the items that it yields."""
    from pydantic import TypeAdapter

    annotation = get_type_hints(function, include_extras=True)["return"]
    if getattr(annotation, "__origin__", None) is AsyncIterator:
        annotation = annotation.__args__[0]
    return TypeAdapter(annotation)


def invalid_input(error: ValidationError) -> InvalidInput:
    """Turn the first finding of a validation into a message that names the field and what to do."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
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
    message = found["msg"].removeprefix("Value error, ")
    return InvalidInput(
        tr("{field}: {message}.", field=field or tr("The value"), message=message.rstrip(".")),
        field=field,
        hint=tr("Correct the value and try again."),
    )


def _claims(ability: Capability) -> Iterator[str]:
    yield f"the id {ability.id}"
    if ability.http:
        yield f"the route {ability.http.method} {re.sub(r'{.*?}', '{}', ability.http.path)}"
    if ability.tool:
        yield f"the tool {ability.tool}"
    if ability.shortcut:
        yield f"the shortcut {ability.shortcut}"


def _unknown(wanted: str, known: Mapping[str, object]) -> NotFound:
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    hint = (
        tr("Did you mean {near}?", near=", ".join(near))
        if near
        else tr("See the list of abilities in the help.")
    )
    return NotFound(tr("There is no ability called {name}.", name=wanted), hint=hint)
