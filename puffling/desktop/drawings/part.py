"""What a chart has of its drawings before there is a chart: the acts, and what was switched on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Candle, Part, Seat
from puffling.desktop.drawings.kinds import TOOLS
from puffling.desktop.loading import load
from puffling.market.values import History
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.drawings.board import DrawingBoard

_MENU = "View/Drawings"


class Drawings(Part):
    """The drawings of one pane; they belong to the symbol, so no template takes them along."""

    id = "drawings"
    in_templates = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._kept: dict[str, bool] = {}
        self._symbol = ""
        self._beginning = False
        self.board: DrawingBoard | None = None

    def acts(self) -> Iterator[Action]:
        group = tr("Drawings")
        for tool in TOOLS:
            yield Action(
                f"window.draw-{tool.id}", tr(tool.title), partial(self._do, partial(_choose, tool.id)),
                group, tr(tool.help), _MENU, tool.keys, icon=tool.icon,
            )  # fmt: skip
        for name, title, keys, run, summary in _ACTS:
            yield Action(f"window.{name}", tr(title), partial(self._do, run), group, tr(summary), _MENU, keys)

    def keep(self) -> dict[str, bool]:
        if self.board is None:
            return self._kept
        on = {"magnet": self.board.tools.magnet, "hidden": self.board.layer.hidden}
        folded = {} if self.board.folded is None else {"folded": self.board.folded}
        return {**{name: True for name, is_on in on.items() if is_on}, **folded}

    def restore(self, kept: object) -> None:
        found = kept.items() if isinstance(kept, dict) else ()
        self._kept = {str(name): on for name, on in found if isinstance(on, bool)}
        if self.board is not None:
            self._take_over(self.board)

    def show(self, history: History) -> None:
        self._symbol = history.key.symbol
        if self.board is not None:
            self.board.show(self._symbol)
        elif not self._beginning:
            # In steps of their own: the first bars have enough to do with themselves.
            self._beginning = True
            self.seat.session.dispatch.run(
                self._load, name="load drawing tools", then=lambda _: self._begin(), owner=self.seat.chart()
            )

    def move(self, newest: Candle) -> None:
        if self.board is not None:
            self.board.follow_time()

    def sleep(self) -> None:
        self._symbol = ""
        if self.board is not None:
            self.board.sleep()

    async def _load(self) -> None:
        await self.seat.session.until_filled()
        # With the chart's library it is loaded after the first paint.
        await load("puffling.desktop.drawings.board")

    def _begin(self) -> None:
        from puffling.desktop.drawings.board import DrawingBoard

        self._beginning = False
        self.board = DrawingBoard(self.seat.session, self.seat.chart(), self.seat.present_us)
        self._take_over(self.board)
        if self._symbol and self.seat.session.connected:
            self.board.show(self._symbol)

    def _take_over(self, board: DrawingBoard) -> None:
        board.fold(folded=self._kept.get("folded"))
        if self._kept.get("magnet", False) != board.tools.magnet:
            board.toggle_magnet()
        if self._kept.get("hidden", False) != board.layer.hidden:
            board.toggle_hidden()

    def _do(self, act: Callable[[DrawingBoard], None]) -> None:
        if self.board is not None and self.board.book is not None and self.seat.session.connected:
            act(self.board)


def _choose(tool: str, board: DrawingBoard) -> None:
    board.choose(tool)


_ACTS: tuple[tuple[str, str, str, Callable[[DrawingBoard], None], str], ...] = (
    ("undo-drawing", "Undo drawing", "Ctrl+Z", lambda board: board.undo(),
     "Take back the last act on the drawings of this symbol."),
    ("redo-drawing", "Redo drawing", "Ctrl+Shift+Z", lambda board: board.redo(),
     "Do again what was taken back."),
    ("next-drawing", "Select next drawing", "Alt+.", lambda board: board.step(1),
     "Select the next drawing in sight; then arrows move it, Enter edits it, Delete removes it."),
    ("previous-drawing", "Select previous drawing", "Alt+,", lambda board: board.step(-1),
     "Select the drawing before, from right to left."),
    ("edit-drawing", "Edit drawing", "", lambda board: board.edit(),
     "Change colour, width, line and words of the selected drawing (Enter)."),
    ("duplicate-drawing", "Duplicate drawing", "", lambda board: board.duplicate(),
     "Draw the selected drawing once more beside it (Ctrl+D)."),
    ("copy-drawing", "Copy drawing", "", lambda board: board.copy(),
     "Keep the selected drawing for pasting (Ctrl+C)."),
    ("paste-drawing", "Paste drawing", "", lambda board: board.paste(),
     "Draw what was copied, on the chart of any symbol (Ctrl+V)."),
    ("front-drawing", "Bring drawing to front", "", lambda board: board.order(front=True),
     "Put the selected drawing over the others."),
    ("back-drawing", "Send drawing to back", "", lambda board: board.order(front=False),
     "Put the selected drawing below the others."),
    ("lock-drawing", "Lock drawing", "", lambda board: board.lock(),
     "Keep the selected drawing from being moved, or let it be moved again."),
    ("remove-drawing", "Remove drawing", "", lambda board: board.remove(),
     "Take the selected drawing away (Delete)."),
    ("remove-drawings", "Remove all drawings", "", lambda board: board.clear(),
     "Take all drawings of this symbol away."),
    ("hide-drawings", "Hide or show drawings", "", lambda board: board.toggle_hidden(),
     "Hide all drawings of this chart, or show them again."),
    ("magnet", "Magnet", "", lambda board: board.toggle_magnet(),
     "Let points snap to open, high, low or close of their bar, or not."),
    ("drawing-tools", "Show or fold drawing tools", "", lambda board: board.toggle_strip(),
     "Show the tools at the left edge of the chart, or fold them away."),
)  # fmt: skip
