"""What happened to trading."""

from __future__ import annotations

from dataclasses import dataclass

from puffling.trading.values import SafetyState


@dataclass(frozen=True, slots=True)
class TradingStateChanged:
    """Trading was halted, or may go on again."""

    state: SafetyState
