"""Every ability is described once, completely, and stands in every face it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puffling.assistant.tools import tools
from puffling.cli.help import domain_text
from puffling.cli.output import Page
from puffling.core.catalogue import Catalogue
from puffling.core.declared import declared_registry
from puffling.runtime.capability import Capability
from puffling.runtime.gate import Effect
from puffling.server.openapi import document

if TYPE_CHECKING:
    from puffling.core.core import Core

KINDS = {"$ref", "allOf", "anyOf", "const", "enum", "oneOf", "type"}


def _vague(ability: Capability) -> list[str]:
    """What an ability leaves unsaid."""
    found = []
    if not ability.title[:1].isupper() or ability.title.endswith("."):
        found.append(f"title {ability.title!r}")
    if not ability.summary[:1].isupper() or not ability.summary.endswith("."):
        found.append(f"summary {ability.summary!r}")
    fields: dict[str, Any] = ability.arguments_model.model_json_schema().get("properties", {})
    for name, field in fields.items():
        if not field.get("description", "").endswith("."):
            found.append(f"{name} is not described")
        if not KINDS.intersection(field):
            found.append(f"{name} has no type")
    if ability.result_type.json_schema() == {}:
        found.append("the result has no type")
    return found


async def test_every_ability_says_what_it_is_and_what_it_takes(core: Core) -> None:
    abilities = list(core.registry)
    assert len(abilities) > 20
    assert {ability.id: _vague(ability) for ability in abilities if _vague(ability)} == {}


async def test_every_route_is_in_the_document_and_the_document_has_no_others(core: Core) -> None:
    paths: dict[str, dict[str, Any]] = document(core.registry)["paths"]
    told = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    named = {
        f"{ability.http.method} {ability.http.path.replace(':path', '')}"
        for ability in core.registry
        if ability.http
    }
    assert named <= told
    assert {route for route in told - named if route != "GET /api/health"} == set()


async def test_every_tool_is_offered_to_the_assistant(core: Core) -> None:
    assert {tool.name for tool in tools(core.registry)} == {a.tool for a in core.registry if a.tool}


async def test_every_ability_is_a_verb_in_the_terminal(core: Core) -> None:
    catalogue = Catalogue.of(core.registry)
    for ability in core.registry:
        told = domain_text(catalogue, ability.domain, Page())
        assert f"  {ability.declaration.verb} " in told
        assert ability.summary in told


async def test_what_is_declared_is_what_an_open_core_offers(core: Core) -> None:
    assert [ability.id for ability in declared_registry()] == [ability.id for ability in core.registry]


async def test_what_only_the_person_may_do_has_no_other_door(core: Core) -> None:
    guarded = [ability for ability in core.registry if ability.effect is Effect.GUARD]
    assert [ability.id for ability in guarded if ability.http or ability.tool or ability.job] == []
