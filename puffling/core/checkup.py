"""What Puffling needs, checked from outside: it works when Puffling does not, and owns nothing."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from puffling.core.attach import attach
from puffling.frozen import frozen
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import PufflingError
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr
from puffling.settings.bootstrap import Whereabouts, locate

_LEAST_FREE_BYTES = 200 * 1024 * 1024
_SECONDS_FOR_QT = 60

_log = logging.getLogger(__name__)


class State(StrEnum):
    """How a check came out; only the last asks for something to be done."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "trouble"


@frozen
class Finding:
    """What one check found, and what to do about it."""

    check: str
    state: State
    found: str
    to_do: str = ""


# What Qt asks the system for, with the Debian package that brings it; the last ones only for a real screen.
QT_LIBRARIES = (
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
    ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
)
SCREEN_LIBRARIES = (
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
)

_PACKAGES = (
    "alembic", "cryptography", "exchange_calendars", "keyring", "numpy", "pandas",
    "platformdirs", "pydantic", "pyqtgraph", "qasync", "sqlalchemy", "sqlmodel",
)  # fmt: skip
_EXTRAS = {
    "server": ("fastapi", "uvicorn", "websockets"),
    "postgres": ("psycopg",),
    "cluster": ("dask", "distributed"),
}

# Run in a process of its own: a Qt that does not fit ends the process that loads it.
_TRY_QT = "from PySide6 import QtWidgets, QtSvg; QtWidgets.QApplication([])"


