"""The program's own start and end, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from puffling.desktop.application import refuse_broken_qt
from puffling.desktop.snapshot import FILE_NAME, Snapshot
from puffling.runtime.errors import Unavailable

HEAVY = (
    "pydantic",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "pandas",
    "scipy",
    "fastapi",
    "keyring",
    "cryptography",
)
LONGEST_SECONDS = 60

RUN = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from puffling.__main__ import open_window
from puffling.runtime.paths import Paths

heavy, last = sys.argv[1].split(","), sys.argv[2]

def leave():
    for window in QApplication.topLevelWidgets():
        if window.objectName() == "puffling":
            window.close()

def reached(milestone):
    loaded = [name for name in heavy if name in sys.modules] if milestone == "painted" else []
    print(milestone, *loaded, flush=True)
    if milestone == last:
        QTimer.singleShot(0, leave)

sys.exit(open_window(Paths.discover(), reached=reached))
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts the program on a home; it leaves by itself at its last milestone, or with the test."""
    started: list[subprocess.Popen[str]] = []

    def start_one(last: str = "live") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, ",".join(HEAVY), last],
            env={**os.environ, "PUFFLING_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    """Wait for the end: exit code, milestones, what was said."""
    said, complaints = process.communicate(timeout=LONGEST_SECONDS)
    return process.returncode, said.splitlines(), complaints


def wait_until_live(process: subprocess.Popen[str]) -> None:
    """Come back when the program says that it shows live content."""
    assert process.stdout is not None
    for milestone in process.stdout:
        if milestone.strip() == "live":
            return
    pytest.fail("the program ended before it was live")


def test_nothing_heavy_is_loaded_before_the_first_paint_and_the_end_is_orderly(
    home: Path, start: Start
) -> None:
    code, milestones, complaints = finish(start())
    assert milestones == ["painted", "open", "live", "closed"], complaints
    assert code == 0
    assert "Traceback" not in complaints
    assert Snapshot.load(home / "cache" / FILE_NAME).panels["watchlist"]["content"]["rows"]


def test_a_second_start_paints_and_leaves_before_the_core_is_asked(start: Start) -> None:
    finish(start())
    code, milestones, _ = finish(start(last="painted"))
    assert (code, milestones[0], milestones[-1]) == (0, "painted", "closed")


# Windows has no signal that a program could answer.
if sys.platform != "win32":

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_the_program_in_order(home: Path, start: Start, sent: signal.Signals) -> None:
        process = start(last="never")
        wait_until_live(process)
        process.send_signal(sent)
        code, milestones, complaints = finish(process)
        assert (code, milestones) == (0, ["closed"]), complaints
        assert (home / "cache" / FILE_NAME).exists()


def test_a_second_window_calls_the_first_one_forward_and_leaves(start: Start) -> None:
    first = start(last="never")
    wait_until_live(first)
    code, milestones, complaints = finish(start(last="never"))
    assert (code, milestones) == (0, ["painted", "closed"]), complaints
    first.terminate()
    assert finish(first)[0] == 0


def test_a_damaged_database_opens_halted_and_says_so(home: Path, start: Start) -> None:
    finish(start())
    database = next(home.glob("puffling.db"))
    database.write_bytes(b"not a database" * 1000)
    code, milestones, complaints = finish(start())
    assert (code, milestones) == (0, ["painted", "open", "live", "closed"]), complaints
    assert Snapshot.load(home / "cache" / FILE_NAME).lines["state"] == "halted"


def test_a_qt_that_would_crash_is_refused_with_what_to_do() -> None:
    with pytest.raises(Unavailable, match=r"6\.12\.0") as refused:
        refuse_broken_qt("6.12.0", (3, 11))
    assert "pip install" in refused.value.hint
    refuse_broken_qt("6.12.0", (3, 12))
    refuse_broken_qt("6.11.3", (3, 11))


def test_qt_keeps_no_source_of_what_is_imported_after_it() -> None:
    imports = (
        "import puffling.desktop.window, linecache, colorsys; print(colorsys.__file__ in linecache.cache)"
    )
    said = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
