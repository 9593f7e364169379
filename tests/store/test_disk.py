"""Full, locked and read-only disks: nothing half-saved, said so, and it goes on when the cause is gone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.store.database import Unit
from tests.store.conftest import KEPT, Place

# A limit on the size of files is a disk that is full, without being root.
FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    clock = SystemClock()
    store = await Store.open(Paths.under(Path(sys.argv[1])), port=Port(clock), bus=Bus(), clock=clock)
    size = max(path.stat().st_size for path in Path(sys.argv[1]).glob("puffling.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    saved = 0
    try:
        for number in range(1000):
            await store.run(DEFAULT_USER, lambda unit: unit.settings.put(f"key-{number}", "x" * 5000))
            saved += 1
    except StorageFailed as failed:
        print(saved, failed.message, "|", failed.hint)
    found = await store.read(DEFAULT_USER, lambda unit: unit.settings.all())
    print(len(found))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("after", True))
    print(len(await store.read(DEFAULT_USER, lambda unit: unit.settings.all())))
    await store.close()

asyncio.run(main())
"""

# Root may write everywhere, so a child of root first becomes nobody, with all it needs imported.
OPEN = """
import asyncio, os, sys
from pathlib import Path
import puffling.store.engine, puffling.store.sqlite
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store

async def main():
    if os.geteuid() == 0:
        os.seteuid(65534)
    clock = SystemClock()
    port = Port(clock)
    try:
        await Store.open(Paths.under(Path(sys.argv[1])), port=port, bus=Bus(), clock=clock)
    except StorageFailed as failed:
        print(failed.message, "|", failed.hint)
    await port.close()

asyncio.run(main())
"""


def _run(checkout: Path, *command: str) -> str:
    ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _allow(home: Path, *, files: int, folder: int) -> None:
    for path in home.iterdir():
        path.chmod(files)
    home.chmod(folder)


async def test_a_full_disk_saves_nothing_says_so_and_recovers(folder: Place, checkout: Path) -> None:
    first, kept, after = _run(checkout, sys.executable, "-c", FULL, str(folder.paths.data)).splitlines()
    saved, said = first.split(" ", 1)
    assert "nothing was saved" in said
    assert said.split("|")[1].strip()
    assert int(saved) < 1000
    assert int(kept) == int(saved)
    assert int(after) == int(saved) + 1
    async with folder.open() as store:
        assert store.report.trustworthy
        assert len(await store.read(DEFAULT_USER, lambda unit: unit.settings.all())) == int(after)


async def test_a_backup_on_a_full_disk_leaves_no_half_copy(folder: Place) -> None:
    async with folder.open() as store:
        (folder.paths.data / "backups").write_text("a file where the folder should be")
        with pytest.raises(StorageFailed, match="cannot be written") as failed:
            await store.backup(keep=KEPT)
        assert failed.value.hint
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))


async def test_a_lock_of_another_program_is_said_and_waited_out(folder: Place) -> None:
    async with folder.open() as store:
        with closing(sqlite3.connect(folder.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageFailed, match="Another program"):
                await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
            other.execute("ROLLBACK")
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 2))


async def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be written") as failed:
        async with Place(Paths.under(tmp_path / "file" / "home")).open():
            pass
    assert "PUFFLING_HOME" in failed.value.hint


async def test_a_read_only_folder_is_said_so_and_left_as_it_is(checkout: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Place(Paths.under(Path(name)))
        async with place.open() as store:
            await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
        content = _content(place.paths.data)
        _allow(place.paths.data, files=0o444, folder=0o555)
        said = _run(checkout, sys.executable, "-c", OPEN, name)
        assert "cannot be written" in said
        assert "PUFFLING_HOME" in said
        assert _content(place.paths.data) == content
        _allow(place.paths.data, files=0o644, folder=0o755)
        async with place.open() as store:
            assert store.report.trustworthy


async def test_the_settings_that_make_commits_durable_are_verified_at_start(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, _count_settings)
    # A database that somebody took out of write-ahead logging is put back into it.
    with closing(sqlite3.connect(folder.file)) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    async with folder.open() as store:
        assert await store.run(DEFAULT_USER, _count_settings) == ("wal", 2, 1, 5000)


def _count_settings(unit: Unit) -> tuple[object, ...]:
    connection = unit.settings._session.connection()
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names)
