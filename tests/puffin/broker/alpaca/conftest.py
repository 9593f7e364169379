"""A hostile Alpaca, and brokers that talk to it through the real client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import BrokerUpdate, UpdateKind
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving


class MakeBroker(Protocol):
    """Gives a broker that is closed after the test."""

    def __call__(
        self,
        *,
        key: str = KEY,
        secret: str = SECRET,
        paper: bool = True,
        stream_updates: bool = False,
        read_seconds: float = 10.0,
        mute_seconds: float = 60.0,
        ping_seconds: float = 4.0,
    ) -> AlpacaBroker: ...


class Heard:
    """Writes down what a broker tells, and waits for it."""

    def __init__(self, alpaca: AlpacaTrading) -> None:
        self._alpaca = alpaca
        self.updates: list[BrokerUpdate] = []

    def __call__(self, update: BrokerUpdate) -> None:
        self.updates.append(update)
        self._alpaca.server.tell()

    def of_line(self) -> list[UpdateKind]:
        """What was said of the line itself."""
        return [update.kind for update in list(self.updates) if update.kind is not UpdateKind.ORDER]

    def events(self) -> list[str]:
        """What was said of orders."""
        return [update.event for update in list(self.updates) if update.kind is UpdateKind.ORDER]

    def until(self, true: Callable[[], object]) -> None:
        """Wait until something is true."""
        self._alpaca.server.until(true)

    def until_line(self, *kinds: UpdateKind) -> None:
        """Wait until exactly this was said of the line."""
        self.until(lambda: self.of_line() == list(kinds))

    def until_events(self, *events: str) -> None:
        """Wait until exactly this was said of orders."""
        self.until(lambda: self.events() == list(events))


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """The hostile Alpaca, with a price of 100 for Apple."""
    with serving() as server:
        alpaca = AlpacaTrading(server)
        alpaca.move("AAPL", 100)
        yield alpaca


@pytest.fixture
def make_broker(alpaca: AlpacaTrading) -> Iterator[MakeBroker]:
    """Makes brokers that talk to it."""
    with ExitStack() as ends:

        def make(
            *,
            key: str = KEY,
            secret: str = SECRET,
            paper: bool = True,
            stream_updates: bool = False,
            read_seconds: float = 10.0,
            mute_seconds: float = 60.0,
            ping_seconds: float = 4.0,
        ) -> AlpacaBroker:
            broker = AlpacaBroker(
                key,
                secret,
                paper,
                stream_updates,
                base_url=alpaca.server.address,
                read_seconds=read_seconds,
                mute_seconds=mute_seconds,
                ping_seconds=ping_seconds,
                shortest_wait_seconds=0.02,
            )
            ends.callback(broker.close)
            return broker

        yield make


@pytest.fixture
def broker(make_broker: MakeBroker) -> AlpacaBroker:
    """A broker that talks to it."""
    return make_broker()


def patience(fault: str) -> float:
    """How long to wait for an answer: not long for one that never comes, and no race with any other."""
    return 0.15 if "hang" in fault else 10.0


@pytest.fixture
def heard(alpaca: AlpacaTrading, broker: AlpacaBroker) -> Heard:
    """What the broker tells, from CONNECTED on."""
    heard = Heard(alpaca)
    broker.listen(heard)
    heard.until_line(UpdateKind.CONNECTED)
    return heard
