"""The local door: the same calls as inside, from another process of the same person, and from nobody else."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from puffling.core.attach import Attached, attach
from puffling.core.core import Core
from puffling.core.door import LocalDoor
from puffling.core.events import RaiseRequested
from puffling.core.places import bind_socket, socket_places
from puffling.core.reach import Progress, Reach, Within
from puffling.runtime.actor import Actor, Caller
from puffling.runtime.errors import (
    Conflict,
    Fault,
    InvalidInput,
    NotFound,
    PufflingError,
    Refused,
    Unavailable,
)
from puffling.runtime.paths import Paths
from puffling.runtime.streams import Topics
from tests.server.small import Said, Shelf, SmallCore, small_core

PERSON = Caller(Actor.PERSON)


@pytest_asyncio.fixture
async def core(home: Path) -> AsyncIterator[SmallCore]:
    """The small core."""
    async with small_core(home) as opened:
        yield opened


@pytest_asyncio.fixture(params=["socket", "loopback"])
async def attached(core: SmallCore, request: pytest.FixtureRequest) -> AsyncIterator[Attached]:
    """Somebody at the door, of both kinds."""
    loopback = request.param == "loopback"
    door = LocalDoor(core, role="server", loopback=loopback)
    await door.start()
    found = await attach(core.paths, PERSON, loopback=loopback)
    assert found is not None
    yield found
    await door.close()
    assert await attach(core.paths, PERSON, loopback=loopback) is None


async def failure_of(reach: Reach, ability: str, **arguments: object) -> PufflingError:
    with pytest.raises(PufflingError) as raised:
        await reach.invoke(ability, arguments)
    return raised.value


async def test_the_door_offers_what_is_inside(core: SmallCore, attached: Attached) -> None:
    inside = await Within(core, PERSON).describe("library.create")
    through = await attached.describe("library.create")
    assert through == inside
    ability = through.ability("library.create")
    assert ability is not None
    assert ability.arguments is not None
    assert ability.arguments["required"] == ["name"]
    assert attached.greeting.role == "server"


async def test_calls_and_errors_come_through_as_they_are(core: SmallCore, attached: Attached) -> None:
    body = {"name": "Plays", "books": ["One"]}
    for reach in (attached, Within(core, PERSON)):
        made = await reach.invoke("library.create", body)
        assert made == {**body, "opened": None, "price": None}
        assert await reach.invoke("library.numbers", {"count": 0}) == [None, None]
        wrong = await failure_of(reach, "library.create", name="")
        assert isinstance(wrong, InvalidInput)
        assert wrong.field == "name"
        missing = await failure_of(reach, "library.show", name="none")
        assert isinstance(missing, NotFound)
        assert missing.hint == "See the list of shelves."
        assert isinstance(await failure_of(reach, "library.bake"), NotFound)
    assert isinstance(await failure_of(attached, "library.break-down"), Fault)


async def test_guarded_acts_need_presence(core: SmallCore, attached: Attached) -> None:
    core.library.shelves["x"] = Shelf("x", ())
    assert isinstance(await failure_of(attached, "library.burn"), Refused)
    attached.caller = Caller(Actor.MCP, present=True)
    assert isinstance(await failure_of(attached, "library.burn"), Refused)
    attached.caller = Caller(Actor.PERSON, present=True)
    assert await attached.invoke("library.burn", {}) == 1


async def test_a_job_tells_how_far_it_is(core: SmallCore, attached: Attached) -> None:
    core.library.shelves["x"] = Shelf("x", ("one",))
    told: list[Progress] = []
    result = await attached.start("library.read", {"name": "x", "pages": 20}, told.append)
    assert result["books"] == ["one"]
    assert told[0].title == "Read aloud"
    assert any(progress.note.startswith("Page") for progress in told)
    assert [progress.fraction for progress in told] == sorted(progress.fraction for progress in told)


async def test_hanging_up_cancels_the_job(core: SmallCore, attached: Attached) -> None:
    core.library.shelves["x"] = Shelf("x", ())
    running = asyncio.Event()
    loop = asyncio.get_running_loop()
    call = loop.create_task(
        attached.start("library.read", {"name": "x", "pages": 5000}, lambda _: running.set())
    )
    await running.wait()
    call.cancel()
    await asyncio.wait([call])
    job = core.board.all()[0]
    async with asyncio.timeout(10):
        await job.finished()
    assert str(job.state) == "cancelled"


async def test_topics_change_while_a_stream_runs(core: SmallCore, attached: Attached) -> None:
    topics, refused = Topics(("SPY",)), asyncio.Event()
    topics.on_refusal(lambda _name, _error: refused.set())
    stream = attached.listen("library.lines", topics)
    first = asyncio.get_running_loop().create_task(anext(stream))
    while core.bus.listeners(Said) == 0:  # noqa: ASYNC110  the bus has no event for it
        await asyncio.sleep(0.005)
    core.bus.publish(Said("SPY", 1.0))
    assert await first == {"symbol": "SPY", "price": 1.0}
    second = asyncio.get_running_loop().create_task(anext(stream))
    await asyncio.sleep(0)
    topics.unsubscribe("SPY")
    topics.subscribe("QQQ", "?XX")
    async with asyncio.timeout(10):
        await refused.wait()
    assert topics.names == {"QQQ"}
    core.bus.publish(Said("SPY", 2.0))
    core.bus.publish(Said("QQQ", 3.0))
    assert await second == {"symbol": "QQQ", "price": 3.0}
    await stream.aclose()
    while core.bus.listeners(Said):  # noqa: ASYNC110  the bus has no event for it
        await asyncio.sleep(0.005)


async def test_a_large_answer_comes_through_whole(core: SmallCore, attached: Attached) -> None:
    answer = await attached.invoke("library.numbers", {"count": 200_000})
    assert len(answer) == 200_002


async def test_a_second_start_raises_the_window(core: SmallCore, attached: Attached) -> None:
    raised: list[RaiseRequested] = []
    core.bus.on(RaiseRequested, raised.append)
    assert await attached.raise_window() == "server"
    assert len(raised) == 1


async def test_only_persons_and_models_come_through(core: SmallCore, attached: Attached) -> None:
    for actor in (Actor.AGENT, Actor.SCHEDULE, Actor.HTTP, Actor.ASSISTANT):
        attached.caller = Caller(actor, present=True)
        assert isinstance(await failure_of(attached, "library.list"), InvalidInput)


async def test_looking_whether_anybody_is_there_leaves_no_line_in_the_log(
    core: SmallCore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    door = LocalDoor(core, role="server")
    await door.start()
    assert await attach(core.paths, PERSON) is not None
    await door.close()
    assert caplog.messages == []


async def test_many_visitors_at_once(core: SmallCore, attached: Attached) -> None:
    answers = await asyncio.gather(*(attached.invoke("library.numbers", {"count": n}) for n in range(40)))
    assert [len(answer) for answer in answers] == [n + 2 for n in range(40)]


@pytest.mark.parametrize(
    "said", [b"", b"\n", b"[]\n", b"{}\n", b'{"ask": "dance"}\n', b"\xff\n", b"x" * 100_000]
)
async def test_noise_at_the_door_harms_nothing(core: SmallCore, said: bytes) -> None:
    door = LocalDoor(core, role="server")
    await door.start()
    reader, writer = await asyncio.open_unix_connection(next(socket_places(core.paths)))
    await reader.readline()
    writer.write(said)
    writer.write_eof()
    await reader.read()
    writer.close()
    reach = await attach(core.paths, PERSON)
    assert reach is not None
    assert len(await reach.invoke("library.numbers", {})) == 5
    await door.close()


def mode(file: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(file.stat().st_mode)


def set_mode(folder: Path, bits: int) -> None:
    """Say who may do what with a folder."""
    folder.chmod(bits)


def alter_key(file: Path) -> None:
    """Make the key that visitors find another one than the door's."""
    assert mode(file) == 0o600
    file.write_text(json.dumps({**json.loads(file.read_text()), "key": "guessed"}))


