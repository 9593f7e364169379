"""What somebody wants to order, said elsewhere in the window and taken over by the ticket."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session
from puffling.frozen import frozen
from puffling.puffin.orders import Kind, Side

TICKET = "ticket"


@frozen
class Wish:
    """An order to fill in; the ticket shows it, and nothing leaves by it."""

    symbol: str
    side: Side
    kind: Kind = Kind.MARKET
    price: Decimal | None = None


class Wishes:
    """Keeps the newest wish until the ticket takes it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._wish: Wish | None = None
        self._listeners = Listeners[[]]()

    def say(self, wish: Wish) -> None:
        """Have the ticket filled in, and bring it into sight."""
        self._wish = wish
        self._session.show_panel(TICKET)
        self._listeners.tell()

    def take(self) -> Wish | None:
        """Give the newest wish, once."""
        wish, self._wish = self._wish, None
        return wish

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener when there is a wish; the answer unsubscribes."""
        return self._listeners.add(listener)
