"""An order becomes another with as few moves as there can be."""

from __future__ import annotations

from itertools import permutations

from puffling.desktop.moving import moves


def test_every_order_is_reached_from_every_other_by_few_moves() -> None:
    before = "abcde"
    for after in permutations(before):
        now = list(before)
        made = list(moves(before, after))
        for each, place in made:
            now.remove(each)
            now.insert(place, each)
        assert tuple(now) == after
        assert len(made) < len(before)


def test_one_thing_dragged_far_is_one_move() -> None:
    symbols = [str(number) for number in range(500)]
    assert list(moves(symbols, [*symbols[1:], symbols[0]])) == [("0", 499)]
    assert list(moves(symbols, [symbols[-1], *symbols[:-1]])) == [("499", 0)]
    assert list(moves(symbols, symbols)) == []
