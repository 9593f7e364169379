"""The command itself: faces, exit codes, plain words, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from puffling import __version__
from puffling.core.catalogue import Catalogue
from puffling.core.declared import declared_registry
from puffling.core.places import bind_socket
from puffling.runtime.paths import Paths
from puffling.trading.halt import HaltSwitch
from tests.cli.conftest import Puffling, environment


def test_the_version_loads_almost_nothing(puffling: Puffling, checkout: Path) -> None:
    assert puffling("--version").stdout == f"puffling {__version__}\n"
    program = "import sys; from puffling.__main__ import main; main(['--version']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    heavy = {
        "asyncio",
        "pydantic",
        "numpy",
        "sqlalchemy",
        "argparse",
        "PySide6",
        "fastapi",
        "puffling.runtime",
    }
    assert not heavy.intersection(loaded.split())


def test_nothing_but_the_terminal_is_loaded_for_its_help(checkout: Path, home: Path) -> None:
    program = "import sys; from puffling.__main__ import main; main(['help']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[-1]
    assert not {"PySide6", "fastapi", "uvicorn", "alembic", "scipy"}.intersection(loaded.split())
    assert not (home / "puffling.db").exists()


def test_help_names_every_verb(puffling: Puffling) -> None:
    overview = puffling("--help")
    assert overview.returncode == 0
    for word in ("serve", "doctor", "halt", "resume", "watchlists", "data"):
        assert word in overview.stdout
    verbs = puffling("watchlists")
    assert "create" in verbs.stdout
    assert "usage: puffling watchlists create" in puffling("watchlists", "create", "--help").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["watchlist", "list"], 2, "watchlists"),
        (["watchlists", "lst"], 2, "list"),
        (["watchlists", "show"], 2, "required"),
        (["watchlists", "list", "--nope"], 2, "--help"),
        (["watchlists", "show", "nowhere"], 3, "nowhere"),
        (["data", "quotes", "NOPE"], 3, "NOPE"),
        (["data", "prices", "NOPE"], 3, "NOPE"),
        (["data", "ohlcv", "SPY", "--interval", "2h"], 2, "invalid choice"),
        (["data", "ohlcv", "SPY", "--start", "yesterday"], 2, "start"),
        (["settings", "put", "appearance.theme", "purple"], 2, "purple|dark"),
        (["settings", "put", "server.port", "many"], 2, "server.port"),
        (["monitor", "audit", "--limit", "many"], 2, "limit"),
        (["--frobnicate"], 2, "help"),
        (["serve", "--port", "x"], 2, "--port"),
        (["serve", "--port", "99999"], 2, "65535"),
        (["serve", "--host", "0.0.0.0", "--port", "0"], 5, "--allow-network"),
        (["access", "revoke", "nobody"], 3, "nobody"),
        ([], 7, "display"),
    ],
)
def test_what_is_wrong_is_said_with_a_hint_and_a_code(
    puffling: Puffling, words: list[str], code: int, said: str
) -> None:
    done = puffling(*words)
    assert done.returncode == code, done.stderr
    assert any(word in done.stderr for word in said.split("|")), done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2


def test_an_answer_is_a_table_or_json(puffling: Puffling) -> None:
    made = puffling("watchlists", "create", "Tech", "AAPL", "MSFT")
    assert (made.returncode, made.stderr) == (0, "")
    lists = json.loads(puffling("watchlists", "list", "--json").stdout)
    assert ["AAPL", "MSFT"] in [each["symbols"] for each in lists]
    table = puffling("watchlists", "list").stdout.splitlines()
    assert table[0].split() == ["id", "name", "symbols", "position"]
    assert any("AAPL, MSFT" in row for row in table)


def test_a_job_runs_to_its_end(puffling: Puffling) -> None:
    done = puffling("data", "check", "SPY", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["symbols"] == 1


def test_a_reader_that_has_seen_enough_is_no_error(checkout: Path, home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling", "data", "prices", "BTC/USD"],
        cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_an_answer_that_finds_no_room_is_said_plainly(checkout: Path, home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "puffling", "watchlists", "list"],
            cwd=checkout, env=environment(home), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 7
    assert done.stderr.startswith("The answer could not be written: ")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_stream_prints_lines_until_it_is_stopped(checkout: Path, home: Path, end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling", "data", "prices", "BTC/USD", "--json"],
        cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        item = json.loads(process.stdout.readline())
        assert item["symbol"] == "BTC/USD"
        process.send_signal(end)
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == (130 if end == signal.SIGINT else 143)
    assert complaints == ""
    assert not (home / "door.sock").exists()


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until it has happened, for half a minute at most."""
    pause = threading.Event()
    for _ in range(3000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def at_a_terminal(home: Path, checkout: Path, words: list[str], answer: str, **more: str) -> tuple[int, str]:
    """What `puffling` shows at a controlling terminal at which somebody answers the question for the code."""
    program = f"""
import os, pty, re, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "puffling", *{words!r}])
shown, answered = b"", False
while True:
    try:
        piece = os.read(terminal, 1000)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    code = re.search(rb"Type (\\w+) to go on: $", shown)
    if code and not answered:
        answered = True
        os.write(terminal, {answer!r}.encode().replace(b"CODE", code[1]) + b"\\n")
_, status = os.waitpid(pid, 0)
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout, env=environment(home, TERM="xterm", **more),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout


def test_guarded_acts_need_a_code_typed_at_a_terminal(puffling: Puffling, home: Path, checkout: Path) -> None:
    switch = HaltSwitch(home)
    assert puffling("halt", "lunch").returncode == 0
    assert switch.read() is not None
    # No terminal at all, and an answer that is piped in: both refused.
    for stdin in (None, "CODE\n"):
        refused = puffling("resume", stdin=stdin)
        assert refused.returncode == 5
        assert "person at the machine" in refused.stderr
    code, shown = at_a_terminal(home, checkout, ["resume"], "WRONG")
    assert code == 9
    assert "Nothing was done" in shown
    assert switch.read() is not None
    code, _ = at_a_terminal(home, checkout, ["resume"], "\x03")
    assert code == 130
    code, shown = at_a_terminal(home, checkout, ["resume"], "CODE")
    assert code == 0, shown
    assert switch.read() is None


def test_halt_works_without_any_core(puffling: Puffling, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "puffling.db").write_bytes(b"rubbish" * 1000)
    done = puffling("halt", "it", "is", "\x1b[2Jenough")
    assert "\x1b" not in done.stdout
    HaltSwitch(home).lift()
    done = puffling("halt", "it", "is", "enough", "--json")
    told = json.loads(done.stdout)
    assert (told["trading"], told["reason"], told["owner_told"]) == ("HALTED", "it is enough", False)
    assert HaltSwitch(home).read() is not None
    assert (home / "puffling.db").read_bytes().startswith(b"rubbish")


def test_a_secret_is_piped_in_and_never_shown(puffling: Puffling, home: Path) -> None:
    canary = "canary-secret-8c1f4e"
    refused = puffling("settings", "keep-key", "OPENAI_API_KEY", canary)
    assert refused.returncode == 2
    done = puffling("settings", "keep-key", "OPENAI_API_KEY", "--place", "this session", stdin=f"{canary}\n")
    assert done.returncode == 0, done.stderr
    empty = puffling("settings", "keep-key", "OPENAI_API_KEY", stdin="")
    assert (empty.returncode, "secret is missing" in empty.stderr) == (2, True)
    audit = puffling("monitor", "audit", "--json")
    assert "keep-key" in audit.stdout
    for text in (done.stdout, done.stderr, audit.stdout, empty.stderr):
        assert canary not in text
    for file in home.rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file


def test_without_anybody_to_ask_a_secret_is_missing(checkout: Path, home: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "puffling",
         "settings", "keep-key", "OPENAI_API_KEY"],
        cwd=checkout, env=environment(home), capture_output=True, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("secret is missing.")


def test_a_bug_is_one_line_and_a_place_to_look(puffling: Puffling, checkout: Path, home: Path) -> None:
    program = (
        "import sys, puffling.cli.main as face, puffling.__main__ as command\n"
        "def main(paths, words): raise ZeroDivisionError('the bug')\n"
        "face.main = main\n"
        "sys.exit(command.main(['watchlists', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert done.stdout == ""
    place = home / "logs"
    assert done.stderr == (
        f"Something went wrong inside Puffling (ZeroDivisionError). The log in {place} has the details.\n"
    )
    logged = "".join(file.read_text() for file in (home / "logs").iterdir())
    assert "the bug" in logged


def test_two_terminals_at_once_both_succeed(checkout: Path, home: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "puffling", "watchlists", "create", f"List {number}"],
            cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(4)
    ]  # fmt: skip
    results = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(errors, code) for _, errors, code in results] == [("", 0)] * 4
    done = subprocess.run(
        [sys.executable, "-m", "puffling", "watchlists", "list", "--json"],
        cwd=checkout, env=environment(home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = {each["name"] for each in json.loads(done.stdout)}
    assert names >= {f"List {number}" for number in range(4)}


async def test_an_owner_that_leaves_between_two_questions_is_followed(checkout: Path, home: Path) -> None:
    paths = Paths.under(home)
    paths.prepare()
    listening, place = bind_socket(paths)
    told = json.dumps({"result": Catalogue.of(declared_registry(), "watchlists.create").as_dict()})
    visits = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.write(b'{"puffling": "x", "protocol": 1, "role": "terminal"}\n')
        if await reader.readline():
            # What there is to call is still said; then this owner, another terminal's verb, has ended.
            writer.write(f"{told}\n".encode())
            place.unlink()
        writer.close()

    async with await asyncio.start_unix_server(answer, sock=listening):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "puffling", "watchlists", "create", "Followed",
            cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        said, complaints = await process.communicate()
    assert (process.returncode, complaints, visits) == (0, b"", 2)
    assert b"Followed" in said


def test_the_display_decides_about_the_window(puffling: Puffling) -> None:
    for platform in ("", "xcb", "wayland"):
        done = puffling(extra={"QT_QPA_PLATFORM": platform})
        assert done.returncode == 7
        assert "puffling serve" in done.stderr


def test_a_terminal_sees_progress_and_colour_only_if_it_wants_it(home: Path, checkout: Path) -> None:
    code, shown = at_a_terminal(home, checkout, ["data", "check", "SPY"], "")
    assert code == 0
    assert "Check history" in shown
    assert "%" in shown
    _, coloured = at_a_terminal(home, checkout, ["watchlists", "list"], "")
    assert "\x1b[1m" in coloured
    _, plain = at_a_terminal(home, checkout, ["watchlists", "list"], "", NO_COLOR="1")
    assert "\x1b" not in plain


def test_stopping_a_job_leaves_nothing_running(checkout: Path, home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling", "backtest", "run", "--strategy", "stat_arb",
         "--symbols", "SPY", "QQQ", "IWM", "GLD", "--start", "2001-01-01"],
        cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        wait_for(lambda: bool(psutil.Process(process.pid).children()))
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=30)
    assert (process.returncode, said, complaints) == (130, "", "")
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
