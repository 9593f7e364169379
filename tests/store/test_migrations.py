"""From every released schema to today's, and nothing lost when the power goes in the middle."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.errors import StorageFailed
from puffling.store.migrations import SHIPPED, Schema
from puffling.store.tables.every import Row
from tests.store.conftest import KEPT, Place
from tests.store.dump_schema import FOLDER

# A second version for these tests: it rebuilds a table, adds another, rewrites rows, and can be killed
# by itself before each step.
NEXT = """
import os, signal
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

def step(number):
    if os.environ.get("KILL_AT") == str(number):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

def upgrade():
    step(0)
    with op.batch_alter_table("watchlists", recreate="always") as batch:
        batch.add_column(sa.Column("color", sa.String(), nullable=False, server_default="blue"))
        step(1)
    step(2)
    op.create_table("notes", sa.Column("id", sa.String(), primary_key=True))
    step(3)
    op.execute("UPDATE watchlists SET name = name || '!'")
    step(4)
    op.drop_table("drawings")
    step(5)
"""

OPEN = """
import asyncio, os, signal, sys
from pathlib import Path
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SystemClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.database import Store
from puffling.store.migrations import Schema

async def main():
    clock = SystemClock()
    schema = Schema(("0001", "0002", "0003", "0004", "0005"), Path(sys.argv[2]))
    await Store.open(Paths.under(Path(sys.argv[1])), port=Port(clock), bus=Bus(), clock=clock, schema=schema)
    print("open", flush=True)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

asyncio.run(main())
"""


@pytest.fixture
def newer(tmp_path: Path) -> Schema:
    """The shipped schema and one after it."""
    folder = tmp_path / "migrations"
    shutil.copytree(SHIPPED.folder, folder)
    (folder / "versions" / "0005_next.py").write_text(NEXT)
    return Schema((*SHIPPED.versions, "0005"), folder)


def _version(place: Place) -> str:
    with closing(sqlite3.connect(place.file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


async def _names(place: Place, schema: Schema = SHIPPED) -> list[str]:
    async with place.open(schema) as store:
        return [each.name for each in await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())]


def _start(place: Place, schema: Schema, checkout: Path, **environment: str) -> bytes:
    """Start a process that opens the store; it ends by kill -9 in any case, and this is what it had said."""
    ended = subprocess.run(
        [sys.executable, "-c", OPEN, str(place.paths.data), str(schema.folder)],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr == b""
    return ended.stdout


async def _with_a_list(place: Place) -> None:
    async with place.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Tech", ["AAPL"]))


async def test_the_tables_are_what_the_migrations_make(place: Place) -> None:
    async with place.open():
        pass
    engine = create_engine(place.url or f"sqlite:///{place.file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_the_program_knows_every_revision_in_its_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(SHIPPED.folder))
    chain = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(chain)) == SHIPPED.versions


@pytest.mark.parametrize("version", SHIPPED.versions)
async def test_every_released_schema_opens_with_its_rows(folder: Place, version: str) -> None:
    folder.paths.data.mkdir()
    dump = (FOLDER / f"{version}.sql").read_text("utf-8")
    with closing(sqlite3.connect(folder.file)) as connection:
        connection.executescript(dump)
    async with folder.open() as store:
        assert store.report.schema == SHIPPED.head
        [watchlist] = await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())
        assert watchlist.id == "one"
    tables = re.findall(r'INSERT INTO "(\w+)"', dump)
    assert len(tables) >= 24
    with closing(sqlite3.connect(folder.file)) as connection:
        for table in tables:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 1


async def test_an_older_schema_is_backed_up_and_brought_up_to_date(folder: Place, newer: Schema) -> None:
    await _with_a_list(folder)
    async with folder.open(newer) as store:
        assert (store.report.migrated_from, store.report.schema) == ("0004", "0005")
        [backup] = store.report.backups
        assert "before_0005" in backup.name
    assert await _names(folder, newer) == ["Tech!"]
    with closing(sqlite3.connect(backup.path)) as connection:
        assert connection.execute("SELECT name FROM watchlists").fetchall() == [("Tech",)]


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
async def test_a_failed_migration_of_a_server_leaves_the_old_version(
    postgres_server: str, postgres_url: str, folder: Place, newer: Schema
) -> None:
    folder.url = postgres_url
    await _with_a_list(folder)
    last = newer.folder / "versions" / "0005_next.py"
    last.write_text(NEXT.replace("step(5)", "raise OSError('the cable')"))
    with pytest.raises(OSError, match="the cable"):
        await _names(folder, newer)
    assert await _names(folder) == ["Tech"]
    last.write_text(NEXT)
    assert await _names(folder, newer) == ["Tech!"]


@pytest.mark.parametrize("step", range(6))
async def test_a_migration_killed_at_any_step_leaves_the_old_version(
    folder: Place, newer: Schema, checkout: Path, step: int
) -> None:
    await _with_a_list(folder)
    assert _start(folder, newer, checkout, KILL_AT=str(step)) == b""
    assert await _names(folder) == ["Tech"]
    # And the newer program, killed right after its commit this time, gets all the way.
    assert _start(folder, newer, checkout) == b"open\n"
    assert _version(folder) == "0005"
    assert await _names(folder, newer) == ["Tech!"]


async def test_an_older_program_refuses_a_newer_schema_and_leaves_it_alone(
    folder: Place, newer: Schema
) -> None:
    await _with_a_list(folder)
    await _names(folder, newer)
    content = folder.file.read_bytes()
    with pytest.raises(StorageFailed, match="newer Puffling") as refused:
        await _names(folder)
    assert "backup" in refused.value.hint
    assert folder.file.read_bytes() == content
    assert await _names(folder, newer) == ["Tech!"]


async def test_a_backup_of_a_newer_schema_is_not_restored(folder: Place, newer: Schema) -> None:
    await _with_a_list(folder)
    async with folder.open() as store:
        backup = await store.backup(keep=KEPT)
        with closing(sqlite3.connect(backup.path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '0005'")
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Later"))
        with pytest.raises(StorageFailed, match="newer Puffling"):
            await store.restore(backup, keep=KEPT)
    assert await _names(folder) == ["Tech", "Later"]


async def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(
    folder: Place, newer: Schema
) -> None:
    await _with_a_list(folder)
    async with folder.open(newer) as store:
        [backup] = store.report.backups
        await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Later"))
        assert (await store.restore(backup, keep=KEPT)).migrated_from == "0004"
    assert await _names(folder, newer) == ["Tech!"]


async def test_a_database_of_something_else_is_left_alone(folder: Place) -> None:
    folder.paths.data.mkdir()
    with closing(sqlite3.connect(folder.file)) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")
    with pytest.raises(StorageFailed, match="other things"):
        await _names(folder)
