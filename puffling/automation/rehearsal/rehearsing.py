"""Gathers what a rehearsal needs, and says what is kept of it and how that is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from puffling.automation.rehearsal.values import Rehearsal, RehearsalLine, RehearsedOrder
from puffling.automation.runner.series import step_of
from puffling.automation.strategies import StrategyShelf
from puffling.market.market import Market
from puffling.market.ranges import warmed_up_from
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue
from puffling.runtime.clock import moment_of
from puffling.runtime.errors import InvalidInput
from puffling.runtime.jobs import Job
from puffling.runtime.text import tr
from puffling.settings.model import Settings
from puffling.store.research import Attempt, StoredRehearsal, StrategyConfig

if TYPE_CHECKING:
    from puffling.automation.rehearsal.task import Lived, RehearsalTask

LEAST_BARS = 5
MOST_BARS = 5_000
_PERCENT = 100.0


async def task_of(
    market: Market,
    shelf: StrategyShelf,
    settings: Settings,
    config: StrategyConfig,
    *,
    first: date,
    last: date,
    money: float,
    account: float,
    size: float,
    agrees: bool,
) -> RehearsalTask:
    """Gather the bars and the terms of a rehearsal."""
    from puffling.automation.rehearsal.task import RehearsalTask
    from puffling.puffin.backtest.costs import CommissionModel, SlippageModel

    recipe, settled = await shelf.recipe(config.strategy, config.parameters)
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(23, 59, 59), UTC)
    interval = Interval(config.interval)
    early_us = warmed_up_from(Span(to_us(start), to_us(start)), settled.bars_needed, interval)
    series: dict[str, Bars] = {}
    steps: dict[str, Decimal | None] = {}
    hours = set()
    source = ""
    for symbol in config.symbols:
        Job.current().progress(0, 1, tr("Reading {symbol}", symbol=symbol))
        known = await market.learn(symbol)
        hours.add(known.calendar)
        steps[symbol] = step_of(known)
        history = await market.bars(symbol, interval, early_us, to_us(end))
        series[symbol] = history.closed
        source = source or history.source
    _refuse(config, hours, series, start)
    paper = settings.paper
    return RehearsalTask(
        recipe=recipe,
        settled=settled,
        symbols=config.symbols,
        interval=config.interval,
        hours=hours.pop(),
        series=series,
        source=source,
        start=start,
        end=min(end, moment_of(max(int(bars.time[-1]) for bars in series.values()) + interval.us)),
        capital=money,
        account=max(account, money),
        size=size,
        sizing="equity",
        lot=1.0,
        slippage=SlippageModel(pct=paper.slippage_percent / _PERCENT),
        commission=CommissionModel(flat=paper.commission, per_share=paper.commission_per_share),
        leverage=paper.leverage,
        short=paper.short,
        limits={f"trading.{name}": value for name, value in settings.trading.model_dump(mode="json").items()},
        agrees=agrees,
        steps=steps,
    )


def _refuse(config: StrategyConfig, hours: set[str], series: Mapping[str, Bars], start: datetime) -> None:
    if not config.symbols:
        raise InvalidInput(tr("{name} has no symbols.", name=config.name), field="symbols")
    if len(hours) > 1:
        raise InvalidInput(
            tr("The symbols of {name} trade at different hours.", name=config.name), field="symbols"
        )
    for symbol, bars in series.items():
        inside = int((bars.time >= to_us(start)).sum())
        if not LEAST_BARS <= inside <= MOST_BARS:
            raise InvalidInput(
                tr("There are {count} bars of {symbol} to live through; {least} to {most} can be.",
                   count=inside, symbol=symbol, least=LEAST_BARS, most=MOST_BARS),
                field="start",
                hint=tr("Choose another range."),
            )  # fmt: skip


def kept_of(task: RehearsalTask, lived: Lived) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Give how it was asked, what a list shows, and the rest, as plain values."""
    request = {
        "symbols": list(task.symbols),
        "interval": task.interval,
        "start": task.start.isoformat(),
        "end": task.end.isoformat(),
        "capital": task.capital,
        "account": task.account,
        "size": task.size,
        "agrees": task.agrees,
        "parameters": dict(task.recipe.parameters),
        "strategy": task.recipe.strategy,
    }
    fates = [each.fate for each in lived.made]
    summary = {
        "final": lived.equity[-1] if lived.equity else task.capital,
        "tested": lived.tested_equity[-1] if lived.tested_equity else task.capital,
        "orders": fates.count("filled"),
        "refused": fates.count("refused"),
        "asked": lived.asked,
        "undecided": lived.undecided,
        "same": not lived.differences,
    }
    report = {
        "time": [each.isoformat() for each in lived.time],
        "equity": list(lived.equity),
        "tested_equity": list(lived.tested_equity),
        "made": [{**asdict(each), "at": each.at.isoformat()} for each in lived.made],
        "differences": list(lived.differences),
    }
    return request, summary, report


def attempt_of(task: RehearsalTask, lived: Lived, first: date, last: date, made_by: str) -> Attempt:
    """Give what stands in the ledger of a rehearsal: its backtest was looked at like any other."""
    import numpy as np

    from puffling.automation.research.task import attempt_digest
    from puffling.automation.research.values import Leaving
    from puffling.puffin.backtest.metrics import returns_of
    from puffling.puffin.backtest.trust.same_data import data_key
    from puffling.puffin.backtest.trust.sharpe import Track

    parameters = dict(task.recipe.parameters)
    asked = {
        "strategy": task.recipe.strategy,
        "leaving": Leaving().model_dump(mode="json"),
        "size": task.size,
        "sizing": task.sizing,
        "leverage": 1.0,
        "lot": task.lot,
        "volume_cap": 0.0,
        "intrabar": "pessimistic",
        "adjusted": True,
        "start": first.isoformat(),
        "end": last.isoformat(),
    }
    returns = returns_of(np.array(lived.tested_equity))
    try:
        ratio = Track.of(returns).sharpe
    except InvalidValue:
        ratio = 0.0
    return Attempt(
        data_key=data_key(task.source, task.series, task.interval),
        digest=attempt_digest(asked, parameters, task.recipe),
        strategy=task.recipe.strategy,
        parameters=parameters,
        made_by=made_by,
        sharpe=ratio,
        bars=len(returns),
    )


def line_of(stored: StoredRehearsal) -> RehearsalLine:
    """Give what a list shows of a rehearsal."""
    return RehearsalLine(**_head(stored))


def whole_of(stored: StoredRehearsal) -> Rehearsal:
    """Give a whole rehearsal."""
    report = stored.report
    return Rehearsal(
        **_head(stored),
        time=tuple(datetime.fromisoformat(each) for each in report["time"]),
        equity=tuple(report["equity"]),
        tested_equity=tuple(report["tested_equity"]),
        made=tuple(
            RehearsedOrder(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in report["made"]
        ),
        differences=tuple(report["differences"]),
        request=stored.request,
    )


def _head(stored: StoredRehearsal) -> dict[str, Any]:
    request = stored.request
    return {
        "id": stored.id,
        "strategy_id": stored.strategy_id,
        "name": stored.name,
        "symbols": tuple(request["symbols"]),
        "start": datetime.fromisoformat(request["start"]),
        "end": datetime.fromisoformat(request["end"]),
        "made_at": stored.made_at,
        "capital": request["capital"],
        **stored.summary,
    }
