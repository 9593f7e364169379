"""Runs a test for whoever asks: settled, computed elsewhere, and kept whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from puffling.automation.research.material import Material, gather
from puffling.automation.research.reading import report_of
from puffling.automation.research.values import BacktestRequest, Leaving, Verification
from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.ranges import span_of
from puffling.puffin.backtest.report import Others, Summary
from puffling.puffin.data.instants import us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Setting
from puffling.runtime.actor import Caller
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.jobs import Job
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.store.research import Attempt, ResultHead, StoredResult, StrategyConfig

if TYPE_CHECKING:
    from puffling.automation.research.task import Task, Told
    from puffling.automation.strategies import StrategyShelf
    from puffling.puffin.strategies.recipe import Recipe

_USUAL_YEARS = {Interval.D1: 5, Interval.W1: 10, Interval.MO1: 20}


@frozen
class Prepared:
    """What makes a strategy anywhere, and how many bars it takes until it speaks."""

    recipe: Recipe
    bars_needed: int


class Running:
    """Tests strategies on the market's history, and keeps results and attempts."""

    def __init__(self, market: Market, store: Store, shelf: StrategyShelf) -> None:
        self._market = market
        self._store = store
        self._shelf = shelf

    async def get_ready(self) -> None:
        """Let a process load what a test needs while its prices are still being read."""
        from puffling.automation.research.task import ENGINE

        await Job.current().prepare(ENGINE)

    async def configured(self, caller: Caller, name: str) -> StrategyConfig | None:
        """Give the configured strategy of this name or id, None where there is none."""
        try:
            return await self._store.read(caller.user, lambda unit: unit.strategies.get(name))
        except NotFound:
            return None

    async def asked(
        self,
        caller: Caller,
        now: datetime,
        *,
        strategy: str,
        symbols: tuple[str, ...],
        start: date | None,
        end: date | None,
        interval: Interval | None,
        parameters: Mapping[str, Setting],
        **terms: Any,
    ) -> BacktestRequest:
        """Give what was asked, with what a configured strategy says where nothing was said."""
        configured = await self.configured(caller, strategy)
        if configured is not None:
            strategy, parameters = configured.strategy, {**configured.parameters, **parameters}
            symbols = symbols or configured.symbols
            interval = interval or Interval(configured.interval)
        interval = interval or Interval.D1
        first, last = days_of(interval, start, end, now)
        return BacktestRequest(
            strategy=strategy,
            parameters=dict(parameters),
            symbols=symbols,
            interval=interval,
            start=first,
            end=last,
            strategy_id=None if configured is None else configured.id,
            **terms,
        )

    async def settle(self, request: BacktestRequest) -> tuple[BacktestRequest, Prepared]:
        """Give the request with every parameter of its strategy, and what makes that strategy elsewhere."""
        try:
            recipe, settled = await self._shelf.recipe(request.strategy, request.parameters)
        except InvalidInput as error:
            error.field = "strategy" if error.field in {"", "name"} else error.field
            raise
        if not request.symbols:
            raise InvalidInput(
                tr("Say which symbols to trade."), field="symbols", hint=tr("For example SPY, or SPY QQQ.")
            )
        if settled.trades:
            _refuse_rules(request)
        symbols = tuple(dict.fromkeys(request.symbols))
        whole = request.model_copy(update={"parameters": settled.parameters, "symbols": symbols})
        return whole, Prepared(recipe, settled.bars_needed)

    async def run(self, caller: Caller, request: BacktestRequest, prepared: Prepared, name: str) -> Summary:
        """Test, and keep the result and the attempt together."""
        job = Job.current()
        task, source = await self._task(job, request, prepared)
        attempt = _attempt(task, request, source, caller)

        def others(unit: Unit) -> Others:
            found = unit.attempts.on(attempt.data_key, besides=attempt.digest)
            return Others(found.count, found.mean, found.variance)

        task = replace(task, others=await self._store.read(caller.user, others))
        told = await self._compute(job, task)
        attempt = replace(attempt, sharpe=told.ratio, bars=told.bars)

        def keep(unit: Unit) -> ResultHead:
            unit.attempts.add([attempt])
            return unit.results.add(
                name=name or named(told.summary),
                request=request.model_dump(mode="json"),
                metrics=told.summary.metrics,
                report=told.document,
                grade=told.summary.grade,
                data_digest=told.manifest.data,
                strategy_id=request.strategy_id,
            )

        kept = await self._store.run(caller.user, keep)
        return replace(told.summary, id=kept.id, name=kept.name)

    async def verify(self, stored: StoredResult) -> Verification:
        """Make a result again and say whether it is the same, or what changed."""
        from puffling.automation.research.verifying import verification_of

        before = report_of(stored)
        request = BacktestRequest.model_validate(stored.head.request)
        manifest = before.manifest
        told = await self.again(request, manifest.others, (manifest.first_us, manifest.last_us))
        return verification_of(before, told)

    async def again(self, request: BacktestRequest, others: Others, between_us: tuple[int, int]) -> Told:
        """Make a test again as it was made, on the bars between two times, and keep nothing."""
        job = Job.current()
        _, prepared = await self.settle(request)
        task, _ = await self._task(job, request, prepared, between_us)
        return await self._compute(job, replace(task, others=others))

    async def _task(
        self,
        job: Job,
        request: BacktestRequest,
        prepared: Prepared,
        between_us: tuple[int, int] | None = None,
    ) -> tuple[Task, str]:
        def note(text: str) -> None:
            job.progress(0, 1, text)

        material = await gather(self._market, request, prepared.bars_needed, between_us=between_us, note=note)
        return task_of(request, prepared, material), material.source

    async def _compute(self, job: Job, task: Task) -> Told:
        from puffling.automation.research.task import run_task

        return await job.compute(run_task, task)


