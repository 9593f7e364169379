"""Alpaca's trade stream on this machine: binary frames, no memory, and every way of saying it wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.alpaca_orders import Row
from tests.fakes.local_server import LocalServer, Socket


@dataclass
class Listener:
    """One client of the stream."""

    socket: Socket
    let_in: bool = False
    listens: bool = False


class UpdateStream:
    """Sends what happens to whoever listens; `due` tells which fault the next message suffers."""

    def __init__(
        self, server: LocalServer, accepted: Callable[[str, str], bool], due: Callable[[], str | None]
    ) -> None:
        self._server = server
        self._accepted = accepted
        self._due = due
        self._kept: Row | None = None
        self.listeners: list[Listener] = []
        self.calls = 0
        # Connected, answering pings, and silent.
        self.mute = False
        # Whether it says that it listens, and what it says to keys where that is not the usual.
        self.confirms = True
        self.greeting: bytes | None = None
        self.speaks = True
        server.socket("/stream", self._talk)

    @property
    def heard_by(self) -> int:
        """How many listen."""
        return sum(listener.listens for listener in list(self.listeners))

    def begin_anew(self, due: Callable[[], str | None]) -> None:
        """Forget everything that was not said yet, and hang up."""
        self._due, self._kept, self.mute = due, None, False
        self.cut()

    def until_heard(self) -> None:
        """Wait until somebody listens."""
        self._server.until(lambda: self.heard_by)

    def send(self, update: Row) -> None:
        """Tell an update, with whatever fault is due."""
        if self.mute or not self.listeners:
            return
        fault = self._due()
        first_comes_fill = fault == "stream_fill_first" and update["event"] == "new"
        if (fault == "stream_swap" or first_comes_fill) and self._kept is None:
            self._kept = update
            return
        updates = [] if fault == "stream_skip" else [update]
        if fault == "stream_twice":
            updates = [update] * 3
        if fault == "stream_word":
            order = {**update["order"], "status": "quarantined"}
            updates = [{**update, "event": "quarantined", "order": order}]
        if fault == "stream_garbage":
            self.say(b"{not json")
        for each in updates:
            self.say_update(each)
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self.say_update(kept)
        if fault == "stream_cut":
            self.cut()

    def say_update(self, update: Row) -> None:
        """Send an update as it is."""
        self.say(json.dumps({"stream": "trade_updates", "data": update}).encode())

    def say(self, message: bytes) -> None:
        """Send anything to everybody who listens."""

        def send() -> None:
            for listener in self.listeners:
                if listener.listens:
                    listener.socket.send(message)

        self._server.later(send)

    def cut(self) -> None:
        """Reset every connection."""

        def cut() -> None:
            for listener in self.listeners:
                listener.socket.cut()

        self._server.later(cut)

    async def _talk(self, socket: Socket) -> None:
        self.calls += 1
        listener = Listener(socket)
        self.listeners.append(listener)
        try:
            while (data := await socket.receive()) is not None:
                self._hear(listener, json.loads(data))
                self._server.tell()
        finally:
            self.listeners.remove(listener)
        socket.close()

    def _hear(self, listener: Listener, message: Row) -> None:
        data = message.get("data") or {}
        if message.get("action") == "authenticate":
            listener.let_in = self._accepted(str(data.get("key_id")), str(data.get("secret_key")))
            if self.greeting is not None:
                if self.speaks:
                    listener.socket.send(self.greeting)
                return
            word = "authorized" if listener.let_in else "unauthorized"
            _say(listener, {"stream": "authorization", "data": {"status": word, "action": "authenticate"}})
        elif message.get("action") == "listen" and listener.let_in:
            listener.listens = "trade_updates" in data.get("streams", ())
            if self.confirms:
                _say(listener, {"stream": "listening", "data": {"streams": data.get("streams")}})


def _say(listener: Listener, message: Row) -> None:
    listener.socket.send(json.dumps(message).encode())
