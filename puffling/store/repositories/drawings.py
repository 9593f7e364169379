"""What the person drew on charts."""

from __future__ import annotations

from sqlmodel import col, func, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import DrawingsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.tables.people import DrawingRow
from puffling.store.values import Drawing


class Drawings(Repository):
    """Keeps drawings per symbol, in the order in which they lie on each other."""

    def of(self, symbol: str) -> tuple[Drawing, ...]:
        """Give the drawings on the chart of a symbol."""
        wanted = (
            select(DrawingRow)
            .where(DrawingRow.user_id == self._user, DrawingRow.symbol == symbol)
            .order_by(col(DrawingRow.position), col(DrawingRow.created_at))
        )
        return tuple(_value(row) for row in self._session.exec(wanted))

    def put(self, drawing: Drawing) -> Drawing:
        """Keep a drawing: a new one when it has no id yet, otherwise in the place of the old one."""
        points = checked_json(drawing.points, "points")
        style = checked_json(drawing.style, "style")
        row = self._row(drawing.id) if drawing.id else None
        if row is None:
            top = select(func.max(DrawingRow.position)).where(
                DrawingRow.user_id == self._user, DrawingRow.symbol == drawing.symbol
            )
            highest = self._session.exec(top).one()
            row = DrawingRow(
                # A drawing that was removed comes back under its own name.
                id=drawing.id or new_id(),
                user_id=self._user,
                symbol=checked_text(drawing.symbol, "symbol", longest=32),
                kind=checked_text(drawing.kind, "kind"),
                points=points,
                style=style,
                position=0 if highest is None else highest + 1,
                created_at=self._now,
                updated_at=self._now,
            )
            self._session.add(row)
        else:
            row.points, row.style, row.position = points, style, drawing.position
            row.updated_at = self._now
        self._session.flush()
        self._tell(DrawingsChanged(self._user, row.symbol))
        return _value(row)

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

    def _row(self, id: str) -> DrawingRow | None:
        wanted = select(DrawingRow).where(DrawingRow.user_id == self._user, DrawingRow.id == id)
        return self._session.exec(wanted).one_or_none()


def _value(row: DrawingRow) -> Drawing:
    points = tuple((int(time_us), float(price)) for time_us, price in row.points)
    return Drawing(row.id, row.symbol, row.kind, points, row.style, row.position)
