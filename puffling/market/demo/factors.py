"""The tides of the demo market: daily returns of the common factors, calm for years and wild for months."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from puffling.frozen import frozen
from puffling.market.demo.hashing import Floats, Ints, bell, key_of, uniform

MARKET_VOLATILITY = 0.0088
CRYPTO_VOLATILITY = 0.0280
# Daily volatility of the smaller factors, and how much of the market's stress they share.
SMALLER = {
    "tech": (0.0065, 0.6),
    "small": (0.0055, 0.5),
    "abroad": (0.0050, 0.6),
    "finance": (0.0065, 0.8),
    "energy": (0.0110, 0.6),
    "health": (0.0060, 0.5),
    "consumer": (0.0050, 0.5),
    "rates": (0.0045, 0.4),
    "gold": (0.0090, 0.4),
}

# Mood of the market: how wild its days are, their daily pull, and the chance to leave for each other mood.
_MOODS = (
    (0.66, 0.0005, (0.0, 0.006, 0.0006)),
    (1.00, 0.0001, (0.006, 0.0, 0.0025)),
    (2.60, -0.0024, (0.0, 0.014, 0.0)),
)


@frozen(eq=False)
class Tides:
    """Factor returns for a run of days, and how stressed each day is against an average one."""

    returns: Mapping[str, Floats]
    stress: Floats


def heavy_bell(seed: int, name: str, days: Ints) -> Floats:
    """Give bell-shaped shocks with heavier shoulders, of variance near one, for numbered days."""
    return bell(key_of(seed, name, "shock"), days) / np.sqrt(
        0.42 + 1.56 * uniform(key_of(seed, name, "mix"), days)
    )


def _moody_path(seed: int, name: str, days: Ints) -> tuple[Floats, Floats]:
    """Walk through moods with clustering volatility: returns and stress, in units of a usual day."""
    shocks = heavy_bell(seed, name, days)
    moods = _moods(uniform(key_of(seed, name, "mood"), days))
    scale, pull = (np.array([mood[part] for mood in _MOODS])[moods] for part in (0, 1))
    # A fall frightens more than a rise of the same size.
    fright = np.where(shocks < 0.0, 0.105, 0.045) * shocks * shocks
    variance, variances = 1.0, []
    for growth in (0.865 + fright).tolist():
        variances.append(variance)
        following = 0.055 + variance * growth
        variance = following if following < 9.0 else 9.0  # noqa: FURB136  a start waits for 20,000 calls
    stress = np.sqrt(np.array(variances)) * scale
    return stress * shocks + pull * 100.0, stress


def _moods(chances: Floats) -> Ints:
    """Give the mood of each day; only the few days on which any mood could end are looked at."""
    moods = np.ones(len(chances), dtype=np.int64)
    mood = 1
    for place in np.flatnonzero(chances < max(sum(leaving) for _, _, leaving in _MOODS)).tolist():
        threshold = 0.0
        for other, leaving in enumerate(_MOODS[mood][2]):
            threshold += leaving
            if chances[place] < threshold:
                mood = other
                moods[place:] = mood
                break
    return moods


def market_tides(seed: int, days: Ints) -> Tides:
    """Give the factors of shares and funds for the numbered session days."""
    moves, stress = _moody_path(seed, "market", days)
    returns = {"market": moves * MARKET_VOLATILITY}
    for name, (volatility, shared) in SMALLER.items():
        returns[name] = volatility * (1.0 - shared + shared * stress) * heavy_bell(seed, name, days)
    return Tides(returns, stress)


def crypto_tides(seed: int, days: Ints, session_days: Ints, market: Tides) -> Tides:
    """Give the factors of crypto for every numbered day; the share market moves it on session days."""
    moves, stress = _moody_path(seed, "crypto", days)
    leaning = np.zeros(len(days))
    leaning[np.searchsorted(days, session_days)] = market.returns["market"]
    return Tides({"crypto": moves * CRYPTO_VOLATILITY, "market": leaning}, stress)
