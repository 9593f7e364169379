"""One call, one transaction, then the news."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from puffling.runtime.actor import DEFAULT_USER, UserId
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.redaction import HIDDEN, redactor
from puffling.store.database import Store, Unit
from puffling.store.events import SettingChanged, WatchlistsChanged
from puffling.store.values import Drawing, ScheduledJob
from tests.store.conftest import START, Place


def _count(unit: Unit) -> int:
    found = unit.settings.find("count")
    return int(str(found.value)) if found else 0


async def test_the_default_user_is_there_from_the_first_start(place: Place) -> None:
    async with place.open() as store:
        assert store.report.created
        made = await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Mine"))
        assert made.position == 0
    async with place.open() as store:
        assert not store.report.created
        assert await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all()) == (made,)


async def test_news_are_told_after_the_commit(store: Store, place: Place) -> None:
    heard: list[WatchlistsChanged] = []
    place.bus.on(WatchlistsChanged, heard.append)

    def work(unit: Unit) -> int:
        unit.watchlists.create("Tech")
        return len(heard)

    assert await store.run(DEFAULT_USER, work) == 0
    assert heard == [WatchlistsChanged(DEFAULT_USER)]


async def test_a_rolled_back_change_tells_nothing_and_leaves_nothing(store: Store, place: Place) -> None:
    heard: list[WatchlistsChanged] = []
    place.bus.on(WatchlistsChanged, heard.append)

    def work(unit: Unit) -> None:
        unit.watchlists.create("Tech")
        raise LookupError("after the change")

    with pytest.raises(LookupError):
        await store.run(DEFAULT_USER, work)
    assert heard == []
    assert await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all()) == ()


async def test_a_cancelled_caller_does_not_swallow_the_news_of_a_written_row(
    store: Store, place: Place
) -> None:
    told = asyncio.Event()
    place.bus.on(WatchlistsChanged, lambda _: told.set())
    begun, go_on = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    at_work = asyncio.Event()

    def work(unit: Unit) -> None:
        loop.call_soon_threadsafe(at_work.set)
        begun.set()
        go_on.wait(10)
        unit.watchlists.create("Tech")

    async with asyncio.TaskGroup() as group:
        caller = group.create_task(store.run(DEFAULT_USER, work), name="caller")
        await at_work.wait()
        caller.cancel()
        await asyncio.sleep(0)
        go_on.set()
    assert caller.cancelled()
    await asyncio.wait_for(told.wait(), 10)
    assert len(await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all())) == 1


async def test_a_hundred_at_once_never_pass_a_limit_of_ten(store: Store) -> None:
    def enter(unit: Unit) -> bool:
        entered = _count(unit)
        if entered >= 10:
            return False
        unit.settings.put("count", entered + 1)
        return True

    async def one() -> bool:
        return await store.run(DEFAULT_USER, enter)

    entered = await asyncio.gather(*(one() for _ in range(100)))
    assert sum(entered) == 10
    assert await store.read(DEFAULT_USER, _count) == 10


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"read.?only"):
        await store.read(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
    with pytest.raises(RuntimeError, match="news"):
        await store.read(DEFAULT_USER, lambda unit: unit.tell(SettingChanged(DEFAULT_USER, "a")))
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 2))
    assert await store.read(DEFAULT_USER, lambda unit: unit.settings.find("b")) is None


async def test_users_do_not_see_each_other(store: Store) -> None:
    other = UserId("other")
    await store.ensure_user(other, "Somebody else")
    mine = await store.run(DEFAULT_USER, lambda unit: unit.watchlists.create("Tech", ["AAPL"]))
    await store.run(other, lambda unit: unit.watchlists.create("Tech", ["SAP"]))
    [theirs] = await store.read(other, lambda unit: unit.watchlists.all())
    assert theirs.symbols == ("SAP",)
    with pytest.raises(Exception, match="There is no watchlist"):
        await store.run(other, lambda unit: unit.watchlists.delete(mine.id))
    assert await store.read(DEFAULT_USER, lambda unit: unit.watchlists.all()) == (mine,)


def _everything(unit: Unit) -> list[tuple[object, ...]]:
    return [
        unit.watchlists.all(),
        unit.settings.all(),
        unit.layouts.all(),
        unit.tokens.all(),
        unit.drawings.of("SPY"),
        unit.scheduled_jobs.all(),
        unit.audit.newest(),
    ]


async def test_nobody_reads_or_touches_a_record_of_another(store: Store) -> None:
    other = UserId("other")
    await store.ensure_user(other, "Somebody else")

    def keep(unit: Unit) -> list[Callable[[Unit], object]]:
        unit.settings.put("a", 1)
        unit.layouts.put("trade", {}, "")
        token = unit.tokens.grant("t", "digest", ["read"])
        drawing = unit.drawings.put(Drawing("", "SPY", "line", ((0, 1.0),), {}, 0))
        job = unit.scheduled_jobs.put(ScheduledJob("", "j", "x", "0 3 * * *", "UTC", {}, True))
        unit.audit.append(actor="person", capability="a.b", outcome="allowed")
        watchlist = unit.watchlists.create("Tech", ["AAPL"])
        return [
            lambda theirs: theirs.watchlists.delete(watchlist.id),
            lambda theirs: theirs.settings.remove("a"),
            lambda theirs: theirs.tokens.withdraw(token.id),
            lambda theirs: theirs.tokens.used(token.id),
            lambda theirs: theirs.drawings.remove(drawing.id),
            lambda theirs: theirs.scheduled_jobs.remove(job.id),
            lambda theirs: theirs.scheduled_jobs.ran(job.id, theirs.now, "done"),
        ]

    attempts = await store.run(DEFAULT_USER, keep)
    mine = await store.read(DEFAULT_USER, _everything)
    assert all(mine)
    assert not any(await store.read(other, _everything))
    for attempt in attempts:
        with pytest.raises(NotFound):
            await store.run(other, attempt)

    def ask(unit: Unit) -> list[object]:
        return [unit.settings.find("a"), unit.layouts.find("trade"), unit.tokens.find("digest")]

    assert await store.read(other, ask) == [None, None, None]
    await store.run(other, lambda unit: unit.layouts.reset("trade"))
    entry = await store.run(
        other, lambda unit: unit.audit.append(actor="person", capability="a.b", outcome="allowed")
    )
    assert entry.number == 1
    for user in (DEFAULT_USER, other):
        assert (await store.read(user, lambda unit: unit.audit.verify())).entries == 1
    assert await store.read(DEFAULT_USER, _everything) == mine


async def test_times_keep_their_microseconds(store: Store) -> None:
    await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
    [setting] = await store.read(DEFAULT_USER, lambda unit: unit.settings.all())
    assert setting.updated_at == START
    assert setting.updated_at.utcoffset() == START.utcoffset()


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
async def test_a_server_that_went_away_is_said_so_and_found_again(
    postgres_server: str, postgres_url: str, folder: Place
) -> None:
    folder.url = postgres_url
    async with folder.open() as store:
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 1))
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(StorageFailed, match="does not answer") as failed:
            await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 2))
        assert failed.value.hint
        await store.run(DEFAULT_USER, lambda unit: unit.settings.put("a", 3))
        with pytest.raises(Conflict):
            async with Place(Paths.under(folder.paths.data / "elsewhere"), postgres_url).open():
                pass


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@127.0.0.1:1/none",
        "mysql://me:secret@host/x",
        "sqlite:////tmp/x.db",
        "::secret::",
    ],
)
async def test_an_address_that_leads_nowhere_is_said_so_without_its_password(folder: Place, url: str) -> None:
    folder.url = url
    with pytest.raises((StorageFailed, InvalidInput)) as failed:
        async with folder.open():
            pass
    assert failed.value.hint
    assert "secret" not in str(failed.value)


async def test_the_password_of_a_server_is_hidden_from_the_log(folder: Place) -> None:
    folder.url = "postgresql://me:canary77password@127.0.0.1:1/none"
    with pytest.raises(StorageFailed):
        async with folder.open():
            pass
    assert redactor.clean("it said canary77password") == f"it said {HIDDEN}"


async def test_nobody_writes_beside_a_transaction_that_has_only_read_so_far(folder: Place) -> None:
    def write_beside() -> None:
        with closing(sqlite3.connect(folder.file, timeout=0)) as other, other:
            other.execute("DELETE FROM settings")

    def work(unit: Unit) -> None:
        unit.settings.all()
        write_beside()

    async with folder.open() as store:
        with pytest.raises(StorageFailed, match="Another program"):
            await store.run(DEFAULT_USER, work)
        # A read takes no lock that would keep others from writing.
        await store.read(DEFAULT_USER, work)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
async def test_on_a_server_one_writer_per_user_holds_the_lock(
    postgres_server: str, postgres_url: str, folder: Place
) -> None:
    folder.url = postgres_url

    def locks(unit: Unit) -> list[int]:
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
            found = other.execute(
                "SELECT count(*) FILTER (WHERE objid = hashtext(%s)::oid), count(*) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted",
                [unit.user],
            ).fetchone()
        assert found is not None
        return list(found)

    async with folder.open() as store:
        owner_only = [0, 1]
        assert await store.read(DEFAULT_USER, locks) == owner_only
        assert await store.run(DEFAULT_USER, locks) == [1, 2]
        assert await store.read(DEFAULT_USER, locks) == owner_only


async def test_the_log_is_folded_into_the_file_by_who_reads_and_not_by_who_writes(
    folder: Place, tmp_path: Path
) -> None:
    def folded() -> int:
        # The file without its log, as it would be read alone.
        alone = tmp_path / "alone.db"
        shutil.copyfile(folder.file, alone)
        with closing(sqlite3.connect(alone)) as connection:
            return int(connection.execute("SELECT count(*) FROM settings").fetchone()[0])

    async with folder.open():
        pass
    async with folder.open() as store:
        before = folded()
        for number in range(250):
            await store.run(DEFAULT_USER, lambda unit, name: unit.settings.put(name, 1), f"key.{number}")
        assert folded() == before
        await store.read(DEFAULT_USER, _count)
        assert folded() == before + 250
