"""The faults of the stand-in for Alpaca by name: one after the other on command, or thrown by seeded dice."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterable
from datetime import datetime

from tests.fakes.local_server import Answer, as_json

_HTML = Answer(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", {"Content-Type": "text/html"})
_LATE = as_json({"message": "upstream request timeout"}, 504)
_BROKEN = as_json({"code": 50010000, "message": "internal server error occurred"}, 500)
_FOREVER = Answer(pause_seconds=3600.0)
_RESET = Answer(cut_after=-1)
_GARBLED = Answer(200, b'{"id": "61e69015-8549-4bfd-b9c3-01e7', {"Content-Type": "application/json"})
_SHORT = Answer(200, b'{"id": "61e69015"}', {"Content-Type": "application/json"}, cut_after=9)
_TWICE = as_json({"code": 40010001, "message": "client_order_id must be unique"}, 422)
_POOR = as_json(
    {"buying_power": "0", "code": 40310000, "cost_basis": "1", "message": "insufficient buying power"}, 403
)
_WASH = as_json(
    {
        "code": 40310000,
        "existing_order_id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
        "message": "potential wash trade detected. use complex orders",
        "reject_reason": "opposite side market/stop order exists",
    },
    403,
)
_WRONG = as_json({"code": 42210000, "message": "invalid order: price out of range"}, 422)
_UNREADABLE = as_json({"code": 40010000, "message": "request body format is invalid"}, 400)
_FILLED = as_json({"code": 42210000, "message": 'order is already in "filled" state'}, 422)
_NOT_THERE = as_json({"code": 40410000, "message": "order not found"}, 404)
_KEYS = as_json({"message": "forbidden."}, 403)
_KEYS_401 = as_json({"code": 40110000, "message": "request is not authorized"}, 401)

# Which door suffers it, and what is answered instead of asking, or after it was done.
BEFORE: dict[str, tuple[str, Answer | None]] = {
    "reset_before": ("submit", _RESET),
    "hang_before": ("submit", _FOREVER),
    "late_before": ("submit", _LATE),
    "html_before": ("submit", _HTML),
    "busy": ("submit", None),
    "buying_power": ("submit", _POOR),
    "wash_trade": ("submit", _WASH),
    "invalid": ("submit", _WRONG),
    "unreadable": ("submit", _UNREADABLE),
    "keys": ("submit", _KEYS),
    "keys_401": ("submit", _KEYS_401),
    "lookup_404": ("lookup", _NOT_THERE),
    "lookup_500": ("lookup", _BROKEN),
    "lookup_hang": ("lookup", _FOREVER),
    "lookup_html": ("lookup", _HTML),
    "lookup_busy": ("lookup", None),
    "read_500": ("read", _BROKEN),
    "read_hang": ("read", _FOREVER),
    "read_html": ("read", _HTML),
    "read_garbled": ("read", _GARBLED),
    "read_reset": ("read", _RESET),
    "read_busy": ("read", None),
    "cancel_500": ("cancel", _BROKEN),
    "cancel_busy": ("cancel", None),
    "replace_filled": ("replace", _FILLED),
    "replace_busy": ("replace", None),
}
AFTER: dict[str, tuple[str, Answer]] = {
    "reset_after": ("submit", _RESET),
    "hang_after": ("submit", _FOREVER),
    "late_after": ("submit", _LATE),
    "html_after": ("submit", _HTML),
    "garbled_after": ("submit", _GARBLED),
    "cut_after": ("submit", _SHORT),
    "duplicate_id": ("submit", _TWICE),
    "cancel_reset": ("cancel", _RESET),
    "cancel_late": ("cancel", _LATE),
    "replace_reset": ("replace", _RESET),
    "replace_late": ("replace", _LATE),
}
# What is more than an answer; whoever suffers it knows how.
SPECIAL = {
    "strange_status": "submit",
    "cancel_filled": "cancel",
    "fill_after_cancel": "cancel",
    "cancel_all_partly": "cancel_all",
    "stream_twice": "stream",
    "stream_skip": "stream",
    "stream_swap": "stream",
    "stream_fill_first": "stream",
    "stream_cut": "stream",
    "stream_word": "stream",
    "stream_garbage": "stream",
}
DOORS = {name: door for name, (door, _) in BEFORE.items()} | {name: door for name, (door, _) in AFTER.items()}
DOORS |= SPECIAL


class Hunt:
    """Kills a process at a moment that only the broker knows: when it asks for something, or is answered."""

    def __init__(self, pid: int, moment: str, visits: int) -> None:
        self._pid = pid
        self._moment = moment
        self._left = visits

    def strike(self, moment: str) -> None:
        """Kill it if this is the moment, for the last of so many times."""
        if moment != self._moment or not self._left:
            return
        self._left -= 1
        if not self._left:
            try:
                os.kill(self._pid, signal.SIGKILL)
            except ProcessLookupError:
                return


class Faults:
    """Which fault is due at which door."""

    def __init__(self) -> None:
        self._ordered: list[str] = []
        self._dice = random.Random(0)
        self._rate = 0.0
        self._names: tuple[str, ...] = ()
        self.suffered: list[str] = []
        self.wait_seconds = 1

    def order(self, name: str, times: int = 1) -> None:
        """Let the next visitor of its door suffer this."""
        if name not in DOORS:
            raise ValueError(f"no fault is called {name}")
        self._ordered += [name] * times

    def roll(self, seed: int, rate: float, names: Iterable[str] | None = None) -> None:
        """Throw dice for every visitor from now on."""
        self._dice, self._rate = random.Random(seed), rate
        self._names = tuple(sorted(DOORS if names is None else names))

    def calm(self) -> None:
        """No more faults."""
        self._rate = 0.0
        self._ordered.clear()

    def due(self, door: str) -> str | None:
        """The fault that a visitor of this door suffers now."""
        for place, name in enumerate(self._ordered):
            if DOORS[name] == door:
                del self._ordered[place]
                self.suffered.append(name)
                return name
        # Questions are many, and each of them failing would leave no time for anything else.
        rate = self._rate / 6 if door == "read" else self._rate
        if rate and self._dice.random() < rate:
            mine = [name for name in self._names if DOORS[name] == door]
            if mine:
                name = self._dice.choice(mine)
                self.suffered.append(name)
                return name
        return None

    def instead(self, name: str, now: datetime) -> Answer | None:
        """What is answered without doing anything; None when the fault is not of that kind."""
        if name not in BEFORE:
            return None
        answer = BEFORE[name][1]
        return answer if answer is not None else self._busy(now)

    def _busy(self, now: datetime) -> Answer:
        headers = {
            "Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "X-RateLimit-Limit": "200",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(now.timestamp()) + self.wait_seconds),
        }
        return as_json({"code": 42910000, "message": "rate limit exceeded"}, 429, **headers)
