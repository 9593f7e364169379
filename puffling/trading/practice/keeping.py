"""A practice as plain data that can be kept, and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from puffling.puffin.backtest.thinning import thinned
from puffling.puffin.broker.paper_terms import PaperTerms
from puffling.puffin.broker.practice import Point, Practice, PracticeState
from puffling.puffin.broker.practice_score import PracticeFill, PracticeScore
from puffling.puffin.data.instants import from_us
from puffling.puffin.orders import Side
from puffling.store.research import StoredPractice
from puffling.trading.practice.values import PracticeDeal, PracticeDetail, PracticeLine

# As many points of the curve are kept as a screen has room for.
MOST_POINTS = 2_000


def score_as_plain(score: PracticeScore) -> dict[str, Any]:
    """Give a score as plain data; money as the text of its digits."""
    values = {each.name: getattr(score, each.name) for each in fields(score)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def report_as_plain(practice: Practice, *, over: bool) -> dict[str, Any]:
    """Give the curve and the fills of a practice as plain data, and while it is not over how it stands."""
    equity = np.array([point.equity for point in practice.points])
    prices = np.array([point.price for point in practice.points])
    points = [practice.points[place] for place in thinned((equity, prices), MOST_POINTS)]
    return {
        "points": [[point.time_us, point.equity, point.price] for point in points],
        "fills": [
            [
                fill.filled_at.isoformat(),
                fill.side.value,
                str(fill.quantity),
                str(fill.price),
                str(fill.fee),
                str(fill.slipped),
                fill.id,
            ]
            for fill in practice.fills
        ],
        "state": None if over else practice.state._asdict(),
    }


def resumed(stored: StoredPractice, terms: PaperTerms) -> Practice | None:
    """Give the practice that goes on; None when it is over."""
    state = stored.report.get("state")
    if state is None:
        return None
    points = [Point(*point) for point in stored.report["points"]]
    fills = [
        PracticeFill(
            id,
            datetime.fromisoformat(at),
            Side(side),
            Decimal(quantity),
            Decimal(price),
            Decimal(fee),
            Decimal(slipped),
        )
        for at, side, quantity, price, fee, slipped, id in stored.report["fills"]
    ]
    return Practice.resumed(stored.score["symbol"], PracticeState(**state), points, fills, terms)


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
        for at, side, quantity, price, fee, _, _ in stored.report["fills"]
    )
    return PracticeDetail(
        line_of(stored),
        deals,
        tuple(point[0] for point in points),
        tuple(point[1] for point in points),
        tuple(point[2] for point in points),
    )
