"""What the person drew on charts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, func, select

from puffling.runtime.errors import Conflict, InvalidInput, NotFound
from puffling.runtime.text import tr
from puffling.store.events import DrawingsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.tables.drawings import DrawingRow
from puffling.store.values import Drawing

MOST_DRAWINGS = 5000


class Drawings(Repository):
    """Keeps drawings per symbol, in the order in which they lie on each other."""

    def of(self, symbol: str) -> tuple[Drawing, ...]:
        """Give the drawings on the chart of a symbol, the lowest first."""
        return tuple(_value(row) for row in self._rows(symbol))

    def put(self, drawing: Drawing, *, on_top: bool = False) -> Drawing:
        """Keep a drawing: a new one when it has no id yet, otherwise in the place of the old one."""
        kept = self._put(drawing, on_top=on_top or not drawing.id)
        self._tell(DrawingsChanged(self._user, kept.symbol))
        return kept

    def restore(self, drawings: Sequence[Drawing]) -> tuple[Drawing, ...]:
        """Bring drawings back as they were, all of them or none."""
        kept = tuple(self._put(drawing, on_top=False) for drawing in drawings)
        for symbol in dict.fromkeys(each.symbol for each in kept):
            self._tell(DrawingsChanged(self._user, symbol))
        return kept

    def remove(self, id: str) -> Drawing:
        """Remove a drawing and give it back, so that `put` can bring it back."""
        row = self._row(id)
        if row is None:
            raise NotFound(tr("There is no drawing {id}.", id=id))
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(DrawingsChanged(self._user, removed.symbol))
        return removed

    def clear(self, symbol: str, only: Sequence[str] = ()) -> tuple[Drawing, ...]:
        """Remove all drawings of a symbol, or only these, and give back what was there."""
        rows = [row for row in self._rows(symbol) if not only or row.id in only]
        removed = tuple(_value(row) for row in rows)
        for row in rows:
            self._session.delete(row)
        if rows:
            self._session.flush()
            self._tell(DrawingsChanged(self._user, symbol))
        return removed

    def _put(self, drawing: Drawing, *, on_top: bool) -> Drawing:
        points = checked_json(drawing.points, "points")
        style = checked_json(drawing.style, "style")
        row = self._row(drawing.id) if drawing.id else None
        if row is None:
            row = self._new_row(drawing, on_top=on_top)
            row.points, row.style = points, style
            self._session.add(row)
        elif (row.symbol, row.kind) != (drawing.symbol, drawing.kind):
            raise Conflict(
                tr("The drawing {id} is another one: {kind} on {symbol}.", id=row.id, kind=row.kind,
                   symbol=row.symbol),
                hint=tr("Leave the id out to keep a new drawing."),
            )  # fmt: skip
        else:
            row.points, row.style, row.position = points, style, drawing.position
            if on_top:
                row.position = self._above(drawing.symbol)
            row.updated_at = self._now
        self._session.flush()
        return _value(row)

    def _new_row(self, drawing: Drawing, *, on_top: bool) -> DrawingRow:
        symbol = checked_text(drawing.symbol, "symbol", longest=32)
        # A drawing that was removed comes back under its own name.
        id = drawing.id or new_id()
        if self._session.get(DrawingRow, id) is not None:
            raise Conflict(tr("The id {id} is taken.", id=id), hint=tr("Leave it out to get a new one."))
        count = select(func.count()).select_from(DrawingRow).where(*self._mine(symbol))
        if self._session.exec(count).one() >= MOST_DRAWINGS:
            raise InvalidInput(
                tr("{symbol} has {most} drawings, which is the most there can be.", symbol=symbol,
                   most=MOST_DRAWINGS),
                field="symbol",
            )  # fmt: skip
        return DrawingRow(
            id=id,
            user_id=self._user,
            symbol=symbol,
            kind=checked_text(drawing.kind, "kind"),
            points=[],
            style={},
            position=self._above(symbol) if on_top else drawing.position,
            created_at=self._now,
            updated_at=self._now,
        )

    def _above(self, symbol: str) -> int:
        """Give the place above all drawings of a symbol."""
        highest = self._session.exec(select(func.max(DrawingRow.position)).where(*self._mine(symbol))).one()
        return 0 if highest is None else highest + 1

    def _rows(self, symbol: str) -> list[DrawingRow]:
        order = (col(DrawingRow.position), col(DrawingRow.created_at), col(DrawingRow.id))
        return list(self._session.exec(select(DrawingRow).where(*self._mine(symbol)).order_by(*order)))

    def _mine(self, symbol: str) -> tuple[bool, bool]:
        return DrawingRow.user_id == self._user, DrawingRow.symbol == symbol

    def _row(self, id: str) -> DrawingRow | None:
        wanted = select(DrawingRow).where(DrawingRow.user_id == self._user, DrawingRow.id == id)
        return self._session.exec(wanted).one_or_none()


def _value(row: DrawingRow) -> Drawing:
    points = tuple((int(time_us), float(price)) for time_us, price in row.points)
    return Drawing(row.id, row.symbol, row.kind, points, row.style, row.position)
