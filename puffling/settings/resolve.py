"""From stored rows and the environment to one typed value, and back to something that can be shown.

A setting is looked for in the environment first (`PUFFLING_APPEARANCE__THEME`), then in the person's
rows, then in its default. What cannot be used is named and left where it is: nothing is lost, the
default stands in until it is mended. A setting that was renamed says so in its declaration
(`json_schema_extra={"formerly": ["old.key"]}`), and a row under the old key keeps counting.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Generic, TypeVar, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from puffling.frozen import frozen
from puffling.runtime.errors import InvalidInput, NotFound
from puffling.runtime.lists import parted
from puffling.runtime.schema import invalid_input
from puffling.runtime.text import tr
from puffling.settings.model import Section

S = TypeVar("S", bound=Section)

CUSTOM = "custom."
STORED = "stored"


@frozen
class SettingView:
    """One setting as a face shows it."""

    key: str
    section: str
    title: str
    description: str
    value: Any
    default: Any
    source: str
    shape: dict[str, Any]


@frozen
class Problem:
    """A stored value that cannot be used, and why."""

    key: str
    source: str
    message: str


@frozen
class Resolved(Generic[S]):
    """The settings in force, where each came from, and what could not be used."""

    settings: S
    sources: Mapping[str, str]
    problems: tuple[Problem, ...]


@frozen
class _Declared:
    key: str
    section: str
    info: FieldInfo

    @property
    def environment_name(self) -> str:
        return "PUFFLING_" + self.key.replace(".", "__").upper()

    @property
    def former_keys(self) -> tuple[str, ...]:
        formerly = self._extra("formerly")
        return tuple(str(key) for key in formerly) if isinstance(formerly, list | tuple) else ()

    @property
    def description(self) -> str:
        said = tr(self.info.description or "")
        return f"{said} {tr('Takes effect at the next start.')}" if self._extra("restart") else said

    @property
    def person_only(self) -> bool:
        return bool(self._extra("person_only"))

    @property
    def is_limit(self) -> bool:
        return bool(self._extra("limit"))

    def _extra(self, name: str) -> object:
        extra = self.info.json_schema_extra
        return extra.get(name) if isinstance(extra, dict) else None

    def check(self, value: object) -> Any:
        several = get_origin(self.info.annotation) is tuple
        return self.adapter.validate_python(parted(value) if several else value)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        described: Any = Annotated[self.info.annotation, self.info]
        return TypeAdapter(described)


def resolve(model: type[S], rows: Mapping[str, Any], environment: Mapping[str, str]) -> Resolved[S]:
    """Give the settings in force for these rows in this environment."""
    chosen: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for key, declared in _declared(model).items():
        section, _, name = key.partition(".")
        for source, value in _candidates(declared, rows, environment):
            try:
                chosen.setdefault(section, {})[name] = declared.check(value)
            except ValidationError as error:
                problems.append(Problem(key, source, invalid_input(error).message))
            else:
                sources[key] = source
                break
    return Resolved(model.model_validate(chosen), sources, tuple(problems))


def check_value(model: type[Section], key: str, value: object) -> Any:
    """Give the value as JSON if this key may hold it, or say why it may not."""
    if key.startswith(CUSTOM):
        if len(key) == len(CUSTOM) or len(key) > 120:
            raise InvalidInput(
                tr("{key} is not a usable key.", key=key),
                field="key",
                hint=tr("Write a name of your own after custom."),
            )
        return value
    declared = _find(model, key)
    try:
        checked = declared.check(value)
    except ValidationError as error:
        found = invalid_input(error)
        message = found.message.partition(": ")[2] or found.message
        raise InvalidInput(
            tr("{key}: {message}", key=key, message=message),
            field="value",
            hint=tr(
                "{title}: {description}",
                title=declared.info.title or key,
                description=declared.info.description or "",
            ),
        ) from None
    return declared.adapter.dump_python(checked, mode="json")


def former_keys(model: type[Section], key: str) -> tuple[str, ...]:
    """Name the keys under which this setting was kept by older versions."""
    return () if key.startswith(CUSTOM) else _find(model, key).former_keys


def is_for_the_person_only(model: type[Section], key: str) -> bool:
    """Tell whether no program may change this setting."""
    return not key.startswith(CUSTOM) and _find(model, key).person_only


def is_limit(model: type[Section], key: str) -> bool:
    """Tell whether this setting is a limit of trading."""
    return not key.startswith(CUSTOM) and _find(model, key).is_limit


def views(resolved: Resolved[S], rows: Mapping[str, Any]) -> tuple[SettingView, ...]:
    """Give every setting as a face shows it, the person's own keys last."""
    shown = [_view(declared, resolved) for declared in _declared(type(resolved.settings)).values()]
    own = (key for key in sorted(rows) if key.startswith(CUSTOM))
    return (*shown, *(_own_view(key, rows[key]) for key in own))


def view(resolved: Resolved[S], rows: Mapping[str, Any], key: str) -> SettingView:
    """Give one setting as a face shows it; describing all of them would hold the loop."""
    model = type(resolved.settings)
    if not key.startswith(CUSTOM):
        return _view(_find(model, key), resolved)
    if key not in rows:
        raise unknown_setting(model, key)
    return _own_view(key, rows[key])


def _own_view(key: str, value: Any) -> SettingView:
    return SettingView(key, tr("Custom"), key, "", value, None, STORED, {})


def _view(declared: _Declared, resolved: Resolved[S]) -> SettingView:
    section, _, name = declared.key.partition(".")
    adapter = declared.adapter
    value = getattr(getattr(resolved.settings, section), name)
    return SettingView(
        key=declared.key,
        section=tr(declared.section),
        title=tr(declared.info.title or name),
        description=declared.description,
        value=adapter.dump_python(value, mode="json"),
        default=adapter.dump_python(declared.info.get_default(), mode="json"),
        source=resolved.sources.get(declared.key, "default"),
        shape=adapter.json_schema(),
    )


def _candidates(
    declared: _Declared, rows: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    name = declared.environment_name
    if name in environment:
        text = environment[name]
        yield f"environment variable {name}", json.loads(text) if _is_json_list(text) else text
    for key in (declared.key, *declared.former_keys):
        if key in rows:
            yield STORED, rows[key]


def _is_json_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _declared(model: type[Section]) -> dict[str, _Declared]:
    found: dict[str, _Declared] = {}
    for section_name, section in model.model_fields.items():
        kind = section.annotation
        if not (isinstance(kind, type) and issubclass(kind, Section)):
            raise TypeError(f"{section_name} is not a section")
        for name, info in kind.model_fields.items():
            key = f"{section_name}.{name}"
            found[key] = _Declared(key, section.title or section_name, info)
    return found


def unknown_setting(model: type[Section], key: str) -> NotFound:
    """Give the error for a key that stands for nothing, with the nearest ones that do."""
    if key.startswith(CUSTOM):
        return NotFound(tr("Nothing is kept under {key}.", key=key), hint=tr("Give it a value first."))
    near = get_close_matches(key, _declared(model), n=2)
    hint = (
        tr("Did you mean {near}?", near=" or ".join(near))
        if near
        else tr("Keys of your own start with custom.")
    )
    return NotFound(tr("There is no setting called {key}.", key=key), hint=hint)


def _find(model: type[Section], key: str) -> _Declared:
    try:
        return _declared(model)[key]
    except KeyError:
        raise unknown_setting(model, key) from None
