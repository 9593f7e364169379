"""Runs strategies by themselves: a task for each, which decides once on each bar and carries that out.

A slow or failing strategy holds nobody else up. Whoever slept over bars decides on the newest one if that is
still good, or says that it was missed; never on those before it. Times are those of the injected clock, and
every moment is looked at anew, so that a clock that is put right changes nothing: a bar that was decided on
is not decided on again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from puffling.automation.runner.activation import (
    MOST_FAILURES,
    Running,
    ended,
    running,
    running_one,
    switch_off,
    switch_off_after_restore,
    tell,
)
from puffling.automation.runner.deciding import Asked, Before, Changed, Costs, Deciding, before_of, drawn_up
from puffling.automation.runner.leftovers import Leftovers
from puffling.automation.runner.placing import Placing
from puffling.automation.runner.series import MOST_BARS
from puffling.automation.runner.standing import seen_by
from puffling.automation.runner.taking_back import conclude
from puffling.automation.runner.timing import MOST_COUNTED, Slot, Timing
from puffling.automation.runner.values import Activation
from puffling.market.market import Market
from puffling.runtime.actor import UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.decisions import Decision, DecisionState, Fate, StrategyMode
from puffling.store.events import DatabaseRestored, StrategiesChanged
from puffling.trading.desk import OrderDesk
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.puffin.backtest.heard import Heard
    from puffling.store.database import Unit

# A bar is there a moment after it closed.
SETTLE = timedelta(seconds=2)
_AGAIN_SECONDS = 60.0
# After so many looks in a row that fail it is no passing trouble.
_TROUBLE = 3
_SHORTEST, _LONGEST = timedelta(seconds=15), timedelta(minutes=15)

_log = logging.getLogger(__name__)


class StrategyRunner:
    """Decides for every strategy that is active, and carries out what it decided."""

    def __init__(
        self,
        *,
        store: Store,
        market: Market,
        clock: Clock,
        bus: Bus,
        user: UserId,
        shelf: Asked,
        desk: OrderDesk,
        costs: Costs,
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._user = user
        self._costs = costs
        self._deciding = Deciding(market, shelf, self._hears)
        self._placing = Placing(store=store, clock=clock, desk=desk, user=user, costs=costs, opened=opened)
        self._leftovers = Leftovers(store, clock, bus, user, desk, self._placing.taking_back, opened)
        self._changed = asyncio.Event()
        self._of_a_backup = False
        self._tasks: dict[str, tuple[Activation, asyncio.Task[None]]] = {}

    def start(self, scope: TaskScope, *, of_a_backup: bool = False) -> Callable[[], None]:
        """Begin to run what is active; the answer stops it. What a backup says trades is switched off."""
        self._of_a_backup = of_a_backup
        ends = [
            self._bus.on(StrategiesChanged, lambda _: self._changed.set()),
            self._bus.on(DatabaseRestored, self._restored),
        ]
        self._changed.set()
        following = scope.spawn(self._follow(scope), name="strategies.follow")
        end_leftovers = self._leftovers.start(scope)

        def stop() -> None:
            for end in ends:
                end()
            following.cancel()
            end_leftovers()
            for _, task in self._tasks.values():
                task.cancel()

        return stop

    def _restored(self, event: DatabaseRestored) -> None:
        self._of_a_backup = True
        self._changed.set()

    async def look(self, strategy_id: str) -> datetime | None:
        """Do what is due of one strategy; gives when something will be, None when it is not active."""
        run = await self._store.read(self._user, running_one, strategy_id)
        if run is None:
            return None
        if run.config.version != run.activation.version:
            await self._switch_off(run, tr("It was changed since it was activated."))
            return None
        if run.trades:
            await self._placing.taking_back.narrow(run)
        due = []
        for decision in await self._store.read(
            self._user, lambda unit: unit.decisions.under_way(strategy_id)
        ):
            if decision.slot_at <= run.activation.since:
                # Of an earlier activation, with other money or another account.
                await self._store.run(self._user, _let_go, decision)
                continue
            again = await self._carry_out(run, decision)
            if again is not None:
                due.append(again)
        timing = run.timing
        now = self._clock.now()
        slot = timing.newest(now)
        if slot is not None and slot.closes_at > run.served_until:
            if now < slot.closes_at + SETTLE:
                return min(*due, slot.closes_at + SETTLE) if due else slot.closes_at + SETTLE
            again = await self._serve(run, timing, slot, busy=bool(due))
            if again is not None:
                due.append(again)
        # Counted from the look: a bar that closed meanwhile is looked at next, and at once.
        due.append(timing.next_close(now) + SETTLE)
        return min(due)

    async def _serve(self, run: Running, timing: Timing, slot: Slot, *, busy: bool) -> datetime | None:
        """Decide on a bar, once; gives when to go on with it."""
        now = self._clock.now()
        run = await self._give_up_older(run, slot)
        passed = timing.count_between(run.served_until, slot.closes_at)
        before = await self._store.read(self._user, before_of, run)
        made = drawn_up(run, slot, now)
        if busy or before.working:
            reason = tr("What was decided on the bar before is still under way.")
            made = replace(made, state=DecisionState.SKIPPED, reason=reason)
        elif now >= slot.valid_until:
            made = replace(made, state=DecisionState.MISSED, reason=_missed(passed))
        else:
            try:
                made = await self._decide(run, timing, slot, before, now)
            except Changed as error:
                await self._switch_off(run, error.message)
                return None
            if passed and made.state in {DecisionState.DONE, DecisionState.DUE}:
                made = replace(made, reason=f"{made.reason} {_went_by(passed)}".strip())
        kept = await self._store.run(self._user, _keep, made)
        if kept.state is DecisionState.WITHHELD and now < slot.valid_until:
            return now + min(max((now - slot.closes_at) / 10, _SHORTEST), _LONGEST)
        await self._served(run, kept)
        if kept.state is DecisionState.DUE:
            return await self._carry_out(run, kept)
        return None

    async def _decide(
        self, run: Running, timing: Timing, slot: Slot, before: Before, now: datetime
    ) -> Decision:
        made_up = not run.trades or await self._store.read(self._user, _is_demo, run.activation.account)
        return await self._deciding.decide(run, timing, slot, before, now, self._costs, made_up=made_up)

    async def _hears(self, run: Running, slot: Slot) -> tuple[Heard, ...]:
        return await self._store.read(self._user, _heard, run, slot)

    async def _carry_out(self, run: Running, decision: Decision) -> datetime | None:
        after, again = await self._placing.carry_out(run, decision)
        if again is None:
            await self._store.run(self._user, _tell_outcome, run, after)
        return again

    async def _give_up_older(self, run: Running, slot: Slot) -> Running:
        """Let go of the bar before, of which no fit prices came in time."""

        def give_up(unit: Unit) -> Running:
            newest = unit.decisions.newest(run.config.id, 1)
            if not newest or not run.served_until < newest[0].slot_at < slot.closes_at:
                return run
            _serve(unit, run, newest[0])
            return running_one(unit, run.config.id) or run

        return await self._store.run(self._user, give_up)

    async def _served(self, run: Running, decision: Decision) -> None:
        failures = await self._store.run(self._user, _serve, run, decision)
        if failures >= MOST_FAILURES:
            text = tr("It failed {count} times in a row: {reason}", count=failures, reason=decision.reason)
            await self._switch_off(run, text)

    async def _note_fault(self, strategy_id: str) -> None:
        """Count a fault of ours as one of the strategy: whoever meets it again and again is switched off."""
        text = tr("It met a fault, which the log has.")

        def note(unit: Unit) -> tuple[Running | None, int]:
            run = running_one(unit, strategy_id)
            if run is None:
                return None, 0
            return run, unit.scheduled_jobs.ran(run.job.id, run.served_until, text, failed=True).failures

        with suppress(PufflingError):
            run, failures = await self._store.run(self._user, note)
            if run is not None and failures >= MOST_FAILURES:
                await self._switch_off(run, text)

    async def _tell_trouble(self, strategy_id: str, reason: str) -> bool:
        """Tell that a strategy cannot be looked after, and keep it as its state; False when that fails."""
        text = tr("It could not be looked after: {reason}", reason=reason)

        def note(unit: Unit) -> None:
            run = running_one(unit, strategy_id)
            if run is not None:
                unit.scheduled_jobs.ran(run.job.id, run.served_until, text, failed=True)
                said = tr("{name} decides on nothing. {reason}", name=run.config.name, reason=text)
                tell(unit, run, said, severity="warning")

        try:
            await self._store.run(self._user, note)
        except PufflingError as error:
            _log.warning("That could not be told either: %s", error)
            return False
        return True

    async def _switch_off(self, run: Running, reason: str) -> None:
        # First, while it cannot be taken for one that was stopped before: its own task does this.
        try:
            await self._placing.taking_back.withdraw(run)
        except Exception:  # noqa: BLE001  the edge: a fault here may be why it is switched off
            _log.exception("What %s left cannot be taken back yet", run.config.name)
            await self._store.run(self._user, switch_off, run, reason)
        else:
            await self._store.run(self._user, _switched_off, run, reason)

    async def _follow(self, scope: TaskScope) -> None:
        """Run what is active, and nothing else."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                if self._of_a_backup:
                    await self._store.run(self._user, switch_off_after_restore)
                    self._of_a_backup = False
                active = await self._store.read(self._user, running)
            except Exception as error:  # noqa: BLE001  the edge: what the person changes next must be taken up
                bug = not isinstance(error, PufflingError)
                _log.warning("Active strategies cannot be read: %s", error, exc_info=bug)
                await self._clock.sleep(_AGAIN_SECONDS)
                self._changed.set()
                continue
            wanted = {run.config.id: run.activation for run in active}
            for id, (activation, task) in tuple(self._tasks.items()):
                if wanted.get(id) != activation:
                    task.cancel()
                    del self._tasks[id]
            for id in wanted.keys() - self._tasks.keys():
                task = scope.spawn(self._live(id), name=f"strategies.{id}")
                self._tasks[id] = (wanted[id], task)

    async def _live(self, strategy_id: str) -> None:
        failed, told = 0, False
        while True:
            try:
                again = await self.look(strategy_id)
            except PufflingError as error:
                # The next look may find what this one did not.
                _log.warning("The strategy %s could not be looked after: %s", strategy_id, error)
                failed += 1
                if failed >= _TROUBLE and not told:
                    told = await self._tell_trouble(strategy_id, str(error))
                await self._clock.sleep(_AGAIN_SECONDS)
                continue
            except Exception:  # noqa: BLE001  the edge: the others go on, and this one is switched off in time
                _log.exception("The strategy %s met a fault", strategy_id)
                await self._note_fault(strategy_id)
                await self._clock.sleep(_AGAIN_SECONDS)
                continue
            if again is None:
                return
            failed, told = 0, False
            await self._clock.sleep_until(again)


