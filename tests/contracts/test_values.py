"""Values are what the standard library's frozen dataclasses are, and cost less to declare."""

from __future__ import annotations

import copy
import inspect
import re
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter

from puffling.frozen import frozen


@frozen
class Place:
    """A value with all a field can have."""

    KINDS: ClassVar[int] = 3

    name: str
    height: float = 0.0
    secret: str = field(default="", repr=False, compare=False)
    marks: list[str] = field(default_factory=list)
    code: int = field(default=7, kw_only=True)
    visits: list[str] = field(init=False, repr=False, default_factory=list)
    height_feet: float = field(init=False, repr=False)
    planet: str = field(init=False, repr=False, default="Earth")

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.strip())
        object.__setattr__(self, "height_feet", self.height / 0.3048)


@frozen
class Summit(Place):
    """A value that goes on where another ends."""

    first: int = 1900


@frozen
class Point:
    """A value that can be a key."""

    x: int
    y: int


@frozen(eq=False)
class Ticket:
    """Like itself only."""

    number: int


@frozen
class Named:
    """Says itself how it is written and compared."""

    name: str

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.name.lower() == other.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())


@dataclass(frozen=True, slots=True)
class Plain:
    """What the standard library makes of the same point."""

    x: int
    y: int


def test_a_value_is_made_as_its_fields_say() -> None:
    place = Place(" Rigi ", 1797.0, marks=["view"])
    assert (place.name, place.height, place.secret, place.marks, place.code) == (
        "Rigi", 1797.0, "", ["view"], 7,
    )  # fmt: skip
    assert Place("a").marks is not Place("b").marks
    assert (place.visits, round(place.height_feet), place.planet) == ([], 5896, "Earth")
    assert Summit("Eiger", first=1858).first == 1858


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "depth": 1}])
def test_a_value_is_not_made_of_what_it_has_no_field_for(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Place(**wrong)
    with pytest.raises(TypeError):
        Place("a", 1.0, "", [], 7)  # type: ignore[call-arg]  # that is what is tried


def test_a_value_never_changes() -> None:
    point = Point(1, 2)
    for name in ("x", "z"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 3)
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")
    assert replace(point, x=5) == Point(5, 2)
    assert point == Point(1, 2)


def test_values_are_compared_by_what_counts() -> None:
    assert Place("a", secret="x") == Place("a", secret="y")
    assert Place("a") != Place("a", code=8)
    assert Place("a") != Summit("a")
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2
    assert Ticket(1) != Ticket(1)
    assert len({Ticket(1), Ticket(1)}) == 2
    assert Named("a") == Named("A")


def test_a_value_writes_itself_as_it_was_made() -> None:
    assert repr(Place("a", secret="x")) == "Place(name='a', height=0.0, marks=[], code=7)"
    assert repr(Named("a")) == "<a>"


def test_a_value_is_what_the_standard_library_would_have_made() -> None:
    ours, theirs = Point(3, 4), Plain(3, 4)
    assert asdict(ours) == asdict(theirs)
    assert [each.name for each in fields(Point)] == [each.name for each in fields(Plain)]
    assert inspect.signature(Point) == inspect.signature(Plain)
    assert str(inspect.signature(Place)) == (
        "(name: 'str', height: 'float' = 0.0, secret: 'str' = '', marks: 'list[str]' = <factory>, *, "
        "code: 'int' = 7) -> None"
    )
    assert hash(ours) == hash(theirs)
    assert Point.__match_args__ == Plain.__match_args__
    assert repr(ours) == repr(theirs).replace("Plain", "Point")


@pytest.mark.parametrize("value", [Point(1, 2), Summit("a", 1.0, "b", ["c"], 5, code=6)])
def test_a_value_goes_to_another_process_and_comes_back(value: Point | Summit) -> None:
    assert copy.deepcopy(value) == value
    adapter = TypeAdapter(type(value))
    assert adapter.validate_json(adapter.dump_json(value)) == value


def test_what_is_never_used_is_never_written() -> None:
    @frozen
    class Unused:
        """Declared, and nothing else."""

        name: str

    written = [name for name in ("__init__", "__repr__", "__eq__", "__hash__")
               if isinstance(vars(Unused)[name], FunctionType)]  # fmt: skip
    assert written == []
    Unused("a")
    assert isinstance(vars(Unused)["__init__"], FunctionType)
    assert not isinstance(vars(Unused)["__eq__"], FunctionType)


def test_every_value_of_the_house_is_declared_in_one_way(checkout: Path) -> None:
    other = re.compile(r"@dataclass\(frozen=True, slots=True(, eq=False)?\)")
    found = [
        str(file.relative_to(checkout))
        for file in sorted((checkout / "puffling").rglob("*.py"))
        if other.search(file.read_text(encoding="utf-8"))
    ]
    assert found == [], "say @frozen (puffling/frozen.py)"
