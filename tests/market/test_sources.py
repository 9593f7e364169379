"""Every feed the settings name can be built, and costs nothing while nobody chose it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from puffling.market.feeds import FeedParts
from puffling.market.sources import make_feed
from puffling.runtime.clock import SystemClock
from puffling.runtime.port import Port
from puffling.settings.model import Market as MarketSettings

NAMES = get_args(get_args(MarketSettings.model_fields["feeds"].annotation)[0])


@pytest.mark.parametrize("name", NAMES)
async def test_a_feed_is_built_by_the_name_the_settings_have_for_it(name: str, tmp_path: Path) -> None:
    clock = SystemClock()
    port = Port(clock)
    feed = make_feed(name, FeedParts(clock, port, lambda _: None, tmp_path, MarketSettings()))
    assert feed.source == name
    assert feed.label
    assert feed.intervals
    await feed.close()
    await port.close()


def test_no_feed_is_loaded_before_it_is_chosen() -> None:
    program = "import puffling.market.market, sys; print(*sorted(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(answer.stdout.split())
    feeds = {f"puffling.market.{name}_feed" for name in NAMES if name != "demo"}
    assert loaded & (feeds | {"puffling.market.demo.feed", "pandas", "duckdb", "alpaca", "yfinance"}) == set()
