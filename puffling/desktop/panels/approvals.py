"""Approvals: orders that wait for the person's yes, each exactly as it would be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.amounts import Amounts
from puffling.desktop.loading import load
from puffling.desktop.notices import Level
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored
from puffling.trading.events import ApprovalsChanged
from puffling.trading.values import ApprovalView, Placed, ShownApproval

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.approvals.view import ApprovalsView
    from puffling.store.orders import Account

COUNT_SECONDS = 1.0


@panel(id="approvals", title="Approvals", icon="approvals", area=Area.BOTTOM, order=3)
class ApprovalsPanel(ViewPanel["ApprovalsView"]):
    """Lists the questions; looking at one prices it, asks every gate, and starts its five minutes."""

    least_size = (256, 160)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._amounts = session.shared(Amounts)
        self._accounts: dict[str, Account] = {}
        self._counting: asyncio.Task[None] | None = None
        self._seen_at: datetime | None = None
        self._refetching = Refetching(self, self._load, self._show, self.states)

    def make_view(self) -> ApprovalsView:
        from puffling.desktop.approvals.view import ApprovalsView

        made = ApprovalsView(self._amounts, self.session.time, self._now)
        made.wanted.connect(self.look_at)
        made.approved.connect(self._approve)
        made.declined.connect(self._decline)
        return made

    def acts(self) -> Iterable[Action]:
        group = tr("Orders")
        yield Action(
            "window.approvals-next",
            tr("Look at the next order that waits"),
            self._look_at_next,
            group,
            tr("Prices it, asks every gate, and gives you five minutes for your yes."),
            "Trade",
        )

    def wake(self, core: Core) -> None:
        self.hear(ApprovalsChanged, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self._ears.append(self._amounts.on_change(self._rewrite))
        self._counting = self.session.dispatch.scope.spawn(self._count(core), name="approvals.count")
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()
        if self._counting is not None:
            self._counting.cancel()

    def focus_view(self, view: ApprovalsView) -> None:
        view.table.setFocus()

    def look_at(self, id: str) -> None:
        """Show one order as it is now; its five minutes begin."""
        core = self.session.core
        self.session.dispatch.run(
            lambda: core.approvals.show(id),
            name="show approval",
            newest="approvals.show",
            then=self._show_order,
            failed=self._say_failed,
            owner=self,
        )

    async def _count(self, core: Core) -> None:
        while True:
            await core.clock.sleep(COUNT_SECONDS)
            if self._view is not None:
                self._view.count_down()

    def _rewrite(self) -> None:
        if self._view is not None:
            self._view.rewrite()

    async def _load(self) -> tuple[ApprovalView, ...]:
        await load(
            "puffling.desktop.orders.words", "puffling.desktop.tables", "puffling.desktop.approvals.view"
        )
        core = self.session.core
        waiting = await core.approvals.all()
        if {each.terms.account for each in waiting} - self._accounts.keys():
            self._accounts = {each.account.id: each.account for each in await core.accounts.all()}
        # Made and filled in turns: at once would hold the loop.
        _ = self.view
        await asyncio.sleep(0)
        return waiting

    def _show(self, waiting: tuple[ApprovalView, ...]) -> None:
        self.states.content()
        self.view.show_queue(waiting)

    def _look_at_next(self) -> None:
        if self._view is not None and self._view.table.keys():
            self._view.table.select(self._view.table.keys()[:1])

    def _show_order(self, shown: ShownApproval) -> None:
        self.view.show_order(shown, self._accounts.get(shown.approval.terms.account))
        self._refetching.on_news()

    def _approve(self, id: str, seal: str) -> None:
        core = self.session.core
        self.view.detail.yes.setEnabled(False)
        self.session.dispatch.run(
            lambda: core.approvals.approve(id, seal),
            name="approve order",
            then=self._say_placed,
            failed=self._say_failed,
            owner=self,
        )

    def _decline(self, id: str) -> None:
        core = self.session.core
        self.session.dispatch.run(
            lambda: core.approvals.decline(id),
            name="decline order",
            then=lambda gone: self.session.notices.tell(tr("Declined: {order}.", order=gone.title)),
            failed=self._say_failed,
            owner=self,
        )

    def _say_placed(self, placed: Placed) -> None:
        if placed.intent is None:
            return
        self.session.notices.tell(
            tr("Approved and sent: {symbol}.", symbol=placed.intent.terms.symbol),
            level=Level.DONE,
            action=tr("Show orders"),
            act=lambda: self.session.show_panel("orders"),
        )

    def _say_failed(self, error: PufflingError) -> None:
        detail = self.view.detail
        if detail.shown is None:
            self.session.tell_error(error)
            return
        detail.say(" ".join(part for part in (error.message, error.hint) if part), Tone.DANGER)
        detail.count_down(self._now())

    def _now(self) -> datetime:
        # What is still on the screen is painted after the core is gone, too.
        if self.session.connected:
            self._seen_at = self.session.core.clock.now()
        assert self._seen_at is not None
        return self._seen_at
