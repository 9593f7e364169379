"""Asking Alpaca over HTTP, through alpaca-py, within bounded time and with bounded patience.

The exceptions of the library carry the request and in it the keys, so none of them leaves this module,
not even as the cause of another.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from puffling.frozen import frozen
from puffling.puffin.errors import AccessRefused, InvalidValue, PlanRefused, SourceFailed

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient
    from requests import Response

DATA = "https://data.alpaca.markets"
TRADING_PAPER = "https://paper-api.alpaca.markets"
TRADING_LIVE = "https://api.alpaca.markets"
STREAM = "wss://stream.data.alpaca.markets"

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# A server that sends a byte now and then never lets the timeout above strike.
WHOLE_ANSWER_SECONDS = 30.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
MOST_TRIES = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
_UNREAD = "Alpaca gave an answer that cannot be read"

_log = logging.getLogger(__name__)


class NotThere(SourceFailed):
    """There is nothing under the name that was asked for."""


@frozen
class AlpacaKeys:
    """What Alpaca knows a person by; never shown."""

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@frozen
class AlpacaAddresses:
    """Where Alpaca is reached."""

    data: str
    trading: str
    stream: str

    @classmethod
    def of(cls, base_url: str | None, api_key: str) -> AlpacaAddresses:
        """Give Alpaca's own addresses, or those of a stand-in that serves everything at one place."""
        base = (base_url or "").rstrip("/").removesuffix("/v2")
        if base and ".alpaca.markets" not in base:
            return cls(base, base, "ws" + base.removeprefix("http"))
        trading = base if base.endswith("api.alpaca.markets") else ""
        # Keys of paper accounts begin with PK, those of live ones with AK.
        usual = TRADING_LIVE if api_key.startswith("AK") else TRADING_PAPER
        return cls(DATA, trading or usual, STREAM)


@frozen
class _Trouble:
    """What went wrong with one request, without anything of the request."""

    said: str
    status: int = 0
    # How long to wait until it is worth while to ask again; None leaves that to us.
    wait_seconds: float | None = None
    hopeless: bool = False
    not_in_plan: bool = False

    def as_error(self) -> SourceFailed | InvalidValue:
        if self.status in {401, 403}:
            return PlanRefused(self.said) if self.not_in_plan else AccessRefused(self.said)
        if self.status == 404:
            return NotThere(self.said)
        if self.status in {400, 422}:
            return InvalidValue(self.said)
        return SourceFailed(self.said, busy=self.status == 429)


class AlpacaRest:
    """Alpaca's doors for questions; `pause` waits some seconds and tells whether to give up."""

    def __init__(
        self,
        keys: AlpacaKeys,
        addresses: AlpacaAddresses,
        *,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._keys = keys
        self._addresses = addresses
        self._closed = threading.Event()
        self._pause = pause or self._closed.wait
        self._clients: dict[str, RESTClient] = {}
        self._making = threading.Lock()

    def data(self, path: str, query: Mapping[str, object], *, version: str = "v2") -> dict[str, Any]:
        """Ask the market data door."""
        answer = self._asked(self._addresses.data, path, query, version)
        if not isinstance(answer, dict):
            raise SourceFailed(_UNREAD)
        return answer

    def trading(self, path: str, query: Mapping[str, object]) -> Any:
        """Ask the door of the trading account, which also knows what there is to trade."""
        return self._asked(self._addresses.trading, path, query, "v2")

    def close(self) -> None:
        """Answer no more: whoever waits gives up, connections end."""
        self._closed.set()
        with self._making:
            for client in self._clients.values():
                client._session.close()
            self._clients.clear()

    def _asked(self, address: str, path: str, query: Mapping[str, object], version: str) -> Any:
        trouble = None
        for attempt in range(MOST_TRIES):
            if self._closed.is_set():
                raise SourceFailed("The connection to Alpaca was closed")
            answer, trouble = self._once(address, path, query, version)
            if trouble is None:
                return answer
            wait = trouble.wait_seconds
            if wait is None:
                wait = FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.75, 1.25)
            if trouble.hopeless or wait > LONGEST_PAUSE_SECONDS or attempt == MOST_TRIES - 1:
                break
            _log.info("%s (%s); asked again in %.1f s", trouble.said, path, wait)
            if self._pause(wait):
                break
        assert trouble is not None
        raise trouble.as_error()

    def _once(
        self, address: str, path: str, query: Mapping[str, object], version: str
    ) -> tuple[Any, _Trouble | None]:
        from alpaca.common.exceptions import APIError
        from requests.exceptions import RequestException, Timeout
        from urllib3.exceptions import HTTPError

        asked = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._client(address).get(path, asked, api_version=version)
        except APIError as error:
            return None, _refusal(error.response)
        except (Timeout, TimeoutError):
            return None, _Trouble("Alpaca did not answer in time")
        except (RequestException, HTTPError, OSError) as error:
            # An answer that is no JSON is one of these and a ValueError too.
            unread = isinstance(error, ValueError)
            return None, _Trouble(_UNREAD if unread else "Alpaca cannot be reached")
        except ValueError:
            return None, _Trouble(_UNREAD)
        return answer, None if answer is not None else _Trouble(_UNREAD)

    def _client(self, address: str) -> RESTClient:
        with self._making:
            if address not in self._clients:
                self._clients[address] = bounded_client(address, self._keys, self._closed)
            return self._clients[address]


