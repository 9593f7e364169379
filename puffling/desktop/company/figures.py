"""How company numbers read: short in a cell, in full where the pointer is, plain in a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from puffling.desktop import numbers
from puffling.desktop.columns import Column, Kind
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.puffin.csv_text import Cell, csv_text
from puffling.puffin.data.reported import FiledReport, Origin, Ratio, StatementRow, StatementTable
from puffling.runtime.text import tr

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
TITLE_WIDTH, BARS_WIDTH, PERIOD_WIDTH = 204, 88, 78
# As many periods as bars can be told apart in a cell.
IN_PICTURE = 12


@frozen
class SheetLine:
    """One row as it is shown: a line of a statement, or the name of the group that follows."""

    title: str
    currency: str
    row: StatementRow | None = None
    # From the oldest to the newest, the way time goes in a picture.
    course: tuple[float | None, ...] = ()


def compact(value: float | None) -> str:
    """Give 1234567890 as "1.23 B": three or more digits, and the same two decimals all the way down."""
    if value is None:
        return numbers.NOTHING
    for step, letter in _STEPS:
        if abs(value) >= step * 0.999995:
            return f"{numbers.fixed(value / step)} {letter}"
    return numbers.fixed(value)


def write_figure(value: float | None, unit: str) -> str:
    """Give a figure of a statement, short."""
    return numbers.fixed(value) if unit == "money_per_share" else compact(value)


def write_ratio(ratio: Ratio) -> str:
    """Give a ratio the way it reads."""
    if ratio.reads == "money":
        return compact(ratio.value)
    if ratio.reads == "share":
        return numbers.percent(ratio.value, signed=ratio.id.endswith("growth"))
    return numbers.fixed(ratio.value)


def day(moment: date | None) -> str:
    """Give a day as people write it: 28 Jan 2026."""
    return f"{moment.day} {numbers.month(moment.month)} {moment.year}" if moment is not None else ""


def sheet_lines(table: StatementTable) -> dict[str, SheetLine]:
    """Give the rows of a statement by key, each group under its name."""
    lines: dict[str, SheetLine] = {}
    for row in table.rows:
        lines.setdefault(f"group {row.group}", SheetLine(row.group, table.origin.currency))
        lines[row.line] = SheetLine(row.title, table.origin.currency, row, row.values[:IN_PICTURE][::-1])
    return lines


def sheet_columns(table: StatementTable) -> list[Column[SheetLine]]:
    """Give the columns of a statement: its lines, their course, and a column for each period."""
    return [
        Column(
            "line",
            tr("Line"),
            lambda line: line.title,
            width=TITLE_WIDTH,
            stretch=True,
            tone=lambda line: Tone.MUTED if line.row is None else Tone.TEXT,
        ),
        Column(
            "course",
            tr("Course"),
            lambda line: line.course or None,
            Kind.BARS,
            width=BARS_WIDTH,
            tooltip=lambda line: tr("From the oldest period to the newest") if line.row else "",
        ),
        *(_period_column(table, place) for place in range(len(table.ends))),
    ]


def _period_column(table: StatementTable, place: int) -> Column[SheetLine]:
    return Column(
        table.ends[place].isoformat(),
        period_title(table, place),
        lambda line: line.row.values[place] if line.row is not None else None,
        Kind.NUMBER,
        width=PERIOD_WIDTH,
        text=lambda line: write_figure(line.row.values[place], line.row.unit) if line.row is not None else "",
        tooltip=lambda line: _tip(line, place),
        tone=lambda line: _tone(line, place),
    )


def period_title(table: StatementTable, place: int) -> str:
    """Name a period by its end; years that end with the calendar's by their number alone."""
    end = table.ends[place]
    if table.period == "annual" and all(each.month == 12 for each in table.ends):
        return str(end.year)
    return f"{numbers.month(end.month)} {end.year}"


def _tip(line: SheetLine, place: int) -> str:
    row = line.row
    value = row.values[place] if row is not None else None
    if row is None or value is None:
        return ""
    amount = numbers.full(int(value) if value.is_integer() else value)
    parts = [amount if row.unit == "shares" else f"{line.currency} {amount}".strip()]
    parts.append(tr("Filed {day}", day=day(row.filed[place])))
    if row.restated[place]:
        parts.append(tr("Restated: an earlier report said another number"))
    if row.derived[place]:
        parts.append(tr("Worked out from other reported numbers"))
    return "\n".join(parts)


def _tone(line: SheetLine, place: int) -> Tone:
    value = line.row.values[place] if line.row is not None else None
    return Tone.MUTED if value is None else Tone.TEXT


def as_csv(table: StatementTable) -> str:
    """Give a statement with every digit, as a file that any program reads."""
    titles = ("line", "unit", *(end.isoformat() for end in table.ends))
    rows: list[list[Cell]] = []
    for row in table.rows:
        unit = "shares" if row.unit == "shares" else table.origin.currency
        values = (int(each) if each is not None and each.is_integer() else each for each in row.values)
        rows.append([row.line, unit, *values])
    return csv_text(titles, rows)


def origin_words(origin: Origin, fetched: str) -> str:
    """Say where the numbers come from, when the newest was filed and when they were fetched."""
    parts = [
        origin.label,
        tr("filed {day}", day=day(origin.filed)) if origin.filed is not None else "",
        origin.currency,
        tr("fetched {time}", time=fetched),
    ]
    return " · ".join(part for part in parts if part)


def ratio_columns() -> list[Column[Ratio]]:
    """Give the columns of the list of ratios."""
    return [
        Column("ratio", tr("Ratio"), lambda ratio: ratio.title, width=170),
        Column("value", tr("Value"), lambda ratio: ratio.value, Kind.NUMBER, width=96, text=write_ratio),
        Column("meaning", tr("What it is"), lambda ratio: ratio.meaning, Kind.MUTED, width=220, stretch=True),
    ]


def filing_columns() -> list[Column[FiledReport]]:
    """Give the columns of the list of filings."""
    return [
        Column("filed", tr("Filed"), lambda filing: day(filing.filed), width=104),
        Column("form", tr("Form"), lambda filing: filing.form, Kind.STRONG, width=76),
        Column("period", tr("Period to"), lambda filing: day(filing.period_end), Kind.MUTED, width=104),
        Column("title", tr("Report"), lambda filing: filing.title, width=180, stretch=True),
    ]


def keyed(filings: Sequence[FiledReport]) -> dict[str, FiledReport]:
    """Give each filing a key of its own."""
    return {f"{place} {filing.form}": filing for place, filing in enumerate(filings)}
