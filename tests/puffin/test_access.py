"""A key test asks the vendor one cheap question and says what the answer means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from puffling.puffin.access import ask_about_key

KEYS = {
    "alpaca": {"ALPACA_API_KEY": "AK", "ALPACA_SECRET_KEY": "canary-secret"},
    "anthropic": {"ANTHROPIC_API_KEY": "canary-secret"},
    "openai": {"OPENAI_API_KEY": "canary-secret"},
}
HEADERS = {"alpaca": "apca-api-secret-key", "anthropic": "x-api-key", "openai": "authorization"}


class Vendor:
    """A server on this machine that answers every request with one status."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[str] = []
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    server = await asyncio.start_server(vendor.answer, "127.0.0.1", 0)
    vendor.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield vendor
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("service", sorted(KEYS))
async def test_an_accepted_key_is_said_to_be_accepted(vendor: Vendor, service: str) -> None:
    result = await ask_about_key(service, KEYS[service], address=vendor.address)
    assert result.accepted
    [request] = vendor.requests
    assert request.startswith("GET ")
    assert f"\r\n{HEADERS[service]}: " in request.lower()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "does not accept"), (403, "does not accept"), (429, "too many"), (500, "500")]
)
async def test_a_refusal_is_told_in_words(vendor: Vendor, status: int, words: str) -> None:
    vendor.status = status
    result = await ask_about_key("openai", KEYS["openai"], address=vendor.address)
    assert not result.accepted
    assert words in result.message
    assert "canary" not in repr(result)


async def test_a_missing_key_is_named_without_asking(vendor: Vendor) -> None:
    result = await ask_about_key("alpaca", {"ALPACA_API_KEY": "AK"}, address=vendor.address)
    assert (result.accepted, "ALPACA_SECRET_KEY" in result.message) == (False, True)
    assert vendor.requests == []


async def test_no_answer_is_told_without_the_key() -> None:
    result = await ask_about_key("openai", KEYS["openai"], address="http://127.0.0.1:9")
    assert not result.accepted
    assert "could not be reached" in result.message
    assert "canary" not in repr(result)
