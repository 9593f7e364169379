"""News inside the process, typed by class: events are frozen values named in the past tense."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")

_log = logging.getLogger(__name__)


class Bus:
    """Hands each event to those who asked for its class; a failing handler never stops the others."""

    def __init__(self) -> None:
        self._handlers: dict[type[Any], tuple[Callable[[Any], None], ...]] = {}

    def on(self, event: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call the handler for every event of exactly this class; the answer unsubscribes."""
        self._handlers[event] = (*self._handlers.get(event, ()), handler)

        def unsubscribe() -> None:
            # By identity of the subscription's handler, once: unsubscribing twice is harmless.
            handlers = list(self._handlers.get(event, ()))
            if handler in handlers:
                handlers.remove(handler)
            self._handlers[event] = tuple(handlers)

        return unsubscribe

    def publish(self, event: object) -> None:
        """Hand the event to its subscribers, in the order in which they subscribed."""
        for handler in self._handlers.get(type(event), ()):
            try:
                handler(event)
            except Exception:  # noqa: BLE001  the edge: one bad handler must not silence the others
                _log.exception("A handler of %s failed", type(event).__name__)

    def listeners(self, event: type[Any]) -> int:
        """Tell how many handlers wait for this class of event."""
        return len(self._handlers.get(event, ()))
