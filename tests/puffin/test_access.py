"""A key test asks the vendor one cheap question and says what the answer means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from puffling.puffin.access import ask_about_alpaca_keys, ask_about_key
from tests.fakes.alpaca_data import GARBAGE, HTML, KEY, RESET, SECRET, AlpacaData
from tests.fakes.local_server import Answer, serving

KEYS = {
    "anthropic": {"ANTHROPIC_API_KEY": "canary-secret"},
    "openai": {"OPENAI_API_KEY": "canary-secret"},
}
HEADERS = {"anthropic": "x-api-key", "openai": "authorization"}


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
    result = await ask_about_key("openai", {}, address=vendor.address)
    assert (result.accepted, "OPENAI_API_KEY" in result.message) == (False, True)
    assert vendor.requests == []


async def test_no_answer_is_told_without_the_key() -> None:
    result = await ask_about_key("openai", KEYS["openai"], address="http://127.0.0.1:9")
    assert not result.accepted
    assert "could not be reached" in result.message
    assert "canary" not in repr(result)


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        yield AlpacaData(server)


def test_alpaca_is_asked_for_a_price_and_accepts_its_keys(alpaca: AlpacaData) -> None:
    keys = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    result = ask_about_alpaca_keys(keys, alpaca.server.address)
    assert (result.accepted, result.message) == (True, "Alpaca accepts it and tells prices: one exchange.")
    [request] = alpaca.server.requests
    assert request.path == "/v2/stocks/bars/latest"


def test_alpaca_says_which_key_is_missing_and_which_is_wrong(alpaca: AlpacaData) -> None:
    result = ask_about_alpaca_keys({"ALPACA_API_KEY": KEY}, alpaca.server.address)
    assert (result.accepted, result.message) == (False, "ALPACA_SECRET_KEY is not there yet.")
    wrong = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": "canary-wrong"}
    result = ask_about_alpaca_keys(wrong, alpaca.server.address)
    assert not result.accepted
    assert "does not accept" in result.message
    assert "canary" not in repr(result)


def test_a_plan_that_does_not_reach_so_far_is_no_wrong_key(alpaca: AlpacaData) -> None:
    keys = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    result = ask_about_alpaca_keys(keys, alpaca.server.address, "complete")
    assert result.accepted
    assert "plan does not include complete data" in result.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [(HTML, "fault of its own"), (RESET, "cannot be reached"), (GARBAGE, "cannot be read")],
)
def test_alpaca_in_trouble_is_told_at_once_and_in_words(
    alpaca: AlpacaData, answer: Answer, words: str
) -> None:
    alpaca.server.trouble(answer)
    keys = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    result = ask_about_alpaca_keys(keys, alpaca.server.address)
    assert not result.accepted
    assert words in result.message
    assert len(alpaca.server.requests) == 1
