"""The arguments of a search, described once for every face."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

# Named here so that a start need not load what searches.
MOST_TRIALS = 5_000

Vary = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=2_000)], ...],
    Field(
        description="What varies and between which bounds, such as short_window=5..50:5 or ma_type=sma,ema;"
        " empty means the first two numbers of the strategy, from half of what they are to twice that.",
        max_length=8,
    ),
]
Way = Annotated[
    Literal["grid", "random"], Field(description="Try every combination, or draw some at random.")
]
Objective = Annotated[
    Literal[
        "sharpe_ratio",
        "sortino_ratio",
        "annualized_return",
        "calmar_ratio",
        "max_drawdown",
        "profit_factor",
        "total_return",
        "win_rate",
    ],
    Field(description="The measure by which the best is chosen."),
]
MostTrials = Annotated[int, Field(description="How many sets are tried at the most.", ge=2, le=MOST_TRIALS)]
Holdout = Annotated[
    float,
    Field(
        description="Share of the history, its end, that the best is not chosen on; 0 means none.",
        ge=0,
        le=0.9,
        allow_inf_nan=False,
    ),
]
Stretches = Annotated[
    int, Field(description="In how many stretches the choice is made anew; 0 means none.", ge=0, le=50)
]
SearchName = Annotated[str, Field(description="What to call the search; empty makes a name.", max_length=200)]
SearchId = Annotated[str, Field(description="Id of the search.", min_length=1, max_length=64)]
Leaders = Annotated[int, Field(description="How many of the best sets to show.", ge=1, le=100)]
