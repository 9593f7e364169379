"""What is written into a file holds the answer; the words about it stay on the screen."""

from __future__ import annotations

from tests.cli.conftest import Puffling


def test_prices_go_into_a_file_without_the_words_about_them(puffling: Puffling) -> None:
    told = puffling("data", "export", "SPY", "--limit", "3")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    notes = [line for line in lines if line.startswith('"# ')]
    assert lines[len(notes)] == "time,open,high,low,close,volume,kept_away"
    assert len(lines) == len(notes) + 4
    assert "SPY-1d-demo.csv" in told.stderr
    assert not told.stdout.endswith("\n\n")
