"""Looks of charts under a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import Field, JsonValue

from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit
from puffling.store.values import ChartTemplate

R = TypeVar("R")

# Among the settings: a handful of small values that belong to the person and to no table of their own.
KEY = "custom.chart_templates"
MOST = 100

Name = Annotated[str, Field(description="Name of the template.", min_length=1, max_length=80)]
Content = Annotated[
    dict[str, JsonValue],
    Field(description="What each part of a chart keeps: its indicators, its look.", max_length=40),
]
Default = Annotated[bool, Field(description="Whether new charts begin with it.")]


class Templates(Controller):
    """The person's chart templates, by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @capability(
        title="List chart templates", verb="list", effect=Effect.READ, http="GET /api/charts/templates"
    )
    async def all(self) -> tuple[ChartTemplate, ...]:
        """Show every chart template with what it keeps."""
        return await self._store.read(current_caller().user, _read)

    @capability(title="Save chart template", effect=Effect.WRITE, http="PUT /api/charts/templates/{name}")
    async def save(self, name: Name, content: Content) -> ChartTemplate:
        """Keep a look under a name; one of this name is replaced."""
        wanted = _name(name)

        def change(found: dict[str, ChartTemplate]) -> ChartTemplate:
            before = found.get(wanted.casefold())
            if before is None and len(found) >= MOST:
                raise Conflict(
                    tr("There are {count} templates already.", count=MOST), hint=tr("Delete one first.")
                )
            made = ChartTemplate(wanted, dict(content), before.default if before else False)
            found[wanted.casefold()] = made
            return made

        return await self._change(change)

    @capability(
        title="Rename chart template", effect=Effect.WRITE, http="PUT /api/charts/templates/{name}/name"
    )
    async def rename(
        self,
        name: Name,
        new_name: Annotated[str, Field(description="Its new name.", min_length=1, max_length=80)],
    ) -> ChartTemplate:
        """Give a chart template another name."""
        wanted = _name(new_name)

        def change(found: dict[str, ChartTemplate]) -> ChartTemplate:
            before = _get(found, name)
            if wanted.casefold() in found and found[wanted.casefold()] is not before:
                raise Conflict(
                    tr("There is a template called {name} already.", name=wanted),
                    hint=tr("Choose another name."),
                )
            del found[before.name.casefold()]
            found[wanted.casefold()] = replace(before, name=wanted)
            return found[wanted.casefold()]

        return await self._change(change)

    @capability(
        title="Delete chart template", effect=Effect.WRITE, http="DELETE /api/charts/templates/{name}"
    )
    async def delete(self, name: Name) -> ChartTemplate:
        """Remove a chart template; the answer is all it takes to restore it."""

        def change(found: dict[str, ChartTemplate]) -> ChartTemplate:
            return found.pop(_get(found, name).name.casefold())

        return await self._change(change)

    @capability(
        title="Restore chart template", effect=Effect.WRITE, http="POST /api/charts/templates/restore"
    )
    async def restore(self, name: Name, content: Content, default: Default = False) -> ChartTemplate:
        """Bring a deleted chart template back."""
        wanted = _name(name)

        def change(found: dict[str, ChartTemplate]) -> ChartTemplate:
            if wanted.casefold() in found:
                raise Conflict(tr("There is a template called {name} already.", name=wanted))
            taken = any(each.default for each in found.values())
            found[wanted.casefold()] = ChartTemplate(wanted, dict(content), default and not taken)
            return found[wanted.casefold()]

        return await self._change(change)

    @capability(
        title="Choose template for new charts", effect=Effect.WRITE, http="PUT /api/charts/default-template"
    )
    async def choose(
        self,
        name: Annotated[
            str, Field(description="The template new charts begin with; empty means none.", max_length=80)
        ] = "",
    ) -> tuple[ChartTemplate, ...]:
        """Say which template new charts begin with."""

        def change(found: dict[str, ChartTemplate]) -> tuple[ChartTemplate, ...]:
            chosen = _get(found, name) if name else None
            for key, each in found.items():
                found[key] = replace(each, default=each is chosen)
            return tuple(found.values())

        return await self._change(change)

    async def _change(self, change: Callable[[dict[str, ChartTemplate]], R]) -> R:
        def work(unit: Unit) -> R:
            found = {each.name.casefold(): each for each in _read(unit)}
            answer = change(found)
            unit.settings.put(KEY, [_plain(each) for each in found.values()])
            return answer

        return await self._store.run(current_caller().user, work)


def _read(unit: Unit) -> tuple[ChartTemplate, ...]:
    kept = unit.settings.find(KEY)
    rows = kept.value if kept is not None and isinstance(kept.value, list) else []
    found = [each for row in rows if (each := _template(row))]
    return tuple(sorted(found, key=lambda each: each.name.casefold()))


def _template(row: object) -> ChartTemplate | None:
    """Read one; a setting can be written by hand, so what is damaged is passed over."""
    if not isinstance(row, dict):
        return None
    name, content = row.get("name"), row.get("content")
    if not (isinstance(name, str) and name and isinstance(content, dict)):
        return None
    return ChartTemplate(name, content, row.get("default") is True)


def _plain(template: ChartTemplate) -> dict[str, Any]:
    return {"name": template.name, "content": template.content, "default": template.default}


def _get(found: dict[str, ChartTemplate], name: str) -> ChartTemplate:
    template = found.get(name.strip().casefold())
    if template is None:
        known = ", ".join(each.name for each in found.values())
        raise NotFound(
            tr("There is no template called {name}.", name=name),
            hint=tr("There are: {names}.", names=known) if known else tr("Save one first."),
        )
    return template


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise InvalidInput(tr("A template needs a name."), field="name")
    return name
