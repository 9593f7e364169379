"""The columns of orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from puffling.desktop.columns import Column, Kind
from puffling.desktop.orders.words import (
    filled_words,
    lasting_words,
    order_words,
    price_words,
    side_tone,
    side_words,
    source_words,
    state_help,
    state_tone,
    state_words,
)
from puffling.runtime.text import tr
from puffling.trading.values import OrderLine


def order_columns(time: Callable[[datetime], str]) -> list[Column[OrderLine]]:
    """Give the columns, the ones that matter most first."""
    return [
        Column(
            "created",
            tr("Time"),
            lambda line: line.created_at,
            Kind.TIME,
            width=92,
            text=lambda line: time(line.created_at),
        ),
        Column("symbol", tr("Symbol"), lambda line: line.symbol, Kind.STRONG, width=84),
        Column(
            "side",
            tr("Side"),
            lambda line: side_words(line.side),
            width=52,
            tone=lambda line: side_tone(line.side),
        ),
        Column("filled", tr("Filled"), lambda line: line.filled, Kind.NUMBER, width=84, text=filled_words),
        Column("kind", tr("Order"), order_words, width=108),
        Column("price", tr("At"), price_words, Kind.TEXT, width=132),
        Column(
            "state",
            tr("State"),
            state_words,
            width=116,
            stretch=True,
            tone=state_tone,
            tooltip=state_help,
        ),
        Column("average", tr("Average"), lambda line: line.average_price, Kind.PRICE, width=84, drops=True),
        Column("lasting", tr("Good"), lambda line: lasting_words(line.lasting), Kind.MUTED, optional=True),
        Column(
            "source",
            tr("Wanted by"),
            lambda line: source_words(line.source),
            Kind.MUTED,
            width=104,
            drops=True,
        ),
        Column("why", tr("Why"), lambda line: line.why, Kind.MUTED, optional=True),
    ]
