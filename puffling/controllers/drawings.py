"""What is drawn on the charts of symbols."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from puffling.market.parameters import Symbol
from puffling.puffin.data.instants import US_PER_DAY
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import microseconds, moment_of
from puffling.runtime.errors import InvalidInput
from puffling.runtime.gate import Effect
from puffling.runtime.text import tr
from puffling.store.database import Store
from puffling.store.values import Drawing, DrawingColour, DrawingDash, DrawingKind

_EARLIEST_US = microseconds(datetime(1900, 1, 1, tzinfo=UTC))
_LATEST_US = microseconds(datetime(2200, 1, 1, tzinfo=UTC))


def _instant(given: object) -> object:
    """Take a day or an instant in words as well."""
    if not isinstance(given, str):
        return given
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError:
        raise ValueError(
            tr("{text} is no day and no instant, such as 2026-03-04", text=repr(given[:40]))
        ) from None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _in_words(time_us: int) -> str:
    """Give an instant as the audit trail and people read it."""
    moment = moment_of(time_us)
    return moment.date().isoformat() if time_us % US_PER_DAY == 0 else moment.isoformat()


Time = Annotated[
    int,
    Field(ge=_EARLIEST_US, le=_LATEST_US),
    BeforeValidator(_instant, json_schema_input_type=int | str),
    PlainSerializer(_in_words, return_type=str, when_used="json"),
]
Price = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Points = Annotated[
    tuple[tuple[Time, Price], ...],
    Field(
        description="Its points, each a time (2026-03-04, or microseconds since 1970) and a price.",
        min_length=1,
        max_length=3,
    ),
]
Kind = Annotated[
    DrawingKind,
    Field(description="What it is: horizontal, vertical and note have one point, channel three, others two."),
]
DrawingId = Annotated[
    str, Field(description="The id of the drawing.", pattern="^[0-9A-Za-z_-]+$", max_length=64)
]
Ids = Annotated[tuple[DrawingId, ...], Field(description="Only these; empty means all.", max_length=5000)]


class Style(BaseModel):
    """How a drawing looks."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    colour: DrawingColour = Field(DrawingColour.BLUE, description="Its colour, by name.")
    width: float = Field(1.5, ge=1, le=6, allow_inf_nan=False, description="How wide its lines are.")
    dash: DrawingDash = Field(DrawingDash.SOLID, description="Whether its lines are broken.")
    text: str = Field("", max_length=500, description="Its label, or the words of a note.")
    levels: tuple[Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)], ...] = Field(
        (), max_length=24, description="The levels of a Fibonacci retracement; empty means the usual."
    )
    filled: bool = Field(True, description="Whether its inside is shaded.")
    locked: bool = Field(False, description="Whether the mouse leaves it where it is.")
    drawn_at_us: int = Field(
        0,
        ge=0,
        le=_LATEST_US,
        description="The moment of the replay at which it was drawn, in microseconds; 0 in the live market.",
    )


Look = Annotated[Style, Field(description="How it looks; what is not given is as usual.")]


class Sketch(BaseModel):
    """A drawing as it was, to be brought back."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    id: DrawingId
    symbol: Symbol
    kind: Kind
    points: Points
    style: Look = Style()
    position: int = Field(0, ge=-1_000_000_000, le=1_000_000_000, description="Its place among the others.")


class Drawings(Controller):
    """What the person drew on charts, kept per symbol."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @capability(
        title="List drawings",
        verb="list",
        effect=Effect.READ,
        http="GET /api/drawings",
        tool="list_drawings",
    )
    async def all(self, symbol: Symbol) -> tuple[Drawing, ...]:
        """Show what is drawn on the chart of a symbol, the lowest first."""
        return await self._store.read(current_caller().user, lambda unit: unit.drawings.of(symbol))

    @capability(title="Keep drawing", effect=Effect.WRITE, http="POST /api/drawings", tool="put_drawing")
    async def put(
        self,
        symbol: Symbol,
        kind: Kind,
        points: Points,
        style: Look = Style(),  # noqa: B008  a frozen value, and the schema shows it
        drawing: Annotated[
            DrawingId | None, Field(description="The drawing to change; empty makes a new one.")
        ] = None,
        position: Annotated[
            int | None,
            Field(
                description="Its place among the others; empty means on top.",
                ge=-1_000_000_000,
                le=1_000_000_000,
            ),
        ] = None,
    ) -> Drawing:
        """Draw something on the chart of a symbol, or change what is drawn."""
        _check_count(kind, points, "points")
        kept = Drawing(drawing or "", symbol, kind, points, _plain(style), position or 0)
        return await self._store.run(
            current_caller().user, lambda unit: unit.drawings.put(kept, on_top=position is None)
        )

    @capability(title="Remove drawing", effect=Effect.WRITE, http="DELETE /api/drawings/{drawing}")
    async def remove(self, drawing: DrawingId) -> Drawing:
        """Take a drawing off its chart; the answer is all it takes to restore it."""
        return await self._store.run(current_caller().user, lambda unit: unit.drawings.remove(drawing))

    @capability(title="Remove drawings", effect=Effect.WRITE, http="POST /api/drawings/clear")
    async def clear(self, symbol: Symbol, drawings: Ids = ()) -> tuple[Drawing, ...]:
        """Take all drawings off the chart of a symbol, or only some; the answer restores them."""
        return await self._store.run(
            current_caller().user, lambda unit: unit.drawings.clear(symbol, drawings)
        )

    @capability(title="Restore drawings", effect=Effect.WRITE, http="POST /api/drawings/restore")
    async def restore(
        self,
        drawings: Annotated[
            tuple[Sketch, ...], Field(description="The drawings as they were.", max_length=5000)
        ],
    ) -> tuple[Drawing, ...]:
        """Bring drawings back as they were, or put these in the place of their present state."""
        for place, each in enumerate(drawings):
            _check_count(each.kind, each.points, f"drawings.{place}.points")
        kept = [
            Drawing(each.id, each.symbol, each.kind, each.points, _plain(each.style), each.position)
            for each in drawings
        ]
        return await self._store.run(current_caller().user, lambda unit: unit.drawings.restore(kept))


def _check_count(kind: DrawingKind, points: tuple[tuple[int, float], ...], field: str) -> None:
    if len(points) != kind.points:
        raise InvalidInput(
            tr("{field}: {kind} takes {count}, not {given}.", field=field, kind=kind, count=kind.points,
               given=len(points)),
            field=field,
            hint=tr("Each point is a time and a price."),
        )  # fmt: skip


def _plain(style: Style) -> dict[str, object]:
    """Give what differs from the usual, as plain values."""
    return style.model_dump(mode="json", exclude_defaults=True)
