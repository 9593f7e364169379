"""The same strategy on the same bars: a paper account fills exactly as the backtester does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.backtest.costs import Carry, CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.backtest.walk import Walked, walk
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, us_to_day
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.puffin.strategies.bracket_breakout import BracketBreakoutStrategy
from puffling.puffin.strategies.macd import MacdStrategy
from puffling.puffin.strategies.mean_reversion import MeanReversionStrategy
from puffling.puffin.strategies.momentum import MomentumStrategy
from tests.puffin.backtest.markets import random_panel, random_targets, real
from tests.puffin.backtest.markets import terms as any_terms
from tests.puffin.broker.paper_walk import PaperWalk, days_in, filled_in

seeds = st.integers(0, 2**32 - 1)


class Anything:
    """Sends orders of every kind by the throw of a die, and takes some back."""

    def __init__(self, seed: int, lot: float, *, lasting: tuple[Lasting, ...] = tuple(Lasting)) -> None:
        self._draw = np.random.default_rng(seed)
        self._lot = lot
        self._lasting = lasting

    def on_bar(self, view: Any) -> None:
        """Throw the die at a close."""
        draw = self._draw
        for symbol in view.symbols:
            chance, price = draw.random(), view.close(symbol)
            if view.waiting and chance < 0.1:
                view.cancel(view.waiting[int(draw.integers(len(view.waiting)))])
            if not price > 0.0 or chance > 0.7:
                continue
            side = Side.BUY if draw.random() < 0.5 else Side.SELL
            kind = tuple(Kind)[int(draw.integers(len(Kind)))]
            sign, away = side.sign, price * draw.uniform(0.001, 0.05)
            limit = stop = trail = share = None
            if kind is Kind.LIMIT:
                limit = price - sign * away
            elif kind in {Kind.STOP, Kind.STOP_LIMIT}:
                stop = price + sign * away
                limit = stop + sign * away * draw.uniform(-0.2, 1.0) if kind is Kind.STOP_LIMIT else None
            elif kind is Kind.TRAILING_STOP and draw.random() < 0.5:
                trail = away
            elif kind is Kind.TRAILING_STOP:
                share = round(float(draw.uniform(0.01, 0.06)), 3)
            bracket = draw.random() < 0.4
            quantity = float(self._lot * draw.integers(1, 60))
            lasting = self._lasting[int(draw.integers(len(self._lasting)))]
            view.send(
                Ticket(symbol, side, quantity, kind, limit, stop, trail, share, lasting),
                take_profit=price * (1.0 + sign * draw.uniform(0.02, 0.1)) if bracket else None,
                stop_loss=price * (1.0 - sign * draw.uniform(0.02, 0.1)) if bracket else None,
            )


def gone(panel: Panel, terms: Terms, trader: Any, **how: Any) -> Walked:
    """A backtest whose sessions are those of the paper account."""
    return walk(panel, terms, trader=trader, day_of=days_in(panel), **how)


@settings(max_examples=150, deadline=None)
@given(
    seed=seeds,
    symbols=st.integers(1, 4),
    bars=st.integers(2, 60),
    gaps=st.booleans(),
    terms=any_terms,
    intrabar=st.sampled_from(Intrabar),
    cap=st.sampled_from([0.0, 0.0, 0.001, 0.01]),
    impact=st.sampled_from([0.0, 0.1]),
)
def test_orders_of_every_kind_fill_alike_long_and_short(
    seed: int,
    symbols: int,
    bars: int,
    gaps: bool,
    terms: Terms,
    intrabar: Intrabar,
    cap: float,
    impact: float,
) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=gaps)
    slippage = replace(terms.slippage, impact=impact)
    terms = replace(terms, volume_cap=cap, slippage=slippage, lot=1.0)
    tested = gone(panel, terms, Anything(seed, 1.0), intrabar=intrabar)
    on_paper = PaperWalk(panel, terms, intrabar=intrabar)
    assert on_paper.run(Anything(seed, 1.0)) == filled_in(tested)
    assert [on_paper.broker.held(symbol) for symbol in panel.symbols] == tested.held[-1].tolist()
    assert float(on_paper.broker.get_account().cash) == pytest.approx(tested.cash[-1], rel=1e-9, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(seed=seeds, symbols=st.integers(1, 5), bars=st.integers(2, 60), gaps=st.booleans(), terms=any_terms)
def test_targets_become_the_same_trades(seed: int, symbols: int, bars: int, gaps: bool, terms: Terms) -> None:
    panel = random_panel(seed, symbols=symbols, bars=bars, gaps=gaps)
    # The digits of a fraction that never ends are not money's, which is exact on paper.
    terms = replace(terms, lot=max(terms.lot, 1.0))
    targets = random_targets(seed, panel, runs=1)[0]
    rebalance = np.random.default_rng(seed).random(len(panel)) < 0.1
    tested = walk(panel, terms, targets=targets, rebalance=rebalance)
    on_paper = PaperWalk(panel, terms, leverage=100.0).run(targets=targets, rebalance=rebalance)
    assert on_paper == filled_in(tested)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, bars=st.integers(2, 60), every=st.integers(1, 9))
def test_who_is_killed_again_and_again_fills_as_if_nothing_had_happened(
    seed: int, bars: int, every: int
) -> None:
    panel = random_panel(seed, symbols=2, bars=bars, gaps=True)
    terms = Terms(capital=50_000.0, leverage=2.0)
    through = PaperWalk(panel, terms).run(Anything(seed, 1.0))
    assert PaperWalk(panel, terms, killed_every=every).run(Anything(seed, 1.0)) == through


@settings(max_examples=40, deadline=None)
@given(seed=seeds, width=st.sampled_from([1, 5, 30, 60]), days=st.integers(2, 6))
def test_orders_for_the_day_end_with_it_on_bars_of_minutes(seed: int, width: int, days: int) -> None:
    daily = random_panel(seed, symbols=1, bars=days * 13, gaps=False).bars("S0")
    each = np.arange(days * 13)
    time = (each // 13 + 20_000) * US_PER_DAY + 810 * US_PER_MINUTE + each % 13 * width * US_PER_MINUTE
    panel = Panel.of({"S0": Bars(time.astype(np.int64), *daily.columns())})
    lasting = (Lasting.DAY, Lasting.DAY, Lasting.GTC)
    tested = gone(panel, Terms(leverage=2.0), Anything(seed, 1.0, lasting=lasting))
    on_paper = PaperWalk(panel, Terms(leverage=2.0)).run(Anything(seed, 1.0, lasting=lasting))
    assert on_paper == filled_in(tested)


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    ratio=st.sampled_from([2.0, 1.5, 0.5, 3.0, 4.0]),
    day=st.integers(3, 30),
    dividend=st.sampled_from([0.0, 0.25]),
)
def test_splits_dividends_and_interest_do_the_same_to_both(
    seed: int, ratio: float, day: int, dividend: float
) -> None:
    panel = random_panel(seed, symbols=1, bars=40, gaps=False)
    actions = {"S0": (CorporateAction(us_to_day(int(panel.time[day])), ratio, dividend),)}
    carry = Carry(cash_rate=0.03, margin_rate=0.07, borrow_rate=0.02)
    terms = Terms(capital=20_000.0, leverage=2.0, carry=carry)
    tested = gone(panel, terms, Anything(seed, 12.0), actions=actions)
    on_paper = PaperWalk(panel, terms, actions=actions)
    assert on_paper.run(Anything(seed, 12.0)) == filled_in(tested)
    # The last close has paid for no time beyond it, on either side.
    assert float(on_paper.broker.get_account().cash) == pytest.approx(tested.cash[-1], rel=1e-9)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
def test_real_prices_fill_alike(symbol: str) -> None:
    panel = Panel.of({symbol: real(symbol)[:1_000]})
    fees = CommissionModel(per_share=0.005, minimum=1.0)
    terms = Terms(slippage=SlippageModel(pct=0.0005), commission=fees, leverage=2.0, volume_cap=0.0001)
    tested = gone(panel, terms, BracketBreakoutStrategy(window=10))
    on_paper = PaperWalk(panel, terms).run(BracketBreakoutStrategy(window=10))
    assert len(on_paper) > 40
    assert on_paper == filled_in(tested)


@pytest.mark.parametrize("strategy", [MomentumStrategy(), MeanReversionStrategy(), MacdStrategy()])
def test_strategies_that_say_what_to_hold_fill_alike_on_real_prices(strategy: Any) -> None:
    panel = Panel.of({symbol: real(symbol)[:1_000] for symbol in ("AAPL", "IBM")})
    terms = Terms(slippage=SlippageModel(pct=0.0005), commission=CommissionModel(per_share=0.005))
    targets = targets_of(strategy, panel)
    tested = walk(panel, terms, targets=targets.weights, rebalance=targets.rebalance)
    on_paper = PaperWalk(panel, terms, leverage=9.0).run(targets=targets.weights, rebalance=targets.rebalance)
    assert len(on_paper) > 10
    assert on_paper == filled_in(tested)


def test_a_broker_that_looks_at_the_money_beforehand_fills_alike_when_there_is_enough() -> None:
    panel = Panel.of({"IBM": real("IBM")[:800]})
    terms = Terms(capital=1e6, leverage=2.0)
    lasting = (Lasting.DAY, Lasting.GTC)
    tested = gone(panel, terms, Anything(5, 1.0, lasting=lasting))
    assert PaperWalk(panel, terms, strict=True).run(Anything(5, 1.0, lasting=lasting)) == filled_in(tested)
