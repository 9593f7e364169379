"""What a form asks for: fields read from a schema, and the words when an answer does not fit."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from puffling.desktop import numbers
from puffling.frozen import frozen
from puffling.runtime.lists import parts_of
from puffling.runtime.text import tr

# What an object looks like, for whoever is asked for one.
OBJECT = '{"period": 20}'


class Ask(StrEnum):
    """The kinds of answer a form takes."""

    TEXT = "text"
    PROSE = "prose"
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    SWITCH = "switch"
    CHOICE = "choice"
    SYMBOLS = "symbols"
    DATE = "date"
    SECRET = "secret"
    OBJECT = "object"


class Unfit(ValueError):
    """An answer that does not fit its field; the message says so to the person who gave it."""


@frozen
class Field:
    """One thing a form asks for."""

    name: str
    title: str
    ask: Ask = Ask.TEXT
    description: str = ""
    default: Any = None
    required: bool = False
    least: float | Decimal | None = None
    most: float | Decimal | None = None
    above: float | Decimal | None = None
    below: float | Decimal | None = None
    shortest: int = 0
    longest: int | None = None
    pattern: str = ""
    choices: tuple[tuple[Any, str], ...] = ()
    unit: str = ""
    nullable: bool = False


def fields_of(description: object) -> tuple[Field, ...]:
    """Read fields from a JSON schema or from anything that can give one, like a pydantic model class."""
    schema = description if isinstance(description, Mapping) else _schema_of(description)
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    return tuple(
        _field(name, part, name in required, definitions)
        for name, part in schema.get("properties", {}).items()
    )


def words(name: str) -> str:
    """Give a name of the code as a title: "limit_price" reads "Limit price"."""
    text = name.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def parse(field: Field, text: str) -> Any:
    """Give the value a person typed, or say what does not fit; nothing typed is None."""
    text = text if field.ask in (Ask.SECRET, Ask.PROSE) else text.strip()
    if not text:
        if field.required and not (field.ask is Ask.TEXT and field.shortest == 0 and field.default == ""):
            raise Unfit(tr("{title} is missing.", title=field.title))
        return [] if field.ask is Ask.SYMBOLS else None if field.nullable or field.ask is not Ask.TEXT else ""
    if field.ask in (Ask.INTEGER, Ask.NUMBER, Ask.DECIMAL):
        return _number(field, text)
    if field.ask is Ask.DATE:
        return _date(field, text)
    if field.ask is Ask.OBJECT:
        return _object(field, text)
    if field.ask is Ask.SYMBOLS:
        return list(dict.fromkeys(part.upper() for part in parts_of(text)))
    return _text(field, text)


def show(field: Field, value: Any) -> str:
    """Give a value as it stands in its editor."""
    if value is None or field.ask is Ask.SECRET:
        return ""
    if field.ask is Ask.SYMBOLS and isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    if field.ask is Ask.OBJECT:
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, float):
        return numbers.full(value).replace(",", "").replace(numbers.MINUS, "-")
    return str(value)


def _schema_of(description: object) -> Mapping[str, Any]:
    make = getattr(description, "model_json_schema", None)
    if make is None:
        raise TypeError(f"{description!r} describes no fields")
    found: Mapping[str, Any] = make()
    return found


def _field(name: str, part: Mapping[str, Any], required: bool, definitions: Mapping[str, Any]) -> Field:
    inner, nullable = _unwrapped(part, definitions)
    field = Field(
        name=name,
        title=str(part.get("title") or words(name)),
        description=str(part.get("description") or inner.get("description") or ""),
        default=part.get("default"),
        required=required and not nullable,
        least=inner.get("minimum"),
        most=inner.get("maximum"),
        above=inner.get("exclusiveMinimum"),
        below=inner.get("exclusiveMaximum"),
        shortest=int(inner.get("minLength", 0)),
        longest=inner.get("maxLength"),
        pattern=str(inner.get("pattern") or ""),
        unit=str(part.get("unit") or inner.get("unit") or ""),
        nullable=nullable,
    )
    kind, form = inner.get("type"), inner.get("format")
    if inner.get("writeOnly") or part.get("writeOnly") or form == "password":
        return replace(field, ask=Ask.SECRET, default=None)
    if "enum" in inner or "const" in inner:
        values = inner.get("enum", [inner.get("const")])
        return replace(field, ask=Ask.CHOICE, choices=tuple((value, words(str(value))) for value in values))
    simple = {"integer": Ask.INTEGER, "number": Ask.NUMBER, "boolean": Ask.SWITCH, "array": Ask.SYMBOLS}
    if kind == "object":
        return replace(field, ask=Ask.OBJECT)
    if kind == "number" and (form == "decimal" or inner.get("exact")):
        return replace(field, ask=Ask.DECIMAL, pattern="")
    if kind in simple:
        return replace(field, ask=simple[kind])
    if form == "date":
        return replace(field, ask=Ask.DATE)
    return replace(field, ask=Ask.PROSE if form == "prose" else Ask.TEXT)


def _unwrapped(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Follow references and look through "or nothing"; numbers that may be text are exact decimals."""
    if "$ref" in part:
        found, nullable = _unwrapped(definitions.get(str(part["$ref"]).rsplit("/", 1)[-1], {}), definitions)
        return {**found, **{key: value for key, value in part.items() if key != "$ref"}}, nullable
    if len(part.get("allOf", ())) == 1:
        return _unwrapped(
            {**part["allOf"][0], **{k: v for k, v in part.items() if k != "allOf"}}, definitions
        )
    options = [option for option in part.get("anyOf", ()) if option.get("type") != "null"]
    if not options:
        return part, False
    nullable = len(options) < len(part["anyOf"])
    kinds = [option.get("type") for option in options]
    if kinds in (["number", "string"], ["string", "number"]):
        number = next(option for option in options if option["type"] == "number")
        return {**number, "exact": True}, nullable
    found, deeper = _unwrapped(options[0], definitions)
    return found, nullable or deeper


