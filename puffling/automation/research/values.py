"""What was asked of a backtest, and what lists and comparisons tell of results."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from puffling.frozen import frozen
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.report import (
    Costs,
    Fall,
    Manifest,
    Number,
    OpenPosition,
    Summary,
    YearRow,
)
from puffling.puffin.data.interval import Interval

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
    sizing: Sizing = Sizing.EQUITY
    leverage: float
    lot: float
    volume_cap: float
    intrabar: Intrabar
    benchmark: str
    risk_free_rate: float
    seed: int
    strategy_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_was_asked_once(cls, asked: Any) -> Any:
        """Every result is examined; requests that were kept before that say whether they were."""
        if isinstance(asked, dict) and "examine" in asked:
            return {name: value for name, value in asked.items() if name != "examine"}
        return asked


class ExportFormat(StrEnum):
    """What a result can be given as."""

    HTML = "html"
    PDF = "pdf"
    CSV = "csv"


@frozen
class BacktestLine:
    """One result in the list of results."""

    id: str
    name: str
    grade: str
    strategy: str
    symbols: tuple[str, ...]
    interval: str
    start: date
    end: date
    total_return: Number
    annualized_return: Number
    sharpe_ratio: Number
    max_drawdown: Number
    total_trades: Number
    tags: tuple[str, ...]
    notes: str
    created_at: datetime
    strategy_id: str | None


@frozen
class BacktestDetail:
    """One result with all but its curves and trades."""

    summary: Summary
    notes: str
    tags: tuple[str, ...]
    created_at: datetime
    request: dict[str, Any]
    trust: dict[str, Number]
    costs: Costs
    years: tuple[YearRow, ...]
    falls: tuple[Fall, ...]
    positions: tuple[OpenPosition, ...]
    manifest: Manifest


@frozen
class ComparedFigure:
    """One figure of several results side by side."""

    figure: str
    title: str
    values: tuple[Number, ...]


@frozen
class ComparedCurve:
    """The equity of one result, 1 at its beginning."""

    id: str
    name: str
    time_us: tuple[int, ...]
    growth: tuple[float, ...]


@frozen
class Comparison:
    """Several results side by side; `remarks` say what makes them hard to compare."""

    results: tuple[BacktestLine, ...]
    figures: tuple[ComparedFigure, ...]
    curves: tuple[ComparedCurve, ...]
    remarks: tuple[str, ...]


@frozen
class Difference:
    """What is not as it was when a result was made."""

    what: str
    before: str
    now: str
    text: str


@frozen
class Verification:
    """Whether running a result again gives the same to the last bit, and if not, what changed."""

    id: str
    identical: bool
    text: str
    differences: tuple[Difference, ...]


@frozen
class ExportedBacktest:
    """A result as a file: its name, its kind, and its text, which is base64 where the kind is no text."""

    file_name: str
    media_type: str
    encoding: str
    text: str


@frozen
class SavedBacktest:
    """A result that was written into a file."""

    file: str
    id: str
    summary: str


@frozen
class BacktestProgress:
    """How far a running test is; the result has an id once it is done."""

    job: str
    state: str
    fraction: float
    note: str
    result: str
    error: str
