"""Files that are whole or not there: what was begun lies beside until it is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Give a place to write to; it takes the file's name at the end, and an older file stays until then."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(file)
    except OSError as error:
        raise StorageFailed(
            tr("{file} could not be written.", file=file.name),
            hint=error.strerror or tr("Choose another place."),
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)
