"""What the person looks at is shared, and told once."""

from __future__ import annotations

from puffling.desktop.selection import Selection
from puffling.puffin.data.interval import Interval


def test_every_listener_hears_a_new_symbol_once() -> None:
    selection = Selection()
    heard: list[str] = []
    selection.on_change(lambda: heard.append(selection.symbol))
    selection.choose("QQQ")
    assert heard == ["QQQ"]


def test_choosing_the_same_again_is_no_news() -> None:
    selection = Selection("SPY", Interval.D1)
    heard: list[str] = []
    selection.on_change(lambda: heard.append(selection.symbol))
    selection.choose("SPY", Interval.D1)
    assert heard == []


def test_a_listener_that_left_hears_nothing() -> None:
    selection = Selection()
    heard: list[str] = []
    leave = selection.on_change(lambda: heard.append(selection.symbol))
    leave()
    selection.choose(interval=Interval.H1)
    assert heard == []
    assert selection.interval is Interval.H1
