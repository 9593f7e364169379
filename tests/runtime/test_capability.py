"""What a declared method becomes: checked, gated, listed once, startable as a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated

import pytest
from pydantic import Field, SecretStr

from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, Desk, capability
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import InvalidInput, NotFound, Refused, Stopped
from puffling.runtime.gate import Admissible, Effect
from puffling.runtime.jobs import Job, JobBoard, JobState
from puffling.runtime.registry import Registry
from puffling.runtime.streams import Topics, stream
from puffling.runtime.tasks import TaskScope

PERSON = Caller(Actor.PERSON, present=True)


class Birds(Controller):
    """A domain for these tests."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.resting = asyncio.Event()

    @capability(title="Count birds", effect=Effect.READ, http="GET /api/birds/{kind}", tool="count_birds")
    async def count(
        self, kind: Annotated[str, Field(description="The kind.", min_length=2)], most: int = 5
    ) -> tuple[str, ...]:
        """Count the birds of a kind.

        Slowly.
        """
        self.seen.append(kind)
        return (kind,) * most

    @capability(title="Ring bird", effect=Effect.WRITE)
    async def ring_one(self, code: SecretStr) -> None:
        """Put a ring on a bird."""

    @capability(title="Fly south", effect=Effect.COMPUTE, job=True)
    async def migrate(self, far: int = 1) -> int:
        """Fly for a while."""
        Job.current().progress(1, 2)
        if far > 100:
            self.resting.set()
            await asyncio.Event().wait()
        return far * 2

    @stream(title="Songs", ws="/ws/songs")
    async def songs(self, topics: Topics) -> AsyncIterator[str]:
        """Sing what is asked for."""
        for name in sorted(topics.names):
            yield name


class Gate:
    """Lets everybody but one through, and remembers who came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, Mapping[str, object]]] = []

    async def admit(self, ability: Admissible, arguments: Mapping[str, object], caller: Caller) -> None:
        """Turn the agent away."""
        if caller.actor is Actor.AGENT:
            raise Refused("Not you.")
        self.came.append((ability.id, ability.shown_arguments(arguments)))


class Yard:
    """One bound controller with its door."""

    def __init__(self) -> None:
        self.scope = TaskScope("test")
        self.gate = Gate()
        self.board = JobBoard(SystemClock(), Bus(), self.scope)
        self.birds = Birds()
        self.birds.bind(Desk(self.gate, self.board))
        self.registry = Registry()
        self.registry.add(self.birds)


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    yard = Yard()
    yield yard
    await yard.board.close()
    await yard.scope.close()


async def test_a_call_without_a_caller_is_refused(yard: Yard) -> None:
    with pytest.raises(Refused, match="Nobody said"):
        await yard.birds.count("owl")
    assert yard.birds.seen == []


async def test_a_direct_call_passes_the_gate_like_a_named_one(yard: Yard) -> None:
    with calling_as(PERSON):
        assert await yard.birds.count("owl", most=1) == ("owl",)
        assert await yard.registry.invoke("birds.count", {"kind": "owl", "most": "2"}) == ("owl", "owl")
    assert yard.gate.came == [
        ("birds.count", {"kind": "owl", "most": 1}),
        ("birds.count", {"kind": "owl", "most": 2}),
    ]
    with calling_as(Caller(Actor.AGENT)), pytest.raises(Refused):
        await yard.birds.count("owl")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "kind"),
        ({"kind": "o"}, "kind"),
        ({"kind": "owl", "most": "x"}, "most"),
        ({"kind": "owl", "wing": 1}, "wing"),
    ],
)
async def test_a_wrong_argument_is_named_and_nothing_happens(
    yard: Yard, arguments: dict[str, object], field: str
) -> None:
    with calling_as(PERSON), pytest.raises(InvalidInput) as caught:
        await yard.registry.invoke("birds.count", arguments)
    assert caught.value.field == field
    assert caught.value.hint
    assert yard.gate.came == []


async def test_a_secret_argument_is_masked_where_it_is_recorded(yard: Yard) -> None:
    with calling_as(PERSON):
        await yard.birds.ring_one(SecretStr("hush-hush"))
    assert "hush" not in repr(yard.gate.came)


async def test_the_declaration_gives_every_face_its_words(yard: Yard) -> None:
    count = yard.registry.get("birds.count")
    assert (count.title, count.summary) == ("Count birds", "Count the birds of a kind.")
    assert count.http is not None
    assert (count.http.method, count.http.path_parameters) == ("GET", ("kind",))
    assert count.needs_arguments
    schema = count.arguments_model.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["kind"]["description"] == "The kind."
    assert count.dump(("a",)) == ["a"]
    assert [found.id for found in yard.registry] == ["birds.count", "birds.migrate", "birds.ring-one"]


async def test_an_unknown_ability_is_answered_with_near_ones(yard: Yard) -> None:
    with pytest.raises(NotFound, match=r"birds\.count"):
        yard.registry.get("birds.cuont")


def test_two_abilities_cannot_claim_one_name() -> None:
    registry, again = Registry(), Birds()
    for birds in (Birds(), again):
        birds.bind(Desk(Gate(), JobBoard(SystemClock(), Bus(), TaskScope("none"))))
    registry.add(again)
    with pytest.raises(ValueError, match=r"birds\.count claims"):
        registry.add(again)


class Frogs(Controller):
    """Others that sing where the birds do."""

    @stream(title="Croaks", ws="/ws/songs")
    async def croaks(self, topics: Topics) -> AsyncIterator[str]:
        """Tell of every croak."""
        yield "quak"


def test_two_streams_cannot_claim_one_route(yard: Yard) -> None:
    frogs = Frogs()
    frogs.bind(Desk(Gate(), yard.board))
    with pytest.raises(ValueError, match=r"frogs\.croaks claims the route /ws/songs"):
        yard.registry.add(frogs)


async def test_a_long_ability_is_waited_for_or_put_on_the_board(yard: Yard) -> None:
    with calling_as(PERSON):
        assert await yard.birds.migrate(4) == 8
        job = await yard.registry.get("birds.migrate").start({"far": 5})
    assert await job.wait() == 10
    assert [record.state for record in yard.board.all()] == [JobState.DONE, JobState.DONE]


async def test_giving_up_a_long_call_cancels_its_job(yard: Yard) -> None:
    async def call() -> None:
        with calling_as(PERSON):
            await yard.birds.migrate(1000)

    scope = TaskScope("caller")
    task = scope.spawn(call(), name="call")
    await yard.birds.resting.wait()
    [job] = yard.board.all()
    task.cancel()
    with pytest.raises(Stopped):
        await job.wait()
    assert job.state is JobState.CANCELLED
    await scope.close()


async def test_a_stream_gives_plain_values_to_a_known_listener_only(yard: Yard) -> None:
    source = yard.registry.get_stream("birds.songs")
    with calling_as(PERSON):
        assert [item async for item in source.listen(Topics(("b", "a")))] == ["a", "b"]
    with pytest.raises(Refused):
        _ = [item async for item in source.listen(Topics(("a",)))]
    with calling_as(Caller(Actor.AGENT)), pytest.raises(Refused, match="Not you"):
        _ = [item async for item in source.listen(Topics(("a",)))]
