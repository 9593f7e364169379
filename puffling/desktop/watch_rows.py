"""The rows of a watchlist: what they show, and how they are kept for the next first paint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from puffling.desktop import numbers
from puffling.desktop.columns import Column, Kind
from puffling.frozen import frozen
from puffling.market.values import Price, Quality, SessionState
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core


@frozen
class Row:
    """One symbol as the table shows it."""

    symbol: str
    name: str = ""
    decimals: int = 2
    price: Price | None = None
    trend: tuple[float, ...] = ()
    known: bool = True

    @property
    def share(self) -> float | None:
        """Give the change since the previous close as a fraction."""
        return (
            None if self.price is None or not self.price.previous_close else self.price.change_percent / 100
        )


def _of_price(read: Callable[[Price], object]) -> Callable[[Row], object]:
    return lambda row: None if row.price is None else read(row.price)


def _decimals(row: Row) -> int:
    return row.decimals


def _day_range(row: Row) -> str:
    if row.price is None:
        return numbers.NOTHING
    low, high = row.price.day_low, row.price.day_high
    return f"{numbers.fixed(low, row.decimals)} {numbers.NOTHING} {numbers.fixed(high, row.decimals)}"


_SESSIONS = {
    SessionState.OPEN: "Open",
    SessionState.PRE: "Before open",
    SessionState.POST: "After close",
    SessionState.CLOSED: "Closed",
}


def watch_columns() -> list[Column[Row]]:
    """Give the columns of a watchlist."""
    return [
        Column(
            "symbol",
            tr("Symbol"),
            lambda row: row.symbol,
            Kind.STRONG,
            width=78,
            tooltip=lambda row: row.name,
        ),
        Column("name", tr("Name"), lambda row: row.name, Kind.MUTED, optional=True),
        Column(
            "trend", tr("Trend"), lambda row: row.trend, Kind.SPARKLINE, width=48, stretch=True, drops=True
        ),
        Column(
            "last",
            tr("Last"),
            _of_price(lambda price: price.price),
            Kind.PRICE,
            _decimals,
            width=86,
            flash=True,
            tooltip=lambda row: row.price.label if row.price is not None else "",
        ),
        Column(
            "change",
            tr("Change"),
            _of_price(lambda price: price.change),
            Kind.CHANGE,
            _decimals,
            optional=True,
        ),
        Column("percent", tr("Change %"), lambda row: row.share, Kind.PERCENT, width=74),
        Column(
            "range",
            tr("Day range"),
            _of_price(lambda price: price.day_high - price.day_low),
            Kind.NUMBER,
            text=_day_range,
            width=150,
            optional=True,
        ),
        Column("volume", tr("Volume"), _of_price(lambda price: price.day_volume), Kind.SIZE, optional=True),
        Column(
            "session",
            tr("Session"),
            _of_price(lambda price: tr(_SESSIONS[price.session])),
            Kind.MUTED,
            width=90,
            optional=True,
        ),
        Column(
            "source", tr("Source"), _of_price(lambda price: price.label), Kind.MUTED, width=96, optional=True
        ),
    ]


def rows_to_keep(rows: Iterable[Row]) -> list[list[Any]]:
    """Give rows as plain values, small enough to paint the next start with."""
    return [[row.symbol, row.name, row.decimals, _kept_price(row.price), list(row.trend)] for row in rows]


def named_row(core: Core, symbol: str, before: Row | None) -> Row:
    """Give the row of a symbol with its name, or say that nobody knows it."""
    try:
        instrument = core.data.instrument(symbol)
    except PufflingError:
        return Row(symbol, tr("No feed knows this symbol"), known=False)
    return Row(symbol, instrument.name, instrument.price_decimals, trend=before.trend if before else ())


def _kept_price(price: Price | None) -> list[Any] | None:
    return None if price is None else [*price[:3], str(price.session), *price[4:11], str(price.quality)]


def kept_rows(content: Mapping[str, Any]) -> dict[str, Row]:
    """Read the rows of the last time; what does not read as one counts as none."""
    try:
        rows = [
            Row(str(symbol), str(name), int(decimals), _price_of(price), tuple(float(each) for each in trend))
            for symbol, name, decimals, price, trend in content.get("rows", [])
        ]
    except (TypeError, ValueError):
        return {}
    return {row.symbol: row for row in rows}


def _price_of(kept: list[Any] | None) -> Price | None:
    if kept is None:
        return None
    symbol, price, time_us, session, close, start, high, low, volume, source, label, quality = kept
    return Price(
        str(symbol),
        float(price),
        int(time_us),
        SessionState(session),
        float(close),
        float(start),
        float(high),
        float(low),
        float(volume),
        str(source),
        str(label),
        Quality(quality),
    )
