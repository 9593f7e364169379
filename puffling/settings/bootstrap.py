"""The one small file outside the database: it says where the data is, and nothing else."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from puffling.frozen import frozen
from puffling.runtime.errors import InvalidInput
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

FILE_NAME = "puffling.toml"
DATABASE_VARIABLE = "PUFFLING_DATABASE_URL"
_SEEMS_NAMED = re.compile(r"""data\s*[=:]\s*["']*([^"'\r\n]+)""")


@frozen
class Whereabouts:
    """Where this person's data is: the folders, and a database server when it is not a file of ours."""

    paths: Paths
    database_url: str | None = None


def locate(paths: Paths, environment: Mapping[str, str]) -> Whereabouts:
    """Read the bootstrap file, if there is one, and say where the data is.

    The address of a database server holds a password, so it comes from the environment only.
    """
    url = environment.get(DATABASE_VARIABLE) or None
    file = paths.config / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Whereabouts(paths, url)
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(file, str(error)) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unusable(file, str(error)) from error
    data = values.pop("data", None)
    if values:
        raise _unusable(file, tr("{name} is not known here", name=next(iter(values))))
    if data is None:
        return Whereabouts(paths, url)
    if not isinstance(data, str) or not _folder(data).is_absolute():
        raise _unusable(file, tr("data must be the full path of a folder, in quotes"))
    return Whereabouts(replace(paths, data=_folder(data)), url)


def conceivable(paths: Paths) -> tuple[Paths, ...]:
    """Give where the data may be when the file cannot be used: the usual place, and what it seems to name."""
    try:
        text = (paths.config / FILE_NAME).read_bytes().decode("utf-8", "replace")
    except OSError:
        text = ""
    named = (_folder(found.strip()) for found in _SEEMS_NAMED.findall(text))
    there = [folder for folder in named if folder.is_absolute() and os.path.isdir(folder)]  # noqa: PTH112
    return tuple(replace(paths, data=folder) for folder in dict.fromkeys([paths.data, *there]))


def _folder(text: str) -> Path:
    # The home of somebody unknown stays as it is written, which is no full path; a Path would raise.
    return Path(os.path.expanduser(text))  # noqa: PTH111


def _unusable(file: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        tr("The settings file {file} cannot be used: {reason}.", file=file, reason=reason),
        field=file.name,
        hint=tr(
            'Mend it or move it away; its one line reads like data = "/home/me/trading". Nothing was changed.'
        ),
    )
