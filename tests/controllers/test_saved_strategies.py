"""Configured strategies: kept only when they can run, changed in part, copied, deleted and brought back."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from puffling.core.core import Core
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, PufflingError
from puffling.server.serve import Server
from puffling.store.database import Unit
from puffling.store.events import StrategiesChanged
from tests.cli.conftest import Puffling, puffling
from tests.fixtures.cores import PERSON

__all__ = ["puffling"]


@pytest.mark.usefixtures("as_person")
async def test_a_strategy_is_made_changed_copied_deleted_and_restored(core: Core) -> None:
    told: list[StrategiesChanged] = []
    core.bus.on(StrategiesChanged, told.append)
    made = await core.strategies.create("Fast", "momentum", ("SPY", "QQQ"), Interval.D1, {"short_window": 5})
    assert (made.version, made.trouble, made.parameters["long_window"]) == (1, "", 50)
    changed = await core.strategies.change("fast", parameters={"long_window": 90})
    assert (changed.version, changed.symbols, changed.name) == (2, ("SPY", "QQQ"), "Fast")
    assert (changed.parameters["short_window"], changed.parameters["long_window"]) == (5, 90)
    renamed = await core.strategies.change(made.id, name="Faster", symbols=())
    assert (renamed.name, renamed.symbols) == ("Faster", ())
    copies = [(await core.strategies.duplicate("Faster")).name for _ in range(3)]
    assert copies == ["Faster copy", "Faster copy 2", "Faster copy 3"]
    gone = await core.strategies.delete(made.id)
    assert len(await core.strategies.all()) == 3
    back = await core.strategies.restore(
        gone.id,
        gone.name,
        gone.strategy,
        gone.created_at,
        gone.symbols,
        Interval(gone.interval),
        gone.parameters,
        gone.version,
    )
    assert (back.id, back.name, back.version, back.parameters) == (made.id, "Faster", 3, renamed.parameters)
    assert len(told) == 8


@pytest.mark.usefixtures("as_person")
async def test_what_cannot_run_is_not_kept_and_the_field_is_named(core: Core) -> None:
    kept = await core.strategies.create("Fast", "momentum")
    wrong: list[tuple[str, dict[str, object]]] = [
        ("name", {"name": "A", "strategy": "magic"}),
        ("name", {"name": "Momentum", "strategy": "momentum"}),
        ("name", {"name": "own:fast", "strategy": "momentum"}),
        ("short_window", {"name": "A", "strategy": "momentum", "parameters": {"short_window": 0}}),
        ("short_window", {"name": "A", "strategy": "momentum", "parameters": {"short_window": 60}}),
        ("wave", {"name": "A", "strategy": "momentum", "parameters": {"wave": 1}}),
        ("interval", {"name": "A", "strategy": "momentum", "interval": "7d"}),
    ]
    create = core.registry.get("strategies.create")
    for field, arguments in wrong:
        with pytest.raises(InvalidInput) as caught:
            await create.invoke(arguments)
        assert caught.value.field == field
    with pytest.raises(PufflingError, match="NOSUCH"):
        await create.invoke({"name": "A", "strategy": "momentum", "symbols": ["NOSUCH"]})
    with pytest.raises(Conflict, match="Fast"):
        await create.invoke({"name": "fast", "strategy": "momentum"})
    with pytest.raises(InvalidInput) as refused:
        await core.strategies.change("Fast", parameters={"long_window": 3})
    assert refused.value.field == "short_window"
    assert await core.strategies.all() == (kept,)


@pytest.mark.usefixtures("as_person")
async def test_one_in_use_is_refused_by_name(core: Core) -> None:
    made = await core.strategies.create("Fast", "momentum", ("SPY",))

    def activate(unit: Unit) -> None:
        unit.strategies._session.execute(text("UPDATE strategy_configs SET enabled = 1"))

    await core.store.run(core.user, activate)
    with pytest.raises(Conflict, match="Fast is active") as refused:
        await core.strategies.delete("fast")
    assert "Deactivate" in refused.value.hint
    assert [each.id for each in await core.strategies.all()] == [made.id]


@pytest.mark.usefixtures("as_person")
async def test_signals_of_a_configured_strategy_are_those_of_its_parameters(core: Core) -> None:
    await core.strategies.create("Fast", "momentum", ("SPY",), Interval.W1, {"short_window": 5})
    mine = await core.strategies.signals("fast", "SPY")
    plain = await core.strategies.signals("momentum", "SPY", Interval.W1, parameters={"short_window": 5})
    assert (mine.interval, mine.signal, mine.strategy) == ("1w", plain.signal, "fast")
    await core.strategies.create("Best", "dual_momentum", ("SPY", "QQQ", "GLD"))
    tables = [await core.strategies.signals("Best", symbol) for symbol in ("SPY", "QQQ", "GLD")]
    held = [sum(weights) for weights in zip(*(table.signal for table in tables), strict=True)]
    assert max(held) == pytest.approx(1.0)
    assert len({table.signal for table in tables}) == 3


@pytest.mark.usefixtures("as_person")
async def test_what_is_no_longer_there_is_said_and_not_lost(core: Core) -> None:
    def keep(unit: Unit) -> None:
        for name, kind, parameters in (
            ("Gone", "sober:calm", {}),
            ("Old", "momentum", {"wave": 3}),
        ):
            unit.strategies.create(name=name, strategy=kind, parameters=parameters, symbols=(), interval="1d")

    await core.store.run(core.user, keep)
    assert [each.trouble for each in await core.strategies.all()] == [
        "sober:calm is not installed.",
        "Unknown parameter 'wave'; there are: short_window, long_window, ma_type, signal_threshold.",
    ]
    assert (await core.strategies.delete("Gone")).name == "Gone"
    with pytest.raises(NotFound):
        await core.strategies.show("Gone")


async def test_configurations_over_http(core: Core) -> None:
    with calling_as(PERSON):
        token = (await core.access.create("test", (Scope.READ, Scope.WRITE))).token
    server = Server(core, port=0)
    await server.start()
    async with httpx2.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as client:
        kinds = (await client.get("/api/strategies/types")).json()
        assert {"momentum", "balanced"} <= {kind["name"] for kind in kinds}
        body = {"name": "Fast", "strategy": "momentum", "symbols": ["SPY"], "parameters": {"short_window": 5}}
        made = (await client.post("/api/strategies", json=body)).json()
        wrong = await client.post(
            "/api/strategies", json={**body, "name": "B", "parameters": {"short_window": 0}}
        )
        assert (wrong.status_code, wrong.json()["field"]) == (422, "short_window")
        changed = await client.put("/api/strategies/Fast", json={"interval": "1w"})
        assert (changed.json()["version"], changed.json()["interval"]) == (2, "1w")
        copy = (await client.post("/api/strategies/Fast/duplicate", json={})).json()
        assert copy["name"] == "Fast copy"
        told = (await client.post("/api/strategies/Fast/signals", json={"symbol": "SPY", "limit": 3})).json()
        assert len(told["signal"]) == 3
        gone = (await client.delete(f"/api/strategies/{made['id']}")).json()
        del gone["enabled"], gone["trouble"], gone["updated_at"], gone["several"], gone["mode"]
        assert (await client.get("/api/strategies/Fast")).status_code == 404
        back = await client.post("/api/strategies/restore", json=gone)
        assert (back.status_code, back.json()["id"]) == (200, made["id"])
        listed = (await client.get("/api/strategies")).json()
        assert [each["name"] for each in listed] == ["Fast", "Fast copy"]
    await server.close()


async def test_an_assistant_may_only_ask_for_a_new_strategy(core: Core) -> None:
    with calling_as(Caller(Actor.ASSISTANT)):
        assert await core.strategies.all() == ()
        with pytest.raises(PufflingError) as refused:
            await core.strategies.create("Fast", "momentum")
        assert refused.value.code == "needs_confirmation"
        with pytest.raises(PufflingError, match="not offered"):
            await core.strategies.delete("Fast")


def test_configurations_and_own_files_in_the_terminal(puffling: Puffling, home: Path) -> None:
    made = puffling("strategies", "create", "Fast", "momentum", "--symbols", "SPY", "--json")
    assert json.loads(made.stdout)["symbols"] == ["SPY"]
    assert "Fast" in puffling("strategies", "list").stdout
    refused = puffling("strategies", "create", "B", "momentum", "--parameters", '{"short_window": 0}')
    assert (refused.returncode, "Short window must lie" in refused.stderr) == (2, True)
    assert puffling("strategies", "delete", "Fast").returncode == 0
    assert puffling("strategies", "new-file", "idea").returncode == 0
    [file] = json.loads(puffling("strategies", "files", "--json").stdout)
    assert Path(file["path"]) == home / "strategies" / "idea.py"
    # Nobody sits at this terminal.
    refused = puffling("strategies", "trust", "idea", file["digest"])
    assert (refused.returncode, "person at the machine" in refused.stderr) == (5, True)
    refused = puffling("strategies", "signals", "own:idea", "SPY")
    assert (refused.returncode, "not trusted" in refused.stderr) == (2, True)
