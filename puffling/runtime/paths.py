"""Where things live on this computer."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from puffling.frozen import frozen
from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr


@frozen
class Paths:
    """The folders of one person's Puffling; `PUFFLING_HOME` puts all of them under one roof."""

    data: Path
    config: Path
    cache: Path
    logs: Path

    @classmethod
    def discover(cls) -> Paths:
        """Find the folders from the environment or from the habits of the operating system."""
        if home := os.environ.get("PUFFLING_HOME"):
            try:
                return cls.under(Path(home).expanduser())
            except RuntimeError as error:
                raise StorageFailed(
                    tr("PUFFLING_HOME is set to {home}, and nobody of that name lives here.", home=home),
                    hint=tr("Set it to a folder of your own."),
                ) from error
        # Imported here: a rented second on the window's way to its first paint.
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("puffling", appauthor=False)
        return cls(
            data=Path(dirs.user_data_dir),
            config=Path(dirs.user_config_dir),
            cache=Path(dirs.user_cache_dir),
            logs=Path(dirs.user_log_dir),
        )

    @classmethod
    def under(cls, home: Path) -> Paths:
        """Put every folder below one."""
        home = home.absolute()
        return cls(data=home, config=home, cache=home / "cache", logs=home / "logs")

    def prepare(self) -> None:
        """Make the folders, readable by this person only, or say which one cannot be made."""
        for folder in (self.data, self.config, self.cache, self.logs):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageFailed(
                    tr("The folder {folder} cannot be made: {reason}.", folder=folder, reason=error.strerror),
                    hint=tr("Make it writable, or set PUFFLING_HOME to a folder of your own."),
                ) from error


@cache
def resources() -> Path:
    """Give the folder of shipped resources: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    frozen = getattr(sys, "_MEIPASS", None)
    places = [package / "_resources", package.parent / "resources"]
    if frozen:
        places.insert(0, Path(frozen) / "resources")
    for place in places:
        if place.is_dir():
            return place
    raise StorageFailed(
        tr("Puffling's own files are missing."),
        hint=tr("Install it again: its resources folder was not found."),
    )
