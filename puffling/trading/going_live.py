"""What going live with an account would change, and what is missing for it."""

from __future__ import annotations

from collections.abc import Iterator

from puffling.frozen import frozen
from puffling.runtime.text import tr
from puffling.settings.model import Settings
from puffling.trading.values import AccountView, Mode
from puffling.trading.words import limits_said

# Feeds whose prices nobody trades at.
MADE_UP_FEEDS = frozenset({"demo", "samples"})


@frozen
class LivePlan:
    """What going live with an account would change, and what is missing for it."""

    account: str
    label: str
    is_live: bool
    missing: tuple[str, ...]
    changes: tuple[str, ...]


def plan_for(view: AccountView, settings: Settings, *, is_live: bool) -> LivePlan:
    """Say it in sentences, before the person types the word."""
    account = view.account
    return LivePlan(
        account.id, account.label, is_live, tuple(_missing(view, settings)), tuple(_changes(view, settings))
    )


def _missing(view: AccountView, settings: Settings) -> Iterator[str]:
    if view.account.mode != Mode.LIVE.value:
        yield tr(
            "{account} is for practice and never moves real money: connect an account that does.",
            account=view.account.label,
        )
    elif not view.live_keys:
        yield tr("The keys for real money are missing: connect the broker again and give them.")
    if not view.abilities.finds_client_ids:
        yield tr("This broker cannot find an order again by the name Puffling gave it.")
    if view.info is None:
        yield tr("The broker has not said yet what the account is worth.")
    if settings.market.feeds[0] in MADE_UP_FEEDS:
        yield tr(
            "The first feed of prices, {feed}, is made up: put one with real prices first in the settings.",
            feed=settings.market.feeds[0],
        )


def _changes(view: AccountView, settings: Settings) -> Iterator[str]:
    if view.account.mode != Mode.LIVE.value:
        return
    yield tr("From then on orders of this account move real money at {broker}.", broker=view.account.broker)
    yield from limits_said(settings.trading)
    yield tr("The window says LIVE for as long as it is so. Anybody may go back to paper.")