async def check_up(paths: Paths, environment: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
    """Check everything and give what was found; a check that breaks is a finding too."""
    settled: list[Whereabouts] = []

    def bootstrap() -> Iterator[Finding]:
        settled.append(locate(paths, environment))
        yield Finding(tr("Settings file"), State.OK, tr("Fine."))

    findings = [*_guarded(tr("Python"), _python), *_guarded(tr("Settings file"), bootstrap)]
    place = settled[0] if settled else Whereabouts(paths)
    findings += _guarded(tr("Packages"), _packages)
    findings += _guarded(tr("Qt"), lambda: _qt(environment))
    findings += _guarded(tr("Data folder"), lambda: _folder(place.paths))
    findings += await _owner(place.paths)
    findings += _guarded(tr("Database"), lambda: _database(place))
    findings += _guarded(tr("Trading"), lambda: _halt(place.paths))
    findings += _guarded(tr("Keychain"), _keychain)
    findings += _guarded(tr("Feeds"), _feeds)
    findings += _guarded(tr("Calendar"), lambda: iter([calendar_reach(SystemClock().now().year)]))
    findings += _guarded(tr("Extras"), _extras)
    return tuple(findings)


def _guarded(check: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except PufflingError as error:
        return [Finding(check, State.TROUBLE, error.message, error.hint)]
    except Exception as bug:  # noqa: BLE001  the edge: whatever is broken, the other checks still run
        _log.exception("The check %s broke", check)
        return [
            Finding(
                check,
                State.TROUBLE,
                tr("The check itself broke: {kind}: {bug}", kind=type(bug).__name__, bug=bug),
                tr("Install Puffling again; if it stays so, report it."),
            )
        ]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        yield Finding(tr("Python"), State.OK, version)
    else:
        yield Finding(
            tr("Python"), State.TROUBLE, version, tr("Puffling needs Python 3.11, 3.12 or 3.13: install one.")
        )


def _packages() -> Iterator[Finding]:
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        yield Finding(
            tr("Packages"),
            State.TROUBLE,
            tr("Missing: {names}.", names=", ".join(missing)),
            tr("Install Puffling again, so that what it needs is installed with it."),
        )
    else:
        yield Finding(tr("Packages"), State.OK, tr("All there."))


def _qt(environment: Mapping[str, str]) -> Iterator[Finding]:
    check = tr("Qt")
    try:
        version = importlib.metadata.version("pyside6-essentials")
    except importlib.metadata.PackageNotFoundError:
        if not getattr(sys, "frozen", False):
            yield Finding(
                check,
                State.TROUBLE,
                tr("PySide6 is not installed."),
                tr('Run: pip install "pyside6-essentials<6.12"'),
            )
            return
        version = ""
    if version.split(".")[:2] == ["6", "12"] and sys.version_info < (3, 12):
        yield Finding(
            check,
            State.TROUBLE,
            tr("PySide6 {version} ends the process on this Python.", version=version),
            tr('Run: pip install "pyside6-essentials<6.12"'),
        )
        return
    screen = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    missing = missing_libraries(QT_LIBRARIES + (SCREEN_LIBRARIES if screen else ()))
    if missing:
        yield Finding(
            check,
            State.TROUBLE,
            tr("System libraries are missing: {names}.", names=", ".join(name for name, _ in missing)),
            tr("Run: sudo apt-get install {names}", names=" ".join(package for _, package in missing)),
        )
        return
    complaint = "" if getattr(sys, "frozen", False) else _complaint_of_qt(environment)
    if complaint:
        yield Finding(
            check,
            State.TROUBLE,
            complaint,
            tr('Run: pip install --force-reinstall "pyside6-essentials<6.12"'),
        )
        return
    yield Finding(check, State.OK, version)
    if sys.platform.startswith("linux") and not screen:
        yield Finding(
            tr("Display"),
            State.NOTE,
            tr("There is none, so no window can open."),
            tr("Use the terminal (puffling help) or the server (puffling serve)."),
        )


def missing_libraries(wanted: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Give the libraries, with their packages, that the system's loader does not find."""
    return [] if not sys.platform.startswith("linux") else [pair for pair in wanted if not _loads(pair[0])]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _complaint_of_qt(environment: Mapping[str, str]) -> str:
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY_QT],
            env={**environment, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            timeout=_SECONDS_FOR_QT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return tr("Qt could not be tried: {reason}", reason=type(error).__name__)
    if tried.returncode == 0:
        return ""
    lines = [line for line in tried.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else tr("Qt ended with code {code}.", code=tried.returncode)


def _folder(paths: Paths) -> Iterator[Finding]:
    check = tr("Data folder")
    folder = paths.data
    standing = folder
    while not standing.exists() and standing != standing.parent:
        standing = standing.parent
    try:
        with tempfile.TemporaryFile(dir=standing):
            pass
    except OSError as error:
        yield Finding(
            check,
            State.TROUBLE,
            tr("{folder} cannot be written to: {reason}.", folder=standing, reason=error.strerror),
            tr("Make it writable, or set PUFFLING_HOME to a folder of your own."),
        )
        return
    free = shutil.disk_usage(standing).free
    if free < _LEAST_FREE_BYTES:
        yield Finding(
            check,
            State.TROUBLE,
            tr("Only {free} MB are free on the disk of {folder}.", free=free // 1_000_000, folder=folder),
            tr("Make room: a full disk keeps nothing."),
        )
    elif standing != folder:
        yield Finding(check, State.OK, tr("{folder} will be made at the first start.", folder=folder))
    else:
        yield Finding(check, State.OK, str(folder))


async def _owner(paths: Paths) -> list[Finding]:
    check = tr("Running")
    try:
        attached = await attach(paths)
    except PufflingError as error:
        return [Finding(check, State.TROUBLE, error.message, error.hint)]
    if attached is None:
        return [Finding(check, State.OK, tr("Puffling is not running."))]
    role = {"window": tr("the window"), "server": tr("the server")}.get(
        attached.greeting.role, tr("a terminal command")
    )
    return [
        Finding(
            check, State.OK, tr("{role} of version {version}", role=role, version=attached.greeting.version)
        )
    ]


def _database(place: Whereabouts) -> Iterator[Finding]:
    from puffling.store.inspection import damage_of, known_schemas, schema_of

    check = tr("Database")
    if place.database_url is not None:
        yield Finding(check, State.NOTE, tr("It is on a server; this check does not look there."))
        return
    file = place.paths.data / "puffling.db"
    if not file.exists():
        yield Finding(check, State.OK, tr("It will be made at the first start."))
        return
    if damage := damage_of(file):
        yield Finding(
            check,
            State.TROUBLE,
            tr("{file} is damaged: {damage}.", file=file, damage=damage.rstrip(".")),
            tr("Start Puffling: it moves the file aside, halts trading and offers your backups."),
        )
        return
    schema, known = schema_of(file), known_schemas()
    if schema and known and schema not in known:
        yield Finding(
            check,
            State.TROUBLE,
            tr("{file} was written by a newer Puffling.", file=file),
            tr("Install the newer version again; this one would not understand your records."),
        )
        return
    yield Finding(check, State.OK, tr("{file}, sound", file=file))


def _halt(paths: Paths) -> Iterator[Finding]:
    from puffling.trading.halt import HaltSwitch

    halt = HaltSwitch(paths.data).read()
    if halt is None:
        yield Finding(tr("Trading"), State.OK, tr("Not halted."))
    else:
        yield Finding(
            tr("Trading"),
            State.NOTE,
            tr("Halted: {reason}", reason=halt.reason),
            tr("When you are sure: puffling resume"),
        )


def _keychain() -> Iterator[Finding]:
    from puffling.settings.secrets import usable_keychain

    keychain = usable_keychain()
    if keychain is not None:
        yield Finding(tr("Keychain"), State.OK, type(keychain).__module__.rpartition(".")[2])
    else:
        yield Finding(
            tr("Keychain"),
            State.NOTE,
            tr("None that encrypts was found."),
            tr("Keep keys in the environment, behind a passphrase, or for one session."),
        )


def _feeds() -> Iterator[Finding]:
    from puffling.market.chain import FeedChain
    from puffling.market.demo.feed import DemoFeed
    from puffling.market.demo.market import DemoMarket
    from puffling.market.samples_feed import SamplesFeed
    from puffling.puffin.data.samples import SamplesProvider
    from puffling.runtime.paths import resources

    feeds = FeedChain(
        [DemoFeed(DemoMarket(), SystemClock()), SamplesFeed(SamplesProvider(resources() / "samples"))]
    )
    counts = {feed.source: len(tuple(feed.instruments())) for feed in feeds.feeds}
    found = ", ".join(
        tr("{source}: {count} symbols", source=name, count=count) for name, count in counts.items()
    )
    if all(counts.values()):
        yield Finding(tr("Feeds"), State.OK, found)
    else:
        yield Finding(
            tr("Feeds"), State.TROUBLE, found, tr("Install Puffling again: its own data is missing.")
        )


def calendar_reach(year: int) -> Finding:
    """Say how far the sessions of the exchange are known, seen from a year."""
    from puffling.market.calendar import END_DAY

    found = tr("Sessions are known to the end of {year}.", year=END_DAY.year - 1)
    if year < END_DAY.year - 1:
        return Finding(tr("Calendar"), State.OK, found)
    return Finding(tr("Calendar"), State.NOTE, found, tr("Install a newer Puffling before then."))


def _extras() -> Iterator[Finding]:
    for name, modules in _EXTRAS.items():
        check = tr("Extra {name}", name=name)
        if all(importlib.util.find_spec(module) is not None for module in modules):
            yield Finding(check, State.OK, tr("Installed."))
        else:
            todo = tr('Run, if you want it: pip install "puffling[{name}]"', name=name)
            yield Finding(check, State.NOTE, tr("Not installed."), todo)
