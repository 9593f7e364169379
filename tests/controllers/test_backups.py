"""A backup has all that nobody else could give back: records, imported prices, strategies one wrote."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths

pytestmark = pytest.mark.usefixtures("as_person")


def price_file(folder: Path, close: float, days: int = 3) -> Path:
    """Write some days of one price."""
    rows = [f"2024-01-{day:02},{close},{close},{close},{close},100" for day in range(2, 2 + days)]
    file = folder / "mine.csv"
    file.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows, ""]), encoding="utf-8")
    return file


async def closes(core: Core, symbol: str) -> list[float]:
    """What the market has of a symbol."""
    found = await core.data.history(symbol, Interval.D1, date(2024, 1, 1))
    return [float(each) for each in found.bars.close]


def kept(paths: Paths) -> list[Path]:
    """The copies of files all backups share."""
    return sorted((paths.data / "backups" / "files").glob("*"))


async def test_imported_prices_come_back_with_a_backup_and_those_since_stay(
    core: Core, clock: FixedClock, tmp_path: Path
) -> None:
    await core.files.add(price_file(tmp_path, 10.0), "OLD")
    await core.files.add(price_file(tmp_path, 20.0), "GONE")
    backup = await core.backups.create()
    clock.advance(1)
    await core.files.add(price_file(tmp_path, 11.0, days=2), "OLD")
    await core.files.remove("GONE")
    await core.files.add(price_file(tmp_path, 30.0), "NEW")
    assert await closes(core, "OLD") == [11.0] * 2
    await core.backups.restore(backup.name)
    assert await closes(core, "OLD") == [10.0] * 3
    assert await closes(core, "GONE") == [20.0] * 3
    assert await closes(core, "NEW") == [30.0] * 3
    clock.advance(1)
    [undo] = [each for each in await core.backups.all() if "before_restore" in each.name]
    await core.backups.restore(undo.name)
    assert await closes(core, "OLD") == [11.0] * 2


async def test_strategies_one_wrote_come_back_with_a_backup(core: Core, paths: Paths) -> None:
    folder = await core.strategies.folder()
    (folder / "mine.py").write_text("first = 1\n", encoding="utf-8")
    (folder / "notes.txt").write_text("not a record\n", encoding="utf-8")
    backup = await core.backups.create()
    (folder / "mine.py").unlink()
    (folder / "notes.txt").unlink()
    await core.backups.restore(backup.name)
    assert [each.name for each in folder.glob("*")] == ["mine.py"]
    assert (folder / "mine.py").read_text(encoding="utf-8") == "first = 1\n"


async def test_a_file_that_did_not_change_is_copied_once_and_goes_with_its_last_backup(
    core: Core, paths: Paths, clock: FixedClock, tmp_path: Path
) -> None:
    await core.settings.put("upkeep.keep_backups", 3)
    await core.files.add(price_file(tmp_path, 10.0), "MINE")
    for _ in range(3):
        clock.advance(1)
        await core.backups.create()
    assert len(kept(paths)) == 1
    await core.files.add(price_file(tmp_path, 12.0), "MINE")
    for expected in (2, 2, 1):
        clock.advance(1)
        await core.backups.create()
        assert len(kept(paths)) == expected
    assert len([*(paths.data / "backups").glob("*.json")]) == 3


async def test_a_backup_whose_copies_are_gone_is_refused_before_anything_changes(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    await core.files.add(price_file(tmp_path, 10.0), "MINE")
    backup = await core.backups.create()
    await core.watchlists.delete("Core")
    await core.files.add(price_file(tmp_path, 12.0), "MINE")
    for copy in kept(paths):
        copy.unlink()
    with pytest.raises(StorageFailed, match="gone"):
        await core.backups.restore(backup.name)
    assert await core.watchlists.all() == ()
    assert await closes(core, "MINE") == [12.0] * 3


async def test_a_list_of_files_brings_nothing_to_another_place(
    core: Core, paths: Paths, tmp_path: Path
) -> None:
    await core.files.add(price_file(tmp_path, 10.0), "MINE")
    backup = await core.backups.create()
    listed = backup.path.with_suffix(".json")
    [copy] = kept(paths)
    names = ["../outside.npz", "files/../../outside.npz", "logs/outside.npz", "files/outside.sh"]
    listed.write_text(json.dumps(dict.fromkeys(names, copy.name)), encoding="utf-8")
    await core.backups.restore(backup.name)
    assert not any("outside" in name for _, _, files in os.walk(tmp_path) for name in files)
    listed.write_text("not a list", encoding="utf-8")
    with pytest.raises(StorageFailed, match="cannot be read"):
        await core.backups.restore(backup.name)


async def test_a_backup_from_before_there_were_copies_changes_no_file(core: Core, tmp_path: Path) -> None:
    backup = await core.backups.create()
    assert not backup.path.with_suffix(".json").exists()
    await core.files.add(price_file(tmp_path, 10.0), "MINE")
    await core.backups.restore(backup.name)
    assert await closes(core, "MINE") == [10.0] * 3
