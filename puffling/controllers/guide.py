"""The pages of the help, the same in every face."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.paths import resources
from puffling.runtime.text import tr


@frozen
class Topic:
    """A page of the help as a list shows it."""

    name: str
    title: str


@frozen
class Page:
    """A page of the help, in markdown."""

    name: str
    title: str
    text: str


class Guide(Controller):
    """What a newcomer reads first, and what is looked up later."""

    @capability(title="List help pages", verb="list", effect=Effect.READ, http="GET /api/guide")
    async def all(self) -> tuple[Topic, ...]:
        """List the pages of the help."""
        return tuple(Topic(page.name, page.title) for page in _pages())

    @capability(title="Read help page", effect=Effect.READ, http="GET /api/guide/{name}")
    async def read(
        self, name: Annotated[str, Field(description="Name of the page, such as start.", max_length=60)]
    ) -> Page:
        """Show one page of the help."""
        pages = {page.name: page for page in _pages()}
        if name not in pages:
            raise NotFound(
                tr("There is no help page called {name}.", name=name),
                hint=tr("There are: {names}.", names=", ".join(pages)),
            )
        return pages[name]


def _pages() -> list[Page]:
    # The numbers before the names give the order in which a newcomer reads them.
    found = []
    for file in sorted((resources() / "help").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ").strip()
        found.append(Page(file.stem.lstrip("0123456789-"), title, text))
    return found
