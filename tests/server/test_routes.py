"""Every ability with a route is reached over HTTP as it is declared, and says what is wrong in one shape."""

from __future__ import annotations

import json

import httpx2
import pytest

from puffling.server.routes import in_order
from tests.server.small import Shelf, SmallCore


async def test_health_answers_anybody(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/health", headers={"Authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_body_becomes_the_arguments(client: httpx2.AsyncClient, core: SmallCore) -> None:
    body = {"name": "Poetry", "books": ["Odes"], "opened": "2024-02-29T12:00:00Z", "price": "12.50"}
    answer = await client.post("/api/library", json=body)
    assert answer.status_code == 200
    assert answer.json() == body
    assert core.library.shelves["Poetry"].books == ("Odes",)
    assert [attempt.ability.id for attempt in core.attempts] == ["library.create"]


async def test_path_and_body_come_together_and_a_path_may_hold_slashes(
    client: httpx2.AsyncClient, core: SmallCore
) -> None:
    core.library.shelves["A/B"] = Shelf("A/B", ())
    await client.post("/api/library", json={"name": "Plays", "books": ["One"]})
    answer = await client.put("/api/library/Plays/books/BTC%2FUSD", json={"position": 1})
    assert answer.json()["books"] == ["One", "BTC/USD"]


async def test_a_repeated_key_is_a_list(client: httpx2.AsyncClient, core: SmallCore) -> None:
    for name in ("a", "b", "c"):
        core.library.shelves[name] = Shelf(name, ())
    answer = await client.get("/api/library?names=a&names=c")
    assert [shelf["name"] for shelf in answer.json()] == ["a", "c"]
    assert [shelf["name"] for shelf in (await client.get("/api/library?names=b")).json()] == ["b"]
    assert len((await client.get("/api/library?limit=2")).json()) == 2


async def test_a_fixed_word_is_not_taken_for_a_parameter(client: httpx2.AsyncClient, core: SmallCore) -> None:
    core.library.shelves["last"] = Shelf("last", ("x",))
    assert (await client.get("/api/library/newest")).json()["name"] == "last"
    paths = [route.path for route, _ in in_order(core.registry) if route.method == "GET"]
    assert paths.index("/api/library/newest") < paths.index("/api/library/{name}")


async def test_numbers_without_a_json_word_are_null(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/numbers?count=1")).json() == [None, None, 1.5]


async def test_every_json_value_passes_as_it_is(client: httpx2.AsyncClient) -> None:
    for value in (None, True, 1, "1", [1, [2]], {"a": None}):
        assert (await client.put("/api/anything/k", json={"value": value})).json() == {"k": value}


WRONG = [
    ("POST", "/api/library", {"books": []}, 422, "name"),
    ("POST", "/api/library", {"name": ""}, 422, "name"),
    ("POST", "/api/library", {"name": 5}, 422, "name"),
    ("POST", "/api/library", {"name": "x", "books": "abc"}, 422, "books"),
    ("POST", "/api/library", {"name": "x", "books": [1]}, 422, "books.0"),
    ("POST", "/api/library", {"name": "x", "opened": "soon"}, 422, "opened"),
    ("POST", "/api/library", {"name": "x", "self": 1}, 422, "self"),
    ("POST", "/api/library", {"name": "x", "colour": "red"}, 422, "colour"),
    ("POST", "/api/library", ["name"], 422, "body"),
    ("POST", "/api/library?name=x", {}, 422, "name"),
    ("PUT", "/api/library/x/books/y", {"name": "z"}, 422, "name"),
    ("PUT", "/api/library/x/books/y", {"position": -1}, 422, "position"),
    ("GET", "/api/library?limit=many", None, 422, "limit"),
    ("GET", "/api/library?limit=1&limit=2", None, 422, "limit"),
    ("GET", "/api/library?colour=red", None, 422, "colour"),
    ("GET", "/api/library/x?name=y", None, 422, "name"),
    ("GET", "/api/library", {"names": []}, 422, ""),
    ("GET", "/api/library/none", None, 404, ""),
    ("GET", "/api/nowhere", None, 404, ""),
    ("PATCH", "/api/library", {}, 405, ""),
    ("GET", "/api/when?loud=perhaps", None, 422, "loud"),
    ("POST", "/api/library/none/read?wait=5", {}, 404, ""),
    ("POST", "/api/library/none/read?wait=-1", {}, 422, "wait"),
    ("POST", "/api/library/none/read?wait=nan", {}, 422, "wait"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), WRONG)
async def test_what_is_wrong_is_said_in_one_shape(
    client: httpx2.AsyncClient, method: str, path: str, body: object, status: int, field: str
) -> None:
    content = None if body is None else json.dumps(body)
    answer = await client.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    told = answer.json()
    assert set(told) == {"code", "message", "hint", "field"}
    assert told["field"] == field
    assert told["message"]
    assert told["hint"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b'{"name": "a", "name": "b"}', "application/json", 422),
        (b'{"name": NaN}', "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name": "x"}', "text/plain", 415),
        (b" " * (1024 * 1024 + 1), "application/json", 413),
    ],
)
async def test_a_body_that_is_no_fitting_json_is_refused(
    client: httpx2.AsyncClient, core: SmallCore, content: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/api/library", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["field"] == "body"
    assert core.library.shelves == {}


async def test_a_bug_is_logged_and_tells_nothing(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (await client.get("/api/broken"), await client.post("/api/stumble?wait=30")):
        assert answer.status_code == 500
        assert answer.json()["code"] == "fault"
        assert "canary" not in answer.text
    assert "RuntimeError" in caplog.text


async def test_a_job_answers_with_its_id_or_waits_for_its_end(
    client: httpx2.AsyncClient, core: SmallCore
) -> None:
    core.library.shelves["x"] = Shelf("x", ("one",))
    started = await client.post("/api/library/x/read", json={"pages": 500})
    assert started.status_code == 202
    job = core.board.get(started.json()["job_id"])
    assert started.headers["Location"] == f"/api/jobs/{job.id}"
    core.board.cancel(job.id)
    await job.finished()
    waited = await client.post("/api/library/x/read?wait=30", json={"pages": 1})
    assert (waited.status_code, waited.json()["books"]) == (200, ["one"])
    impatient = await client.post("/api/library/x/read?wait=0.01", json={"pages": 500})
    assert impatient.status_code == 202
    running = core.board.get(impatient.json()["job_id"])
    assert not running.state.final
    core.board.cancel(running.id)
    await running.finished()


async def test_scopes_of_the_token_bind(client: httpx2.AsyncClient, core: SmallCore) -> None:
    from puffling.runtime.actor import Scope

    reader = {"Authorization": f"Bearer {core.access.grant(frozenset({Scope.READ}))}"}
    assert (await client.get("/api/library", headers=reader)).status_code == 200
    refused = await client.post("/api/library", json={"name": "x"}, headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    assert core.library.shelves == {}


async def test_guarded_acts_and_acts_without_a_route_do_not_exist(
    client: httpx2.AsyncClient, core: SmallCore
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    operations = {one["operationId"] for methods in paths.values() for one in methods.values()}
    assert operations == {"health"} | {ability.id for ability in core.registry if ability.http}
    assert "library.burn" not in operations


async def test_the_document_describes_every_field(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    create = document["paths"]["/api/library"]["post"]
    body = create["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["name"]
    assert body["additionalProperties"] is False
    assert body["properties"]["name"]["description"] == "Name of the shelf."
    add = document["paths"]["/api/library/{name}/books/{book}"]["put"]
    assert {(one["name"], one["in"]) for one in add["parameters"]} == {("name", "path"), ("book", "path")}
    assert set(add["requestBody"]["content"]["application/json"]["schema"]["properties"]) == {"position"}
    names = {one["name"]: one for one in document["paths"]["/api/library"]["get"]["parameters"]}
    assert names["names"]["explode"] is True
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in document["components"]["schemas"]


async def test_the_page_works_without_any_other_host(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs", headers={"Authorization": ""})
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in page.text.replace("http://www.w3.org", "")
    assert "https:" not in page.text
    assert "<script src" not in page.text


async def test_a_server_in_the_window_s_loop_answers(core: SmallCore, server: object, qapp: object) -> None:
    import asyncio

    assert type(asyncio.get_running_loop()).__name__ == "_QtLoop"
    token = core.access.grant()
    async with httpx2.AsyncClient(trust_env=False) as caller:
        answer = await caller.get(
            f"{server.address}/api/library",  # type: ignore[attr-defined]
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (answer.status_code, answer.json()) == (200, [])
