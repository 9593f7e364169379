"""How a Python value travels between our own processes: arrays as they lie in memory, the rest pickled."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from multiprocessing.reduction import ForkingPickler
from typing import IO, Any

# Below this an array is as cheap inside the pickle as beside it.
_WORTH_ITS_OWN_BLOCK = 16_384
_PROTOCOL = 5


def write_value(stream: IO[bytes], value: object) -> None:
    """Write the value; nothing at all is written when it cannot be pickled."""
    blocks: list[memoryview] = []

    def keep_inside(buffer: Any) -> bool:
        view: memoryview = buffer.raw()
        if view.nbytes < _WORTH_ITS_OWN_BLOCK:
            return True
        blocks.append(view)
        return False

    body = io.BytesIO()
    ForkingPickler(body, _PROTOCOL, True, keep_inside).dump(value)
    parts: Sequence[memoryview] = [body.getbuffer(), *blocks]
    stream.write(struct.pack(f"!I{len(parts)}Q", len(parts), *(part.nbytes for part in parts)))
    stream.writelines(parts)
    stream.flush()


def read_value(stream: io.BufferedReader) -> Any:
    """Read the next value; EOFError says that the other side has gone."""
    (count,) = struct.unpack("!I", _read(stream, 4))
    sizes = struct.unpack(f"!{count}Q", _read(stream, 8 * count))
    body, *blocks = [_read(stream, size) for size in sizes]
    return ForkingPickler.loads(body, buffers=blocks)


def to_bytes(value: object) -> bytes:
    """Give the value as one block of bytes."""
    stream = io.BytesIO()
    write_value(stream, value)
    return stream.getvalue()


def from_bytes(block: bytes) -> Any:
    """Give the value that such a block holds."""
    return read_value(io.BufferedReader(io.BytesIO(block)))


def _read(stream: io.BufferedReader, size: int) -> bytearray:
    # A bytearray, so that the arrays on top of it can be written to.
    block = bytearray(size)
    view = memoryview(block)
    filled = 0
    while filled < size:
        count = stream.readinto(view[filled:])
        if not count:
            raise EOFError
        filled += count
    return block
