"""The log: one door for every record, and no secret passes it.

All records of the process end in one handler on the root logger. It turns each into an entry that holds
plain redacted text, and only entries reach the file, the terminal, the Activity panel and a crash report.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from puffling import __version__
from puffling.frozen import frozen
from puffling.runtime.redaction import redactor

# At DEBUG these print the headers and frames they send, keys included; alembic names its plugins at INFO.
_TALKATIVE = (
    "alembic", "websockets", "urllib3", "httpx2", "httpcore2", "requests", "alpaca", "anthropic", "openai",
)  # fmt: skip

_NAMED_IN_REPORTS = ("numpy", "pyside6-essentials", "pyqtgraph", "qasync", "sqlalchemy", "pydantic")


@frozen
class LogEntry:
    """One line of the log as anybody may read it."""

    number: int
    time: datetime
    level: str
    logger: str
    message: str
    trace: str = ""

    def as_json(self) -> str:
        """Give the entry as one line of JSON."""
        values = {
            "time": self.time.isoformat(timespec="milliseconds"),
            "level": self.level,
            "logger": self.logger,
            "message": self.message,
        }
        if self.trace:
            values["trace"] = self.trace
        return json.dumps(values, ensure_ascii=False)

    def __str__(self) -> str:
        line = f"{self.time:%H:%M:%S} {self.level} {self.logger}: {self.message}"
        return f"{line}\n{self.trace}" if self.trace else line


class Log(logging.Handler):
    """The redacting log of this process: it listens on the root logger until it is closed."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        file_name: str = "puffling.jsonl",
        level: int = logging.INFO,
        terminal: int | None = logging.WARNING,
        keep: int = 500,
        largest_bytes: int = 2_000_000,
    ) -> None:
        super().__init__(logging.DEBUG)
        self._entries: deque[LogEntry] = deque(maxlen=keep)
        self._count = 0
        self._terminal = terminal
        self._file: RotatingFileHandler | None = None
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _QuietFile(
                folder / file_name, maxBytes=largest_bytes, backupCount=4, encoding="utf-8", delay=True
            )
        root = logging.getLogger()
        self._level_before = root.level
        root.addHandler(self)
        root.setLevel(level)
        self._talkative_before = {name: logging.getLogger(name).level for name in _TALKATIVE}
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(max(level, logging.WARNING))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def recent(self, *, after: int = 0) -> tuple[LogEntry, ...]:
        """Give the last entries, oldest first, or those that came after the entry with this number."""
        return tuple(entry for entry in tuple(self._entries) if entry.number > after)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record down, redacted."""
        self._count += 1
        entry = LogEntry(
            number=self._count,
            time=datetime.fromtimestamp(record.created, UTC),
            level=record.levelname,
            logger=redactor.clean(record.name),
            message=redactor.clean(_message(record)),
            trace=redactor.clean(_trace(record)),
        )
        self._entries.append(entry)
        if self._file is not None:
            self._file.handle(logging.makeLogRecord({"msg": entry.as_json(), "levelno": record.levelno}))
        # A windowed program on Windows has no terminal at all.
        if self._terminal is not None and record.levelno >= self._terminal and sys.stderr is not None:
            # Whoever read there may have gone, as `head` does; that is no reason to fail what is described.
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{entry}\n")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging calls it by this name
        """Drop a record that cannot be written: the library would print it, arguments and all."""

    def close(self) -> None:
        """Stop listening and close the file."""
        root = logging.getLogger()
        if self in root.handlers:
            root.removeHandler(self)
            root.setLevel(self._level_before)
            for name, level in self._talkative_before.items():
                logging.getLogger(name).setLevel(level)
        if self._file is not None:
            self._file.close()
        super().close()

    def crash_report(self, failure: BaseException | None = None) -> str:
        """Give what a developer needs to know about a crash, redacted and fit to be sent."""
        parts = [
            f"Puffling {__version__}",
            f"Python {platform.python_version()} on {platform.platform()}",
            ", ".join(f"{name} {version}" for name in _NAMED_IN_REPORTS if (version := _version(name))),
        ]
        if failure is not None:
            parts += ["", redactor.clean("".join(traceback.format_exception(failure))).rstrip()]
        parts += ["", f"The last {min(len(self._entries), 100)} lines of the log:"]
        parts += [str(entry) for entry in tuple(self._entries)[-100:]]
        # Once more over the whole: folders in tracebacks name the person.
        return redactor.clean("\n".join(parts)).replace(str(Path.home()), "~")


def watch_for_crashes(tell: Callable[[BaseException], None]) -> Callable[[], None]:
    """Log what no code has caught and tell of it, instead of printing it raw; the answer ends the watch."""
    log = logging.getLogger("puffling.crash")
    before = sys.excepthook, threading.excepthook

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("Nothing caught this", exc_info=(kind, error, trace))
        tell(error)

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread

    def end() -> None:
        sys.excepthook, threading.excepthook = before

    return end


class _QuietFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging calls it by this name
        """Go on without the file: a full disk must not fill the terminal too."""


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  the edge: a badly written line of log must not stop what it describes
        return f"{record.msg} (its arguments do not fit)"


def _trace(record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[1] is not None:
        parts.append("".join(traceback.format_exception(record.exc_info[1])).rstrip())
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


def _version(name: str) -> str | None:
    # A report is rare, and this import costs as much as the rest of the log.
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
