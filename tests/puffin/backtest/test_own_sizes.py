"""How large an order of a strategy's own is made that leaves its quantity open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult, bars_a_year
from puffling.puffin.backtest.orders import Sizing, Ticket
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.targets import Targets
from puffling.puffin.backtest.view import View
from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Side
from puffling.puffin.strategies.bracket_breakout import BracketBreakoutStrategy
from tests.puffin.backtest.markets import panel_of_rows, real

COSTS: dict[str, Any] = {
    "slippage": SlippageModel(pct=0.0005),
    "commission": CommissionModel(per_share=0.005, minimum=1.0),
}


class Turns:
    """Stands as it is told, with market orders of open quantity: leaves first, then enters anew."""

    def __init__(self, told: Mapping[str, list[float]]) -> None:
        self._told = told
        self._stands = dict.fromkeys(told, 0.0)

    def on_bar(self, view: View) -> None:
        """Bring every symbol to where it is told to stand."""
        for symbol in view.symbols:
            wants, held = self._told[symbol][view.bar], view.position(symbol)
            if wants == self._stands[symbol]:
                continue
            self._stands[symbol] = wants
            if held:
                view.send(Ticket(symbol, Side.SELL if held > 0.0 else Side.BUY, abs(held)))
            if wants:
                view.send(Ticket(symbol, Side.BUY if wants > 0.0 else Side.SELL))


class Once:
    """Sends one order on the first close."""

    def __init__(self, ticket: Ticket, **how: Any) -> None:
        self._ticket = ticket
        self._how = how

    def on_bar(self, view: View) -> None:
        """Send it."""
        if not view.bar:
            view.send(self._ticket, **self._how)


def traded(trader: Any, panel: Panel, rule: Sizing, terms: Terms) -> BacktestResult:
    """A test with orders of its own under a rule."""
    made = Backtester(terms=terms_for(rule, terms), rule=Rule(rule, terms.size))
    return made.trade(trader, panel)


def filled(result: BacktestResult) -> list[tuple[Any, ...]]:
    """The fills, to the last bit, in an order that both can be put in."""
    return sorted(
        (fill.timestamp, fill.symbol, fill.side, fill.qty, fill.price, fill.commission)
        for fill in result.fills
    )


def signs(seed: int, bars: int) -> list[float]:
    """Where to stand after every close: for some bars the same, never twice the same in a row."""
    draw = np.random.default_rng(seed)
    told: list[float] = []
    while len(told) < bars:
        told += [float(draw.integers(-1, 2))] * int(draw.integers(1, 12))
    return told[:bars]


def market(seed: int, bars: int) -> Bars:
    """Part of a real history."""
    bars_of = real(("AAPL", "IBM", "MSFT")[seed % 3])
    first = seed % (len(bars_of) - bars)
    return bars_of[first : first + bars]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    rule=st.sampled_from([Sizing.EQUITY, Sizing.FIXED, Sizing.VOLATILITY, Sizing.KELLY]),
    size=st.sampled_from([0.1, 0.3, 0.5, 1.0]),
    lot=st.sampled_from([1.0, 0.01]),
    costs=st.sampled_from([{}, COSTS]),
)
def test_the_same_strategy_as_signals_and_as_its_own_orders_makes_the_same_fills(
    seed: int, rule: Sizing, size: float, lot: float, costs: dict[str, Any]
) -> None:
    panel = Panel.of({"S": market(seed, 320)})
    told = signs(seed, len(panel))
    # One that grows out of its fixed size could buy more of it only by leaving; it has room here.
    terms = Terms(size=size, lot=lot, leverage=2.0, **costs)
    targets = Targets(np.array(told)[:, None])
    wanted = sized(targets, panel, terms, rule, bars_a_year=bars_a_year(panel))
    signalled = Backtester(terms=terms_for(rule, terms)).hold(wanted, panel)
    assert filled(traded(Turns({"S": told}), panel, rule, terms)) == filled(signalled)
    assert signalled.fills or rule is Sizing.KELLY


@pytest.mark.parametrize("rule", [Sizing.EQUITY, Sizing.FIXED, Sizing.VOLATILITY, Sizing.KELLY])
def test_so_it_does_with_several_symbols(rule: Sizing) -> None:
    panel = Panel.of({"AAPL": real("AAPL")[:600], "IBM": real("IBM")[:600]})
    # Never both on one open: what the one then costs, the other would know a moment later only.
    bars = len(panel)
    one, other = ([stance for stance in signs(seed, bars) for _ in range(2)] for seed in (7, 4))
    told = {"AAPL": one[:bars], "IBM": other[1 : bars + 1]}
    terms = Terms(size=0.2, leverage=4.0, **COSTS)
    weights = np.array([told["AAPL"], told["IBM"]]).T / 2.0
    wanted = sized(Targets(weights), panel, terms, rule, bars_a_year=bars_a_year(panel))
    signalled = Backtester(terms=terms_for(rule, terms)).hold(wanted, panel)
    assert filled(traded(Turns(told), panel, rule, terms)) == filled(signalled)
    assert len(signalled.fills) > (0 if rule is Sizing.KELLY else 60)


FLAT = (100.0, 100.0, 100.0, 100.0)


def test_by_risk_an_order_may_lose_its_share_at_its_own_stop() -> None:
    panel = panel_of_rows([FLAT, FLAT, (100.0, 100.0, 94.0, 95.0)])
    symbol = panel.symbols[0]
    terms = Terms(capital=100_000.0, size=0.02)
    # 2,000 at risk, 5 for each: 400.
    made = traded(Once(Ticket(symbol, Side.BUY), stop_loss=95.0), panel, Sizing.RISK, terms)
    assert [(fill.side, fill.qty, fill.price) for fill in made.fills] == [
        ("buy", 400.0, 100.0),
        ("sell", 400.0, 95.0),
    ]
    assert made.final_value == 98_000.0
    # At its limit of 98 a share loses 3 only; 666 of them would cost 65,268.
    panel = panel_of_rows([FLAT, (100.0, 100.0, 97.0, 99.0)])
    order = Ticket(symbol, Side.BUY, kind=Kind.LIMIT, limit=98.0)
    made = traded(Once(order, stop_loss=95.0), panel, Sizing.RISK, terms)
    assert [(fill.side, fill.qty, fill.price) for fill in made.fills] == [("buy", 666.0, 98.0)]
    # Who sells short is stopped above.
    panel = panel_of_rows([FLAT, FLAT])
    made = traded(Once(Ticket(symbol, Side.SELL), stop_loss=110.0), panel, Sizing.RISK, terms)
    assert [(fill.side, fill.qty) for fill in made.fills] == [("sell", 200.0)]


def test_by_risk_a_stop_nearby_asks_for_no_more_than_the_leverage_gives() -> None:
    panel = panel_of_rows([FLAT, FLAT])
    order = Ticket(panel.symbols[0], Side.BUY)
    made = traded(Once(order, stop_loss=99.9), panel, Sizing.RISK, Terms(capital=100_000.0, size=0.02))
    assert [fill.qty for fill in made.fills] == [1_000.0]


def test_by_risk_an_order_needs_a_stop_that_lies_behind_it() -> None:
    panel = panel_of_rows([FLAT, FLAT])
    order = Ticket(panel.symbols[0], Side.BUY)
    with pytest.raises(InvalidValue) as caught:
        traded(Once(order), panel, Sizing.RISK, Terms())
    assert caught.value.field == "sizing"
    made = traded(Once(order, stop_loss=101.0), panel, Sizing.RISK, Terms())
    assert made.fills == []
    assert [each.reason for each in made.refusals] == ["Its stop lies beyond the price it met"]


@pytest.mark.parametrize("rule", [*Sizing])
def test_an_order_that_names_its_quantity_keeps_it(rule: Sizing) -> None:
    panel = panel_of_rows([FLAT, FLAT])
    order = Ticket(panel.symbols[0], Side.BUY, 7.0)
    assert [fill.qty for fill in traded(Once(order), panel, rule, Terms(size=0.5)).fills] == [7.0]


def test_a_market_order_is_sized_at_the_price_it_meets_and_its_exits_with_it() -> None:
    panel = panel_of_rows([FLAT, (80.0, 81.0, 79.0, 80.0), (80.0, 100.0, 80.0, 100.0)])
    order = Ticket(panel.symbols[0], Side.BUY)
    made = traded(Once(order, take_profit=90.0), panel, Sizing.EQUITY, Terms(capital=10_000.0))
    assert [(fill.side, fill.qty, fill.price) for fill in made.fills] == [
        ("buy", 125.0, 80.0),
        ("sell", 125.0, 90.0),
    ]


def test_a_share_takes_that_part_of_what_the_rule_gives() -> None:
    panel = panel_of_rows([FLAT, FLAT])
    order = Ticket(panel.symbols[0], Side.BUY)
    terms = Terms(capital=10_000.0)
    assert [fill.qty for fill in traded(Once(order, share=0.3), panel, Sizing.EQUITY, terms).fills] == [30.0]
    with pytest.raises(InvalidValue) as caught:
        traded(Once(order, share=1.5), panel, Sizing.EQUITY, terms)
    assert caught.value.field == "share"


def test_kelly_needs_experience_which_a_strategy_has_before_it_bets() -> None:
    panel = Panel.of({"S": market(0, 300)})
    moves = np.zeros(300)
    moves[:-2] = panel.open[2:, 0] / panel.open[1:-1, 0] - 1.0
    good = np.where(moves > 0.0, 1.0, -1.0).tolist()
    winner = traded(Turns({"S": good}), panel, Sizing.KELLY, Terms(leverage=2.0))
    assert winner.held is not None
    assert not winner.held[:60].any()
    assert winner.held[100:].all()
    assert traded(Turns({"S": [-each for each in good]}), panel, Sizing.KELLY, Terms()).fills == []


@pytest.mark.parametrize("rule", [Sizing.VOLATILITY, Sizing.KELLY, Sizing.RISK])
def test_no_size_knows_what_comes(rule: Sizing) -> None:
    panel = Panel.of({"AAPL": market(0, 500)})
    terms = Terms(size=0.02, **COSTS)
    whole = traded(BracketBreakoutStrategy(window=5), panel, rule, terms)
    part = traded(BracketBreakoutStrategy(window=5), panel.until(400), rule, terms)
    until = part.fills[-1].timestamp
    assert len(part.fills) > 10
    assert part.fills == [fill for fill in whole.fills if fill.timestamp <= until]


def test_a_breakout_by_risk_loses_about_as_much_each_time() -> None:
    panel = Panel.of({"AAPL": market(0, 1_500)})
    terms = Terms(size=0.01, leverage=2.0)
    strategy = BracketBreakoutStrategy(window=10, risk=0.05, share=1.0)
    made = traded(strategy, panel, Sizing.RISK, terms)
    trades = made.trades
    losses = trades.profit[trades.profit < 0.0]
    assert len(losses) > 5
    # A gap costs more.
    assert np.median(losses) == pytest.approx(-1_000.0, rel=0.15)
