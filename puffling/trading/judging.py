"""Between the desk and the gate: what the desk hands in, and what it asks for.

The gate is called inside the transaction that writes the intent down, so that what it counts cannot change
before the order counts too. What the database does not know is looked at just before and handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from puffling.frozen import frozen
from puffling.market.values import Instrument
from puffling.puffin.broker.base import AccountInfo, Asset, BrokerAbilities
from puffling.store.orders import Account, Approval, Intent
from puffling.trading.proposals import Proposal
from puffling.trading.values import Mode
from puffling.trading.verdicts import Verdict

if TYPE_CHECKING:
    from puffling.store.database import Unit


@frozen
class PriceSeen:
    """The newest price of a symbol. `doubt` says why it is not to be traded on, empty when it may be.

    `made_up` prices come from the demo market or from samples of long ago; `late_seconds` is how late they
    are by the nature of their source.
    """

    last: Decimal
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    doubt: str = ""
    previous_close: Decimal | None = None
    made_up: bool = False
    late_seconds: int = 0


@frozen
class LiveFacts:
    """What is known outside the database when an order is judged; None is what could not be read.

    `not_ready` says why the account may not be traded on just now, empty when it may. `skew_seconds` is how
    far this computer's clock runs ahead of the broker's. `replaces` is the order that this one would stand
    in the place of: its exposure goes when the new one comes, and it has been counted already. `live_keys`
    says that the keys for real money are there. `confirmed` says in which act the person has confirmed this
    order already (a flatten, an order held here whose price was met), `held_here` that this computer holds
    it until then. `parent_id` is the intent it belongs to as a leg: its siblings count once. `clears` says
    that whatever works for the symbol is cancelled before this leaves.
    """

    account: Account
    mode: Mode
    abilities: BrokerAbilities
    not_ready: str = ""
    info: AccountInfo | None = None
    info_at: datetime | None = None
    asset: Asset | None = None
    price: PriceSeen | None = None
    skew_seconds: float | None = None
    replaces: Intent | None = None
    instrument: Instrument | None = None
    live_keys: bool = False
    confirmed: str = ""
    held_here: bool = False
    parent_id: str | None = None
    clears: bool = False


class Gate(Protocol):
    """Judges orders inside the transaction that would write them down."""

    def judge(self, unit: Unit, proposal: Proposal, live: LiveFacts) -> Verdict:
        """Give every check with its answer; halt, mode, session, limits and counts are read anew here."""
        ...

    def stops(self, unit: Unit, *, shrinks: bool) -> str:
        """Say why no such order may leave at this instant, empty when it may: halted, or only shrinking."""
        ...


class Approvals(Protocol):
    """Keeps the questions for the person's yes, and lets each be used once for exactly its order."""

    def ask(self, unit: Unit, proposal: Proposal, verdict: Verdict, worst_price: Decimal | None) -> Approval:
        """Put the order into the queue and give the question."""
        ...

    def use(self, unit: Unit, approval_id: str, proposal: Proposal, worst_price: Decimal | None) -> Approval:
        """Use the yes up, or raise `Refused` when it is not one to this order, not any more, or used."""
        ...


class Judges(Protocol):
    """Those who are asked before an order is written down."""

    @property
    def gate(self) -> Gate:
        """Says what may be ordered."""
        ...

    @property
    def approvals(self) -> Approvals:
        """Knows what the person said yes to."""
        ...


class Prices(Protocol):
    """Tells prices to the desk."""

    async def look(self, symbol: str) -> PriceSeen | None:
        """Give the newest price, None when there is none."""
        ...

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Have the prices of these symbols told as `PricesMoved` until the answer is called."""
        ...

    async def instrument(self, symbol: str) -> Instrument | None:
        """Give what is known of a symbol, None when nobody knows it."""
        ...
