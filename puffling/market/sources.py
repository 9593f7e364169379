"""The feeds by the names they have in the settings; a feed's module is loaded when it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import cast

from puffling.market.feeds import Feed, FeedParts

_DEMO_YEARS_AHEAD = 10


def make_feed(name: str, parts: FeedParts) -> Feed:
    """Build the feed that the settings call by this name."""
    return _MAKERS[name](parts)


def _demo(parts: FeedParts) -> Feed:
    from puffling.market.demo.feed import DemoFeed
    from puffling.market.demo.market import DemoMarket

    # Every year that is told costs time at the start: some to come are enough for any one run.
    horizon = date(parts.clock.now().year + _DEMO_YEARS_AHEAD, 1, 1)
    return DemoFeed(DemoMarket(parts.settings.demo_seed, horizon), parts.clock)


def _samples(parts: FeedParts) -> Feed:
    from puffling.market.samples_feed import SamplesFeed
    from puffling.puffin.data.samples import SamplesProvider
    from puffling.runtime.paths import resources

    return SamplesFeed(SamplesProvider(resources() / "samples"))


def _elsewhere(module: str, name: str) -> Callable[[FeedParts], Feed]:
    def make(parts: FeedParts) -> Feed:
        from importlib import import_module

        return cast(Feed, getattr(import_module(module), name)(parts))

    return make


_MAKERS: dict[str, Callable[[FeedParts], Feed]] = {
    "demo": _demo,
    "samples": _samples,
    "files": _elsewhere("puffling.market.files_feed", "FilesFeed"),
    "yahoo": _elsewhere("puffling.market.yahoo_feed", "YahooFeed"),
    "alpaca": _elsewhere("puffling.market.alpaca_feed", "AlpacaFeed"),
}
