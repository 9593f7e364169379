"""Templates: what a chart looks like without its symbol, under a name, for other charts and for new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from puffling.desktop.actions import Action
from puffling.desktop.ask import ask_text
from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.menus import Menu, passing_menu
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.runtime.text import tr
from puffling.store.values import ChartTemplate


class Templates:
    """Saves the active chart as a template and applies others to it."""

    def __init__(self, session: Session, active: Callable[[], ChartPane]) -> None:
        self._session = session
        self._active = active

    def acts(self) -> Iterator[Action]:
        """Give what can be started from anywhere."""
        yield Action(
            "window.save-template",
            tr("Save chart as template"),
            self.save,
            tr("Chart"),
            tr("Keep the indicators and the look of this chart under a name."),
            "View/Chart",
        )

    def offer(self, anchor: QWidget) -> None:
        """Open the list of templates below a widget."""
        if self._session.connected:
            self._session.dispatch.run(
                self._session.core.templates.all,
                name="list templates",
                newest="chart.templates",
                then=partial(self._open_menu, anchor),
                owner=anchor,
            )

    def save(self) -> None:
        """Keep the active chart as a template, under a name that is asked for."""
        if self._session.connected:
            self._session.dispatch.run(self._save, name="save template", newest="chart.template")

    def apply(self, template: ChartTemplate) -> None:
        """Give the active chart the look of a template; a notice gives it back its own."""
        pane = self._active()
        before = content_of(pane)
        dress(pane, template.content)

        def undo() -> None:
            if isValid(pane):
                dress(pane, before)

        said = tr("The chart looks like the template {name}.", name=template.name)
        self._session.notices.tell(said, action=tr("Undo"), act=undo)

    def dress(self, panes: Sequence[ChartPane]) -> None:
        """Give new charts the look of the template that is for them."""
        if not panes or not self._session.connected:
            return

        def put_on(found: tuple[ChartTemplate, ...]) -> None:
            for template in found:
                for pane in panes if template.default else ():
                    dress(pane, template.content)

        self._session.dispatch.run(
            self._session.core.templates.all, name="dress charts", then=put_on, owner=panes[0]
        )

    def _open_menu(self, anchor: QWidget, found: tuple[ChartTemplate, ...]) -> None:
        menu = passing_menu(anchor)
        for template in found:
            title = tr("{name} (new charts)", name=template.name) if template.default else template.name
            one = Menu(menu, title)
            one.addAction(tr("Apply"), partial(self.apply, template))
            one.addAction(tr("Save this chart here"), partial(self._keep, template))
            one.addAction(tr("Rename…"), partial(self._start_rename, template))
            words = tr("No longer for new charts") if template.default else tr("Use for new charts")
            one.addAction(words, partial(self._choose_default, "" if template.default else template.name))
            one.addSeparator()
            one.addAction(tr("Delete"), partial(self._delete, template))
            menu.addMenu(one)
        if found:
            menu.addSeparator()
        menu.addAction(tr("Save chart as template…"), self.save)
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))

    async def _save(self) -> None:
        pane = self._active()
        name = await ask_text(
            pane.window(),
            tr("Save chart as template"),
            tr("Name"),
            act=tr("Save template"),
            text=tr("Indicators and look are kept; the symbol and its drawings stay where they are."),
        )
        if name is not None:
            await self._session.core.templates.save(name, content_of(pane))
            self._session.notices.tell(tr("The template {name} was saved.", name=name))

    def _keep(self, template: ChartTemplate) -> None:
        templates, content = self._session.core.templates, content_of(self._active())

        def restore() -> None:
            self._session.dispatch.run(
                lambda: templates.save(template.name, template.content), name="restore template"
            )

        def tell(_: object) -> None:
            said = tr("The template {name} was saved.", name=template.name)
            self._session.notices.tell(said, action=tr("Undo"), act=restore)

        self._session.dispatch.run(
            lambda: templates.save(template.name, content), name="save template", then=tell
        )

    def _start_rename(self, template: ChartTemplate) -> None:
        async def rename() -> None:
            name = await ask_text(
                self._active().window(),
                tr("Rename template"),
                tr("Name"),
                act=tr("Rename"),
                value=template.name,
            )
            if name is not None:
                await self._session.core.templates.rename(template.name, name)

        self._session.dispatch.run(rename, name="rename template", newest="chart.template")

    def _choose_default(self, name: str) -> None:
        self._session.dispatch.run(lambda: self._session.core.templates.choose(name), name="choose template")

    def _delete(self, template: ChartTemplate) -> None:
        templates = self._session.core.templates

        def restore() -> None:
            self._session.dispatch.run(
                lambda: templates.restore(template.name, template.content, template.default),
                name="restore template",
            )

        def tell(_gone: ChartTemplate) -> None:
            self._session.notices.tell(
                tr("The template {name} was deleted.", name=template.name), action=tr("Undo"), act=restore
            )

        self._session.dispatch.run(lambda: templates.delete(template.name), name="delete template", then=tell)


def content_of(pane: ChartPane) -> Kept:
    """Give what a template keeps of a chart."""
    return {part.id: part.keep() for part in pane.parts if part.in_templates}


def dress(pane: ChartPane, content: Kept) -> None:
    """Give a chart the look of a template; what the template does not know stays."""
    for part in pane.parts:
        if part.in_templates and part.id in content:
            part.restore(content[part.id])
