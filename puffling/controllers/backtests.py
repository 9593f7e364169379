"""Backtests: run on history, kept with all it takes to run them again, compared, and told to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field

from puffling.automation.research.parameters import (
    Benchmark,
    Capital,
    Carrying,
    Exits,
    Fees,
    FirstDay,
    LastDay,
    Leverage,
    Lot,
    ReportFile,
    ResultName,
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
from puffling.automation.research.reading import comparison_of, detail_of, holds, line_of, report_of
from puffling.automation.research.running import Running
from puffling.automation.research.values import (
    BacktestDetail,
    BacktestLine,
    BacktestProgress,
    Commission,
    Comparison,
    ExportedBacktest,
    ExportFormat,
    Holding,
    Leaving,
    SavedBacktest,
    Slippage,
    Verification,
)
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.market.parameters import Adjusted, Choices, Limit, Source
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.report import BacktestReport, Curves, Summary, Trade
from puffling.runtime.actor import Actor, Caller, current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput, NotFound, Refused
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job, JobBoard, JobChanged, JobRecord, JobState
from puffling.runtime.port import Port
from puffling.runtime.streams import Topics, stream
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.removed import Removed
from puffling.store.research import StoredResult

MOST_REMOVED = 20

ResultId = Annotated[str, Field(description="Id of the result.", min_length=1, max_length=64)]
Several = Annotated[
    tuple[ResultId, ...], Field(description="Ids of the results, two or more.", min_length=2, max_length=12)
]
NewName = Annotated[
    str | None, Field(description="Its new name; empty leaves it.", min_length=1, max_length=200)
]
Notes = Annotated[str | None, Field(description="Your notes; nothing leaves them.", max_length=20_000)]
Tags = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] | None,
    Field(description="Your tags; nothing leaves them.", max_length=20),
]
Format = Annotated[ExportFormat, Field(description="csv is its trades, html and pdf its tear sheet.")]
NewFile = Annotated[Path, Field(description="A name that ends in .html, .pdf or .csv (its trades).")]


class Backtests(Controller, domain="backtest"):
    """What strategies would have done on history, and how far that can be trusted."""

    def __init__(
        self,
        market: Market,
        store: Store,
        board: JobBoard,
        bus: Bus,
        clock: Clock,
        port: Port,
        shelf: StrategyShelf,
    ) -> None:
        self._store = store
        self._board = board
        self._bus = bus
        self._clock = clock
        self._port = port
        self._running = Running(market, store, shelf)
        self._removed = Removed[StoredResult](store, MOST_REMOVED, "result")

    @capability(
        title="Run backtest",
        effect=Effect.COMPUTE,
        http="POST /api/backtest",
        tool="run_backtest",
        menu="Research",
        job=True,
    )
    async def run(
        self,
        strategy: StrategyName,
        symbols: Symbols = (),
        start: FirstDay = None,
        end: LastDay = None,
        interval: Width = None,
        parameters: Choices = {},  # noqa: B006  never changed, and a schema needs its default as it is
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
        benchmark: Benchmark = "",
        risk_free_rate: RiskFree = 0.05,
        seed: Seed = 0,
        name: ResultName = "",
        report: ReportFile = None,
    ) -> Summary:
        """Test a strategy on history and keep the result.

        Decisions on a bar's close fill at the next open at the earliest. The result says how far it can be
        trusted, and why; every run counts as an attempt on its data, whoever makes it.
        """
        caller = current_caller()
        if report is not None:
            _check_file(report, caller, ".html")
            await self._refuse_no_folder(report)
        await self._running.get_ready()
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
            benchmark=benchmark.strip().upper(),
            risk_free_rate=risk_free_rate,
            seed=seed,
        )
        settled, prepared = await self._running.settle(request)
        summary = await self._running.run(caller, settled, prepared, name.strip())
        if report is not None:
            from puffling.automation.research.export import write_file

            await Job.current().compute(write_file, await self.report(summary.id), str(report))
        return summary

    @capability(
        title="List backtests",
        verb="list",
        effect=Effect.READ,
        http="GET /api/backtest",
        tool="list_backtests",
    )
    async def all(
        self,
        limit: Limit = 100,
        text: Annotated[
            str,
            Field(
                description="Only those that hold this in name, notes, tags, strategy or symbols.",
                max_length=80,
            ),
        ] = "",
    ) -> tuple[BacktestLine, ...]:
        """Show the results that are kept, the newest first."""
        heads = await self._store.read(
            current_caller().user, lambda unit: unit.results.all(10_000 if text else limit)
        )
        return tuple(line for line in map(line_of, heads) if holds(line, text))[:limit]

    @capability(title="Show backtest", effect=Effect.READ, http="GET /api/backtest/{id}", tool="get_backtest")
    async def show(self, id: ResultId) -> BacktestDetail:
        """Show a result: figures, verdict, months, worst falls, costs, and what it was made of."""
        return await self._port.thread(detail_of, await self._stored(id))

    @capability(title="Show curves of backtest", effect=Effect.READ, http="GET /api/backtest/{id}/curves")
    async def curves(self, id: ResultId) -> Curves:
        """Show equity, drawdown, benchmark, exposure and rolling Sharpe of a result over time."""
        return (await self.report(id)).curves

    @capability(
        title="Show trades of backtest",
        effect=Effect.READ,
        http="GET /api/backtest/{id}/trades",
        tool="get_backtest_trades",
    )
    async def trades(self, id: ResultId, limit: Limit = 1_000) -> tuple[Trade, ...]:
        """Show the round trips of a result, the newest ones, in the order they ended."""
        return (await self.report(id)).trades[-limit:]

    @capability(
        title="Compare backtests",
        effect=Effect.READ,
        http="GET /api/backtest/compare",
        tool="compare_backtests",
    )
    async def compare(self, ids: Several) -> Comparison:
        """Show several results side by side, and say what makes them hard to compare."""
        different = tuple(dict.fromkeys(ids))
        if len(different) < 2:
            raise InvalidInput(
                tr("A result cannot be compared with itself."),
                field="ids",
                hint=tr("Name another result beside it."),
            )
        stored = [await self._stored(id) for id in different]
        return await self._port.thread(comparison_of, stored)

    @capability(title="Annotate backtest", effect=Effect.WRITE, http="PATCH /api/backtest/{id}")
    async def annotate(
        self, id: ResultId, name: NewName = None, notes: Notes = None, tags: Tags = None
    ) -> BacktestLine:
        """Name a result, and write notes and tags on it; what came out cannot be changed."""
        head = await self._store.run(
            current_caller().user, lambda unit: unit.results.annotate(id, name=name, notes=notes, tags=tags)
        )
        return line_of(head)

    @capability(title="Delete backtest", effect=Effect.WRITE, http="DELETE /api/backtest/{id}")
    async def delete(self, id: ResultId) -> BacktestLine:
        """Remove a result; it can be restored for a while. The attempt stays counted."""
        user = current_caller().user
        removed = await self._removed.remove(user, id, lambda unit, id: unit.results.remove(id))
        return line_of(removed.head)

    @capability(title="Restore backtest", effect=Effect.WRITE, http="POST /api/backtest/{id}/restore")
    async def restore(self, id: ResultId) -> BacktestLine:
        """Bring back a result that was deleted since Puffling was started."""
        user = current_caller().user
        return line_of(await self._removed.bring_back(user, id, lambda unit, it: unit.results.restore(it)))

    @capability(
        title="Verify backtest", effect=Effect.COMPUTE, http="POST /api/backtest/{id}/verify", job=True
    )
    async def verify(self, id: ResultId) -> Verification:
        """Run a result again on the same days and say whether it is the same to the last bit."""
        stored = await self._stored(id)
        return await self._running.verify(stored)

    @capability(title="Export backtest", effect=Effect.READ, http="GET /api/backtest/{id}/export")
    async def export(self, id: ResultId, kind: Format = ExportFormat.HTML) -> ExportedBacktest:
        """Give a result as a tear sheet that needs no other file, or its trades as comma-separated text."""
        from puffling.automation.research.export import exported

        whole = await self.report(id)
        computing = self._board.compute.run(exported, (whole, kind), {}, progress=lambda *_: None)
        answer: ExportedBacktest = await computing
        return answer

    @capability(title="Save backtest", effect=Effect.COMPUTE, job=True)
    async def save(self, id: ResultId, path: NewFile) -> SavedBacktest:
        """Write a result into a file, as its name ends: .html, .pdf, or .csv with its trades."""
        _check_file(path, current_caller(), ".html", ".pdf", ".csv")
        from puffling.automation.research.export import write_file

        whole = await self.report(id)
        await Job.current().compute(write_file, whole, str(path))
        return SavedBacktest(
            path.name, id, tr("{name} was written to {file}.", name=whole.summary.name, file=path.name)
        )

    @stream(title="Progress of backtests", ws="/ws/backtest/{id}")
    async def progress(self, topics: Topics) -> AsyncIterator[BacktestProgress]:
        """Tell how far tests are, by the ids of their jobs, and the id of the result at the end."""
        woken = asyncio.Event()
        moved: dict[str, JobRecord] = {}

        def take(event: JobChanged) -> None:
            if event.job.id in topics.names:
                moved[event.job.id] = event.job
                woken.set()

        def look() -> None:
            for name in sorted(topics.names - seen):
                seen.add(name)
                try:
                    moved[name] = self._board.get(name, user).record
                    woken.set()
                except NotFound as error:
                    topics.refuse(name, error)

        user, seen = current_caller().user, set[str]()
        topics.on_change(look)
        unsubscribe = self._bus.on(JobChanged, take)
        try:
            look()
            while True:
                await woken.wait()
                woken.clear()
                batch, moved = moved, {}
                for record in batch.values():
                    if record.user == user:
                        yield self._told(record)
        finally:
            unsubscribe()

    async def report(self, id: str) -> BacktestReport:
        """Give a whole result, curves and trades too, for faces in this process."""
        return await self._port.thread(report_of, await self._stored(id))

    def _told(self, record: JobRecord) -> BacktestProgress:
        result = ""
        if record.state is JobState.DONE:
            with suppress(NotFound):
                found = self._board.get(record.id).result
                result = found.id if isinstance(found, Summary) else ""
        error = (record.error or {}).get("message", "")
        return BacktestProgress(record.id, str(record.state), record.fraction, record.note, result, error)

    async def _stored(self, id: str) -> StoredResult:
        return await self._store.read(current_caller().user, lambda unit: unit.results.get(id))

    async def _refuse_no_folder(self, report: Path) -> None:
        """Say so before a test is run, not when its report cannot be written."""
        if not await self._port.thread(report.parent.is_dir):
            raise InvalidInput(
                tr("There is no folder {folder}.", folder=report.parent),
                field="report",
                hint=tr("Make it first, or choose another."),
            )


def _check_file(path: Path, caller: Caller, *endings: str) -> None:
    """A path is a name on this machine: only whoever sits at it may choose one."""
    if caller.actor is not Actor.PERSON:
        raise Refused(
            tr("Only the person at the machine writes files on it."),
            hint=tr("Leave the file out and ask for an export instead."),
        )
    if path.suffix.lower() not in endings:
        raise InvalidInput(
            tr("{file} does not end in {endings}.", file=path.name, endings=tr(" or ").join(endings)),
            field="path" if len(endings) > 1 else "report",
            hint=tr("The end of the name says what is written."),
        )
    if not path.is_absolute():
        raise InvalidInput(
            tr("{file} is not a whole path.", file=path),
            field="path" if len(endings) > 1 else "report",
            hint=tr("Give the path from the root of the disk on."),
        )
