"""What the window showed last, in one small file: the next start paints it before any database opens."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, field, fields
from pathlib import Path
from typing import Any

from puffling.frozen import frozen

Kept = dict[str, Any]

_log = logging.getLogger(__name__)
FILE_NAME = "window.json"
VERSION = 1
# How deep names lead to names before what a panel or workspace keeps for itself begins.
_SHELVES = {"workspaces": 1, "panels": 2}


@frozen
class Snapshot:
    """Geometry, layouts and last known content; losing it loses nothing but comfort."""

    geometry: str = ""
    workspace: str = ""
    workspaces: Kept = field(default_factory=dict)
    panels: Kept = field(default_factory=dict)
    appearance: Kept = field(default_factory=dict)
    lines: Kept = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)
    folders: Kept = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def load(cls, path: Path) -> Snapshot:
        """Read the file; a missing, damaged or foreign one counts as none."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls._checked(found)
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, RecursionError) as error:
            _log.info("The window's snapshot is ignored: %s", error)
            return cls()

    def save(self, path: Path) -> None:
        """Write the file in one step: whoever reads it finds the old one or the new one, whole."""
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_text(json.dumps(asdict(self), separators=(",", ":")), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            _log.warning("The window's snapshot cannot be written: %s", error)

    @classmethod
    def _checked(cls, found: object) -> Snapshot:
        if not isinstance(found, dict) or found.get("version") != VERSION:
            raise ValueError("it is of another version")
        blank = cls()
        kinds = {each.name: type(getattr(blank, each.name)) for each in fields(cls)}
        for name, kind in kinds.items():
            if name in found and not isinstance(found[name], kind):
                raise TypeError(f"{name} is not of the right kind")
        for name, depth in _SHELVES.items():
            _check_shelves(found.get(name, {}), name, depth)
        return cls(**{name: found[name] for name in kinds if name in found})


def _check_shelves(kept: Kept, name: str, depth: int) -> None:
    for key, inner in kept.items():
        if not isinstance(inner, dict):
            raise TypeError(f"{name}.{key} is not of the right kind")
        if depth > 1:
            _check_shelves(inner, f"{name}.{key}", depth - 1)
