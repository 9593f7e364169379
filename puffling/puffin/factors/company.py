"""A company's numbers as rows that factors are made of, each from the day it was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from puffling.puffin.data.ratios import shares_of
from puffling.puffin.data.statement_lines import LINES, Measure
from puffling.puffin.data.statements import Fact, Statements

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = tuple(line.id for line in LINES if line.measure in (Measure.FLOW, Measure.LEVEL))


def numbers_of(statements: Statements) -> dict[str, float]:
    """Give flows of the newest four quarters and the newest levels; what was not stated is left out."""
    found: dict[str, float] = {}
    for line in LINES:
        if line.measure is Measure.FLOW:
            figure = statements.trailing(line.id)
        elif line.measure is Measure.LEVEL:
            level = statements.newest_level(line.id)
            figure = level[0] if level is not None else None
        else:
            continue
        if figure is not None:
            found[line.id] = figure.value
    shares = shares_of(statements)
    return found if shares is None else found | {"shares_outstanding": shares}


def company_numbers(facts: Mapping[str, Sequence[Fact]], since: date | None = None) -> pd.DataFrame:
    """Give a row for every day a company filed something, indexed by (Date, Symbol), from a day on.

    Handed to `compute_all_factors` as financials, each row holds from its day to the next: no day sees what
    was filed after it. Joined with prices as they were traded, it makes value factors.
    """
    import pandas as pd

    rows: dict[tuple[pd.Timestamp, str], dict[str, float]] = {}
    for symbol, stated in facts.items():
        for day in sorted({fact.filed for fact in stated}):
            if since is None or day >= since:
                rows[pd.Timestamp(day), symbol] = numbers_of(Statements(stated, day))
    index = pd.MultiIndex.from_tuples(list(rows), names=["Date", "Symbol"])
    frame = pd.DataFrame(list(rows.values()), index=index if rows else None, dtype="float64")
    return frame.reindex(columns=list(NUMBERS)).sort_index()
