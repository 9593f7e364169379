"""How a file of prices is written: which column is what, how numbers and times look. Guessed, never run."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue

PARQUET = "parquet"
CSV = "csv"
ISO = "ISO8601"
MIXED = "mixed"
DAY = "day"
EPOCHS = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 0}
SAMPLE_BYTES = 256 * 1024
_PARQUET_MARK = b"PAR1"

NEEDED = ("time", "open", "high", "low", "close")
ROLES = (*NEEDED, "volume", "adjusted_close", "symbol", "time_of_day")
# Names people and programs give to columns, without case, marks and spaces.
_KNOWN = {
    "time": "date datetime timestamp time datum zeit zeitstempel opentime unix unixtimestamp unixtime t ts"
    " day gmttime localtime datetimeutc dateutc timeutc index tradingday",
    "open": "open o eröffnung eroffnung openprice 1open erster priceopen openingprice ouverture",
    "high": "high h hoch max highprice 2high pricehigh highest plushaut",
    "low": "low l tief min lowprice 3low pricelow lowest plusbas",
    "close": "close c last schluss schlusskurs closeprice 4close closelast price priceclose closingprice"
    " latest cloture",
    "volume": "volume vol v volumen 5volume 6volume tickvol tickvolume stück stuck shares quantity umsatz",
    "adjusted_close": "adjclose adjustedclose adjcloseprice 5adjustedclose closeadj closeadjusted",
    "symbol": "symbol ticker instrument sym tic wertpapier",
}
_ROLE_OF = {name: role for role, names in _KNOWN.items() for name in names.split()}
_DATES = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d-%b-%Y", "%b %d, %Y", "%d %b %Y",
          "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%Y%m%d")  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M:%S", " %H%M%S")
_YEAR_FIRST = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_MIDNIGHT = re.compile(r"^\d{4}-\d\d-\d\d[ T]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)$")
_PLAIN_NUMBER = re.compile(r"^\d{1,19}(\.\d*)?$")
_NUMBER = re.compile(r"^[-+]?[\d.,'\s\u00a0]*\d[\d.,'\s\u00a0]*$")


@frozen
class FileLayout:
    """How a file is written; an empty name means that there is no such column.

    `time_format` is a pattern such as %d.%m.%Y, ISO8601, day (the date alone counts), mixed, or epoch:s,
    epoch:ms, epoch:us, epoch:ns.
    Times without an offset are read in `zone`.
    """

    kind: str
    time: str
    open: str
    high: str
    low: str
    close: str
    volume: str = ""
    adjusted_close: str = ""
    symbol: str = ""
    time_of_day: str = ""
    names: tuple[str, ...] = ()
    has_header: bool = True
    skip_rows: int = 0
    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    time_format: str = ISO
    zone: str = "UTC"

    @classmethod
    def of(cls, kind: str, roles: Mapping[str, str]) -> FileLayout:
        """Make the layout in which the columns of these names play these roles."""
        optional = {role: roles.get(role, "") for role in ROLES if role not in NEEDED}
        return cls(
            kind,
            roles["time"],
            roles["open"],
            roles["high"],
            roles["low"],
            roles["close"],
            optional["volume"],
            optional["adjusted_close"],
            optional["symbol"],
            optional["time_of_day"],
        )

    def used(self) -> dict[str, str]:
        """Give the columns that are read, by what they are."""
        return {role: name for role in ROLES if (name := getattr(self, role))}


@frozen
class Sample:
    """The beginning of a text file as cells."""

    rows: tuple[tuple[str, ...], ...]
    separator: str
    encoding: str
    skipped: int


class ColumnsMissing(InvalidValue):
    """A table without a column that a series of bars needs; `names` are those it has, `roles` those known."""

    def __init__(
        self, file_name: str, names: Sequence[str], roles: Mapping[str, str], missing: Sequence[str]
    ) -> None:
        there = ", ".join(repr(name) for name in names[:12]) or "none"
        super().__init__(
            f"{file_name} has no column for {', '.join(missing)}. Its columns are {there}", field="columns"
        )
        self.names = tuple(names)
        self.roles = dict(roles)


def guess_layout(path: Path, columns: Mapping[str, str] | None = None) -> FileLayout:
    """Find out how a file of prices is written, or say what it lacks; given columns need no guess."""
    given = dict(columns or {})
    try:
        # A pipe or a device would be waited for and never end.
        if not (path.is_file() or path.is_dir() or not path.exists()):
            raise InvalidValue(f"{path.name} is no file but a pipe or a device", field="path")
        with path.open("rb") as file:
            start = file.read(SAMPLE_BYTES)
    except IsADirectoryError:
        raise InvalidValue(f"{path.name} is a folder: choose a file in it", field="path") from None
    except OSError as error:
        raise InvalidValue(f"{path.name} cannot be read: {error.strerror}", field="path") from None
    if start.startswith(_PARQUET_MARK):
        from puffling.puffin.data.parquet import parquet_layout

        return parquet_layout(path, given)
    return _text_layout(path.name, start, given)


def guess_roles(names: Sequence[str]) -> dict[str, str]:
    """Give the columns by what they are, as far as their names tell."""
    found: dict[str, str] = {}
    for place, name in enumerate(names):
        role = _ROLE_OF.get(_plain(name))
        if role is None and place == 0 and name == _nameless(1):
            # The index of a table that a program wrote has no name.
            role = "time"
        if role == "time" and "time" in found:
            role = "time_of_day" if _plain(name) in {"time", "zeit"} else None
        if role is None or role in found:
            continue
        found[role] = name
    return found


def missing_columns(roles: Iterable[str]) -> tuple[str, ...]:
    """Give what a series of bars needs and these columns do not have."""
    there = set(roles)
    return tuple(role for role in NEEDED if role not in there)


def settle_roles(
    file_name: str, names: Sequence[str], guessed: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Give which column is what: as it was given, else as it was guessed; what is needed must be there."""
    roles = {role: name for role, name in guessed.items() if name not in given.values()} | dict(given)
    roles = {role: name for role, name in roles.items() if name and role in ROLES}
    for name in roles.values():
        if name not in names:
            raise InvalidValue(f"{file_name} has no column {name!r}", field="columns")
    missing = missing_columns(roles)
    if missing:
        raise ColumnsMissing(file_name, names, roles, missing)
    return roles


