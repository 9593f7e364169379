"""The help is complete, readable in every face, and names only what exists."""

from __future__ import annotations

import re

import pytest

from puffling.core.core import Core
from puffling.runtime.errors import NotFound
from puffling.settings.model import Settings

pytestmark = pytest.mark.usefixtures("as_person")

# Verbs of the terminal that are no abilities of a domain.
OWN_VERBS = {"halt", "resume", "doctor", "serve", "--help"}


async def test_every_page_has_a_title_and_can_be_read(core: Core) -> None:
    topics = await core.guide.all()
    assert len(topics) >= 10
    for topic in topics:
        page = await core.guide.read(topic.name)
        assert page.text.startswith(f"# {topic.title}\n")
        assert len(page.text) > 200


async def test_an_unknown_page_is_answered_with_the_known_ones(core: Core) -> None:
    for name in ("nothing", "../../README", ""):
        with pytest.raises(NotFound) as caught:
            await core.guide.read(name)
        assert "start" in caught.value.hint


async def test_the_help_names_only_verbs_routes_settings_and_pages_that_exist(core: Core) -> None:
    verbs = {tuple(ability.id.split(".")) for ability in core.registry}
    verbs |= {tuple(stream.id.split(".")) for stream in core.registry.streams}
    text = "\n".join([(await core.guide.read(topic.name)).text for topic in await core.guide.all()])
    named = re.findall(r"(?:^|`)puffling ([a-z-]+)(?: ([a-z-]+))?", text, re.MULTILINE)
    assert len(named) > 8
    assert [name for name in named if name[0] not in OWN_VERBS and name not in verbs] == []
    variables = re.findall(r"PUFFLING_(\w+)__(\w+)", text)
    assert variables
    for section, field in variables:
        assert hasattr(getattr(Settings(), section.lower()), field.lower())
    routes = {ability.http.path for ability in core.registry if ability.http}
    assert [path for path in re.findall(r"(/api/[a-z/]+)", text) if path not in routes] == []
