"""The pages of the Portfolio panel, by the names they are kept under."""

from __future__ import annotations

POSITIONS, ALLOCATION, PERFORMANCE, LOTS, GAINS, MONEY = (
    "positions", "allocation", "performance", "lots", "gains", "money",
)  # fmt: skip
PAGES = {
    POSITIONS: "Positions",
    ALLOCATION: "Allocation",
    PERFORMANCE: "Performance",
    LOTS: "Lots",
    GAINS: "Gains",
    MONEY: "Money",
}
