"""The words of every order, for the market model, the brokers and the desk alike."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> float:
        """Give +1 for buying and -1 for selling."""
        return 1.0 if self is Side.BUY else -1.0


class Kind(StrEnum):
    """When an order may fill."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class Lasting(StrEnum):
    """How long an order waits: until it is cancelled, to the end of its day, or not at all."""

    GTC = "gtc"
    DAY = "day"
    IOC = "ioc"
    FOK = "fok"
