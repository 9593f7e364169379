"""The window may serve HTTP too: the setting starts, moves and stops the server at once."""

from __future__ import annotations

import asyncio
import socket

import httpx2
import pytest

from puffling.core.core import Core
from puffling.core.events import NoticeRaised
from puffling.server.beside import serve_beside

pytestmark = pytest.mark.usefixtures("as_person")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Told:
    """Waits for what the core has to tell."""

    def __init__(self, core: Core) -> None:
        self.queue: asyncio.Queue[NoticeRaised] = asyncio.Queue()
        core.bus.on(NoticeRaised, self.queue.put_nowait)


async def health(port: int) -> int:
    async with httpx2.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/api/health")).status_code


async def test_the_setting_starts_moves_and_stops_the_server(core: Core) -> None:
    told = Told(core)
    core.scope.spawn(serve_beside(core), name="serve beside")
    first, second = free_port(), free_port()
    await core.settings.put("server.port", first)
    await core.settings.put("server.enabled", value=True)
    notice = await told.queue.get()
    assert f":{first}" in notice.text
    assert "access token" in notice.hint
    assert await health(first) == 200

    await core.settings.put("server.port", second)
    await told.queue.get()
    assert await health(second) == 200
    with pytest.raises(httpx2.ConnectError):
        await health(first)

    await core.settings.put("server.enabled", value=False)
    while True:
        try:
            await health(second)
        except httpx2.HTTPError:
            break


async def test_a_port_that_is_taken_is_told_and_the_window_goes_on(core: Core) -> None:
    told = Told(core)
    core.scope.spawn(serve_beside(core), name="serve beside")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        await core.settings.put("server.port", taken.getsockname()[1])
        await core.settings.put("server.enabled", value=True)
        assert "HTTP is not served" in (await told.queue.get()).text
