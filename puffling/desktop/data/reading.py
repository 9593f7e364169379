"""Fetching what the Data panel shows; in a replay nothing that was not known at its moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

from puffling.desktop.charting.pane import zone_of
from puffling.desktop.charting.past import known_at
from puffling.desktop.data.question import Question
from puffling.frozen import frozen
from puffling.market.values import History, Instrument

if TYPE_CHECKING:
    from puffling.core.core import Core


@frozen
class Found:
    """The bars, whose they are, and the zone in which their times read right."""

    history: History
    instrument: Instrument
    zone: tzinfo


async def read_bars(core: Core, question: Question, present_us: int | None) -> Found:
    """Give the bars that answer a question."""
    known = question.known_at(present_us)
    since, until = known.span(core.clock.now().date())
    instrument = await core.data.learn(known.symbol)
    history = await core.data.history(
        known.symbol, known.interval, since, until, known.source, adjusted=known.adjusted
    )
    await core.clock.sleep(0)
    if present_us is not None:
        cut = history.showing(known_at(history.bars, known.interval, present_us))
        # What was said of all bars may speak of those to come.
        history = replace(cut, developing=False, warnings=())
    return Found(history, instrument, zone_of(instrument, known.interval))
