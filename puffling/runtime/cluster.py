"""The same computation on a Dask cluster, with the same progress, the same end and the same failures.

A child of this process is the client: so neither the library nor its threads come into a window. On the
worker the call runs in a process of its own, like here, and for the same reasons: it can be stopped when
it does not listen, and its crash ends nothing but itself. When a whole worker is lost, the scheduler
starts the call again on another one.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from puffling.runtime.child import ComputationStopped, checkpoint, hand_over, stop_here_if_asked
from puffling.runtime.errors import Fault, PufflingError, Unavailable
from puffling.runtime.process import Answer, Call, ComputingProcess, judge
from puffling.runtime.text import tr
from puffling.runtime.wire import from_bytes, to_bytes

if TYPE_CHECKING:
    from distributed import Client, Future

_SECONDS_TO_CONNECT = 3.0
_SECONDS_WITHOUT_WORKERS = 5.0
_SECONDS_BETWEEN_LOOKS = 0.02
_SECONDS_FOR_THE_END = 1.0

_TOPIC = "puffling-progress"
_TOO_LARGE_FOR_A_MESSAGE = 1_000_000

# In a worker: the calls it serves, and those it was told to stop before they came.
_serving: dict[str, ComputingProcess] = {}
_stopped: set[str] = set()

News = queue.SimpleQueue[tuple[float, float, str]]


def compute_on_cluster(address: str, grace_seconds: float, call: Call) -> Any:
    """Have the call computed by the cluster at this address, and give its result or raise its failure."""
    client = _connect(address)
    try:
        id = secrets.token_hex(8)
        news: News = queue.SimpleQueue()

        def hear(event: tuple[float, tuple[str, float, float, str]]) -> None:
            sender, done, total, note = event[1]
            if sender == id:
                news.put((done, total, note))

        # One topic for all: the scheduler keeps the last messages of every topic there ever was.
        client.subscribe_topic(_TOPIC, hear)
        payload: Any = to_bytes(call)
        if len(payload) > _TOO_LARGE_FOR_A_MESSAGE:
            payload = client.scatter(payload, hash=False)
        future = client.submit(_serve, id, payload, grace_seconds, key=_key(id), pure=False)
        try:
            _follow(client, future, news, address)
        except ComputationStopped:
            _stop_everywhere(client, future, id, grace_seconds)
            raise
        parts, answer = _answer(future, address)
        for part in parts:
            hand_over(part)
        return judge(answer)
    finally:
        client.close(_SECONDS_TO_CONNECT)


def _key(id: str) -> str:
    return f"puffling-{id}"


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise Unavailable(
            tr("A cluster is set, and the part of Puffling that talks to it is not installed."),
            hint=tr('Install it with: pip install "puffling[cluster]"'),
        ) from error
    try:
        return Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Unavailable(
            tr("No cluster answers at {address}.", address=address),
            hint=tr("Start its scheduler, or take the address out of the settings to compute here."),
        ) from error


def _follow(client: Client, future: Future, news: News, address: str) -> None:
    """Pass the progress on until there is an answer, or until nobody is left who could give one."""
    looked = time.monotonic()
    manned = looked
    while not future.done():
        stop_here_if_asked()
        with suppress(queue.Empty):
            checkpoint(*news.get(timeout=_SECONDS_BETWEEN_LOOKS))
        now = time.monotonic()
        if now - looked < 1:
            continue
        looked = now
        if _workers(client):
            manned = now
        elif now - manned > _SECONDS_WITHOUT_WORKERS:
            raise Unavailable(
                tr("The cluster at {address} has no workers.", address=address),
                hint=tr("Start at least one, or take the address out of the settings to compute here."),
            )


def _workers(client: Client) -> int:
    try:
        return len(client.scheduler_info()["workers"])
    except OSError:
        return 0


def _stop_everywhere(client: Client, future: Future, id: str, grace_seconds: float) -> None:
    """Stop the call on the worker that has it, and see it end there; keep it from starting on any other."""
    try:
        found = client.run(_stop, id, on_error="ignore")
    except OSError:
        return
    deadline = time.monotonic() + grace_seconds + _SECONDS_FOR_THE_END
    pause = threading.Event()
    while True in found.values() and not future.done() and time.monotonic() < deadline:
        pause.wait(_SECONDS_BETWEEN_LOOKS)
    future.cancel()


def _answer(future: Future, address: str) -> tuple[list[Any], Answer]:
    """Give what was handed over and the answer; from a cluster the one comes with the other."""
    if future.status == "finished":
        parts, answer = future.result()
        return parts, answer
    if future.status == "error":
        failure = future.exception()
        if isinstance(failure, PufflingError):
            raise failure
        if isinstance(failure, ImportError):
            raise Unavailable(
                tr(
                    "The workers of the cluster at {address} lack something: {what}.",
                    address=address,
                    what=failure,
                ),
                hint=tr("Install the same Puffling on every worker as here."),
            )
        raise Fault.of(failure)
    raise Unavailable(
        tr("The cluster at {address} went away before it had an answer.", address=address),
        hint=tr("Look whether its scheduler still runs, and start the computation again."),
    )


def _serve(id: str, payload: bytes, grace_seconds: float) -> tuple[list[Any], Answer]:
    """Compute the call in a process of this worker's; give what it handed over, and its answer."""
    from distributed import get_worker

    worker = get_worker()

    process = ComputingProcess(grace_seconds=grace_seconds)

    def report(done: float, total: float, note: str) -> None:
        worker.log_event(_TOPIC, (id, done, total, note))
        task = worker.state.tasks.get(_key(id))
        if task is None or task.state == "cancelled":
            # Whoever asked was killed and can stop nothing any more; the scheduler has noticed.
            process.stop()

    parts: list[Any] = []
    _serving[id] = process
    try:
        if id in _stopped:
            return parts, ("stopped",)
        return parts, process.ask(from_bytes(payload), report, parts.append)
    finally:
        del _serving[id]
        _stopped.discard(id)


def _stop(id: str) -> bool:
    """Stop the call if this worker has it; it runs in the worker, and there beside the calls."""
    process = _serving.get(id)
    if process is None:
        _stopped.add(id)
        return False
    process.stop()
    return True
