from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from puffling.runtime.actor import Actor, Caller, UserId, current_caller
from puffling.runtime.clock import FixedClock, SimulatedClock
from puffling.runtime.errors import Fault, NotFound, PufflingError, Refused, Stopped, Unavailable
from puffling.runtime.jobs import Job, JobBoard, JobChanged, JobState
from tests.runtime.conftest import NEW_YEAR, PERSON, Room, build_room

SOMEBODY_ELSE = Caller(Actor.HTTP, user=UserId("other"))


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_job_knows_itself_and_its_caller_and_keeps_its_result(room: Room) -> None:
    async def body() -> dict[str, object]:
        return {"job": Job.current(), "caller": current_caller()}

    job = room.board.start("Look around", body, caller=SOMEBODY_ELSE, capability_id="looks.around")
    assert job.record.state is JobState.QUEUED
    assert await job.wait() == {"job": job, "caller": SOMEBODY_ELSE}
    record = room.told[-1]
    assert record == job.record
    assert (record.state, record.final, record.fraction) == (JobState.DONE, True, 1)
    assert (record.title, record.capability_id) == ("Look around", "looks.around")
    assert (record.actor, record.user) == (Actor.HTTP, "other")
    assert record.started is not None
    assert record.ended is not None
    assert record.created <= record.started <= record.ended
    assert [told.state for told in room.told] == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]
    with pytest.raises(RuntimeError, match="outside of any job"):
        Job.current()


