"""Where the local door is: a place that only this person can reach, found alike by owner and visitor.

A socket in the data folder or, where its path would be too long or the file system has no sockets, in
the runtime folder. Windows has a loopback port instead, with a random key in a file of the person's.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from puffling.runtime.errors import StorageFailed
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

KEY_FILE = "door.json"
SOCKET_FILE = "door.sock"
# The systems' limit is 104 to 108 bytes with the final zero.
_LONGEST_SOCKET_PATH = 100


if sys.platform == "win32":

    def socket_places(paths: Paths) -> Iterator[Path]:
        """Give no place: Windows has the loopback port."""
        return iter(())

    def bind_socket(paths: Paths) -> tuple[socket.socket, Path]:
        """Refuse: Windows has the loopback port."""
        raise StorageFailed(tr("There are no sockets in folders on Windows."))

    def is_ours(place: Path) -> bool:
        """Tell that nothing is there."""
        return False

else:

    def socket_places(paths: Paths) -> Iterator[Path]:
        """Give the places at which the socket may be, the usual one first."""
        usual = paths.data.absolute() / SOCKET_FILE
        if len(os.fsencode(usual)) <= _LONGEST_SOCKET_PATH:
            yield usual
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        folder = Path(runtime) if runtime else Path(tempfile.gettempdir()) / f"puffling-{os.getuid()}"
        yield folder / f"puffling-{hashlib.sha256(os.fsencode(paths.data.absolute())).hexdigest()[:16]}.sock"

    def bind_socket(paths: Paths) -> tuple[socket.socket, Path]:
        """Give a socket that only this person can connect to, and where it is."""
        reason = ""
        for place in socket_places(paths):
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                _private_folder(place.parent, made_by_us=place.name != SOCKET_FILE)
                place.unlink(missing_ok=True)
                # With the mode from the start: a moment of being open to others would be enough.
                before = os.umask(0o177)
                try:
                    listening.bind(os.fspath(place))
                finally:
                    os.umask(before)
                listening.listen(64)
            except OSError as error:
                listening.close()
                reason = str(error.strerror)
                continue
            listening.setblocking(False)
            return listening, place
        raise StorageFailed(
            tr("The local door could not be opened: {reason}.", reason=reason),
            hint=tr("Set PUFFLING_HOME to a folder on a local disk, or XDG_RUNTIME_DIR to one of your own."),
        )

    def is_ours(place: Path) -> bool:
        """Tell whether what stands at this place belongs to this person."""
        try:
            return place.lstat().st_uid == os.getuid()
        except OSError:
            return False

    def _private_folder(folder: Path, *, made_by_us: bool) -> None:
        if not made_by_us:
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        # In a folder open to all, somebody else may have been there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise PermissionError(13, tr("{folder} is not private", folder=folder))


def write_for_owner(file: Path, text: str) -> None:
    """Write a small file that only this person can read."""
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
