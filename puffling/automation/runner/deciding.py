"""Asks a strategy what to hold after a bar, and says what of that is to be traded."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from puffling.automation.runner.acting import acted
from puffling.automation.runner.activation import Running
from puffling.automation.runner.own import own_book
from puffling.automation.runner.series import Unfit, fit_series, step_of
from puffling.automation.runner.timing import Slot, Timing
from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.orders import Sizing, Steps
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.sizing import terms_for
from puffling.puffin.data.instants import to_us
from puffling.runtime.errors import Conflict, InvalidInput, PufflingError
from puffling.runtime.text import tr
from puffling.store.decisions import Aim, Decision, DecisionState, Fate, PlannedOrder
from puffling.store.orders import ApprovalState, Intent, OrderState
from puffling.trading.approvals import UNANSWERED
from puffling.trading.states import ENDED

if TYPE_CHECKING:
    from puffling.puffin.backtest.aims import Aims
    from puffling.puffin.backtest.heard import Heard
    from puffling.puffin.backtest.hearing import Acts
    from puffling.puffin.data.bars import Bars
    from puffling.puffin.factors.declaration import Setting
    from puffling.puffin.strategies.asking import Settled
    from puffling.puffin.strategies.recipe import Recipe
    from puffling.store.database import Unit

Costs = Callable[[str], tuple[SlippageModel, CommissionModel]]


class Asked(Protocol):
    """Who asks strategies what they want: the shelf, or in a rehearsal the one strategy there is."""

    async def recipe(self, name: str, parameters: Mapping[str, Setting]) -> tuple[Recipe, Settled]:
        """Give what makes this strategy, after making sure that it can be made."""
        ...

    async def aims(self, recipe: Recipe, series: Mapping[str, Bars], terms: Terms, sizing: Sizing) -> Aims:
        """Give what a strategy wants to hold after the newest bar, as shares of its money."""
        ...

    async def acts(
        self,
        recipe: Recipe,
        series: Mapping[str, Bars],
        heard: Sequence[Heard],
        terms: Terms,
        rule: Rule,
        *,
        first_us: int,
        steps: Steps,
    ) -> Acts:
        """Give what a strategy with orders of its own says to the last close it heard of."""
        ...


class Changed(Conflict):
    """The strategy is not the one that was activated any more."""

    code = "strategy_changed"


@frozen
class Before:
    """What a strategy has carried out so far: its targets, None for one that did not come about.

    `working` is a symbol of which an order is still under way, empty when there is none.
    """

    targets: dict[str, float | None]
    working: str = ""


def terms_of(run: Running, costs: tuple[SlippageModel, CommissionModel]) -> Terms:
    """Give the terms under which quantities are worked out."""
    made, (slippage, commission) = run.activation, costs
    return Terms(capital=made.capital, slippage=slippage, commission=commission, size=made.size, lot=made.lot)


class Deciding:
    """Makes decisions; nothing is written and nothing is ordered here."""

    def __init__(
        self, market: Market, shelf: Asked, hears: Callable[[Running, Slot], Awaitable[tuple[Heard, ...]]]
    ) -> None:
        """`hears` gives all closes that a strategy with orders of its own heard of, with the newest one."""
        self._market = market
        self._shelf = shelf
        self._hears = hears

    async def decide(
        self, run: Running, timing: Timing, slot: Slot, before: Before, now: datetime, costs: Costs,
        *, made_up: bool,
    ) -> Decision:  # fmt: skip
        """Give what a strategy says after a bar; what kept it from saying something is the reason."""
        drawn = drawn_up(run, slot, now)
        try:
            return await self._decided(drawn, run, timing, slot, before, costs, made_up=made_up)
        except Changed:
            raise
        except Unfit as error:
            return replace(drawn, state=DecisionState.WITHHELD, reason=error.message)
        except PufflingError as error:
            # Too few bars are the prices' fault, everything else the strategy's.
            short = isinstance(error, InvalidInput) and error.field == "data"
            state = DecisionState.WITHHELD if short else DecisionState.FAILED
            return replace(drawn, state=state, reason=error.message)

    async def _decided(
        self, drawn: Decision, run: Running, timing: Timing, slot: Slot, before: Before, costs: Costs,
        *, made_up: bool,
    ) -> Decision:  # fmt: skip
        config = run.config
        recipe, settled = await self._shelf.recipe(config.strategy, config.parameters)
        if code_of(recipe, settled) != run.activation.code:
            if recipe.own is None:
                text = tr("The package of {name} is not as it was when it was activated.", name=config.name)
                raise Changed(text)
            raise Changed(tr("The file of {name} is not the one it was activated with.", name=config.name))
        series = await fit_series(
            self._market,
            config.symbols,
            timing,
            slot,
            since_us=to_us(run.activation.since),
            bars_needed=settled.bars_needed,
            made_up=made_up,
        )
        if settled.trades and run.trades:
            heard = await self._hears(run, slot)
            first = timing.newest(timing.next_close(run.activation.since)) or slot
            sizing = Sizing(run.activation.sizing)
            acts = await self._shelf.acts(
                recipe,
                series,
                heard,
                terms_for(sizing, terms_of(run, costs(run.activation.account))),
                Rule(sizing, run.activation.size),
                first_us=to_us(first.bar_at),
                steps=await self._steps(config.symbols),
            )
            closes = {symbol: float(series[symbol].close[-1]) for symbol in config.symbols}
            return acted(drawn, heard[-1], acts, closes)
        # What trading costs is counted when orders are worked out.
        terms = terms_of(run, (SlippageModel(), CommissionModel()))
        said = await self._shelf.aims(recipe, series, terms, Sizing(run.activation.sizing))
        aims = []
        for symbol, target in zip(said.symbols, said.weights, strict=True):
            known = before.targets.get(symbol, 0.0)
            changed = known is None or known != target or said.rebalance
            aims.append(Aim(symbol, target, known, changed, float(series[symbol].close[-1])))
        moved = any(aim.changed for aim in aims)
        return replace(
            drawn,
            state=DecisionState.DUE if moved and run.trades else DecisionState.DONE,
            reason="" if moved else tr("Nothing changes."),
            aims=tuple(aims),
        )

    async def _steps(self, symbols: Iterable[str]) -> Steps:
        """Give the steps of prices."""
        return {symbol: step_of(await self._market.learn(symbol)) for symbol in symbols}


def code_of(recipe: Recipe, settled: Settled) -> str:
    """Give what tells that a strategy is the same still: the digest of a person's file, or of a package."""
    return recipe.own.digest if recipe.own else settled.package