def _switched_off(unit: Unit, run: Running, reason: str) -> None:
    switch_off(unit, run, reason)
    for each in ended(unit, run.config.id):
        if each.activation == run.activation:
            conclude(unit, each)


def _heard(unit: Unit, run: Running, slot: Slot) -> tuple[Heard, ...]:
    """Give all closes a strategy with orders of its own heard of, with the one it is to hear of now."""
    before = unit.decisions.last_heard(run.config.id, run.activation.since, MOST_BARS)
    heard = (each.heard for each in before if each.slot_at < slot.closes_at and each.heard is not None)
    return (*heard, seen_by(unit, run, slot))


def _keep(unit: Unit, made: Decision) -> Decision:
    """Write a decision down; one that waits for prices is made anew, any other stands."""
    known = unit.decisions.add(made)
    if known.id != made.id and known.state is DecisionState.WITHHELD:
        return unit.decisions.put(replace(made, id=known.id))
    return known


def _let_go(unit: Unit, decision: Decision) -> None:
    reason = tr("It was deactivated before.")
    unit.decisions.put(replace(decision, state=DecisionState.SKIPPED, reason=reason))


def _serve(unit: Unit, run: Running, decision: Decision) -> int:
    """Take note that a bar was decided on, tell what is to be told, and give how often it failed in a row."""
    _tell_outcome(unit, run, decision)
    if run.activation.mode is not StrategyMode.MONITOR:
        _tell_signals(unit, run, decision)
    failed = decision.state is DecisionState.FAILED
    outcome = decision.reason or str(decision.state)
    return unit.scheduled_jobs.ran(run.job.id, decision.slot_at, outcome, failed=failed).failures


