"""Which brokers one may connect, and how one is made from its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from puffling.puffin.errors import PuffinError
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.text import tr
from puffling.trading.accounts.values import BrokerOffer
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.puffin.broker.base import Broker

PAPER, LIVE = "alpaca-paper", "alpaca-live"

# Makes a broker of an offer from its keys; it may load large libraries and is called in a thread.
BrokerMaker = Callable[[str, Mapping[str, str], Callable[[], datetime], str], "Broker"]


def offers() -> tuple[BrokerOffer, ...]:
    """Give every kind of account one may connect."""
    return (
        BrokerOffer(
            PAPER,
            tr("Alpaca, play money"),
            Mode.PAPER,
            tr("Alpaca's own paper account: real prices, orders as at the broker, and no money at stake."),
            ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"),
            "https://app.alpaca.markets/paper/dashboard/overview",
        ),
        BrokerOffer(
            LIVE,
            tr("Alpaca, real money"),
            Mode.LIVE,
            tr("Your own account at Alpaca. It has keys of its own, and orders wait until you go live."),
            ("ALPACA_LIVE_API_KEY", "ALPACA_LIVE_SECRET_KEY"),
            "https://app.alpaca.markets/brokerage/dashboard/overview",
        ),
    )


def offer(id: str) -> BrokerOffer:
    """Give one of them, or say which there are."""
    known = {each.id: each for each in offers()}
    if id not in known:
        raise NotFound(
            tr("There is no broker called {name}.", name=id),
            hint=tr("Known: {names}.", names=", ".join(known)),
        )
    return known[id]


def make_broker(id: str, keys: Mapping[str, str], now: Callable[[], datetime], address: str = "") -> Broker:
    """Make a broker from its keys; nothing is asked of it yet."""
    from puffling.puffin.broker.alpaca import AlpacaBroker

    known = offer(id)
    api_key, secret_key = (keys.get(name, "") for name in known.keys)
    try:
        return AlpacaBroker(
            api_key, secret_key, paper=known.mode is not Mode.LIVE, base_url=address or None, now=now
        )
    except PuffinError as error:
        raise Unavailable(f"{error}.") from error
