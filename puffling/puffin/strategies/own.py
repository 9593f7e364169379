"""A person's own strategies: one Python file each, run only while its digest is trusted.

    folder = OwnFolder(Path("strategies"), Path("trusted.json"))
    folder.trust("breakout", folder.find("breakout").digest)
    kind = load_own(folder.find("breakout").source())

What travels to another process is the text itself with the digest that was trusted: it is checked again where
it runs, so nobody can put another file in its place on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue

PREFIX = "own:"
MOST_BYTES = 256 * 1024
MOST_FILES = 500

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

TEMPLATE = '''"""{title}: say here in one line what it does."""

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.declaration import Choice, Real, Whole
from puffling.puffin.strategies.base import Signals, Strategy


class {kind}Strategy(Strategy):
    """Long while the close stands above its average."""

    title = "{title}"
    help = "Holds while the close is above its average."

    # Forms, checks and searches are made from these: name, title, default, lowest, highest (and step).
    parameters = (
        Whole("window", "Window", 50, 2, 500),
        Real("margin", "Margin", 0.0, 0.0, 0.2, 0.005),
        Choice("side", "Side", "long", (("long", "Long only"), ("both", "Long and short"))),
    )
    window: int
    margin: float
    side: str

    def bars_needed(self) -> int:
        """How many bars it takes until it can say something."""
        return self.window

    def decide(self, bars: Bars) -> Signals:
        """What to hold from the next open on: -1 short, 0 nothing, 1 long; and how sure it is, 0 to 1.

        Look at this bar and those before it only. An order fills on the next bar's open at the earliest.
        """
        summed = np.concatenate(([0.0], np.cumsum(bars.close)))
        signal = np.zeros(len(bars))
        average = (summed[self.window :] - summed[: -self.window]) / self.window
        close = bars.close[self.window - 1 :]
        signal[self.window - 1 :] = np.where(close > average * (1.0 + self.margin), 1.0, 0.0)
        if self.side == "both":
            signal[self.window - 1 :] -= np.where(close < average * (1.0 - self.margin), 1.0, 0.0)
        return Signals(signal, np.abs(signal))
'''


@frozen
class OwnSource:
    """The text of a file with the digest that was trusted, fit to travel to another process."""

    name: str
    file: str
    text: bytes
    digest: str


@frozen
class OwnFile:
    """One file of the folder as it is now."""

    name: str
    path: Path
    size: int
    digest: str
    trusted: bool
    text: bytes

    @property
    def strategy(self) -> str:
        """Give the name under which it is a strategy."""
        return PREFIX + self.name

    def source(self) -> OwnSource:
        """Give it to be run; one that is not trusted is refused."""
        if not self.trusted:
            raise InvalidValue(
                f"{self.path.name} is not trusted as it is now: look at it and trust it first", field="name"
            )
        return OwnSource(self.name, self.path.name, self.text, self.digest)


class OwnFolder:
    """The folder of a person's own strategies, and which digests the person trusts."""

    def __init__(self, folder: Path, trusted: Path) -> None:
        self.folder = folder
        self._trusted = trusted

    def prepare(self) -> Path:
        """Make the folder, for this person only, and give it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder

    def all(self) -> tuple[OwnFile, ...]:
        """Give every file that can be a strategy, by name."""
        trusted = self._digests()
        return tuple(self._read(path, trusted) for path in self._paths())

    def find(self, name: str) -> OwnFile:
        """Give the file of a strategy by its name, with or without own: or .py."""
        wanted = name.removeprefix(PREFIX).removesuffix(".py")
        path = self.folder / f"{wanted}.py"
        if not _NAME.fullmatch(wanted) or not path.is_file():
            known = ", ".join(path.stem for path in self._paths()) or "none"
            raise InvalidValue(f"There is no strategy file {wanted[:60]!r}; there are: {known}", field="name")
        return self._read(path, self._digests())

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Give what changes whenever a file does, without reading any."""
        found = []
        for path in self._paths():
            try:
                state = path.stat()
            except OSError:
                continue
            found.append((path.name, state.st_mtime_ns, state.st_size))
        return tuple(found)

    def trust(self, name: str, digest: str) -> OwnFile:
        """Trust exactly this content; a file that is another by now is refused."""
        found = self.find(name)
        if found.digest != digest:
            raise InvalidValue(f"{found.path.name} has changed since it was looked at", field="digest")
        if not found.text:
            raise InvalidValue(f"{found.path.name} is empty or larger than {MOST_BYTES} bytes", field="name")
        self._keep({**self._digests(), digest: found.name})
        return self.find(name)

    def distrust(self, name: str) -> OwnFile:
        """Trust no version of this file any more."""
        found = self.find(name)
        left = {digest: of for digest, of in self._digests().items() if of != found.name}
        left.pop(found.digest, None)
        self._keep(left)
        return self.find(name)

    def write_new(self, name: str) -> OwnFile:
        """Write a commented strategy that runs, for the person to change."""
        wanted = name.removesuffix(".py")
        if not _NAME.fullmatch(wanted):
            raise InvalidValue(
                "The name of a strategy begins with a small letter and goes on with small letters,"
                " digits and _",
                field="name",
            )
        words = wanted.replace("_", " ").strip()
        kind = "".join(part.capitalize() for part in wanted.split("_"))
        path = self.prepare() / f"{wanted}.py"
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(TEMPLATE.format(title=words[:1].upper() + words[1:], kind=kind))
        except FileExistsError:
            raise InvalidValue(f"There is a strategy file {path.name} already", field="name") from None
        return self.find(wanted)

    def _paths(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = (path for path in self.folder.glob("*.py") if _NAME.fullmatch(path.stem) and path.is_file())
        return sorted(found)[:MOST_FILES]

    def _read(self, path: Path, trusted: dict[str, str]) -> OwnFile:
        try:
            with path.open("rb") as file:
                text = file.read(MOST_BYTES + 1)
        except OSError:
            text = b""
        if len(text) > MOST_BYTES:
            # Half a file is another program: of one that is too large nothing is taken.
            return OwnFile(path.stem, path, path.stat().st_size, "", trusted=False, text=b"")
        digest = hashlib.sha256(text).hexdigest()
        known = bool(text) and digest in trusted
        return OwnFile(path.stem, path, len(text), digest, trusted=known, text=text)

    def _digests(self) -> dict[str, str]:
        try:
            kept = json.loads(self._trusted.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return dict(_pairs(kept))

    def _keep(self, digests: dict[str, str]) -> None:
        self._trusted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._trusted.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"trusted": digests}, file, indent=1)
        beside.replace(self._trusted)


def _pairs(kept: object) -> Iterator[tuple[str, str]]:
    rows = kept.get("trusted") if isinstance(kept, dict) else None
    for digest, name in rows.items() if isinstance(rows, dict) else ():
        if isinstance(name, str):
            yield str(digest), name
