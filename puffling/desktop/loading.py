"""Loading what is needed when it is first looked at, piece by piece: in one go it would hold the loop."""

from __future__ import annotations

import asyncio
from importlib import import_module


async def load(*modules: str) -> None:
    """Import modules one after the other; everything else gets its turn in between."""
    for name in modules:
        import_module(name)
        await asyncio.sleep(0)
