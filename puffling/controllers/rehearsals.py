"""Rehearsals: a strategy lives through a past range as it would live now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from puffling.automation.rehearsal.values import Rehearsal, RehearsalLine
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.market.parameters import Limit
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.store.research import StoredRehearsal

YEAR = timedelta(days=365)

Which = Annotated[
    str, Field(description="Name of the configured strategy, or its id.", min_length=1, max_length=120)
]
RehearsalId = Annotated[str, Field(description="Id of the rehearsal.", min_length=1, max_length=64)]


class Rehearsals(Controller, domain="rehearsal"):
    """Lets strategies live through the past, limits and all, where nothing can come of it."""

    def __init__(
        self, store: Store, market: Market, shelf: StrategyShelf, live: LiveSettings, clock: Clock
    ) -> None:
        self._store = store
        self._market = market
        self._shelf = shelf
        self._live = live
        self._clock = clock

    @capability(title="Rehearse strategy", effect=Effect.COMPUTE, http="POST /api/rehearsal", job=True)
    async def run(
        self,
        strategy: Which,
        start: Annotated[
            date | None, Field(description="The first day; empty means a year before the last.")
        ] = None,
        end: Annotated[date | None, Field(description="The last day; empty means yesterday.")] = None,
        money: Annotated[
            float, Field(description="Money it works with.", gt=0, le=1e12, allow_inf_nan=False)
        ] = 10_000.0,
        account: Annotated[
            float,
            Field(description="What the account is worth, which limits go by.", gt=0, le=1e12,
                  allow_inf_nan=False),
        ] = 100_000.0,
        size: Annotated[
            float, Field(description="Share of its money its positions take at full signals.", gt=0, le=1)
        ] = 1.0,
        agree: Annotated[
            bool, Field(description="Say yes to every order that asks; otherwise those are not placed.")
        ] = True,
    ) -> RehearsalLine:  # fmt: skip
        """Let a strategy live through past bars with your limits, as it would live now, and keep the result.

        The runner, the order desk and its gate are the real ones; clock, market and broker are played, in a
        process of its own. What it came to stands beside its backtest on the same bars.
        """
        from puffling.automation.rehearsal.rehearsing import attempt_of, kept_of, line_of, task_of
        from puffling.automation.rehearsal.task import run_rehearsal

        caller = current_caller()
        user = caller.user
        last = end or self._clock.now().date() - timedelta(days=1)
        first = start or last - YEAR
        if first >= last:
            raise InvalidInput(tr("The range is empty."), field="start", hint=tr("Choose an earlier start."))
        config = await self._store.read(user, lambda unit: unit.strategies.get(strategy))
        task = await task_of(
            self._market, self._shelf, self._live.now, config,
            first=first, last=last, money=money, account=account, size=size, agrees=agree,
        )  # fmt: skip
        lived = await Job.current().compute(run_rehearsal, task)
        request, summary, report = kept_of(task, lived)
        name = tr("{strategy}, {start} to {end}", strategy=config.name, start=first, end=last)
        attempt = attempt_of(task, lived, first, last, str(caller.actor))

        def keep(unit: Unit) -> StoredRehearsal:
            # The backtest beside it was seen: whoever tests on the same data later made one attempt more.
            unit.attempts.add([attempt])
            return unit.rehearsals.add(
                name=name, strategy_id=config.id, request=request, summary=summary, report=report
            )

        return line_of(await self._store.run(user, keep))

    @capability(
        title="List rehearsals",
        verb="list",
        effect=Effect.READ,
        http="GET /api/rehearsal",
        tool="list_rehearsals",
    )
    async def all(self, limit: Limit = 50) -> tuple[RehearsalLine, ...]:
        """Show the rehearsals that are kept, the newest first."""
        from puffling.automation.rehearsal.rehearsing import line_of

        stored = await self._store.read(current_caller().user, lambda unit: unit.rehearsals.all(limit))
        return tuple(line_of(each) for each in stored)

    @capability(title="Show rehearsal", effect=Effect.READ, http="GET /api/rehearsal/{id}")
    async def show(self, id: RehearsalId) -> Rehearsal:
        """Show a rehearsal: its curve beside that of its backtest, orders, refusals, and what differs."""
        from puffling.automation.rehearsal.rehearsing import whole_of

        return whole_of(await self._store.read(current_caller().user, lambda unit: unit.rehearsals.get(id)))

    @capability(title="Delete rehearsal", effect=Effect.WRITE, http="DELETE /api/rehearsal/{id}")
    async def delete(self, id: RehearsalId) -> RehearsalLine:
        """Remove a rehearsal; it can be made again."""
        from puffling.automation.rehearsal.rehearsing import line_of

        return line_of(await self._store.run(current_caller().user, lambda unit: unit.rehearsals.remove(id)))
