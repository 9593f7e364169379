from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

import numpy as np
import psutil
import pytest

from puffling.runtime.child import FLAG
from puffling.runtime.clock import SystemClock
from puffling.runtime.compute import checkpoint, hand_over, keep_pauses_short
from puffling.runtime.errors import Crashed, Fault, NotFound
from puffling.runtime.jobs import JobState
from puffling.runtime.wire import read_value, write_value
from tests.runtime import work
from tests.runtime.conftest import PERSON, Room, build_room

# Windows knows no signals: what ends a process there is one number.
MEMORY_FAULT = "exit code 3221225477" if sys.platform == "win32" else "SIGSEGV"
KILLED = "exit code 15" if sys.platform == "win32" else "SIGKILL"


def _processes() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _wait_for_the_end_of(*processes: psutil.Process) -> None:
    """Come back when these have ended; whether somebody has collected them yet is not their doing."""
    pause = threading.Event()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE:
                pause.wait(0.01)


async def test_a_function_runs_in_a_process_of_its_own_and_its_result_comes_back(room: Room) -> None:
    first, second = room.start(work.own_id), room.start(work.own_id)
    assert await room.start(work.add, 1, 2).wait() == 3
    ids = {os.getpid(), await first.wait(), await second.wait()}
    assert len(ids) == 3
    assert _processes() == set()


async def test_arguments_may_be_named(room: Room) -> None:
    result = await room.compute.run(work.add, (1,), {"second": 5}, progress=lambda *_: None)
    assert result == 6


async def test_a_checkpoint_moves_the_job_on_and_the_last_one_is_never_lost(room: Room) -> None:
    job = room.start(work.go_half_way, 100_000)
    assert await job.wait() == 50_000
    fractions = [record.fraction for record in room.told]
    assert fractions == sorted(fractions)
    assert job.record.note == "step 50000"


async def test_a_hundred_thousand_checkpoints_are_not_a_hundred_thousand_messages(room: Room) -> None:
    heard: list[float] = []
    await room.compute.run(work.count_to, (100_000,), {}, progress=lambda done, *_: heard.append(done))
    assert heard[-1] == 100_000
    assert len(heard) < 1000


def test_a_checkpoint_outside_of_a_job_does_nothing() -> None:
    checkpoint(1, 2, "nobody listens")
    hand_over("nobody takes it")


async def test_what_is_handed_over_on_the_way_is_there_before_the_answer(room: Room) -> None:
    taken: list[float] = []
    told = await room.compute.run(
        work.give_bit_by_bit, (200,), {}, progress=lambda *_: None, take=lambda part: taken.append(part[0])
    )
    assert (told, taken) == (200, list(range(200)))


async def test_what_was_handed_over_stays_when_the_rest_is_cancelled(room: Room) -> None:
    taken: list[float] = []
    begun = asyncio.Event()

    async def body() -> None:
        await room.compute.run(
            work.give_bit_by_bit,
            (5,),
            {"for_ever": True},
            progress=lambda *_: begun.set(),
            take=lambda part: taken.append(part[0]),
        )

    job = room.board.start("bit by bit", body, caller=PERSON)
    await begun.wait()
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert taken == list(range(5))


async def test_arrays_travel_and_belong_to_who_gets_them(room: Room) -> None:
    array = np.arange(100_000, dtype=np.float64)
    doubled = await room.start(work.double, array[::-1]).wait()
    assert (doubled == array[::-1] * 2).all()
    assert array[1] == 1
    doubled[0] = 0
    assert (await room.start(work.double, np.asfortranarray(np.ones((300, 300)))).wait() == 2).all()
    assert len(await room.start(work.double, np.empty(0)).wait()) == 0


async def test_cancel_ends_the_function_at_its_next_checkpoint(room: Room, tmp_path: Path) -> None:
    started = tmp_path / "started"
    job = room.start(work.for_ever, str(started))
    await room.moving(job)
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert not psutil.pid_exists(int(started.read_text()))


async def test_cancel_before_the_process_has_started_leaves_nothing_behind(
    room: Room, tmp_path: Path
) -> None:
    for turns in range(5):
        job = room.start(work.for_ever, str(tmp_path / "started"))
        for _ in range(turns):
            await asyncio.sleep(0)
        room.board.cancel(job.id)
        assert (await job.finished()).state is JobState.CANCELLED
    assert _processes() == set()


async def test_a_function_that_comes_to_no_checkpoint_is_interrupted_and_still_tidies_up(
    tmp_path: Path,
) -> None:
    """Nobody would kill it within this test."""
    room, started, left = (
        build_room(SystemClock(), grace_seconds=3_600),
        tmp_path / "started",
        tmp_path / "left",
    )
    job = room.start(work.absorbed, str(started), str(left))
    await room.moving(job)
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert left.read_text() == "tidy"
    await room.close()


async def test_the_collector_goes_through_what_stays_once_where_pauses_are_to_be_short(room: Room) -> None:
    job = room.start(work.collected_with_short_pauses)
    assert (await job.finished()).state is JobState.DONE
    assert job.result == (False, True)
    # Here, outside of a job, it changes nothing.
    before = list(gc.callbacks)
    keep_pauses_short()
    assert gc.callbacks == before


async def test_a_process_that_listens_to_nobody_is_killed(tmp_path: Path) -> None:
    room, started = build_room(SystemClock(), grace_seconds=0.05), tmp_path / "started"
    job = room.start(work.deaf, str(started))
    await room.moving(job)
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert not psutil.pid_exists(int(started.read_text()))
    await room.close()


