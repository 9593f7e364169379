"""What the person does to alerts, wherever they meet them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from puffling.automation.alerts.values import AlertLine, Way
from puffling.desktop.ask import ask_form
from puffling.desktop.fields import Ask, Field
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.runtime.text import tr

PRICE, MOVE = "price", "move"
_WATCHED = "It is watched while Puffling runs, in the sessions of its market."
_WAYS = {
    Way.EITHER: "Either way",
    Way.ABOVE: "Rises to it",
    Way.BELOW: "Falls to it",
}


class AlertActs:
    """Makes, moves, switches and removes alerts; what was removed can be brought back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def make_at(self, symbol: str, level: float) -> None:
        """Make an alert at a price, crossed either way."""
        core = self._session.core
        self._session.dispatch.run(
            lambda: core.alerts.price(symbol, level), name="make alert", then=self._tell_made
        )

    def ask_new(self, over: QWidget, symbol: str) -> None:
        """Ask what to wait for, and make it."""
        self._session.dispatch.run(partial(self._ask_new, over, symbol), name="ask for alert", owner=over)

    def move(self, line: AlertLine, level: float) -> None:
        """Let an alert wait for another price."""
        core = self._session.core
        self._session.dispatch.run(lambda: core.alerts.place(line.id, level), name="move alert")

    def switch(self, lines: Sequence[AlertLine], *, on: bool) -> None:
        """Switch alerts on or off."""
        core = self._session.core

        async def switch_all() -> None:
            for line in lines:
                await core.alerts.switch(line.id, enabled=on)

        self._session.dispatch.run(switch_all, name="switch alerts")

    def remove(self, lines: Sequence[AlertLine]) -> None:
        """Remove alerts, and offer to bring them back."""
        core = self._session.core
        if not lines:
            return

        async def remove_all() -> None:
            for line in lines:
                await core.alerts.remove(line.id)

        async def bring_back() -> None:
            for line in lines:
                await core.alerts.restore(line.id)

        def offer(_: None) -> None:
            one = tr("Alert removed: {title}", title=lines[0].title)
            self._session.notices.tell(
                one if len(lines) == 1 else tr("{count} alerts removed", count=len(lines)),
                level=Level.DONE,
                action=tr("Undo"),
                act=lambda: self._session.dispatch.run(bring_back, name="restore alerts"),
            )

        self._session.dispatch.run(remove_all, name="remove alerts", then=offer)

    def ask_change(self, over: QWidget, line: AlertLine) -> None:
        """Ask what an alert is to wait for from now on."""
        self._session.dispatch.run(partial(self._ask_change, over, line), name="change alert", owner=over)

    async def _ask_change(self, over: QWidget, line: AlertLine) -> None:
        values = {
            "symbol": line.symbol,
            "kind": line.kind,
            "at": line.level if line.level is not None else line.percent,
            "way": line.way.value,
            "once": line.once,
            "name": line.name,
        }
        found = await ask_form(
            over, tr("Change alert"), _fields(), act=tr("Change alert"), text=tr(_WATCHED), values=values
        )
        if found is not None:
            wanted = {"alert": line.id, "condition": _condition(found), "name": found["name"] or ""}
            await self._session.core.registry.invoke("alerts.change", wanted)

    async def _ask_new(self, over: QWidget, symbol: str) -> None:
        core = self._session.core
        newest = core.data.newest(symbol)
        price = None if newest is None else newest.price
        found = await ask_form(
            over,
            tr("New alert"),
            _fields(),
            act=tr("Make alert"),
            text=tr(_WATCHED),
            values={"symbol": symbol, "kind": PRICE, "at": price, "way": Way.EITHER.value, "once": True},
        )
        if found is not None:
            wanted = {"condition": _condition(found), "name": found["name"] or ""}
            self._tell_made(await core.registry.invoke("alerts.create", wanted))

    def _tell_made(self, line: AlertLine) -> None:
        self._session.notices.tell(tr("Alert: {title}", title=line.title), level=Level.DONE)


def _fields() -> tuple[Field, ...]:
    """Give what a new alert is asked for."""
    kinds = ((PRICE, tr("A price")), (MOVE, tr("A move in a day, in percent")))
    ways = tuple((way.value, tr(title)) for way, title in _WAYS.items())
    return (
        Field("symbol", tr("Symbol"), required=True, shortest=1, longest=32),
        Field("kind", tr("Wait for"), Ask.CHOICE, choices=kinds, required=True),
        Field("at", tr("Price or percent"), Ask.NUMBER, above=0, required=True),
        Field("way", tr("Which way"), Ask.CHOICE, choices=ways, required=True),
        Field("once", tr("Only once"), Ask.SWITCH, default=True),
        Field("name", tr("Name"), longest=120, default=""),
    )


def _condition(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was filled in as the condition it stands for."""
    at = "percent" if found["kind"] == MOVE else "level"
    plain = {name: found[name] for name in ("kind", "symbol", "way", "once")}
    return {**plain, at: found["at"]}
