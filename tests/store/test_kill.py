"""A process that is killed at any moment keeps every edit that was shown as saved."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.store.database import Unit
from tests.store.conftest import KEPT, Place

EDIT = """
import asyncio, sys
from pathlib import Path
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store

def edit(unit, number):
    [watchlist] = unit.watchlists.all() or [unit.watchlists.create("Tech")]
    unit.watchlists.add(watchlist.id, f"S{number}")
    unit.audit.append(actor="person", capability="watchlists.add", outcome="done", summary=f"S{number}")

async def main():
    clock = SystemClock()
    store = await Store.open(Paths.under(Path(sys.argv[1])), port=Port(clock), bus=Bus(), clock=clock)
    for number in range(1, 900):
        await store.run(DEFAULT_USER, edit, number)
        print(number, flush=True)

asyncio.run(main())
"""


def _edited_until_killed(place: Place, checkout: Path, after: int, delay_seconds: float) -> int:
    """Give the last edit a child said was saved before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", EDIT, str(place.paths.data)], stdout=subprocess.PIPE, cwd=checkout, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(after):
            child.stdout.readline()
        threading.Event().wait(delay_seconds)
        child.kill()
        rest = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return int(rest[-1]) if rest else after


@pytest.mark.parametrize("seed", range(5))
async def test_every_edit_that_was_shown_as_saved_is_there_after_a_kill(
    folder: Place, checkout: Path, seed: int
) -> None:
    chance = random.Random(seed)
    shown = _edited_until_killed(folder, checkout, chance.randint(1, 200), chance.random() / 50)
    async with folder.open() as store:
        assert store.report.trustworthy
        [watchlist] = await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())
        trail = await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())
    # At most one more was committed and not yet shown; its line in the trail came with it.
    assert len(watchlist.symbols) in {shown, shown + 1}
    assert watchlist.symbols == tuple(f"S{number}" for number in range(1, len(watchlist.symbols) + 1))
    assert trail.intact
    assert trail.entries == len(watchlist.symbols)


RESTORE = """
import asyncio, sys
from pathlib import Path
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store

async def main():
    clock = SystemClock()
    store = await Store.open(Paths.under(Path(sys.argv[1])), port=Port(clock), bus=Bus(), clock=clock)
    [backup] = await store.backups()
    print("open", flush=True)
    await store.restore(backup, keep=KEPT)

asyncio.run(main())
"""


def _note(unit: Unit, size: int) -> None:
    for number in range(size):
        unit.settings.put(f"key-{number}", "x" * 20_000)
    unit.audit.append(actor="person", capability="settings.put", outcome="done")


def _killed_while_restoring(place: Place, checkout: Path, delay_seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RESTORE, str(place.paths.data)], stdout=subprocess.PIPE, cwd=checkout
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        threading.Event().wait(delay_seconds)
        child.kill()


@pytest.mark.parametrize("delay_seconds", [0.005, 0.03, 0.06])
async def test_a_restore_that_is_killed_leaves_the_old_or_the_new_records(
    folder: Place, checkout: Path, delay_seconds: float
) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, _note, 300)
        await store.backup(keep=KEPT)
        await store.run(DEFAULT_USER, _note, 301)
    _killed_while_restoring(folder, checkout, delay_seconds)
    async with folder.open() as store:
        assert store.report.trustworthy
        settings = await store.read(DEFAULT_USER, lambda unit: unit.settings.all())
        trail = await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())
    assert (len(settings), trail.entries) in {(300, 1), (301, 2)}
    assert trail.intact
