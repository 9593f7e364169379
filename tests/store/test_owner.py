"""One process owns a person's data, and a second owner is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, StorageFailed
from puffling.runtime.paths import Paths
from puffling.store.owner import OwnedElsewhere, Owner
from tests.store.conftest import START, Place

HOLD = """
import sys
from pathlib import Path
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.store.owner import Owner
owner = Owner.acquire(Paths.under(Path(sys.argv[1])), SystemClock())
print(type(owner).__name__, flush=True)
sys.stdin.read()
"""


def _own(paths: Paths) -> Owner | OwnedElsewhere:
    return Owner.acquire(paths, FixedClock(START))


def test_a_second_owner_is_told_who_the_first_is(folder: Place) -> None:
    first = _own(folder.paths)
    assert isinstance(first, Owner)
    assert _own(folder.paths) == OwnedElsewhere(os.getpid(), START)
    first.release()
    first.release()
    second = _own(folder.paths)
    assert isinstance(second, Owner)
    second.release()


def test_an_owner_that_is_killed_owns_nothing_any_more(folder: Place, checkout: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder.paths.data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=checkout,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "Owner"
        refused = _own(folder.paths)
        assert isinstance(refused, OwnedElsewhere)
        assert refused.pid == child.pid
        child.kill()
        child.wait(10)
    owner = _own(folder.paths)
    assert isinstance(owner, Owner)
    owner.release()


FULL = """
import resource, signal, sys
from pathlib import Path
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.store.owner import Owner
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
owners = [Owner.acquire(Paths.under(Path(sys.argv[1])), SystemClock()) for _ in range(2)]
print(*(type(owner).__name__ for owner in owners), owners[1].pid)
"""


def test_a_full_disk_takes_away_the_name_of_the_owner_and_not_the_ownership(
    folder: Place, checkout: Path
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FULL, str(folder.paths.data)],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.split() == ["Owner", "OwnedElsewhere", "None"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be written"):
        _own(Paths.under(tmp_path / "file" / "home"))


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
async def test_a_second_owner_of_a_server_is_refused(
    postgres_server: str, postgres_url: str, home: Path, tmp_path: Path
) -> None:
    here, elsewhere = (
        Place(Paths.under(home), postgres_url),
        Place(Paths.under(tmp_path / "two"), postgres_url),
    )
    async with here.open():
        with pytest.raises(Conflict, match="owns the database"):
            async with elsewhere.open():
                pass
    async with elsewhere.open():
        pass
