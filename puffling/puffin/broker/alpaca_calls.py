"""Calling Alpaca's trading account over HTTP: once each, within bounded time, and what the answer means.

alpaca-py would send an order again by itself on 429 and 504, and knows no timeouts; both are put right here.
Its exceptions carry the request and in it the keys, so none of them leaves this module, not even as a cause.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from puffling.puffin.broker.alpaca_wire import UNREAD
from puffling.puffin.broker.base import (
    BrokerBusyError,
    BrokerError,
    BrokerRefusedError,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    OrderRejectedError,
    UnclearError,
    UnknownOrderError,
)
from puffling.puffin.data.alpaca_rest import (
    TRADING_LIVE,
    TRADING_PAPER,
    AlpacaKeys,
    bounded_client,
    seconds_until_reset,
)
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient
    from requests import Response

READ_SECONDS = 10.0
BUSY_SECONDS = 1.0
_LONGEST_WORDS = 300
_ID_EXISTS = 40010001
_FORBIDDEN = 40310000
_NOT_FOUND = range(40400000, 40500000)
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


def trading_address(paper: bool, base_url: str | None = None) -> str:
    """Give the one address that orders go to; a stand-in must be on this computer, and say no other mode."""
    usual = TRADING_PAPER if paper else TRADING_LIVE
    base = (base_url or usual).rstrip("/").removesuffix("/v2")
    if base != usual and urlsplit(base).hostname not in _HERE:
        mode = "paper" if paper else "live"
        raise InvalidValue(f"Orders of a {mode} account go to {usual} only", field="base_url")
    return base


class AlpacaCalls:
    """Alpaca's door for orders and everything about the account."""

    def __init__(self, keys: AlpacaKeys, address: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._keys = keys
        self._address = address
        self._read_seconds = read_seconds
        self._closed = threading.Event()
        self._making = threading.Lock()
        self._client: RESTClient | None = None

    def get(self, path: str, **query: object) -> Any:
        """Ask a question; the answer has something in it."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._answer(self._call("GET", path, asked))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send something once."""
        return self._answer(self._call("POST", path, body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something once."""
        return self._answer(self._call("PATCH", path, body))

    def delete(self, path: str, **query: object) -> Any:
        """Take something back; often there is nothing to answer."""
        return self._call("DELETE", path, {name: value for name, value in query.items() if value is not None})

    def close(self) -> None:
        """Answer no more; whoever waits gives up."""
        self._closed.set()
        with self._making:
            if self._client is not None:
                self._client._session.close()

    def _answer(self, answer: Any) -> Any:
        if answer is None:
            raise UnclearError(UNREAD)
        return answer

    def _call(self, method: str, path: str, data: Mapping[str, Any]) -> Any:
        answer, trouble = self._once(method, path, dict(data))
        if trouble is not None:
            raise trouble
        return answer

    def _once(self, method: str, path: str, data: dict[str, Any]) -> tuple[Any, BrokerError | None]:
        from alpaca.common.exceptions import APIError
        from requests.exceptions import RequestException, Timeout
        from urllib3.exceptions import HTTPError

        if self._closed.is_set():
            return None, UnclearError("The connection to Alpaca was closed")
        try:
            return self._held()._request(method, path, data), None
        except APIError as error:
            return None, _meaning(error.response)
        except (Timeout, TimeoutError):
            return None, UnclearError("Alpaca did not answer in time")
        except (RequestException, HTTPError, OSError, ValueError) as error:
            # An answer that is no JSON is one of the first and a ValueError too.
            said = UNREAD if isinstance(error, ValueError) else "The connection to Alpaca failed"
            return None, UnclearError(said)

    def _held(self) -> RESTClient:
        with self._making:
            if self._client is None:
                self._client = bounded_client(
                    self._address,
                    self._keys,
                    self._closed,
                    read_seconds=self._read_seconds,
                    whole_seconds=self._read_seconds,
                )
            return self._client


def _meaning(response: Response) -> BrokerError:
    """Say what may be concluded from an answer that is no success."""
    status, (code, said) = response.status_code, _told(response)
    if status == 429:
        wait = seconds_until_reset(response)
        seconds = BUSY_SECONDS if wait is None else wait
        return BrokerBusyError("Alpaca asks for fewer questions", wait_seconds=seconds)
    if status == 401 or (status == 403 and code is None):
        return BrokerRefusedError(
            "Alpaca does not accept the key. Check ALPACA_API_KEY and ALPACA_SECRET_KEY, "
            "and whether they belong to a paper or to a live account"
        )
    if code is None or status not in {400, 403, 404, 422}:
        # Something in between may have answered, or Alpaca broke while it did what was asked.
        return UnclearError(f"Alpaca gave an answer that says nothing (status {status})")
    if status == 404:
        return UnknownOrderError(said) if code in _NOT_FOUND else UnclearError(UNREAD)
    if status == 422 and code == _ID_EXISTS and _says_it_exists(said):
        return DuplicateOrderError(said)
    if status == 403:
        short = code == _FORBIDDEN and "insufficient" in said.lower()
        return (InsufficientFundsError if short else OrderRejectedError)(said, code=str(code))
    return InvalidOrderError(said, code=str(code))


def _says_it_exists(said: str) -> bool:
    # The same code stands for other mistakes in what was sent. No words at all may mean it.
    return not said or ("client_order_id" in said and any(word in said for word in ("unique", "exist")))


def _told(response: Response) -> tuple[int | None, str]:
    """Give the code and the words of an answer of Alpaca's; no code when it is somebody else's."""
    try:
        body = response.json()
    except ValueError:
        return None, ""
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, int):
        return None, ""
    said = body.get("message")
    return code, said[:_LONGEST_WORDS] if isinstance(said, str) else ""
