"""The arguments of a backtest, described once for every face."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from puffling.automation.research.values import Commission, Holding, Leaving, Slippage
from puffling.market.parameters import Symbol, parted
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.data.interval import Interval

MOST_SYMBOLS = 50

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
    parted,
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
    Field(
        description="Share of the equity all positions take at full signals.",
        gt=0,
        le=100,
        allow_inf_nan=False,
    ),
]
Leverage = Annotated[
    float,
    Field(
        description="The most all positions may be worth for each unit of equity.",
        gt=0,
        le=100,
        allow_inf_nan=False,
    ),
]
SizedBy = Annotated[
    Sizing,
    Field(
        description="What size means: a share of the equity, of the first capital (fixed), of what a stop"
        " may lose (risk), of a year's movement (volatility), or of Kelly's share (kelly)."
    ),
]
Lot = Annotated[
    float, Field(description="Quantities are multiples of this; 0 allows fractions.", ge=0, le=1e6)
]
VolumeCap = Annotated[
    float,
    Field(
        description="The most of a bar's volume an order takes, the rest waits; 0 means no cap.", ge=0, le=1
    ),
]
Within = Annotated[
    Intrabar,
    Field(description="Which of two prices touched within a bar came first: the worse or the better."),
]
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
ReportFile = Annotated[
    Path | None,
    Field(description="Write the report there too, a name that ends in .html; only from this machine."),
]
ResultName = Annotated[str, Field(description="What to call the result; empty makes a name.", max_length=200)]