def bounded_client(
    address: str,
    keys: AlpacaKeys,
    closed: threading.Event,
    *,
    read_seconds: float = READ_SECONDS,
    whole_seconds: float = WHOLE_ANSWER_SECONDS,
) -> RESTClient:
    """Make a client that asks once, gives raw answers, and comes back in bounded time."""
    # Its kin for trading loads pandas, for answers that are wanted raw here.
    from alpaca.common.rest import RESTClient

    client = RESTClient(address, keys.api_key, keys.secret_key, api_version="v2", raw_data=True)
    # It would try again by itself, blindly; and it knows no timeouts.
    client._retry = 0
    client._session.request = _bounded(  # type: ignore[method-assign]
        client._session.request, closed, read_seconds, whole_seconds
    )
    return client


def _bounded(
    request: Callable[..., Response],
    closed: threading.Event,
    read_seconds: float,
    whole_seconds: float,
) -> Callable[..., Response]:
    """Give the session's request with an end in sight, however slowly the answer comes."""

    def ask(method: str, url: str, **options: Any) -> Response:
        deadline = time.monotonic() + whole_seconds
        response = request(method, url, timeout=(CONNECT_SECONDS, read_seconds), stream=True, **options)
        body = bytearray()
        with response:
            while piece := response.raw.read1(65536, decode_content=True):
                body += piece
                if closed.is_set() or time.monotonic() > deadline or len(body) > LARGEST_ANSWER_BYTES:
                    raise TimeoutError
        response._content = bytes(body)
        return response

    return ask


def _refusal(response: Response | None) -> _Trouble:
    if response is None:
        return _Trouble("Alpaca cannot be reached")
    status, said = response.status_code, _said(response)
    if status in {401, 403} and "subscription" in said.lower():
        said = f"Your Alpaca plan does not include this: {said}"
        return _Trouble(said, status, hopeless=True, not_in_plan=True)
    if status in {401, 403}:
        return _Trouble(
            "Alpaca does not accept the key. Check ALPACA_API_KEY and ALPACA_SECRET_KEY",
            status,
            hopeless=True,
        )
    if status == 429:
        return _Trouble("Alpaca asks for fewer questions", status, seconds_until_reset(response))
    if status >= 500:
        return _Trouble(f"Alpaca has a fault of its own (status {status})", status)
    return _Trouble(f"Alpaca refused the question: {said or f'status {status}'}", status, hopeless=True)


def _said(response: Response) -> str:
    """Give the message of an error, if it is one of Alpaca's and not the page of something in between."""
    try:
        body = response.json()
    except ValueError:
        return ""
    said = body.get("message") if isinstance(body, dict) else None
    return said[:300] if isinstance(said, str) else ""


def seconds_until_reset(response: Response) -> float | None:
    """Give how long Alpaca asks us to wait, where it says so."""
    # Counted from the server's own time of the answer: this computer's clock may be wrong.
    try:
        if "Retry-After" in response.headers:
            return max(0.0, float(response.headers["Retry-After"]))
        now = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return max(0.0, float(response.headers["X-RateLimit-Reset"]) - now)
    except (KeyError, TypeError, ValueError):
        return None
