"""Questions for the person's yes: orders that wait until somebody looked at exactly them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from puffling.runtime.actor import UserId, current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.gate import Effect
from puffling.store.database import Store
from puffling.store.orders import Approval
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.desk import OrderDesk
from puffling.trading.values import ApprovalView, Placed, ShownApproval

ApprovalId = Annotated[str, Field(description="Id of the approval.", min_length=1, max_length=40)]


class Approvals(Controller):
    """The queue of orders that wait for the person."""

    def __init__(self, store: Store, desk: OrderDesk, shelf: AccountShelf, clock: Clock) -> None:
        self._store = store
        self._desk = desk
        self._shelf = shelf
        self._clock = clock

    @capability(
        title="List approvals",
        verb="list",
        effect=Effect.READ,
        http="GET /api/approvals",
        tool="get_approvals",
    )
    async def all(self) -> tuple[ApprovalView, ...]:
        """Show the orders that wait for your yes, the oldest first."""
        from puffling.trading.approvals import UNANSWERED

        found = await self._store.read(
            current_caller().user, lambda unit: unit.approvals.in_states(UNANSWERED)
        )
        now = self._clock.now()
        return tuple(self._view(each) for each in found if now < each.valid_until)

    @capability(title="Show approval", effect=Effect.WRITE)
    async def show(self, approval: ApprovalId) -> ShownApproval:
        """Look at an order that waits, with its price and every gate anew; five minutes begin to run."""
        from puffling.trading.approvals import proposal_of, seal_of, show

        user = current_caller().user
        await self._shelf.opened()
        asked = await self._store.read(user, lambda unit: unit.approvals.get(approval))
        preview = await self._desk.preview(proposal_of(asked))
        shown = await self._store.run(user, show, approval, preview.worst_price)
        return ShownApproval(self._view(shown), preview, seal_of(shown))

    @capability(title="Approve order", effect=Effect.GUARD)
    async def approve(
        self,
        approval: ApprovalId,
        seal: Annotated[str, Field(description="The seal of the order as it was shown.", max_length=64)],
    ) -> Placed:
        """Say yes to an order as it was shown; every gate is asked again, then it is sent."""
        from puffling.trading.approvals import give, proposal_of
        from puffling.trading.tickets import VALID

        caller = current_caller()
        await self._shelf.opened()
        given = await self._store.run(caller.user, give, approval, seal, caller.actor.value)
        try:
            # The question may have waited for long; the order goes now or not at all.
            until = min(given.valid_until, self._clock.now() + VALID)
            wanted = replace(proposal_of(given), valid_until=until)
            return await self._desk.place(wanted, approval_id=approval)
        except PufflingError:
            await self._take_back(caller.user, approval)
            raise

    @capability(title="Decline order", effect=Effect.WRITE)
    async def decline(self, approval: ApprovalId) -> ApprovalView:
        """Say no to an order; the same one is not asked about again."""
        from puffling.trading.approvals import decline

        return self._view(await self._store.run(current_caller().user, decline, approval))

    async def _take_back(self, user: UserId, approval: str) -> None:
        from puffling.trading.approvals import take_back

        await self._store.run(user, take_back, approval)

    def _view(self, approval: Approval) -> ApprovalView:
        from puffling.trading.approvals import seconds_left
        from puffling.trading.tickets import title_of

        return ApprovalView(
            approval.id,
            title_of(approval.terms),
            approval.terms,
            approval.source,
            approval.why,
            approval.state,
            approval.worst_price,
            approval.created_at,
            approval.valid_until,
            approval.expires_at,
            seconds_left(approval, self._clock.now()),
        )
