"""Channels: what was subscribed arrives, mistakes are told, the slow are not waited for, the door holds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from puffling.server.serve import Server
from puffling.store.events import AccessTokensChanged
from tests.server.small import Said, SmallCore


def channel(server: Server, token: str | None, **options: Any) -> Any:
    """A connection to the channel of lines, with the token in a header."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= options.pop("headers", {})
    address = f"{server.address.replace('http', 'ws')}/ws/lines"
    return connect(address, additional_headers=headers, proxy=None, **options)


async def say(socket: ClientConnection, **message: object) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


async def listening(core: SmallCore, count: int = 1) -> None:
    """Wait until the channel's stream hears the bus."""
    while core.bus.listeners(Said) != count:  # noqa: ASYNC110  the bus has no event for it
        await asyncio.sleep(0.005)


async def test_subscribed_items_arrive_and_others_do_not(core: SmallCore, server: Server) -> None:
    async with channel(server, core.access.grant()) as socket:
        await say(socket, action="subscribe", symbols=["SPY", "QQQ"])
        await listening(core)
        # An answer to a message proves that those before it were read.
        await socket.send("?")
        assert "error" in await heard(socket)
        core.bus.publish(Said("GLD", 1.0))
        core.bus.publish(Said("SPY", 2.0))
        assert await heard(socket) == {"symbol": "SPY", "price": 2.0}
        await say(socket, action="unsubscribe", symbols=["SPY"])
        await socket.send("?")
        await heard(socket)
        core.bus.publish(Said("SPY", 3.0))
        core.bus.publish(Said("QQQ", 4.0))
        assert await heard(socket) == {"symbol": "QQQ", "price": 4.0}
    await listening(core, 0)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "?",
        "[]",
        "5",
        "{}",
        "[" * 50_000,
        '{"action": "subscribe"}',
        '{"action": "dance", "symbols": ["SPY"]}',
        '{"action": "subscribe", "symbols": "SPY"}',
        '{"action": "subscribe", "symbols": [1]}',
        '{"action": "subscribe", "symbols": [""]}',
        '{"action": "subscribe", "symbols": ["SPY"], "more": 1}',
        b"\x00\x01",
    ],
)
async def test_a_bad_message_is_answered_and_the_channel_lives_on(
    core: SmallCore, server: Server, message: str | bytes
) -> None:
    async with channel(server, core.access.grant()) as socket:
        await socket.send(message)
        error = (await heard(socket))["error"]
        assert set(error) == {"code", "message", "hint", "field"}
        assert error["code"] == "invalid_input"
        await say(socket, action="subscribe", symbols=["SPY"])
        await socket.send("?")
        await heard(socket)
        core.bus.publish(Said("SPY", 2.0))
        assert (await heard(socket))["price"] == 2.0


async def test_an_unknown_symbol_is_told_and_the_others_stay(core: SmallCore, server: Server) -> None:
    async with channel(server, core.access.grant()) as socket:
        await say(socket, action="subscribe", symbols=["?XX", "SPY"])
        error = (await heard(socket))["error"]
        assert (error["code"], error["hint"]) == ("not_found", "Did you mean SPY?")
        core.bus.publish(Said("SPY", 2.0))
        assert (await heard(socket))["symbol"] == "SPY"


async def test_too_many_topics_are_refused(core: SmallCore, server: Server) -> None:
    async with channel(server, core.access.grant()) as socket:
        await say(socket, action="subscribe", symbols=[f"S{n}" for n in range(1001)])
        assert (await heard(socket))["error"]["code"] == "conflict"


