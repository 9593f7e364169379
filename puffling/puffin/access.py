"""Asking a service whether it accepts a key, without doing anything with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from puffling.frozen import frozen
from puffling.puffin.errors import PlanRefused, PuffinError

_TIMEOUT_SECONDS = 10.0

_ANTHROPIC = "https://api.anthropic.com"
_OPENAI = "https://api.openai.com"


@frozen
class KeyTest:
    """What a service said to a key."""

    service: str
    accepted: bool
    message: str


@frozen
class _Question:
    title: str
    address: str
    path: str
    needed: tuple[str, ...]
    headers: Callable[[Mapping[str, str]], dict[str, str]]


_QUESTIONS = {
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


_ALPACA_KEYS = ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")


def ask_about_alpaca_keys(
    keys: Mapping[str, str],
    address: str | None = None,
    data: str = "one exchange",
    *,
    names: tuple[str, str] = _ALPACA_KEYS,
) -> KeyTest:
    """Ask Alpaca for a price, in the caller's thread, and say what the answer means for the keys.

    `names` is what the key and its secret are called, where it is not the usual pair.
    """
    from puffling.puffin.data.alpaca_provider import DATA_FEEDS, AlpacaProvider

    missing = _missing(names, keys)
    if missing:
        return KeyTest("alpaca", False, missing)
    # Whoever pressed a button wants to know now, not after some more tries.
    api_key, secret_key = (keys[name] for name in names)
    provider = AlpacaProvider(api_key, secret_key, address, data_feed=DATA_FEEDS[data], pause=lambda _: True)
    try:
        provider.check_access()
    except PlanRefused:
        return KeyTest(
            "alpaca",
            True,
            f"Alpaca accepts it, but your plan does not include {data} data: choose less of it.",
        )
    except PuffinError as failure:
        return KeyTest("alpaca", False, f"{failure}.")
    finally:
        provider.close()
    return KeyTest("alpaca", True, f"Alpaca accepts it and tells prices: {data}.")


async def ask_about_key(service: str, keys: Mapping[str, str], *, address: str | None = None) -> KeyTest:
    """Ask the service the cheapest question that needs a key; nothing is ordered, spent or changed."""
    import httpx2

    question = _QUESTIONS[service]
    missing = _missing(question.needed, keys)
    if missing:
        return KeyTest(service, False, missing)
    base = (address or question.address).rstrip("/")
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
            answer = await client.get(base + question.path, headers=question.headers(keys))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return KeyTest(
            service, False, f"{question.title} could not be reached ({type(error).__name__}). Are you online?"
        )
    return KeyTest(service, answer.status_code == 200, _meaning(question.title, answer.status_code))


def _missing(needed: Iterable[str], keys: Mapping[str, str]) -> str:
    missing = [name for name in needed if not keys.get(name)]
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there yet." if missing else ""


def _meaning(title: str, status: int) -> str:
    if status == 200:
        return f"{title} accepts it."
    if status in {401, 403}:
        return f"{title} does not accept it. Check that it was copied whole and was not revoked."
    if status == 429:
        return f"{title} says: too many requests. Try again in a minute."
    return f"{title} answered with status {status}. Try again later."
