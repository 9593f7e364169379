"""What was shown can be done once, soon, and by whoever saw it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from puffling.runtime.actor import Actor, Caller
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict
from puffling.trading.confirmations import VALID, Confirmations
from puffling.trading.values import Done

ME = Caller(Actor.PERSON)
START = datetime(2026, 3, 4, 16, tzinfo=UTC)


async def act() -> Done:
    return Done("Done.")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def confirmations(clock: FixedClock) -> Confirmations:
    return Confirmations(clock)


async def test_what_was_shown_is_done_once(confirmations: Confirmations) -> None:
    token, expires_at = confirmations.offer(act, ME)
    assert expires_at == START + VALID
    assert await confirmations.take(token, ME)() == Done("Done.")
    with pytest.raises(Conflict, match="nothing to confirm"):
        confirmations.take(token, ME)


def test_what_was_shown_too_long_ago_is_shown_again(confirmations: Confirmations, clock: FixedClock) -> None:
    token, _ = confirmations.offer(act, ME)
    clock.advance(VALID.total_seconds())
    with pytest.raises(Conflict, match="two minutes ago"):
        confirmations.take(token, ME)


def test_nobody_else_confirms_what_i_was_shown(confirmations: Confirmations) -> None:
    token, _ = confirmations.offer(act, ME)
    for other in (Caller(Actor.HTTP), Caller(Actor.PERSON, name="another of the kind")):
        with pytest.raises(Conflict, match="nothing to confirm"):
            confirmations.take(token, other)
    assert confirmations.take(token, ME) is act


def test_whoever_looks_without_end_forgets_the_oldest(
    confirmations: Confirmations, clock: FixedClock
) -> None:
    tokens = [confirmations.offer(act, ME)[0] for _ in range(501)]
    with pytest.raises(Conflict):
        confirmations.take(tokens[0], ME)
    assert confirmations.take(tokens[1], ME) is act
    clock.advance(timedelta(minutes=3).total_seconds())
    newest, _ = confirmations.offer(act, ME)
    with pytest.raises(Conflict, match="nothing to confirm"):
        confirmations.take(tokens[-1], ME)
    assert confirmations.take(newest, ME) is act
