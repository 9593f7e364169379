"""Keys are found in a fixed order, kept only where they are safe, and never in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from puffling.runtime.errors import InvalidInput, NotFound, StorageFailed, Unavailable
from puffling.settings.secrets import KEYS, Place, Secrets
from puffling.settings.vault import Vault

NAME = "OPENAI_API_KEY"
CANARY = "sk-canary-0123456789"


class PlainFile(KeyringBackend):
    """A keychain that would write keys as they are, as some that can be installed do."""

    priority = 1

    def __init__(self) -> None:
        self.written: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.written.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.written[service, username] = password


@pytest.fixture
def plain() -> Iterator[PlainFile]:
    before = keyring.get_keyring()
    backend = PlainFile()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def make(folder: Path, **environment: str) -> tuple[Secrets, list[str]]:
    hidden: list[str] = []
    return Secrets(folder / "keys.enc", hidden.append, environment), hidden


def place_of(secrets: Secrets, name: str = NAME) -> str:
    return next(state.place for state in secrets.states() if state.name == name)


def test_the_environment_comes_first_then_the_file_it_names(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(CANARY + "\n")
    both, hidden = make(tmp_path, OPENAI_API_KEY="from-environment", OPENAI_API_KEY_FILE=str(file))
    assert both.get(NAME) == "from-environment"
    assert make(tmp_path, OPENAI_API_KEY_FILE=str(file))[0].get(NAME) == CANARY
    assert "from-environment" in hidden


def test_a_named_file_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="OPENAI_API_KEY_FILE"):
        make(tmp_path, OPENAI_API_KEY_FILE=str(tmp_path / "gone"))[0].get(NAME)


def test_a_key_that_cannot_be_looked_at_does_not_hide_the_others(tmp_path: Path) -> None:
    secrets, _ = make(tmp_path, OPENAI_API_KEY_FILE=str(tmp_path / "gone"), ALPACA_API_KEY=CANARY)
    states = {state.name: state for state in secrets.states()}
    assert states["ALPACA_API_KEY"].present
    assert not states[NAME].present
    assert "OPENAI_API_KEY_FILE" in states[NAME].trouble


def test_a_keychain_that_writes_plain_text_is_not_used(tmp_path: Path, plain: PlainFile) -> None:
    secrets, _ = make(tmp_path)
    assert secrets.safest_place() is Place.SESSION
    with pytest.raises(Unavailable) as caught:
        secrets.keep(NAME, CANARY, Place.KEYCHAIN)
    assert "session" in caught.value.hint
    secrets.keep(NAME, CANARY, Place.SESSION)
    assert plain.written == {}
    assert place_of(secrets) == Place.SESSION
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_session_key_is_gone_with_the_session(tmp_path: Path) -> None:
    first, _ = make(tmp_path)
    first.keep(NAME, CANARY, Place.SESSION)
    assert first.get(NAME) == CANARY
    assert make(tmp_path)[0].get(NAME) is None


def test_the_vault_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    secrets, _ = make(tmp_path)
    secrets.vault.open("correct horse")
    assert secrets.safest_place() is Place.VAULT
    secrets.keep(NAME, CANARY, Place.VAULT)
    file = tmp_path / "keys.enc"
    assert CANARY.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0

    later, _ = make(tmp_path)
    assert later.get(NAME) is None
    with pytest.raises(InvalidInput, match="not the passphrase"):
        later.vault.open("wrong horse")
    assert not later.vault.is_open
    later.vault.open("correct horse")
    assert later.get(NAME) == CANARY
    later.forget(NAME)
    assert later.get(NAME) is None


def test_a_key_is_kept_in_one_place_only(tmp_path: Path) -> None:
    secrets, _ = make(tmp_path)
    secrets.vault.open("correct horse")
    secrets.keep(NAME, CANARY, Place.VAULT)
    secrets.keep(NAME, "another-key", Place.SESSION)
    assert secrets.vault.get(NAME) is None
    assert secrets.get(NAME) == "another-key"


def test_a_damaged_vault_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "keys.enc"
    file.write_text("{broken")
    with pytest.raises(StorageFailed, match=r"keys\.enc"):
        Vault(file).open("correct horse")
    assert file.read_text() == "{broken"


@pytest.mark.parametrize("value", ["", "   ", "line\nline", "x" * 5000])
def test_what_cannot_be_a_key_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidInput):
        make(tmp_path)[0].keep(NAME, value, Place.SESSION)


def test_unknown_names_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    secrets, _ = make(tmp_path)
    with pytest.raises(NotFound, match=KEYS[0].name):
        secrets.get("MY_KEY")
    with pytest.raises(NotFound, match="alpaca"):
        secrets.of_service("nobody")


def test_keys_kept_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    secrets, _ = make(tmp_path)
    secrets.open_vault("correct horse")
    names = [key.name for key in KEYS]
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: secrets.keep(name, f"{CANARY}-{name}", Place.VAULT), names))
    later, hidden = make(tmp_path)
    later.open_vault("correct horse")
    assert {name: later.get(name) for name in names} == {name: f"{CANARY}-{name}" for name in names}
    assert "correct horse" in hidden
    assert [file.name for file in tmp_path.iterdir()] == ["keys.enc"]


def test_every_key_that_is_found_is_hidden_from_the_log(tmp_path: Path) -> None:
    secrets, hidden = make(tmp_path)
    secrets.keep(NAME, CANARY, Place.SESSION)
    assert CANARY in hidden