def _number(field: Field, text: str) -> int | float | Decimal:
    plain = text.replace(numbers.MINUS, "-").replace(",", "").replace("\N{NARROW NO-BREAK SPACE}", "")
    plain = plain.removesuffix(field.unit).strip() if field.unit else plain
    try:
        exact = Decimal(plain)
    except InvalidOperation:
        raise Unfit(tr("{title} must be a number.", title=field.title)) from None
    if not math.isfinite(exact):
        raise Unfit(tr("{title} must be a number.", title=field.title))
    if field.ask is Ask.INTEGER and exact != exact.to_integral_value():
        raise Unfit(tr("{title} must be a whole number.", title=field.title))
    for bound, broken, message in (
        (field.least, operator.lt, tr("{title} must be at least {bound}.")),
        (field.most, operator.gt, tr("{title} must be at most {bound}.")),
        (field.above, operator.le, tr("{title} must be above {bound}.")),
        (field.below, operator.ge, tr("{title} must be below {bound}.")),
    ):
        if bound is not None and broken(exact, Decimal(str(bound))):
            raise Unfit(message.format(title=field.title, bound=numbers.full(bound)))
    return int(exact) if field.ask is Ask.INTEGER else float(exact) if field.ask is Ask.NUMBER else exact


def _date(field: Field, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unfit(tr("{title} must be a date like 2026-11-20.", title=field.title)) from None


def _object(field: Field, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Unfit(
            tr(
                "{title} is not JSON: look at character {place}. It is written like {example}.",
                title=field.title,
                place=error.pos + 1,
                example=OBJECT,
            )
        ) from None
    except (ValueError, RecursionError):
        raise Unfit(tr("{title} must be JSON, like {example}.", title=field.title, example=OBJECT)) from None
    if not isinstance(found, dict):
        raise Unfit(tr("{title} needs names with values, like {example}.", title=field.title, example=OBJECT))
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _text(field: Field, text: str) -> str:
    if len(text) < field.shortest:
        raise Unfit(tr("{title} needs at least {count} characters.", title=field.title, count=field.shortest))
    if field.longest is not None and len(text) > field.longest:
        raise Unfit(
            tr("{title} may have {count} characters at most.", title=field.title, count=field.longest)
        )
    if field.pattern and not re.search(field.pattern, text):
        raise Unfit(tr("{title} is not written as expected.", title=field.title))
    return text
