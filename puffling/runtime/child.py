"""The inside of a computing process: it takes one call from its parent, answers it and is gone.

It reads the call from its standard input and answers on its standard output; what the function prints
and logs goes to the parent's log. One byte on the input means stop, and its end means that the parent
is gone, so that no child outlives its parent on any system. A function that is told to stop ends at its next
checkpoint; one that comes to none soon is interrupted where it is.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import io
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from io import BufferedReader
from typing import Any, BinaryIO

from puffling.runtime.errors import PufflingError
from puffling.runtime.wire import read_value, write_value

FLAG = "--compute-child"
"""The first argument of a frozen Puffling that was started to be a child; the second goes to `main`."""

_SECONDS_BETWEEN_REPORTS = 0.05
_SECONDS_TO_HEAR = 0.02


Report = Callable[[float, float, str], None]
Take = Callable[[Any], None]


class ComputationStopped(BaseException):
    """Raised when the job was cancelled; no `except Exception` of a library swallows it."""


_parent: ContextVar[_Parent | None] = ContextVar("puffling_parent", default=None)


def checkpoint(done: float, total: float, note: str = "") -> None:
    """Say how far the computation is, and end it here when its job was cancelled.

    It costs well under a microsecond when nothing is due, and does nothing outside of a job.
    """
    if (parent := _parent.get()) is not None:
        parent.report(done, total, note)


def hand_over(part: object) -> None:
    """Give whoever asked a part of the answer now, so that they have it whatever becomes of the rest.

    It does nothing outside of a job.
    """
    if (parent := _parent.get()) is not None:
        parent.send("part", part)


def keep_pauses_short() -> None:
    """Have the collector go through what stays only once: through very much it takes a tenth of a second.

    For what makes many values that stay and few circles of them. It does nothing outside of a job.
    """
    if _parent.get() is not None:
        gc.callbacks.append(_leave_out_what_stays)


def _leave_out_what_stays(phase: str, about: dict[str, int]) -> None:
    if phase == "stop" and about["generation"] == 2:
        gc.freeze()


def stop_here_if_asked() -> None:
    """End the computation here when its job was cancelled, and say nothing otherwise."""
    if (parent := _parent.get()) is not None:
        parent.obey()


class _Parent:
    """The way back to the parent, shared by the computation, its log and its printing."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stopped = False
        # Set once the function knows that it has to stop, or has come to its end.
        self.heard = threading.Event()
        self._stream = stream
        self._lock = threading.Lock()
        self._next_report = 0.0
        self._held_back: tuple[float, float, str] | None = None

    def obey(self) -> None:
        """End the computation here if it was told to stop."""
        if self.stopped:
            self.heard.set()
            raise ComputationStopped

    def interrupt(self) -> None:
        """End the computation wherever it is, but never in the middle of a message."""
        import ctypes

        with self._lock:
            if not self.heard.is_set():
                main = ctypes.c_ulong(threading.main_thread().ident or 0)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(ComputationStopped))

    def report(self, done: float, total: float, note: str) -> None:
        """Tell how far the computation is, at most twenty times a second."""
        self.obey()
        now = time.monotonic()
        if now < self._next_report and done < total:
            self._held_back = (done, total, note)
            return
        self._next_report = now + _SECONDS_BETWEEN_REPORTS
        self._held_back = None
        self.send("progress", _plain(done), _plain(total), str(note))

    def answer(self, *message: object) -> None:
        """Send what was held back, and then the answer."""
        self.heard.set()
        if self._held_back is not None:
            done, total, note = self._held_back
            self.send("progress", _plain(done), _plain(total), str(note))
        self.send(*message)

    def send(self, *message: object) -> None:
        """Send one message."""
        with self._lock:
            write_value(self._stream, message)


class _Forward(logging.Handler):
    """Hands every record to the parent's log, where it is redacted."""

    def __init__(self, parent: _Parent) -> None:
        super().__init__()
        self._parent = parent

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record as text."""
        self._parent.send("log", record.name, record.levelno, self.format(record))


def main(preload: str = "numpy") -> None:
    """Be a child: wait for the call, answer it, end."""
    control, parent = _take_over_streams()
    # Ctrl-C in the terminal is for the parent, which then asks its children to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    # Loaded while nobody waits: a child is usually kept ready before it is needed.
    with suppress(ImportError):
        importlib.import_module(preload)
    try:
        _answer(control, parent)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # Not the ordinary way out: a thread the function left behind must not keep the process alive.
        os._exit(0)


def _take_over_streams() -> tuple[BufferedReader, _Parent]:
    control = os.fdopen(os.dup(0), "rb")
    report = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), "utf-8", "replace", line_buffering=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), "utf-8", "replace", line_buffering=True)
    return control, _Parent(report)


def _answer(control: BufferedReader, parent: _Parent) -> None:
    try:
        level, fn, args, kwargs = read_value(control)
    except EOFError:
        return
    except Exception as fault:  # noqa: BLE001  the edge: a function that cannot be imported here, most often
        parent.answer("fault", _line(fault), traceback.format_exc())
        return
    logging.basicConfig(level=level, handlers=[_Forward(parent)], format="%(message)s", force=True)
    threading.Thread(target=_listen, args=(control, parent), daemon=True).start()
    _parent.set(parent)
    parent.send("begun")
    try:
        parent.answer("done", fn(*args, **kwargs))
    except ComputationStopped:
        parent.answer("stopped")
    except PufflingError as error:
        parent.answer("error", error.as_dict())
    except BaseException as fault:  # noqa: BLE001  the edge: whatever it was, the parent hears of it
        parent.answer("fault", _line(fault), traceback.format_exc())


def _listen(control: BufferedReader, parent: _Parent) -> None:
    while control.read(1):
        parent.stopped = True
        if not parent.heard.wait(_SECONDS_TO_HEAR):
            parent.interrupt()
    os._exit(1)


def _line(fault: BaseException) -> str:
    return str(fault) or type(fault).__name__


def _plain(number: float) -> float:
    return number if isinstance(number, int) else float(number)
