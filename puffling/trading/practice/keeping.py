"""A practice as plain data that can be kept, and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from puffling.puffin.backtest.thinning import thinned
from puffling.puffin.broker.practice import Practice
from puffling.puffin.broker.practice_score import PracticeScore
from puffling.puffin.data.instants import from_us
from puffling.store.research import StoredPractice
from puffling.trading.practice.values import PracticeDeal, PracticeDetail, PracticeLine

# As many points of the curve are kept as a screen has room for.
MOST_POINTS = 2_000


def score_as_plain(score: PracticeScore) -> dict[str, Any]:
    """Give a score as plain data; money as the text of its digits."""
    values = {each.name: getattr(score, each.name) for each in fields(score)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def report_as_plain(practice: Practice) -> dict[str, Any]:
    """Give the curve and the fills of a practice as plain data."""
    equity = np.array([point.equity for point in practice.points])
    prices = np.array([point.price for point in practice.points])
    points = [practice.points[place] for place in thinned((equity, prices), MOST_POINTS)]
    return {
        "points": [[point.time_us, point.equity, point.price] for point in points],
        "fills": [
            [fill.filled_at.isoformat(), fill.side.value, str(fill.quantity), str(fill.price), str(fill.fee)]
            for fill in practice.fills
        ],
    }


def line_of(stored: StoredPractice) -> PracticeLine:
    """Give a kept practice as a line of the list."""
    score = stored.score
    return PracticeLine(
        id=stored.id,
        symbol=score["symbol"],
        interval=stored.request["interval"],
        began=from_us(score["begun_us"]),
        ended=from_us(score["ended_us"]),
        bars=score["bars"],
        gained=score["gained"],
        held=score["held"],
        ahead=score["gained"] - score["held"],
        drawdown=score["drawdown"],
        held_drawdown=score["held_drawdown"],
        trades=score["trades"],
        wins=score["wins"],
        win_rate=score["win_rate"],
        costs=Decimal(score["costs"]),
        rewinds=score["rewinds"],
        cash=Decimal(score["cash"]),
        equity=Decimal(score["equity"]),
        practised_at=stored.practised_at,
    )


def detail_of(stored: StoredPractice) -> PracticeDetail:
    """Give a kept practice with its curve and its fills."""
    points = stored.report["points"]
    deals = tuple(
        PracticeDeal(datetime.fromisoformat(at), side, Decimal(quantity), Decimal(price), Decimal(fee))
        for at, side, quantity, price, fee in stored.report["fills"]
    )
    return PracticeDetail(
        line_of(stored),
        deals,
        tuple(point[0] for point in points),
        tuple(point[1] for point in points),
        tuple(point[2] for point in points),
    )
