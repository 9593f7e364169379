"""How a feed says that it is well, silent, mute, or on its way back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from puffling.market.values import Condition
from tests.market.boards import open_room

SATURDAY = datetime(2026, 11, 21, 15, tzinfo=UTC)
BEFORE_OPEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


async def test_silence_is_told_within_ten_seconds_and_ends_with_the_next_price() -> None:
    async with open_room() as room:
        room.board.watch(["SPY"])
        await room.live(0.5)
        room.trade("SPY", 750.0)
        room.states.clear()
        await room.live(7.0)
        assert Condition.STALE not in room.conditions
        await room.live(2.9)
        stale = room.board.states()[0]
        assert room.conditions[-1] is stale.condition is Condition.STALE
        assert stale.stale
        assert stale.connected
        assert stale.age_seconds is not None
        assert 9.0 < stale.age_seconds < 10.0
        room.trade("SPY", 751.0)
        assert room.states[-1].state.condition is Condition.LIVE
        assert not room.board.states()[0].stale


async def test_a_feed_that_is_connected_and_never_says_a_word_is_mute() -> None:
    async with open_room() as room:
        room.board.watch(["SPY"])
        await room.live(9.9)
        assert room.conditions[-1] is Condition.MUTE
        assert room.board.states()[0].connected


async def test_silence_is_no_fault_while_nobody_watches_or_the_exchange_is_closed() -> None:
    async with open_room() as room:
        await room.live(600.0)
        assert room.board.states()[0].condition is Condition.QUIET
        stop = room.board.watch(["SPY"])
        await room.live(60.0)
        stop()
        assert room.board.states()[0].condition is Condition.QUIET
    async with open_room(SATURDAY) as room:
        room.board.watch(["SPY"])
        await room.live(600.0)
        assert set(room.conditions) == {Condition.QUIET}
        assert not room.board.states()[0].stale


async def test_who_watches_again_after_a_pause_is_not_told_of_the_silence_before() -> None:
    async with open_room() as room:
        stop = room.board.watch(["SPY"])
        await room.live(0.5)
        room.trade("SPY", 750.0)
        stop()
        await room.live(600.0)
        room.board.watch(["SPY"])
        assert room.board.states()[0].condition is Condition.LIVE


async def test_before_the_open_trades_may_be_a_minute_apart() -> None:
    async with open_room(BEFORE_OPEN) as room:
        room.board.watch(["SPY"])
        await room.live(50.0)
        assert not room.board.states()[0].stale
        await room.live(15.0)
        assert room.board.states()[0].stale


async def test_a_lost_connection_says_which_try_comes_when_and_heals_with_the_first_price() -> None:
    async with open_room() as room:
        room.board.watch(["SPY"])
        await room.live(0.5)
        room.trade("SPY", 750.0)
        room.states.clear()
        room.board.reconnecting("demo", 1, 2.0, "no network")
        room.board.reconnecting("demo", 2, 4.0, "no network")
        await room.live(1.0)
        state = room.board.states()[0]
        assert (state.condition, state.attempt, state.note) == (Condition.RECONNECTING, 2, "no network")
        assert state.next_try_seconds == pytest.approx(3.0)
        assert state.stale
        assert [each.state.attempt for each in room.states] == [1, 2]
        room.board.connection("demo", connected=True)
        room.trade("SPY", 751.0)
        assert room.board.states()[0].condition is Condition.LIVE
        assert room.board.states()[0].next_try_seconds is None


async def test_garbage_alone_does_not_count_as_being_alive() -> None:
    async with open_room() as room:
        room.board.watch(["SPY"])
        for _ in range(12):
            await room.live(1.0)
            room.trade("SPY", float("nan"))
        assert room.conditions[-1] is Condition.MUTE
