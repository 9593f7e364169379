"""Searches for whoever asks: drawn up, tried lot by lot in other processes, every lot kept as it comes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from puffling.automation.research.material import NO_BENCHMARK, gather
from puffling.automation.research.running import Prepared, Running, days_of, task_of
from puffling.automation.research.search.planning import bars_between, plan_of
from puffling.automation.research.search.values import SearchPlan, Wish
from puffling.automation.research.values import BacktestRequest, Leaving
from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.ranges import warmed_up_from
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Setting
from puffling.runtime.actor import Caller, UserId
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.jobs import Job, JobBoard
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.store.research import Attempt, SearchHead, SearchState, StoredTrial

if TYPE_CHECKING:
    from puffling.automation.research.search.task import DrawnUp, Lot, Tried
    from puffling.automation.research.task import Task
    from puffling.automation.strategies import StrategyShelf

# Lots that run side by side leave a processor for everything else.
_AT_ONCE = 2
# Of so many prices a lot is a second or two of work: as a matrix, or walked bar by bar.
_QUICK_CELLS, _WALKED_CELLS = 12_000_000, 500_000
# What was tried is kept so many times in a lot: what a kill takes along is a part of a second.
_BUNCHES = 4


@frozen
class _Order:
    """One search that is being carried out."""

    wish: Wish
    request: BacktestRequest
    drawn: DrawnUp
    task: Task
    source: str
    data_key: str
    digest: str
    name: str

    @property
    def code(self) -> str:
        """The hash of a person's own strategy; those of the house are what they are."""
        own = self.task.recipe.own
        return "" if own is None else own.digest


class Searching:
    """Carries searches out, and knows which of them are under way."""

    def __init__(
        self, market: Market, store: Store, shelf: StrategyShelf, board: JobBoard, port: Port
    ) -> None:
        self._lane = port.lane("searches")
        self._market = market
        self._store = store
        self._shelf = shelf
        self._board = board
        self._running = Running(market, store, shelf)
        self._under_way: set[str] = set()

    def is_under_way(self, id: str) -> bool:
        """Tell whether somebody works on this search now."""
        return id in self._under_way

    async def run(self, caller: Caller, request: BacktestRequest, wish: Wish, name: str) -> str:
        """Search, and give the id of what is kept of it."""
        order = await self._ordered(request, wish, name)
        return await _Search(self, caller, order).run(())

    async def resume(self, caller: Caller, head: SearchHead) -> None:
        """Try what a search that stopped has not tried yet, on the same prices."""
        if self.is_under_way(head.id):
            raise Conflict(tr("{name} is still under way.", name=head.name))
        space = head.space
        wish = Wish(**{**space["wish"], "vary": tuple(space["wish"]["vary"])})
        request = BacktestRequest.model_validate(head.request)
        # Two at once would write the same trials.
        self._under_way.add(head.id)
        try:
            order = await self._ordered(request, wish, head.name, between_us=tuple(space["between_us"]))
            kept = await self._store.read(caller.user, lambda unit: unit.searches.trials(head.id))
            if space["code"] != order.code or not _same_sets(order.drawn, kept):
                raise Conflict(tr("The strategy was changed since."), hint=tr("Start a new search instead."))
            if space["digest"] != order.digest:
                raise Conflict(
                    tr("The prices are not the same any more: the source has corrected them."),
                    hint=tr("Start a new search instead."),
                )
            await self._store.run(caller.user, lambda unit: unit.searches.go_on(head.id))
            await _Search(self, caller, order, head.id).run(kept)
        finally:
            self._under_way.discard(head.id)

    async def plan(
        self,
        strategy: str,
        parameters: Mapping[str, Setting],
        wish: Wish,
        *,
        symbols: int,
        interval: Interval | None,
        start: date | None,
        end: date | None,
        now: datetime,
    ) -> SearchPlan:
        """Say what a search would try, without any prices."""
        from puffling.automation.research.search.task import outline

        recipe = await self._shelf.prepared(strategy, parameters)
        if recipe.in_house:
            found = await self._lane.run(outline, recipe, wish)
        else:
            # What others wrote never runs in this process.
            found = await self._board.compute.run(outline, (recipe, wish), {}, progress=lambda *_: None)
        width = interval or Interval.D1
        first, last = days_of(width, start, end, now)
        return plan_of(found, wish, bars_between(first, last, width) * max(symbols, 1))

    async def judged(self, user: UserId, head: SearchHead, kept: Sequence[StoredTrial]) -> dict[str, Any]:
        """Judge what a search tried so far; every attempt on its data counts."""
        from puffling.automation.research.search.task import judge

        made = await self._store.read(user, lambda unit: unit.attempts.on(head.space["data_key"]))
        told = [(each.number, each.parameters, each.metrics) for each in kept]
        computing = self._board.compute.run(
            judge, (told, head.space["axes"], made.count), {}, progress=lambda *_: None
        )
        document: dict[str, Any] = await computing
        return document

    async def _ordered(
        self,
        request: BacktestRequest,
        wish: Wish,
        name: str,
        *,
        between_us: tuple[int, int] | None = None,
    ) -> _Order:
        from puffling.automation.research.search.task import ENGINE, draw_up, prices_digest
        from puffling.puffin.backtest.trust.same_data import data_key

        job = Job.current()

        def note(text: str) -> None:
            job.progress(0, 1, text)

        note(tr("Drawing up the sets"))
        recipe = await self._shelf.prepared(request.strategy, request.parameters)
        drawn = await job.compute(draw_up, recipe, wish)
        await job.prepare(ENGINE)
        # The first set stands for all: what holds for it of symbols and rules holds for every other.
        first = request.model_copy(update={"parameters": drawn.sets[0]})
        settled, prepared = await self._running.settle(first)
        needed = max(drawn.bars_needed)
        alone = settled.model_copy(update={"benchmark": NO_BENCHMARK})
        material = await gather(self._market, alone, needed, between_us=between_us, note=note)
        whole = settled.model_copy(update={"parameters": dict(request.parameters)})
        task = task_of(settled, Prepared(prepared.recipe, needed), material)
        key = data_key(material.source, task.series, task.interval)
        digest = await self._lane.run(prices_digest, task)
        return _Order(wish, whole, drawn, task, material.source, key, digest, name or _named(settled, drawn))


