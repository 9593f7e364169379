"""Tests that misbehave on purpose: `test_guards.py` runs them and expects each to fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QApplication, QWidget

_kept: list[object] = []
_heard: list[object] = []
_runs: list[object] = []


def _compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


async def test_clean_on_the_plain_loop() -> None:
    await asyncio.sleep(0)
    assert type(asyncio.get_running_loop()).__name__ == "_PlainLoop"


async def test_clean_on_the_qt_loop(qapp: QApplication) -> None:
    await asyncio.sleep(0)
    assert type(asyncio.get_running_loop()).__name__ == "_QtLoop"


async def test_leaves_a_task() -> None:
    loop = asyncio.get_running_loop()
    _kept.append(loop.create_task(asyncio.sleep(60), name="forgotten"))


@pytest.fixture
async def timer(qapp: QApplication) -> AsyncIterator[QTimer]:
    """A timer that ends soon."""
    made = QTimer()
    made.setSingleShot(True)
    made.timeout.connect(lambda: _heard.append(asyncio.get_running_loop()))
    made.start(5)
    yield made
    made.stop()


@pytest.fixture
def due(timer: QTimer) -> None:
    """Have it due while nobody turns the loop."""
    while timer.remainingTime() > 0:
        pass


@pytest.mark.usefixtures("due")
async def test_clean_timer_that_ends_between_the_phases() -> None:
    assert _heard == [asyncio.get_running_loop()]


async def test_leaves_a_task_on_the_qt_loop(qapp: QApplication) -> None:
    loop = asyncio.get_running_loop()
    _kept.append(loop.create_task(asyncio.sleep(60), name="forgotten"))


async def test_loses_an_error() -> None:
    async def breaks() -> None:
        raise ValueError("nobody looks")

    task = asyncio.get_running_loop().create_task(breaks())
    await asyncio.wait([task])


async def test_blocks_the_loop() -> None:
    async def computes() -> None:
        _compute(0.08)

    await asyncio.get_running_loop().create_task(computes())


async def test_blocks_the_qt_loop(qapp: QApplication) -> None:
    asyncio.get_running_loop().call_soon(_compute, 0.08)
    await asyncio.sleep(0.01)


async def test_clean_where_the_system_was_slow_once() -> None:
    _runs.append(None)
    asyncio.get_running_loop().call_soon(_compute, 0.08 if len(_runs) == 1 else 0)
    await asyncio.sleep(0.01)


async def test_blocks_the_loop_long_and_once() -> None:
    asyncio.get_running_loop().call_soon(_compute, 0 if "long" in _kept else 1.0)
    _kept.append("long")
    await asyncio.sleep(0.01)


def test_leaves_a_thread() -> None:
    threading.Thread(target=threading.Event().wait, args=(30,), daemon=True, name="forgotten").start()


def test_leaves_a_process() -> None:
    _kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]))


def test_leaves_an_ended_process() -> None:
    _kept.append(subprocess.Popen([sys.executable, "-c", ""]))


def test_leaves_a_timer(qapp: QApplication) -> None:
    timer = QTimer()
    timer.start(1000)
    _kept.append(timer)


def test_leaves_a_window(qapp: QApplication) -> None:
    window = QWidget()
    window.setObjectName("forgotten")
    _kept.append(window)


def test_forgets_to_await() -> None:
    coroutine = asyncio.sleep(1)
    del coroutine


def test_warns() -> None:
    warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_breaks_in_a_thread() -> None:
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()


def test_breaks_in_a_slot(qapp: QApplication, qtbot: pytest.FixtureRequest) -> None:
    QTimer.singleShot(0, lambda: 1 // 0)


def test_makes_qt_warn(qapp: QApplication) -> None:
    qWarning("a signal that is not there")


def test_looks_up_a_name() -> None:
    with contextlib.suppress(OSError):
        socket.getaddrinfo("example.invalid", 80)


def test_calls_another_machine() -> None:
    with contextlib.suppress(OSError), socket.socket() as caller:
        caller.settimeout(0.1)
        caller.connect(("192.0.2.1", 80))


def test_clean_on_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
