"""An end to waiting for code of others: after a while it is interrupted wherever it is."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class TookTooLong(BaseException):
    """Raised inside whatever runs too long; no `except Exception` of it swallows this."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Interrupt what runs in here after so many seconds; only for the main thread of a child process."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TookTooLong(f"no answer after {seconds:g} seconds")

    before = signal.signal(signal.SIGINT, interrupt)
    timer = threading.Timer(seconds, _thread.interrupt_main)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
