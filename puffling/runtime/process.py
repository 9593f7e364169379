"""The outside of a computing process: it is started, given one call, listened to and seen to its end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from puffling.frozen import frozen
from puffling.runtime.child import FLAG, Report, Take
from puffling.runtime.errors import Crashed, Fault, PufflingError, Stopped, Unavailable, error_from_dict
from puffling.runtime.text import tr
from puffling.runtime.wire import read_value, write_value

_log = logging.getLogger(__name__)
_output = logging.getLogger("puffling.compute.output")

_starting = threading.Lock()

_SECONDS_FROM_TERMINATE_TO_KILL = 0.5
_SECONDS_FOR_LAST_WORDS = 1.0


Answer = tuple[Any, ...]
"""("done", result), ("error", its dictionary), ("fault", line, traceback), ("stopped",) or ("ended", code)"""


@frozen
class Call:
    """A function of some module with its arguments, fit to travel to another process."""

    fn: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] | None = None


class ComputingProcess:
    """One child process for one call.

    `start` and `converse` block and belong into a thread; `stop` and `kill` return at once and may be
    called from anywhere.
    """

    def __init__(self, *, grace_seconds: float = 2.0, preload: str = "numpy") -> None:
        self.preload = preload
        """The module that the process loads before it hears its call."""
        self._grace_seconds = grace_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._output: threading.Thread | None = None
        self._force: threading.Timer | None = None
        self._listening = False
        self._begun = False
        self._stopping = False

    def start(self) -> None:
        """Start the process; it loads what it needs and waits for its call."""
        try:
            # One at a time: on Windows a process started at the same moment would inherit these pipes.
            with _starting:
                process = subprocess.Popen(
                    _command(self.preload),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    # A group of its own: what it starts ends with it, and Ctrl-C is ours to pass on.
                    start_new_session=sys.platform != "win32",
                    creationflags=_creation_flags(),
                )
        except OSError as error:
            raise Unavailable(
                tr("No process could be started for the computation: {reason}.", reason=error.strerror),
                hint=tr("Close other programs and try again."),
            ) from error
        self._process = process
        self._output = threading.Thread(
            target=_read_output, args=(process,), name="puffling-compute-output", daemon=True
        )
        self._output.start()

    def converse(self, call: Call, report: Report, take: Take) -> Any:
        """Hand over the call and listen until it is answered; give its result or raise its failure."""
        return judge(self.ask(call, report, take))

    def ask(self, call: Call, report: Report, take: Take) -> Answer:
        """Hand over the call, listen until it is answered, and give the answer as it came."""
        kept_ready = self._process is not None
        answer = self._ask_once(call, report, take)
        if kept_ready and not self._begun and answer[0] == "ended":
            # It was killed while it waited, and never heard the call: that is no failure of the call.
            self._process = None
            answer = self._ask_once(call, report, take)
        return answer

    def stop(self) -> None:
        """Ask the function to end at its next checkpoint; after the grace period the process is ended."""
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            if not self._listening:
                self.kill()
                return
            self._force = threading.Timer(self._grace_seconds, self._end_by_force)
            self._force.daemon = True
            self._force.start()
            self._send_stop()

    def kill(self) -> None:
        """End the process, and what it started, now."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if sys.platform == "win32":
            process.kill()
        else:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                process.kill()

    def end(self, *, answered: bool = True) -> int:
        """See the process to its end, with all that belongs to it, and give its exit code."""
        process = self._process
        if process is None:
            return 0
        with self._lock:
            self._listening = False
            if self._force is not None:
                self._force.cancel()
        if sys.platform == "win32" and not answered:
            # There a kill overwrites the exit code of a process that is just dying of something else.
            _wait(process, _SECONDS_FOR_LAST_WORDS)
        # It has answered or is dying already: a thread or a process that it left behind is of no use now.
        self.kill()
        exit_code = process.wait()
        if self._output is not None:
            self._output.join(_SECONDS_FOR_LAST_WORDS)
        if process.stdin is not None:
            # What it never read is still in the buffer, and there is nobody left to read it.
            with suppress(OSError):
                process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        return exit_code

    def _ask_once(self, call: Call, report: Report, take: Take) -> Answer:
        answer: Answer | None = None
        try:
            if not self._stopping:
                if self._process is None:
                    self.start()
                answer = self._ask(call) or self._listen(report, take)
        finally:
            exit_code = self.end(answered=answer is not None)
        return answer or (("stopped",) if self._stopping else ("ended", exit_code))

    def _ask(self, call: Call) -> Answer | None:
        assert self._process is not None
        assert self._process.stdin is not None
        question = (logging.getLogger().level, call.fn, call.args, call.kwargs or {})
        try:
            write_value(self._process.stdin, question)
        except OSError:
            # It died before it had heard the question: the listening finds out how.
            return None
        except Exception as fault:  # noqa: BLE001  the edge: pickling raises whatever an object's own code raises
            return ("fault", str(fault), "The call cannot travel to another process.")
        with self._lock:
            self._listening = True
            if self._stopping:
                self.kill()
        return None

    def _listen(self, report: Report, take: Take) -> Answer | None:
        assert self._process is not None
        assert self._process.stdout is not None
        with open(self._process.stdout.fileno(), "rb", closefd=False) as stream:
            while True:
                try:
                    message = read_value(stream)
                except (EOFError, OSError):
                    return None
                except Exception as fault:  # noqa: BLE001  the edge: a result whose class is unknown here
                    return ("fault", str(fault), "The result cannot be read.")
                match message:
                    case ("progress", done, total, note):
                        report(done, total, note)
                    case ("part", part):
                        take(part)
                    case ("log", str(name), int(level), str(text)):
                        logging.getLogger(name).log(level, "%s", text)
                    case ("begun",):
                        self._begun = True
                    case _:
                        return tuple(message)

    def _send_stop(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            # It is gone already, which is what was wanted.
            return

    def _end_by_force(self) -> None:
        process = self._process
        if process is None:
            return
        _log.warning("A computation did not stop when asked and is ended")
        process.terminate()
        _wait(process, _SECONDS_FROM_TERMINATE_TO_KILL)
        self.kill()


def judge(answer: Answer) -> Any:
    """Give the result that the answer holds, or raise what it tells of."""
    match answer:
        case ("done", result):
            return result
        case ("error", dict(values)):
            raise error_from_dict(values)
        case ("fault", str(what), str(trace)):
            _log.error("A computation failed: %s\n%s", what, trace)
            raise Fault.saying(what)
        case ("ended", int(exit_code)):
            raise _crash(exit_code)
    raise Stopped(tr("The computation was cancelled."))


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _command(preload: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, FLAG, preload]
    # The same places to import from as here, whatever changed them since this process began.
    places = [place or str(Path.cwd()) for place in sys.path]
    code = f"import sys; sys.path[:] = {places!r}; from puffling.runtime.child import main; main({preload!r})"
    return [sys.executable, "-c", code]


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    else:
        return 0


def _read_output(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    with process.stderr as stream:
        for line in stream:
            _output.info("%s", line.decode("utf-8", "replace").rstrip())


def _crash(exit_code: int) -> PufflingError:
    if exit_code >= 0:
        return Crashed(
            tr("The process of the computation ended with exit code {code}.", code=exit_code),
            hint=tr("The log has what it printed last."),
        )
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = str(-exit_code)
    return Crashed(
        tr("The process of the computation was ended by the signal {name}.", name=name),
        hint=tr(
            "Often the computer ran out of memory: try with less data. The log has what it printed last."
        ),
    )
