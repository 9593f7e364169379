"""Who may do what: one pure function, and a trail of what it said."""

from __future__ import annotations

from itertools import product

import pytest

from puffling.core.policy import Answer, Attempt, Policy, judge
from puffling.runtime.actor import ALL_SCOPES, Actor, Caller, Scope, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Capability, Controller, Desk, capability
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import NeedsConfirmation, Refused, StorageFailed
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import JobBoard
from puffling.runtime.tasks import TaskScope
from puffling.trading.values import TradingState

PERSON = Caller(Actor.PERSON, present=True)
MODELS = (Actor.ASSISTANT, Actor.AGENT, Actor.MCP)


class Acts(Controller):
    """One act of every effect."""

    def __init__(self) -> None:
        self.done: list[str] = []

    @capability(title="Look", effect=Effect.READ, tool="look")
    async def look(self) -> None:
        """Look."""
        self.done.append("look")

    @capability(title="Look inside", effect=Effect.READ)
    async def look_inside(self) -> None:
        """Look where no tool looks."""

    @capability(title="Compute", effect=Effect.COMPUTE, tool="compute")
    async def compute(self) -> None:
        """Compute."""

    @capability(title="Write", effect=Effect.WRITE, tool="write")
    async def write(self) -> None:
        """Write."""
        self.done.append("write")

    @capability(title="Stop", effect=Effect.WRITE, tool="stop", protective=True)
    async def stop(self) -> None:
        """Stop."""
        self.done.append("stop")

    @capability(title="Propose", effect=Effect.WRITE, tool="propose", proposes=True)
    async def propose(self) -> None:
        """Propose."""

    @capability(title="Trade", effect=Effect.TRADE, tool="trade")
    async def trade(self) -> None:
        """Trade."""

    @capability(title="Cancel", effect=Effect.TRADE, while_halted=True)
    async def cancel(self) -> None:
        """Cancel."""

    @capability(title="Guard", effect=Effect.GUARD)
    async def guard(self) -> None:
        """Guard."""
        self.done.append("guard")


class Trail:
    """What the policy recorded; it can be made to fail like a full disk."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Answer]] = []
        self.full = False

    async def record(self, attempt: Attempt) -> None:
        """Keep the line."""
        if self.full:
            raise StorageFailed("The disk is full.")
        self.lines.append((attempt.ability.id, attempt.verdict.answer))


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest.fixture
def acts(trail: Trail) -> Acts:
    acts = Acts()
    policy = Policy(lambda: TradingState.ACTIVE, trail.record)
    acts.bind(Desk(policy, JobBoard(SystemClock(), Bus(), TaskScope("test"))))
    return acts


def answer(acts: Acts, verb: str, caller: Caller, trading: TradingState = TradingState.ACTIVE) -> Answer:
    return judge(acts.abilities[verb], caller, trading).answer


def test_the_present_person_may_do_everything_while_trading_is_active(acts: Acts) -> None:
    assert {answer(acts, verb, PERSON) for verb in acts.abilities} == {Answer.ALLOW}


def test_guarded_acts_are_refused_to_everybody_who_is_not_present(acts: Acts) -> None:
    for actor, present in product(Actor, (False, True)):
        if (actor, present) != (Actor.PERSON, True):
            assert answer(acts, "guard", Caller(actor, present=present)) is Answer.REFUSE


def test_protective_acts_are_open_to_every_caller_in_every_state(acts: Acts) -> None:
    for actor, trading in product(Actor, TradingState):
        assert answer(acts, "stop", Caller(actor, scopes=frozenset()), trading) is Answer.ALLOW


@pytest.mark.parametrize("actor", MODELS)
def test_models_read_through_tools_and_only_propose_changes(acts: Acts, actor: Actor) -> None:
    caller = Caller(actor)
    assert answer(acts, "look", caller) is Answer.ALLOW
    assert answer(acts, "look-inside", caller) is Answer.REFUSE
    assert answer(acts, "write", caller) is Answer.ASK
    assert answer(acts, "trade", caller) is Answer.ASK
    assert answer(acts, "propose", caller) is Answer.ALLOW
    assert answer(acts, "propose", Caller(actor, scopes=frozenset({Scope.READ}))) is Answer.REFUSE


@pytest.mark.parametrize(
    ("verb", "scope"),
    [("look", Scope.READ), ("compute", Scope.WRITE), ("write", Scope.WRITE), ("trade", Scope.TRADE)],
)
def test_a_token_reaches_as_far_as_its_scopes(acts: Acts, verb: str, scope: Scope) -> None:
    assert answer(acts, verb, Caller(Actor.HTTP, scopes=frozenset({scope}))) is Answer.ALLOW
    assert answer(acts, verb, Caller(Actor.HTTP, scopes=ALL_SCOPES - {scope})) is Answer.REFUSE


def test_a_halt_stops_trades_of_everybody(acts: Acts) -> None:
    for actor in Actor:
        assert answer(acts, "trade", Caller(actor, present=True), TradingState.HALTED) is Answer.REFUSE


def test_a_halt_does_not_keep_anybody_from_cancelling(acts: Acts) -> None:
    assert answer(acts, "cancel", PERSON, TradingState.HALTED) is Answer.ALLOW
    assert answer(acts, "cancel", Caller(Actor.ASSISTANT), TradingState.HALTED) is Answer.REFUSE


async def test_changes_leave_a_line_whether_allowed_or_refused(acts: Acts, trail: Trail) -> None:
    with calling_as(PERSON):
        await acts.look()
        await acts.write()
    with calling_as(Caller(Actor.HTTP)), pytest.raises(Refused):
        await acts.guard()
    with calling_as(Caller(Actor.AGENT)), pytest.raises(NeedsConfirmation):
        await acts.write()
    assert trail.lines == [
        ("acts.write", Answer.ALLOW),
        ("acts.guard", Answer.REFUSE),
        ("acts.write", Answer.ASK),
    ]
    assert acts.done == ["look", "write"]


async def test_without_a_trail_nothing_changes_but_stopping_still_works(acts: Acts, trail: Trail) -> None:
    trail.full = True
    with calling_as(PERSON):
        with pytest.raises(StorageFailed):
            await acts.write()
        await acts.stop()
    assert acts.done == ["stop"]


def test_every_effect_has_a_scope_or_is_guarded(acts: Acts) -> None:
    abilities: list[Capability] = list(acts.abilities.values())
    assert {ability.effect for ability in abilities} == set(Effect)
