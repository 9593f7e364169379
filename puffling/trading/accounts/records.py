"""What is written down of accounts, each in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puffling.runtime.errors import Conflict, Refused
from puffling.runtime.text import tr
from puffling.store.orders import Account
from puffling.trading.accounts.values import BrokerOffer
from puffling.trading.events import ChosenAccountChanged
from puffling.trading.flags import write_live
from puffling.trading.states import OPEN
from puffling.trading.values import Mode
from puffling.trading.words import deed

if TYPE_CHECKING:
    from puffling.store.database import Unit

CHOSEN = "state.account"
EMBEDDED = "paper"


def in_use(unit: Unit, at_work: str) -> tuple[tuple[Account, ...], str]:
    """Give the accounts in use, and which one orders go to; of those that live here only one is at work."""
    accounts = tuple(
        account for account in unit.accounts.all() if account.broker != EMBEDDED or account.id == at_work
    )
    row = unit.settings.find(CHOSEN)
    chosen = at_work if row is None else str(row.value)
    return accounts, chosen if any(account.id == chosen for account in accounts) else at_work


def choose(unit: Unit, id: str, at_work: str, *, live: bool) -> Account:
    """Let orders go to an account from now on; one with real money is chosen by its own act."""
    account = unit.accounts.get(id)
    if not account.active:
        raise Conflict(tr("{account} was let go.", account=account.label), hint=tr("Connect it again."))
    if account.broker == EMBEDDED and account.id != at_work:
        raise Conflict(
            tr("{account} trades at other prices than those at hand.", account=account.label),
            hint=tr("Change the feeds of prices first."),
        )
    if (account.mode == Mode.LIVE) is not live:
        raise Refused(
            tr("{account} holds real money.", account=account.label)
            if not live
            else tr("{account} holds no real money.", account=account.label),
            hint=tr("Choose it by the act for accounts of its kind."),
        )
    unit.settings.put(CHOSEN, account.id)
    unit.tell(ChosenAccountChanged(unit.user, account))
    return account


def embedded_for(unit: Unit, demo: bool) -> Account:
    """Give the account of play money that fits the prices at hand, made when there is none yet."""
    mode = Mode.DEMO if demo else Mode.PAPER
    for account in unit.accounts.all():
        if account.broker == EMBEDDED and account.mode == mode:
            return account
    label = tr("Demo account") if demo else tr("Paper account")
    return unit.accounts.add(_free_id(unit, mode.lower()), broker=EMBEDDED, mode=mode, label=label)


def begin_anew(unit: Unit, before: Account) -> Account:
    """Let an account go with its past, and put another of the same name in its place."""
    unit.accounts.use(before.id, False)
    account = unit.accounts.add(
        _free_id(unit, before.mode.lower()), broker=before.broker, mode=before.mode, label=before.label
    )
    row = unit.settings.find(CHOSEN)
    if row is not None and row.value == before.id:
        unit.settings.put(CHOSEN, account.id)
    return account


def take_on(unit: Unit, offer: BrokerOffer, id: str, number: str, label: str) -> Account:
    """Take an account at a broker on, or take it up again."""
    known = unit.accounts.find(id)
    if known is None:
        return unit.accounts.add(
            id,
            broker=offer.id.partition("-")[0],
            mode=offer.mode,
            label=label.strip() or f"{offer.title} {number}".strip(),
            number=number,
            details={"offer": offer.id},
        )
    if known.active:
        raise Conflict(tr("{account} is connected already.", account=known.label))
    account = unit.accounts.use(id, True)
    return unit.accounts.rename(id, label) if label.strip() else account


def let_go(unit: Unit, id: str) -> None:
    """Let an account go: its past stays, its permission to trade real money does not."""
    unit.accounts.use(id, False)
    write_live(unit, id, False)
    row = unit.settings.find(CHOSEN)
    if row is not None and row.value == id:
        unit.settings.remove(CHOSEN)


def open_names(unit: Unit, account: str) -> list[str]:
    """Name what is open on an account."""
    orders = [
        deed(order.side, order.quantity, order.symbol) for order in unit.orders.in_states(OPEN, account)
    ]
    intents = [
        deed(intent.terms.side, intent.terms.quantity, intent.terms.symbol)
        for intent in unit.intents.in_states(OPEN, account)
        if intent.broker_order_id is None
    ]
    return orders + intents


def _free_id(unit: Unit, base: str) -> str:
    taken = {account.id for account in unit.accounts.all(active=False)}
    ids = (base if place == 1 else f"{base}-{place}" for place in range(1, len(taken) + 2))
    return next(id for id in ids if id not in taken)
