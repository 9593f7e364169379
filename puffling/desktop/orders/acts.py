"""What the person does to orders and positions: shown in a question that names the act, and done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from puffling.desktop import numbers
from puffling.desktop.ask import ask, ask_form
from puffling.desktop.fields import Ask, Field
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.puffin.orders import Kind
from puffling.runtime.text import tr
from puffling.trading.values import Confirmation, Done, OrderLine
from puffling.trading.verdicts import Outcome

if TYPE_CHECKING:
    from puffling.core.core import Core

Show = Callable[["Core"], Awaitable[Confirmation]]


class OrderActs:
    """Shows an act, asks, and carries it out; what came of it is said in a notice."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cancel(self, over: QWidget, lines: list[OrderLine]) -> None:
        """Cancel some orders, after one question."""
        if len(lines) == 1:
            self._run(
                over,
                lambda core: core.broker.cancel(lines[0].id),
                tr("Cancel order"),
                danger=True,
                keep=tr("Keep it"),
            )
        elif lines:
            work = partial(self._cancel_several, over, [line.id for line in lines])
            self._session.dispatch.run(work, name="cancel orders", owner=over)

    def cancel_all(self, over: QWidget) -> None:
        """Cancel every open order of the account."""
        self._run(
            over, lambda core: core.broker.cancel_all(), tr("Cancel all"), danger=True, keep=tr("Keep them")
        )

    def close(self, over: QWidget, symbol: str, account: str = "") -> None:
        """Close the position of a symbol, on the account that orders go to or on another."""
        self._run(over, lambda core: core.broker.close(symbol, account), tr("Close position"), danger=True)

    def reverse(self, over: QWidget, symbol: str, account: str = "") -> None:
        """Turn the position of a symbol round, on the account that orders go to or on another."""
        self._run(
            over, lambda core: core.broker.reverse(symbol, account), tr("Reverse position"), danger=True
        )

    def change(self, over: QWidget, line: OrderLine, **wanted: Any) -> None:
        """Change a working order: ask for what, show it, and send the change."""
        if wanted:
            self._run(over, lambda core: core.broker.replace(line.id, **wanted), tr("Change order"))
        else:
            self._session.dispatch.run(partial(self._ask_change, over, line), name="change order", owner=over)

    def _run(self, over: QWidget, show: Show, act: str, *, danger: bool = False, keep: str = "") -> None:
        work = partial(self.confirm, over, show, act, danger=danger, keep=keep)
        self._session.dispatch.run(work, name="order act", owner=over)

    async def confirm(
        self, over: QWidget, show: Show, act: str, *, danger: bool = False, keep: str = ""
    ) -> Done | None:
        """Show an act and carry it out when the person says so; None when they thought better of it.

        `keep` is on the button that does nothing, where "Cancel" could be taken for the act.
        """
        core = self._session.core
        shown = await show(core)
        if not shown.token:
            said = "\n".join(check.text for check in shown.checks if check.outcome is Outcome.REFUSE)
            hint = " ".join(check.hint for check in shown.checks if check.outcome is Outcome.REFUSE)
            self._session.notices.tell(said, level=Level.ERROR, hint=hint)
            return None
        if not await ask(over, f"{shown.title}?", _words_of(shown), act=act, danger=danger, cancel=keep):
            return None
        done = await core.broker.confirm(shown.token)
        if done.approval is not None:
            done = await self.approve(over, done)
        self._tell(done)
        return done

    async def approve(self, over: QWidget, done: Done) -> Done:
        """Show an order that wants the person's yes as it is now, and send it when they say so."""
        assert done.approval is not None
        core = self._session.core
        shown = await core.approvals.show(done.approval.id)
        words = "\n".join(check.text for check in shown.preview.verdict.questions)
        if shown.approval.worst_price is not None:
            worst = numbers.price(shown.approval.worst_price)
            words = tr("Worst price: {price}. {questions}", price=worst, questions=words)
        title = f"{shown.approval.title}?"
        if not await ask(over, title, words, act=tr("Approve and send"), cancel=tr("Later")):
            return done
        placed = await core.approvals.approve(done.approval.id, shown.seal)
        if placed.approval is not None:
            # What turns a position round asks again for its second half.
            return await self.approve(over, replace(done, approval=placed.approval))
        return done if placed.intent is None else Done(tr("Approved and sent."))

    async def _cancel_several(self, over: QWidget, ids: list[str]) -> None:
        broker = self._session.core.broker
        title = tr("Cancel {count} orders", count=len(ids))
        if not await ask(over, f"{title}?", act=title, danger=True, cancel=tr("Keep them")):
            return
        for id in ids:
            self._tell(await broker.confirm((await broker.cancel(id)).token))

    async def _ask_change(self, over: QWidget, line: OrderLine) -> None:
        values: dict[str, Any] = {"quantity": line.quantity, "limit": line.limit, "stop": line.stop}
        fields: list[Field] = []
        if line.parent_id is None and not line.one_cancels_other:
            # Exits stand for what they lead out of: only their prices change.
            fields.append(Field("quantity", tr("Quantity"), Ask.DECIMAL, above=0, required=True))
        if line.kind in {Kind.LIMIT, Kind.STOP_LIMIT}:
            fields.append(Field("limit", tr("Limit"), Ask.DECIMAL, above=0, required=True))
        if line.kind in {Kind.STOP, Kind.STOP_LIMIT}:
            fields.append(Field("stop", tr("Stop"), Ask.DECIMAL, above=0, required=True))
        found = await ask_form(
            over,
            tr("Change order of {symbol}", symbol=line.symbol),
            fields,
            act=tr("Show change"),
            values=values,
        )
        changed = {name: value for name, value in (found or {}).items() if value != values[name]}
        if changed:
            await self.confirm(over, lambda core: core.broker.replace(line.id, **changed), tr("Change order"))

    def _tell(self, done: Done) -> None:
        level = Level.WARN if done.failed or done.approval is not None else Level.DONE
        self._session.notices.tell(done.summary, level=level)


def _words_of(shown: Confirmation) -> str:
    """Say where an act would happen, and what a gate asks about it."""
    lines = [tr("{account} ({mode})", account=shown.account, mode=shown.mode.value)]
    lines += [check.text for check in shown.checks if check.outcome is Outcome.ASK]
    if shown.notice:
        lines.append(shown.notice)
    return "\n".join(lines)
