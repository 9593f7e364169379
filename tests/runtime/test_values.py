from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from puffling.runtime import errors
from puffling.runtime.actor import Actor, Caller, calling_as, current_caller
from puffling.runtime.errors import (
    Fault,
    InvalidInput,
    PufflingError,
    Refused,
    StorageFailed,
    error_from_dict,
)
from puffling.runtime.paths import Paths, resources
from puffling.runtime.redaction import HIDDEN
from puffling.runtime.text import tr, use_translation


def _kinds() -> list[type[PufflingError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, PufflingError)]


@pytest.mark.parametrize("kind", _kinds())
def test_an_error_for_people_survives_the_way_through_its_common_shape(kind: type[PufflingError]) -> None:
    error = kind("It does not work.", hint="Try later.")
    again = error_from_dict(error.as_dict())
    assert type(again) is kind
    assert str(again) == "It does not work. Try later."
    assert again.as_dict() == error.as_dict()


def test_every_kind_of_error_has_a_code_and_an_exit_code_of_its_own() -> None:
    assert len({kind.code for kind in _kinds()}) == len(_kinds())
    assert len({kind.exit_code for kind in _kinds()}) == len(_kinds())


def test_invalid_input_names_its_field_and_an_unknown_code_is_still_an_error() -> None:
    error = error_from_dict(InvalidInput("Too small.", field="quantity").as_dict())
    assert isinstance(error, InvalidInput)
    assert error.field == "quantity"
    assert type(error_from_dict({"code": "of the future", "message": "New."})) is PufflingError


def test_a_fault_shows_people_no_secret() -> None:
    assert str(Fault.of(ValueError("token=abc"))) == (
        f"A fault in Puffling: token={HIDDEN} The log has the details."
    )
    assert "ZeroDivisionError" in str(Fault.of(ZeroDivisionError()))


def test_nobody_is_taken_for_the_person() -> None:
    with pytest.raises(Refused):
        current_caller()
    with calling_as(Caller(Actor.PERSON)):
        with calling_as(Caller(Actor.HTTP)):
            assert current_caller().actor is Actor.HTTP
        assert current_caller().actor is Actor.PERSON
        seen: list[object] = []

        def ask() -> None:
            try:
                seen.append(current_caller())
            except Refused as refused:
                seen.append(refused)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert isinstance(seen[0], Refused)
    with pytest.raises(Refused):
        current_caller()


def test_text_is_filled_in_after_it_was_translated() -> None:
    use_translation(lambda message: message.replace("rows", "Zeilen"))
    try:
        assert tr("{count} rows", count=3) == "3 Zeilen"
    finally:
        use_translation(None)
    assert tr("{count} rows", count="{count}") == "{count} rows"
    assert tr("Braces {stay} as they are") == "Braces {stay} as they are"


def test_one_variable_puts_every_folder_under_one_roof(home: Path) -> None:
    paths = Paths.discover()
    paths.prepare()
    paths.prepare()
    for folder in (paths.data, paths.config, paths.cache, paths.logs):
        assert folder.is_dir()
        assert folder.is_relative_to(home)
        if sys.platform != "win32":
            assert folder.stat().st_mode & 0o077 == 0


def test_without_it_the_folders_are_those_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUFFLING_HOME")
    paths = Paths.discover()
    assert all("puffling" in str(folder) for folder in (paths.data, paths.config, paths.cache, paths.logs))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match="file"):
        Paths.under(tmp_path / "file").prepare()
    monkeypatch.setenv("PUFFLING_HOME", "~nobody-of-this-name/puffling")
    with pytest.raises(StorageFailed, match="PUFFLING_HOME"):
        Paths.discover()


def test_the_shipped_resources_are_found() -> None:
    assert (resources() / "icons").is_dir()
