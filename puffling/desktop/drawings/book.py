"""The drawings of each symbol, one book for all charts of the window; what it has done it can take back."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from puffling.desktop.drawings.style import Style
from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session
from puffling.frozen import frozen
from puffling.runtime.errors import PufflingError
from puffling.store.events import DatabaseRestored, DrawingsChanged
from puffling.store.values import Drawing

if TYPE_CHECKING:
    from puffling.runtime.bus import Bus

MOST_STEPS = 200
MERGED_WITHIN_SECONDS = 1.0
Points = tuple[tuple[int, float], ...]


@frozen
class Step:
    """One act: how the drawings it touched were before and after; what is in one only came or went."""

    before: tuple[Drawing, ...]
    after: tuple[Drawing, ...]
    token: str = ""
    at: float = 0.0

    def turned(self) -> Step:
        """Give the act that takes this one back."""
        return replace(self, before=self.after, after=self.before, token="")


class Book:
    """The drawings of one symbol: what is kept, with what is on its way there laid over it.

    Every change goes through the abilities at once. Until the answer is there the drawing counts as unsaved
    and is painted pale, so that what looks kept is kept.
    """

    def __init__(self, session: Session, symbol: str) -> None:
        self._session = session
        self.symbol = symbol
        self._kept: dict[str, Drawing] = {}
        self._coming: dict[str, Drawing | None] = {}
        self._queue: deque[Step] = deque()
        self._writing = False
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._watchers = Listeners[[]]()
        self._ears: list[Callable[[], None]] = []
        self._stale = True
        self._sorted: tuple[Drawing, ...] | None = None

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """Give all drawings, the lowest first."""
        if self._sorted is None:
            found = {**self._kept, **self._coming}
            there = [each for each in found.values() if each is not None]
            self._sorted = tuple(sorted(there, key=lambda each: (each.position, each.id)))
        return self._sorted

    @property
    def unsaved(self) -> Collection[str]:
        """Name the drawings that are not yet kept as they are shown."""
        return self._coming.keys()

    @property
    def can_undo(self) -> bool:
        """Tell whether there is an act to take back."""
        return bool(self._done)

    def find(self, id: str) -> Drawing | None:
        """Give the drawing of this id as it is now."""
        return self._coming.get(id, self._kept.get(id))

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call the watcher after every change; the answer ends that."""
        if not self._watchers:
            bus = self._session.core.bus
            self._ears = [bus.on(DrawingsChanged, self._changed), bus.on(DatabaseRestored, self._restored)]
        end = self._watchers.add(watcher)
        if self._stale:
            self.reload()

        def leave() -> None:
            end()
            if not self._watchers:
                # Nobody hears of changes any more, so there may be some.
                self._stale = True
                for unsubscribe in self._ears:
                    unsubscribe()
                self._ears.clear()

        return leave

    def draw(self, kind: str, points: Points, style: Style) -> Drawing:
        """Put a new drawing on top of the others."""
        top = self.drawings[-1].position + 1 if self.drawings else 0
        made = Drawing(secrets.token_hex(8), self.symbol, kind, points, style.keep(), top)
        self._do(Step((), (made,)))
        return made

    def change(
        self, drawing: Drawing, *, token: str = "", within_seconds: float = MERGED_WITHIN_SECONDS
    ) -> None:
        """Put a drawing in the place of its old self; acts of one token, soon after each other, are one."""
        before = self.find(drawing.id)
        if before is None or before == drawing:
            return
        now = self._session.core.clock.monotonic()
        step, last = Step((before,), (drawing,), token, now), self._done[-1] if self._done else None
        if last is None or not token or last.token != token or now - last.at > within_seconds:
            self._do(step)
            return
        self._undone.clear()
        self._done.pop()
        if last.before != step.after:
            self._done.append(replace(step, before=last.before))
        self._apply(step)

    def remove(self, id: str) -> None:
        """Take a drawing away."""
        before = self.find(id)
        if before is not None:
            self._do(Step((before,), ()))

    def clear(self) -> tuple[Drawing, ...]:
        """Take all drawings away and give them."""
        there = self.drawings
        if there:
            self._do(Step(there, ()))
        return there

    def bring_back(self, drawings: Sequence[Drawing]) -> None:
        """Put drawings back that were taken away, but for those that are back already."""
        missing = tuple(each for each in drawings if self.find(each.id) is None)
        if missing and self._session.connected:
            self._do(Step((), missing))

    def undo(self) -> Step | None:
        """Take the last act back; give what that changed."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._apply(step.turned())
        return step.turned()

    def redo(self) -> Step | None:
        """Do again what was taken back last."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._apply(step)
        return step

    def forget(self) -> None:
        """Know nothing any more: the records have become others."""
        self._done.clear()
        self._undone.clear()
        self.reload()

    def reload(self) -> None:
        """Read what is kept, once somebody looks."""
        self._stale = not self._watchers
        if self._watchers and self._session.connected:
            core = self._session.core
            self._session.dispatch.run(
                lambda: core.drawings.all(self.symbol),
                name="read drawings",
                newest=f"drawings.{self.symbol}",
                then=self._take,
            )

    def _changed(self, event: DrawingsChanged) -> None:
        if event.symbol == self.symbol:
            self.reload()

    def _restored(self, _event: DatabaseRestored) -> None:
        self.forget()

    def _take(self, drawings: Sequence[Drawing]) -> None:
        # What is as it was stays the very same: whoever draws it need not look at it again.
        found = {
            each.id: old if (old := self._kept.get(each.id)) == each and old is not None else each
            for each in drawings
        }
        if found != self._kept:
            self._kept = found
            self._tell()

    def _do(self, step: Step) -> None:
        self._undone.clear()
        self._done.append(step)
        del self._done[:-MOST_STEPS]
        self._apply(step)

    def _apply(self, step: Step) -> None:
        self._coming.update({each.id: None for each in step.before})
        self._coming.update({each.id: each for each in step.after})
        waiting = self._queue[-1] if len(self._queue) > 1 else None
        # Only the newest of changes to one drawing has to be kept; the first of the queue is under way.
        if waiting is not None and len(step.after) == 1 and _ids(waiting.after) == _ids(step.after):
            self._queue[-1] = replace(waiting, after=step.after)
        else:
            self._queue.append(step)
        self._tell()
        if not self._writing:
            self._writing = True
            self._session.dispatch.run(self._write, name="keep drawings", failed=self._give_up)

    async def _write(self) -> None:
        try:
            while self._queue:
                step = self._queue[0]
                await self._keep(step)
                self._queue.popleft()
                self._settle(step)
        finally:
            self._writing = False

    async def _keep(self, step: Step) -> None:
        invoke = self._session.core.registry.invoke
        gone = tuple(id for id in _ids(step.before) if id not in _ids(step.after))
        if gone:
            await invoke("drawings.clear", {"symbol": self.symbol, "drawings": gone})
        if len(step.after) == 1:
            sketch = _sketch(step.after[0])
            await invoke("drawings.put", {"drawing": sketch.pop("id"), **sketch})
        elif step.after:
            await invoke("drawings.restore", {"drawings": [_sketch(each) for each in step.after]})

    def _settle(self, step: Step) -> None:
        later = {id for each in self._queue for id in (*_ids(each.before), *_ids(each.after))}
        after = {each.id: each for each in step.after}
        for id in {*_ids(step.before), *after}:
            if id in after:
                self._kept[id] = after[id]
            else:
                self._kept.pop(id, None)
            if id not in later:
                self._coming.pop(id, None)
        self._tell()

    def _give_up(self, error: PufflingError) -> None:
        """Show again what is kept: what could not be is said, and no longer shown."""
        self._queue.clear()
        self._coming.clear()
        self._session.tell_error(error)
        self.forget()
        self._tell()

    def _tell(self) -> None:
        self._sorted = None
        self._watchers.tell()


class Books:
    """The books of all symbols, and what was copied last."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._books: dict[str, Book] = {}
        self._bus: Bus | None = None
        self.copied: Drawing | None = None

    def of(self, symbol: str) -> Book:
        """Give the book of a symbol."""
        bus = self._session.core.bus
        if bus is not self._bus:
            self._bus = bus
            self._books.clear()
        if symbol not in self._books:
            self._books[symbol] = Book(self._session, symbol)
        return self._books[symbol]


def _ids(drawings: Sequence[Drawing]) -> tuple[str, ...]:
    return tuple(each.id for each in drawings)


def _sketch(drawing: Drawing) -> dict[str, Any]:
    return {
        "id": drawing.id,
        "symbol": drawing.symbol,
        "kind": drawing.kind,
        "points": drawing.points,
        "style": drawing.style,
        "position": drawing.position,
    }
