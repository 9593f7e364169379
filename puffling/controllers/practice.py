"""Practising on past bars: what it came to. The practice itself happens in the replay of a chart."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import NotFound
from puffling.runtime.gate import Effect
from puffling.settings.live import LiveSettings
from puffling.store.database import Store
from puffling.store.removed import Removed
from puffling.store.research import StoredPractice
from puffling.trading.practice.values import PracticeDetail, PracticeLine

if TYPE_CHECKING:
    from puffling.puffin.broker.practice import Practice

MOST_REMOVED = 20

PracticeId = Annotated[str, Field(description="Id of the practice.", min_length=1, max_length=64)]
Count = Annotated[int, Field(description="How many at the most, the newest first.", ge=1, le=1000)]


class Practices(Controller, domain="practice"):
    """What the person's own decisions on past bars came to; nothing of it is an order."""

    def __init__(self, store: Store, settings: LiveSettings) -> None:
        self._store = store
        self._settings = settings
        self._removed = Removed[StoredPractice](store, MOST_REMOVED, "practice")

    @capability(
        title="List practice",
        verb="list",
        effect=Effect.READ,
        http="GET /api/practice",
        tool="list_practice",
    )
    async def all(self, limit: Count = 200) -> tuple[PracticeLine, ...]:
        """Show how practising in replays went: beside buying and holding, with drawdown, wins and costs."""
        from puffling.trading.practice.keeping import line_of

        kept = await self._store.read(current_caller().user, lambda unit: unit.practices.all(limit))
        # One that was just begun has nothing to show.
        return tuple(line_of(each) for each in kept if each.score["fills"])

    @capability(title="Show practice", effect=Effect.READ, http="GET /api/practice/{id}")
    async def show(self, id: PracticeId) -> PracticeDetail:
        """Show one practice with its fills, and what there was after its bars."""
        from puffling.trading.practice.keeping import detail_of

        return detail_of(await self._store.read(current_caller().user, lambda unit: unit.practices.get(id)))

    @capability(title="Remove practice", effect=Effect.WRITE, http="DELETE /api/practice/{id}")
    async def remove(self, id: PracticeId) -> PracticeLine:
        """Remove a practice; it can be restored for a while."""
        from puffling.trading.practice.keeping import line_of

        user = current_caller().user
        return line_of(await self._removed.remove(user, id, lambda unit, id: unit.practices.remove(id)))

    @capability(title="Restore practice", effect=Effect.WRITE, http="POST /api/practice/{id}/restore")
    async def restore(self, id: PracticeId) -> PracticeLine:
        """Bring back a practice that was removed since Puffling was started."""
        from puffling.trading.practice.keeping import line_of

        user = current_caller().user
        return line_of(await self._removed.bring_back(user, id, lambda unit, it: unit.practices.restore(it)))

    def begin(self, symbol: str, at_us: int, price: float) -> Practice:
        """Begin at a moment of the past under the terms of the paper account, for faces in this process."""
        from puffling.puffin.broker.practice import Practice
        from puffling.trading.accounts.terms import paper_terms

        paper = self._settings.now.paper
        cash = Decimal(repr(paper.cash))
        return Practice(symbol, cash=cash, at_us=at_us, price=price, terms=paper_terms(paper))

    def name(self) -> str:
        """Make the id a new practice is kept under: it is known before anything of it is written."""
        from puffling.store.repositories.base import new_id

        return new_id()

    async def resume(self, id: str) -> tuple[Practice, Interval] | None:
        """Give a practice that was left, for a chart in this process; None when it is over, or gone."""
        from puffling.trading.accounts.terms import paper_terms
        from puffling.trading.practice.keeping import resumed

        try:
            stored = await self._store.read(current_caller().user, lambda unit: unit.practices.get(id))
        except NotFound:
            return None
        practice = resumed(stored, paper_terms(self._settings.now.paper))
        return None if practice is None else (practice, Interval(stored.request["interval"]))

    async def discard(self, id: str) -> None:
        """Let go of a practice in which nothing was done, for faces in this process."""
        await self._store.run(current_caller().user, lambda unit: unit.practices.remove(id))

    async def keep(
        self, id: str, practice: Practice, interval: Interval, *, over: bool = False, new: bool = False
    ) -> PracticeLine:
        """Keep how a practice stands, for faces in this process; one that is not new must be there still."""
        from puffling.trading.practice.keeping import line_of, report_as_plain, score_as_plain

        request = {"symbol": practice.symbol, "interval": interval.value}
        score, report = score_as_plain(practice.score), report_as_plain(practice, over=over)
        kept = await self._store.run(
            current_caller().user,
            lambda unit: unit.practices.put(id, request=request, score=score, report=report, new=new),
        )
        return line_of(kept)
