"""Taking bars elsewhere, and having them fetched anew."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from puffling.desktop.ask import ask
from puffling.desktop.charting.words import short_interval
from puffling.desktop.data.bar_table import MOST_COPIED, BarTable
from puffling.desktop.data.origin import OriginView
from puffling.desktop.data.question import Question
from puffling.desktop.icons import set_icon
from puffling.desktop.menus import Menu, passing_menu
from puffling.desktop.saving import ask_where
from puffling.desktop.session import Session
from puffling.market.values import History
from puffling.puffin.data.instants import us_to_day
from puffling.runtime.text import tr


async def copy_bars(session: Session, table: BarTable) -> None:
    """Put the chosen bars, or all, on the clipboard, with every digit."""
    rows, text = await table.text()
    QGuiApplication.clipboard().setText(text)
    if rows == MOST_COPIED:
        session.notices.tell(
            tr("The first {count} bars are on the clipboard.", count=f"{rows:,}"),
            hint=tr("Save them as a file to have all."),
        )
    else:
        session.notices.tell(tr("{count} bars are on the clipboard.", count=f"{rows:,}"))


def save_bars(owner: QWidget, session: Session, question: Question, source: str, suffix: str) -> QFileDialog:
    """Ask for a file, and write the bars into it as a job."""
    symbol = re.sub(r"[^A-Za-z0-9]+", "-", question.symbol)
    name = f"{symbol}-{short_interval(question.interval)}-{source}"
    write = partial(_write, owner, session, question, source)
    return ask_where(session, owner, tr("Save bars"), name, suffix, write)


def _write(owner: QWidget, session: Session, question: Question, source: str, file: Path) -> None:
    core = session.core
    since, until = question.span(core.clock.now().date())
    session.dispatch.run(
        lambda: core.files.save(
            question.symbol,
            file,
            interval=question.interval,
            start=since,
            end=until,
            source=source,
            adjusted=question.adjusted,
        ),
        name="save bars",
        then=lambda saved: session.notices.tell(saved.summary),
        owner=owner,
    )


async def reload_bars(
    owner: QWidget, session: Session, question: Question, history: History, origin: OriginView
) -> bool:
    """Ask the source again when the person means it; tell whether it answered."""
    core = session.core
    since, until = question.span(core.clock.now().date())
    if since is None and len(history.bars):
        since = us_to_day(int(history.bars.time[0]))
    sure = await ask(
        owner,
        tr("Ask {label} again?", label=history.label),
        tr(
            "The {count} bars of {symbol} in this range are fetched anew and take the place of those kept"
            " here. If the source does not answer, what is kept stays.",
            count=f"{len(history.bars):,}",
            symbol=history.key.symbol,
        ),
        act=tr("Ask again"),
    )
    if not sure:
        return False
    origin.show_asking(True)
    try:
        done = await core.data.reload(
            history.key.symbol, interval=question.interval, start=since, end=until, source=history.source
        )
    finally:
        origin.show_asking(False)
    session.notices.tell(done.summary)
    return True


def offer_exports(anchor: QWidget, copy: Callable[[], None], save: Callable[[str], None]) -> Menu:
    """Open the menu of ways to take bars elsewhere."""
    menu = passing_menu(anchor)
    set_icon(menu.addAction(tr("Copy the chosen bars, or all"), copy), "copy")
    menu.addAction(tr("Save as CSV…"), partial(save, "csv"))
    parquet = menu.addAction(tr("Save as Parquet…"), partial(save, "parquet"))
    if importlib.util.find_spec("duckdb") is None:
        parquet.setEnabled(False)
        parquet.setToolTip(tr("Needs the extra named data: install Puffling with it."))
    menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))
    return menu
