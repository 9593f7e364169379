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


def test_an_order_that_nobody_could_say_yes_to_tells_that_nothing_was_done(puffling: Puffling) -> None:
    shown = puffling("broker", "order", "BTC/USD", "buy", "0.005")
    assert shown.returncode == 0
    assert "Nothing was done" in shown.stderr
    assert "puffling broker confirm" in shown.stderr


def test_a_plan_to_go_live_with_an_account_for_practice_says_what_to_do_first(puffling: Puffling) -> None:
    plan = puffling("safety", "live-plan").stdout
    assert "connect an account that does. The first feed" in plan
    assert "real money at" not in plan
