"""Tools come from the declarations, and a call is taken only when it is complete and strict."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
from pydantic import Field

from puffling.assistant.tools import LONGEST_ANSWER, call_tool, shown_name, tools
from puffling.core.policy import Attempt, Policy
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, Desk, capability
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import InvalidInput, NeedsConfirmation, NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import JobBoard
from puffling.runtime.registry import Registry
from puffling.runtime.tasks import TaskScope
from puffling.trading.values import TradingState

ASSISTANT = Caller(Actor.ASSISTANT)


class Shelf(Controller):
    """Things an assistant may and may not touch."""

    def __init__(self) -> None:
        self.sold: list[int] = []

    @capability(title="Look", effect=Effect.READ, tool="look")
    async def look(self, count: Annotated[int, Field(description="How many.", ge=1, le=1_000_000)]) -> str:
        """Look at the shelf."""
        return "x" * count

    @capability(title="Sell", effect=Effect.WRITE, tool="sell")
    async def sell(self, count: int) -> None:
        """Sell from the shelf."""
        self.sold.append(count)

    @capability(title="Unlock", effect=Effect.GUARD, tool="unlock")
    async def unlock(self) -> None:
        """Unlock the shelf, which no tool may do whatever its declaration says."""
        self.sold.append(-1)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def registry(shelf: Shelf) -> Registry:
    async def record(_: Attempt) -> None:
        return

    registry = Registry()
    shelf.bind(
        Desk(
            Policy(lambda: TradingState.ACTIVE, record),
            JobBoard(SystemClock(), Bus(), TaskScope("test")),
        )
    )
    registry.add(shelf)
    return registry


def test_a_tool_is_told_with_the_words_and_bounds_of_its_ability(registry: Registry) -> None:
    look = next(tool for tool in tools(registry) if tool.name == "look")
    assert look.description == "Look at the shelf."
    assert look.input_schema["properties"]["count"]["maximum"] == 1_000_000
    assert look.input_schema["additionalProperties"] is False


async def test_acts_reserved_for_the_person_are_no_tools(registry: Registry, shelf: Shelf) -> None:
    assert [tool.name for tool in tools(registry)] == ["look", "sell"]
    with calling_as(ASSISTANT), pytest.raises(NotFound):
        await call_tool(registry, "unlock", "{}")
    assert shelf.sold == []


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        '{"count": 1',
        '{"count": 1} and more',
        '{"count": 1, "count": 100}',
        '{"count": NaN}',
        "[1]",
        '"count"',
        "[" * 100_000,
        json.dumps({"count": 1, "note": "x" * 30_000}),
        '{"count": 1, "extra": true}',
        '{"count": 0}',
        "{}",
    ],
)
async def test_a_call_that_is_not_exactly_right_is_refused(registry: Registry, arguments: str) -> None:
    with calling_as(ASSISTANT), pytest.raises(InvalidInput):
        await call_tool(registry, "look", arguments)


async def test_a_change_is_only_proposed(registry: Registry, shelf: Shelf) -> None:
    with calling_as(ASSISTANT), pytest.raises(NeedsConfirmation):
        await call_tool(registry, "sell", '{"count": 1}')
    assert shelf.sold == []


async def test_an_answer_is_cut_where_a_model_stops_reading(registry: Registry) -> None:
    with calling_as(ASSISTANT):
        assert json.loads(await call_tool(registry, "look", '{"count": 3}')) == "xxx"
        cut = json.loads(await call_tool(registry, "look", '{"count": 900000}'))
    assert (cut["cut_at"], len(cut["beginning"])) == (LONGEST_ANSWER, LONGEST_ANSWER)


def test_a_name_from_outside_is_shown_without_what_could_fool_the_eye() -> None:
    assert shown_name("sell\u202e\x1b[31m" + "x" * 100) == ("sell???31m" + "x" * 100)[:64].replace("[", "?")
