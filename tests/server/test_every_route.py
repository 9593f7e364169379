"""Every route of the real registry: described, reachable, and never shaken by what is sent to it."""

from __future__ import annotations

import gc
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from puffling.core.core import Core
from puffling.core.declared import declared_registry
from puffling.runtime.actor import Actor, Caller, Scope, calling_as
from puffling.runtime.capability import Capability
from puffling.runtime.gate import Effect
from puffling.runtime.paths import Paths
from puffling.server.openapi import document
from puffling.server.routes import METHODS_WITH_BODY, in_order
from puffling.server.serve import Server

REGISTRY = declared_registry()
DOCUMENT = document(REGISTRY)
ROUTES = [pytest.param(ability, id=ability.id) for ability in REGISTRY if ability.http]

# What a confused program may send for any field.
ODDITIES: tuple[Any, ...] = (
    None, "", " ", "x" * 10_000, "\u0000", "../../etc/passwd", "'; DROP TABLE users; --", "🐧", -1, 0,
    10**30, 1.5, True, [], ["a"], [None], {}, {"a": 1}, [[[]]], "NaN", "9999-12-31", "0000-00-00", "%2e%2f",
)  # fmt: skip


@pytest_asyncio.fixture
async def client(home: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A program with a token of every scope at a server over the real core."""
    core = await Core.open(Paths.under(home), role="server")
    with calling_as(Caller(Actor.PERSON, present=True)):
        made = await core.access.create("test", tuple(Scope))
    server = Server(core, port=0)
    await server.start()
    # As the served process does: what the start has made is not walked by the collector in an answer.
    gc.freeze()
    headers = {"Authorization": f"Bearer {made.token}"}
    async with httpx2.AsyncClient(base_url=server.address, headers=headers, trust_env=False) as opened:
        yield opened
    await server.close()
    await core.close()


@pytest.mark.parametrize("ability", ROUTES)
def test_every_argument_has_its_place_in_the_document(ability: Capability) -> None:
    assert ability.http is not None
    operation = DOCUMENT["paths"][ability.http.path.replace(":path}", "}")][ability.http.method.lower()]
    assert operation["operationId"] == ability.id
    assert operation["summary"] == ability.title
    assert operation["description"] == ability.help
    places = [one["name"] for one in operation["parameters"] if one["name"] != "wait"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    places += list(body.get("properties", {}))
    assert sorted(places) == sorted(ability.arguments_model.model_fields)
    assert ("requestBody" in operation) <= (ability.http.method in METHODS_WITH_BODY)
    assert ("202" in operation["responses"]) == ability.job
    assert ability.effect is not Effect.GUARD, "acts for the person only have no route"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for part in text.split("#/components/schemas/")[1:]:
        assert part.partition('"')[0] in DOCUMENT["components"]["schemas"]


def test_no_route_hides_another() -> None:
    seen: list[tuple[str, list[str]]] = []
    for route, ability in in_order(REGISTRY):
        words = route.path.split("/")
        for method, earlier in seen:
            if method == route.method and len(earlier) == len(words) and ":path" not in "".join(earlier):
                covers = all(a.startswith("{") or a == b for a, b in zip(earlier, words, strict=True))
                assert not covers, f"{ability.id} is hidden by {'/'.join(earlier)}"
        seen.append((route.method, words))


async def test_nothing_that_is_sent_shakes_a_route(client: httpx2.AsyncClient) -> None:
    chance = random.Random(20)
    for route, ability in in_order(REGISTRY):
        for _ in range(25):
            values = {name: chance.choice(ODDITIES) for name in ability.arguments_model.model_fields}
            values |= {"more": 1} if chance.random() < 0.2 else {}
            path = route.path.replace(":path}", "}")
            for name in route.path_parameters:
                path = path.replace(f"{{{name}}}", _quoted(values.pop(name)))
            options: dict[str, Any] = (
                {"json": values} if route.method in METHODS_WITH_BODY else {"params": _flat(values)}
            )
            answer = await client.request(route.method, path, **options)
            assert answer.status_code < 500, (ability.id, values, answer.text)
            if answer.status_code == 202:
                await client.post(f"{answer.headers['Location']}/cancel")
            if answer.status_code >= 400:
                assert set(answer.json()) == {"code", "message", "hint", "field"}
                assert answer.json()["message"]


async def test_a_program_changes_no_setting_that_lets_others_in(client: httpx2.AsyncClient) -> None:
    tried = {
        "cluster.scheduler": "tcp://192.0.2.1:8786",
        "server.host": "0.0.0.0",
        "server.allow_network": True,
        "server.host_names": ["other.example"],
    }
    before = {key: (await client.get(f"/api/settings/{key}")).json() for key in tried}
    for key, value in tried.items():
        refused = await client.put(f"/api/settings/{key}", json={"value": value})
        assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    assert {key: (await client.get(f"/api/settings/{key}")).json() for key in tried} == before
    allowed = await client.put("/api/settings/appearance.theme", json={"value": "dark"})
    assert allowed.status_code == 200


def _quoted(value: Any) -> str:
    from urllib.parse import quote

    return quote(str(value)[:500], safe="") or "%20"


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else str(value) for name, value in values.items()}
