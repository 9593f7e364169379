"""Orders and what comes of them: everything that changes something is shown first and confirmed then.

One road for every face: an act such as `order` answers a `Confirmation` of exactly what would be done, with
every gate's answer; `confirm` carries it out, once. The gates are asked again then, where nobody can write
beside them. A model has one way to act: `propose` puts its order before the person.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from puffling.market.parameters import Symbol
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput, NotFound, Unavailable
from puffling.runtime.gate import Effect
from puffling.runtime.streams import Topics, stream
from puffling.runtime.text import tr
from puffling.store.orders import BrokerOrder, Fill, Holding, Intent
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.confirmations import Act, Confirmations
from puffling.trading.desk import OrderDesk
from puffling.trading.events import OrderChanged, OrderFilled
from puffling.trading.parameters import (
    AccountId,
    Amount,
    Count,
    Limit,
    Occasion,
    OneCancelsOther,
    OrderId,
    Stop,
    StopLoss,
    StopLossLimit,
    TakeProfit,
    Token,
    Trail,
    TrailPercent,
    Why,
)
from puffling.trading.sizing import Size
from puffling.trading.values import (
    AccountView,
    Confirmation,
    Done,
    Measure,
    Mode,
    OrderLine,
    Placed,
    Preview,
    Story,
    TicketFacts,
    TradeNews,
)
from puffling.trading.verdicts import Outcome

if TYPE_CHECKING:
    from puffling.trading.proposals import Proposal
    from puffling.trading.tickets import Ticket


class Broker(Controller):
    """Accounts, positions and orders at the broker."""

    def __init__(self, desk: OrderDesk, shelf: AccountShelf, clock: Clock, bus: Bus) -> None:
        self._desk = desk
        self._shelf = shelf
        self._clock = clock
        self._bus = bus
        self._confirmations = Confirmations(clock)

    @capability(title="Show account", effect=Effect.READ, http="GET /api/broker/account", tool="get_account")
    async def account(self, account: AccountId = "") -> AccountView:
        """Show what an account is worth, its line to the broker, and what is open there."""
        return await self._account(account)

    @capability(
        title="List positions", effect=Effect.READ, http="GET /api/broker/positions", tool="get_positions"
    )
    async def positions(self, account: AccountId = "") -> tuple[Holding, ...]:
        """Show what is held, symbol by symbol."""
        return (await self._account(account)).holdings

    @capability(title="List orders", effect=Effect.READ, http="GET /api/broker/orders", tool="get_orders")
    async def orders(
        self,
        account: AccountId = "",
        symbol: Annotated[Symbol | None, Field(description="Only of this symbol.")] = None,
        limit: Count = 200,
    ) -> tuple[OrderLine, ...]:
        """Show orders, the newest first: working, held here, unknown, and how the others ended."""
        view = await self._account(account)
        return await self._desk.lines(view.account.id, symbol=symbol, limit=limit)

    @capability(title="List fills", effect=Effect.READ, http="GET /api/broker/fills")
    async def fills(self, account: AccountId = "", limit: Count = 200) -> tuple[Fill, ...]:
        """Show fills, the newest first."""
        view = await self._account(account)
        return await self._desk.fills(view.account.id, limit=limit)

    @capability(title="Explain order", effect=Effect.READ, http="GET /api/broker/orders/{order}/story")
    async def why(self, order: OrderId) -> Story:
        """Say why an order happened: from the wish through every gate's answer to each fill."""
        return await self._desk.story(order)

    @capability(
        title="Show order before sending",
        effect=Effect.READ,
        http="POST /api/broker/order",
        confirmed_by="confirm",
    )
    async def order(
        self,
        symbol: Symbol,
        side: Annotated[Side, Field(description="Buy or sell.")],
        amount: Amount,
        measure: Annotated[Measure, Field(description="What the amount counts.")] = Measure.QUANTITY,
        kind: Annotated[Kind, Field(description="When it may fill.")] = Kind.MARKET,
        limit: Limit = None,
        stop: Stop = None,
        trail: Trail = None,
        trail_percent: TrailPercent = None,
        lasting: Annotated[Lasting, Field(description="How long it waits.")] = Lasting.DAY,
        take_profit: TakeProfit = None,
        stop_loss: StopLoss = None,
        extended_hours: Annotated[
            bool, Field(description="Also before and after the session, as a limit for the day.")
        ] = False,
        one_cancels_other: OneCancelsOther = False,
        stop_loss_limit: StopLossLimit = None,
        account: AccountId = "",
        why: Why = "",
        id: Occasion = "",
    ) -> Confirmation:
        """Show what an order would cost and do and what every gate says; confirming the answer sends it."""
        from puffling.trading.tickets import Ticket

        chosen = (await self._account(account)).account.id
        ticket = Ticket(
            chosen, symbol, side, Size(measure, amount), kind, limit, stop, trail, trail_percent, lasting,
            take_profit, stop_loss, extended_hours, why, id or str(uuid.uuid4()), one_cancels_other,
            stop_loss_limit,
        )  # fmt: skip
        proposal, preview = await self.preview(ticket)
        return await self._shown(proposal, preview, partial(self._place, proposal))

    @capability(
        title="Propose order",
        effect=Effect.WRITE,
        http="POST /api/broker/order/propose",
        tool="place_order",
        proposes=True,
    )
    async def propose(
        self,
        symbol: Symbol,
        side: Annotated[Side, Field(description="Buy or sell.")],
        amount: Amount,
        why: Annotated[
            str, Field(description="Why, in a sentence the person will read.", min_length=1, max_length=500)
        ],
        measure: Annotated[Measure, Field(description="What the amount counts.")] = Measure.QUANTITY,
        kind: Annotated[Kind, Field(description="When it may fill.")] = Kind.MARKET,
        limit: Limit = None,
        stop: Stop = None,
        lasting: Annotated[Lasting, Field(description="How long it waits.")] = Lasting.DAY,
        take_profit: TakeProfit = None,
        stop_loss: StopLoss = None,
        one_cancels_other: OneCancelsOther = False,
        stop_loss_limit: StopLossLimit = None,
        account: AccountId = "",
        id: Occasion = "",
    ) -> Done:
        """Put an order before the person, who decides; nothing is sent by this."""
        from puffling.trading.tickets import Ticket

        chosen = (await self._account(account)).account.id
        ticket = Ticket(
            chosen, symbol, side, Size(measure, amount), kind, limit, stop, None, None, lasting,
            take_profit, stop_loss, False, why, id or str(uuid.uuid4()), one_cancels_other,
            stop_loss_limit,
        )  # fmt: skip
        proposal, _ = await self.preview(ticket)
        return self._done(await self._desk.place(replace(proposal, is_question=True)))

    @capability(
        title="Show cancelling before it is done",
        effect=Effect.READ,
        http="POST /api/broker/order/cancel",
        confirmed_by="confirm",
    )
    async def cancel(self, order: OrderId) -> Confirmation:
        """Show which order would be cancelled; confirming the answer asks the broker to."""
        from puffling.trading.tickets import name_of

        found = await self._desk.find(order)
        title = name_of(found)
        act = partial(self._cancel, order, title)
        return await self._offered(tr("Cancel: {order}", order=title), _account_of(found), act)

    @capability(
        title="Show cancelling of all orders before it is done",
        effect=Effect.READ,
        http="POST /api/broker/order/cancel-all",
        confirmed_by="confirm",
    )
    async def cancel_all(
        self,
        account: AccountId = "",
        symbol: Annotated[Symbol | None, Field(description="Only of this symbol.")] = None,
    ) -> Confirmation:
        """Show how many open orders would be cancelled; confirming the answer asks the broker to."""
        from puffling.trading.order_lines import open_heads

        view = await self._account(account)
        count = len(open_heads(view, symbol))
        if not count:
            raise NotFound(tr("No order is open."), hint=tr("There is nothing to cancel."))
        title = tr("Cancel {count} orders", count=count) if count > 1 else tr("Cancel 1 order")
        return await self._offered(title, view.account.id, partial(self._cancel_all, view.account.id, symbol))

    @capability(
        title="Show changed order before sending",
        effect=Effect.READ,
        http="POST /api/broker/order/replace",
        confirmed_by="confirm",
    )
    async def replace(
        self,
        order: OrderId,
        quantity: Annotated[
            Decimal | None,
            Field(description="The new quantity.", gt=0, le=10**12, decimal_places=9),
        ] = None,
        limit: Limit = None,
        stop: Stop = None,
        id: Occasion = "",
    ) -> Confirmation:
        """Show a working order as it would be, with every gate's answer; confirming the answer changes it."""
        if quantity is None and limit is None and stop is None:
            raise InvalidInput(
                tr("Nothing is to be changed."), hint=tr("Give a quantity, a limit or a stop."), field="limit"
            )
        slot = id or str(uuid.uuid4())
        proposal, preview = await self._desk.preview_change(
            order, slot=slot, source=_source(), quantity=quantity, limit=limit, stop=stop
        )
        act = partial(self._replace, order, slot, quantity, limit, stop)
        return await self._shown(proposal, preview, act)

    @capability(
        title="Show closing of position before it is done",
        effect=Effect.READ,
        http="POST /api/broker/positions/{symbol:path}/close",
        confirmed_by="confirm",
    )
    async def close(self, symbol: Symbol, account: AccountId = "", id: Occasion = "") -> Confirmation:
        """Show what would be sold or bought back; confirming cancels what works for it, then closes it."""
        from puffling.trading.tickets import held_words

        holding = await self._held(account, symbol)
        title = tr("Close {held} at the market", held=held_words(holding))
        act = partial(self._close, holding.account, symbol, id or str(uuid.uuid4()))
        return await self._offered(title, holding.account, act)

    @capability(
        title="Show turning of position before it is done",
        effect=Effect.READ,
        http="POST /api/broker/positions/{symbol:path}/reverse",
        confirmed_by="confirm",
    )
    async def reverse(self, symbol: Symbol, account: AccountId = "", id: Occasion = "") -> Confirmation:
        """Show what would be turned round; confirming closes it and opens as much on the other side."""
        from puffling.trading.tickets import turn_of

        holding = await self._held(account, symbol)
        title = turn_of(holding, await self.facts(symbol, holding.account))
        act = partial(self._reverse, holding.account, symbol, id or str(uuid.uuid4()))
        return await self._offered(title, holding.account, act)

    @capability(
        title="Do what was shown",
        effect=Effect.TRADE,
        http="POST /api/broker/order/confirm",
        while_halted=True,
    )
    async def confirm(self, token: Token) -> Done:
        """Carry out exactly what was shown, once; every gate is asked again."""
        return await self._confirmations.take(token, current_caller())()

    @stream(title="Orders and fills", ws="/ws/trades")
    async def trades(self, topics: Topics) -> AsyncIterator[TradeNews]:
        """Tell every step of an order and every fill; topics narrow it to symbols."""
        news: asyncio.Queue[TradeNews] = asyncio.Queue()

        def wanted(symbol: str) -> bool:
            return not topics.names or symbol in {name.upper() for name in topics.names}

        def changed(event: OrderChanged) -> None:
            told = event.order or event.intent
            if told is not None and wanted(_symbol_of(told)):
                news.put_nowait(TradeNews("order", event.account, event.intent, event.order))

        def filled(event: OrderFilled) -> None:
            if wanted(event.fill.symbol):
                news.put_nowait(
                    TradeNews("fill", event.fill.account, event.intent, fill=event.fill, held=event.holding)
                )

        ends = (self._bus.on(OrderChanged, changed), self._bus.on(OrderFilled, filled))
        try:
            while True:
                yield await news.get()
        finally:
            for end in ends:
                end()

    async def facts(self, symbol: str, account: str = "") -> TicketFacts:
        """Give what a person should see before ordering, for the ticket in this process."""
        from puffling.trading.tickets import facts_of

        view = await self._account(account)
        return facts_of(view, await self._desk.seen(view.account.id, symbol), symbol)

    async def preview(self, ticket: Ticket) -> tuple[Proposal, Preview]:
        """Give what a ticket stands for and what the gates say, for faces in this process."""
        from puffling.trading.tickets import proposal_of

        seen = await self._desk.seen(ticket.account, ticket.symbol)
        proposal = proposal_of(ticket, seen, source=_source(), now=self._clock.now())
        return proposal, await self._desk.preview(proposal)

    async def _account(self, account: str) -> AccountView:
        await self._shelf.opened()
        if account:
            return await self._desk.account(account)
        views = await self._desk.accounts()
        if not views:
            raise NotFound(
                tr("Broker not connected."), hint=tr("The paper account connects by itself in a moment.")
            )
        if self._desk.chosen not in {"", views[0].account.id}:
            # What was meant for one account must not happen on another.
            raise Unavailable(
                tr("The account orders go to is not connected: {account}.", account=self._desk.chosen),
                hint=tr("Look at it under Accounts, or name another account."),
            )
        return views[0]

    async def _held(self, account: str, symbol: str) -> Holding:
        view = await self._account(account)
        holding = next((each for each in view.holdings if each.symbol == symbol and each.quantity), None)
        if holding is None:
            raise NotFound(tr("Nothing is held of {symbol}.", symbol=symbol))
        return holding

    async def _shown(self, proposal: Proposal, preview: Preview, act: Act) -> Confirmation:
        from puffling.trading.tickets import title_of

        view = await self._desk.account(proposal.terms.account)
        token, expires_at = "", None
        if preview.verdict.outcome is not Outcome.REFUSE:
            token, expires_at = self._confirmations.offer(act, current_caller())
        return Confirmation(
            title=title_of(proposal.terms),
            account=view.account.label,
            mode=Mode(view.account.mode),
            token=token,
            expires_at=expires_at,
            quantity=proposal.terms.quantity,
            cost=preview.cost,
            fees=preview.fees,
            exposure_before=preview.exposure_before,
            exposure_after=preview.exposure_after,
            worst_price=preview.worst_price,
            needs_approval=preview.needs_approval,
            held=preview.held,
            exits_here=preview.exits_here,
            notice=preview.notice,
            checks=preview.verdict.checks,
        )

    async def _offered(self, title: str, account: str, act: Act) -> Confirmation:
        view = await self._desk.account(account)
        token, expires_at = self._confirmations.offer(act, current_caller())
        return Confirmation(title, view.account.label, Mode(view.account.mode), token, expires_at)

    def _done(self, *placed: Placed) -> Done:
        from puffling.trading.tickets import done_of

        return done_of(*placed)

    async def _place(self, proposal: Proposal) -> Done:
        # Confirmed now, so it is worth sending from now on; its name does not depend on that.
        from puffling.trading.tickets import VALID

        return self._done(await self._desk.place(replace(proposal, valid_until=self._clock.now() + VALID)))

    async def _cancel(self, order: str, title: str) -> Done:
        cancelled = await self._desk.cancel(order)
        from puffling.trading.order_lines import line_of

        line = line_of(cancelled.intent, cancelled.order)
        return Done(tr("{order}: {state}", order=title, state=line.stage), (line,))

    async def _cancel_all(self, account: str, symbol: str | None) -> Done:
        report = await self._desk.cancel_all(account, symbol)
        summary = tr("Orders cancelled: {count}.", count=report.cancelled)
        if report.failed:
            names = "; ".join(f"{each.title}: {each.reason}" for each in report.failed)
            summary = tr("{summary} Not cancelled: {names}", summary=summary, names=names)
        return Done(summary, cancelled=report.cancelled, failed=report.failed)

    async def _replace(
        self, order: str, slot: str, quantity: Decimal | None, limit: Decimal | None, stop: Decimal | None
    ) -> Done:
        return self._done(
            await self._desk.replace(
                order, slot=slot, source=_source(), quantity=quantity, limit=limit, stop=stop
            )
        )

    async def _close(self, account: str, symbol: str, slot: str) -> Done:
        return self._done(await self._desk.close_position(account, symbol, slot=slot, source=_source()))

    async def _reverse(self, account: str, symbol: str, slot: str) -> Done:
        return self._done(*await self._desk.reverse(account, symbol, slot=slot, source=_source()))


def _source() -> str:
    return current_caller().actor.value


def _symbol_of(found: Intent | BrokerOrder) -> str:
    return found.terms.symbol if isinstance(found, Intent) else found.symbol


def _account_of(found: Intent | BrokerOrder) -> str:
    return found.terms.account if isinstance(found, Intent) else found.account
