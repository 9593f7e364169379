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
        self._handlers: dict[type[Any], tuple[_Subscription, ...]] = {}

    def on(self, event: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call the handler for every event of exactly this class; the answer unsubscribes."""
        # A subscription has an identity of its own: bound methods are equal without being the same, and
        # unsubscribing twice must not take away what the same handler asked for a second time.
        subscription = _Subscription(handler)
        self._handlers[event] = (*self._handlers.get(event, ()), subscription)

        def unsubscribe() -> None:
            subscription.ended = True
            left = tuple(known for known in self._handlers.get(event, ()) if known is not subscription)
            self._handlers[event] = left

        return unsubscribe

    def publish(self, event: object) -> None:
        """Hand the event to its subscribers, in the order in which they subscribed."""
        for subscription in self._handlers.get(type(event), ()):
            # An earlier handler of this very event may have closed the face of a later one.
            if subscription.ended:
                continue
            try:
                subscription.handler(event)
            except Exception:  # noqa: BLE001  the edge: one bad handler must not silence the others
                _log.exception("A handler of %s failed", type(event).__name__)

    def listeners(self, event: type[Any]) -> int:
        """Tell how many handlers wait for this class of event."""
        return len(self._handlers.get(event, ()))


class _Subscription:
    __slots__ = ("ended", "handler")

    def __init__(self, handler: Callable[[Any], None]) -> None:
        self.handler = handler
        self.ended = False
