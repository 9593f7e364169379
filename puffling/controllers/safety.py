"""The safety console: the state of trading, the switch that stops it, the limits, and going live."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from decimal import Decimal
from typing import Annotated

from pydantic import Field, JsonValue

from puffling.market.market import Market
from puffling.runtime.actor import Actor, current_caller
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError, Refused, Unavailable
from puffling.runtime.gate import Effect
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.store.events import DatabaseRestored
from puffling.store.orders import Holding
from puffling.trading.accounts.shelf import DEMO_FEED, AccountShelf
from puffling.trading.desk import OrderDesk
from puffling.trading.drill import DrillReport
from puffling.trading.events import TradingStateChanged
from puffling.trading.flags import write_live, write_restart
from puffling.trading.going_live import LivePlan, plan_for
from puffling.trading.halt import HaltSwitch
from puffling.trading.standing import StateOfTrading
from puffling.trading.values import (
    AccountView,
    CancelReport,
    FlattenReport,
    HaltReport,
    LimitView,
    Mode,
    NotDone,
    SafetyState,
)

# What is typed out to let real money move.
LIVE_WORD = "LIVE"
_OPENING_SECONDS = 10.0

Reason = Annotated[str, Field(description="Why, in your own words.", max_length=200)]
AccountName = Annotated[
    str, Field(description="Id of the account; empty means the first one, or all.", max_length=80)
]
LimitName = Annotated[
    str, Field(description="Name of the limit, such as orders_per_day.", min_length=1, max_length=60)
]
LimitValue = Annotated[JsonValue, Field(description="The new value.")]


class Safety(Controller):
    """The state of trading, the switch that stops it, and the limits no order goes beyond."""

    def __init__(
        self,
        switch: HaltSwitch,
        clock: Clock,
        bus: Bus,
        store: Store,
        live: LiveSettings,
        desk: OrderDesk,
        shelf: AccountShelf,
        market: Market,
        port: Port,
        paths: Paths,
    ) -> None:
        self._trading = StateOfTrading(switch, store, live, clock)
        self._switch = switch
        self._clock = clock
        self._bus = bus
        self._store = store
        self._live = live
        self._desk = desk
        self._shelf = shelf
        self._market = market
        self._port = port
        self._paths = paths
        self._shown = self.look()
        bus.on(DatabaseRestored, self._restored)

    @capability(
        title="Show trading state", effect=Effect.READ, http="GET /api/safety", tool="get_safety_state"
    )
    async def state(self) -> SafetyState:
        """Say whether orders may leave, in which mode, and why not when they may not."""
        return self.look()

    @capability(
        title="Halt trading",
        effect=Effect.WRITE,
        http="POST /api/safety/kill",
        tool="halt_trading",
        menu="Trade",
        shortcut="Ctrl+Shift+H",
        protective=True,
    )
    async def halt(
        self,
        reason: Reason = "",
        cancel_open: Annotated[
            bool, Field(description="Also cancel every open order, placed elsewhere or held here too.")
        ] = True,
    ) -> HaltReport:
        """Let no order leave from now on, until a person at the machine lifts it.

        New orders stop first. Positions stay as they are: closing them is an act of its own.
        """
        caller = current_caller()
        await self._trading.halt(caller.user, reason.strip() or tr("Halted by hand."), _who(caller.actor))
        state = self.refresh()
        cancelled, failed = await self._cancel_open() if cancel_open else (0, ())
        return HaltReport(
            state.trading, state.mode, state.reason, state.by, state.since, cancelled=cancelled, failed=failed
        )

    @capability(
        title="Wind down",
        effect=Effect.WRITE,
        http="POST /api/safety/reduce",
        tool="wind_down",
        menu="Trade",
        protective=True,
    )
    async def reduce(self, reason: Reason = "") -> SafetyState:
        """Let only orders leave that make a position smaller; a halt stays a halt."""
        caller = current_caller()
        words = reason.strip() or tr("Winding down.")
        await self._trading.reduce(caller.user, words, _who(caller.actor))
        return self.refresh()

    @capability(title="Resume trading", effect=Effect.GUARD, menu="Trade")
    async def resume(self) -> SafetyState:
        """Lift the halt, so that orders may leave again."""
        await self._trading.resume(current_caller().user)
        return self.refresh()

    @capability(title="Close everything", effect=Effect.GUARD, menu="Trade")
    async def flatten(self, account: AccountName = "") -> FlattenReport:
        """Cancel every order and close every position; afterwards only ways out leave, until you resume.

        Works while trading is halted.
        """
        caller = current_caller()
        views = await self._views(account)
        unreached: tuple[NotDone, ...] = ()
        if not account:
            late, unreached = await self._others(views)
            views += late
        if not views:
            raise NotFound(tr("No account is connected."), hint=tr("Connect a broker first."))
        # Behind whatever was on its way already: halted, nothing of that leaves any more.
        done = [await self._desk.cancel_all(view.account.id) for view in views]
        reason, by = tr("Everything was closed."), _who(caller.actor)
        await self._trading.halted_to_reducing(caller.user, reason, by)
        self.refresh()
        reports = [
            await self._desk.flatten(
                view.account.id,
                slot=secrets.token_hex(8),
                source=caller.actor.value,
                confirmed=tr("Close everything"),
            )
            for view in views
        ]
        return FlattenReport(
            sum(each.cancelled for each in done) + sum(each.cancelled for each in reports),
            tuple(intent for report in reports for intent in report.closing),
            tuple(failure for report in reports for failure in report.failed) + unreached,
        )

    @capability(
        title="Show limits", effect=Effect.READ, http="GET /api/safety/limits", tool="get_trading_limits"
    )
    async def limits(self, account: AccountName = "") -> tuple[LimitView, ...]:
        """Show every limit of trading, and how much of it is used up now."""
        from puffling.trading.limits import SECTION, limits_of
        from puffling.trading.usage import uses

        views = await self._views(account)
        used = {}
        if views:
            view, limits = views[0], limits_of(self._live.now.trading)
            worth = {each.symbol: each.quantity * self._price(each) for each in view.holdings}
            used = await self._store.read(current_caller().user, uses, view.account, view.info, limits, worth)
        found = []
        for name in type(self._live.now.trading).model_fields:
            setting, use = self._live.view(f"{SECTION}.{name}"), used.get(name)
            found.append(
                LimitView(
                    name,
                    setting.title,
                    setting.description,
                    setting.value,
                    setting.default,
                    setting.source,
                    setting.shape,
                    use.used if use is not None else None,
                    use.limit if use is not None else None,
                    use.text if use is not None else "",
                )
            )
        return tuple(found)

    @capability(
        title="Tighten limit",
        effect=Effect.WRITE,
        http="PUT /api/safety/limits/{limit}",
        tool="tighten_trading_limit",
        protective=True,
    )
    async def tighten(self, limit: LimitName, value: LimitValue) -> LimitView:
        """Make a limit of trading tighter; a looser value is refused."""
        return await self._set(limit, value, may_loosen=False)

    @capability(title="Loosen limit", effect=Effect.GUARD)
    async def loosen(self, limit: LimitName, value: LimitValue) -> LimitView:
        """Give a limit of trading any value it can have."""
        return await self._set(limit, value, may_loosen=True)

    @capability(title="Measure fall anew", effect=Effect.GUARD)
    async def measure_anew(
        self, account: Annotated[str, Field(description="Id of the account.", min_length=1, max_length=80)]
    ) -> tuple[LimitView, ...]:
        """Measure the fall from the peak from now on, after it stopped trading and you looked why."""
        await self._store.run(current_caller().user, write_restart, account)
        return await self.limits(account)

    @capability(title="Drill kill switch", effect=Effect.COMPUTE, http="POST /api/safety/drill", menu="Trade")
    async def drill(self) -> DrillReport:
        """Measure how long after the kill switch is pressed an order could still leave; nothing stops."""
        from puffling.trading.drill import drill

        return await drill(
            self._paths.data,
            store=self._store,
            port=self._port,
            clock=self._clock,
            user=current_caller().user,
        )

    @capability(title="Show what going live changes", effect=Effect.READ)
    async def live_plan(self, account: AccountName = "") -> LivePlan:
        """Say what going live with an account would change, and what is missing for it."""
        views = await self._views(account)
        if not views:
            raise NotFound(tr("No account is connected."), hint=tr("Connect a broker first."))
        return self._plan(views[0])

    @capability(title="Go live", effect=Effect.GUARD)
    async def go_live(
        self,
        account: Annotated[str, Field(description="Id of the account.", min_length=1, max_length=80)],
        word: Annotated[str, Field(description="LIVE, typed out.", max_length=20)],
    ) -> SafetyState:
        """Let real money move with this account from now on."""
        if word != LIVE_WORD:
            raise InvalidInput(
                tr("Type {word} to go live.", word=LIVE_WORD), field="word", hint=tr("In capital letters.")
            )
        (view,) = await self._views(account)
        plan = self._plan(view)
        if plan.missing:
            raise Unavailable(" ".join(plan.missing), hint=tr("Nothing was changed."))
        await self._store.run(current_caller().user, write_live, account, True)
        return self.refresh()

    @capability(
        title="Go back to paper",
        effect=Effect.WRITE,
        http="POST /api/safety/paper",
        tool="go_back_to_paper",
        menu="Trade",
        protective=True,
    )
    async def go_paper(self, account: AccountName = "") -> SafetyState:
        """Let no more orders leave that move real money; what is open there stays open."""
        user = current_caller().user
        for each in (account,) if account else self._trading.live_accounts():
            await self._store.run(user, write_live, each, False)
        return self.refresh()

    def look(self) -> SafetyState:
        """Give the state as it is at this instant, read from the switch itself."""
        standing = self._trading.look()
        return SafetyState(standing.state, self._mode(), standing.reason, standing.by, standing.since)

    def refresh(self) -> SafetyState:
        """Look again and tell everybody if the state changed: the switch also works from outside."""
        state = self.look()
        if state != self._shown:
            self._shown = state
            self._bus.publish(TradingStateChanged(state))
        return state

    def _mode(self) -> Mode:
        if self._trading.live_accounts():
            return Mode.LIVE
        return Mode.DEMO if DEMO_FEED in self._live.now.market.feeds else Mode.PAPER

    def _restored(self, event: DatabaseRestored) -> None:
        """Halt: what was ordered since the backup was made, these records do not know."""
        self._switch.press(
            tr("The backup {name} was restored: compare orders with the broker.", name=event.backup),
            tr("Puffling"),
            self._clock.now(),
        )
        self.refresh()

    async def _cancel_open(self) -> tuple[int, tuple[NotDone, ...]]:
        """Cancel everything open, everywhere at once: one broker that is silent holds up no other."""
        views = await self._desk.accounts()
        reports = await asyncio.gather(*(self._cancel_at(view) for view in views))
        late, unreached = await self._others(views)
        reports += await asyncio.gather(*(self._cancel_at(view) for view in late))
        failed = tuple(failure for report in reports for failure in report.failed)
        return sum(each.cancelled for each in reports), failed + unreached

    async def _others(
        self, views: tuple[AccountView, ...]
    ) -> tuple[tuple[AccountView, ...], tuple[NotDone, ...]]:
        """Give the accounts that opened beside these, and name those whose orders nobody here can reach."""
        with suppress(TimeoutError, PufflingError):
            async with asyncio.timeout(_OPENING_SECONDS):
                states = await self._shelf.all()
                known = {view.account.id for view in views}
                late = tuple(view for view in await self._connected("") if view.account.id not in known)
                known |= {view.account.id for view in late}
                return late, tuple(
                    NotDone(state.account.id, state.label, tr("It is not connected: {why}", why=state.reason))
                    for state in states
                    if state.account.id not in known
                )
        return (), ()

    async def _cancel_at(self, view: AccountView) -> CancelReport:
        try:
            return await self._desk.cancel_all(view.account.id)
        except PufflingError as error:
            return CancelReport(0, (NotDone(view.account.id, view.account.label, str(error)),))

    async def _views(self, account: str) -> tuple[AccountView, ...]:
        views = await self._connected(account)
        if not views:
            # Accounts are opened after everything else; a fault there must not keep anybody waiting.
            with suppress(TimeoutError):
                async with asyncio.timeout(_OPENING_SECONDS):
                    await self._shelf.opened()
            views = await self._connected(account)
        if account and not views:
            raise NotFound(
                tr("The account {account} is not connected.", account=account),
                hint=tr("Connect its broker first."),
            )
        return views

    async def _connected(self, account: str) -> tuple[AccountView, ...]:
        views = await self._desk.accounts()
        return tuple(view for view in views if not account or view.account.id == account)

    def _price(self, holding: Holding) -> Decimal:
        try:
            return Decimal(repr(float(self._market.price(holding.symbol).price)))
        except (NotFound, Unavailable):
            return holding.average_price

    async def _set(self, limit: str, value: object, *, may_loosen: bool) -> LimitView:
        from puffling.trading.limits import SECTION, changed

        name, environment = limit.removeprefix(f"{SECTION}."), self._live.environment

        def work(unit: Unit) -> None:
            # In one transaction, so that of two who tighten at once neither loosens.
            rows = {setting.key: setting.value for setting in unit.settings.all()}
            change = changed(rows, environment, name, value)
            if change.loosens and not may_loosen:
                raise Refused(
                    tr("{limit} would grow looser: only you may do that.", limit=name),
                    hint=tr("Do it in the Safety console, or with: puffling safety loosen"),
                )
            unit.settings.put(change.key, change.kept)

        await self._store.run(current_caller().user, work)
        return next(each for each in await self.limits() if each.name == name)

    def _plan(self, view: AccountView) -> LivePlan:
        is_live = view.account.id in self._trading.live_accounts()
        return plan_for(view, self._live.now, is_live=is_live)


def _who(actor: Actor) -> str:
    names = {
        Actor.PERSON: tr("you"),
        Actor.ASSISTANT: tr("the assistant"),
        Actor.AGENT: tr("the agent"),
        Actor.SCHEDULE: tr("a scheduled job"),
        Actor.HTTP: tr("a program over HTTP"),
        Actor.MCP: tr("a program over MCP"),
    }
    return names[actor]
