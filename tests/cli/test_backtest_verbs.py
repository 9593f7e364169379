"""The command line that the help promises, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Puffling

ASKED = (
    "backtest", "run", "--strategy", "momentum", "--symbols", "SPY",
    "--start", "2015-01-01", "--end", "2020-01-01",
)  # fmt: skip


def test_a_backtest_is_typed_in_one_line_and_its_report_written(puffling: Puffling, tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    done = puffling(*ASKED, "--json", "--report", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["strategy"], told["symbols"], told["data_label"]) == ("momentum", ["SPY"], "Demo data")
    assert told["grade"]
    assert told["metrics"]["total_trades"] > 0
    assert told["name"] in file.read_text(encoding="utf-8")
    table = puffling(*ASKED)
    assert "total return" in table.stdout
    assert "foresight" in table.stdout
    assert "{" not in table.stdout
    listed = json.loads(puffling("backtest", "list", "--json").stdout)
    assert told["id"] in {line["id"] for line in listed}
    checked = json.loads(puffling("backtest", "verify", told["id"], "--json").stdout)
    assert checked["identical"] is True
    paper = tmp_path / "out.pdf"
    assert puffling("backtest", "save", told["id"], str(paper)).returncode == 0
    assert paper.read_bytes().startswith(b"%PDF")


def test_what_cannot_be_tested_is_said_in_two_lines(puffling: Puffling, tmp_path: Path) -> None:
    for words, said in (
        (["backtest", "run", "--strategy", "magic", "--symbols", "SPY"], "magic"),
        (
            [*ASKED, "--strategy", "bracket_breakout", "--leaving", '{"stop_loss": 0.05}'],
            "sends its own orders",
        ),
        (["backtest", "run", "--strategy", "momentum", "--symbols", "NOPE"], "NOPE"),
        ([*ASKED[:6], "--start", "2020-01-01", "--end", "2015-01-01"], "range is empty"),
        ([*ASKED, "--parameters", '{"short_window": 0}'], "Short window"),
        ([*ASKED, "--report", str(tmp_path / "out.doc")], ".html"),
    ):
        done = puffling(*words)
        assert (done.returncode, done.stdout) == (2, ""), (words, done)
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 2
    assert puffling("backtest", "list").stdout == "Nothing to show.\n"


def test_a_search_is_typed_in_one_line(puffling: Puffling) -> None:
    words = ("optimization", *ASKED[1:], "--vary", "short_window=5..15:5", "long_window=30,60")
    told = json.loads(puffling(*words, "--json").stdout)
    assert (told["summary"]["tried"], told["summary"]["state"]) == (6, "done")
    assert told["findings"]
    table = puffling("optimization", "show", told["summary"]["id"])
    assert "deflated" in table.stdout
    assert "{" not in table.stdout
    for vary, said in (("short_window=15..5:5", "first is the larger"), ("wings=1..2", "wings")):
        done = puffling("optimization", *ASKED[1:], "--vary", vary)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 2
    assert puffling("optimization", "delete", told["summary"]["id"]).returncode == 0
    assert puffling("optimization", "list").stdout == "Nothing to show.\n"
