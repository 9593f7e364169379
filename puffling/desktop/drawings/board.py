"""The drawings of one chart: shown, drawn, selected and changed, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from math import inf
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF

from puffling.desktop.drawings.book import Book, Books, Points
from puffling.desktop.drawings.ground import Ground
from puffling.desktop.drawings.hindsight import drawn_at, known_at
from puffling.desktop.drawings.keyboard import DrawingKeys
from puffling.desktop.drawings.kinds import tool_of
from puffling.desktop.drawings.layer import DrawingsLayer
from puffling.desktop.drawings.strip import POINTER, ToolStrip
from puffling.desktop.drawings.style import Style
from puffling.desktop.drawings.tools import Tools
from puffling.desktop.menus import passing_menu
from puffling.desktop.session import Session
from puffling.runtime.text import tr
from puffling.store.values import Drawing, DrawingKind

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView

# Of a smaller chart the tools would take too much.
_LEAST_WIDTH = 400
_LEAST_HEIGHT = 200


class DrawingBoard(QObject):
    """What is drawn on a chart, and the hands that draw."""

    def __init__(self, session: Session, chart: ChartView, present_us: Callable[[], int | None]) -> None:
        super().__init__(chart)
        self._session = session
        self._chart = chart
        self._present_us = present_us
        self._books = session.shared(Books)
        self._leave: Callable[[], None] = _nothing
        self._shown_at: tuple[object, int | None] = (None, None)
        self._edits = count()
        self._folded: bool | None = None
        self._fitted: tuple[bool, bool] | None = None
        self.book: Book | None = None
        self.layer = DrawingsLayer(chart.scene, chart.box)
        self.tools = Tools(self, self.layer, self.ground, chart.set_cursor)
        self.strip = ToolStrip()
        chart.add_hand(self.tools)
        chart.set_side(self.strip)
        chart.installEventFilter(self)
        DrawingKeys(self, chart)
        self.tools.chosen_changed.connect(self._show_tool)
        self.tools.drawn.connect(self._draw)
        self.tools.moved.connect(self._change)
        self.tools.selected.connect(self.select)
        self.tools.edit_asked.connect(self._edit)
        self.tools.menu_asked.connect(self._offer)
        self.strip.tool_wanted.connect(self._choose)
        self.strip.magnet_wanted.connect(self.toggle_magnet)
        self.strip.hiding_wanted.connect(self.toggle_hidden)
        self.strip.clearing_wanted.connect(self.clear)
        self.strip.fold_wanted.connect(self.toggle_strip)
        self._fit_strip()
        self._show_tool()

    @property
    def selected(self) -> Drawing | None:
        """Give the drawing that is selected."""
        return self.book.find(self.layer.selected) if self.book and self.layer.selected else None

    @property
    def replaying(self) -> bool:
        """Tell whether the chart shows the past."""
        return self._present_us() is not None

    @property
    def folded(self) -> bool | None:
        """Tell whether the person folded the tools away; None while nobody said and it goes by the room."""
        return self._folded

    def ground(self) -> Ground | None:
        """Give what the chart shows now; None while it shows nothing."""
        scene, timeline = self._chart.scene, self.layer.timeline
        if scene.bars is None or scene.viewport is None or timeline is None:
            return None
        return Ground(scene.bars, scene.viewport, timeline, scene.price_decimals)

    def show(self, symbol: str) -> None:
        """Show the drawings of a symbol, and hear of what becomes of them."""
        if self.book is None or self.book.symbol != symbol or self.book is not self._books.of(symbol):
            self.sleep()
            self.tools.choose(None)
            self.layer.selected = ""
            self.book = self._books.of(symbol)
        if self._leave is _nothing:
            self._leave = self.book.watch(self._refresh)
        self._refresh()

    def follow_time(self) -> None:
        """Take in that the present of a replay may have moved."""
        if self._shown_at[1] != self._present_us():
            self._refresh()

    def sleep(self) -> None:
        """Stop listening."""
        self._leave()
        self._leave = _nothing

    def choose(self, tool: str | None, *, stays: bool = False) -> None:
        """Take a tool into the hand, ready for the first point."""
        if self.layer.hidden and tool is not None:
            self.toggle_hidden()
        self.select("")
        self.tools.choose(tool, stays=stays)
        self._chart.setFocus()

    def select(self, id: str) -> None:
        """Select a drawing; the empty name selects none."""
        if id != self.layer.selected:
            self.layer.selected = id
            drawing = self.selected
            self._chart.setAccessibleDescription(tr(tool_of(drawing.kind).title) if drawing else "")
            self.layer.update()

    def step(self, step: int) -> None:
        """Select the next drawing that is in sight, from left to right."""
        outline = self.layer.outline
        rows = outline.in_sight() if outline is not None and not self.layer.hidden else ()
        if outline is None or not rows:
            return
        self.tools.choose(None)
        order = sorted(rows, key=lambda row: (outline.sheet.places[row].min(), row))
        ids = [outline.sheet.drawings[row].id for row in order]
        if self.layer.selected in ids:
            place = (ids.index(self.layer.selected) + step) % len(ids)
        else:
            place = 0 if step > 0 else -1
        self.select(ids[place])

    def nudge(self, bars: int, pixels: int) -> None:
        """Move what is selected a little."""
        drawing, ground = self.selected, self.ground()
        if drawing is not None and ground is not None and not Style.of(drawing.style).locked and self.book:
            self._change(ground.nudged(drawing, bars, pixels), token=f"nudge {drawing.id}")

    def edit(self) -> None:
        """Open the form of what is selected."""
        if self.layer.selected:
            self._edit(self.layer.selected)

    def remove(self) -> None:
        """Take away what is selected."""
        if self.book is not None and (drawing := self.selected) is not None:
            self.select("")
            self.book.remove(drawing.id)

    @property
    def can_paste(self) -> bool:
        """Tell whether something was copied."""
        return self._books.copied is not None

    def duplicate(self) -> None:
        """Draw what is selected once more beside it."""
        drawing, ground = self.selected, self.ground()
        if drawing is not None and ground is not None:
            self._add(ground.beside(drawing))

    def copy(self) -> None:
        """Keep what is selected for pasting, here or on the chart of another symbol."""
        if (drawing := self.selected) is not None:
            self._books.copied = drawing

    def paste(self) -> None:
        """Draw what was copied: where it was if that is in sight, else in the middle."""
        copied, ground = self._books.copied, self.ground()
        if copied is not None and ground is not None and self.book is not None:
            same = any(each.points == copied.points for each in self.book.drawings)
            self._add(ground.in_sight(ground.beside(copied) if same else copied))

    def order(self, *, front: bool) -> None:
        """Put what is selected over all others, or below them."""
        drawing = self.selected
        if drawing is None or self.book is None:
            return
        positions = [each.position for each in self.book.drawings if each.id != drawing.id]
        if positions:
            position = max(positions) + 1 if front else min(positions) - 1
            self.book.change(replace(drawing, position=position))

    def lock(self) -> None:
        """Keep what is selected from being moved, or let it be moved again."""
        if (drawing := self.selected) is not None:
            style = Style.of(drawing.style)
            self._change(replace(drawing, style=replace(style, locked=not style.locked).keep()))

    def clear(self) -> None:
        """Take all drawings of the symbol away; a notice offers them back."""
        book = self.book
        gone = book.clear() if book is not None else ()
        if book is not None and gone:
            one = tr("1 drawing was removed.")
            self._session.notices.tell(
                one if len(gone) == 1 else tr("{count} drawings were removed.", count=len(gone)),
                action=tr("Undo"),
                act=partial(book.bring_back, gone),
            )

    def undo(self) -> None:
        """Take the last act on this symbol's drawings back."""
        step = self.book.undo() if self.book is not None and not self.tools.cancel() else None
        self._select_one(step.after if step is not None else ())

    def redo(self) -> None:
        """Do again what was taken back."""
        step = self.book.redo() if self.book is not None else None
        self._select_one(step.after if step is not None else ())

    def toggle_magnet(self) -> None:
        """Let points snap to the prices of bars, or not."""
        self.tools.magnet = not self.tools.magnet
        self._show_tool()

    def toggle_hidden(self) -> None:
        """Hide all drawings of this chart, or show them again."""
        self.layer.hidden = not self.layer.hidden
        self.select("")
        self.layer.update()
        self._show_tool()

    def toggle_strip(self) -> None:
        """Fold the tools away, or show them again."""
        self.fold(folded=not (self.strip.folded or self.strip.isHidden()))

    def fold(self, *, folded: bool | None) -> None:
        """Fold the tools away or show them; None does what fits."""
        self._folded = folded
        self._fit_strip()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._chart and event.type() is QEvent.Type.Resize:
            self._fit_strip()
        return super().eventFilter(watched, event)

    def _fit_strip(self) -> None:
        """Leave the room of a small chart to its prices: keys and commands still draw."""
        tight = self._chart.width() < _LEAST_WIDTH or self._chart.height() < _LEAST_HEIGHT
        hidden, folded = tight and self._folded is not False, self._folded is True
        if (hidden, folded) != self._fitted:
            self._fitted = (hidden, folded)
            self.strip.show_folded(folded=folded)
            self.strip.setVisible(not hidden)
            self._chart.make_room()

    def _choose(self, tool: str, stays: bool) -> None:
        in_hand = self.tools.tool is not None and self.tools.tool.id == tool
        put_down = tool == POINTER or (in_hand and not stays)
        self.choose(None if put_down else tool, stays=stays)

    def _draw(self, kind: str, points: Points) -> None:
        if self.book is None:
            return
        style = self.tools.styles.get(kind, Style())
        if kind == DrawingKind.NOTE:
            style = replace(style, text=tr("Note"))
        style = replace(style, drawn_at_us=self._present_us() or 0)
        made = self.book.draw(kind, points, style)
        if not self.tools.stays or kind == DrawingKind.NOTE:
            self.select(made.id)
        if kind == DrawingKind.NOTE:
            self._edit(made.id)

    def _add(self, drawing: Drawing) -> None:
        if self.book is not None:
            seen_us = self._present_us() or 0
            style = replace(Style.of(drawing.style), locked=False, drawn_at_us=seen_us)
            self.select(self.book.draw(drawing.kind, drawing.points, style).id)

    def _change(self, drawing: Drawing, token: str = "") -> None:
        """Put a drawing in the place of its old self."""
        before = self.book.find(drawing.id) if self.book is not None else None
        if self.book is not None and before is not None:
            if before.points != drawing.points:
                drawing = drawn_at(drawing, self._present_us())
            self.book.change(drawing, token=token)

    def _edit(self, id: str) -> None:
        book = self.book
        drawing = book.find(id) if book is not None else None
        outline = self.layer.outline_of(drawing) if drawing is not None else None
        if book is None or drawing is None or outline is None or not len(outline.sheet):
            return
        # Imported here: forms are not needed before somebody asks for one.
        from puffling.desktop.drawings.editor import DrawingEditor

        self.select(id)
        last = outline.handles(0)[len(drawing.points) - 1].at
        scene = self._chart.scene.viewport
        width, height = (scene.width, scene.height) if scene is not None else (0.0, 0.0)
        at = QPoint(
            self.strip.width() + round(min(max(last.x(), 0), width)) + 14,
            round(min(max(last.y(), 0), height)) + 14,
        )
        # All that is changed while one form is open is taken back in one go.
        token = f"edit {id} {next(self._edits)}"
        DrawingEditor(self._chart, drawing, at, partial(self._wear, book, id, token)).open()

    def _wear(self, book: Book, id: str, token: str, style: Style) -> None:
        """Give a drawing another look, and those to come of its kind as well."""
        drawing = book.find(id)
        if drawing is not None:
            self.tools.styles[drawing.kind] = replace(style, text="", locked=False, drawn_at_us=0)
            book.change(replace(drawing, style=style.keep()), token=token, within_seconds=inf)

    def _offer(self, id: str, at: QPointF) -> None:
        """Open what can be done with a drawing."""
        drawing = self.selected
        if drawing is None or drawing.id != id:
            return
        menu = passing_menu(self._chart)
        locked = Style.of(drawing.style).locked
        for title, act in (
            (tr("Edit"), self.edit),
            (tr("Duplicate"), self.duplicate),
            (tr("Copy"), self.copy),
            (tr("Bring to front"), partial(self.order, front=True)),
            (tr("Send to back"), partial(self.order, front=False)),
            (tr("Unlock") if locked else tr("Lock in place"), self.lock),
            (tr("Remove"), self.remove),
        ):
            menu.addAction(title, act)
        menu.popup(self._chart.mapToGlobal(at.toPoint() + QPoint(self.strip.width(), 0)))

    def _select_one(self, drawings: tuple[Drawing, ...]) -> None:
        present = self._present_us()
        seen = len(drawings) == 1 and (present is None or known_at(drawings[0], present))
        self.select(drawings[0].id if seen else "")

    def _show_tool(self) -> None:
        tool = self.tools.tool
        self.strip.show_chosen(tool.id if tool is not None else POINTER, stays=self.tools.stays)
        self.strip.show_state(magnet=self.tools.magnet, hidden=self.layer.hidden)

    def _refresh(self) -> None:
        """Show what the book says; during a replay nothing that tells of its future."""
        book, present = self.book, self._present_us()
        if book is None:
            return
        drawings = book.drawings
        if self._shown_at != (drawings, present):
            begins = present is not None and self._shown_at[1] is None
            self._shown_at = (drawings, present)
            if present is not None:
                drawings = tuple(each for each in drawings if known_at(each, present))
            if begins or not any(each.id == self.layer.selected for each in drawings):
                # The keys go to the replay, and what is not seen cannot be moved.
                self.select("")
            self.layer.show_drawings(drawings)
        self.layer.unsaved = tuple(book.unsaved)
        if self.layer.selected and self.selected is None:
            self.select("")
        self.layer.update()


def _nothing() -> None:
    """Do nothing."""