async def test_only_the_person_can_open_the_door(core: SmallCore) -> None:
    door = LocalDoor(core, role="server")
    await door.start()
    assert mode(core.paths.data / "door.sock") == 0o600
    await door.close()
    assert list(core.paths.data.glob("door*")) == []
    loopback = LocalDoor(core, role="server", loopback=True)
    await loopback.start()
    alter_key(core.paths.data / "door.json")
    stranger = await attach(core.paths, PERSON, loopback=True)
    assert stranger is not None
    with pytest.raises(Unavailable):
        await stranger.invoke("library.numbers", {})
    await loopback.close()


async def test_a_long_path_has_its_door_in_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    set_mode(tmp_path, 0o700)
    async with small_core(tmp_path / ("long" * 30)) as core:
        door = LocalDoor(core, role="server")
        await door.start()
        assert [place.parent for place in socket_places(core.paths)] == [tmp_path]
        reach = await attach(core.paths, PERSON)
        assert reach is not None
        assert len(await reach.invoke("library.numbers", {})) == 5
        await door.close()
        set_mode(tmp_path, 0o777)
        with pytest.raises(PufflingError):
            bind_socket(core.paths)


async def test_a_door_that_cannot_open_does_not_keep_the_house_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    set_mode(tmp_path, 0o777)
    core = await Core.open(Paths.under(tmp_path / ("long" * 30)))
    assert any("door" in notice.text for notice in core.notices)
    await core.close()


