"""Numbers hashed out of a key and a place: the demo market's only source of chance."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

# Another generation is another market for every seed. This one was chosen because its default seed has
# lived through a deep crisis and arrives at everyday prices. A changed model needs another feed source too.
_GENERATION = b"demo market 4655"

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_PAIR_OF_16 = np.uint64(0x0000FFFF_0000FFFF)
_LOW_32 = np.uint64(0xFFFFFFFF)


def key_of(seed: int, *names: str) -> np.uint64:
    """Give the key of one independent stream of numbers."""
    digest = blake2b("/".join((str(seed), *names)).encode(), digest_size=8, person=_GENERATION).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def hashed(key: np.uint64, places: Ints) -> Bits:
    """Give 64 well-mixed bits for every place of a stream."""
    bits = places.astype(np.uint64)
    bits *= _GOLDEN
    bits += key
    bits ^= bits >> np.uint64(30)
    bits *= _FIRST
    bits ^= bits >> np.uint64(27)
    bits *= _SECOND
    bits ^= bits >> np.uint64(31)
    return bits


def uniform(key: np.uint64, places: Ints) -> Floats:
    """Give a number in [0, 1) for every place."""
    return (hashed(key, places) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def uniform_pair(key: np.uint64, places: Ints) -> tuple[Floats, Floats]:
    """Give two numbers in [0, 1) for every place at the price of one hash."""
    bits = hashed(key, places)
    return (bits >> np.uint64(32)).astype(np.float64) * 2.0**-32, (bits & _LOW_32).astype(
        np.float64
    ) * 2.0**-32


def bell(key: np.uint64, places: Ints) -> Floats:
    """Give a nearly normal number of variance one for every place: twelve uniforms, summed as integers."""
    thirds = 3 * places
    total = _two_sums(hashed(key, thirds))
    for part in (1, 2):
        total += _two_sums(hashed(key, thirds + part))
    centred = _one_sum(total)
    centred -= 6 * 65_535
    return centred.astype(np.float64) / 65_536.0


def steps(key: np.uint64, places: Ints) -> Ints:
    """Give a whole number around zero for every place, bell-shaped enough for the steps of a walk."""
    return _one_sum(_two_sums(hashed(key, places))) - 2 * 65_535


def _two_sums(bits: Bits) -> Bits:
    """Take the bits as four numbers, and add them up in pairs that stand side by side."""
    pairs = bits >> np.uint64(16)
    pairs &= _PAIR_OF_16
    bits &= _PAIR_OF_16
    pairs += bits
    return pairs


def _one_sum(pairs: Bits) -> Ints:
    total = pairs >> np.uint64(32)
    total += pairs & _LOW_32
    return total.astype(np.int64)
