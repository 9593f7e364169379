"""Asking a service whether it accepts a key, without doing anything with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_TIMEOUT_SECONDS = 10.0

_ALPACA = "https://paper-api.alpaca.markets"
_ANTHROPIC = "https://api.anthropic.com"
_OPENAI = "https://api.openai.com"


@dataclass(frozen=True, slots=True)
class KeyTest:
    """What a service said to a key."""

    service: str
    accepted: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Question:
    title: str
    address: str
    path: str
    needed: tuple[str, ...]
    headers: Callable[[Mapping[str, str]], dict[str, str]]


_QUESTIONS = {
    "alpaca": _Question(
        "Alpaca",
        _ALPACA,
        "/v2/account",
        ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"),
        lambda keys: {
            "APCA-API-KEY-ID": keys["ALPACA_API_KEY"],
            "APCA-API-SECRET-KEY": keys["ALPACA_SECRET_KEY"],
        },
    ),
    "anthropic": _Question(
        "Anthropic",
        _ANTHROPIC,
        "/v1/models",
        ("ANTHROPIC_API_KEY",),
        lambda keys: {"x-api-key": keys["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"},
    ),
    "openai": _Question(
        "OpenAI",
        _OPENAI,
        "/v1/models",
        ("OPENAI_API_KEY",),
        lambda keys: {"Authorization": f"Bearer {keys['OPENAI_API_KEY']}"},
    ),
}


async def ask_about_key(service: str, keys: Mapping[str, str], *, address: str | None = None) -> KeyTest:
    """Ask the service the cheapest question that needs a key; nothing is ordered, spent or changed."""
    import httpx2

    question = _QUESTIONS[service]
    missing = [name for name in question.needed if not keys.get(name)]
    if missing:
        return KeyTest(service, False, f"{' and '.join(missing)} is not there yet.")
    base = (address or question.address).rstrip("/")
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
            answer = await client.get(base + question.path, headers=question.headers(keys))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return KeyTest(
            service, False, f"{question.title} could not be reached ({type(error).__name__}). Are you online?"
        )
    return KeyTest(service, answer.status_code == 200, _meaning(question.title, answer.status_code))


def _meaning(title: str, status: int) -> str:
    if status == 200:
        return f"{title} accepts it."
    if status in {401, 403}:
        return f"{title} does not accept it. Check that it was copied whole and was not revoked."
    if status == 429:
        return f"{title} says: too many requests. Try again in a minute."
    return f"{title} answered with status {status}. Try again later."
