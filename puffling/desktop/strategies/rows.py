"""The two lists of the panel: what the person configured, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from puffling.desktop.strategies.live import mode_words
from puffling.desktop.tables import Column, Kind
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import OwnStrategyFile, SavedStrategy, StrategyKind


@frozen
class KindRow:
    """A line of the library: a kind that can run, a file of the person's own, or both."""

    name: str
    title: str
    group: str
    help: str
    kind: StrategyKind | None = None
    file: OwnStrategyFile | None = None

    @property
    def state(self) -> str:
        """Say whether it can run, and if not why."""
        if self.file is None:
            return ""
        if not self.file.trusted:
            return tr("Not trusted")
        if self.file.line:
            return tr("Line {line}", line=self.file.line)
        return tr("Faulty") if self.file.trouble else tr("Trusted")

    @property
    def tone(self) -> Tone:
        """Give how its state is to be read."""
        if self.file is None:
            return Tone.MUTED
        if self.file.trouble:
            return Tone.DANGER
        return Tone.UP if self.file.trusted else Tone.WARN


def saved_columns(titles: dict[str, str]) -> list[Column[SavedStrategy]]:
    """Give the columns of configured strategies; the titles of kinds are looked up when a row is drawn."""
    return [
        Column("name", tr("Name"), lambda row: row.name, Kind.STRONG, width=118, stretch=True),
        Column(
            "strategy",
            tr("Strategy"),
            lambda row: titles.get(row.strategy, row.strategy),
            Kind.MUTED,
            width=98,
            stretch=True,
        ),
        Column("symbols", tr("Symbols"), _symbols, width=76, stretch=True, tooltip=_symbols),
        Column("interval", tr("Bars"), lambda row: row.interval, Kind.MUTED, width=40, drops=True),
        Column(
            "version",
            tr("Version"),
            lambda row: row.version,
            Kind.NUMBER,
            decimals=0,
            width=56,
            optional=True,
        ),
        Column("state", tr("State"), _state, width=66, tone=_tone, tooltip=lambda row: row.trouble),
    ]


def kind_columns() -> list[Column[KindRow]]:
    """Give the columns of the library."""
    return [
        Column(
            "title",
            tr("Strategy"),
            lambda row: row.title,
            Kind.STRONG,
            width=140,
            stretch=True,
            tooltip=lambda row: row.help,
        ),
        Column("group", tr("From"), lambda row: row.group, Kind.MUTED, width=84),
        Column(
            "state",
            tr("State"),
            lambda row: row.state,
            width=84,
            tone=lambda row: row.tone,
            tooltip=lambda row: row.file.trouble if row.file else "",
        ),
    ]


def kind_rows(kinds: Iterable[StrategyKind], files: Iterable[OwnStrategyFile]) -> dict[str, KindRow]:
    """Give the library by name: of the house, the person's own with those that do not run, of packages."""
    found = {kind.name: kind for kind in kinds}
    own = {file.strategy: file for file in files}
    rows = {
        name: KindRow(name, kind.title, tr("Built-in"), kind.help, kind)
        for name, kind in found.items()
        if ":" not in name
    }
    for name, file in own.items():
        kind = found.get(name)
        title = kind.title if kind is not None else file.name.replace("_", " ").capitalize()
        rows[name] = KindRow(name, title, tr("Own file"), kind.help if kind else "", kind, file)
    for name, kind in found.items():
        if name not in rows:
            rows[name] = KindRow(name, kind.title, name.partition(":")[0], kind.help, kind)
    return rows


def _symbols(row: SavedStrategy) -> str:
    return ", ".join(row.symbols)


def _state(row: SavedStrategy) -> str:
    if row.trouble:
        return tr("Cannot run")
    return mode_words(row.mode) if row.enabled else tr("Ready")


def _tone(row: SavedStrategy) -> Tone:
    return Tone.DANGER if row.trouble else Tone.UP if row.enabled else Tone.MUTED
