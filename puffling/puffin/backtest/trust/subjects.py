"""What a verdict asks of a strategy, answered alike for those that say what to hold and those that trade.

Everything is asked of what is really traded: after sizes, costs and protections, across splits.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Protocol

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.engine import Backtester, BacktestResult, bars_a_year
from puffling.puffin.backtest.metrics import per_bar, returns_of, sharpe_ratios
from puffling.puffin.backtest.panel import Floats, Ints, Panel
from puffling.puffin.backtest.splits import Actions, comparable
from puffling.puffin.backtest.targets import Targets, Tested, targets_of, trader_of
from puffling.puffin.backtest.trust.foresight import (
    Foresight,
    WarmUp,
    blind,
    blind_cuts,
    cuts,
    foresight,
    warm_up,
)
from puffling.puffin.backtest.trust.stress import dearer, later, neighbours, returns_of_many, turnable
from puffling.puffin.backtest.view import Said, Trader
from puffling.puffin.backtest.walk_forward import WalkForward, walk_equity, walk_targets
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy
from puffling.puffin.strategies.trading import TradingStrategy

Pulse = Callable[[], None]
# What a rule of sizes makes of what was said.
Size = Callable[[Targets], Targets]

# A walk goes through about so many prices in a second; all that are made for one check are about this many.
_MOST_WALKED = 400_000
_LEAST_ASKED, _MOST_ASKED = 12, 40
_LEAST_AROUND, _MOST_AROUND, _MOST_TRADING = 8, 81, 16


@frozen(eq=False)
class Around:
    """A strategy and its neighbours in parameters, its own set first.

    `longer` counts the neighbours that need a longer history than there is.
    """

    returns: Floats  # (bars, sets)
    ratios: Floats
    longer: int

    @property
    def count(self) -> int:
        """How many neighbours there are."""
        return len(self.ratios) - 1


class Subject(Protocol):
    """A strategy under examination: what it came to, and what it comes to elsewhere."""

    traded: Panel
    result: BacktestResult
    # What stood at every close, as shares of the equity.
    weights: Floats

    @property
    def passive(self) -> bool:
        """Whether it holds the same all the time: then there is no timing to judge."""
        ...

    @property
    def time(self) -> Ints:
        """The times of all bars, those before trading too."""
        ...

    @property
    def moves(self) -> Panel:
        """The traded prices, comparable across splits."""
        ...

    def foresight(self, pulse: Pulse) -> Foresight:
        """Ask again with less history."""
        ...

    def warm_up(self, pulse: Pulse) -> WarmUp | None:
        """Ask without the beginning of history; None where that is no fair question."""
        ...

    def dearer(self) -> BacktestResult:
        """Give what is left at twice the costs."""
        ...

    def later(self) -> BacktestResult:
        """Give what is left when everything comes a bar later."""
        ...

    def forward(self) -> WalkForward:
        """Give how it did in stretches and in those that followed them."""
        ...

    def around(self, pulse: Pulse) -> Around | None:
        """Give what it and its neighbours came to; None where no declared number can be turned."""
        ...


class Holding:
    """A strategy that says what to hold."""

    def __init__(
        self,
        strategy: Tested,
        panel: Panel,
        backtester: Backtester,
        *,
        since: int = 0,
        actions: Actions | None = None,
        size: Size | None = None,
        examined: bool = True,
    ) -> None:
        self._strategy, self._backtester = strategy, backtester
        self._since, self._actions, self._size = since, actions, size
        self._panel = comparable(panel, actions)
        self.traded = panel.part(since, len(panel))
        # What is judged begins where trading does; whether it sees ahead is asked about all of history.
        self._blind = blind(self._asking(backtester.pulse), self._panel) if examined else []
        self._told = targets_of(strategy, self._panel)
        self._targets = self._sized(self._told)
        self.weights: Floats = self._targets.weights
        self.result = backtester.hold(self._targets, self.traded, actions=actions)

    @property
    def passive(self) -> bool:
        """Whether its weights never change."""
        return bool((self.weights == self.weights[-1]).all())

    @property
    def time(self) -> Ints:
        """The times of all bars."""
        return self._panel.time

    @property
    def moves(self) -> Panel:
        """The traded prices, comparable across splits."""
        return self._panel.part(self._since, len(self._panel))

    def foresight(self, pulse: Pulse) -> Foresight:
        """Ask for its signals again."""
        return foresight(self._asking(pulse), self._panel, self._told.weights, before=self._blind)

    def warm_up(self, pulse: Pulse) -> WarmUp | None:
        """Ask for its signals without the first quarter of history."""
        if not isinstance(self._strategy, Strategy):
            return None
        needed = self._strategy.bars_needed()
        return warm_up(self._asking(pulse), self._panel, self._told.weights, needed)

    def dearer(self) -> BacktestResult:
        """Give what is left at twice the costs."""
        tester = self._backtester.under(dearer(self._backtester.terms))
        return tester.hold(self._targets, self.traded, actions=self._actions)

    def later(self) -> BacktestResult:
        """Give what is left when every target is reached a bar later."""
        return self._backtester.hold(later(self._targets), self.traded, actions=self._actions)

    def forward(self) -> WalkForward:
        """Trade each stretch by itself."""
        return walk_targets(self._targets, self.traded, self._backtester, actions=self._actions)

    def around(self, pulse: Pulse) -> Around | None:
        """Trade what its neighbours say, sized and protected as it is."""
        strategy, tester, panel = self._strategy, self._backtester, self._panel
        if not isinstance(strategy, Strategy) or not _is_turnable(strategy):
            return None
        together = isinstance(strategy, PortfolioStrategy)
        bars = len(panel) if together else int(panel.present.sum(axis=0).min())
        kind, (sets, longer) = type(strategy), _beside(strategy, bars)
        if together or tester.needs_a_walk or self._actions:

            def returns(parameters: dict[str, Setting]) -> Floats:
                targets = self._sized(targets_of(kind.made_of(parameters), panel))
                return returns_of(tester.hold(targets, self.traded, actions=self._actions).equity)

            return _around(self.traded, sets, longer, returns, pulse, _MOST_AROUND)
        told = returns_of_many(
            kind, sets, panel, tester.terms, since=self._since, size=self._size, pulse=pulse
        )
        return Around(*told, longer)

    def _sized(self, told: Targets) -> Targets:
        sized = told if self._size is None else self._size(told)
        return sized.part(self._since, len(self._panel))

    def _asking(self, pulse: Pulse) -> Callable[[Panel], Floats]:
        def ask(panel: Panel) -> Floats:
            pulse()
            return targets_of(self._strategy, panel).weights

        return ask


class Trading:
    """A strategy that sends its own orders; each run is made with another copy of it."""

    def __init__(
        self,
        trader: Trader,
        panel: Panel,
        backtester: Backtester,
        *,
        since: int = 0,
        actions: Actions | None = None,
        examined: bool = True,
    ) -> None:
        self._trader, self._panel, self._backtester = copy.deepcopy(trader), panel, backtester
        self._since, self._actions = since, actions
        self._blind = [*self._beginnings(blind_cuts(len(panel), since + 2))] if examined else []
        self.result = self._run(backtester, panel)
        self.traded = panel.part(since, len(panel))
        held, equity = self.result.held, self.result.equity
        assert held is not None
        worth = np.where(equity > 0.0, equity, np.inf)[:, None]
        self.weights: Floats = held * self.traded.marks / worth

    @property
    def passive(self) -> bool:
        """Whether it never left what it entered."""
        return not len(self.result.trades)

    @property
    def time(self) -> Ints:
        """The times of all bars."""
        return self._panel.time

    @cached_property
    def moves(self) -> Panel:
        """The traded prices, comparable across splits."""
        return comparable(self._panel, self._actions).part(self._since, len(self._panel))

    def foresight(self, pulse: Pulse) -> Foresight:
        """Let it trade again where history ends earlier: until then it must send the same orders."""
        told = self.result.said
        if self._run(self._backtester, self._panel).said != told:
            return Foresight(1, repeatable=False)
        asked = 1
        for cut, again in chain(reversed(self._blind), self._beginnings(self._cuts(told))):
            pulse()
            asked += 1
            bar = cut - self._since - 1 if again is None else _first_apart(told, again, cut - self._since)
            if bar >= 0:
                return Foresight(asked, self._since + bar)
        return Foresight(asked)

    def warm_up(self, pulse: Pulse) -> WarmUp | None:
        """What it does hangs on what it holds, and so on where it began."""
        return None

    def dearer(self) -> BacktestResult:
        """Let it trade at twice the costs."""
        return self._run(self._backtester.under(dearer(self._backtester.terms)), self._panel)

    def later(self) -> BacktestResult:
        """Let it hear of every close a bar later."""
        return self._run(self._backtester, self._panel, late=1)

    def forward(self) -> WalkForward:
        """Cut what it came to into stretches."""
        return walk_equity(self.result)

    def around(self, pulse: Pulse) -> Around | None:
        """Let its neighbours trade."""
        trader, tester = self._trader, self._backtester
        if not isinstance(trader, TradingStrategy) or not _is_turnable(trader):
            return None
        kind, (sets, longer) = type(trader), _beside(trader, len(self._panel))

        def returns(parameters: dict[str, Setting]) -> Floats:
            made = kind.made_of(parameters)
            done = tester.trade(made, self._panel, since=self._since, actions=self._actions)
            return returns_of(done.equity)

        return _around(self.traded, sets, longer, returns, pulse, _MOST_TRADING)

    def _run(self, tester: Backtester, panel: Panel, *, late: int = 0) -> BacktestResult:
        trader = copy.deepcopy(self._trader)
        return tester.trade(trader, panel, since=self._since, late=late, actions=self._actions)

    def _beginnings(self, places: Iterable[int]) -> Iterator[tuple[int, Sequence[Said] | None]]:
        """Let it trade through the first bars only; None stands for one that fails without the others."""
        for cut in places:
            try:
                yield cut, self._run(self._backtester, _apart(self._panel.until(cut))).said
            except InvalidValue:
                continue
            except Exception:  # noqa: BLE001  the edge: what needs later bars fails as it likes without them
                yield cut, None

    def _cuts(self, told: Sequence[Said]) -> list[int]:
        """Give how many bars to leave, for each time of asking: mostly right after it said something."""
        spoke = np.zeros((len(self._panel), 1))
        for said in told:
            spoke[self._since + said.bar :] += 1.0
        every = cuts(self._panel, spoke, self._since + 2)
        most = min(len(every), _affordable(self._panel, _LEAST_ASKED, _MOST_ASKED))
        chosen: list[int] = every[np.linspace(0, len(every) - 1, most).astype(np.int64)].tolist()
        return chosen


def subject_of(
    strategy: Tested | Trader,
    panel: Panel,
    backtester: Backtester,
    *,
    since: int = 0,
    actions: Actions | None = None,
    size: Size | None = None,
    examined: bool = True,
) -> Subject:
    """Test a strategy in a way that it can be examined, if it will be.

    `size` is the rule that makes what is traded of what it says. Of one that sends its own orders copies are
    tested, so it must not have traded yet. Bars before `since` only warm up: what is decided on the close of
    that bar is traded first.
    """
    trader = trader_of(strategy)
    if trader is not None:
        return Trading(trader, panel, backtester, since=since, actions=actions, examined=examined)
    assert isinstance(strategy, Tested)
    return Holding(strategy, panel, backtester, since=since, actions=actions, size=size, examined=examined)


def _is_turnable(strategy: Strategy) -> bool:
    return turnable(type(strategy), strategy.get_parameters()) > 0


def _beside(strategy: Strategy, bars: int) -> tuple[list[dict[str, Setting]], int]:
    """Give the sets around a strategy that so many bars are enough for, its own first, and count the rest."""
    kind = type(strategy)
    found = neighbours(kind, strategy.get_parameters())
    enough = [each for each in found if kind.made_of(each).bars_needed() <= bars]
    return enough, len(found) - len(enough)


def _around(
    traded: Panel,
    sets: Sequence[dict[str, Setting]],
    longer: int,
    returns: Callable[[dict[str, Setting]], Floats],
    pulse: Pulse,
    most: int,
) -> Around:
    """Give what sets came to, the first and as many others as there is time for."""
    most = _affordable(traded, _LEAST_AROUND, most)
    places = np.unique(np.linspace(0, len(sets) - 1, min(len(sets), most)).astype(np.int64))
    columns = []
    for place in places.tolist():
        pulse()
        columns.append(returns(sets[place]))
    bars = bars_a_year(traded)
    together = np.array(columns)
    return Around(together.T, sharpe_ratios(together, per_bar(0.05, bars), bars), longer)


def _affordable(panel: Panel, least: int, most: int) -> int:
    return min(max(_MOST_WALKED // max(panel.close.size, 1), least), most)


def _apart(panel: Panel) -> Panel:
    """Give the same bars in arrays of their own: of those behind them nothing is left to be found."""
    columns = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    return Panel(panel.symbols, panel.time.copy(), *(column.copy() for column in columns))


def _first_apart(told: Sequence[Said], again: Sequence[Said], end: int) -> int:
    """Give the first bar before an end at which not the same was said; -1 where there is none."""
    before, now = ([said for said in each if said.bar < end] for each in (told, again))
    for one, other in zip(before, now, strict=False):
        if one != other:
            return min(one.bar, other.bar)
    if len(before) == len(now):
        return -1
    return max(before, now, key=len)[min(len(before), len(now))].bar
