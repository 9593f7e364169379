"""The parts every chart has, in the order of their buttons; a new part joins with one line."""

from __future__ import annotations

from puffling.desktop.alerts.part import AlertsOnChart
from puffling.desktop.backtests.part import TestedTrades
from puffling.desktop.charting.part import Part
from puffling.desktop.drawings.part import Drawings
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.looks.part import Looks
from puffling.desktop.orders.part import OrdersOnChart
from puffling.desktop.practice.part import Practising
from puffling.desktop.strategies.part import Signals

PARTS: tuple[type[Part], ...] = (
    Indicators,
    Looks,
    Drawings,
    Signals,
    TestedTrades,
    OrdersOnChart,
    AlertsOnChart,
    Practising,
)
