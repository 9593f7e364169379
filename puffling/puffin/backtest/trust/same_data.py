"""What the same data is: whoever looked at a price of it has seen what it did.

Attempts share data where at least one symbol is the same, from the same source and in bars as long, whatever
the days: who tried ten things on SPY knows how SPY went, and takes that along to SPY with QQQ beside it.
Attempts on SPY and on QQQ, each alone, share nothing with each other; one on both shares with either.
"""

from __future__ import annotations

from collections.abc import Iterable


def data_key(source: str, symbols: Iterable[str], interval: str) -> str:
    """Give the name of the data of an attempt."""
    return f"{source}|{','.join(sorted(symbols))}|{interval}"


def ends_of(key: str) -> tuple[str, str]:
    """Give what the names of all data begin and end with that could be shared with this one."""
    source, _, interval = key.split("|")
    return f"{source}|", f"|{interval}"


def share_data(one: str, other: str) -> bool:
    """Tell whether attempts on two data count together."""
    (source, symbols, interval), (its_source, its_symbols, its_interval) = one.split("|"), other.split("|")
    alike = (source, interval) == (its_source, its_interval)
    return alike and not set(symbols.split(",")).isdisjoint(its_symbols.split(","))
