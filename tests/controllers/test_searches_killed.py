"""kill -9 in the middle of a search: it is found in the history, counted as far as it got, and goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths

SETS = 40


@pytest.mark.parametrize("written", [1, 2])
@pytest.mark.usefixtures("as_person")
async def test_a_search_killed_in_its_first_lot_is_found_again_and_goes_on(
    written: int, paths: Paths, clock: FixedClock, checkout: Path
) -> None:
    kill_once_written(paths.data, checkout, written)
    core = await Core.open(paths, clock=clock, environment={})
    try:
        [line] = await core.optimization.all()
        assert (line.state, line.planned) == ("interrupted", SETS)
        assert line.tried < SETS
        assert (line.tried > 0) == (written > 1)
        counted = await core.store.read(core.user, lambda unit: unit.attempts.on("demo|SPY|1d"))
        assert counted.count == line.tried
        told = await core.optimization.show(line.id)
        assert (told.best is not None) == (written > 1)
        assert (await core.optimization.resume(line.id)).summary.tried == SETS
        counted = await core.store.read(core.user, lambda unit: unit.attempts.on("demo|SPY|1d"))
        assert counted.count == SETS
    finally:
        await core.close()


def kill_once_written(folder: Path, checkout: Path, times: int) -> None:
    """Let a process search until it has written something down so often, and kill it."""
    command = [sys.executable, "-m", "tests.controllers.child_search", str(folder), str(times)]
    with subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = child.stdout.readline()
        child.kill()
    assert told == "written\n"
