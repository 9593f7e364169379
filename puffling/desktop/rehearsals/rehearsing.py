"""Rehearse: the question over which days, the job that lives them, and the sheet that shows the result."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from puffling.desktop.ask import ask_form
from puffling.desktop.fields import Ask, Field
from puffling.desktop.rehearsals.view import RehearsalsView
from puffling.desktop.session import Session
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy

RUN = "rehearsal.run"
YEAR = timedelta(days=365)


async def ask_to_rehearse(session: Session, parent: QWidget, saved: SavedStrategy) -> None:
    """Ask over which days a strategy is to live, have it lived, and show what it came to."""
    core = session.core
    last = core.clock.now().date() - timedelta(days=1)
    answer = await ask_form(
        parent,
        tr("Rehearse {name}", name=saved.name),
        (
            Field("start", tr("From"), Ask.DATE, default=(last - YEAR).isoformat(), required=True),
            Field("end", tr("To"), Ask.DATE, default=last.isoformat(), required=True),
            Field("money", tr("Money"), Ask.NUMBER, tr("What it works with."), 10_000.0, required=True,
                  above=0.0, unit="$"),
            Field("account", tr("Account"), Ask.NUMBER, tr("What the account is worth: limits go by it."),
                  100_000.0, required=True, above=0.0, unit="$"),
            Field("agree", tr("Say yes to every order that asks"), Ask.SWITCH, default=True),
        ),
        act=tr("Rehearse"),
        text=tr("It lives through these days with your limits as it would live now. Nothing of it is real."),
    )  # fmt: skip
    if answer is None:
        return
    arguments = {
        "strategy": saved.id,
        "start": date.fromisoformat(str(answer["start"])),
        "end": date.fromisoformat(str(answer["end"])),
        "money": float(answer["money"]),
        "account": float(answer["account"]),
        "agree": bool(answer.get("agree", False)),
    }
    job = await core.registry.get(RUN).start(arguments)
    session.notices.tell(
        tr("{name} is being rehearsed; the Jobs panel tells how far it has come.", name=saved.name)
    )
    line = await job.wait()
    await show_rehearsals(session, parent, line.id)


async def show_rehearsals(session: Session, parent: QWidget, chosen: str = "") -> None:
    """Open the sheet of rehearsals."""
    from puffling.desktop.window import Window

    core, window = session.core, parent.window()
    lines = await core.rehearsals.all()
    if not isinstance(window, Window):
        return
    view = RehearsalsView(session.time)

    def fetch(id: str) -> None:
        session.dispatch.run(
            lambda: core.rehearsals.show(id), name="show rehearsal", newest="rehearsal.show",
            then=view.show_whole, owner=view,
        )  # fmt: skip

    view.wanted.connect(fetch)
    window.sheet.open_with(tr("Rehearsals"), view, width=600)
    view.show_lines(lines, chosen)
