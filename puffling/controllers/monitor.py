"""What Puffling did and how it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from puffling.market.market import Market
from puffling.market.parameters import Limit
from puffling.market.values import FeedState
from puffling.runtime.actor import Actor, current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.runtime.log import Log, LogEntry
from puffling.store.database import Store
from puffling.store.values import AuditCheck, AuditEntry
from puffling.trading.halt import HaltSwitch


@dataclass(frozen=True, slots=True)
class Health:
    """How Puffling is, in one look."""

    records_trustworthy: bool
    trading_halted: bool
    feeds: tuple[FeedState, ...]


class Monitor(Controller):
    """The audit trail, the log, and the state of the parts."""

    def __init__(self, store: Store, market: Market, switch: HaltSwitch, log: Log) -> None:
        self._store = store
        self._market = market
        self._switch = switch
        self._log = log

    @capability(title="Show audit trail", effect=Effect.READ, http="GET /api/monitor/audit")
    async def audit(
        self,
        limit: Limit = 100,
        before: Annotated[int | None, Field(description="Only lines before this number.", ge=1)] = None,
        actor: Annotated[Actor | None, Field(description="Only what this kind of caller tried.")] = None,
        ability: Annotated[
            str | None, Field(description="Only this ability; watchlists. means all of them.", max_length=80)
        ] = None,
    ) -> tuple[AuditEntry, ...]:
        """Show what was done or refused, the newest first."""
        return await self._store.read(
            current_caller().user,
            lambda unit: unit.audit.newest(limit, before=before, actor=actor, capability=ability),
        )

    @capability(
        title="Verify audit trail", effect=Effect.COMPUTE, http="POST /api/monitor/audit/verify", menu="Data"
    )
    async def verify_audit(self) -> AuditCheck:
        """Check that no line of the audit trail was changed or taken away."""
        return await self._store.read(current_caller().user, lambda unit: unit.audit.verify())

    @capability(title="Show log", effect=Effect.READ, http="GET /api/monitor/log")
    async def log(self, limit: Limit = 100) -> tuple[LogEntry, ...]:
        """Show the newest lines of the log first, with secrets taken out."""
        return self._log.recent()[::-1][:limit]

    @capability(title="Show health", effect=Effect.READ, http="GET /api/monitor/health", tool="get_health")
    async def health(self) -> Health:
        """Say how the records, trading and the feeds are."""
        return Health(
            records_trustworthy=self._store.report.trustworthy,
            trading_halted=self._switch.read() is not None,
            feeds=self._market.feed_states(),
        )
