"""Who may come in: by name, by origin, by token, in a fair size and in time."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

import httpx2
import pytest

from puffling.runtime.errors import Conflict, InvalidInput, Refused
from puffling.server.access import Hosts
from puffling.server.serve import Server
from tests.server.small import SmallCore


async def raw(server: Server, text: str) -> str:
    """What the server answers to exactly these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.address).port)
    writer.write(text.replace("\n", "\r\n").encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return answer


def status(answer: str) -> int:
    """The status of a raw answer."""
    return int(answer.split(" ", 2)[1])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        "Bearer " + "x" * 1000,
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer Bearer {token}",
        "Bearer ü",
    ],
)
async def test_without_the_right_token_nothing_is_answered(
    core: SmallCore, server: Server, header: str
) -> None:
    value = header.format(token=core.access.grant())
    async with httpx2.AsyncClient(base_url=server.address, trust_env=False) as caller:
        for path in ("/api/library", "/openapi.json", "/api/nowhere", "/"):
            headers = [(b"Authorization", value.encode("latin-1"))] if value else []
            answer = await caller.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.json()["code"] == "refused"


async def test_a_token_in_the_address_or_a_cookie_opens_nothing(core: SmallCore, server: Server) -> None:
    token = core.access.grant()
    async with httpx2.AsyncClient(base_url=server.address, trust_env=False) as caller:
        for name in ("token", "access_token", "authorization", "bearer"):
            answer = await caller.get(f"/api/library?{name}={token}", headers={"Cookie": f"{name}={token}"})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers


async def test_two_tokens_are_none(core: SmallCore, server: Server) -> None:
    good = f"Authorization: Bearer {core.access.grant()}\n"
    host = f"Host: {urlsplit(server.address).netloc}\nConnection: close\n"
    assert status(await raw(server, f"GET /api/library HTTP/1.1\n{host}{good}\n")) == 200
    assert status(await raw(server, f"GET /api/library HTTP/1.1\n{host}{good}{good}\n")) == 401


async def test_a_withdrawn_token_opens_nothing(client: httpx2.AsyncClient, core: SmallCore) -> None:
    assert (await client.get("/api/library")).status_code == 200
    core.access.known.clear()
    assert (await client.get("/api/library")).status_code == 401


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("trader.lan", 200),
        ("trader.lan:443", 200),
        ("proxy.lan:9000", 200),
        ("proxy.lan:{port}", 403),
        ("evil.example:{port}", 403),
        ("127.0.0.1.evil.example:{port}", 403),
        ("localhost", 403),
        ("localhost:1", 403),
        ("localhost:{port}@evil.example", 403),
        ("evil.example, localhost:{port}", 403),
        ("", 403),
    ],
)
async def test_only_the_server_s_own_names_are_answered(
    core: SmallCore, server: Server, host: str, expected: int
) -> None:
    name = host.format(port=urlsplit(server.address).port)
    token = f"Authorization: Bearer {core.access.grant()}\nConnection: close\n"
    for path in ("/api/library", "/api/health"):
        assert status(await raw(server, f"GET {path} HTTP/1.1\nHost: {name}\n{token}\n")) == expected


async def test_two_hosts_are_refused(server: Server) -> None:
    own = f"Host: {urlsplit(server.address).netloc}\n"
    answer = await raw(server, f"GET /api/health HTTP/1.1\n{own}{own}Connection: close\n\n")
    assert status(answer) in {400, 403}


async def test_a_good_origin_before_another_is_refused(core: SmallCore, server: Server) -> None:
    own = f"Host: {urlsplit(server.address).netloc}\nAuthorization: Bearer {core.access.grant()}\n"
    origins = f"Origin: {server.address}\nOrigin: http://evil.example\n"
    answer = await raw(server, f"GET /api/library HTTP/1.1\n{own}{origins}Connection: close\n\n")
    assert status(answer) == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("{own}", 200),
        ("null", 403),
        ("http://evil.example", 403),
        ("http://localhost:1", 403),
        ("{own}.evil.example", 403),
        ("file://", 403),
        ("chrome-extension://abc", 403),
        ("", 403),
    ],
)
async def test_pages_of_other_sites_are_refused(
    client: httpx2.AsyncClient, server: Server, origin: str, expected: int
) -> None:
    answer = await client.get("/api/library", headers={"Origin": origin.format(own=server.address)})
    assert answer.status_code == expected
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_form_post_from_a_browser_changes_nothing(core: SmallCore, server: Server) -> None:
    # What a page of another site can make a browser send without asking first.
    async with httpx2.AsyncClient(base_url=server.address, trust_env=False) as browser:
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
            headers = {"Content-Type": kind, "Origin": "http://evil.example"}
            answer = await browser.post("/api/library", content='{"name": "x"}', headers=headers)
            assert answer.status_code == 403
            del headers["Origin"]
            answer = await browser.post("/api/library", content='{"name": "x"}', headers=headers)
            assert answer.status_code == 401
        preflight = await browser.request("OPTIONS", "/api/library", headers={"Origin": server.address})
        assert preflight.status_code == 401
    assert core.library.shelves == {}


