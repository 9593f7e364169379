"""From what somebody fills in to a proposal: names, sizes and moments, the same for every face."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from puffling.frozen import frozen
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import Refused
from puffling.runtime.text import tr
from puffling.store.orders import BrokerOrder, Holding, Intent, OrderTerms
from puffling.trading.checks.form import quantity_step
from puffling.trading.estimates import expected_price
from puffling.trading.facts import finite
from puffling.trading.judging import LiveFacts
from puffling.trading.order_lines import line_of
from puffling.trading.proposals import Proposal
from puffling.trading.sizing import Ground, Size, pieces
from puffling.trading.values import AccountView, Done, Placed, TicketFacts
from puffling.trading.words import deed, plain

# How long an order of a person is worth sending after a line that was busy or broken.
VALID = timedelta(minutes=2)
# How long a question about an order waits for somebody to look at it.
ASKED = timedelta(days=1)


@frozen
class Ticket:
    """An order as it is filled in. `id` names the occasion: the same one again is the same order."""

    account: str
    symbol: str
    side: Side
    size: Size
    kind: Kind = Kind.MARKET
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    lasting: Lasting = Lasting.DAY
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    extended_hours: bool = False
    why: str = ""
    id: str = ""
    one_cancels_other: bool = False
    stop_loss_limit: Decimal | None = None


def proposal_of(ticket: Ticket, seen: LiveFacts, *, source: str, now: datetime) -> Proposal:
    """Give the proposal a ticket stands for, its size worked out at what is seen now."""
    blank = _terms(ticket, Decimal(1))
    equity = None if seen.info is None else Decimal(str(seen.info.equity))
    ground = Ground(
        side=ticket.side,
        price=expected_price(blank, seen.price),
        equity=equity,
        stop=ticket.stop_loss,
        step=Decimal(1) if seen.asset is None else quantity_step(seen.asset, seen.abilities),
    )
    quantity = pieces(ticket.size, ground)
    return Proposal(
        terms=_terms(ticket, quantity),
        source=source,
        slot=ticket.id or str(uuid.uuid4()),
        valid_until=now + VALID,
        why=ticket.why,
        asked_until=now + ASKED,
    )


def title_of(terms: OrderTerms) -> str:
    """Say an order in the words of a button: what it does, and at which price."""
    text = deed(terms.side, terms.quantity, terms.symbol)
    if terms.one_cancels_other:
        return tr(
            "{order} at {profit} or better, or once it trades at {loss}: one cancels the other",
            order=text,
            profit=plain(_known(terms.limit)),
            loss=plain(_known(terms.stop_loss)),
        )
    entry = _entry(terms, text)
    if terms.take_profit is not None and terms.stop_loss is not None:
        profit, loss = plain(terms.take_profit), plain(terms.stop_loss)
        return tr("{order}, then out at {profit} or {loss}", order=entry, profit=profit, loss=loss)
    if terms.take_profit is not None or terms.stop_loss is not None:
        out = plain(_known(terms.take_profit or terms.stop_loss))
        return tr("{order}, then out at {price}", order=entry, price=out)
    return entry


def _entry(terms: OrderTerms, text: str) -> str:
    if terms.kind is Kind.LIMIT:
        return tr("{order} at {price} or better", order=text, price=plain(_known(terms.limit)))
    if terms.kind is Kind.STOP:
        return tr("{order} once it trades at {price}", order=text, price=plain(_known(terms.stop)))
    if terms.kind is Kind.STOP_LIMIT:
        return tr(
            "{order} once it trades at {stop}, at {limit} or better",
            order=text,
            stop=plain(_known(terms.stop)),
            limit=plain(_known(terms.limit)),
        )
    if terms.kind is Kind.TRAILING_STOP:
        behind = f"{plain(terms.trail_share * 100)}%" if terms.trail_share else plain(_known(terms.trail))
        return tr("{order} when it turns by {behind}", order=text, behind=behind)
    return tr("{order} at the market", order=text)


def held_words(holding: Holding) -> str:
    """Say how much is held of what."""
    return f"{plain(holding.quantity)} {holding.symbol}"


def turn_of(holding: Holding, facts: TicketFacts) -> str:
    """Say how a position would be turned round; refuse where only half of it could be done."""
    if holding.quantity > 0 and not facts.shortable:
        raise Refused(
            tr("{symbol} cannot be sold short here.", symbol=holding.symbol), hint=tr("Close the position.")
        )
    return tr("Turn {held} round at the market", held=held_words(holding))


def name_of(found: Intent | BrokerOrder) -> str:
    """Say what a person calls an order, ours or one found at the broker."""
    if isinstance(found, Intent):
        return title_of(found.terms)
    return deed(found.side, found.quantity, found.symbol)


def _known(price: Decimal | None) -> Decimal:
    return Decimal(0) if price is None else price


def _terms(ticket: Ticket, quantity: Decimal) -> OrderTerms:
    return OrderTerms(
        account=ticket.account,
        symbol=ticket.symbol,
        side=ticket.side,
        quantity=quantity,
        kind=ticket.kind,
        limit=ticket.limit,
        stop=ticket.stop,
        trail=ticket.trail,
        trail_share=None if ticket.trail_percent is None else ticket.trail_percent / 100,
        lasting=ticket.lasting,
        take_profit=ticket.take_profit,
        stop_loss=ticket.stop_loss,
        extended_hours=ticket.extended_hours,
        one_cancels_other=ticket.one_cancels_other,
        stop_loss_limit=ticket.stop_loss_limit,
    )


def facts_of(view: AccountView, seen: LiveFacts, symbol: str) -> TicketFacts:
    """Put together what a person should see before ordering."""
    asset, info, price, offers = seen.asset, seen.info, seen.price, seen.abilities
    held = next((each.quantity for each in view.holdings if each.symbol == symbol), Decimal(0))
    return TicketFacts(
        account=view.account.id,
        account_label=view.account.label,
        mode=seen.mode,
        symbol=symbol,
        asset_type="equity" if asset is None else asset.asset_type,
        last=None if price is None else price.last,
        bid=None if price is None else price.bid,
        ask=None if price is None else price.ask,
        held=held,
        equity=None if info is None else finite(info.equity),
        buying_power=None if info is None else finite(info.buying_power),
        settled_cash=None if info is None else finite(info.settled_cash),
        shortable=asset is not None and asset.shortable and offers.short,
        marginable=asset is not None and asset.marginable,
        fractions=asset is not None and asset.fractionable and offers.fractions,
        kinds=offers.kinds,
        lasting=offers.lasting,
        brackets=offers.brackets,
        one_cancels_other=offers.one_cancels_other,
        extended_hours=offers.extended_hours,
        not_ready=seen.not_ready,
    )


def done_of(*placed: Placed) -> Done:
    """Say what became of placing some orders, in a sentence and with a line for each."""
    intents = tuple(each.intent for each in placed if each.intent is not None)
    lines = tuple(line_of(each, None) for each in intents)
    approval = next((each.approval for each in placed if each.approval is not None), None)
    if approval is not None:
        return Done(tr("It waits for your approval."), lines, approval)
    told = zip(intents, lines, strict=True)
    return Done(", ".join(f"{name_of(intent)}: {line.stage}" for intent, line in told), lines)