class _Search:
    """One search on its way; one that goes on has an id."""

    def __init__(self, searching: Searching, caller: Caller, order: _Order, id: str = "") -> None:
        self._searching, self._caller, self._order = searching, caller, order
        self._store, self._board = searching._store, searching._board
        self._goes_on, self._id = bool(id), id or secrets.token_hex(8)
        self._job = Job.current()
        self._tried = 0
        self._tested = False
        self._trouble = ""
        # What was tried and is not kept yet.
        self._new: list[Tried] = []
        self._worth_keeping = asyncio.Event()

    async def run(self, kept: Sequence[StoredTrial]) -> str:
        """Try what is not kept yet, judge all of it, and give the id."""
        self._tried = len(kept)
        there = {each.number for each in kept}
        lots = self._lots([at for at in range(len(self._sets)) if at not in there])
        self._searching._under_way.add(self._id)
        try:
            if not self._goes_on:
                await self._store.run(self._caller.user, self._begin)
            await self._try_all(lots)
            await self._finish()
        except asyncio.CancelledError:
            await self._end(SearchState.CANCELLED)
            raise
        except Exception:
            await self._end(SearchState.FAILED)
            raise
        finally:
            self._searching._under_way.discard(self._id)
        return self._id

    async def _try_all(self, lots: Iterator[Lot]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep_what_comes())
                await asyncio.wait([group.create_task(self._work(lots)) for _ in range(_AT_ONCE)])
                keeping.cancel()
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        await self._keep()
        if not self._tested and not self._goes_on:
            raise InvalidInput(tr("No set can be tested: {reason}.", reason=self._trouble), field="vary")

    @property
    def _sets(self) -> Sequence[Mapping[str, Any]]:
        return self._order.drawn.sets

    def _lots(self, numbers: Sequence[int]) -> Iterator[Lot]:
        """Cut what is to be tried into lots; the first is small, so that something is there soon."""
        from puffling.automation.research.search.task import Lot

        order, task = self._order, self._order.task
        cells = max(sum(len(bars) for bars in task.series.values()), 1)
        most = _QUICK_CELLS if order.drawn.outline.quick and not _needs_a_walk(order) else _WALKED_CELLS
        step = max(most // cells, 1)
        first, size = 0, max(step // 4, 1)
        span = Span(task.since_us, day_to_us(order.request.end) + US_PER_DAY)
        while first < len(numbers):
            yield Lot(
                task,
                order.wish.objective,
                order.wish.holdout,
                order.wish.stretches,
                tuple(
                    (
                        number,
                        order.drawn.sets[number],
                        warmed_up_from(span, order.drawn.bars_needed[number], order.request.interval),
                    )
                    for number in numbers[first : first + size]
                ),
            )
            first, size = first + size, step

    async def _work(self, lots: Iterator[Lot]) -> None:
        from puffling.automation.research.search.task import try_lot

        for lot in lots:
            bunch = max(len(lot.sets) // _BUNCHES, 1)
            await self._board.compute.run(
                try_lot,
                (lot,),
                {},
                progress=lambda _done, _total, said: self._tell(said),
                take=partial(self._take, bunch),
            )

    def _take(self, bunch: int, tried: Tried) -> None:
        self._new.append(tried)
        self._tried += 1
        if tried.failed:
            self._trouble = self._trouble or tried.metrics["trouble"]
        else:
            self._tested = True
        if len(self._new) >= bunch:
            self._worth_keeping.set()
        self._tell("")

    def _tell(self, said: str) -> None:
        done, total = self._tried, len(self._sets)
        self._job.progress(done, total, said or tr("{done} of {total} sets", done=done, total=total))

    async def _keep_what_comes(self) -> None:
        while await self._worth_keeping.wait():
            self._worth_keeping.clear()
            await self._keep()

    async def _keep(self) -> None:
        # Whoever is stopped here does not hear that it was kept; to keep it once more changes nothing.
        tried = tuple(self._new)
        if tried:
            await self._store.run(self._caller.user, partial(self._write, tried=tried))
            del self._new[: len(tried)]

    def _write(self, unit: Unit, tried: Sequence[Tried]) -> None:
        rows = [StoredTrial(each.number, each.parameters, each.metrics, each.failed) for each in tried]
        new = unit.searches.keep(self._id, rows)
        order, made_by = self._order, str(self._caller.actor)
        key, strategy = order.data_key, order.request.strategy
        unit.attempts.add(
            Attempt(key, each.digest, strategy, each.parameters, made_by, each.ratio, each.bars)
            for each in tried
            if each.number in new and not each.failed
        )

    def _begin(self, unit: Unit) -> None:
        unit.searches.begin(**self._described())

    def _described(self) -> dict[str, Any]:
        order, task = self._order, self._order.task
        times = [int(bars.time[place]) for bars in task.series.values() for place in (0, -1) if len(bars)]
        wish = order.wish
        return {
            "id": self._id,
            "name": order.name,
            "strategy": order.request.strategy,
            "strategy_id": order.request.strategy_id,
            "method": wish.method,
            "objective": wish.objective,
            "seed": wish.seed,
            "request": order.request.model_dump(mode="json"),
            "space": {
                "axes": list(order.drawn.outline.axes),
                "planned": len(self._sets),
                "left_out": order.drawn.left_out,
                "wish": {name: _plain(getattr(wish, name)) for name in Wish.__dataclass_fields__},
                "code": order.code,
                "data_key": order.data_key,
                "digest": order.digest,
                "between_us": [min(times), max(times)],
                "data_label": ", ".join(dict.fromkeys(each.label for each in task.provenance)),
                "quality": next((each.quality for each in task.provenance), ""),
                "warnings": list(task.warnings),
            },
        }

    async def _finish(self) -> None:
        user, id = self._caller.user, self._id
        self._job.progress(len(self._sets), len(self._sets), tr("Judging the best"))
        head = await self._store.read(user, lambda unit: unit.searches.get(id))
        kept = await self._store.read(user, lambda unit: unit.searches.trials(id))
        judged = await self._searching.judged(user, head, kept)
        best = next((each.parameters for each in kept if each.number == judged["best"]), None)
        await self._store.run(
            user, lambda unit: unit.searches.end(id, SearchState.DONE, best=best, judged=judged)
        )

    async def _end(self, state: SearchState) -> None:
        """Write down that it stopped, with all that was tried; nothing stays where nothing could be."""

        def write(unit: Unit) -> None:
            # It may have been stopped before it had begun.
            with suppress(NotFound):
                unit.searches.end(self._id, state, best=None, judged=None)
                if self._tested or self._goes_on:
                    self._write(unit, self._new)
                else:
                    unit.searches.remove(self._id)

        await self._store.run(self._caller.user, write)


def _same_sets(drawn: DrawnUp, kept: Sequence[StoredTrial]) -> bool:
    """Tell whether what was tried under each number is what would be tried under it now."""
    return all(
        each.number < len(drawn.sets) and dict(drawn.sets[each.number]) == each.parameters for each in kept
    )


def _needs_a_walk(order: _Order) -> bool:
    request, task = order.request, order.task
    sized = bool(request.volume_cap) or task.terms.slippage.depends_on_size
    return sized or not task.terms.carry.is_free or request.leaving != Leaving() or bool(task.actions)


def _named(request: BacktestRequest, drawn: DrawnUp) -> str:
    symbols = " ".join(request.symbols[:4]) + (" …" if len(request.symbols) > 4 else "")
    title = request.strategy.rpartition(":")[2].replace("_", " ").capitalize()
    varied = ", ".join(str(axis["title"]).lower() for axis in drawn.outline.axes)
    return tr("{strategy}, {symbols}: {varied}", strategy=title, symbols=symbols, varied=varied)[:200]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