def named(summary: Summary) -> str:
    """Make a name for a result."""
    symbols = " ".join(summary.symbols[:4]) + (" …" if len(summary.symbols) > 4 else "")
    title = summary.strategy.replace("_", " ").capitalize()
    return tr(
        "{strategy}, {symbols}, {start} to {end}",
        strategy=title,
        symbols=symbols,
        start=summary.start.date(),
        end=summary.end.date(),
    )


def days_of(interval: Interval, start: date | None, end: date | None, now: datetime) -> tuple[date, date]:
    """Give the days of a test; without a first one it begins some years before the last."""
    last = end or now.date()
    years = _USUAL_YEARS.get(interval)
    if start is None and years is not None:
        # A range before the first year that can be told is the caller's to explain.
        start = last - timedelta(days=min(years * 365, last.toordinal() - 1))
    span = span_of(interval, start, last, now)
    return us_to_day(span.start_us), last


def _refuse_rules(request: BacktestRequest) -> None:
    """A strategy with orders of its own decides by itself where it leaves."""
    if request.leaving != Leaving():
        raise InvalidInput(
            tr("{strategy} sends its own orders, and those to leave with them.", strategy=request.strategy),
            field="leaving.stop_loss",
            hint=tr("Leave stops, targets and the most bars at 0, and choose its parameters instead."),
        )


def task_of(request: BacktestRequest, prepared: Prepared, material: Material) -> Task:
    """Give what travels to another process of a request and its prices."""
    from puffling.automation.research.task import Task
    from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel, Terms
    from puffling.puffin.backtest.waiting import Protection

    return Task(
        recipe=prepared.recipe,
        bars_needed=prepared.bars_needed,
        series=material.series,
        since_us=material.since_us,
        interval=str(request.interval),
        terms=Terms(
            capital=request.capital,
            slippage=SlippageModel(**request.slippage.model_dump()),
            commission=CommissionModel(**request.commission.model_dump()),
            carry=Carry(**request.holding.model_dump()),
            size=request.size,
            leverage=request.leverage,
            lot=request.lot,
            volume_cap=request.volume_cap,
        ),
        protection=Protection(**request.leaving.model_dump()),
        intrabar=request.intrabar,
        sizing=request.sizing,
        risk_free_rate=request.risk_free_rate,
        seed=request.seed,
        benchmark=material.benchmark,
        benchmark_bars=material.benchmark_bars,
        actions=material.actions,
        sessions=material.sessions,
        provenance=material.provenance,
        warnings=material.warnings,
        request=request.model_dump(mode="json"),
    )


def _attempt(task: Task, request: BacktestRequest, source: str, caller: Caller) -> Attempt:
    from puffling.automation.research.task import attempt_digest
    from puffling.puffin.backtest.trust.same_data import data_key

    return Attempt(
        data_key=data_key(source, task.series, task.interval),
        digest=attempt_digest(task.request, request.parameters, task.recipe),
        strategy=request.strategy,
        parameters=dict(request.parameters),
        made_by=str(caller.actor),
        sharpe=0.0,
        bars=0,
    )
