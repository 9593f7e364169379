"""Optimization: searches for better parameters, kept with every set they tried, the best one judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from puffling.automation.research.parameters import (
    Capital,
    Carrying,
    Exits,
    Fees,
    FirstDay,
    LastDay,
    Leverage,
    Lot,
    RiskFree,
    Seed,
    Size,
    SizedBy,
    StrategyName,
    Symbols,
    VolumeCap,
    Width,
    Within,
    Worse,
)
from puffling.automation.research.running import Running
from puffling.automation.research.search.parameters import (
    Holdout,
    Leaders,
    MostTrials,
    Objective,
    SearchId,
    SearchName,
    Stretches,
    Vary,
    Way,
)
from puffling.automation.research.search.reading import ranked, search_detail, search_line
from puffling.automation.research.search.searching import Searching
from puffling.automation.research.search.values import (
    SearchDetail,
    SearchLine,
    SearchPlan,
    TrialLine,
    Wish,
)
from puffling.automation.research.values import Commission, Holding, Leaving, Slippage
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.market.parameters import Adjusted, Choices, Limit, Source
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Conflict
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import JobBoard
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.removed import Removed
from puffling.store.research import SearchHead, SearchState, StoredSearch, StoredTrial

# What is removed holds thousands of trials, so only the last few wait to be brought back.
MOST_REMOVED = 5
USUAL_TRIALS = 1_000
USUAL_HOLDOUT = 0.3
USUAL_STRETCHES = 5


class Optimization(Controller):
    """Searches for better parameters of a strategy, and how far the best of them can be trusted."""

    def __init__(
        self, market: Market, store: Store, board: JobBoard, clock: Clock, port: Port, shelf: StrategyShelf
    ) -> None:
        self._store = store
        self._clock = clock
        self._port = port
        self._running = Running(market, store, shelf)
        self._searching = Searching(market, store, shelf, board, port)
        self._removed = Removed[StoredSearch](store, MOST_REMOVED, "search")
        self._judged: dict[str, tuple[int, dict[str, Any]]] = {}

    @capability(
        title="Run optimization",
        effect=Effect.COMPUTE,
        http="POST /api/optimization",
        tool="optimize_strategy",
        menu="Research",
        job=True,
    )
    async def run(
        self,
        strategy: StrategyName,
        symbols: Symbols = (),
        vary: Vary = (),
        start: FirstDay = None,
        end: LastDay = None,
        interval: Width = None,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
        objective: Objective = "sharpe_ratio",
        method: Way = "grid",
        trials: MostTrials = USUAL_TRIALS,
        holdout: Holdout = USUAL_HOLDOUT,
        stretches: Stretches = USUAL_STRETCHES,
        source: Source = None,
        adjusted: Adjusted = True,
        capital: Capital = 100_000.0,
        commission: Fees = Commission(),  # noqa: B008  a frozen value, and the schema shows it
        slippage: Worse = Slippage(),  # noqa: B008
        holding: Carrying = Holding(),  # noqa: B008
        leaving: Exits = Leaving(),  # noqa: B008
        size: Size = 1.0,
        sizing: SizedBy = Sizing.EQUITY,
        leverage: Leverage = 1.0,
        lot: Lot = 1.0,
        volume_cap: VolumeCap = 0.0,
        intrabar: Within = Intrabar.PESSIMISTIC,
        risk_free_rate: RiskFree = 0.05,
        seed: Seed = 0,
        name: SearchName = "",
    ) -> SearchDetail:
        """Try many sets of parameters on the same history, and keep all of them.

        The best is chosen on the first part of the history and looked at on the rest. Every set counts as an
        attempt on the data, and the best comes with what that leaves of it.
        """
        caller = current_caller()
        request = await self._running.asked(
            caller,
            self._clock.now(),
            strategy=strategy,
            symbols=symbols,
            start=start,
            end=end,
            interval=interval,
            parameters=parameters,
            source=source,
            adjusted=adjusted,
            capital=capital,
            commission=commission,
            slippage=slippage,
            holding=holding,
            leaving=leaving,
            size=size,
            sizing=sizing,
            leverage=leverage,
            lot=lot,
            volume_cap=volume_cap,
            intrabar=intrabar,
            benchmark="",
            risk_free_rate=risk_free_rate,
            seed=seed,
        )
        wish = Wish(vary, method, trials, objective, holdout, stretches, seed)
        return await self.show(await self._searching.run(caller, request, wish, name.strip()))

    @capability(
        title="Resume optimization",
        effect=Effect.COMPUTE,
        http="POST /api/optimization/{id}/resume",
        job=True,
    )
    async def resume(self, id: SearchId) -> SearchDetail:
        """Go on with a search that was cancelled or interrupted: what it has tried stays."""
        head = await self._head(id)
        if head.state is SearchState.DONE:
            raise Conflict(tr("{name} has tried all its sets.", name=head.name))
        await self._searching.resume(current_caller(), head)
        return await self.show(id)

    @capability(title="Plan optimization", effect=Effect.READ, http="POST /api/optimization/plan")
    async def plan(
        self,
        strategy: StrategyName,
        symbols: Symbols = (),
        vary: Vary = (),
        start: FirstDay = None,
        end: LastDay = None,
        interval: Width = None,
        parameters: Choices = {},  # noqa: B006
        method: Way = "grid",
        trials: MostTrials = USUAL_TRIALS,
    ) -> SearchPlan:
        """Say what a search would try: what varies, how many sets that makes, about how long it takes."""
        caller = current_caller()
        configured = await self._running.configured(caller, strategy)
        if configured is not None:
            strategy, parameters = configured.strategy, {**configured.parameters, **parameters}
            symbols = symbols or configured.symbols
            interval = interval or Interval(configured.interval)
        wish = Wish(vary, method, trials, "sharpe_ratio", USUAL_HOLDOUT, 0, 0)
        return await self._searching.plan(
            strategy, parameters, wish, symbols=len(symbols), interval=interval, start=start, end=end,
            now=self._clock.now(),
        )  # fmt: skip

    @capability(
        title="List optimizations",
        verb="list",
        effect=Effect.READ,
        http="GET /api/optimization",
        tool="list_optimizations",
    )
    async def all(self, limit: Limit = 100) -> tuple[SearchLine, ...]:
        """Show the searches that are kept, the newest first."""
        heads = await self._store.read(current_caller().user, lambda unit: unit.searches.all(limit))
        return tuple(self._line(head) for head in heads)

    @capability(
        title="Show optimization",
        effect=Effect.READ,
        http="GET /api/optimization/{id}",
        tool="get_optimization",
    )
    async def show(self, id: SearchId, leaders: Leaders = 10) -> SearchDetail:
        """Show a search: its best set, how far that can be trusted, and the next best.

        While it is under way nothing is the best yet.
        """
        user = current_caller().user
        head = await self._head(id)
        trials = await self._store.read(user, lambda unit: unit.searches.trials(id))
        if self._searching.is_under_way(id):
            return search_detail(self._line(head), head, {}, trials, 0)
        judged = head.judged or await self._judged_so_far(head, trials)
        best = next((each.parameters for each in trials if each.number == judged["best"]), None)
        head = replace(head, judged=judged, best=best)
        return await self._port.thread(search_detail, self._line(head), head, judged, trials, leaders)

    @capability(
        title="Show trials of optimization", effect=Effect.READ, http="GET /api/optimization/{id}/trials"
    )
    async def trials(self, id: SearchId, limit: Limit = 1_000) -> tuple[TrialLine, ...]:
        """Show the sets a search tried so far, the best of what was seen first."""
        await self._head(id)
        kept = await self._store.read(current_caller().user, lambda unit: unit.searches.trials(id))
        return tuple((await self._port.thread(ranked, kept))[:limit])

    @capability(title="Delete optimization", effect=Effect.WRITE, http="DELETE /api/optimization/{id}")
    async def delete(self, id: SearchId) -> SearchLine:
        """Remove a search; it can be restored for a while. Its attempts stay counted."""
        user = current_caller().user
        if self._searching.is_under_way(id):
            raise Conflict(
                tr("This search is still under way."), hint=tr("Cancel its job first; what it tried stays.")
            )
        removed = await self._removed.remove(user, id, lambda unit, id: unit.searches.remove(id))
        return self._line(removed.head)

    @capability(title="Restore optimization", effect=Effect.WRITE, http="POST /api/optimization/{id}/restore")
    async def restore(self, id: SearchId) -> SearchLine:
        """Bring back a search that was deleted since Puffling was started."""
        user = current_caller().user
        return self._line(
            await self._removed.bring_back(user, id, lambda unit, it: unit.searches.restore(it))
        )

    async def _judged_so_far(self, head: SearchHead, trials: Sequence[StoredTrial]) -> dict[str, Any]:
        """Judge what a search had tried when it stopped; the same is judged once."""
        known = self._judged.get(head.id)
        if known is None or known[0] != len(trials):
            judged = await self._searching.judged(current_caller().user, head, trials)
            known = self._judged[head.id] = len(trials), judged
        return known[1]

    async def _head(self, id: str) -> SearchHead:
        return await self._store.read(current_caller().user, lambda unit: unit.searches.get(id))

    def _line(self, head: SearchHead) -> SearchLine:
        return search_line(head, under_way=self._searching.is_under_way(head.id))
