from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from puffling.runtime.errors import PufflingError
from puffling.runtime.log import Log, watch_for_crashes
from puffling.runtime.redaction import HIDDEN, Redactor, hide
from tests.runtime import work
from tests.runtime.conftest import Room

KNOWN = 's3cret\\with"every&thing/in+it'
# Nobody tells the redactor of these: it has to see what they are.
UNKNOWN = (
    "sk-ant-api03-canaryCANARYcanary0123",
    "PKCANARY0123456789AB",
    "canary-bearer-0123456789abcdef",
    "canaryOfTheAlpacaSecretKey0123456789",
    "canary-password",
)
_log = logging.getLogger("puffling.test")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log that writes down everything."""
    with Log(tmp_path / "logs", level=logging.DEBUG, terminal=logging.DEBUG) as log:
        yield log


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "puffling.jsonl").read_text("utf-8").splitlines()]


def test_every_record_is_one_line_of_json(log: Log, tmp_path: Path) -> None:
    _log.info("first %s\nand its second line", "record")
    try:
        raise ValueError("a bug")
    except ValueError:
        _log.exception("It broke")
    first, second = _lines(tmp_path / "logs")
    assert first["message"] == "first record\nand its second line"
    assert (first["level"], first["logger"]) == ("INFO", "puffling.test")
    assert first["time"].endswith("+00:00")
    assert "ValueError: a bug" in second["trace"]


def test_the_log_keeps_few_files_of_limited_size(tmp_path: Path) -> None:
    with Log(tmp_path, largest_bytes=2000):
        for number in range(500):
            _log.info("line %s", number)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 5
    assert max(sizes) <= 2000


def test_the_last_entries_are_at_hand_and_those_after_a_known_one(tmp_path: Path) -> None:
    with Log(tmp_path, keep=10) as log:
        for number in range(25):
            _log.info("line %s", number)
        assert [entry.message for entry in log.recent()] == [f"line {number}" for number in range(15, 25)]
        known = log.recent()[-3].number
        assert [entry.message for entry in log.recent(after=known)] == ["line 23", "line 24"]
    _log.warning("after the end")
    assert log.recent()[-1].message == "line 24"


def test_a_badly_written_line_or_a_log_that_cannot_be_written_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "puffling.jsonl").mkdir()
    with Log(tmp_path, terminal=None) as log:
        # Not through the logger: pytest listens there too, and does raise.
        log.handle(logging.makeLogRecord({"msg": "%d percent of %s", "args": ("fifty",)}))
        _log.info("goes on")
        assert [entry.message for entry in log.recent()][-1] == "goes on"
        assert "do not fit" in log.recent()[0].message
    assert capsys.readouterr().err == ""


def test_a_terminal_that_went_away_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    # Unbuffered, as what is kept back would fail once more when it is closed.
    with os.fdopen(writing, "wb", buffering=0) as raw, io.TextIOWrapper(raw, write_through=True) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        with Log(tmp_path) as log:
            log.handle(logging.makeLogRecord({"msg": "nobody reads this", "levelno": logging.ERROR}))
            assert [entry.message for entry in log.recent()] == ["nobody reads this"]
        monkeypatch.undo()


def test_libraries_that_print_keys_when_debugging_are_kept_quiet(tmp_path: Path) -> None:
    with Log(tmp_path, level=logging.DEBUG) as log:
        for name in ("websockets.client", "urllib3.connectionpool", "httpx2", "alpaca.trading"):
            logging.getLogger(name).debug("the key is in here")
        assert [entry for entry in log.recent() if "in here" in entry.message] == []
    assert logging.getLogger("websockets").level == logging.NOTSET


def test_what_nothing_caught_is_logged_and_told_without_secrets(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[BaseException] = []
    end = watch_for_crashes(told.append)

    def crash() -> None:
        raise RuntimeError(f"refused for token={UNKNOWN[2]}")

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    sys.excepthook(RuntimeError, RuntimeError("the end"), None)
    end()
    assert [str(error)[:7] for error in told] == ["refused", "the end"]
    report = log.crash_report(told[0])
    assert "in crash" in report
    assert "Python 3." in report
    assert "CRITICAL puffling.crash: Nothing caught this" in report
    assert UNKNOWN[2] not in report + capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: {HIDDEN}"),
        ("the new pfl_0123456789abcdefghij opens", f"the new {HIDDEN} opens"),
        ("{'Authorization': 'Basic YTpi'}", f"{{'Authorization': '{HIDDEN}'}}"),
        ("[(b'authorization', b'Basic YTpi')]", f"[(b'authorization', b'{HIDDEN}')]"),
        ("APCA-API-SECRET-KEY: xyz", f"APCA-API-SECRET-KEY: {HIDDEN}"),
        ("GET /v1?api_key=abc&symbol=SPY", f"GET /v1?api_key={HIDDEN}&symbol=SPY"),
        ('{"key":"PKABCDEFGHIJKLMNOP","secret":"x"}', f'{{"key":"{HIDDEN}","secret":"{HIDDEN}"}}'),
        ('"{\\"api_key\\": \\"zzz\\"}"', f'"{{\\"api_key\\": \\"{HIDDEN}\\"}}"'),
        ("ANTHROPIC_API_KEY=foo", f"ANTHROPIC_API_KEY={HIDDEN}"),
        ("postgresql://me:word@host/db", f"postgresql://me:{HIDDEN}@host/db"),
        ("as sk-proj-0123456789abcdef said", f"as {HIDDEN} said"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, clean: str) -> None:
    assert Redactor().clean(text) == clean


@pytest.mark.parametrize(
    "write",
    [
        str,
        repr,
        json.dumps,
        ascii,
        quote,
        quote_plus,
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: secret.encode().hex(),
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(write: Callable[[str], str]) -> None:
    redactor, secret = Redactor(), 'Grüße"an\\alle/&+=x'
    redactor.hide("Grüße")
    redactor.hide(secret)
    assert redactor.clean(f"<{write(secret).strip(chr(34)).strip(chr(39))}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize(
    "text",
    [
        "Put in an api key, then press Test.",
        "max_tokens=5 for the risk-adjusted task-force of SPY",
        "http://127.0.0.1:8000/api/health answered in 5 ms",
        "The basic functionality works; the bearer of bad news does not",
        "AAPL moved 2.5 % on 2026-11-20T10:00:00+00:00",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    redactor = Redactor()
    for short in ("", "a", "SPY", " AAPL "):
        redactor.hide(short)
    assert redactor.clean(text) == text


def test_a_long_text_is_cleaned_in_time_that_grows_with_its_length() -> None:
    def cost(length: int) -> float:
        text = "api key secret token word " * length
        return min(_timed(text) for _ in range(3))

    def _timed(text: str) -> float:
        started = time.thread_time()
        Redactor().clean(text)
        return time.thread_time() - started

    assert cost(20_000) < 40 * cost(2_000)


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(401)

    def log_message(self, *args: object) -> None:
        logging.getLogger("http.server").debug("%s", args)


def _call_with_keys() -> None:
    """Send the keys over HTTP, as a broker's library does."""
    import httpx2

    server = HTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        headers = {
            "Authorization": f"Bearer {UNKNOWN[2]}",
            "APCA-API-SECRET-KEY": UNKNOWN[3],
            "X-Api-Key": KNOWN,
        }
        address = f"http://127.0.0.1:{server.server_port}/v1?api_key={UNKNOWN[1]}"
        httpx2.get(address, headers=headers).raise_for_status()
    except httpx2.HTTPStatusError as error:
        _log.exception("The call with %r failed", error.request.headers.raw)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _stream_with_keys() -> None:
    """Send the keys over a websocket, as a broker's stream does."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def hear(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())

    async with serve(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        headers = {"Authorization": f"Bearer {UNKNOWN[2]}"}
        async with connect(f"ws://127.0.0.1:{port}", additional_headers=headers) as connection:
            await connection.send(json.dumps({"action": "auth", "key": UNKNOWN[1], "secret": UNKNOWN[3]}))
            await connection.recv()


async def test_no_secret_is_found_anywhere_with_everything_at_debug(
    room: Room, log: Log, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(KNOWN)
    for name in ("websockets", "urllib3", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    _log.debug("%s and %r", KNOWN, {"token": KNOWN}, extra={"token": KNOWN}, stack_info=True)
    _log.debug(json.dumps({"forms": [KNOWN, UNKNOWN[0]]}))
    _log.debug("postgresql://me:%s@localhost/db", UNKNOWN[4])
    _log.getChild(UNKNOWN[0]).debug("even the name")
    await room.port.thread(_call_with_keys)
    await _stream_with_keys()
    job = room.start(work.break_down, f"{KNOWN} {UNKNOWN[0]} Bearer {UNKNOWN[2]}")
    with pytest.raises(PufflingError) as caught:
        await job.wait()
    await room.start(work.say, f"{KNOWN} api_key={UNKNOWN[3]}").wait()
    asyncio.get_running_loop().set_debug(False)

    report = log.crash_report(caught.value)
    seen = {
        "file": "".join(path.read_text("utf-8") for path in (tmp_path / "logs").iterdir()),
        "terminal": capfd.readouterr().err,
        "panel": "\n".join(map(str, log.recent())),
        "report": report,
        "job": repr(room.told),
        "person": str(caught.value),
    }
    for name in ("websockets.client", "httpcore2", "puffling.research", "puffling.compute.output"):
        assert name in seen["file"], f"{name} was not heard, so this shows nothing"
    forms = [KNOWN, json.dumps(KNOWN)[1:-1], repr(KNOWN)[1:-1], *UNKNOWN]
    found = [(place, form) for place, text in seen.items() for form in forms if form in text]
    assert found == []