def _text_layout(file_name: str, start: bytes, given: Mapping[str, str]) -> FileLayout:
    sample = _sample(file_name, start)
    head, body = sample.rows[0], sample.rows[1:]
    has_header = not _is_data(head)
    if has_header:
        names = _told_apart(head)
        roles = guess_roles(names)
    else:
        names, roles, body = *_by_place(file_name, sample.rows), sample.rows
    roles = settle_roles(file_name, names, roles, given)
    if not body:
        raise InvalidValue(f"{file_name} has a heading and no rows", field="path")
    places = {role: names.index(name) for role, name in roles.items()}
    number_roles = [role for role in places if role in {"open", "high", "low", "close", "volume"}]
    cells = [row[places[role]] for row in body for role in number_roles if places[role] < len(row)]
    decimal, thousands = _marks(cells, sample.separator)
    times = [_moment(row, places) for row in body if places["time"] < len(row)]
    return replace(
        FileLayout.of(CSV, roles),
        names=tuple(names),
        has_header=has_header,
        skip_rows=sample.skipped,
        separator=sample.separator,
        decimal=decimal,
        thousands=thousands,
        encoding=sample.encoding,
        time_format=guess_time_format(times, day_first=decimal == ","),
        zone=guess_zone(times),
    )


def guess_time_format(times: Sequence[str], *, day_first: bool = False) -> str:
    """Find the pattern that most of these times follow."""
    shown = [text.strip() for text in times if text.strip()][:2_000]
    if not shown:
        return ISO
    numbers = [int(float(text)) for text in shown if _PLAIN_NUMBER.match(text)]
    if len(numbers) * 2 > len(shown):
        middle = sorted(numbers)[len(numbers) // 2]
        if 19_000_101 <= middle <= 21_001_231:
            return "%Y%m%d"
        unit = "s" if middle < 10**11 else "ms" if middle < 10**14 else "us" if middle < 10**17 else "ns"
        return f"epoch:{unit}"
    if all(_MIDNIGHT.match(text) for text in shown):
        # Midnight where the exchange is: the day counts, and in UTC it may be another.
        return DAY
    if sum(bool(_YEAR_FIRST.match(text)) for text in shown) * 2 > len(shown):
        return ISO
    # Many rows decide whether the day or the month comes first; few may leave it open, then habits do.
    dates = sorted(_DATES, key=lambda form: form.startswith("%d") != day_first)
    best, best_count = MIXED, 0
    for date_form in dates:
        for time_form in _TIMES:
            form = date_form + time_form
            count = sum(_follows(text, form) for text in shown)
            if count > best_count:
                best, best_count = form, count
    return best if best_count * 2 > len(shown) else MIXED


def guess_zone(times: Sequence[str]) -> str:
    """Give New York for times of day that are all those of its exchanges, and UTC otherwise."""
    clock = [found.group(1).zfill(5) for text in times if (found := re.search(r"[ T](\d{1,2}:\d{2})", text))]
    inside = [text for text in clock if "09:30" <= text <= "16:00"]
    if len(clock) > 1 and inside == clock and "09:30" in clock and max(clock) >= "15:00":
        return "America/New_York"
    return "UTC"


def _sample(file_name: str, start: bytes) -> Sample:
    if not start.strip():
        raise InvalidValue(f"{file_name} is empty", field="path")
    if start.startswith(b"PK"):
        raise InvalidValue(
            f"{file_name} is a workbook or an archive: save it as CSV and choose that file", field="path"
        )
    encoding = _encoding(file_name, start)
    text = start.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = text.splitlines()
    if len(start) == SAMPLE_BYTES:
        # The last line was cut somewhere.
        lines = lines[:-1]
    separator = _separator(lines)
    try:
        rows = [tuple(cell.strip() for cell in row) for row in csv.reader(lines, delimiter=separator)]
    except csv.Error:
        raise InvalidValue(f"{file_name} has a cell too long for any price", field="path") from None
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
    # Some exports begin with lines about themselves: the table starts where rows are as wide as most.
    skipped = next((at for at, row in enumerate(rows) if width and len(row) == width[0][0]), None)
    if skipped is None:
        raise InvalidValue(f"{file_name} is not a table: no columns were found in it", field="path")
    return Sample(tuple(row for row in rows[skipped:] if any(row)), separator, encoding, skipped)


def _encoding(file_name: str, start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if b"\0" in start:
        raise InvalidValue(f"{file_name} is not a text file and not Parquet", field="path")
    try:
        start[: start.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(lines: Sequence[str]) -> str:
    shown = [line for line in lines[:200] if line.strip()]
    if not shown:
        return ","
    counts = {mark: Counter(line.count(mark) for line in shown).most_common(1)[0] for mark in ";\t|,"}
    # The mark that stands equally often in most lines; a comma may also be a decimal mark.
    steady = {mark: times * lines for mark, (times, lines) in counts.items() if times >= 3}
    for mark in ";\t|":
        if mark in steady:
            return mark
    return ","


def _told_apart(head: Sequence[str]) -> tuple[str, ...]:
    """Give every column a name of its own: some have none, and some share one."""
    names: list[str] = []
    for place, name in enumerate(head, 1):
        own = name or _nameless(place)
        names.append(own if own not in names else f"{own} ({place})")
    return tuple(names)


def _nameless(place: int) -> str:
    return f"column {place}"


def _is_data(row: Sequence[str]) -> bool:
    return sum(bool(_NUMBER.match(cell)) for cell in row) >= 4


def _by_place(file_name: str, rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Name the columns of a file without a heading by their order."""
    first = rows[0]
    names = tuple(_nameless(place) for place in range(1, len(first) + 1))
    order = ["time", "open", "high", "low", "close", "volume"]
    if len(first) > 1 and re.match(r"^\d{1,2}:\d{2}", first[1]):
        order.insert(1, "time_of_day")
    if re.match(r"^[A-Za-z]", first[0]):
        order.insert(0, "symbol")
    if len(first) < len(order) - 1:
        raise InvalidValue(f"{file_name} has no heading and only {len(first)} columns", field="columns")
    return names, dict(zip(order, names, strict=False))


def _marks(cells: Iterable[str], separator: str) -> tuple[str, str]:
    """Give the decimal mark and the mark between thousands."""
    shown = [cell.strip("$€£ ") for cell in cells]
    numbers = [cell for cell in shown if _NUMBER.match(cell)]
    both = [cell for cell in numbers if "." in cell and "," in cell]
    if both:
        last = Counter("," if cell.rfind(",") > cell.rfind(".") else "." for cell in both).most_common(1)
        return (",", ".") if last[0][0] == "," else (".", ",")
    if any(cell.count(".") > 1 for cell in numbers):
        return ",", "."
    with_comma = [cell for cell in numbers if "," in cell]
    if not with_comma:
        return ".", "'" if any("'" in cell for cell in numbers) else ""
    grouped = all(re.match(r"^[-+]?\d{1,3}(,\d{3})+$", cell) for cell in with_comma)
    if grouped and (separator == "," or any("." in cell for cell in numbers)):
        return ".", ","
    return ",", ""


def _moment(row: Sequence[str], places: dict[str, int]) -> str:
    of_day = places.get("time_of_day")
    text = row[places["time"]]
    return f"{text} {row[of_day]}" if of_day is not None and of_day < len(row) else text


def _follows(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only its shape is looked at
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9äöü]", "", name.casefold())
