"""The backtester as Puffin's users know it: a strategy and data in, a curve, fills and figures out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from puffling.puffin.backtest.costs import CommissionModel, SlippageModel, Terms
from puffling.puffin.backtest.days import DayOf, usual_day_of
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.metrics import DAYS_A_YEAR, figures
from puffling.puffin.backtest.orders import Fill, Order, Position, Sizing, Steps
from puffling.puffin.backtest.own_sizes import Rule, Sizes
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import FillColumns, simulate
from puffling.puffin.backtest.splits import Actions, Past, comparable
from puffling.puffin.backtest.targets import Targets, Tested, panel_of, targets_of, trader_of
from puffling.puffin.backtest.trades import Resized, TradeColumns, round_trips
from puffling.puffin.backtest.view import Said, Trader
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.backtest.walk import Refusal, Walked, walk
from puffling.puffin.data.instants import US_PER_DAY, from_us
from puffling.puffin.errors import InvalidValue, NotOffered
from puffling.puffin.strategies.trading import TradingStrategy

if TYPE_CHECKING:
    import pandas as pd

# A shadow is never short of money: that would be another strategy.
_PLENTY = 100.0

# What Puffin's users look for here, wherever it is written.
__all__ = [
    "BacktestResult",
    "Backtester",
    "CommissionModel",
    "Fill",
    "Order",
    "Position",
    "SlippageModel",
    "bars_a_year",
]


class BacktestResult:
    """What a test came to. Frames are made when they are asked for."""

    def __init__(
        self,
        equity_curve: pd.Series[float] | None = None,
        fills: Sequence[Fill] | None = None,
        initial_capital: float = 100_000.0,
        final_value: float = 0.0,
        *,
        panel: Panel | None = None,
        equity: Floats | None = None,
        columns: FillColumns | None = None,
        slippage: Floats | None = None,
        reasons: Sequence[str] = (),
        held: Floats | None = None,
        carry: Floats | None = None,
        refusals: Sequence[Refusal] = (),
        resized: Sequence[Resized] = (),
        said: Sequence[Said] = (),
    ) -> None:
        self.initial_capital = initial_capital
        self.final_value = final_value
        self.panel = panel
        self.columns = columns
        self.reasons = tuple(reasons)
        self.held = held
        self.carry = carry
        self.refusals = tuple(refusals)
        self.resized = tuple(resized)
        self.said = tuple(said)
        self._slippage = slippage
        self.equity: Floats = np.array([initial_capital]) if equity is None else equity
        if equity_curve is not None:
            self.equity_curve = equity_curve
            self.equity = np.asarray(equity_curve, dtype=np.float64)
        if fills is not None:
            self.fills = list(fills)

    @cached_property
    def equity_curve(self) -> pd.Series[float]:
        """What everything was worth at every close, on an index named Date."""
        import pandas as pd

        assert self.panel is not None
        index = pd.DatetimeIndex(self.panel.time.view("datetime64[us]"), name="Date")
        return pd.Series(self.equity, index=index, name="equity")

    @cached_property
    def fills(self) -> list[Fill]:
        """Every fill, in the order they happened."""
        if self.columns is None or self.panel is None:
            return []
        made, panel = self.columns, self.panel
        slippage = np.zeros(len(made)) if self._slippage is None else self._slippage
        rows = zip(*(each.tolist() for each in (made.bar, made.symbol, made.quantity)), strict=True)
        return [
            Fill(
                panel.symbols[symbol],
                "buy" if quantity > 0.0 else "sell",
                abs(quantity),
                float(made.price[place]),
                float(made.commission[place]),
                float(slippage[place]),
                from_us(int(panel.time[bar])),
            )
            for place, (bar, symbol, quantity) in enumerate(rows)
        ]

    @cached_property
    def trades(self) -> TradeColumns:
        """The round trips."""
        if self.columns is not None:
            return round_trips(self.columns, self.resized)
        symbols = list(dict.fromkeys(fill.symbol for fill in self.fills))
        signed = [fill.qty if fill.side == "buy" else -fill.qty for fill in self.fills]
        return round_trips(
            FillColumns(
                np.arange(len(self.fills)),
                np.array([symbols.index(fill.symbol) for fill in self.fills], dtype=np.int64),
                np.array(signed, dtype=np.float64),
                np.array([fill.price for fill in self.fills], dtype=np.float64),
                np.array([fill.commission for fill in self.fills], dtype=np.float64),
            )
        )

    @cached_property
    def bars_a_year(self) -> float:
        """How many bars a year has, found from the times of the bars."""
        return DAYS_A_YEAR if self.panel is None else bars_a_year(self.panel)

    @property
    def slippage_paid(self) -> float:
        """What slippage cost in all."""
        return 0.0 if self._slippage is None else float(self._slippage.sum())

    def metrics(self, risk_free_rate: float = 0.05) -> dict[str, float]:
        """Give the figures by name; the risk-free rate is that of a year."""
        return figures(
            self.equity,
            self.trades,
            risk_free_rate=risk_free_rate,
            bars_a_year=self.bars_a_year,
            held=self.held,
        )

    def positions(self) -> list[Position]:
        """Give what is held at the end, with what the closed trades of each symbol brought."""
        if self.columns is None or self.panel is None:
            return []
        told = []
        for place, symbol in enumerate(self.panel.symbols):
            here = self.columns.symbol == place
            # A split changes what is held without a fill.
            quantity = float(self.columns.quantity[here].sum() if self.held is None else self.held[-1, place])
            realized = float(self.trades.profit[self.trades.symbol == place].sum())
            paid = float((self.columns.quantity[here] * self.columns.price[here]).sum())
            gross = realized + float(self.trades.commission[self.trades.symbol == place].sum())
            told.append(Position(symbol, quantity, (paid + gross) / quantity if quantity else 0.0, realized))
        return told

    def plot(self) -> Any:
        """Draw the equity with matplotlib, for notebooks."""
        try:
            import matplotlib.pyplot as plt  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise NotOffered("Drawing here needs matplotlib: pip install matplotlib") from None
        axes = self.equity_curve.plot(title="Equity")
        plt.show()
        return axes


class Backtester:
    """Tests strategies under one set of terms."""

    def __init__(
        self,
        initial_capital: float = 100_000.0,
        slippage: SlippageModel | None = None,
        commission: CommissionModel | None = None,
        *,
        terms: Terms | None = None,
        protection: Protection | None = None,
        intrabar: Intrabar = Intrabar.PESSIMISTIC,
        day_of: DayOf = usual_day_of,
        rule: Rule | None = None,
        steps: Steps | None = None,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        terms = terms or Terms(capital=float(initial_capital))
        self.terms = replace(
            terms,
            slippage=slippage or terms.slippage,
            commission=commission or terms.commission,
        )
        self.protection = protection
        self.intrabar = intrabar
        self.day_of = day_of
        # By which orders are sized that leave their quantity open.
        self.rule = rule or Rule()
        self.steps: Steps = steps or {}
        # Called now and then during long work, a place to stop.
        self.pulse = pulse

    def under(self, terms: Terms) -> Backtester:
        """Give the same backtester under other terms."""
        return Backtester(
            terms=terms,
            protection=self.protection,
            intrabar=self.intrabar,
            day_of=self.day_of,
            rule=self.rule,
            steps=self.steps,
            pulse=self.pulse,
        )

    def run(
        self,
        strategy: Tested | Trader,
        data: object,
        symbols: Sequence[str] | None = None,
        *,
        actions: Actions | None = None,
    ) -> BacktestResult:
        """Test a strategy on bars; what it decides on a close fills at the next open at the earliest.

        Prices as they were traded come with their `actions`: splits and dividends happen to what is held and
        what waits, and no strategy sees a split as a move.
        """
        panel = panel_of(data, symbols)
        trader = trader_of(strategy)
        if trader is not None:
            return self.trade(trader, panel, actions=actions)
        if not isinstance(strategy, Tested):
            raise InvalidValue("A strategy needs generate_signals, or on_bar", field="strategy")
        return self.hold(targets_of(strategy, comparable(panel, actions)), panel, actions=actions)

    def trade(
        self,
        trader: Trader,
        panel: Panel,
        *,
        since: int = 0,
        late: int = 0,
        actions: Actions | None = None,
    ) -> BacktestResult:
        """Let a strategy send its own orders from a bar on; it may look back on those before.

        It is used as it is: whoever tests it again makes another one. One that is `late` hears of every
        close so many bars later.
        """
        needed = trader.bars_needed() if isinstance(trader, TradingStrategy) else 1
        if len(panel) < needed:
            raise InvalidValue(
                f"{type(trader).__name__} needs {needed} bars with these parameters, there are {len(panel)}",
                field="data",
            )
        # The shadow begins as the strategy does; a copy is made where one is needed only.
        before = copy.deepcopy(trader) if self.rule.sizing is Sizing.KELLY else trader
        sizes = Sizes(
            self.rule,
            comparable(panel, actions),
            self.terms,
            bars_a_year=bars_a_year(panel),
            since=since,
            stood=lambda: self.stood(before, panel, late=late, actions=actions),
        )
        walked = walk(
            panel.part(since, len(panel)),
            self.terms,
            trader=trader,
            protection=self.protection,
            intrabar=self.intrabar,
            actions=actions,
            day_of=self.day_of,
            past=Past(panel, actions, since=since),
            late=late,
            sizes=sizes,
            steps=self.steps,
            pulse=self.pulse,
        )
        return self._walked(walked)

    def stood(self, trader: Trader, panel: Panel, *, late: int = 0, actions: Actions | None = None) -> Floats:
        """Give what a strategy holds at every close where no rule says how much: a shadow of it."""
        free = Terms(capital=self.terms.capital, leverage=_PLENTY, lot=0.0)
        return walk(
            panel,
            free,
            trader=trader,
            protection=self.protection,
            intrabar=self.intrabar,
            actions=actions,
            day_of=self.day_of,
            late=late,
            steps=self.steps,
            pulse=self.pulse,
        ).held

    def hold(self, targets: Targets, panel: Panel, *, actions: Actions | None = None) -> BacktestResult:
        """Trade targets, by the quickest way that can answer."""
        if self.needs_a_walk or actions:
            return self._walked(
                walk(
                    panel,
                    self.terms,
                    targets=targets.weights,
                    rebalance=targets.rebalance,
                    protection=self.protection,
                    intrabar=self.intrabar,
                    actions=actions,
                    day_of=self.day_of,
                    pulse=self.pulse,
                )
            )
        done = simulate(
            panel, targets.weights[None], self.terms, rebalance=targets.rebalance, pulse=self.pulse
        )
        made = done.fills(0)
        worse = np.abs(made.price - panel.open[made.bar, made.symbol]) * np.abs(made.quantity)
        equity = done.equity(0)
        return BacktestResult(
            initial_capital=self.terms.capital,
            final_value=float(equity[-1]),
            panel=panel,
            equity=equity,
            columns=made,
            slippage=worse,
            reasons=("target",) * len(made),
            held=done.positions(0),
        )

    @property
    def needs_a_walk(self) -> bool:
        """Whether these rules cannot be followed without looking at every bar."""
        terms = self.terms
        sized = bool(terms.volume_cap) or terms.slippage.depends_on_size
        return sized or not terms.carry.is_free or self.protection is not None

    def _walked(self, walked: Walked) -> BacktestResult:
        return BacktestResult(
            initial_capital=self.terms.capital,
            final_value=float(walked.equity[-1]),
            panel=walked.panel,
            equity=walked.equity,
            columns=walked.fills,
            slippage=walked.slippage,
            reasons=walked.reasons,
            held=walked.held,
            carry=walked.carry,
            refusals=walked.refusals,
            resized=walked.resized,
            said=walked.said,
        )


def bars_a_year(panel: Panel) -> float:
    """Give how many bars a year has: those of a day, for 252 days of an exchange or 365 around the clock."""
    if len(panel) < 3:
        return DAYS_A_YEAR
    days = panel.time // US_PER_DAY
    # Monday is the fourth day after the first of 1970.
    weekends = float(np.mean((days + 3) % 7 >= 5)) > 0.1
    year = 365.0 if weekends else DAYS_A_YEAR
    step = float(np.median(np.diff(panel.time))) / US_PER_DAY
    if step >= 1.0:
        return year if round(step) == 1 else 365.0 / step
    return len(panel) / (1 + int(np.count_nonzero(np.diff(days)))) * year