async def test_a_body_without_an_announced_end_is_cut_off(core: SmallCore, server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.address).port)
    head = (
        f"POST /api/library HTTP/1.1\r\nHost: {urlsplit(server.address).netloc}\r\n"
        f"Authorization: Bearer {core.access.grant()}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/json\r\n\r\n"
    )
    writer.write(head.encode())
    answer = asyncio.ensure_future(reader.readline())  # noqa: TID251  the test's own task
    sent = 0
    while not answer.done() and sent < 64 * 1024 * 1024:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        sent += 0x10000
        try:
            await writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(0)
    assert b" 413 " in await answer
    assert sent < 8 * 1024 * 1024
    writer.close()


async def test_endless_headers_are_refused(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.address).port)
    writer.write(f"GET /api/health HTTP/1.1\r\nHost: x\r\nX: {'a' * 20_000}".encode())
    assert b" 400 " in await reader.readline()
    writer.close()


async def test_a_caller_that_never_says_what_it_wants_is_hung_up_on(core: SmallCore) -> None:
    async with asyncio.timeout(10):
        server = Server(core, port=0, seconds_for_headers=0.05)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.address).port)
        writer.write(b"GET /api/hea")
        assert await reader.read() == b""
        writer.close()
        await server.close()


async def test_a_caller_that_trickles_its_second_request_is_hung_up_on(core: SmallCore) -> None:
    async with asyncio.timeout(10):
        server = Server(core, port=0, seconds_for_headers=0.2)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.address).port)
        writer.write(f"GET /api/health HTTP/1.1\r\nHost: {urlsplit(server.address).netloc}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in head
        length = next(line for line in head.splitlines() if line.startswith("content-length:"))
        assert b'"ok"' in await reader.readexactly(int(length.partition(":")[2]))
        writer.write(b"GET /api/health HTTP/1.1\r\nX: ")

        async def until_hung_up() -> bytes:
            try:
                return await reader.read()
            except ConnectionError:
                # What it still sent met a closed door, which some systems answer with a reset.
                return b""

        rest = asyncio.ensure_future(until_hung_up())  # noqa: TID251  the test's own task
        while not rest.done():
            writer.write(b"a")
            await asyncio.sleep(0.02)
        assert await rest == b""
        writer.close()
        await server.close()


async def test_answers_tell_browsers_to_be_careful(client: httpx2.AsyncClient) -> None:
    headers = (await client.get("/api/library")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "server" not in headers


async def test_no_secret_reaches_the_log(
    core: SmallCore, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    from websockets.asyncio.client import connect

    caplog.set_level(logging.DEBUG)
    token = core.access.grant()
    async with httpx2.AsyncClient(base_url=server.address, trust_env=False) as caller:
        headers = {"Authorization": f"Bearer {token}"}
        await caller.get("/api/library?names=sk-canary-query", headers=headers)
        await caller.get(f"/api/library?token={token}", headers=headers)
        await caller.get("/api/library/a%0Aforged%20line", headers=headers)
    socket = await connect(
        f"{server.address.replace('http', 'ws')}/ws/lines?token=sk-canary-query",
        subprotocols=["bearer", token],  # type: ignore[list-item]
        proxy=None,
        logger=logging.getLogger("quiet"),
    )
    await socket.close()
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name not in {"quiet", "httpx2"}
    )
    assert token not in ours
    assert "canary" not in ours
    assert "\nforged" not in ours
    assert "GET /api/library 200" in ours


async def test_a_taken_port_is_said_plainly(core: SmallCore, server: Server) -> None:
    with pytest.raises(Conflict, match="cannot be used"):
        await Server(core, port=urlsplit(server.address).port or 0).start()


async def test_other_computers_stay_out_unless_allowed(core: SmallCore) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.7", "example.org"):
        with pytest.raises(Refused):
            Server(core, host=host)
    Server(core, host="0.0.0.0", allow_network=True)


async def test_an_address_of_no_card_is_said_plainly(core: SmallCore) -> None:
    with pytest.raises((Conflict, InvalidInput)):
        await Server(core, host="192.0.2.7", port=0, allow_network=True).start()


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost"])
async def test_every_loopback_address_answers_to_its_name(core: SmallCore, host: str) -> None:
    server = Server(core, host=host, port=0)
    await server.start()
    async with httpx2.AsyncClient(trust_env=False) as caller:
        assert (await caller.get(f"{server.address}/api/health")).status_code == 200
    await server.close()


def test_a_name_is_not_a_prefix() -> None:
    hosts = Hosts(8766, added=frozenset({"a.lan"}))
    assert hosts.allow("a.lan:1")
    assert not hosts.allow("a.lan.evil")
    assert not hosts.allow("xa.lan")
    assert not hosts.allow("127.0.0.1:87660")


async def test_closing_ends_what_is_open(core: SmallCore) -> None:
    server = Server(core, port=0)
    await server.start()
    token = core.access.grant()
    async with httpx2.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as caller:
        assert (await caller.get("/api/library")).status_code == 200
        await server.close()
        with pytest.raises(httpx2.TransportError):
            await caller.get("/api/library")
    await server.close()
