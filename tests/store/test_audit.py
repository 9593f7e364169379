"""The audit trail: what was written stays as it was, or it shows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from puffling.store.database import Store, Unit
from puffling.store.events import AuditAppended
from puffling.store.heads import Heads
from puffling.store.repositories.audit import line_hash
from puffling.store.tables.audit import AuditRow
from puffling.store.values import AuditCheck, AuditEntry
from tests.store.conftest import START, Place


def _append(
    unit: Unit, summary: str, capability: str = "watchlists.add", outcome: str = "done"
) -> AuditEntry:
    return unit.audit.append(
        actor="person",
        capability=capability,
        outcome=outcome,
        summary=summary,
        details={"symbol": "ÄÖ\0", "n": 1.0},
    )


async def _written(place: Place, lines: int = 4) -> None:
    async with place.open() as store:
        for number in range(1, lines + 1):
            await store.run(DEFAULT_USER, _append, f"line-{number}")


async def _checked(place: Place) -> AuditCheck:
    async with place.open() as store:
        return await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())


def _tamper(place: Place, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(place.file)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


async def test_lines_are_chained_told_and_listed_newest_first(store: Store, place: Place) -> None:
    heard: list[AuditAppended] = []
    place.bus.on(AuditAppended, heard.append)
    first = await store.run(DEFAULT_USER, _append, "one")
    second = await store.run(DEFAULT_USER, _append, "two \ud800\0")
    assert second.prev_hash == first.hash
    assert [event.entry for event in heard] == [first, second]
    assert await store.read(DEFAULT_USER, lambda unit: unit.audit.newest()) == (second, first)
    assert (await store.read(DEFAULT_USER, lambda unit: unit.audit.verify())).intact


async def test_lines_are_found_by_what_they_say(store: Store, place: Place) -> None:
    for index, (capability, outcome) in enumerate(
        [("watchlists.add", "done"), ("watchlists.remove", "refused"), ("settings.put", "done")]
    ):
        place.clock.set(START + timedelta(minutes=index))
        await store.run(DEFAULT_USER, _append, "x", capability, outcome)

    async def numbers(**wanted: Any) -> list[int]:
        found = await store.read(DEFAULT_USER, lambda unit: unit.audit.newest(**wanted))
        return [entry.number for entry in found]

    assert await numbers(capability="watchlists.") == [2, 1]
    assert await numbers(capability="watchlists.add") == [1]
    assert await numbers(outcome="refused") == [2]
    assert await numbers(before=3, limit=1) == [2]
    assert await numbers(since=START + timedelta(minutes=1), until=START + timedelta(minutes=2)) == [2]
    assert await numbers(actor="agent") == []
    with pytest.raises(InvalidInput):
        await numbers(limit=0)


COLUMNS = ["at", "actor", "capability", "outcome", "summary", "details", "prev_hash", "hash"]


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_changed_line_is_named(folder: Place, column: str) -> None:
    await _written(folder)
    change = "at + 1" if column == "at" else f"substr({column}, 1, 3) || 'x' || substr({column}, 5)"
    _tamper(folder, f"UPDATE audit SET {column} = {change} WHERE number = 3")
    check = await _checked(folder)
    assert (check.broken_at, check.entries) == (3, 4)


@pytest.mark.parametrize("number", [1, 2, 4])
async def test_a_missing_line_is_named_the_last_one_too(folder: Place, number: int) -> None:
    await _written(folder)
    _tamper(folder, "DELETE FROM audit WHERE number = ?", number)
    assert (await _checked(folder)).broken_at == number


async def test_a_trail_that_was_cut_and_written_on_is_noticed(folder: Place) -> None:
    await _written(folder)
    head = folder.paths.data / "audit-heads.json"
    kept = head.read_bytes()
    _tamper(folder, "DELETE FROM audit WHERE number = 4")
    await _written(folder, lines=1)
    head.write_bytes(kept)
    assert (await _checked(folder)).broken_at == 4


async def test_a_line_forged_with_a_right_hash_of_its_own_breaks_the_chain(folder: Place) -> None:
    await _written(folder)
    with closing(sqlite3.connect(folder.file)) as connection:
        found = connection.execute("SELECT * FROM audit WHERE number = 2")
        names = [column[0] for column in found.description]
        row = AuditRow(
            **{**dict(zip(names, found.fetchone(), strict=True)), "at": START, "summary": "forged"}
        )
    _tamper(folder, "UPDATE audit SET summary = ?, hash = ? WHERE number = 2", row.summary, line_hash(row))
    assert (await _checked(folder)).broken_at == 3


async def test_bytes_flipped_in_the_file_are_noticed(folder: Place) -> None:
    await _written(folder)
    content = folder.file.read_bytes()
    assert content.count(b"line-2") == 1
    # A byte that is no text at all: the line cannot even be read.
    folder.file.write_bytes(content.replace(b"line-2", b"li\xff\xfe-2"))
    assert (await _checked(folder)).broken_at == 2


async def test_of_two_damages_the_first_is_named(folder: Place) -> None:
    await _written(folder)
    _tamper(folder, "DELETE FROM audit WHERE number = 2")
    content = folder.file.read_bytes()
    folder.file.write_bytes(content.replace(b"line-4", b"li\xff\xfe-4"))
    assert (await _checked(folder)).broken_at == 2


async def test_a_lost_or_unreadable_record_of_the_end_is_noticed(folder: Place) -> None:
    await _written(folder)
    head = folder.paths.data / "audit-heads.json"
    head.write_text("[]")
    assert not (await _checked(folder)).intact
    head.unlink()
    assert not (await _checked(folder)).intact


def test_the_record_of_the_end_is_written_over_whole(tmp_path: Path) -> None:
    heads = Heads(tmp_path)
    heads.begin()
    for number in (9, 10, 9):
        heads.put({DEFAULT_USER: (number, "a" * 64)})
        assert heads.get(DEFAULT_USER) == (number, "a" * 64)
        # It never grows: a crash may keep the text and lose the length.
        assert (tmp_path / "audit-heads.json").stat().st_size == 512
    # What cannot be read is not made good by what comes after: it has to be seen.
    (tmp_path / "audit-heads.json").write_text("[]")
    heads.put({DEFAULT_USER: (11, "a" * 64)})
    with pytest.raises(ValueError, match="malformed"):
        heads.get(DEFAULT_USER)


async def test_a_long_trail_is_checked_to_its_end(folder: Place) -> None:
    def many(unit: Unit) -> None:
        for number in range(1, 1102):
            _append(unit, f"line-{number}")

    async with folder.open() as store:
        await store.run(DEFAULT_USER, many)
        assert await store.read(DEFAULT_USER, lambda unit: unit.audit.verify()) == AuditCheck(1101)
    _tamper(folder, "UPDATE audit SET summary = 'line-1' WHERE number = 1050")
    assert (await _checked(folder)).broken_at == 1050


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
async def test_a_new_computer_takes_up_the_trail_of_a_server(
    postgres_server: str, postgres_url: str, folder: Place, tmp_path: Path
) -> None:
    folder.url = postgres_url
    await _written(folder)
    new = Place(Paths.under(tmp_path / "new"), postgres_url)
    assert await _checked(new) == AuditCheck(4)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("DELETE FROM audit WHERE number = 4")
    assert (await _checked(new)).broken_at == 4
