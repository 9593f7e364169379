"""From the arguments of an ability, described by their schema, to a command line and back to values."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from puffling.core.catalogue import AbilityOutline, Schema, StreamOutline, plain
from puffling.frozen import frozen
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr


class Kind(Enum):
    """How a value is given on a command line."""

    TEXT = "text"
    SWITCH = "switch"
    SEVERAL = "several"
    JSON = "json"
    ANYTHING = "anything"
    SECRET = "secret"
    PATH = "path"


@frozen
class Argument:
    """One argument of an ability as the command line sees it."""

    name: str
    kind: Kind
    required: bool
    help: str
    choices: tuple[str, ...]
    default: Any
    free: bool
    named: bool = False

    @property
    def option(self) -> str:
        """Give the option under which it is given when it is not needed."""
        return "--" + self.name.replace("_", "-")


def arguments_of(ability: AbilityOutline) -> tuple[Argument, ...]:
    """Read the arguments from the ability's schema."""
    schema = ability.arguments or {}
    definitions = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    return tuple(
        _argument(name, field, plain(field, definitions), definitions, name in required)
        for name, field in schema.get("properties", {}).items()
    )


def _argument(
    name: str, field: Schema, schema: Schema, definitions: dict[str, Schema], required: bool
) -> Argument:
    kind = _kind(schema, definitions)
    shown = plain(schema.get("items", {}), definitions) if kind is Kind.SEVERAL else schema
    if kind is Kind.SEVERAL and _kind(shown, definitions) is not Kind.TEXT:
        kind, shown = Kind.JSON, schema
    choices = tuple(str(choice) for choice in shown.get("enum", ()))
    help_text = field.get("description") or schema.get("description") or ""
    free = kind is Kind.TEXT and not choices and schema.get("type") == "string" and "format" not in schema
    return Argument(name, kind, required, help_text, choices, field.get("default"), free)


def _kind(schema: Schema, definitions: dict[str, Schema]) -> Kind:
    if schema.get("format") == "password":
        return Kind.SECRET
    if schema.get("format") == "path":
        return Kind.PATH
    choices = [plain(choice, definitions) for choice in schema.get("anyOf", ())]
    if choices:
        return (
            Kind.JSON if any(choice.get("type") in {"object", "array"} for choice in choices) else Kind.TEXT
        )
    match schema.get("type"):
        case "boolean":
            return Kind.SWITCH
        case "array":
            return Kind.SEVERAL
        case "object":
            return Kind.JSON
        case None if "enum" not in schema and "const" not in schema:
            return Kind.ANYTHING
    return Kind.TEXT


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are errors for people."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on."""
        raise InvalidInput(
            tr("{message}.", message=message[:1].upper() + message[1:].rstrip(".")),
            hint=tr("See: {program} --help", program=self.prog),
        )


@frozen
class Call:
    """What a command line asks for; secrets are still to be asked for."""

    arguments: dict[str, Any]
    secrets: tuple[Argument, ...]
    as_json: bool


def parse_ability(ability: AbilityOutline, words: Sequence[str]) -> Call:
    """Read the words after an ability's verb."""
    arguments = tuple(_as_given(argument, words) for argument in arguments_of(ability))
    parser = _parser(ability.id, ability.title, ability.help)
    trailing = _trailing(arguments)
    for argument in arguments:
        _add(parser, argument)
    if trailing is not None:
        count = "*" if trailing.kind is Kind.SEVERAL else "?"
        word = f"{trailing.name} as word"
        # With a default, or argparse would name it among what is required.
        parser.add_argument(
            word, nargs=count, metavar=trailing.name, default=None, help=_escaped(_help(trailing))
        )
    # Intermixed, so that an option may stand before, between and after the words; but then argparse
    # forgets that what follows a -- is no option.
    parse = parser.parse_args if "--" in words else parser.parse_intermixed_args
    found = vars(parse(list(words)))
    values: dict[str, Any] = {}
    for argument in arguments:
        if argument is trailing and (given := found[f"{argument.name} as word"]):
            found[argument.name] = given
        if argument.kind is not Kind.SECRET and argument.name in found:
            values[argument.name] = _value(argument, found[argument.name])
    secrets = tuple(
        argument
        for argument in arguments
        if argument.kind is Kind.SECRET and (argument.required or found.get(argument.name))
    )
    return Call(values, secrets, found["as json"])


