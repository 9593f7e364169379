"""A command line is made from an ability's schema, and read back into its arguments."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue, SecretStr

from puffling.cli.arguments import Kind, arguments_of, parse_ability, parse_stream
from puffling.core.catalogue import AbilityOutline, Catalogue, StreamOutline
from puffling.core.declared import declared_registry
from puffling.runtime.errors import InvalidInput
from tests.server.small import small_core


class Colour(enum.StrEnum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Shape(BaseModel):
    """A nested model."""

    sides: int


class Everything(BaseModel):
    """One argument of each kind."""

    needed: Annotated[str, Field(description="What is needed.")]
    colours: tuple[Colour, ...]
    secret: SecretStr
    shape: Shape
    count: int = 3
    moment: datetime | None = None
    loud: bool = False
    quiet: bool = True
    way: Literal["up", "down"] = "up"
    many: list[int] = []
    anything: JsonValue = None
    places: dict[str, float] = {}
    spare_secret: SecretStr | None = None
    file: Path | None = None


EVERYTHING = AbilityOutline(
    "x.y", "Do it", "Do it.", "Do it 100 %.", "read", False, Everything.model_json_schema()
)


def test_each_kind_of_argument_has_its_way_in() -> None:
    kinds = {argument.name: argument.kind for argument in arguments_of(EVERYTHING)}
    assert kinds == {
        "needed": Kind.TEXT,
        "colours": Kind.SEVERAL,
        "secret": Kind.SECRET,
        "shape": Kind.JSON,
        "count": Kind.TEXT,
        "moment": Kind.TEXT,
        "loud": Kind.SWITCH,
        "quiet": Kind.SWITCH,
        "way": Kind.TEXT,
        "many": Kind.SEVERAL,
        "anything": Kind.ANYTHING,
        "places": Kind.JSON,
        "spare_secret": Kind.SECRET,
        "file": Kind.PATH,
    }


def test_words_become_arguments_that_the_model_takes() -> None:
    call = parse_ability(
        EVERYTHING,
        ["--loud", "x", "red", "blue", '{"sides": 3}', "--no-quiet", "--many", "1", "2", "--many", "3",
         "--moment", "2024-01-01T00:00:00Z", "--anything", "5", "--places", '{"a": 1}',
         "--way", "down", "--json"],
    )  # fmt: skip
    assert call.as_json
    assert [secret.name for secret in call.secrets] == ["secret"]
    model = Everything.model_validate({**call.arguments, "secret": "s"})
    assert model.colours == (Colour.RED, Colour.BLUE)
    assert (model.loud, model.quiet, model.way, model.many) == (True, False, "down", [1, 2, 3])
    assert (model.shape.sides, model.anything, model.places) == (3, 5, {"a": 1.0})


def test_what_is_needed_may_stand_behind_its_name_too() -> None:
    plain = parse_ability(EVERYTHING, ["x", "red", "blue", '{"sides": 3}', "--count", "4"])
    named = parse_ability(
        EVERYTHING, ["--needed", "x", "--count", "4", '--shape={"sides": 3}', "--colours", "red", "blue"]
    )
    assert named.arguments == plain.arguments
    mixed = parse_ability(EVERYTHING, ["red", "blue", "{}", "--needed", "x"])
    assert (mixed.arguments["needed"], mixed.arguments["colours"]) == ("x", ["red", "blue"])


def test_a_path_is_meant_from_where_one_types(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    call = parse_ability(EVERYTHING, ["x", "red", "{}", "--file", "prices.csv"])
    assert call.arguments["file"] == str(tmp_path / "prices.csv")


def test_what_is_not_given_is_left_to_the_ability() -> None:
    call = parse_ability(EVERYTHING, ["x", "red", "{}"])
    assert set(call.arguments) == {"needed", "colours", "shape"}


def test_a_secret_never_stands_on_the_command_line() -> None:
    for words in (["--secret", "s"], ["--secret=s"], ["--spare-secret=s"]):
        with pytest.raises(InvalidInput):
            parse_ability(EVERYTHING, ["x", "red", "{}", *words])
    asked = parse_ability(EVERYTHING, ["x", "red", "{}", "--spare-secret"])
    assert [secret.name for secret in asked.secrets] == ["secret", "spare_secret"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["x"],
        ["x", "green", "{}"],
        ["x", "red", "{}", "--way", "left"],
        ["x", "red", "{"],
        ["x", "red", "{}", "--no"],
    ],
)
def test_wrong_words_are_said_plainly(words: list[str]) -> None:
    with pytest.raises(InvalidInput) as wrong:
        parse_ability(EVERYTHING, words)
    assert wrong.value.message
    assert wrong.value.hint


def test_a_list_that_may_be_left_out_stands_last_and_options_anywhere() -> None:
    names = {"type": "array", "items": {"type": "string"}, "default": []}
    schema = {"properties": {"names": names, "name": {"type": "string"}}, "required": ["name"]}
    ability = AbilityOutline("x.y", "t", "s", "h", "read", False, schema)
    assert parse_ability(ability, ["a", "b", "--json", "c"]).arguments == {"name": "a", "names": ["b", "c"]}
    assert parse_ability(ability, ["a", "--names", "b", "c"]).arguments == {"name": "a", "names": ["b", "c"]}
    assert parse_ability(ability, ["a"]).arguments == {"name": "a"}


def test_only_what_is_required_is_called_so() -> None:
    names = {"type": "array", "items": {"type": "string"}, "default": []}
    schema = {"properties": {"names": names, "name": {"type": "string"}}, "required": ["name"]}
    with pytest.raises(InvalidInput, match=r"required: name\."):
        parse_ability(AbilityOutline("x.y", "t", "s", "h", "read", False, schema), [])


def test_what_follows_two_dashes_is_no_option() -> None:
    names = {"type": "array", "items": {"type": "string"}, "default": []}
    schema = {"properties": {"names": names, "name": {"type": "string"}}, "required": ["name"]}
    ability = AbilityOutline("x.y", "t", "s", "h", "read", False, schema)
    call = parse_ability(ability, ["--json", "--", "-a", "--b"])
    assert (call.arguments, call.as_json) == ({"name": "-a", "names": ["--b"]}, True)


def test_a_first_text_may_be_a_word_when_nothing_is_needed() -> None:
    text = {"type": "string", "default": ""}
    schema = {"properties": {"query": text, "limit": {"type": "integer", "default": 50}}}
    ability = AbilityOutline("x.y", "t", "s", "h", "read", False, schema)
    assert parse_ability(ability, ["gold", "--limit", "3"]).arguments == {"query": "gold", "limit": "3"}
    assert parse_ability(ability, ["--query", "gold"]).arguments == {"query": "gold"}
    assert parse_ability(ability, []).arguments == {}


def test_a_stream_takes_its_topics() -> None:
    stream = StreamOutline("data.prices", "Prices", "Prices.")
    assert parse_stream(stream, ["SPY", "--json", "QQQ"]) == (["SPY", "QQQ"], True)
    with pytest.raises(InvalidInput):
        parse_stream(stream, [])


def _declared() -> Iterator[str]:
    for ability in declared_registry():
        yield ability.id


@pytest.mark.parametrize("id", list(_declared()))
def test_every_ability_has_a_command_line_with_help(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    ability = Catalogue.of(declared_registry(), id).ability(id)
    assert ability is not None
    with pytest.raises(SystemExit) as ended:
        parse_ability(ability, ["--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert " ".join(ability.help.split())[:60] in shown
    for argument in arguments_of(ability):
        assert argument.help, f"{argument.name} of {id} has no description"


async def test_what_is_declared_is_what_a_core_offers(home: Path) -> None:
    async with small_core(home) as core:
        assert Catalogue.from_dict(Catalogue.of(core.registry, "library.create").as_dict()) == Catalogue.of(
            core.registry, "library.create"
        )
