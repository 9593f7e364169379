from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from puffling.runtime.tasks import TaskScope


async def test_a_task_has_the_name_of_its_owner_and_gives_its_result() -> None:
    scope = TaskScope("market")

    async def work() -> int:
        return 7

    task = scope.spawn(work(), name="feed")
    assert task.get_name() == "market.feed"
    assert len(scope) == 1
    assert await task == 7
    await asyncio.sleep(0)
    assert len(scope) == 0


async def test_closing_ends_every_task_and_waits_for_its_last_words() -> None:
    scope, ended = TaskScope("market"), list[int]()

    async def work(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.001)
            ended.append(number)

    for number in range(3):
        _ = scope.spawn(work(number), name=str(number))
    await asyncio.sleep(0)
    await scope.close()
    assert ended == [0, 1, 2]
    assert scope.closed
    with pytest.raises(RuntimeError, match="closed"):
        _ = scope.spawn(work(4), name="late")


def test_what_is_started_while_the_loop_pauses_waits_for_it() -> None:
    scope, done = TaskScope("window"), list[int]()

    async def work(number: int) -> None:
        done.append(number)

    async def begin() -> None:
        await scope.spawn(work(1), name="first")

    with pytest.raises(RuntimeError, match="no loop"):
        scope.spawn(work(0), name="too early")
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(begin())
        task = scope.spawn(work(2), name="between")
        assert done == [1]
        loop.run_until_complete(task)
        assert done == [1, 2]
    with pytest.raises(RuntimeError, match="no loop"):
        scope.spawn(work(3), name="too late")


async def test_a_task_may_close_the_scope_it_lives_in() -> None:
    scope = TaskScope("market")

    async def close() -> str:
        await scope.close()
        return "closed"

    other = scope.spawn(asyncio.Event().wait(), name="other")
    assert await scope.spawn(close(), name="close") == "closed"
    assert other.cancelled()


async def test_a_task_that_fails_is_reported_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("a bug")

    failures: list[tuple[str, str]] = []
    told = TaskScope("told", on_failure=lambda name, error: failures.append((name, str(error))))
    await asyncio.wait([told.spawn(fail(), name="work"), TaskScope("logged").spawn(fail(), name="work")])
    await asyncio.sleep(0)
    assert failures == [("told.work", "a bug")]
    assert "logged.work failed" in caplog.text
