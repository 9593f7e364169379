"""Cells that carry a state from bar to bar and branch on it: the parabolic stop and the bands of SuperTrend.

Such a state forgets: after a few turns nothing is left of where it started. So a long history is cut into
pieces that all run side by side, each from a guess some bars ahead of it. A piece is taken where its state at
the joint is, to the last bit, the one the piece before ended with, and computed again bar by bar where it is
not. The result is the exact one either way.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from puffling.puffin.factors.cells import Cell, warm_up
from puffling.puffin.factors.windows import Column

Price = TypeVar("Price", float, Column)
State = tuple[float, ...]
States = tuple[Column, ...]

_ROUNDING = 1e-13
_PIECE = 500
_AHEAD = 250
# Below this many bars the plain loop is as fast.
_SIDE_BY_SIDE = 20_000


class Machine(Cell):
    """A state that advances with every bar; the first value of the state is what is shown."""

    def __init__(self, start: State) -> None:
        super().__init__()
        self._settled = start
        self._pending = start

    def advance(self, state: State, *values: float) -> State:
        """Give the state after one bar more."""
        raise NotImplementedError

    def advance_all(self, states: States, *columns: Column) -> States:
        """Do the same for many states, each with a bar of its own."""
        raise NotImplementedError

    def history(self, *columns: Column) -> Column:
        """Advance through everything known."""
        first = max(warm_up(column) for column in columns)
        known = [column[first:] for column in columns]
        given = np.full(len(columns[0]), np.nan)
        shown = given[first:]
        count = len(shown)
        if count < _SIDE_BY_SIDE:
            self._settled = self._advance_through(self._settled, known, shown)
            return given
        joints, ends = self._guess(known, shown)
        for number, start in enumerate(range(0, count, _PIECE)):
            if 0 < number <= len(joints) and joints[number - 1] == self._settled:
                self._settled = ends[number - 1]
            else:
                piece = slice(start, min(start + _PIECE, count))
                columns_of_piece = [column[piece] for column in known]
                self._settled = self._advance_through(self._settled, columns_of_piece, shown[piece])
        return given

    def step(self, *values: float) -> float:
        """Advance once, if the bar is known."""
        if any(value != value for value in values):
            self._pending = self._settled
            return np.nan
        self._pending = self.advance(self._settled, *values)
        return self._pending[0]

    def settle(self) -> None:
        """Keep the new state."""
        self._settled = self._pending

    def _advance_through(self, state: State, columns: list[Column], shown: Column) -> State:
        rows = []
        for values in zip(*(column.tolist() for column in columns), strict=True):
            state = self.advance(state, *values)
            rows.append(state[0])
        shown[:] = rows
        return state

    def _guess(self, columns: list[Column], shown: Column) -> tuple[list[State], list[State]]:
        """Run all full pieces but the first side by side; give their states at the joint and at the end."""
        pieces = len(shown) // _PIECE - 1
        start = _PIECE - _AHEAD
        lanes = [
            np.ascontiguousarray(
                np.lib.stride_tricks.sliding_window_view(column[start:], _AHEAD + _PIECE)[::_PIECE][:pieces].T
            )
            for column in columns
        ]
        rows = np.empty((_PIECE, pieces))
        states: States = tuple(np.full(pieces, value) for value in self._settled)
        joints = states
        for row in range(_AHEAD + _PIECE):
            if row == _AHEAD:
                joints = states
            states = self.advance_all(states, *(lane[row] for lane in lanes))
            if row >= _AHEAD:
                rows[row - _AHEAD] = states[0]
        shown[_PIECE : _PIECE * (pieces + 1)] = rows.T.reshape(-1)
        return _rows(joints), _rows(states)


class Ceiling(Machine):
    """The lowest of a band's values, begun anew once the close before has broken through it.

    Takes the band and the close one bar before. A floor is the ceiling of everything negated.
    """

    def __init__(self) -> None:
        super().__init__((np.inf,))

    def advance(self, state: State, *values: float) -> State:
        """Come down, stay, or begin anew."""
        (ceiling,) = state
        band, close_before = values
        return (band if band < ceiling or close_before > _beyond(ceiling) else ceiling,)

    def advance_all(self, states: States, *columns: Column) -> States:
        """Do so side by side."""
        (ceiling,) = states
        band, close_before = columns
        return (np.where(close_before > _beyond(ceiling), band, np.minimum(band, ceiling)),)


class ParabolicStop(Machine):
    """Wilder's stop and reverse, as TA-Lib computes it; takes high, low and both of the bar before.

    While the price falls all prices in the state are negated: both directions are then one. The state: what
    is shown, the side (+1, −1), the stop for the next bar, the extreme, the acceleration.
    """

    def __init__(self, acceleration: float, maximum: float) -> None:
        self._least = min(acceleration, maximum)
        self._most = maximum
        super().__init__((np.nan, 0.0, np.nan, np.nan, self._least))

    def advance(self, state: State, *values: float) -> State:
        """Follow the price, or turn."""
        _, side, stop, extreme, acceleration = state
        high, low, high_before, low_before = values
        if side == 0.0:
            fell = low_before - low
            side = -1.0 if fell > 0.0 and fell > high - high_before else 1.0
            # The first stop is the bar before's; the bar itself then stands for both.
            stop, extreme = (low_before, high) if side > 0.0 else (-high_before, -low)
            high_before, low_before = high, low
        if side < 0.0:
            high, low, high_before, low_before = -low, -high, -low_before, -high_before
        if low <= stop:
            stop = -max(extreme, high_before, high)
            shown = stop * -side
            side = -side
            high, low, low_before = -low, -high, -high_before
            extreme = high
            acceleration = self._least
        else:
            shown = stop * side
            if high > extreme:
                extreme = high
                acceleration = min(acceleration + self._least, self._most)
        stop = min(stop + acceleration * (extreme - stop), low_before, low)
        return shown, side, stop, extreme, acceleration

    def advance_all(self, states: States, *columns: Column) -> States:
        """Do so side by side."""
        _, side, stop, extreme, acceleration = states
        high, low, high_before, low_before = columns
        if side[0] == 0.0:
            # A guess to begin with: every lane rises from the bar before.
            side, stop, extreme = np.ones(len(high)), low_before, high
        rises = side > 0.0
        ahead, behind = np.where(rises, high, -low), np.where(rises, low, -high)
        ahead_before = np.where(rises, high_before, -low_before)
        behind_before = np.where(rises, low_before, -high_before)
        turns = behind <= stop
        further = ahead > extreme
        turned = -np.maximum(np.maximum(extreme, ahead_before), ahead)
        shown = np.where(turns, -turned, stop) * side
        faster = np.where(further, np.minimum(acceleration + self._least, self._most), acceleration)
        acceleration = np.where(turns, self._least, faster)
        extreme = np.where(turns, -behind, np.where(further, ahead, extreme))
        stop = np.where(turns, turned, stop)
        limit = np.where(turns, np.minimum(-ahead_before, -ahead), np.minimum(behind_before, behind))
        stop = np.minimum(stop + acceleration * (extreme - stop), limit)
        return shown, np.where(turns, -side, side), stop, extreme, acceleration


class Direction(Cell):
    """+1 once the close is above the ceiling, −1 once it is below the floor; takes close, ceiling, floor.

    It begins with −1. A close that is both above and below (a gap can cross the bands) turns it round.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settled = np.nan
        self._pending = np.nan

    def history(self, *columns: Column) -> Column:
        """Find the turns and hold the direction in between."""
        close, ceiling, floor = columns
        first = max(warm_up(ceiling), warm_up(floor))
        given = np.full(len(close), np.nan)
        if first == len(close):
            return given
        above = (close > _beyond(ceiling))[first:]
        below = (floor > _beyond(close))[first:]
        above[0], below[0] = False, True
        crossed = above & below
        latest = np.maximum.accumulate(np.where(above ^ below, np.arange(len(above)), 0))
        turned = np.cumsum(crossed)
        even = (turned - turned[latest]) % 2 == 0
        given[first:] = np.where(above[latest] == even, 1.0, -1.0)
        self._settled = float(given[-1])
        return given

    def step(self, *values: float) -> float:
        """Hold or turn."""
        close, ceiling, floor = values
        before = self._settled
        if ceiling != ceiling or floor != floor:
            self._pending = np.nan
        elif before != before:
            self._pending = -1.0
        elif before > 0.0:
            self._pending = -1.0 if floor > _beyond(close) else 1.0
        else:
            self._pending = 1.0 if close > _beyond(ceiling) else -1.0
        return self._pending

    def settle(self) -> None:
        """Keep the direction."""
        self._settled = self._pending


def _beyond(price: Price) -> Price:
    """Give what another price has to exceed to be above this one: on a tie rounding decides nothing."""
    return price + _ROUNDING * abs(price)


def _rows(states: States) -> list[State]:
    return list(zip(*(column.tolist() for column in states), strict=True))
