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
from collections.abc import Callable, Coroutine, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    ParamSpec,
    TypeVar,
    cast,
    get_type_hints,
)

from puffling.frozen import frozen
from puffling.runtime.actor import current_caller
from puffling.runtime.errors import InvalidInput
from puffling.runtime.gate import Effect, Gate
from puffling.runtime.schema import invalid_input, result_adapter
from puffling.runtime.streams import Stream, StreamDeclaration
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

    from puffling.runtime.jobs import Job, JobBoard

C = TypeVar("C", bound="Controller")
P = ParamSpec("P")
R = TypeVar("R")


@frozen
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


@frozen
class Declaration:
    """What a decorator says about a controller method.

    `protective` marks an act that can only make things safer, such as halting: everybody may do it.
    `proposes` marks one that only puts a question before the person: what a model may do where acting is not
    for it. `while_halted` marks a trade that a halt does not stop at the door: where it matters, the order
    desk does. `confirmed_by` is the verb that carries out what this one only shows; its answer has a `token`.
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
    proposes: bool
    while_halted: bool
    confirmed_by: str | None
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
    proposes: bool = False,
    while_halted: bool = False,
    confirmed_by: str | None = None,
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
            proposes=proposes,
            while_halted=while_halted,
            confirmed_by=confirmed_by,
            function=function,
        )

        @functools.wraps(function)
        async def call(controller: C, /, *args: P.args, **kwargs: P.kwargs) -> R:
            ability = controller.abilities[declaration.verb]
            return cast("R", await ability(*args, **kwargs))

        call.declaration = declaration  # type: ignore[attr-defined]  # a function has no other place for it
        return call

    return declare


@frozen
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
                self.streams[name.replace("_", "-")] = Stream(self, declaration, desk.gate)


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
        self.proposes = declaration.proposes
        self.while_halted = declaration.while_halted
        self._controller = controller
        self._desk = desk

    @property
    def confirmed_by(self) -> str:
        """Give the id of the ability that carries out what this one shows; empty for most."""
        verb = self.declaration.confirmed_by
        return f"{self.domain}.{verb}" if verb else ""

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

    def prepare(self) -> None:
        """Build now what a first call would build: the models of arguments and result."""
        _ = self.arguments_model, self.result_type

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
                await job.finished()

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
