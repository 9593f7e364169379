"""A real server on a real socket over the small core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest_asyncio

from puffling.server.serve import Server
from tests.server.small import SmallCore, small_core


@pytest_asyncio.fixture
async def core(home: Path) -> AsyncIterator[SmallCore]:
    """The small core."""
    async with small_core(home) as opened:
        yield opened


@pytest_asyncio.fixture
async def server(core: SmallCore) -> AsyncIterator[Server]:
    """A server that listens on a free port."""
    listening = Server(core, port=0, host_names=("trader.lan", "proxy.lan:9000"))
    await listening.start()
    yield listening
    await listening.close()


@pytest_asyncio.fixture
async def client(core: SmallCore, server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    """A program with a token of every scope."""
    headers = {"Authorization": f"Bearer {core.access.grant()}"}
    async with httpx2.AsyncClient(base_url=server.address, headers=headers, trust_env=False) as opened:
        yield opened
