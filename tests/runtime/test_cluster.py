from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import Crashed, Fault, NotFound, Unavailable
from puffling.runtime.jobs import JobState
from tests.runtime import work
from tests.runtime.conftest import Room, build_room
from tests.runtime.test_compute import MEMORY_FAULT


@dataclass
class Cluster:
    """A real scheduler with workers, each a process on this machine."""

    address: str
    scheduler: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]]


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + words[0], *words[1:], "--no-dashboard"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"},
    )


def _await(process: subprocess.Popen[str], said: str) -> None:
    """Come back when a part of the cluster says that it is there."""
    assert process.stderr is not None
    if not any(said in line for line in process.stderr):
        raise RuntimeError(f"it ended with {process.wait()}")


def _end(process: subprocess.Popen[str]) -> None:
    """End a part of the cluster with everything it has started."""
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    with ExitStack() as started:

        def start(*words: str) -> subprocess.Popen[str]:
            process = _start(folder, *words)
            started.callback(_end, process)
            return process

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        address = f"tcp://127.0.0.1:{port}"
        scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
        _await(scheduler, "Scheduler at")
        words = ("dask_worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        # Both at once: each takes a second to load what it needs.
        workers = [start(*words) for _ in range(2)]
        for worker in workers:
            _await(worker, "Registered to")
        yield Cluster(address, scheduler, workers)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of all tests that leave it whole."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    """An engine room that was made ready to compute here, and then was told of the cluster."""
    room = build_room(SystemClock(), grace_seconds=0.2)
    await room.compute.warm()
    room.compute.address = cluster.address
    yield room
    await room.close()


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that may lose its parts."""
    with running_cluster(tmp_path) as found:
        yield found


def _computes_below(process: subprocess.Popen[str]) -> bool:
    return bool(psutil.Process(process.pid).children())


async def test_a_cluster_computes_moves_the_job_on_and_stops_it_like_a_process_here(
    room: Room, cluster: Cluster, tmp_path: Path
) -> None:
    assert await room.start(work.add, 1, 2).wait() == 3
    workers = {worker.pid for worker in cluster.workers}
    place = await room.start(work.parent_id).wait()
    assert place in workers, "it ran in a child of a worker, not in one of ours"

    job = room.start(work.count_to, 100_000)
    assert await job.wait() == 100_000
    fractions = [record.fraction for record in room.told]
    assert any(0 < fraction < 1 for fraction in fractions)
    array = np.arange(500_000, dtype=np.float64)
    assert (await room.start(work.double, array).wait() == array * 2).all()
    taken: list[float] = []
    await room.compute.run(
        work.give_bit_by_bit, (9,), {}, progress=lambda *_: None, take=lambda part: taken.append(part[0])
    )
    assert taken == list(range(9))

    for fn in (work.for_ever, work.deaf):
        started = tmp_path / fn.__name__
        stopped = room.start(fn, str(started))
        await room.moving(stopped)
        room.board.cancel(stopped.id)
        assert (await stopped.finished()).state is JobState.CANCELLED
        assert not psutil.pid_exists(int(started.read_text()))
    assert not any(_computes_below(worker) for worker in cluster.workers)


async def test_what_goes_wrong_on_a_cluster_is_said_as_it_is_here(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Crashed, match="exit code 7"):
        await room.start(work.leave_with, 7).wait()
    with pytest.raises(Crashed, match=MEMORY_FAULT):
        await room.start(work.fault_the_memory).wait()
    with pytest.raises(NotFound, match="no symbol XYZ"):
        await room.start(work.refuse, "XYZ").wait()
    with pytest.raises(Fault, match="the sum of apples is wrong"):
        await room.start(work.break_down, "apples").wait()
    assert "in break_down" in caplog.text
    assert await room.start(work.add, 1, 2).wait() == 3


async def test_the_loss_of_a_worker_moves_its_call_and_the_loss_of_the_scheduler_is_said(
    room: Room, frail: Cluster, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    room.compute.address = frail.address
    job = room.start(work.for_ever, str(started))
    await room.moving(job)
    (busy,) = [worker for worker in frail.workers if _computes_below(worker)]
    (idle,) = [worker for worker in frail.workers if worker is not busy]
    busy.kill()
    while not _computes_below(idle):
        await room.clock.sleep(0.01)
    assert job.state is JobState.RUNNING
    frail.scheduler.kill()
    with pytest.raises(Unavailable, match="went away"):
        await job.wait()


async def test_a_call_ends_on_the_cluster_when_its_client_is_killed(
    room: Room, cluster: Cluster, tmp_path: Path
) -> None:
    job = room.start(work.for_ever, str(tmp_path / "started"))
    await room.moving(job)
    parts = {process.pid for process in (cluster.scheduler, *cluster.workers)}
    for child in psutil.Process().children():
        if child.pid not in parts:
            child.kill()
    with pytest.raises(Crashed):
        await job.wait()
    while any(_computes_below(worker) for worker in cluster.workers):
        await room.clock.sleep(0.01)


async def test_a_cluster_that_does_not_answer_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for wrong in (address, "nonsense://"):
        room = build_room(SystemClock(), address=wrong)
        with pytest.raises(Unavailable) as caught:
            await room.start(work.add, 1, 2).wait()
        assert wrong in caught.value.message
        await room.close()


def test_without_its_library_a_cluster_says_what_to_install(checkout: Path) -> None:
    program = """
import sys
sys.modules["distributed"] = None
from puffling.runtime.cluster import compute_on_cluster
from puffling.runtime.errors import Unavailable
from puffling.runtime.process import Call
try:
    compute_on_cluster("tcp://127.0.0.1:1", 1, Call(abs, (1,)))
except Unavailable as error:
    print(error)
"""
    words = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert 'pip install "puffling[cluster]"' in words.stdout
