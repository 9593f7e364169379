"""Accounts: the paper account that is always there, those at brokers, and where orders go."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.accounts.values import AccountState, BrokerCheck, BrokerOffer
from puffling.trading.desk import OrderDesk
from puffling.trading.values import Differences, ReconcileReport

MOST_CASH = 10**9

AccountId = Annotated[
    str, Field(description="Id or name of the account, such as paper.", min_length=1, max_length=80)
]
BrokerId = Annotated[
    str, Field(description="Id of the broker, such as alpaca-paper.", min_length=1, max_length=40)
]
Label = Annotated[str, Field(description="What you call it; empty takes the broker's name.", max_length=60)]


class Accounts(Controller):
    """Where money lies, and where orders go."""

    def __init__(self, shelf: AccountShelf, desk: OrderDesk) -> None:
        self._shelf = shelf
        self._desk = desk

    @capability(title="List accounts", verb="list", effect=Effect.READ, http="GET /api/accounts")
    async def all(self) -> tuple[AccountState, ...]:
        """Show your accounts with the line to each broker; the first is the one orders go to."""
        return await self._shelf.all()

    @capability(title="List brokers", effect=Effect.READ, http="GET /api/accounts/brokers")
    async def brokers(self) -> tuple[BrokerOffer, ...]:
        """Show the brokers you can connect, and where their keys come from."""
        return self._shelf.offers()

    @capability(title="Test broker", effect=Effect.COMPUTE, http="POST /api/accounts/brokers/{broker}/check")
    async def check(self, broker: BrokerId) -> BrokerCheck:
        """Test keys, permissions and news of a broker and say what is missing; nothing is ordered."""
        return await self._shelf.check(broker)

    @capability(
        title="Connect broker", effect=Effect.WRITE, http="POST /api/accounts/brokers/{broker}/connect"
    )
    async def connect(self, broker: BrokerId, label: Label = "") -> AccountState:
        """Take on an account without real money at a broker, once its test finds nothing missing."""
        return await self._shelf.connect(broker, label)

    @capability(title="Connect broker with real money", effect=Effect.GUARD)
    async def connect_live(self, broker: BrokerId, label: Label = "") -> AccountState:
        """Take on an account with real money; orders still wait until you go live."""
        return await self._shelf.connect(broker, label, live=True)

    @capability(
        title="Send orders to account", effect=Effect.WRITE, http="POST /api/accounts/{account}/choose"
    )
    async def choose(self, account: AccountId) -> AccountState:
        """Let orders go to an account without real money from now on."""
        return await self._shelf.choose(account)

    @capability(title="Send orders to account with real money", effect=Effect.GUARD)
    async def choose_live(self, account: AccountId) -> AccountState:
        """Let orders go to an account with real money from now on."""
        return await self._shelf.choose(account, live=True)

    @capability(
        title="Show differences from broker",
        effect=Effect.READ,
        http="GET /api/accounts/{account}/differences",
    )
    async def differences(self, account: AccountId) -> Differences:
        """Show what the broker holds and no fill explains, and the seal that accepts exactly it."""
        return await self._desk.differences(await self._connected(account))

    @capability(title="Accept what the broker holds", effect=Effect.GUARD)
    async def accept(
        self,
        account: AccountId,
        seal: Annotated[str, Field(description="What the differences showed.", min_length=1, max_length=64)],
    ) -> ReconcileReport:
        """Take the broker's positions for true, as they were shown; afterwards the two are compared again.

        For what changes at the broker without a fill: a transfer, a split, another symbol. What was held here
        goes out at what it cost, what the broker holds comes in at its average price. A halt stays a halt.
        """
        caller = current_caller()
        return await self._desk.accept(await self._connected(account), seal, by=caller.actor.value)

    @capability(title="Rename account", effect=Effect.WRITE, http="PUT /api/accounts/{account}")
    async def rename(
        self,
        account: AccountId,
        label: Annotated[str, Field(description="What you call it.", min_length=1, max_length=60)],
    ) -> AccountState:
        """Call an account by another name."""
        return await self._shelf.rename(account, label)

    @capability(title="Disconnect account", effect=Effect.WRITE, http="DELETE /api/accounts/{account}")
    async def disconnect(self, account: AccountId) -> AccountState:
        """Let an account at a broker go; refused while orders are open there. Its history stays."""
        return await self._shelf.disconnect(account)

    @capability(title="Reset paper account", effect=Effect.GUARD)
    async def reset(
        self,
        cash: Annotated[
            Decimal | None,
            Field(description="Play money to begin with; empty takes the setting.", gt=0, le=MOST_CASH),
        ] = None,
    ) -> AccountState:
        """Cancel what is open on the paper account and begin another one; the old one's history stays."""
        return await self._shelf.reset(cash)

    @capability(title="Pay into paper account", effect=Effect.GUARD)
    async def pay_in(
        self,
        amount: Annotated[
            Decimal,
            Field(description="Play money to pay in; below 0 it is taken out.", ge=-MOST_CASH, le=MOST_CASH),
        ],
    ) -> AccountState:
        """Pay play money into the paper account, or take some out."""
        return await self._shelf.pay_in(amount)

    async def _connected(self, account: str) -> str:
        """Give the id of an account that is meant by its id or its name."""
        await self._shelf.opened()
        if any(view.account.id == account for view in await self._desk.accounts()):
            return account
        return (await self._shelf.get(account)).id
