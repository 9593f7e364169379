"""Safety, settings, access, backups, workspaces, the monitor: each keeps its promise through the core."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from puffling.core.core import Core
from puffling.core.events import NoticeRaised
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.compute import Compute
from puffling.runtime.errors import InvalidInput, NotFound, Refused
from puffling.runtime.paths import Paths
from puffling.settings.secrets import Place
from puffling.trading.events import TradingStateChanged
from puffling.trading.halt import HaltSwitch
from puffling.trading.values import Mode, TradingState
from tests.fixtures.cores import NOON, PERSON


@pytest.mark.usefixtures("as_person")
async def test_halting_is_told_and_only_the_present_person_resumes(core: Core) -> None:
    told: list[TradingStateChanged] = []
    core.bus.on(TradingStateChanged, told.append)
    state = await core.safety.halt("too wild")
    assert (state.trading, state.mode, state.by) == (TradingState.HALTED, Mode.DEMO, "you")
    with calling_as(Caller(Actor.HTTP)), pytest.raises(Refused):
        await core.safety.resume()
    assert (await core.safety.resume()).trading is TradingState.ACTIVE
    assert [event.state.trading for event in told] == [TradingState.HALTED, TradingState.ACTIVE]


async def test_a_halt_from_outside_is_noticed_within_a_moment(core: Core) -> None:
    told: asyncio.Queue[TradingStateChanged] = asyncio.Queue()
    core.bus.on(TradingStateChanged, told.put_nowait)
    HaltSwitch(core.paths.data).press("from outside", "a script", NOON)
    with calling_as(PERSON):
        assert (await core.safety.state()).trading is TradingState.HALTED
    assert (await told.get()).state.reason == "from outside"


@pytest.mark.usefixtures("as_person")
async def test_a_setting_is_kept_over_a_restart_and_reset_to_its_default(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    assert (await core.settings.put("appearance.theme", "dark")).value == "dark"
    await core.settings.put("custom.note", {"a": [1, 2]})
    await core.close()

    core = await Core.open(paths, clock=clock, environment={})
    kept = core.settings_now.appearance.theme
    assert kept == "dark"
    assert (await core.settings.get("custom.note")).value == {"a": [1, 2]}
    await core.settings.reset("appearance.theme")
    await core.settings.reset("appearance.theme")
    await core.settings.reset("custom.note")
    assert core.settings_now.appearance.theme == "system"
    with pytest.raises(NotFound):
        await core.settings.get("custom.note")
    await core.close()


@pytest.mark.usefixtures("as_person")
async def test_an_unusable_setting_is_refused_and_an_unusable_row_is_told(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    with pytest.raises(InvalidInput):
        await core.settings.put("server.port", 1)
    await core.store.run(core.user, lambda unit: unit.settings.put("server.port", "eighty"))
    await core.close()

    core = await Core.open(paths, clock=clock, environment={})
    assert core.settings_now.server.port == 8766
    [notice] = core.notices
    assert "server.port" in notice.text
    stored = await core.store.read(core.user, lambda unit: unit.settings.all())
    assert [(row.key, row.value) for row in stored] == [("server.port", "eighty")]
    await core.close()


async def test_an_unusable_variable_is_told_with_its_name(paths: Paths, clock: FixedClock) -> None:
    core = await Core.open(paths, clock=clock, environment={"PUFFLING_SERVER__PORT": "eighty"})
    [notice] = core.notices
    assert "environment variable PUFFLING_SERVER__PORT" in notice.hint
    await core.close()


async def test_a_damaged_cache_of_prices_is_told_and_nothing_else_suffers(
    paths: Paths, clock: FixedClock
) -> None:
    paths.data.mkdir()
    (paths.data / "market.db").write_bytes(b"no database " * 100)
    core = await Core.open(paths, clock=clock, environment={})
    [notice] = core.notices
    assert "begun anew" in notice.text
    with calling_as(PERSON):
        assert (await core.data.ohlcv("SPY")).time
        assert (await core.safety.state()).trading is TradingState.ACTIVE
    await core.close()


@pytest.mark.usefixtures("as_person")
async def test_settings_of_a_restored_backup_are_in_force(core: Core) -> None:
    computing = core.board.compute
    assert isinstance(computing, Compute)
    await core.settings.put("cluster.scheduler", "tcp://127.0.0.1:1")
    backup = await core.backups.create()
    await core.settings.reset("cluster.scheduler")
    assert computing.address is None
    await core.backups.restore(backup.name)
    while not core.settings_now.cluster.scheduler:
        await core.port.thread(int)
    assert computing.address == "tcp://127.0.0.1:1"


@pytest.mark.usefixtures("as_person")
async def test_without_a_keychain_a_key_is_kept_for_the_session_and_the_person_is_told(core: Core) -> None:
    kept = await core.settings.keep_key("OPENAI_API_KEY", SecretStr("sk-canary-0123456789"))
    assert kept.place is Place.SESSION
    assert "until Puffling closes" in kept.message
    assert "no safer place" in kept.message
    chosen = await core.settings.keep_key("OPENAI_API_KEY", SecretStr("sk-canary-0123456789"), Place.SESSION)
    assert "no safer place" not in chosen.message
    states = {state.name: state for state in await core.settings.keys()}
    assert states["OPENAI_API_KEY"].present
    assert "canary" not in repr(states)
    await core.settings.forget_key("OPENAI_API_KEY")
    assert not any(state.present for state in await core.settings.keys())


def files_holding(text: bytes, folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and text in file.read_bytes()]


@pytest.mark.usefixtures("as_person")
async def test_no_key_leaves_a_trace_on_disk(core: Core) -> None:
    canary = "sk-canary-0123456789"
    await core.settings.open_vault(SecretStr("correct horse"))
    await core.settings.keep_key("OPENAI_API_KEY", SecretStr(canary))
    await core.settings.keep_key("ANTHROPIC_API_KEY", SecretStr(canary), Place.SESSION)
    await core.backups.create()
    trail = await core.monitor.audit(limit=50)
    assert any(entry.capability == "settings.keep-key" for entry in trail)
    assert files_holding(b"OPENAI_API_KEY", core.paths.data) != []
    assert files_holding(canary.encode(), core.paths.data) == []


@pytest.mark.usefixtures("as_person")
async def test_a_token_is_shown_once_and_stands_for_its_scopes_until_revoked(core: Core) -> None:
    made = await core.access.create("script", (Scope.WRITE, Scope.READ))
    caller = await core.access.caller_of(made.token, core.user)
    assert caller is not None
    assert (caller.actor, caller.scopes, caller.present, caller.name) == (
        Actor.HTTP,
        frozenset({Scope.READ, Scope.WRITE}),
        False,
        made.record.id,
    )
    assert made.token not in repr(await core.access.all())
    assert await core.access.caller_of(made.token + "x", core.user) is None
    await core.access.revoke(made.record.id)
    assert await core.access.caller_of(made.token, core.user) is None


async def test_nobody_but_the_present_person_makes_tokens(core: Core) -> None:
    with calling_as(Caller(Actor.HTTP)), pytest.raises(Refused):
        await core.access.create("mine", (Scope.TRADE,))


@pytest.mark.usefixtures("as_person")
async def test_a_backup_brings_back_what_was_there(core: Core) -> None:
    backup = await core.backups.create()
    await core.watchlists.delete("Core")
    state = await core.backups.restore(backup.name)
    assert state.trustworthy
    assert [found.name for found in await core.watchlists.all()] == ["Core"]
    with pytest.raises(NotFound):
        await core.backups.restore("../../etc/passwd")


@pytest.mark.usefixtures("as_person")
async def test_as_many_backups_are_kept_as_the_person_wants(core: Core, clock: FixedClock) -> None:
    for keep in (16, 3):
        await core.settings.put("upkeep.keep_backups", keep)
        for _ in range(keep + 2):
            clock.advance(1)
            await core.backups.create()
        assert len(await core.backups.all()) == keep
    await core.backups.restore((await core.backups.all())[0].name)
    assert len(await core.backups.all()) == 3


@pytest.mark.usefixtures("as_person")
async def test_a_damaged_database_opens_halted_with_its_backups_offered(
    paths: Paths, clock: FixedClock
) -> None:
    core = await Core.open(paths, clock=clock, environment={})
    backup = await core.backups.create()
    await core.close()
    file = paths.data / "puffling.db"
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])

    core = await Core.open(paths, clock=clock, environment={})
    notice = next(notice for notice in core.notices if "damaged" in notice.text)
    assert isinstance(notice, NoticeRaised)
    assert "Restore a backup" in notice.hint
    assert (await core.safety.state()).trading is TradingState.HALTED
    assert backup.name in [found.name for found in await core.backups.all()]
    await core.backups.restore(backup.name)
    assert [found.name for found in await core.watchlists.all()] == ["Core"]
    assert (await core.safety.state()).trading is TradingState.HALTED
    await core.close()


@pytest.mark.usefixtures("as_person")
async def test_a_workspace_is_kept_and_forgotten(core: Core) -> None:
    await core.workspaces.keep("trade", {"docks": "AAA="}, "geometry")
    [layout] = await core.workspaces.all()
    assert (layout.workspace, layout.state) == ("trade", {"docks": "AAA="})
    await core.workspaces.forget("trade")
    assert await core.workspaces.all() == ()


@pytest.mark.usefixtures("as_person")
async def test_the_trail_shows_who_did_what_and_can_be_verified(core: Core) -> None:
    await core.watchlists.create("Mine")
    with calling_as(Caller(Actor.HTTP, scopes=frozenset({Scope.READ}))), pytest.raises(Refused):
        await core.watchlists.create("Theirs")
    refused, allowed = await core.monitor.audit()
    assert (refused.actor, refused.outcome) == ("http", "refused")
    assert (allowed.actor, allowed.capability, allowed.outcome) == ("person", "watchlists.create", "allowed")
    assert allowed.details["arguments"]["name"] == "Mine"
    assert (await core.monitor.verify_audit()).intact


async def test_the_nightly_backup_is_made_once_however_many_nights_were_slept_through(
    core: Core, clock: FixedClock
) -> None:
    with calling_as(PERSON):
        while not await core.scheduler.all():
            await core.port.thread(int)
        clock.advance(timedelta(days=5).total_seconds())
        while not (await core.scheduler.all())[0].last_outcome:
            await core.port.thread(int)
        [job] = await core.scheduler.all()
        assert job.last_outcome == "done"
        assert job.next_run_at is not None
        assert job.next_run_at > clock.now()
        assert len(await core.backups.all()) == 1
        made = [entry for entry in await core.monitor.audit() if entry.capability == "backups.create"]
    assert [entry.actor for entry in made] == ["schedule"]