if sys.platform != "win32":
    # There a group of processes cannot be ended as one.

    async def test_what_a_function_started_ends_with_it(room: Room, tmp_path: Path) -> None:
        started = tmp_path / "started"
        job = room.start(work.with_a_child_of_its_own, str(started))
        await room.moving(job)
        grandchild = psutil.Process(int(started.read_text()))
        room.board.cancel(job.id)
        await job.finished()
        _wait_for_the_end_of(grandchild)


async def test_closing_the_board_ends_a_running_computation(tmp_path: Path) -> None:
    room, started = build_room(SystemClock()), tmp_path / "started"
    await room.compute.warm()
    job = room.start(work.for_ever, str(started))
    await room.moving(job)
    await room.close()
    assert job.state is JobState.CANCELLED
    assert _processes() == set()


async def test_a_crash_is_reported_with_its_exit_code_or_signal(room: Room, tmp_path: Path) -> None:
    with pytest.raises(Crashed, match="exit code 7"):
        await room.start(work.leave_with, 7).wait()
    with pytest.raises(Crashed, match="exit code 0"):
        await room.start(work.leave_with, 0).wait()
    with pytest.raises(Crashed, match=MEMORY_FAULT):
        await room.start(work.fault_the_memory).wait()
    killed = room.start(work.for_ever, str(tmp_path / "started"))
    await room.moving(killed)
    psutil.Process(int((tmp_path / "started").read_text())).kill()
    with pytest.raises(Crashed, match=KILLED):
        await killed.wait()
    assert killed.state is JobState.FAILED
    assert await room.start(work.add, 1, 1).wait() == 2


async def test_a_failure_keeps_its_class_when_it_is_meant_for_people(room: Room) -> None:
    with pytest.raises(NotFound, match="There is no symbol XYZ") as caught:
        await room.start(work.refuse, "XYZ").wait()
    assert caught.value.hint == "Look at the list."


async def test_a_bug_shows_its_message_to_people_and_its_traceback_to_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Fault, match="the sum of apples is wrong") as caught:
        await room.start(work.break_down, "apples").wait()
    assert "Traceback" not in str(caught.value)
    assert "break_down" in caplog.text


async def test_what_cannot_travel_is_a_failure_and_not_a_hang(room: Room) -> None:
    with pytest.raises(Fault, match="pickle"):
        await room.start(work.unsendable).wait()
    with pytest.raises(Fault, match="pickle"):
        await room.start(lambda: None).wait()


async def test_what_a_function_prints_and_logs_reaches_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await room.start(work.say, "hello").wait()
    assert {"hello printed", "hello written", "hello logged"} <= set(caplog.messages)
    assert "puffling.research" in {record.name for record in caplog.records}


async def test_a_process_kept_ready_takes_the_next_call_and_is_followed_by_another(room: Room) -> None:
    assert _processes() == set()
    await room.compute.warm()
    await room.compute.warm()
    (ready,) = _processes()
    assert await room.start(work.own_id).wait() == ready
    (next_one,) = _processes()
    assert next_one != ready
    psutil.Process(next_one).kill()
    assert await room.start(work.add, 1, 2).wait() == 3, "a spare that died unnoticed is replaced"


async def test_a_process_that_was_prepared_takes_the_next_call_and_is_followed_by_none(room: Room) -> None:
    await room.compute.prepare("tests.runtime.work")
    await room.compute.prepare("tests.runtime.work")
    (ready,) = _processes()
    assert await room.start(work.own_id).wait() == ready
    assert _processes() == set()
    await room.compute.prepare("tests.runtime.work")
    await room.compute.close()
    assert _processes() == set(), "one that was never needed goes with the room"


@pytest.fixture
async def window_room(qapp: object) -> AsyncIterator[Room]:
    """An engine room on the loop of the window."""
    room = build_room(SystemClock())
    yield room
    await room.close()


async def test_everything_works_on_the_loop_of_the_window_too(window_room: Room, tmp_path: Path) -> None:
    room = window_room
    assert type(asyncio.get_running_loop()).__name__ == "_QtLoop"
    await room.compute.warm()
    assert await room.start(work.count_to, 1000).wait() == 1000
    with pytest.raises(Crashed, match="exit code 7"):
        await room.start(work.leave_with, 7).wait()
    job = room.start(work.for_ever, str(tmp_path / "started"))
    await room.moving(job)
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED


def test_a_frozen_puffling_can_be_its_own_child() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling", FLAG, "numpy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        write_value(child.stdin, (logging.INFO, work.add, (1, 2), {}))
        assert isinstance(child.stdout, BufferedReader)
        assert read_value(child.stdout) == ("begun",)
        assert read_value(child.stdout) == ("done", 3)
        assert child.wait() == 0


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, checkout: Path) -> None:
    started = tmp_path / "started"
    program = f"""
import threading
from puffling.runtime.process import Call, ComputingProcess
from tests.runtime import work
spare = ComputingProcess()
spare.start()
print(spare._process.pid, flush=True)
call = Call(work.deaf, ({str(started)!r},))
ComputingProcess().converse(call, lambda *_: print("moving", flush=True), print)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=checkout, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        spare = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline() == "moving\n"
        child = psutil.Process(int(started.read_text()))
        parent.kill()
    _wait_for_the_end_of(child, spare)
