"""Functions that the tests run in other processes."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from puffling.runtime.compute import checkpoint, hand_over, keep_pauses_short
from puffling.runtime.errors import NotFound

_pause = threading.Event()


def add(first: int, second: int) -> int:
    """Do what a computation does: give a value."""
    return first + second


def count_to(total: int) -> int:
    """Report every step."""
    for done in range(total):
        checkpoint(done + 1, total, f"step {done + 1}")
    return total


def give_bit_by_bit(total: int, *, for_ever: bool = False) -> int:
    """Hand over every number, and then come to an end or not."""
    for number in range(total):
        hand_over(np.full(3, number))
    while for_ever:
        checkpoint(1, 2)
        _pause.wait(0.01)
    return total


def go_half_way(total: int) -> int:
    """Report every step, and be done sooner than was thought."""
    for done in range(total // 2):
        checkpoint(done + 1, total, f"step {done + 1}")
    return total // 2


def own_id() -> int:
    """Tell which process this is."""
    return os.getpid()


def for_ever(started: str) -> None:
    """Write down which process this is, and report until stopped."""
    Path(started).write_text(str(os.getpid()))
    while True:
        checkpoint(1, 2)
        _pause.wait(0.01)


def deaf(started: str) -> None:
    """Listen to nobody and refuse to be terminated."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(started).write_text(str(os.getpid()))
    checkpoint(1, 2)
    while True:
        with suppress(BaseException):
            _pause.wait(0.01)


def absorbed(started: str, left: str) -> None:
    """Come to no checkpoint any more, and write down how it was left."""
    Path(started).write_text(str(os.getpid()))
    checkpoint(1, 2)
    try:
        while True:
            _pause.wait(0.01)
    finally:
        Path(left).write_text("tidy")


def with_a_child_of_its_own(started: str) -> None:
    """Start a process that would live for ever, and never end."""
    other = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    Path(started).write_text(str(other.pid))
    for_ever(started + ".self")


def leave_with(code: int) -> None:
    """End the process on the spot."""
    checkpoint(1, 3)
    os._exit(code)


def fault_the_memory() -> None:
    """Crash as only a C extension can."""
    ctypes.string_at(0)


def refuse(name: str) -> None:
    """Fail in a way that is meant for people."""
    raise NotFound(f"There is no symbol {name}.", hint="Look at the list.")


def break_down(secret: str) -> None:
    """Fail as a bug does."""
    raise ValueError(f"the sum of {secret} is wrong")


def say(text: str) -> None:
    """Print, write to the C stream and log."""
    print(text, "printed")  # noqa: T201
    os.write(2, f"{text} written\n".encode())
    logging.getLogger("puffling.research").warning("%s logged", text)


def double(array: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Change the array in place, to show that it is this process's own."""
    array *= 2
    return array


def unsendable() -> Any:
    """Give what cannot travel."""
    return lambda: None


def parent_id() -> int:
    """Tell which process has started this one."""
    return os.getppid()


def collected_with_short_pauses() -> tuple[bool, bool]:
    """Whether the collector leaves out what stayed before, and after, it has gone through everything."""
    keep_pauses_short()
    before = gc.get_freeze_count() > 0
    gc.collect()
    return before, gc.get_freeze_count() > 0
