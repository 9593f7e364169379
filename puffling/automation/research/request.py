"""What can be asked of a backtest, described once for every face."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from puffling.market.parameters import Symbol
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.data.interval import Interval

MOST_SYMBOLS = 50
MOST_BARS = 500_000

Amount = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=-0.5, le=2, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Commission(_Part):
    """What the broker takes for an order; the parts add up."""

    flat: Amount = Field(0.0, description="Money for each order.")
    per_share: Amount = Field(0.0, description="Money for each share.")
    pct: Share = Field(0.0, description="Share of the value traded: 0.001 is 0.1 %.")
    minimum: Amount = Field(0.0, description="The least for an order.")


class Slippage(_Part):
    """How much worse than the quoted price an order fills; the parts add up."""

    fixed: Amount = Field(0.0, description="Money for each share.")
    pct: Share = Field(0.0, description="Share of the price: 0.0005 is 0.05 %.")
    volume_share: Amount = Field(0.0, description="Grows with the square of the share of the bar's volume.")
    impact: Amount = Field(0.0, description="Grows with the root of the share of the bar's volume.")


class Holding(_Part):
    """What holding costs and earns in a year, as shares."""

    cash_rate: Rate = Field(0.0, description="Interest on cash.")
    margin_rate: Rate = Field(0.0, description="Interest on borrowed cash.")
    borrow_rate: Rate = Field(0.0, description="Fee for shares sold short.")


class Leaving(_Part):
    """When a position is left whatever the strategy says; 0 means never."""

    stop_loss: float = Field(0.0, ge=0, lt=1, description="At this loss, a share of the price paid.")
    take_profit: float = Field(0.0, ge=0, le=100, description="At this gain, a share of the price paid.")
    trail: float = Field(0.0, ge=0, lt=1, description="This far behind the best price, a share of it.")
    most_bars: int = Field(0, ge=0, le=100_000, description="After so many bars.")


StrategyName = Annotated[
    str,
    Field(
        description="A strategy such as momentum, or the name of one you configured.",
        min_length=1,
        max_length=120,
    ),
]
Symbols = Annotated[
    tuple[Symbol, ...],
    Field(
        description="What to trade, such as SPY QQQ; empty means those of the configured strategy.",
        max_length=MOST_SYMBOLS,
    ),
]
Width = Annotated[
    Interval | None,
    Field(description="Length of a bar; empty means that of the configured strategy, or 1d."),
]
FirstDay = Annotated[
    date | None, Field(description="The first day that is traded; empty means five years ago.")
]
LastDay = Annotated[date | None, Field(description="The last day; empty means today.")]
Capital = Annotated[float, Field(description="Money to begin with.", gt=0, le=1e12, allow_inf_nan=False)]
Fees = Annotated[Commission, Field(description="What the broker takes for an order.")]
Worse = Annotated[Slippage, Field(description="How much worse than the quoted price an order fills.")]
Carrying = Annotated[Holding, Field(description="What holding costs and earns in a year.")]
Exits = Annotated[Leaving, Field(description="When a position is left whatever the strategy says.")]
Size = Annotated[
    float,
    Field(description="Share of the equity all positions take at full signals.", gt=0, le=100, allow_inf_nan=False),
]  # fmt: skip
Leverage = Annotated[
    float,
    Field(description="The most all positions may be worth for each unit of equity.", gt=0, le=100,
          allow_inf_nan=False),
]  # fmt: skip
Lot = Annotated[
    float, Field(description="Quantities are multiples of this; 0 allows fractions.", ge=0, le=1e6)
]
VolumeCap = Annotated[
    float,
    Field(description="The most of a bar's volume an order takes, the rest waits; 0 means no cap.", ge=0, le=1),
]  # fmt: skip
Within = Annotated[
    Intrabar, Field(description="Which of two prices touched within a bar came first: the worse one, or the better.")
]  # fmt: skip
Benchmark = Annotated[
    str,
    Field(
        description="A symbol to compare with; empty means SPY where its source has it, - means none.",
        max_length=20,
    ),
]
RiskFree = Annotated[
    float, Field(description="Risk-free rate of a year: 0.05 is 5 %.", ge=-0.5, le=1, allow_inf_nan=False)
]
Seed = Annotated[int, Field(description="Where the random draws begin.", ge=0, le=2**31 - 1)]
Examine = Annotated[bool, Field(description="Look how far the result can be trusted.")]
ReportFile = Annotated[
    Path | None,
    Field(description="Write the report there too, a name that ends in .html; only from this machine."),
]
ResultName = Annotated[str, Field(description="What to call the result; empty makes a name.", max_length=200)]


class BacktestRequest(_Part):
    """Everything that was asked, settled: all it takes to ask it again."""

    strategy: str
    parameters: dict[str, int | float | str]
    symbols: tuple[str, ...]
    interval: Interval
    start: date
    end: date
    source: str | None
    adjusted: bool
    capital: float
    commission: Commission
    slippage: Slippage
    holding: Holding
    leaving: Leaving
    size: float
    leverage: float
    lot: float
    volume_cap: float
    intrabar: Intrabar
    benchmark: str
    risk_free_rate: float
    seed: int
    examine: bool
    strategy_id: str | None = None
