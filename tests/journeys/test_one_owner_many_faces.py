"""The same watchlist from terminal and HTTP, one owner at a time, through real processes and real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.cli.conftest import Puffling, environment, puffling
from tests.cli.test_terminal import at_a_terminal, wait_for

__all__ = ["puffling"]


class Serving:
    """A `puffling serve` of its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self.address = self._read(r"serves at (\S+)")

    @property
    def token(self) -> str:
        """The token that was shown at the first start."""
        return self._read(r"only now: (\S+)")

    def _read(self, pattern: str) -> str:
        assert self.process.stdout is not None
        while not (found := re.search(pattern, self.said)):
            line = self.process.stdout.readline()
            assert line, f"it ended: {self.said}"
            self.said += line
        return found[1]


@contextmanager
def serving(home: Path, checkout: Path) -> Iterator[Serving]:
    """Serve until the block ends; it must then end cleanly unless it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "puffling", "serve", "--port", "0"],
        cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield Serving(process)
    finally:
        killed = process.poll() is not None
        if not killed:
            process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        assert "Traceback" not in rest
        assert "Warning" not in rest
        assert killed or process.returncode == 0


def ask(server: Serving, method: str, path: str, token: str, **options: Any) -> Any:
    """What the server answers to a program with a token."""
    answer = httpx2.request(
        method,
        f"{server.address}{path}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        **options,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def names_of(lists: Any) -> set[str]:
    return {each["name"] for each in lists}


def test_a_watchlist_travels_between_terminal_and_http(
    puffling: Puffling, home: Path, checkout: Path
) -> None:
    assert puffling("watchlists", "create", "Alone", "SPY").returncode == 0
    with serving(home, checkout) as server:
        token = server.token
        assert "Alone" in names_of(ask(server, "GET", "/api/watchlists", token))
        # The server owns the data now, and the terminal acts through it.
        assert puffling("watchlists", "create", "Attached", "QQQ", "BTC/USD").returncode == 0
        seen = ask(server, "GET", "/api/watchlists/Attached", token)
        assert seen["symbols"] == ["QQQ", "BTC/USD"]
        body = {"symbol": "ETH/USD", "position": 0}
        ask(server, "POST", "/api/watchlists/Attached/symbols", token, json=body)
        ask(server, "DELETE", "/api/watchlists/Attached/symbols/BTC%2FUSD", token)
        shown = puffling("watchlists", "show", "Attached", "--json")
        assert json.loads(shown.stdout)["symbols"] == ["ETH/USD", "QQQ"]
        checked = puffling("data", "check", "SPY", "--json")
        assert (checked.returncode, json.loads(checked.stdout)["symbols"]) == (0, 1)
        second = puffling("serve", "--port", "0")
        assert second.returncode == 4
        assert "running already" in second.stderr
        doctor = puffling("doctor")
        assert doctor.returncode == 0
        assert "the server" in doctor.stdout
        assert puffling("halt", "noon").returncode == 0
        assert ask(server, "GET", "/api/safety", token)["reason"] == "noon"
        log = json.dumps(ask(server, "GET", "/api/monitor/audit", token))
    assert names_of(json.loads(puffling("watchlists", "list", "--json").stdout)) >= {"Alone", "Attached"}
    for file in home.rglob("*"):
        if file.is_file():
            assert token.encode() not in file.read_bytes(), file
    assert token not in log


def test_a_token_is_shown_once_and_stays_good(home: Path, checkout: Path) -> None:
    with serving(home, checkout) as server:
        token = server.token
        assert server.address in server.said
    with serving(home, checkout) as server:
        ask(server, "GET", "/api/watchlists", token)
        server.process.send_signal(signal.SIGINT)
        rest, _ = server.process.communicate(timeout=60)
        assert "pfl_" not in server.said + rest
        assert server.process.returncode == 0


@pytest.mark.parametrize("moment", ["idle", "busy"])
def test_a_killed_owner_loses_nothing_and_the_next_verb_works(
    puffling: Puffling, home: Path, checkout: Path, moment: str
) -> None:
    with serving(home, checkout) as server:
        token = server.token
        saved = set()
        for number in range(5):
            ask(server, "POST", "/api/watchlists", token, json={"name": f"Saved {number}"})
            saved.add(f"Saved {number}")
        if moment == "busy":
            # No answer is waited for: the owner dies with requests in its hands.
            assert puffling("watchlists", "create", "By terminal").returncode == 0
            saved.add("By terminal")
            httpx2.post(
                f"{server.address}/api/data/check",
                headers={"Authorization": f"Bearer {token}"},
                json={},
                trust_env=False,
            )
        server.process.kill()
        server.process.wait(30)
    assert (home / "door.sock").exists()
    listed = puffling("watchlists", "list", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert names_of(json.loads(listed.stdout)) >= saved
    with serving(home, checkout) as server:
        assert names_of(ask(server, "GET", "/api/watchlists", token)) >= saved


def test_leaving_the_terminal_cancels_the_job_it_asked_for(home: Path, checkout: Path) -> None:
    with serving(home, checkout) as server:
        token = server.token
        with subprocess.Popen(
            [sys.executable, "-m", "puffling", "data", "check"],
            cwd=checkout, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            wait_for(lambda: [job["state"] for job in ask(server, "GET", "/api/jobs", token)] == ["running"])
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 130
        wait_for(lambda: [job["state"] for job in ask(server, "GET", "/api/jobs", token)] == ["cancelled"])


def test_a_window_that_is_open_is_asked_to_serve(puffling: Puffling, home: Path, checkout: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling"],
        cwd=checkout, env=environment(home, QT_QPA_PLATFORM="offscreen"),
    ) as window:  # fmt: skip
        try:
            wait_for((home / "door.sock").exists)
            second = puffling("serve", "--port", "0")
            assert second.returncode == 4
            assert "server.enabled" in second.stderr
            assert puffling("watchlists", "create", "From terminal").returncode == 0
        finally:
            window.send_signal(signal.SIGTERM)
    assert window.returncode == 0
    assert "From terminal" in puffling("watchlists", "list").stdout


def test_a_frozen_owner_is_named_and_can_be_halted(puffling: Puffling, home: Path, checkout: Path) -> None:
    with serving(home, checkout) as server:
        _ = server.token
        server.process.send_signal(signal.SIGSTOP)
        try:
            stuck = puffling("watchlists", "list")
            assert stuck.returncode == 7
            assert "does not answer" in stuck.stderr
            halted = puffling("halt", "frozen")
            assert halted.returncode == 0
            assert "frozen" in halted.stdout
            assert (home / "HALT").exists()
            assert puffling("doctor").returncode == 1
        finally:
            server.process.send_signal(signal.SIGCONT)
        state = json.loads(puffling("safety", "state", "--json").stdout)
        assert (state["trading"], state["reason"]) == ("HALTED", "frozen")


def test_prices_stream_over_the_websocket(home: Path, checkout: Path) -> None:
    async def listen(address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(f"{address}/ws/prices", additional_headers=headers, proxy=None) as socket:
            await socket.send('{"action": "subscribe", "symbols": ["BTC/USD", "NOPE"]}')
            prices: list[Any] = []
            errors: list[Any] = []
            async with asyncio.timeout(30):
                while len(prices) < 2 or not errors:
                    item = json.loads(await socket.recv())
                    (errors if "error" in item else prices).append(item)
            assert all(set(item) == {"symbol", "price", "timestamp", "label", "quality"} for item in prices)
            assert {item["label"] for item in prices} == {"Demo data"}
            assert {item["symbol"] for item in prices} == {"BTC/USD"}
            assert errors[0]["error"]["code"] == "not_found"
            await socket.send('{"action": "unsubscribe", "symbols": ["BTC/USD"]}')

    with serving(home, checkout) as server:
        asyncio.run(listen(server.address.replace("http", "ws"), server.token))


def test_every_route_of_the_registry_answers_in_its_schema(home: Path, checkout: Path) -> None:
    with serving(home, checkout) as server:
        token = server.token
        document = ask(server, "GET", "/openapi.json", token)
        reads = [
            path
            for path, methods in document["paths"].items()
            if "get" in methods
            and "{" not in path
            and not any(one.get("required") for one in methods["get"].get("parameters", ()))
        ]
        assert {"/api/watchlists", "/api/settings", "/api/jobs", "/api/safety"} <= set(reads)
        for path in reads:
            ask(server, "GET", path, token)
        assert (
            ask(server, "PUT", "/api/settings/appearance.theme", token, json={"value": "dark"})["value"]
            == "dark"
        )
        assert ask(server, "GET", "/api/settings/appearance.theme", token)["value"] == "dark"
        ask(server, "DELETE", "/api/settings/appearance.theme", token)
        assert ask(server, "GET", "/api/settings/appearance.theme", token)["value"] == "system"
        quotes = ask(server, "GET", "/api/data/quotes?symbols=SPY&symbols=BTC/USD", token)
        assert [quote["symbol"] for quote in quotes] == ["SPY", "BTC/USD"]
        ended = ask(server, "POST", "/api/data/check?wait=60", token, json={"symbols": ["SPY"]})
        assert ended["symbols"] == 1


def test_a_server_waits_for_a_terminal_command_to_end(home: Path, checkout: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "puffling", "data", "prices", "BTC/USD"],
        cwd=checkout, env=environment(home), stdout=subprocess.PIPE, text=True,
    ) as terminal:  # fmt: skip
        assert terminal.stdout is not None
        assert terminal.stdout.readline()
        ending = threading.Timer(1.0, terminal.send_signal, [signal.SIGINT])
        ending.start()
        with serving(home, checkout) as server:
            assert server.token
        ending.join()


def test_a_key_handed_to_the_owner_is_written_nowhere(puffling: Puffling, home: Path, checkout: Path) -> None:
    canary = "canary-key-77c0de"
    with serving(home, checkout) as server:
        token = server.token
        words = ("settings", "keep-key", "OPENAI_API_KEY", "--place", "this session")
        assert puffling(*words, stdin=f"{canary}\n").returncode == 0
        keys = ask(server, "GET", "/api/keys", token)
        assert any(key["name"] == "OPENAI_API_KEY" for key in keys)
        told = [ask(server, "GET", path, token) for path in ("/api/monitor/audit", "/api/monitor/log")]
        # A key sent where it does not belong is refused without being repeated.
        misplaced = httpx2.post(
            f"{server.address}/api/watchlists",
            headers={"Authorization": f"Bearer {token}"},
            json={"name": ["x"], canary: canary},
            trust_env=False,
        )
        assert misplaced.status_code == 422
        assert canary not in json.dumps([keys, told])
    assert canary not in server.said
    for file in home.rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file


def test_a_token_made_at_the_terminal_reaches_as_far_as_it_says(
    puffling: Puffling, home: Path, checkout: Path
) -> None:
    assert puffling("access", "create", "Bot", "read").returncode == 5
    with serving(home, checkout) as server:
        _ = server.token
        code, shown = at_a_terminal(home, checkout, ["access", "create", "Bot", "read", "--json"], "CODE")
        assert code == 0, shown
        made = json.loads(shown[shown.index("{") :])
        ask(server, "GET", "/api/watchlists", made["token"])
        headers = {"Authorization": f"Bearer {made['token']}"}

        def try_to_write() -> httpx2.Response:
            return httpx2.post(
                f"{server.address}/api/watchlists", headers=headers, json={"name": "x"}, trust_env=False
            )

        assert try_to_write().status_code == 403
        listed = json.loads(puffling("access", "list", "--json").stdout)
        assert {each["name"]: each["scopes"] for each in listed}["Bot"] == ["read"]
        assert made["token"] not in json.dumps(listed)
        assert puffling("access", "revoke", made["record"]["id"]).returncode == 0
        assert try_to_write().status_code == 401
