"""Strategies that run by themselves: activated, deactivated, and what they decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, Field

from puffling.automation.runner.values import Activation, ActivationTerms, ActiveStrategy
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.puffin.backtest.orders import Sizing
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.errors import InvalidInput, NotFound, Refused
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.store.database import Store, Unit
from puffling.store.decisions import Decision, StrategyMode
from puffling.store.research import StrategyConfig
from puffling.trading.accounts.shelf import AccountShelf
from puffling.trading.accounts.values import AccountState
from puffling.trading.desk import OrderDesk
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.automation.runner.activation import Running

# What is typed out to let real money move.
LIVE_WORD = "LIVE"

Which = Annotated[
    str, Field(description="Name of the configured strategy, or its id.", min_length=1, max_length=120)
]
AccountName = Annotated[
    str, Field(description="Account by id or name; empty means the one that orders go to.", max_length=80)
]


class LiveStrategies(Controller, domain="strategies"):
    """Lets strategies run by themselves, and shows what they do."""

    def __init__(
        self,
        store: Store,
        market: Market,
        clock: Clock,
        shelf: StrategyShelf,
        accounts: AccountShelf,
        desk: OrderDesk,
        live: LiveSettings,
    ) -> None:
        self._store = store
        self._market = market
        self._clock = clock
        self._shelf = shelf
        self._accounts = accounts
        self._desk = desk
        self._live = live

    @capability(
        title="List active strategies",
        effect=Effect.READ,
        http="GET /api/strategies/active",
        tool="list_active_strategies",
    )
    async def active(self) -> tuple[ActiveStrategy, ...]:
        """Show the strategies that run by themselves, with the last decision and when the next is due."""
        from puffling.automation.runner.activation import running

        def work(unit: Unit) -> list[tuple[Running, Decision | None, str]]:
            found = []
            for run in running(unit):
                newest = unit.decisions.newest(run.config.id, 1)
                account = unit.accounts.find(run.activation.account)
                found.append((run, newest[0] if newest else None, "" if account is None else account.label))
            return found

        return tuple(self._told(*each) for each in await self._store.read(current_caller().user, work))

    @capability(
        title="Activate strategy", effect=Effect.WRITE, http="POST /api/strategies/{strategy}/activate"
    )
    async def activate(
        self,
        strategy: Which,
        mode: Annotated[
            Literal["monitor", "alert", "auto-trade"],
            Field(description="monitor records its signals, alert also tells them."),
        ] = "monitor",
    ) -> ActiveStrategy:
        """Let a strategy decide by itself on each bar from now on, and record or tell what it says."""
        if mode == StrategyMode.AUTO_TRADE.value:
            raise Refused(
                tr("Letting a strategy trade is for the person at the machine only."),
                hint=tr("Activate it in the window, or with: puffling strategies let-trade"),
            )
        config = await self._config(strategy)
        return await self._activate(config, StrategyMode(mode), "", 10_000.0, 1.0, Sizing.EQUITY, 1.0)

    @capability(title="Let strategy trade", effect=Effect.GUARD)
    async def let_trade(
        self,
        strategy: Which,
        money: Annotated[
            float, Field(description="Money it works with.", gt=0, le=1e12, allow_inf_nan=False)
        ],
        account: AccountName = "",
        size: Annotated[
            float,
            Field(description="Share of that money its positions take at full signals.", gt=0, le=1),
        ] = 1.0,
        sizing: Annotated[
            Sizing,
            Field(
                description="What size means: a share of what its money has become (equity), of the money at"
                " first (fixed), of a year's movement (volatility), of Kelly's share (kelly), or with orders"
                " of its own what each may lose at its stop (risk)."
            ),
        ] = Sizing.EQUITY,
        lot: Annotated[
            float,
            Field(description="Quantities are multiples of this; 0 is as fine as can be.", ge=0, le=1e6),
        ] = 1.0,
        live: Annotated[
            str, Field(description="For an account with real money: the word LIVE.", max_length=10)
        ] = "",
        seen: Annotated[
            AwareDatetime | None,
            Field(description="When what was looked at was last changed; left out, it is what there is."),
        ] = None,
    ) -> ActiveStrategy:
        """Let a strategy place orders by itself on an account, within every limit there is."""
        config = await self._config(strategy)
        if seen is not None:
            # A grant is for what the person saw, whoever changed it since.
            config = replace(config, updated_at=seen)
        where = (await self._account(account)).id
        await self._refuse_live(where, live)
        return await self._activate(config, StrategyMode.AUTO_TRADE, where, money, size, sizing, lot)

    @capability(
        title="Deactivate strategy", effect=Effect.WRITE, http="POST /api/strategies/{strategy}/deactivate"
    )
    async def deactivate(self, strategy: Which) -> StrategyConfig:
        """Let a strategy no longer run by itself; what it holds stays held, with the ways out of it."""
        from puffling.automation.runner.activation import deactivate, ended

        config = await self._config(strategy)
        if not config.enabled:
            raise NotFound(tr("{name} is not active.", name=config.name))
        user = current_caller().user

        def work(unit: Unit) -> tuple[StrategyConfig, tuple[Running, ...]]:
            return deactivate(unit, config.id, tr("It was deactivated before.")), ended(unit, config.id)

        stopped, left = await self._store.run(user, work)
        for run in left:
            from puffling.automation.runner.taking_back import TakingBack

            # What it had sent would still open a position that nobody looks after.
            await TakingBack(self._store, self._desk, user).finish(run)
        return stopped

    @capability(
        title="List decisions of strategy",
        effect=Effect.READ,
        http="GET /api/strategies/{strategy}/decisions",
        tool="get_strategy_decisions",
    )
    async def decisions(
        self,
        strategy: Which,
        limit: Annotated[int, Field(description="The newest so many.", ge=1, le=1_000)] = 50,
    ) -> tuple[Decision, ...]:
        """Show what a strategy decided on each bar, why, and what became of it, the newest first."""

        def work(unit: Unit) -> tuple[Decision, ...]:
            try:
                id = unit.strategies.get(strategy).id
            except NotFound:
                # What was decided outlives the strategy that decided it.
                id = strategy
                if not unit.decisions.newest(id, 1):
                    raise
            return unit.decisions.newest(id, limit)

        return await self._store.read(current_caller().user, work)

    @capability(
        title="Show what strategy may do", effect=Effect.READ, http="GET /api/strategies/{strategy}/terms"
    )
    async def terms(self, strategy: Which, account: AccountName = "") -> ActivationTerms:
        """Say what a strategy may do on an account once it trades by itself, and what binds it."""
        from puffling.automation.runner.earlier import earlier_orders
        from puffling.automation.runner.terms import terms_for

        config = await self._config(strategy)
        _, settled = await self._shelf.recipe(config.strategy, config.parameters)
        where = await self._account(account)
        view = await self._desk.account(where.id)
        earlier = await self._store.read(current_caller().user, earlier_orders, config.id, where.id)
        return terms_for(
            config,
            view.account,
            view.info,
            view.holdings,
            self._live.now.trading,
            sends_orders=settled.trades,
            earlier=earlier,
        )

    async def _activate(
        self,
        config: StrategyConfig,
        mode: StrategyMode,
        account: str,
        money: float,
        size: float,
        sizing: Sizing,
        lot: float,
    ) -> ActiveStrategy:
        from puffling.automation.runner.activation import activate, running_one
        from puffling.automation.runner.deciding import code_of

        recipe, settled = await self._shelf.recipe(config.strategy, config.parameters)
        if mode is StrategyMode.AUTO_TRADE:
            _refuse_rules(sizing, sends_orders=settled.trades)
        calendar = await self._calendar(config)
        wanted = Activation(
            strategy_id=config.id,
            version=config.version,
            code=code_of(recipe, settled),
            mode=mode,
            account=account,
            capital=money,
            size=size,
            sizing=sizing.value,
            lot=lot,
            since=self._clock.now(),
        )

        def work(unit: Unit) -> tuple[Running | None, str]:
            activate(unit, wanted, calendar, config.updated_at)
            found = unit.accounts.find(account) if account else None
            return running_one(unit, config.id), "" if found is None else found.label

        run, label = await self._store.run(current_caller().user, work)
        assert run is not None
        return self._told(run, None, label)

    async def _calendar(self, config: StrategyConfig) -> str:
        """Give by which hours its bars close; more than one kind of hours has no common bar."""
        if not config.symbols:
            raise InvalidInput(
                tr("{name} has no symbols.", name=config.name),
                field="symbols",
                hint=tr("Say which symbols it is for first."),
            )
        names = {(await self._market.learn(symbol)).calendar for symbol in config.symbols}
        if len(names) > 1:
            raise InvalidInput(
                tr("The symbols of {name} trade at different hours.", name=config.name),
                field="symbols",
                hint=tr("Make one strategy for each kind of hours."),
            )
        return names.pop()

    async def _refuse_live(self, account: str, typed: str) -> None:
        state = await self._accounts.get(account)
        if state.account.mode == Mode.LIVE.value and typed != LIVE_WORD:
            raise Refused(
                tr("{account} moves real money.", account=state.account.label),
                hint=tr("Type the word {word} to let this strategy trade there.", word=LIVE_WORD),
            )

    async def _account(self, name: str) -> AccountState:
        return await (self._accounts.get(name) if name else self._accounts.chosen())

    async def _config(self, strategy: str) -> StrategyConfig:
        return await self._store.read(current_caller().user, lambda unit: unit.strategies.get(strategy))

    def _told(self, run: Running, decision: Decision | None, label: str) -> ActiveStrategy:
        config, job = run.config, run.job
        return ActiveStrategy(
            id=config.id,
            name=config.name,
            strategy=config.strategy,
            symbols=config.symbols,
            interval=config.interval,
            activation=run.activation,
            account_label=label,
            next_at=run.timing.next_close(self._clock.now()),
            last_outcome=job.last_outcome,
            failures=job.failures,
            decision=decision,
        )


def _refuse_rules(sizing: Sizing, *, sends_orders: bool) -> None:
    if sizing is Sizing.RISK and not sends_orders:
        raise InvalidInput(
            tr("Sizes by risk need a stop loss, which strategies that run by themselves do not have."),
            field="sizing",
            hint=tr("Choose a share of the equity, or by volatility."),
        )
