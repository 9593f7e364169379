"""Where orders go is decided in one place, and keys are seen nowhere."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.alpaca_calls import trading_address
from puffling.puffin.broker.base import BrokerError, Order, UpdateKind
from puffling.puffin.errors import AccessRefused, InvalidValue
from puffling.puffin.orders import Side
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.puffin.broker.alpaca.conftest import Heard, MakeBroker, patience

PAPER, LIVE = "https://paper-api.alpaca.markets", "https://api.alpaca.markets"


def test_paper_goes_to_paper_and_live_to_live() -> None:
    assert trading_address(paper=True) == PAPER
    assert trading_address(paper=False) == LIVE
    assert trading_address(True, PAPER + "/v2/") == PAPER
    assert trading_address(False, "http://localhost:8080/v2") == "http://localhost:8080"


@pytest.mark.parametrize(
    ("paper", "address"),
    [
        (True, LIVE),
        (False, PAPER),
        (True, LIVE + "/v2"),
        (True, "https://broker-api.alpaca.markets"),
        (True, PAPER.replace("https", "http")),
        (True, "https://paper-api.alpaca.markets.example.com"),
        (True, "https://127.0.0.1.example.com"),
        (True, "https://127.0.0.1@api.alpaca.markets"),
        (False, "https://example.com"),
        (True, "nonsense"),
    ],
)
def test_no_other_address_is_accepted(paper: bool, address: str) -> None:
    with pytest.raises(InvalidValue):
        trading_address(paper, address)
    with pytest.raises(InvalidValue):
        AlpacaBroker(KEY, SECRET, paper, base_url=address)


@pytest.mark.parametrize(("paper", "host"), [(True, PAPER), (False, LIVE)])
def test_every_call_of_an_account_goes_to_its_own_address(paper: bool, host: str) -> None:
    broker = AlpacaBroker(KEY, SECRET, paper)
    client = broker._calls._held()
    assert (broker.address, client._base_url) == (host, host)
    assert broker._updates._address == host.replace("https", "wss") + "/stream"
    asked: list[str] = []

    def ask(method: str, url: str, **options: object) -> None:
        asked.append(url)
        raise OSError("no network here")

    client._session.request = ask  # type: ignore[assignment]
    for call in (broker.get_account, broker.get_positions, broker.get_clock, broker.cancel_all_orders):
        with pytest.raises(BrokerError):
            call()
    with pytest.raises(BrokerError):
        broker.submit_order(Order("AAPL", Side.BUY, 1))
    assert len(asked) == 5
    assert all(url.startswith(host + "/v2/") for url in asked)
    broker.close()


def test_without_a_key_there_is_no_broker() -> None:
    with pytest.raises(AccessRefused):
        AlpacaBroker("", SECRET)
    with pytest.raises(AccessRefused):
        AlpacaBroker(KEY, "")
    with pytest.raises(AccessRefused):
        AlpacaBroker(KEY, "5€cret")


def everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Let every logger there is tell all it can; only that of the stand-in itself keeps quiet."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.Logger.manager.loggerDict):
        if name != "tests.local_server":
            caplog.set_level(logging.DEBUG, logger=name)


@pytest.mark.parametrize(
    "fault",
    [
        "reset_after",
        "hang_after",
        "late_after",
        "html_after",
        "garbled_after",
        "busy",
        "buying_power",
        "invalid",
        "keys",
    ],
)
def test_keys_are_in_no_error_and_in_no_log(
    alpaca: AlpacaTrading, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    everything_is_told(caplog)
    broker = make_broker(read_seconds=patience(fault))
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until_line(UpdateKind.CONNECTED)
    everything_is_told(caplog)
    alpaca.fault(fault)
    with pytest.raises(BrokerError) as caught:
        broker.submit_order(Order("AAPL", Side.BUY, 1))
    accepted, alpaca.accepted = alpaca.accepted, set()
    alpaca.cut()
    alpaca.server.until(lambda: alpaca.updates.calls >= 3)
    alpaca.accepted = accepted
    heard.until_line(UpdateKind.CONNECTED, UpdateKind.LOST, UpdateKind.CONNECTED)
    told = [repr(broker), str(vars(broker)), caplog.text, *map(repr, heard.updates)]
    error: BaseException | None = caught.value
    while error is not None:
        told += [repr(error), repr(vars(error)), repr(error.args)]
        error = error.__cause__ or error.__context__
    assert not [text for text in told if SECRET in text or KEY in text]
    assert caught.value.__context__ is None


def test_the_library_is_loaded_when_it_is_used_and_not_before(checkout: Path) -> None:
    asked = (
        "import sys; from puffling.puffin.broker.alpaca import AlpacaBroker; AlpacaBroker('k', 's').close();"
        "print([name for name in ('alpaca', 'pandas', 'requests', 'websockets') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=checkout, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
