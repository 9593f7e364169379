"""From what an indicator declares to what a chart draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from puffling.desktop.charts.study import Band, Dots, Histogram, Line, Plot, Study
from puffling.desktop.indicators.chosen import Chosen
from puffling.puffin.factors.declaration import Drawing, Output, Placement, Setting
from puffling.puffin.factors.indicator import Indicator
from puffling.runtime.text import tr

# Panes begin with other colours than the lines over the prices.
_FIRST_OF_A_PANE = 2


def drawable(kind: type[Indicator]) -> bool:
    """Tell whether a chart can draw it; whole candles are the chart's own matter."""
    return all(output.drawing is not Drawing.CANDLES for output in kind.outputs)


def study_of(kind: type[Indicator], chosen: Chosen) -> Study:
    """Give what is drawn, still without values."""
    settings = kind.settings(**chosen.parameters)
    return Study(
        key=chosen.key,
        label=kind.label(**chosen.parameters),
        plots=tuple(_plots(kind, chosen.colour, settings)),
        overlay=kind.placement is Placement.OVERLAY,
        levels=kind.levels,
        bounds=kind.bounds,
        visible=chosen.visible,
        share=chosen.share,
        order=kind.names(),
    )


def colours_taken(kind: type[Indicator]) -> int:
    """Give how many colours it is drawn in."""
    plots = _plots(kind, 0, kind.settings())
    return max((_last_colour(plot) + 1 for plot in plots), default=0)


def next_colour(kind: type[Indicator], others: Iterable[tuple[type[Indicator], int]]) -> int:
    """Give the first colour no line over the prices has yet; a pane has its own."""
    if kind.placement is not Placement.OVERLAY:
        return _FIRST_OF_A_PANE
    taken = {
        first + number
        for other, first in others
        if other.placement is Placement.OVERLAY
        for number in range(colours_taken(other))
    }
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _plots(kind: type[Indicator], first: int, settings: Mapping[str, Setting]) -> list[Plot]:
    outputs = {output.name: output for output in kind.outputs}
    # A band and the line in its middle are one thing; so they have one colour.
    one = sum(output.drawing is Drawing.BAND for output in kind.outputs) == 2 and len(outputs) == 3
    plots: list[Plot] = []
    number = first
    for output in kind.outputs:
        if output.drawing is Drawing.HIDDEN:
            continue
        if output.drawing is Drawing.HISTOGRAM:
            plots.append(Histogram(output.name, tr(output.title)))
            continue
        if output.drawing is Drawing.DOTS:
            plots.append(Dots(output.name, tr(output.title), number))
        elif output.drawing is Drawing.BAND:
            if any(isinstance(plot, Band) and plot.lower.name == output.name for plot in plots):
                continue
            other = outputs[output.pair]
            plots.append(Band(_line(output, number, settings), _line(other, number, settings)))
        else:
            plots.append(_line(output, number, settings))
        number += 0 if one else 1
    return plots


def _line(output: Output, number: int, settings: Mapping[str, Setting]) -> Line:
    shift = settings[output.shift.removeprefix("-")] if output.shift else 0
    bars = int(shift) if not isinstance(shift, str) else 0
    return Line(
        output.name,
        tr(output.title),
        number,
        -bars if output.shift.startswith("-") else bars,
        output.coloured_by,
    )


def _last_colour(plot: Plot) -> int:
    if isinstance(plot, Band):
        return plot.upper.colour
    return -1 if isinstance(plot, Histogram) else plot.colour