def _as_given(argument: Argument, words: Sequence[str]) -> Argument:
    """What is needed is a word of its own, or stands behind its name as what may be left out does."""
    options = {word.partition("=")[0] for word in itertools.takewhile(lambda word: word != "--", words)}
    return replace(argument, named=argument.required and argument.option in options)


def _trailing(arguments: Sequence[Argument]) -> Argument | None:
    """Give the one argument that may be left out and still is a word: create Tech AAPL MSFT, symbols gold."""
    lists = [argument for argument in arguments if argument.kind is Kind.SEVERAL]
    if lists:
        return None if any(one.required for one in lists) else lists[0]
    first = arguments[0] if arguments else None
    if first is None or not first.free or any(argument.required for argument in arguments):
        return None
    return first


def parse_stream(stream: StreamOutline, words: Sequence[str]) -> tuple[list[str], bool]:
    """Read the words after a stream's verb: the topics, and whether lines of JSON are wanted."""
    parser = _parser(stream.id, stream.title, stream.summary)
    parser.add_argument("topics", nargs="+", metavar=tr("TOPIC"), help=tr("What to listen to, such as SPY."))
    found = parser.parse_intermixed_args(list(words))
    return found.topics, vars(found)["as json"]


def _parser(id: str, title: str, help_text: str) -> Parser:
    parser = Parser(
        prog=f"puffling {id.replace('.', ' ', 1)}",
        description=_escaped(help_text or title),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # A name with a space cannot be an argument of an ability.
    parser.add_argument("--json", action="store_true", dest="as json", help=tr("Print the answer as JSON."))
    return parser


def _add(parser: Parser, argument: Argument) -> None:
    options: dict[str, Any] = {"help": _escaped(_help(argument)), "default": argparse.SUPPRESS}
    if argument.kind is Kind.SECRET:
        if not argument.required:
            parser.add_argument(
                argument.option, action="store_true", dest=argument.name, help=options["help"]
            )
        return
    if argument.kind is Kind.SWITCH and not argument.required:
        parser.add_argument(
            argument.option, action=argparse.BooleanOptionalAction, dest=argument.name, **options
        )
        return
    if argument.choices:
        options["choices"] = argument.choices
    if argument.required and not argument.named:
        if argument.kind is Kind.SEVERAL:
            options["nargs"] = "+"
        options["metavar"] = None if argument.choices else argument.name
        parser.add_argument(argument.name, **options)
        return
    if argument.kind is Kind.SEVERAL:
        options |= {"nargs": "+", "action": "extend"}
    parser.add_argument(
        argument.option,
        dest=argument.name,
        metavar=None if argument.choices else argument.name.upper(),
        **options,
    )


def _help(argument: Argument) -> str:
    parts = [argument.help]
    if argument.kind is Kind.JSON:
        parts.append(tr("As JSON."))
    if argument.kind is Kind.SECRET:
        parts.append(tr("It is asked for and never stands on the command line."))
    if not argument.required and argument.default not in (None, "", [], False):
        shown = argument.default if isinstance(argument.default, str) else json.dumps(argument.default)
        parts.append(tr("Default: {value}.", value=shown))
    return " ".join(part for part in parts if part)


def _value(argument: Argument, given: Any) -> Any:
    if argument.kind is Kind.PATH:
        # Whoever owns the data may stand in another folder than whoever types.
        return str(Path(given).expanduser().absolute())
    if argument.kind is Kind.JSON:
        try:
            return json.loads(given)
        except ValueError:
            raise InvalidInput(
                tr("{field} is not valid JSON.", field=argument.name),
                field=argument.name,
                hint=tr("Put it into single quotes, for example '{example}'.", example='{"a": 1}'),
            ) from None
    if argument.kind is Kind.ANYTHING:
        try:
            return json.loads(given)
        except ValueError:
            return given
    return given


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
