from __future__ import annotations

from tests.benchmarks.gestures import FRAMES, views
from tests.benchmarks.peers import beside, ratio, told_by


def test_every_view_lies_within_the_bars_and_the_walk_ends_wide_again() -> None:
    seen = views(1_000_000)
    assert len(seen) == FRAMES
    assert all(0 <= first < last <= 1_000_000 for first, last in seen)
    widths = [last - first for first, last in seen]
    assert min(widths) < 2_000
    assert max(widths[-4:]) > 500_000


def test_a_peer_that_is_missing_or_fails_is_said_to_be_and_ends_nothing() -> None:
    peers = {
        "one": told_by("child_backtests", "no_such_peer", "no file"),
        "other": told_by("child_that_is_not_there"),
        "third": {"warm": 0.05},
    }
    assert beside(peers, "warm") == "one not installed, other failed, third 50.0 ms"
    assert ratio(0.01, peers, "warm") == "0.2"


def test_no_peer_gives_no_ratio() -> None:
    assert ratio(0.01, {"one": "not installed"}, "warm") == ""


def test_ours_stands_beside_the_best_peer() -> None:
    assert ratio(1.0, {"slow": {"warm": 10.0}, "fast": {"warm": 4.0}}, "warm") == "0.25"
