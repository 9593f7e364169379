"""Which strategies run by themselves, kept among the scheduled jobs."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from puffling.automation.runner.timing import Timing
from puffling.automation.runner.values import ENDED_TYPE, Activation
from puffling.frozen import frozen
from puffling.market.calendar import calendar
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import Conflict, NotFound
from puffling.runtime.text import tr
from puffling.store.decisions import STRATEGY, DecisionState, StrategyMode
from puffling.store.research import StrategyConfig
from puffling.store.values import ScheduledJob

if TYPE_CHECKING:
    from puffling.store.database import Unit

JOB_TYPE = "strategy"
MOST_FAILURES = 5
_LONGEST_NAME = 80

_log = logging.getLogger(__name__)


@frozen
class Running:
    """A strategy that runs by itself: what it is, how it runs, and how far it has come."""

    config: StrategyConfig
    activation: Activation
    job: ScheduledJob
    # When it was deactivated; None while it runs.
    ended_at: datetime | None = None

    @property
    def served_until(self) -> datetime:
        """Give the close of the last bar that was decided on, or when it was activated."""
        return self.job.counted_from or self.activation.since

    @property
    def timing(self) -> Timing:
        """Give when it decides."""
        return timing_of(self.job)

    @property
    def trades(self) -> bool:
        """Tell whether it places orders."""
        return self.activation.mode is StrategyMode.AUTO_TRADE


def timing_of(job: ScheduledJob) -> Timing:
    """Give when a strategy decides: the width of its bars, and the calendar by which they close."""
    interval, _, name = job.schedule.partition(" ")
    return Timing(calendar(name), Interval(interval))


def next_close(job: ScheduledJob, now: datetime) -> datetime | None:
    """Give when a strategy decides next, None when it does not run."""
    return timing_of(job).next_close(now) if job.enabled else None


def job_of(strategy_id: str) -> str:
    """Give the id of the job by which a strategy runs."""
    return f"{JOB_TYPE}-{strategy_id}"


def running(unit: Unit) -> tuple[Running, ...]:
    """Give every strategy that runs by itself."""
    found = []
    for job in unit.scheduled_jobs.all():
        if job.job_type == JOB_TYPE and job.enabled:
            try:
                activation = activation_of(job)
                config = unit.strategies.get(activation.strategy_id)
            except NotFound:
                # Of another time: a backup was restored.
                continue
            except (KeyError, TypeError, ValueError) as error:
                # One that cannot be read must not keep the others from running.
                _log.warning("How %s runs cannot be read: %s", job.name, error)
                continue
            found.append(Running(config, activation, job))
    return tuple(found)


def running_one(unit: Unit, strategy_id: str) -> Running | None:
    """Give a strategy that runs by itself, None when it does not."""
    return next((each for each in running(unit) if each.config.id == strategy_id), None)


def ended(unit: Unit, strategy_id: str = "") -> tuple[Running, ...]:
    """Give the strategies that were deactivated, and whose orders nobody has taken back for good."""
    found = []
    for job in unit.scheduled_jobs.all():
        if job.job_type == ENDED_TYPE:
            try:
                run = _ended(job)
            except (KeyError, TypeError, ValueError) as error:
                _log.warning("What %s was cannot be read: %s", job.name, error)
                continue
            if strategy_id in {"", run.config.id}:
                found.append(run)
    return tuple(found)


def activation_of(job: ScheduledJob) -> Activation:
    """Read how a strategy runs."""
    return _read(job.config)


def activate(unit: Unit, wanted: Activation, hours: str, seen: datetime) -> StrategyConfig:
    """Let a strategy run by itself from now on, as it was when it was last changed at a moment.

    A version does not tell that: whoever deletes and restores a strategy says which one it is.
    """
    config = unit.strategies.get(wanted.strategy_id)
    if config.enabled:
        raise Conflict(tr("{name} is active.", name=config.name), hint=tr("Deactivate it first."))
    if (config.version, config.updated_at) != (wanted.version, seen):
        raise Conflict(
            tr("{name} was changed meanwhile.", name=config.name), hint=tr("Look at it again first.")
        )
    if wanted.mode is StrategyMode.AUTO_TRADE:
        _refuse_crowd(unit, wanted, config)
        _refuse_beside_earlier(unit, wanted, config)
    job = unit.scheduled_jobs.put(
        ScheduledJob(
            id=job_of(config.id),
            name=config.name,
            job_type=JOB_TYPE,
            schedule=f"{config.interval} {hours}",
            time_zone="UTC",
            config=_written(wanted),
            enabled=True,
        )
    )
    unit.scheduled_jobs.ran(job.id, wanted.since, "")
    return unit.strategies.set_mode(config.id, wanted.mode.value)


def deactivate(unit: Unit, strategy_id: str, reason: str) -> StrategyConfig:
    """Let a strategy no longer run by itself; what was decided and not yet carried out is dropped.

    What it asked the person and nobody answered is not asked any more. Of one that traded it is kept in the
    same transaction that its orders are to be taken back, so that whoever is killed before finds it.
    """
    from puffling.trading.approvals import UNANSWERED, decline

    config = unit.strategies.get(strategy_id)
    for decision in unit.decisions.under_way(config.id):
        unit.decisions.put(replace(decision, state=DecisionState.SKIPPED, reason=reason))
    for approval in unit.approvals.in_states(UNANSWERED):
        if approval.source == STRATEGY and approval.source_version.startswith(f"{config.id}."):
            decline(unit, approval.id)
    for job in unit.scheduled_jobs.all():
        if job.id == job_of(config.id):
            unit.scheduled_jobs.remove(job.id)
            if job.config.get("mode") == StrategyMode.AUTO_TRADE.value:
                unit.scheduled_jobs.put(_left_behind(config, job, unit.now))
    return unit.strategies.set_mode(config.id, StrategyMode.MANUAL.value)


def switch_off(unit: Unit, run: Running, reason: str) -> None:
    """Let a strategy no longer run by itself though nobody asked for it, and tell why."""
    deactivate(unit, run.config.id, reason)
    message = tr("{name} was switched off. {reason}", name=run.config.name, reason=reason)
    tell(unit, run, message, severity="error")


def switch_off_after_restore(unit: Unit) -> None:
    """Let nothing trade that only a backup says trades: it may have been switched off since."""
    for run in running(unit):
        if run.trades:
            switch_off(unit, run, tr("A backup was restored: let it trade again."))


def tell(unit: Unit, run: Running, message: str, symbol: str = "", *, severity: str = "info") -> None:
    """Tell the person something of a strategy that runs."""
    details: dict[str, Any] = {"strategy": run.config.id, "symbol": symbol or run.config.symbols[0]}
    unit.alerts.tell(run.config.name, message, details, severity=severity)


def _refuse_crowd(unit: Unit, wanted: Activation, config: StrategyConfig) -> None:
    """Nobody could say whose shares are whose."""
    for other in running(unit):
        same_account = other.trades and other.activation.account == wanted.account
        shared = set(other.config.symbols) & set(config.symbols)
        if same_account and shared and other.config.id != config.id:
            raise Conflict(
                tr("{name} trades {symbols} on this account already.",
                   name=other.config.name, symbols=", ".join(sorted(shared))),
                hint=tr("Deactivate it first, or choose another account."),
            )  # fmt: skip


def _refuse_beside_earlier(unit: Unit, wanted: Activation, config: StrategyConfig) -> None:
    """It would never hear of them, and the gate lets none of its own lead out beside them."""
    from puffling.automation.runner.earlier import earlier_orders

    left = earlier_orders(unit, config.id, wanted.account)
    if left:
        raise Conflict(
            tr("Orders of {name} from an earlier time still wait: {orders}.",
               name=config.name, orders=", ".join(left)),
            hint=tr("Cancel them among your orders first; it then sends its own."),
        )  # fmt: skip


def _left_behind(config: StrategyConfig, job: ScheduledJob, now: datetime) -> ScheduledJob:
    """Give what says that a strategy ended, and what it was: it may be changed or deleted from now on."""
    return replace(
        job,
        id="",
        name=tr("Orders left by {name}", name=config.name)[:_LONGEST_NAME],
        job_type=ENDED_TYPE,
        config={
            "activation": job.config,
            "name": config.name,
            "symbols": list(config.symbols),
            "interval": config.interval,
            "ended_at": now.isoformat(),
        },
        enabled=False,
    )


def _ended(job: ScheduledJob) -> Running:
    kept, made = job.config, _read(job.config["activation"])
    ended_at = datetime.fromisoformat(kept["ended_at"])
    config = StrategyConfig(
        made.strategy_id, kept["name"], "", {}, tuple(kept["symbols"]), kept["interval"], False,
        made.version, made.since, ended_at, StrategyMode.MANUAL.value,
    )  # fmt: skip
    return Running(config, made, job, ended_at)


def _read(kept: dict[str, Any]) -> Activation:
    return Activation(
        **{**kept, "mode": StrategyMode(kept["mode"]), "since": datetime.fromisoformat(kept["since"])}
    )


def _written(activation: Activation) -> dict[str, Any]:
    return {**asdict(activation), "mode": activation.mode.value, "since": activation.since.isoformat()}
