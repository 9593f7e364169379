"""Damage is found at start, moved aside, told until a person has decided, and never silently new."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import NotFound, StorageFailed
from puffling.store.database import Unit
from puffling.store.events import DatabaseRestored
from puffling.store.seal import Seal, check_seal
from tests.store.conftest import KEPT, Place


def _fill(unit: Unit) -> None:
    for number in range(150):
        unit.watchlists.create(f"List {number}", [f"S{number}X{each}" for each in range(40)])


def _names(unit: Unit) -> set[str]:
    return {each.name for each in unit.watchlists.all()}


def _half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _other_file(path: Path) -> None:
    path.write_text("not a database at all, but long enough to be taken for something " * 50)


def _flipped_header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 0xFF
    path.write_bytes(content)


def _noise(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 512] = random.Random(page).randbytes(512)
    path.write_bytes(content)


def _unprintable_schema(path: Path) -> None:
    # SQLite quotes what it cannot parse, and the driver cannot read that either.
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE settings", b"CREATE \xffABLE settings"))


def _flipped_value(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"S7X3"', b'"S7X3!', 1))


@pytest.mark.parametrize(
    "harm",
    [_half, _nothing, _other_file, _flipped_header, _noise, _unprintable_schema, _flipped_value],
)
async def test_a_damaged_file_is_moved_aside_and_a_backup_brings_all_back(
    folder: Place, harm: Callable[[Path], None]
) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, _fill)
        backup = await store.backup(keep=KEPT)
        names = await store.read(DEFAULT_USER, _names)
    harm(folder.file)
    damaged = folder.file.read_bytes()

    for _ in range(2):  # nobody has decided anything, so the next start says it again
        async with folder.open() as store:
            report = store.report
            assert report.damage
            assert not report.trustworthy
            assert report.recovered_from is not None
            assert report.recovered_from.read_bytes() == damaged
            assert [each.name for each in report.backups] == [backup.name]
            assert await store.read(DEFAULT_USER, _names) == set()

    heard: list[DatabaseRestored] = []
    folder.bus.on(DatabaseRestored, heard.append)
    async with folder.open() as store:
        restored = await store.restore(backup, keep=KEPT)
        assert restored.trustworthy
        assert store.report == restored
        assert heard == [DatabaseRestored(backup.name)]
        assert await store.read(DEFAULT_USER, _names) == names
    async with folder.open() as store:
        assert store.report.trustworthy
        assert await store.read(DEFAULT_USER, _names) == names


async def test_a_file_that_cannot_be_sealed_is_checked_in_another_way(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, _fill)
        # Where the seal would be written first there is a folder.
        folder.file.with_name(folder.file.name + ".part").mkdir()
    assert check_seal(folder.file) is Seal.MISSING
    async with folder.open() as store:
        assert (store.report.damage, store.report.altered) == ("", False)
        assert len(await store.read(DEFAULT_USER, _names)) == 150


async def test_damage_that_is_met_while_reading_is_said_to_be_damage(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Tech"))
        with closing(sqlite3.connect(folder.file)) as connection, connection:
            connection.execute("UPDATE watchlists SET name = CAST(x'ff' AS TEXT)")
        with pytest.raises(StorageFailed, match="is damaged"):
            await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())


async def test_a_file_that_is_gone_is_not_taken_for_a_first_start(folder: Place) -> None:
    async with folder.open() as store:
        await store.backup(keep=KEPT)
    folder.file.unlink()
    async with folder.open() as store:
        assert store.report.damage
        assert (await store.accept()).trustworthy
    async with folder.open() as store:
        assert store.report.trustworthy


async def test_records_changed_while_closed_are_noticed(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("note", "buy-ten"))
    async with folder.open() as store:
        assert store.report.trustworthy
    content = folder.file.read_bytes()
    assert content.count(b"buy-ten") == 1
    folder.file.write_bytes(content.replace(b"buy-ten", b"buy-two"))
    for _ in range(2):
        async with folder.open() as store:
            assert store.report.altered
            assert not store.report.trustworthy
    async with folder.open() as store:
        assert (await store.accept()).trustworthy
    async with folder.open() as store:
        assert store.report.trustworthy


async def test_old_backups_go_but_not_while_damage_is_undecided(folder: Place) -> None:
    async with folder.open() as store:
        for _ in range(KEPT + 2):
            folder.clock.advance(1)
            await store.backup(keep=KEPT)
        assert len(await store.backups()) == KEPT
    _half(folder.file)
    async with folder.open() as store:
        kept = await store.backups()
        for _ in range(KEPT + 2):
            folder.clock.advance(1)
            await store.backup(keep=KEPT)
        assert set(kept) <= set(await store.backups())


async def test_a_backup_that_is_damaged_or_gone_changes_nothing(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, _fill)
        backup = await store.backup(keep=KEPT)
        names = await store.read(DEFAULT_USER, _names)
        _noise(backup.path)
        with pytest.raises(StorageFailed, match="damaged"):
            await store.restore(backup, keep=KEPT)
        backup.path.unlink()
        with pytest.raises(NotFound):
            await store.restore(backup, keep=KEPT)
        assert (await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())).intact
        assert await store.read(DEFAULT_USER, _names) == names


async def test_a_restored_backup_does_not_pile_up_copies(folder: Place) -> None:
    async with folder.open() as store:
        (folder.paths.data / "backups").mkdir()
        (folder.paths.data / "backups" / "puffling-half.part").write_text("left by a killed process")
        backup = await store.backup(keep=KEPT)
        for _ in range(KEPT + 2):
            folder.clock.advance(1)
            backup = (await store.backups())[-1]
            await store.restore(backup, keep=KEPT)
    assert len(list((folder.paths.data / "backups").iterdir())) == KEPT


async def test_a_backup_is_whole_while_the_store_is_written(folder: Place) -> None:
    async with folder.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Before"))
        backup = await store.backup(keep=KEPT)
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("After"))
        assert await store.read(DEFAULT_USER, _names) == {"Before", "After"}
        await store.restore(backup, keep=KEPT)
        assert await store.read(DEFAULT_USER, _names) == {"Before"}
        audit = await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())
        assert audit.intact
