"""Answers read like lines, not like code."""

from __future__ import annotations

from puffling.desktop.readable import brief, readable


def test_names_become_words_and_numbers_get_their_separators() -> None:
    said = readable({"bars": 234226, "findings": [], "all_clean": True, "share": -1234.5})
    assert said.splitlines() == ["Bars: 234,226", "Findings: –", "All clean: yes", "Share: −1,234.5"]


def test_what_lies_inside_is_indented_and_plain_lists_stay_on_one_line() -> None:
    said = readable({"list": {"name": "Core", "symbols": ["SPY", "QQQ"]}})
    assert said.splitlines() == ["List:", "    Name: Core", "    Symbols: SPY, QQQ"]


def test_records_are_kept_apart() -> None:
    assert readable([{"a": 1}, {"a": 2}]).splitlines() == ["A: 1", "", "A: 2"]


def test_an_act_is_brief() -> None:
    assert brief({"key": "appearance.theme", "value": "dark", "other": None}) == "appearance.theme, dark"
    assert brief({"symbol": "TSLA", "watchlist": "9c8408b56001902f"}) == "TSLA"
    assert brief({"symbol": "TSLA", "drawings": ["9c8408b56001902f", "9c8408b560019030"]}) == "TSLA"
    drawings = [
        {"id": "9c8408b56001902f", "symbol": symbol, "points": [[1, 2.5]]} for symbol in ("SPY", "SPY", "GLD")
    ]
    assert brief({"drawings": drawings}) == "SPY, GLD"
    assert brief({"symbol": "SPY", "kind": "ray", "points": [[1, 2.5], [3, 4.5]]}) == "SPY, ray"
    assert brief({"symbols": ["SPY", "QQQ"], "on": True, "rows": [{"size": 3}]}) == "SPY, QQQ, yes"
    assert brief("nothing to read") == ""