def drawn_up(run: Running, slot: Slot, now: datetime) -> Decision:
    """Give the form of a decision, before anything is decided."""
    config, made = run.config, run.activation
    return Decision(
        id=secrets.token_hex(8),
        strategy_id=config.id,
        strategy=config.name,
        version=config.version,
        mode=made.mode,
        account=made.account,
        slot_at=slot.closes_at,
        bar_at=slot.bar_at,
        opens_at=slot.opens_at,
        valid_until=slot.valid_until,
        state=DecisionState.WITHHELD,
        reason="",
        aims=(),
        orders=(),
        decided_at=now,
        updated_at=now,
    )


def before_of(unit: Unit, run: Running) -> Before:
    """Give what a strategy has carried out so far, by what became of the orders of its last decision."""
    last = unit.decisions.last_said(run.config.id, since=run.activation.since)
    if last is None:
        return Before(_taken_on(unit, run))
    if last.heard is not None:
        # Its orders may wait for as long as it likes; it is told of them.
        return Before({})
    if not run.trades:
        return Before({aim.symbol: aim.target for aim in last.aims})
    targets: dict[str, float | None] = {}
    working = ""
    for aim in last.aims:
        targets[aim.symbol] = aim.before
        if aim.changed:
            ended = [_ended(unit, order) for order in last.orders if order.symbol == aim.symbol]
            carried_out = last.state is DecisionState.DONE and all(ended)
            targets[aim.symbol] = aim.target if carried_out else None
            if None in ended:
                working = aim.symbol
    return Before(targets, working)


def _taken_on(unit: Unit, run: Running) -> dict[str, float | None]:
    """What is held from an earlier time is brought to whatever the strategy says first."""
    if not run.trades:
        return {}
    made = run.activation
    book = own_book(
        unit, run.config.id, made.account, run.config.symbols, Decimal(repr(made.capital)), made.since
    )
    return {symbol: None if part.held else 0.0 for symbol, part in book.parts.items()}


def intent_of(unit: Unit, order: PlannedOrder) -> Intent | None:
    """Give what the desk made of an order, also when the person said yes to it later; None for nothing."""
    if order.intent_id:
        return unit.intents.find(order.intent_id)
    if order.fate is not Fate.ASKED:
        return None
    account = unit.approvals.get(order.approval_id).terms.account
    found = unit.intents.newest(1_000, account=account, symbol=order.symbol)
    return next((each for each in found if each.approval_id == order.approval_id), None)


def slot_of(decision: Decision, order: PlannedOrder) -> str:
    """Give the occasion of an order: of one close a strategy may send the same order twice, and means two."""
    slot = decision.slot_at.isoformat()
    return f"{slot}#{order.number}" if order.number else slot


def version_of(decision: Decision) -> str:
    """Give who wants the orders of a decision: a strategy, in a version."""
    return f"{decision.strategy_id}.{decision.version}"


def is_asked(unit: Unit, order: PlannedOrder) -> bool:
    """Tell whether an order waits for the person's yes still."""
    if order.fate is not Fate.ASKED:
        return False
    approval = unit.approvals.get(order.approval_id)
    return approval.state in UNANSWERED and unit.now < approval.valid_until


def _ended(unit: Unit, order: PlannedOrder) -> bool | None:
    """Tell whether an order did what it was to do; None while that is open."""
    if order.fate is Fate.ASKED and unit.approvals.get(order.approval_id).state is ApprovalState.DECLINED:
        # The person said no to it: it is not asked again before the strategy changes its mind.
        return True
    intent = intent_of(unit, order)
    if intent is None:
        return False
    if intent.state in {OrderState.FILLED, OrderState.REPLACED}:
        return True
    return False if intent.state in ENDED else None
