"""The stage of a chart: which bars and prices are seen, and moving through them by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from puffling.desktop.charts.axes import TIME_AXIS_HEIGHT, Grid, PriceAxis, TimeAxis
from puffling.desktop.charts.canvas import Canvas, Hand
from puffling.desktop.charts.crosshair import Crosshair
from puffling.desktop.charts.items import Scene
from puffling.desktop.charts.panes import Panes
from puffling.desktop.charts.price_lines import PriceLines
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.scale import LEAST_PRICE, Scale
from puffling.desktop.charts.viewport import Viewport, fit_prices, stretch_prices
from puffling.desktop.later import later
from puffling.desktop.states import States
from puffling.desktop.theme import Theme, look
from puffling.runtime.text import tr

LEAST_BARS = 8
REDRAW_MILLISECONDS = 33
_ROOM_RIGHT = 0.04
_ZOOM_PER_STEP = 1.2
_PAN_SHARE = 0.12


class Stage(QWidget):
    """Gives every layer its place: prices with their axis, panes below them, the times at the foot."""

    range_changed = Signal(float, float)
    bar_pointed = Signal(object)
    menu_asked = Signal(QPoint, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Price chart"))
        self._scene = Scene(look().theme)
        self._first, self._last = 0.0, 1.0
        self._prices: tuple[float, float] | None = None
        self._canvas = Canvas(self)
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.box.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._canvas.addItem(self.box)
        self._grid_and_crosshair = (Grid(self._scene, -30, self.box), Crosshair(self._scene, 20, self.box))
        self.panes = Panes(self, self._scene, self.box)
        self.lines = PriceLines(self._canvas, self._scene, 12, self.box)
        self._canvas.hands.append(self.lines)
        self._price_axis = PriceAxis(self._scene, 1, None)
        self._time_axis = TimeAxis(self._scene, 1, None)
        self._canvas.addItem(self._price_axis)
        self._canvas.addItem(self._time_axis)
        # What is asked for with the other button is asked of the chart as a whole.
        self._canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._canvas.panned.connect(self._panned)
        self._canvas.zoomed.connect(self._zoomed)
        self._canvas.prices_zoomed.connect(self.zoom_prices)
        self._canvas.prices_let_go.connect(self.fit_prices)
        self._canvas.pointed.connect(self._pointed)
        self._canvas.left.connect(self._pointer_left)
        self._canvas.border_dragged.connect(self._drag_border)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self._canvas)
        self.states = States(self)
        self._redraw = later(self, self._arrange, REDRAW_MILLISECONDS)
        look().changed.connect(self._wear)
        self._wear(look().theme)

    @property
    def visible_range(self) -> tuple[float, float]:
        """Give the first and last place that is seen, counted in bars."""
        return self._first, self._last

    @property
    def bar_count(self) -> int:
        """Give how many bars there are."""
        return 0 if self._scene.bars is None else len(self._scene.bars)

    @property
    def scene(self) -> Scene:
        """Give what the layers of this chart share; a layer on `box` draws over the prices."""
        return self._scene

    def add_hand(self, hand: Hand) -> None:
        """Let somebody have the mouse first, before the lines and the chart itself."""
        self._canvas.hands.insert(0, hand)

    def set_cursor(self, shape: Qt.CursorShape = Qt.CursorShape.CrossCursor) -> None:
        """Give the pointer this shape over the chart."""
        self._canvas.setCursor(shape)

    def set_side(self, side: QWidget) -> None:
        """Put a strip at the left edge of the chart."""
        self._row.insertWidget(0, side)

    def make_room(self) -> None:
        """Take in that the strip at the edge has become wider or narrower."""
        self._row.activate()
        self._arrange()

    @property
    def area(self) -> QRect:
        """Give where the chart itself stands, without the strip at its edge."""
        return self._canvas.geometry()

    @property
    def price_range(self) -> tuple[float, float] | None:
        """Give the lowest and highest price there is room for."""
        viewport = self._scene.viewport
        return None if viewport is None else (viewport.low, viewport.high)

    def look_at(self, first: float, last: float) -> None:
        """See the bars between two places, as far as there are any."""
        count = self.bar_count
        if not count:
            return
        widest = max(count * (1 + 2 * _ROOM_RIGHT), LEAST_BARS)
        span = min(max(last - first, LEAST_BARS), widest)
        if span != last - first:
            last = first + span
        # Whatever one does, a few bars stay in sight.
        kept = min(LEAST_BARS / 2, count)
        first = min(max(first, kept - span), count - kept)
        self._first, self._last = first, first + span
        self._leave_unseen()
        self._arrange()
        self.range_changed.emit(self._first, self._last)

    def show_last(self, count: int) -> None:
        """Show the newest bars, this many."""
        count = max(min(count, self.bar_count), LEAST_BARS)
        self.look_at(self.bar_count - count - 0.5, self.bar_count - 0.5 + count * _ROOM_RIGHT)

    def fit(self) -> None:
        """Show all bars."""
        self.show_last(self.bar_count)

    def pan(self, share: float) -> None:
        """Move by a share of what is seen: to older bars when negative."""
        step = (self._last - self._first) * share
        self.look_at(self._first + step, self._last + step)

    def zoom(self, factor: float, at: float | None = None) -> None:
        """See a `factor` more finely (above 1) or coarsely around a bar, by default the newest seen."""
        anchor = min(self._last, self.bar_count - 0.5) if at is None else at
        self.look_at(anchor - (anchor - self._first) / factor, anchor + (self._last - anchor) / factor)

    def zoom_prices(self, factor: float) -> None:
        """Stretch (above 1) or shrink prices by hand; `fit_prices` gives them back to the chart."""
        viewport = self._scene.viewport
        if viewport is not None:
            self._prices = stretch_prices(
                viewport.low, viewport.high, factor, logarithmic=viewport.logarithmic
            )
            self._arrange()

    def fit_prices(self) -> None:
        """Let prices fit what is seen again."""
        self._prices = None
        self._arrange()

    def point_at(self, index: int | None, y: float | None = None) -> None:
        """Put the crosshair on a bar, at its close unless said otherwise; None takes it away."""
        scene = self._scene
        if scene.bars is None:
            index = None
        elif index is not None:
            index = min(max(index, 0), len(scene.bars) - 1)
        scene.pointed_y = y
        if index != scene.pointed:
            scene.pointed = index
            self.panes.show_values()
            self.bar_pointed.emit(index)
        self._canvas.viewport().update()

    @property
    def scale(self) -> Scale:
        """Give what the price axis measures in."""
        return self._scene.scale

    @property
    def base(self) -> float | None:
        """Give the price that percents count from; None where prices are prices."""
        return self._scene.base

    def set_scale(self, scale: Scale) -> None:
        """Measure prices evenly, by ratio, or in percent of the first bar that is seen."""
        self._scene.scale = scale
        self._prices = None
        self._arrange()

    def save_state(self) -> dict[str, Any]:
        """Give how much is seen and how far from the newest bar."""
        return {"bars": self._last - self._first, "behind": self.bar_count - self._last}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """See as much as was saved, as far from the newest bar."""
        bars, behind = state.get("bars"), state.get("behind")
        if isinstance(bars, (int, float)) and isinstance(behind, (int, float)) and bars > 0:
            last = self.bar_count - behind
            self.look_at(last - bars, last)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Show the chart alone: no crosshair and no ring, as on a picture."""
        pointed, ring = self._scene.pointed, self._canvas.ring
        self._scene.pointed, self._canvas.ring = None, False
        self.panes.show_values()
        try:
            yield
        finally:
            self._scene.pointed, self._canvas.ring = pointed, ring
            self.panes.show_values()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Left: lambda: self.pan(-_PAN_SHARE),
            Qt.Key.Key_Right: lambda: self.pan(_PAN_SHARE),
            Qt.Key.Key_PageUp: lambda: self.pan(-1),
            Qt.Key.Key_PageDown: lambda: self.pan(1),
            Qt.Key.Key_Plus: lambda: self.zoom(_ZOOM_PER_STEP),
            Qt.Key.Key_Equal: lambda: self.zoom(_ZOOM_PER_STEP),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / _ZOOM_PER_STEP),
            Qt.Key.Key_Home: lambda: self.look_at(-0.5, self._last - self._first - 0.5),
            Qt.Key.Key_End: lambda: self.show_last(round((self._last - self._first) / (1 + _ROOM_RIGHT))),
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_Escape: lambda: self.point_at(None),
        }
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            acts |= {Qt.Key.Key_Left: lambda: self._step(-1), Qt.Key.Key_Right: lambda: self._step(1)}
        act = acts.get(Qt.Key(event.key()))
        if self._scene.bars is None or act is None:
            super().keyPressEvent(event)
            return
        act()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        viewport = self._scene.viewport
        if viewport is None:
            return
        at = self._canvas.mapFrom(self, event.pos())
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        over_prices = by_mouse and at.x() <= viewport.width and at.y() <= viewport.height
        self.menu_asked.emit(event.globalPos(), viewport.price(at.y()) if over_prices else math.nan)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._redraw.stop()
        super().closeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keyboard = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._canvas.ring = event.reason() in by_keyboard
        self._canvas.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._canvas.ring = False
        self._canvas.viewport().update()

    def _panned(self, pixels: float) -> None:
        viewport = self._scene.viewport
        if viewport is not None:
            bars = pixels / viewport.bar_width
            self.look_at(self._first - bars, self._last - bars)

    def _zoomed(self, steps: float, x: float) -> None:
        viewport = self._scene.viewport
        if viewport is not None:
            self.zoom(_ZOOM_PER_STEP**steps, viewport.index(x))

    def _pointed(self, x: float, y: float) -> None:
        viewport = self._scene.viewport
        if viewport is not None:
            self.point_at(round(viewport.index(x)), y)

    def _step(self, bars: int) -> None:
        """Put the crosshair on the next bar, and that bar in sight."""
        pointed = self._scene.pointed
        newest = min(math.floor(self._last), self.bar_count - 1)
        self.point_at(newest if pointed is None else pointed + bars)
        pointed = self._scene.pointed
        if pointed is not None and not self._first <= pointed <= self._last:
            span = self._last - self._first
            self.look_at(pointed - span / 2, pointed + span / 2)

    def _leave_unseen(self) -> None:
        """Take the crosshair of the mouse off a bar that has gone out of sight under it."""
        scene = self._scene
        by_mouse = scene.pointed is not None and scene.pointed_y is not None
        if by_mouse and not self._first - 0.5 <= (scene.pointed or 0) <= self._last + 0.5:
            self.point_at(None)

    def _pointer_left(self) -> None:
        if self._scene.pointed is not None:
            self.point_at(None)

    def _draw_soon(self) -> None:
        if self.isVisible() and not self._redraw.isActive():
            self._redraw.start()
        elif not self.isVisible():
            self._arrange()

    def _arrange(self) -> None:
        bars = self._scene.bars
        width, height = float(self._canvas.width()), float(self._canvas.height() - TIME_AXIS_HEIGHT)
        if bars is None or width < 2 or height < 2:
            return
        price_height = height - sum(self.panes.heights(height))
        scene = self._scene
        compared = self.panes.compared
        counted = scene.scale is Scale.PERCENT or bool(compared)
        scene.base = scene.first_seen(bars, self._first) or None if counted else None
        for study in compared:
            study.rebase(scene.base or 0.0, self._first, self._last)
        prices, logarithmic = self._fitted(bars, price_height)
        axis = max(self._price_axis.width, self._price_axis.width_for(*prices))
        self._scene.viewport = Viewport(
            self._first, self._last, *prices, max(width - axis, 1.0), price_height, logarithmic
        )
        wider = self.panes.place(self._scene.viewport, height, axis)
        if wider > axis:
            axis = wider
            self._scene.viewport = replace(self._scene.viewport, width=max(width - axis, 1.0))
            self.panes.place(self._scene.viewport, height, axis)
        self._price_axis.width = axis
        width = max(width - axis, 1.0)
        plot = QRectF(0, 0, width, height)
        price_plot = QRectF(0, 0, width, price_height)
        if plot != self._canvas.plot or price_plot != self.box.geometry():
            self._canvas.plot = plot
            self.box.setGeometry(price_plot)
            self._price_axis.setPos(width, 0)
            self._time_axis.setPos(0, height)
        self._canvas.borders = self.panes.tops
        self.panes.left = self._canvas.x()
        self.panes.show_values()
        scene.ends = [(end.y, end.text, end.colour) for end in self.panes.ends(scene.viewport)]
        self.lines.place()
        self.box.setRange(
            xRange=(self._first, self._last), yRange=prices, padding=0.0, disableAutoRange=False
        )
        self._canvas.viewport().update()

    def _fitted(self, bars: Pyramid, height: float) -> tuple[tuple[float, float], bool]:
        """Give the prices there is room for, and whether they stand by their logarithms."""
        wanted = self._scene.scale is Scale.LOGARITHMIC and self._scene.base is None
        if self._prices is not None:
            return self._prices, wanted and self._prices[0] > LEAST_PRICE
        found = self._low_and_high(bars) or (0.0, 1.0)
        # What is not above zero has no logarithm: such a stretch is shown evenly.
        logarithmic = wanted and found[0] > LEAST_PRICE
        found = self.panes.widen(self._first, self._last, found, logarithmic=logarithmic)
        return fit_prices(*found, height, with_volume=True, logarithmic=logarithmic), logarithmic

    def _low_and_high(self, bars: Pyramid) -> tuple[float, float] | None:
        """Give the lowest and highest price that is seen."""
        return bars.low_and_high(self._first, self._last)

    def _drag_border(self, border: int, pixels: float) -> None:
        self.panes.drag(border, pixels)
        self._arrange()

    def _wear(self, theme: Theme) -> None:
        self._scene.theme = theme
        self._canvas.setBackground(theme.colours.panel)
        self.panes.show_values()
        self.lines.place()
        self._canvas.viewport().update()
