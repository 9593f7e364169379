"""Strategies that send their own orders, through the core: tested, judged and refused like all others."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest

from puffling.automation.research.values import Leaving
from puffling.core.core import Core
from puffling.market.calendar import calendar
from puffling.puffin.backtest.days import ExchangeDays
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.reporting import trades_of
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.strategies.bracket_breakout import BracketBreakoutStrategy
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from tests.controllers.test_own_strategies import trust, write

pytestmark = pytest.mark.usefixtures("as_person")

START, END = date(2023, 1, 3), date(2024, 12, 31)
QUICK: dict[str, Any] = {"start": START, "end": END}

OWN = """from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Lasting, Side


class Dips:
    def __init__(self, percent: float = 2.0):
        self.percent = percent

    def on_bar(self, view):
        symbol, = view.symbols
        if not view.position(symbol):
            price = view.close(symbol)
            level = (1 - self.percent / 100) * price
            many = view.quantity_for(1.0, level)
            view.send(
                Ticket(symbol, Side.BUY, many, Kind.LIMIT, limit=level, lasting=Lasting.DAY),
                take_profit=1.04 * price,
                stop_loss=0.9 * price,
            )
"""
LATER = "view._walk.panel.close[min(view.bar + 1, len(view._walk.panel) - 1), 0]"


async def test_what_trades_is_offered_and_tested_with_the_figures_of_the_engine(core: Core) -> None:
    kind = next(kind for kind in await core.strategies.types() if kind.name == "bracket_breakout")
    assert kind.trades
    told = await core.backtests.run("bracket_breakout", ("SPY", "QQQ"), parameters={"window": 10}, **QUICK)
    report = await core.backtests.report(told.id)
    series = {}
    for symbol in ("SPY", "QQQ"):
        history = await core.market.bars(symbol, Interval.D1, report.manifest.first_us, day_to_us(END) + 1)
        series[symbol] = history.clean
    panel = Panel.of(series)
    days = ExchangeDays({symbol: calendar("XNYS").sessions for symbol in series})
    since = int((panel.time < day_to_us(START)).sum()) - 1
    assert since > 10
    direct = Backtester(day_of=days).trade(BracketBreakoutStrategy(window=10), panel, since=since)
    assert len(direct.trades) > 5
    assert report.curves.equity == tuple(direct.equity.tolist())
    assert report.trades == trades_of(direct)
    assert {trade.reason for trade in report.trades} <= {"stop loss", "take profit"}
    assert told.bars == len(panel) - since - 1


async def test_an_own_file_that_trades_gets_a_verdict_and_is_the_same_when_made_again(
    core: Core, paths: Paths
) -> None:
    write(paths, OWN, "dips")
    await trust(core, "dips")
    kind = next(kind for kind in await core.strategies.types() if kind.name == "own:dips")
    assert (kind.trades, [each.name for each in kind.parameters]) == (True, ["percent"])
    told = await core.backtests.run("own:dips", ("SPY",), START, END, parameters={"percent": 1.0})
    assert told.grade in set("ABCD")
    assert [each.check for each in told.reasons[:4]] == ["foresight", "trades", "costs", "delay"]
    assert told.reasons[0].outcome == "fine"
    assert told.metrics["total_trades"]
    assert (await core.backtests.verify(told.id)).identical
    saved = await core.strategies.create("Dips", "own:dips", ("SPY",), parameters={"percent": 1.0})
    again = await core.backtests.run(saved.name, (), START, END)
    assert again.metrics == told.metrics


async def test_an_own_file_that_looks_ahead_gets_the_worst_grade(core: Core, paths: Paths) -> None:
    write(paths, OWN.replace("view.close(symbol)", LATER), "dips")
    await trust(core, "dips")
    told = await core.backtests.run("own:dips", ("SPY",), START, END)
    assert told.grade == "F"
    assert "It knew what came later" in told.reasons[0].text


async def test_what_goes_wrong_at_a_close_is_named_with_its_line_and_nothing_is_kept(
    core: Core, paths: Paths
) -> None:
    write(paths, OWN.replace("view.close(symbol)", "view.closes[symbol]"), "dips")
    await trust(core, "dips")
    with pytest.raises(InvalidInput, match=r"dips\.py, line 12: AttributeError") as caught:
        await core.backtests.run("own:dips", ("SPY",), **QUICK)
    assert caught.value.field == "strategy"
    assert await core.backtests.all() == ()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"leaving": Leaving(stop_loss=0.1)}, "leaving.stop_loss"),
        ({"parameters": {"window": 0}}, "window"),
    ],
)
async def test_rules_that_its_orders_cannot_follow_are_refused_by_name(
    core: Core, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await core.backtests.run("bracket_breakout", ("SPY",), **QUICK, **wrong)
    assert caught.value.field == field
    assert await core.backtests.all() == ()


async def test_of_a_fixed_size_it_takes_a_share_of_the_first_capital(core: Core) -> None:
    asked: dict[str, Any] = {"symbols": ("SPY",), "parameters": {"share": 0.5}, **QUICK}
    fixed = await core.backtests.run("bracket_breakout", sizing=Sizing.FIXED, **asked)
    half = await core.backtests.run("bracket_breakout", size=0.5, **asked)
    [first, *_] = await core.backtests.trades(fixed.id)
    [smaller, *_] = await core.backtests.trades(half.id)
    assert first.quantity * first.entry_price == pytest.approx(50_000.0, rel=0.02)
    assert smaller.quantity * smaller.entry_price == pytest.approx(25_000.0, rel=0.02)


@pytest.mark.parametrize("rule", [Sizing.RISK, Sizing.VOLATILITY, Sizing.KELLY])
async def test_every_rule_sizes_what_it_leaves_open(core: Core, rule: Sizing) -> None:
    asked: dict[str, Any] = {"symbols": ("SPY",), "parameters": {"window": 5}, **QUICK}
    some = await core.backtests.run("bracket_breakout", size=0.02, sizing=rule, **asked)
    less = await core.backtests.run("bracket_breakout", size=0.01, sizing=rule, **asked)
    larger, smaller = await core.backtests.trades(some.id), await core.backtests.trades(less.id)
    pairs = list(zip(larger, smaller, strict=True))
    assert len(pairs) > 3 or rule is Sizing.KELLY
    for one, other in pairs:
        assert one.quantity == pytest.approx(2.0 * other.quantity, rel=0.1, abs=2.0)


async def test_an_order_that_names_its_quantity_keeps_it_whatever_the_rule(core: Core, paths: Paths) -> None:
    write(paths, OWN.replace("view.quantity_for(1.0, level)", "7.0"), "dips")
    await trust(core, "dips")
    told = await core.backtests.run("own:dips", ("SPY",), sizing=Sizing.RISK, size=0.01, **QUICK)
    assert {trade.quantity for trade in await core.backtests.trades(told.id)} == {7.0}


async def test_by_risk_an_order_of_open_quantity_needs_its_own_stop(core: Core, paths: Paths) -> None:
    write(paths, OWN.replace(", many,", ", None,").replace("stop_loss=0.9 * price,", ""), "dips")
    await trust(core, "dips")
    with pytest.raises(InvalidInput, match="need an order with a stop loss"):
        await core.backtests.run("own:dips", ("SPY",), sizing=Sizing.RISK, size=0.01, **QUICK)
    assert await core.backtests.all() == ()


async def test_its_signals_on_a_chart_are_how_it_stood(core: Core) -> None:
    table = await core.strategies.signals("bracket_breakout", "SPY", start=START, end=END, limit=1_000)
    assert set(table.signal) == {0.0, 1.0}
    history = await core.data.history("SPY", Interval.D1, START, END)
    assert len(table.signal) == len(history.closed)


async def test_an_order_that_could_not_be_paid_is_told(core: Core, paths: Paths) -> None:
    write(paths, OWN.replace("view.quantity_for(1.0, level)", "1e9"), "dips")
    await trust(core, "dips")
    told = await core.backtests.run("own:dips", ("SPY",), **QUICK)
    report = await core.backtests.report(told.id)
    assert report.refusals
    assert any(
        f"refused {len(report.refusals)} orders, the first for this: not enough buying power" in each
        for each in told.warnings
    )
    assert asdict(report.refusals[0])["symbol"] == "SPY"


async def test_prices_as_traded_come_to_the_same_across_a_split(core: Core) -> None:
    """TSLA of the demo market pays no dividends and was split in three."""
    asked: dict[str, Any] = {"symbols": ("TSLA",), "start": date(2022, 1, 3), "end": date(2022, 12, 30)}
    for strategy in ("momentum", "bracket_breakout"):
        corrected = await core.backtests.run(strategy, lot=0.0, **asked)
        traded = await core.backtests.run(strategy, lot=0.0, adjusted=False, **asked)
        assert corrected.metrics["total_trades"]
        assert traded.metrics == pytest.approx(corrected.metrics, rel=1e-6)
        assert [(each.check, each.outcome) for each in traded.reasons[:1]] == [("foresight", "fine")]
        assert traded.benchmark == "SPY"
        assert "TSLA was split on 2022-08-25: from then on it is counted in new shares." in traded.warnings
        assert not any("split" in each for each in corrected.warnings)