async def test_a_slow_listener_gets_the_newest_and_makes_no_queue(core: SmallCore, server: Server) -> None:
    symbols = [f"{n:03}".ljust(60, "S") for n in range(500)]
    async with channel(server, core.access.grant()) as socket:
        await say(socket, action="subscribe", symbols=symbols)
        await listening(core)
        socket.transport.pause_reading()
        taken, price = -1, 0.0
        while core.library.yielded != taken:
            taken = core.library.yielded
            price += 1.0
            for symbol in symbols:
                core.bus.publish(Said(symbol, price))
            # Long enough for everything that still finds room on its way.
            for _ in range(2 * len(symbols)):
                await asyncio.sleep(0)
        # Nobody reads: from here on the newest price of each symbol waits in the stream, and nothing else.
        for symbol in symbols:
            core.bus.publish(Said(symbol, price + 1.0))
        assert core.library.yielded == taken
        socket.transport.resume_reading()
        last: dict[str, float] = {}
        while len(last) < len(symbols) or set(last.values()) != {price + 1.0}:
            item = await heard(socket)
            assert item["price"] >= last.get(item["symbol"], 0.0)
            last[item["symbol"]] = item["price"]


async def test_a_browser_may_bring_its_token_as_a_subprotocol(core: SmallCore, server: Server) -> None:
    token = core.access.grant()
    async with channel(server, None, subprotocols=["bearer", token]) as socket:
        assert socket.subprotocol == "bearer"


@pytest.mark.parametrize("offered", [[], ["bearer"], ["bearer", "wrong"], ["other", "{token}"], ["{token}"]])
async def test_no_channel_without_a_token(core: SmallCore, server: Server, offered: list[str]) -> None:
    token = core.access.grant()
    names = [name.format(token=token) for name in offered] or None
    with pytest.raises(InvalidStatus) as refused:
        await channel(server, None, subprotocols=names)
    assert refused.value.response.status_code == 401


async def test_a_refused_channel_is_no_error_in_the_log(
    core: SmallCore, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(core, port=0)
    await server.start()
    with pytest.raises(InvalidStatus):
        await channel(server, None)
    await server.close()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_no_channel_for_pages_of_other_sites(core: SmallCore, server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await channel(server, core.access.grant(), origin=origin)
    assert refused.value.response.status_code == 403
    async with channel(server, core.access.grant(), origin=server.address):
        pass


async def test_no_channel_under_a_foreign_name(core: SmallCore, server: Server) -> None:
    port = server.address.rpartition(":")[2]
    headers = {"Authorization": f"Bearer {core.access.grant()}"}
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            f"ws://evil.example:{port}/ws/lines",
            additional_headers=headers,
            host="127.0.0.1",
            port=int(port),
            proxy=None,
        )
    assert refused.value.response.status_code == 403


async def test_an_unknown_channel_is_refused(core: SmallCore, server: Server) -> None:
    address = f"{server.address.replace('http', 'ws')}/ws/nowhere"
    headers = {"Authorization": f"Bearer {core.access.grant()}"}
    with pytest.raises(InvalidStatus):
        await connect(address, additional_headers=headers, proxy=None)


async def test_a_message_of_unreasonable_size_ends_the_channel(core: SmallCore, server: Server) -> None:
    async with channel(server, core.access.grant()) as socket:
        await socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            await heard(socket)
    await listening(core, 0)


async def test_withdrawing_the_token_ends_its_channels(core: SmallCore, server: Server) -> None:
    kept, withdrawn = core.access.grant(), core.access.grant()
    async with channel(server, kept) as one, channel(server, withdrawn) as other:
        await listening(core, 2)
        core.access.known = dict(list(core.access.known.items())[:1])
        core.bus.publish(AccessTokensChanged(core.user))
        with pytest.raises(ConnectionClosed) as closed:
            await heard(other)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        await one.send("?")
        assert "error" in await heard(one)


async def test_closing_the_server_ends_its_channels(core: SmallCore) -> None:
    server = Server(core, port=0)
    await server.start()
    async with channel(server, core.access.grant()) as socket:
        await listening(core)
        await server.close()
        with pytest.raises(ConnectionClosed):
            await heard(socket)
    assert core.bus.listeners(Said) == 0