@pytest.mark.parametrize(
    ("raised", "state", "error"),
    [
        (NotFound("No such symbol.", hint="Look."), JobState.FAILED, "not_found"),
        (Refused("Not you."), JobState.FAILED, "refused"),
        (Stopped("Enough."), JobState.CANCELLED, "cancelled"),
        (ZeroDivisionError("by zero"), JobState.FAILED, "fault"),
    ],
)
async def test_a_failed_job_says_why_to_everybody_who_waits(
    room: Room, raised: Exception, state: JobState, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        raise raised

    job = room.board.start("Fail", body, caller=PERSON)
    depths: set[int] = set()
    for _ in range(2):
        with pytest.raises(PufflingError) as caught:
            await job.wait()
        depths.add(len(caught.traceback))
        assert caught.value.code == error
        assert room.told[-1].error == caught.value.as_dict()
        assert isinstance(caught.value, Fault) == ("Traceback" in caplog.text)
    assert job.state is state
    assert len(depths) == 1, "the traceback of one waiter is not in that of the next"


async def test_a_cancelled_job_has_ended_only_when_its_body_has(room: Room) -> None:
    cleaning, may_end = asyncio.Event(), asyncio.Event()

    async def body() -> None:
        try:
            await _for_ever()
        finally:
            cleaning.set()
            await may_end.wait()

    job = room.board.start("Clean up", body, caller=PERSON)
    await asyncio.sleep(0)
    room.board.cancel(job.id)
    room.board.cancel(job.id)
    await cleaning.wait()
    assert (job.record.stopping, job.record.state) == (True, JobState.RUNNING)
    may_end.set()
    assert (await job.finished()).state is JobState.CANCELLED
    with pytest.raises(Stopped):
        await job.wait()
    assert room.board.cancel(job.id).record.state is JobState.CANCELLED


async def test_a_job_that_is_cancelled_before_its_first_step_never_runs(room: Room) -> None:
    ran: list[str] = []

    async def body() -> None:
        ran.append("body")

    job = room.board.start("Never", body, caller=PERSON)
    room.board.cancel(job.id)
    assert (await job.finished()).state is JobState.CANCELLED
    assert ran == []


async def test_whoever_waits_may_give_up_without_ending_the_job(room: Room) -> None:
    job = room.board.start("Go on", _for_ever, caller=PERSON)
    waiting = room.scope.spawn(job.wait(), name="wait")
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert job.state is JobState.RUNNING


async def test_progress_never_goes_back_and_a_note_is_always_new() -> None:
    room = build_room(FixedClock(NEW_YEAR))
    steps: list[tuple[float, str]] = []

    async def body() -> None:
        job = Job.current()
        for done, total, note in ((5, 10, "a"), (2, 10, "b"), (0, 0, "c"), (99, 10, "d"), (1, 2, "e")):
            job.progress(done, total, note)
            steps.append((job.fraction, job.note))

    job = room.board.start("Step", body, caller=PERSON)
    await job.wait()
    job.progress(0, 1, "too late")
    assert steps == [(0.5, "a"), (0.5, "b"), (0.5, "c"), (1, "d"), (1, "e")]
    assert job.note == "e"
    await room.close()


async def test_ten_thousand_steps_in_a_second_are_told_about_ten_times() -> None:
    clock = SimulatedClock(NEW_YEAR)
    room = build_room(clock)

    async def body() -> None:
        for done in range(10_000):
            Job.current().progress(done + 1, 10_000)
            await clock.sleep(0.0001)
        Job.current().note = "unsaid"

    job = room.board.start("Race", body, caller=PERSON)
    await clock.run()
    assert await job.wait() is None
    assert 10 <= len(room.told) <= 15
    assert [record.fraction for record in room.told] == sorted(record.fraction for record in room.told)
    assert room.told[-1].state is JobState.DONE
    await room.close()


async def test_the_last_step_before_a_long_silence_is_told() -> None:
    clock = SimulatedClock(NEW_YEAR)
    room = build_room(clock)

    async def body() -> None:
        Job.current().progress(1, 4)
        Job.current().progress(2, 4, "the long part")
        await clock.sleep(3600)

    room.board.start("Wait", body, caller=PERSON)
    await clock.advance(60)
    assert (room.told[-1].fraction, room.told[-1].note) == (0.5, "the long part")
    await room.close()


async def test_jobs_queue_when_many_run_and_a_job_inside_another_does_not() -> None:
    room = build_room(FixedClock(NEW_YEAR), at_once=1)
    gate = asyncio.Event()

    async def inner() -> str:
        return "inner"

    async def outer() -> Any:
        await gate.wait()
        return await room.board.start("Inner", inner, caller=PERSON).wait()

    first = room.board.start("First", outer, caller=PERSON)
    second = room.board.start("Second", inner, caller=PERSON)
    await asyncio.sleep(0.001)
    assert (first.state, second.state) == (JobState.RUNNING, JobState.QUEUED)
    gate.set()
    assert await first.wait() == "inner"
    assert await second.wait() == "inner"
    await room.close()


async def test_the_board_keeps_the_last_jobs_and_shows_each_user_his_own() -> None:
    room = build_room(FixedClock(NEW_YEAR), keep=3)

    async def body() -> None:
        return None

    living = room.board.start("Live", _for_ever, caller=PERSON)
    jobs = [room.board.start(f"Job {n}", body, caller=SOMEBODY_ELSE if n % 2 else PERSON) for n in range(6)]
    for job in jobs:
        await job.finished()
    assert [job.title for job in room.board.all()] == ["Job 5", "Job 4", "Job 3", "Live"]
    assert [job.title for job in room.board.all(SOMEBODY_ELSE.user)] == ["Job 5", "Job 3"]
    assert room.board.get(living.id) is living
    assert len({job.id for job in jobs}) == 6
    for user in (SOMEBODY_ELSE.user, UserId("nobody")):
        with pytest.raises(NotFound):
            room.board.get(living.id, user)
        with pytest.raises(NotFound):
            room.board.cancel(living.id, user)
    with pytest.raises(NotFound):
        room.board.get(jobs[0].id)
    await room.close()


async def test_closing_the_board_cancels_every_job_and_waits_for_their_bodies(room: Room) -> None:
    ended: list[str] = []

    async def body() -> None:
        try:
            await _for_ever()
        finally:
            await asyncio.sleep(0.001)
            Job.current().progress(1, 1, "cleaned up")
            ended.append(Job.current().title)

    jobs = [room.board.start(f"Job {n}", body, caller=PERSON) for n in range(3)]
    await asyncio.sleep(0)
    await room.board.close()
    assert sorted(ended) == ["Job 0", "Job 1", "Job 2"]
    assert {job.state for job in jobs} == {JobState.CANCELLED}


async def test_a_job_ends_with_the_scope_when_nobody_closed_the_board(room: Room) -> None:
    job = room.board.start("Go on", _for_ever, caller=PERSON)
    await asyncio.sleep(0)
    await room.scope.close()
    assert job.state is JobState.CANCELLED
    assert room.told[-1].state is JobState.CANCELLED


async def test_a_board_without_processes_says_so(room: Room) -> None:
    board = JobBoard(room.clock, room.bus, room.scope)

    async def body() -> int:
        return await Job.current().compute(abs, -1)

    with pytest.raises(Unavailable):
        await board.start("Compute", body, caller=PERSON).wait()


async def test_a_face_that_fails_to_show_a_job_does_not_stop_it(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(news: JobChanged) -> None:
        raise ValueError("a bad face")

    room.bus.on(JobChanged, fail)

    async def body() -> timedelta:
        return timedelta()

    assert await room.board.start("Go on", body, caller=PERSON).wait() == timedelta()
    assert "a bad face" in caplog.text