def _tell_signals(unit: Unit, run: Running, decision: Decision) -> None:
    """Tell where the strategy has changed its mind since it last said something."""
    since = run.activation.since
    last = unit.decisions.last_said(run.config.id, since=since, before=decision.slot_at)
    said = {} if last is None else {aim.symbol: aim.target for aim in last.aims}
    for aim in decision.aims:
        before = said.get(aim.symbol, 0.0)
        if decision.heard is not None and aim.target * before > 0.0:
            # What it holds is worth another share on every bar: that is no change of mind.
            continue
        if aim.target != before:
            tell(unit, run, _signal_words(decision, aim.symbol, before, aim.target), aim.symbol)


def _tell_outcome(unit: Unit, run: Running, decision: Decision) -> None:
    """Tell what a person has to know: what was not decided, missed, or refused. The same is told once."""
    older = [each for each in unit.decisions.newest(run.config.id, 5) if each.slot_at < decision.slot_at]
    name, bar = run.config.name, f"{decision.bar_at:%Y-%m-%d %H:%M} UTC"
    said = {
        DecisionState.WITHHELD: tr("{name} did not decide on the bar of {bar}: {reason}",
                                   name=name, bar=bar, reason=decision.reason),
        DecisionState.MISSED: tr("{name} missed the bar of {bar}: {reason}",
                                 name=name, bar=bar, reason=decision.reason),
        DecisionState.SKIPPED: tr("{name} skipped the bar of {bar}: {reason}",
                                  name=name, bar=bar, reason=decision.reason),
        DecisionState.FAILED: tr("{name} failed on the bar of {bar}: {reason}",
                                 name=name, bar=bar, reason=decision.reason),
    }.get(decision.state, "")  # fmt: skip
    refused = [order for order in decision.orders if order.fate is Fate.REFUSED]
    if decision.state is DecisionState.DONE and refused:
        said = tr("An order of {name} was refused: {reason}", name=name, reason=refused[0].text)
    again = bool(older) and (older[0].state, older[0].reason) == (decision.state, decision.reason)
    # What was missed is told each time: nobody else would ever know.
    if said and (not again or decision.state is DecisionState.MISSED):
        tell(unit, run, said, refused[0].symbol if refused else "", severity="warning")


def _signal_words(decision: Decision, symbol: str, before: float, target: float) -> str:
    return tr(
        "{name}: {symbol} {now} (was {before}) on the bar of {bar}",
        name=decision.strategy,
        symbol=symbol,
        now=stance(target),
        before=stance(before),
        bar=f"{decision.bar_at:%Y-%m-%d %H:%M} UTC",
    )


def stance(target: float) -> str:
    """Say which way a target stands."""
    if target == 0.0:
        return tr("out")
    return (
        tr("long {share}", share=f"{target:.0%}")
        if target > 0
        else tr("short {share}", share=f"{-target:.0%}")
    )


def _missed(passed: int) -> str:
    text = tr("Puffling was not running while it could be acted on.")
    return f"{text} {_went_by(passed)}" if passed else text


def _went_by(passed: int) -> str:
    if passed == 1:
        return tr("1 bar before it went by.")
    if passed >= MOST_COUNTED:
        return tr("More than {count} bars before it went by.", count=passed)
    return tr("{count} bars before it went by.", count=passed)


def _is_demo(unit: Unit, account: str) -> bool:
    return unit.accounts.get(account).mode == Mode.DEMO.value
