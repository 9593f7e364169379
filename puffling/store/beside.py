"""Records that are files beside the database, imported prices and own strategies: a backup has them too.

A file that did not change since it was copied is not copied again: all backups share the one copy, and it
goes when none of them names it any more.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr
from puffling.store.faults import unwritable

# Which files of which folders count; whatever else lies there is in the making, or for taking back.
FOLDERS = {"files": ".npz", "strategies": ".py"}
_COPIES = "files"
_PART = ".part"


class FilesBeside:
    """Copies these files out to the folder of backups and in again."""

    def __init__(self, data: Path, backups: Path) -> None:
        self._data = data
        self._backups = backups
        self._copies = backups / _COPIES

    def copy_out(self, backup: str) -> None:
        """Keep the files as they are now under the name of a backup."""
        try:
            named = {f"{file.parent.name}/{file.name}": self._copied(file) for file in self._files()}
            if named:
                draft = self._list_of(backup).with_suffix(_PART)
                draft.write_text(json.dumps(named), encoding="utf-8")
                draft.replace(self._list_of(backup))
        except OSError as error:
            raise unwritable(self._backups, error) from error

    def check(self, backup: str) -> None:
        """Refuse a backup whose copies are not all there."""
        for name, copy in self._named(backup).items():
            if not copy.is_file():
                raise StorageFailed(
                    tr("The copy of {name} in the backup is gone.", name=name),
                    hint=tr("Choose another one from the list; your present records were left as they are."),
                )

    def copy_in(self, backup: str) -> None:
        """Bring the files of a backup back; what came since stays."""
        for name, copy in self._named(backup).items():
            file = self._data / name
            if file.is_file() and _mark(file) == _mark(copy):
                continue
            draft = file.with_name(f"{file.name}{_PART}")
            try:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _copy(copy, draft)
                draft.replace(file)
            except OSError as error:
                draft.unlink(missing_ok=True)
                raise unwritable(file.parent, error) from error

    def prune(self, backups: Iterable[str]) -> None:
        """Let go of what belongs to none of these backups."""
        lists = {self._list_of(backup) for backup in backups}
        for listed in self._backups.glob("puffling-*.json"):
            if listed not in lists:
                listed.unlink(missing_ok=True)
        try:
            named = {copy for listed in lists for copy in self._named(listed.name).values()}
        except StorageFailed:
            # As long as nobody knows what one of them names, nothing is let go.
            return
        for copy in self._copies.glob("*"):
            if copy not in named:
                copy.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        for folder, ending in FOLDERS.items():
            yield from sorted(self._data.joinpath(folder).glob(f"*{ending}"))

    def _copied(self, file: Path) -> str:
        size, changed_ns = _mark(file)
        which = blake2b(f"{file.parent.name}/{file.name}".encode(), digest_size=8).hexdigest()
        copy = self._copies / f"{which}-{size}-{changed_ns}{file.suffix}"
        if not copy.is_file():
            self._copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = copy.with_suffix(_PART)
            try:
                _copy(file, draft)
                draft.replace(copy)
            finally:
                draft.unlink(missing_ok=True)
        return copy.name

    def _list_of(self, backup: str) -> Path:
        return (self._backups / backup).with_suffix(".json")

    def _named(self, backup: str) -> dict[str, Path]:
        """Give each file of a backup with its copy; a backup from before there were any has none."""
        try:
            found = json.loads(self._list_of(backup).read_text(encoding="utf-8"))
            named = {Path(str(name)): Path(str(copy)) for name, copy in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise StorageFailed(
                tr("The list of files of the backup {name} cannot be read.", name=backup),
                hint=tr("Choose another one from the list; your present records were left as they are."),
            ) from error
        # A list that was tampered with names no place outside these folders.
        return {
            str(name): self._copies / copy.name
            for name, copy in named.items()
            if len(name.parts) == 2 and FOLDERS.get(name.parts[0]) == name.suffix
        }


def _mark(file: Path) -> tuple[int, int]:
    """Give what tells one state of a file from another."""
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def _copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)
    handle = os.open(target, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