async def test_what_a_killed_owner_left_is_replaced(core: SmallCore) -> None:
    program = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen();"
        " os.kill(os.getpid(), 9)"
    )
    place = next(socket_places(core.paths))
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", program, os.fspath(place))
    await killed.wait()
    assert await attach(core.paths, PERSON) is None
    door = LocalDoor(core, role="server")
    await door.start()
    assert await attach(core.paths, PERSON) is not None
    await door.close()


async def test_an_owner_that_does_not_answer_is_told_apart_from_none(core: SmallCore) -> None:
    listening, place = bind_socket(core.paths)
    with pytest.raises(Unavailable, match="does not answer"):
        await attach(core.paths, PERSON, patience_seconds=0.05)
    listening.close()
    place.unlink()


async def test_another_version_of_the_protocol_is_named(core: SmallCore) -> None:
    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"puffling": "9.9.9", "protocol": 99, "role": "window"}\n')
        writer.close()

    listening, place = bind_socket(core.paths)
    server = await asyncio.start_unix_server(greet, sock=listening)
    with pytest.raises(Conflict, match=r"9\.9\.9"):
        await attach(core.paths, PERSON)
    server.close()
    place.unlink()


async def test_closing_lets_those_inside_finish(core: SmallCore) -> None:
    core.library.shelves["x"] = Shelf("x", ("one",))
    door = LocalDoor(core, role="server")
    await door.start()
    reach = await attach(core.paths, PERSON)
    assert reach is not None
    started = asyncio.Event()
    call = asyncio.get_running_loop().create_task(
        reach.start("library.read", {"name": "x", "pages": 10}, lambda _: started.set())
    )
    await started.wait()
    await door.close()
    assert (await call)["books"] == ["one"]


@pytest.mark.parametrize("turns", range(6))
def test_who_comes_while_the_door_closes_is_not_left_standing(home: Path, turns: int) -> None:
    async def close_at_once() -> None:
        async with small_core(home) as core:
            door = LocalDoor(core, role="terminal")
            await door.start()
            with socket.socket(socket.AF_UNIX) as visitor:
                visitor.connect(os.fspath(next(socket_places(core.paths))))
            for _ in range(turns):
                await asyncio.sleep(0)
            await door.close()

    asyncio.run(close_at_once())
    gc.collect()


async def test_the_door_opens_in_the_window_s_loop(core: SmallCore, qapp: object) -> None:
    assert type(asyncio.get_running_loop()).__name__ == "_QtLoop"
    door = LocalDoor(core, role="window")
    await door.start()
    reach = await attach(core.paths, PERSON)
    assert reach is not None
    assert len(await reach.invoke("library.numbers", {})) == 5
    await door.close()


def test_nobody_is_there_without_a_folder(tmp_path: Path) -> None:
    assert asyncio.run(attach(Paths.under(tmp_path / "none"), PERSON)) is None
