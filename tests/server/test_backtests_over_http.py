"""Backtests over HTTP and its channel, by the real core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from websockets.asyncio.client import connect

from puffling.core.core import Core
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.paths import Paths
from puffling.server.serve import Server

ASKED = {
    "strategy": "momentum",
    "symbols": ["SPY"],
    "start": "2022-01-03",
    "end": "2024-12-31",
    "commission": {"pct": 0.0005},
}


@pytest_asyncio.fixture
async def client(home: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A program with a token of every scope at a server over the real core."""
    core = await Core.open(Paths.under(home), role="server", environment={})
    with calling_as(Caller(Actor.PERSON, present=True)):
        made = await core.access.create("test", tuple(Scope))
    server = Server(core, port=0)
    await server.start()
    headers = {"Authorization": f"Bearer {made.token}"}
    async with httpx2.AsyncClient(base_url=server.address, headers=headers, trust_env=False) as opened:
        yield opened
    await server.close()
    await core.close()


async def test_a_program_tests_listens_and_reads_the_result(client: httpx2.AsyncClient) -> None:
    begun = await client.post("/api/backtest", json=ASKED)
    assert begun.status_code == 202
    told = await heard(client, begun.json()["job_id"])
    assert told[-1]["state"] == "done"
    found = told[-1]["result"]
    place = f"/api/backtest/{found}"
    shown = (await client.get(place)).json()
    assert shown["summary"]["id"] == found
    assert shown["summary"]["metrics"]["total_trades"] == len((await client.get(f"{place}/trades")).json())
    curves = (await client.get(f"{place}/curves")).json()
    assert len(curves["time_us"]) == len(curves["equity"]) == shown["summary"]["bars"] + 1
    page = (await client.get(f"{place}/export")).json()
    assert page["text"].startswith("<!doctype html>")
    # This one sends its own orders, on prices as they were traded.
    other = {**ASKED, "strategy": "bracket_breakout", "adjusted": False}
    second = await client.post("/api/backtest?wait=60", json=other, timeout=60)
    assert second.status_code == 200
    assert second.json()["trials"] == 2
    assert second.json()["reasons"][0]["check"] == "foresight"
    assert second.json()["metrics"]["total_trades"]
    ids = {"ids": [found, second.json()["id"]]}
    compared = (await client.get("/api/backtest/compare", params=ids)).json()
    assert [line["id"] for line in compared["results"]] == ids["ids"]
    noted = await client.patch(place, json={"notes": "mine", "tags": ["a"]})
    assert noted.json()["tags"] == ["a"]
    assert (await client.delete(place)).status_code == 200
    assert (await client.get(place)).status_code == 404
    assert (await client.post(f"{place}/restore", json={})).json()["notes"] == "mine"


async def heard(client: httpx2.AsyncClient, job: str) -> list[dict[str, Any]]:
    address = f"{str(client.base_url).replace('http', 'ws', 1).rstrip('/')}/ws/backtest/{job}"
    headers = {"Authorization": client.headers["Authorization"]}
    told: list[dict[str, Any]] = []
    async with connect(address, additional_headers=headers, proxy=None) as socket, asyncio.timeout(60):
        while not told or told[-1]["state"] not in {"done", "failed"}:
            told.append(json.loads(await socket.recv()))
    return told


async def test_what_is_wrong_names_its_field_and_keeps_nothing(client: httpx2.AsyncClient) -> None:
    for changed, field in (
        ({"symbols": ["NOPE"]}, "symbols"),
        ({"end": "2021-01-01"}, "start"),
        ({"strategy": "magic"}, "strategy"),
        ({"parameters": {"short_window": -1}}, "short_window"),
        ({"commission": {"pct": -1}}, "commission.pct"),
        ({"strategy": "bracket_breakout", "leaving": {"trail": 0.1}}, "leaving.stop_loss"),
        ({"wings": 2}, "wings"),
    ):
        answer = await client.post("/api/backtest?wait=60", json={**ASKED, **changed})
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
        assert answer.json()["hint"]
    assert (await client.get("/api/backtest")).json() == []


async def test_a_program_writes_no_file_on_this_machine(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    asked = {**ASKED, "report": str(tmp_path / "out.html")}
    answer = await client.post("/api/backtest?wait=60", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "refused")
    assert (await client.get("/api/backtest")).json() == []
    assert (await client.post("/api/backtest/x/save", json={})).status_code == 404


async def test_a_program_searches_and_never_reads_the_best_alone(client: httpx2.AsyncClient) -> None:
    vary = ["short_window=5,10", "long_window=30,60"]
    asked = {**ASKED, "vary": vary}
    plan = await client.post(
        "/api/optimization/plan", json={"strategy": "momentum", "symbols": ["SPY"], "vary": vary}
    )
    assert plan.json()["trials"] == 4
    begun = await client.post("/api/optimization", json=asked)
    assert begun.status_code == 202
    answer = await client.post("/api/optimization?wait=60", json={**asked, "vary": vary[:1]}, timeout=60)
    told = answer.json()
    assert told["best"]["parameters"]["long_window"] == 50
    assert {"deflated", "overfitting"} <= {each["check"] for each in told["findings"]}
    place = f"/api/optimization/{told['summary']['id']}"
    assert (await client.get(place)).json()["best"] == told["best"]
    assert len((await client.get(f"{place}/trials")).json()) == 2
    assert (await client.post(f"{place}/resume?wait=60", json={})).status_code == 409
    assert (await client.delete(place)).status_code == 200
    assert (await client.get(place)).status_code == 404
    assert (await client.post(f"{place}/restore", json={})).json()["tried"] == 2
    for changed, field in (
        ({"vary": ["short_window=20..5:5"]}, "short_window"),
        ({"vary": ["wings=1..2"]}, "wings"),
        ({"objective": "luck"}, "objective"),
        ({"trials": 1}, "trials"),
        ({"holdout": 1.0}, "holdout"),
        ({"symbols": ["NOPE"]}, "symbols"),
    ):
        wrong = await client.post("/api/optimization?wait=60", json={**asked, **changed})
        assert (wrong.status_code, wrong.json()["field"]) == (422, field), wrong.text
