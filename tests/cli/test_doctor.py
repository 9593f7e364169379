"""What the doctor finds, and what is said of folders and files that are not as they should be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from puffling.runtime.paths import Paths
from puffling.trading.halt import HaltSwitch
from tests.cli.conftest import Puffling


def test_the_doctor_s_marks_differ_on_every_terminal(puffling: Puffling, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "puffling.toml").write_text("data = [")
    for encoding in ("ascii", "utf-8"):
        told = puffling("doctor", extra={"PYTHONIOENCODING": encoding}).stdout.splitlines()
        marks = {line[0] for line in told if line[0] != " "}
        assert len(marks) == 3


def test_a_malformed_settings_file_is_named_and_kept(puffling: Puffling, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "puffling.toml").write_text("data = [")
    done = puffling("watchlists", "list")
    assert done.returncode == 2
    assert "puffling.toml" in done.stderr
    assert (home / "puffling.toml").read_text() == "data = ["
    doctor = puffling("doctor")
    assert doctor.returncode == 1
    assert "puffling.toml" in doctor.stdout


def test_a_folder_that_cannot_be_written_is_named(puffling: Puffling, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = puffling("watchlists", "list", extra={"PUFFLING_HOME": str(blocked / "home")})
    assert done.returncode == 8
    assert str(blocked) in done.stderr
    doctor = puffling("doctor", "--json", extra={"PUFFLING_HOME": str(blocked / "home")})
    assert doctor.returncode == 1
    assert any(
        one["state"] == "trouble" and str(blocked) in one["found"] for one in json.loads(doctor.stdout)
    )


def test_the_doctor_finds_a_damaged_database_and_touches_nothing(puffling: Puffling, home: Path) -> None:
    fresh = puffling("doctor", "--json")
    assert fresh.returncode == 0, fresh.stdout
    assert not home.exists()
    assert puffling("watchlists", "create", "Tech").returncode == 0
    before = sorted((file.name, file.stat().st_mtime_ns) for file in home.iterdir())
    assert puffling("doctor").returncode == 0
    assert sorted((file.name, file.stat().st_mtime_ns) for file in home.iterdir()) == before
    database = home / "puffling.db"
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    database.write_bytes(content)
    done = puffling("doctor", "--json")
    assert done.returncode == 1
    found = {one["check"]: one for one in json.loads(done.stdout)}
    assert found["Database"]["state"] == "trouble"
    assert found["Database"]["to_do"]
    assert database.read_bytes() == content


def test_the_doctor_names_a_missing_library_and_its_package() -> None:
    from puffling.core.checkup import missing_libraries

    wanted = (("libc.so.6", "libc6"), ("libnowhere.so.9", "libnowhere9"))
    assert missing_libraries(wanted) == ([wanted[1]] if sys.platform.startswith("linux") else [])


def test_the_doctor_knows_a_newer_database(puffling: Puffling, home: Path) -> None:
    import sqlite3

    assert puffling("watchlists", "list").returncode == 0
    with sqlite3.connect(home / "puffling.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = puffling("doctor")
    assert done.returncode == 1
    assert "newer" in done.stdout


def test_paths_agree_wherever_the_data_was_moved(puffling: Puffling, home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    moved = tmp_path / "moved"
    (home / "puffling.toml").write_text(f'data = "{moved}"\n')
    assert puffling("watchlists", "create", "Tech").returncode == 0
    assert puffling("halt").returncode == 0
    assert (moved / "puffling.db").exists()
    assert HaltSwitch(moved).read() is not None
    assert Paths.under(home).data == home
    assert not (home / "HALT").exists()
