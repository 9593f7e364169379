"""What is kept and shown of a test: plain values, the same for a window, a file and a program.

A number that cannot be told from the data is None. Shares are shares (0.05 is 5 %), times of curves are
microseconds, every other time is aware UTC.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from puffling.frozen import frozen

Number = float | None


@frozen
class Provenance:
    """Where the prices of a symbol came from, and how many of its bars were too faulty to be used."""

    symbol: str
    source: str
    label: str
    quality: str
    basis: str
    currency: str
    bars: int
    first: datetime
    last: datetime
    kept_away: int
    fetched_at: datetime
    refreshed_at: datetime
    warnings: tuple[str, ...] = ()


@frozen
class Finding:
    """What one check of the trust verdict found, in words and as the values they are made of."""

    check: str
    outcome: str
    text: str
    values: dict[str, int | float | str] = field(default_factory=dict)


@frozen
class Trade:
    """One round trip; `worst` and `best` are how far it went against and for it, as shares of its entry."""

    symbol: str
    side: str
    quantity: float
    entered_at: datetime
    entry_price: float
    left_at: datetime
    exit_price: float
    commission: float
    profit: float
    gain: float
    bars: int
    reason: str
    worst: float
    best: float


@frozen
class OpenPosition:
    """What is still held at the end, which is no trade yet; negative when sold short."""

    symbol: str
    quantity: float
    price: float
    value: float


@frozen
class Fall:
    """A fall from a high: its days, how deep, and how many bars it lasted; without an end it lasts still."""

    begin: datetime
    bottom: datetime
    end: datetime | None
    depth: float
    bars: int


@frozen
class YearRow:
    """The returns of the months of one year, January first, and of all of it."""

    year: int
    months: tuple[Number, ...]
    total: float
    benchmark: Number = None


@frozen
class Bin:
    """How many trades gained between two shares."""

    low: float
    high: float
    count: int


@frozen
class RefusedOrder:
    """An order that never reached the market, and why."""

    time: datetime
    symbol: str
    side: str
    quantity: float
    reason: str


@frozen
class Costs:
    """What was paid: commissions, slippage, and what holding cost (earned, when negative)."""

    commission: float
    slippage: float
    carry: float


@frozen
class Curves:
    """What is drawn over time, every column as long as `time_us`, or empty where there is nothing.

    Thinned to few enough points to be kept, the highest and lowest ones among them. `exposure` is the value
    of all positions for each unit of equity, `rolling_sharpe` that of `rolling_bars` bars.
    """

    time_us: tuple[int, ...]
    equity: tuple[float, ...]
    drawdown: tuple[float, ...]
    exposure: tuple[float, ...]
    benchmark: tuple[Number, ...]
    rolling_sharpe: tuple[Number, ...]
    rolling_bars: int
    bars: int


@frozen
class Others:
    """How many other attempts there were on the same data, and the mean and variance of their ratios."""

    count: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def variance_with(self, ratio: float) -> float | None:
        """Give the variance with one ratio more, None where there is no other."""
        if not self.count:
            return None
        apart = (ratio - self.mean) ** 2 * self.count / (self.count + 1)
        return ((self.count - 1) * self.variance + apart) / self.count


@frozen
class Manifest:
    """All it takes to tell whether a second run is the same: hashes of what went in and of what came out."""

    engine: str
    code: str
    data: str
    parameters: str
    result: str
    seed: int
    others: Others
    first_us: int
    last_us: int
    libraries: dict[str, str]


@frozen
class Summary:
    """A test in short: what was asked, how it went, and how far that can be trusted."""

    id: str
    name: str
    grade: str
    strategy: str
    parameters: dict[str, Any]
    symbols: tuple[str, ...]
    interval: str
    start: datetime
    end: datetime
    bars: int
    data_label: str
    benchmark: str
    trials: int
    warnings: tuple[str, ...]
    metrics: dict[str, Number]
    reasons: tuple[Finding, ...]
    sources: tuple[Provenance, ...]


@frozen
class BacktestReport:
    """Everything that is kept of a test."""

    summary: Summary
    request: dict[str, Any]
    curves: Curves
    years: tuple[YearRow, ...]
    falls: tuple[Fall, ...]
    distribution: tuple[Bin, ...]
    trades: tuple[Trade, ...]
    positions: tuple[OpenPosition, ...]
    refusals: tuple[RefusedOrder, ...]
    costs: Costs
    trust: dict[str, Number]
    manifest: Manifest
