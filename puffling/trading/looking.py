"""What is looked at just before an order is judged: line, account, instrument, price."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from puffling.puffin.broker.base import AccountInfo, Asset, Broker
from puffling.puffin.errors import NotOffered, PuffinError
from puffling.runtime.errors import PufflingError
from puffling.store.orders import Intent
from puffling.trading.events import AccountChanged
from puffling.trading.facts import family_of
from puffling.trading.judging import LiveFacts
from puffling.trading.line import BrokerLine
from puffling.trading.other_way import leads_out
from puffling.trading.parts import DeskParts
from puffling.trading.proposals import Proposal, replaced_by
from puffling.trading.wire import is_held_here

# Older figures of the account are asked for again before an order is judged by them.
_FRESH = timedelta(seconds=60)


async def look(
    parts: DeskParts,
    line: BrokerLine,
    proposal: Proposal,
    *,
    replaces: Intent | None = None,
    parent_id: str | None = None,
    confirmed: str = "",
) -> LiveFacts:
    """Give what an order is judged by of what stands outside the database."""
    seen = await look_at(parts, line, proposal.terms.symbol)
    if replaces is None and (changed := replaced_by(proposal.leg)):
        replaces = await parts.read(lambda unit: unit.intents.find(changed))
    held = is_held_here(proposal.terms, line.abilities)
    if replaces is not None and leads_out(replaces):
        # What waits here stays here, and two ways out count once, also when one of them is changed or goes.
        held, parent_id = replaces.waits_here or held, family_of(replaces)
    return dataclasses.replace(
        seen, replaces=replaces, confirmed=confirmed, held_here=held, parent_id=parent_id
    )


async def look_at(parts: DeskParts, line: BrokerLine, symbol: str) -> LiveFacts:
    """Give what is known now outside the database; what cannot be read is None, and the gate refuses it."""
    # As it is now: news that comes while the rest is looked at makes it no unknown.
    info, info_at = await refresh_account(parts, line) if line.ready else (line.info, line.info_at)
    try:
        instrument = await parts.prices.instrument(symbol)
        price = await parts.prices.look(symbol)
    except PufflingError:
        instrument = price = None
    asset = await asset_of(line, symbol)
    return LiveFacts(
        account=line.account,
        mode=line.mode,
        abilities=line.abilities,
        not_ready="" if line.ready else line.reason,
        info=info,
        info_at=info_at,
        asset=asset,
        price=price,
        skew_seconds=line.skew_seconds,
        instrument=instrument,
        live_keys=line.live_keys,
    )


async def refresh_account(parts: DeskParts, line: BrokerLine) -> tuple[AccountInfo | None, datetime | None]:
    """Give what the account is worth and when that was asked: anew when it is old, or something was filled.

    Whoever wants to know while it is asked waits for that answer. A question that fails leaves the old
    figures to grow old.
    """
    async with line.asking:
        now = parts.clock.now()
        if not line.moved and line.info_at is not None and now - line.info_at <= _FRESH:
            return line.info, line.info_at
        line.moved = False
        try:
            info = await line.call(lambda broker: broker.get_account())
        except PuffinError:
            return line.info, line.info_at
        # What was filled meanwhile may not be in it: then the next one asks again.
        line.info, line.info_at = info, None if line.moved else now
        # Whoever shows figures of the account shows the same ones as whoever asked.
        parts.bus.publish(AccountChanged(line.account.id))
        return info, now


async def asset_of(line: BrokerLine, symbol: str) -> Asset | None:
    """Give what the broker knows of an instrument, asked once; None when it cannot be asked now."""
    if symbol not in line.assets:

        def ask(broker: Broker) -> Asset:
            return broker.get_asset(symbol)

        try:
            line.assets[symbol] = await line.call(ask)
        except NotOffered:
            # It says nothing of instruments, so what it says of itself has to do.
            line.assets[symbol] = Asset(
                symbol, shortable=line.abilities.short, fractionable=line.abilities.fractions
            )
        except PuffinError:
            return None
    return line.assets[symbol]
