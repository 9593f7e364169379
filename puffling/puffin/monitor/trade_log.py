"""A log of trades as Puffin's users keep one: recorded, filtered, summed up, written and read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.csv_text import csv_text, unguarded
from puffling.puffin.errors import InvalidValue

_FIELDS = (
    "timestamp", "ticker", "side", "qty", "price", "commission", "slippage", "strategy", "metadata",
)  # fmt: skip
_NUMBERS = frozenset({"qty", "price", "commission", "slippage"})


@frozen
class TradeRecord:
    """One trade; `side` is buy or sell, commission and slippage are what it cost beside the price."""

    timestamp: datetime
    ticker: str
    side: str
    qty: float
    price: float
    commission: float = 0.0
    slippage: float = 0.0
    strategy: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain values."""
        return {name: getattr(self, name) for name in _FIELDS} | {
            "timestamp": self.timestamp.isoformat(),
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> TradeRecord:
        """Make a record from plain values, as `to_dict` gives them or as a file holds them."""
        missing = [name for name in _FIELDS[:5] if name not in d]
        if missing:
            raise InvalidValue(f"A trade needs {', '.join(missing)}", field=missing[0])
        values = {name: d[name] for name in _FIELDS if d.get(name) not in (None, "")}
        try:
            if not isinstance(values["timestamp"], datetime):
                values["timestamp"] = datetime.fromisoformat(values["timestamp"])
            values |= {name: float(values[name]) for name in _NUMBERS & values.keys()}
            if isinstance(values.get("metadata"), str):
                values["metadata"] = json.loads(values["metadata"])
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"A trade cannot be read: {error}") from error
        return cls(**values)


class TradeLog:
    """Trades in the order they were recorded."""

    def __init__(self) -> None:
        self._records: list[TradeRecord] = []

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[TradeRecord]:
        return iter(self._records)

    def record(self, trade_record: TradeRecord) -> None:
        """Add a trade."""
        self._records.append(trade_record)

    def filter(
        self,
        ticker: str | None = None,
        strategy: str | None = None,
        date_range: tuple[datetime | None, datetime | None] | None = None,
    ) -> list[TradeRecord]:
        """Give the trades of a ticker, of a strategy, or from one moment to another, both included."""
        first, last = date_range or (None, None)
        return [
            each
            for each in self._records
            if (ticker is None or each.ticker == ticker)
            and (strategy is None or each.strategy == strategy)
            and (first is None or each.timestamp >= first)
            and (last is None or each.timestamp <= last)
        ]

    def summary(self) -> dict[str, Any]:
        """Give how many trades there were, what they moved and what they cost."""
        sides = [each.side.lower() for each in self._records]
        times = [each.timestamp for each in self._records]
        return {
            "total_trades": len(self._records),
            "buys": sides.count("buy"),
            "sells": sides.count("sell"),
            "total_volume": sum(abs(each.qty) * each.price for each in self._records),
            "total_commission": sum(each.commission for each in self._records),
            "total_slippage": sum(each.slippage for each in self._records),
            "tickers": sorted({each.ticker for each in self._records}),
            "strategies": sorted({each.strategy for each in self._records if each.strategy}),
            "first_trade": min(times, default=None),
            "last_trade": max(times, default=None),
        }

    def export_csv(self, path: str | Path) -> None:
        """Write the trades as comma-separated text that no spreadsheet takes for formulas."""
        rows = [
            [json.dumps(value) if name == "metadata" else value for name, value in each.to_dict().items()]
            for each in self._records
        ]
        Path(path).write_text(csv_text(_FIELDS, rows), encoding="utf-8", newline="")

    def export_json(self, path: str | Path) -> None:
        """Write the trades as JSON."""
        told = [each.to_dict() for each in self._records]
        Path(path).write_text(json.dumps(told, indent=1, default=str), encoding="utf-8")

    def load_csv(self, path: str | Path) -> None:
        """Add the trades of a file that `export_csv` wrote."""
        with Path(path).open(encoding="utf-8", newline="") as file:
            read = [
                TradeRecord.from_dict({name: unguarded(text) for name, text in row.items() if name and text})
                for row in csv.DictReader(file)
            ]
        self._records += read

    def load_json(self, path: str | Path) -> None:
        """Add the trades of a file that `export_json` wrote."""
        try:
            rows = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidValue(f"{path} is not JSON: {error}") from error
        self._records += [TradeRecord.from_dict(row) for row in rows]
