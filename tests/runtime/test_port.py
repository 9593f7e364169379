from __future__ import annotations

import asyncio
import logging
import threading
from contextvars import ContextVar

import pytest

from puffling.runtime.actor import Actor, Caller, calling_as, current_caller
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import NotFound, Refused
from puffling.runtime.port import Lane, Port
from puffling.runtime.tasks import TaskScope
from tests.runtime.conftest import Room

_word: ContextVar[str] = ContextVar("word")


async def test_a_thread_gives_its_result_or_its_failure(room: Room) -> None:
    assert await room.port.thread(divmod, 7, 2) == (3, 1)

    def fail() -> None:
        raise NotFound("Nothing there.")

    with pytest.raises(NotFound, match="Nothing there"):
        await room.port.thread(fail)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await room.port.thread(next, iter(()))


async def test_a_thread_has_a_name_and_the_context_of_its_caller(room: Room) -> None:
    _word.set("hello")
    assert await room.port.thread(_word.get) == "hello"
    with calling_as(Caller(Actor.SCHEDULE)):
        assert (await room.port.thread(current_caller)).actor is Actor.SCHEDULE
    name = await room.port.lane("database").run(lambda: threading.current_thread().name)
    assert name.startswith("puffling-database")


async def test_a_lane_runs_its_calls_one_by_one_in_the_order_of_asking(room: Room) -> None:
    lane, done, at_once = room.port.lane("database"), list[int](), list[int]()
    running = threading.Semaphore(1)

    def work(number: int) -> None:
        at_once.append(running.acquire(blocking=False))
        done.append(number)
        running.release()

    await asyncio.gather(*(lane.run(work, number) for number in range(100)))
    assert done == list(range(100))
    assert all(at_once)


async def _news_of_a_cancelled_call(lane: Lane) -> list[str]:
    """What happens when the task that awaits a call is cancelled while the call runs."""
    begun, gate, news = asyncio.Event(), threading.Event(), list[str]()
    scope, loop = TaskScope("test"), asyncio.get_running_loop()

    def write() -> str:
        loop.call_soon_threadsafe(begun.set)
        gate.wait()
        return "written"

    def tell(result: str) -> None:
        assert threading.current_thread() is threading.main_thread()
        news.append(result)
        with pytest.raises(Refused):
            current_caller()

    async def ask() -> str:
        with calling_as(Caller(Actor.PERSON)):
            return await lane.run(write, then=tell)

    asking = scope.spawn(ask(), name="ask")
    await begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert news == []
    gate.set()
    await lane.close()
    return news


async def test_news_of_a_written_row_arrives_once_although_its_caller_was_cancelled(room: Room) -> None:
    assert await _news_of_a_cancelled_call(room.port.lane("database")) == ["written"]


async def test_news_of_a_cancelled_call_arrives_on_the_loop_of_the_window_too(qapp: object) -> None:
    port = Port(SystemClock())
    assert await _news_of_a_cancelled_call(port.lane("database")) == ["written"]
    assert await port.thread(divmod, 7, 2) == (3, 1)
    await port.close()


async def test_news_comes_before_the_answer_and_a_failing_listener_does_not_lose_it(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    lane, order = room.port.lane("database"), list[str]()

    def fail(result: str) -> None:
        order.append(f"news of {result}")
        raise ValueError("a bad listener")

    order.append(await lane.run(str, "row", then=fail))
    assert order == ["news of row", "row"]
    assert "a bad listener" in caplog.text


async def test_a_failed_call_has_no_news(room: Room) -> None:
    news: list[int] = []
    with pytest.raises(ValueError, match="invalid literal"):
        await room.port.lane("database").run(int, "not a number", then=news.append)
    assert news == []


async def test_a_call_that_waits_for_its_turn_does_not_run_when_its_caller_is_cancelled(room: Room) -> None:
    lane, gate, ran = room.port.lane("database"), threading.Event(), list[str]()
    first = lane.begin(gate.wait)
    second = lane.begin(ran.append, "second")
    second.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await first
    await lane.close()
    assert ran == []


async def test_closing_waits_for_what_runs_and_takes_nothing_new(room: Room) -> None:
    lane, gate, ended = room.port.lane("broker"), threading.Event(), list[str]()

    def work() -> None:
        gate.wait()
        ended.append("work")

    answer = lane.begin(work)
    closing = room.scope.spawn(lane.close(), name="close")
    await asyncio.sleep(0.01)
    assert not closing.done()
    gate.set()
    await closing
    assert ended == ["work"]
    assert answer.done()
    with pytest.raises(RuntimeError, match="closed"):
        await lane.run(len, "x")


async def test_the_failure_of_a_call_whose_caller_has_gone_is_in_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    lane, gate = room.port.lane("broker"), threading.Event()

    def fail() -> None:
        gate.wait()
        raise OSError("the disk is full")

    with caplog.at_level(logging.WARNING):
        answer = lane.begin(fail)
        await asyncio.sleep(0.01)
        answer.cancel()
        gate.set()
        await lane.close()
    assert "the disk is full" in caplog.text
