"""Where drawings stand: the same time on every width of bars, before them and beyond, at every scale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.drawings.ground import Ground
from puffling.desktop.drawings.measure import measured
from puffling.desktop.drawings.outline import Handle, Outline
from puffling.desktop.drawings.sheet import Sheet
from puffling.desktop.drawings.style import USUAL_LEVELS, Style, read_levels, write_levels
from puffling.desktop.drawings.timeline import Timeline
from puffling.runtime.clock import microseconds
from puffling.store.values import Drawing, DrawingColour, DrawingKind

# Words are measured, and fonts need an application.
pytestmark = pytest.mark.usefixtures("qapp")

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=day) for day in range(90) if (FIRST + timedelta(days=day)).weekday() < 5]
HOURS = [day + timedelta(hours=14.5 + hour) for day in DAYS for hour in range(7)]
NUMBERS = count()
MONTHS = [datetime(2020 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(75)]


def times(moments: list[datetime]) -> NDArray[np.int64]:
    return np.array([microseconds(moment) for moment in moments])


def ground(moments: list[datetime] = DAYS, *, logarithmic: bool = False) -> Ground:
    """A chart of 600 by 400 pixels on prices from 50 to 150."""
    close = np.linspace(90.0, 110.0, len(moments))
    bars = Pyramid(times(moments), close - 1, close + 2, close - 3, close, np.ones(len(moments)))
    return Ground(bars, Viewport(0, 60, 50, 150, 600, 400, logarithmic), Timeline(times(moments)), decimals=2)


def drawing(kind: str, *points: tuple[int, float], **style: object) -> Drawing:
    return Drawing(f"d{next(NUMBERS)}", "SPY", kind, points, dict(style), 0)


@pytest.mark.parametrize("moments", [DAYS, HOURS, MONTHS], ids=["days", "hours", "months"])
def test_every_place_has_a_time_that_leads_back_to_it(moments: list[datetime]) -> None:
    timeline = Timeline(times(moments))
    for place in range(len(moments) + 60):
        assert timeline.place(timeline.time_at(place)) == place


@pytest.mark.parametrize("place", [-1, -7, -40])
def test_what_lies_before_the_first_bar_keeps_its_distance(place: int) -> None:
    timeline = Timeline(times(DAYS))
    assert timeline.place(timeline.time_at(place)) == pytest.approx(place, abs=0.01)


def test_a_day_is_found_on_the_bars_of_its_hours_and_an_hour_on_the_bar_of_its_day() -> None:
    days, hours = Timeline(times(DAYS)), Timeline(times(HOURS))
    for number, day in enumerate(DAYS[1:], start=1):
        assert HOURS[round(hours.place(microseconds(day)))] == day + timedelta(hours=14.5)
        assert days.place(microseconds(day + timedelta(hours=19.7))) == number


def test_a_weekend_belongs_to_the_monday_after_it() -> None:
    saturday = next(day for day in DAYS if day.weekday() == 4) + timedelta(days=1)
    place = Timeline(times(DAYS)).place(microseconds(saturday))
    assert DAYS[round(place)].weekday() == 0


def test_bars_to_come_stand_on_trading_days_and_arrive_where_they_were_expected() -> None:
    known = Timeline(times(DAYS[:40]))
    for place in range(40, 60):
        assert known.time_at(place) == microseconds(DAYS[place])
    hours = Timeline(times(HOURS[: 7 * 20 + 3]))
    for place in range(7 * 20 + 3, 7 * 30):
        assert hours.time_at(place) == microseconds(HOURS[place])


def test_older_bars_and_newer_ones_leave_a_drawing_at_its_time() -> None:
    line = drawing("line", (microseconds(DAYS[30]), 100.0), (microseconds(DAYS[45]), 101.0))
    for begin, end in ((0, 60), (20, 60), (0, 46), (25, 40)):
        sheet = Sheet((line,), Timeline(times(DAYS[begin:end])))
        assert sheet.places[0, :2].tolist() == [30 - begin, 45 - begin]


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_pixel_becomes_a_bar_and_a_price_and_comes_back(logarithmic: bool) -> None:
    here = ground(logarithmic=logarithmic)
    time_us, price = here.point(213, 111)
    assert time_us == microseconds(DAYS[21])
    assert here.viewport.y(price) == pytest.approx(111, abs=0.1)


def test_the_magnet_takes_the_nearest_price_of_the_bar_and_leaves_what_is_far() -> None:
    here = ground()
    bar = here.bars.bar(20)
    for price in (bar.open, bar.high, bar.low, bar.close):
        assert here.point(200, here.viewport.y(price) + 1.5, magnet=True)[1] == pytest.approx(price)
    assert here.point(200, 10, magnet=True)[1] == here.point(200, 10)[1]
    assert here.point(595, 10, magnet=True)[0] == here.point(595, 10)[0]


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize(
    ("x", "y", "angle"), [(300, 190, "level"), (203, 100, "upright"), (300, 120, "even"), (100, 285, "even")]
)
def test_shift_keeps_a_line_level_upright_or_half_way(x: int, y: int, angle: str, logarithmic: bool) -> None:
    here = ground(logarithmic=logarithmic)
    start = here.point(200, 200)
    end = here.point(x, y, even_from=start)
    dx = here.viewport.x(here.timeline.place(end[0])) - 200
    dy = here.viewport.y(end[1]) - here.viewport.y(start[1])
    wanted = {"level": (dy, 0.0), "upright": (dx, 0.0), "even": (abs(dy), abs(dx))}[angle]
    assert wanted[0] == pytest.approx(wanted[1], abs=0.1)


@pytest.mark.parametrize("logarithmic", [False, True])
def test_moving_a_drawing_moves_every_point_by_the_same_pixels(logarithmic: bool) -> None:
    here = ground(logarithmic=logarithmic)
    line = drawing("line", here.point(100, 300), here.point(200, 100))
    moved = here.moved(line, 5, 40.0)
    for (old_time, old), (new_time, new) in zip(line.points, moved.points, strict=True):
        assert here.timeline.place(new_time) - here.timeline.place(old_time) == 5
        assert here.viewport.y(new) - here.viewport.y(old) == pytest.approx(40, abs=0.1)


def test_a_level_moves_in_price_only_and_an_upright_in_time_only() -> None:
    here = ground()
    start = here.point(100, 200)
    (level,) = here.moved(drawing("horizontal", start), 9, 30.0).points
    (upright,) = here.moved(drawing("vertical", start), 9, 30.0).points
    assert level[0] == start[0]
    assert level[1] < start[1]
    assert upright == (here.timeline.time_at(19), start[1])


def test_a_nudge_is_a_bar_or_no_less_than_one_unit_of_price() -> None:
    here = ground()
    point = here.point(100, 200)
    nudged = here.nudged(drawing("note", point), 0, -1).points[0]
    assert nudged[0] == point[0]
    assert nudged[1] == pytest.approx(point[1] + 0.25)
    close = Ground(here.bars, Viewport(0, 60, 99.9, 100.1, 600, 4000), here.timeline, 2)
    assert close.nudged(drawing("note", (point[0], 100.0)), 0, 1).points == ((point[0], 99.99),)


def test_a_corner_of_a_box_moves_the_two_sides_it_holds() -> None:
    here = ground()
    box = drawing("rectangle", here.point(100, 100), here.point(200, 200))
    moved = here.stretched(box, Handle(0, 1, QPointF()), here.point(50, 300))
    assert moved.points == ((here.timeline.time_at(5), box.points[0][1]), (box.points[1][0], 75.0))


def test_what_is_out_of_sight_is_pasted_into_the_middle() -> None:
    here = ground()
    seen = drawing("line", here.point(100, 100), here.point(200, 200))
    assert here.in_sight(seen) == seen
    far = drawing("line", (microseconds(DAYS[0]), 5000.0), (microseconds(DAYS[9]), 5010.0))
    moved = here.in_sight(far)
    assert all(0 <= here.viewport.y(price) <= 400 for _, price in moved.points)


def test_a_measure_counts_bars_time_price_and_percent() -> None:
    timeline = Timeline(times(DAYS))
    start, end = microseconds(DAYS[3]), microseconds(DAYS[13])
    assert measured((start, 80.0), (end, 100.0), timeline, 2) == ("+20.00  +25.00%", "10 bars, 14 d")
    assert measured((end, 100.0), (start, 80.0), timeline, 2) == ("−20.00  −20.00%", "−10 bars, 14 d")
    hours = Timeline(times(HOURS))
    begun = microseconds(HOURS[0])
    assert measured((begun, 0.0), (microseconds(HOURS[8]), 1.0), hours, 1) == ("+1.0", "8 bars, 1 d 1 h")


def outline(*drawings: Drawing, logarithmic: bool = False) -> Outline:
    here = ground(logarithmic=logarithmic)
    return Outline(Sheet(drawings, here.timeline), here.viewport, 2)


def _middle(shown: Outline) -> tuple[float, float]:
    if not len(shown.lines):
        center = shown.labels[0].box.center()
        return center.x(), center.y()
    x1, y1, x2, y2 = shown.lines[0].tolist()
    return (x1 + x2) / 2, (y1 + y2) / 2


def at(place: int, price: float) -> tuple[int, float]:
    return microseconds(DAYS[place]), price


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("kind", list(DrawingKind))
def test_every_kind_is_hit_on_itself_within_five_pixels_and_not_beyond(
    kind: DrawingKind, logarithmic: bool
) -> None:
    points = (at(10, 120.0), at(40, 80.0), at(10, 100.0))[: kind.points]
    shown = outline(drawing(kind, *points, text="Word"), logarithmic=logarithmic)
    assert shown.in_sight() == {0}
    x, y = _middle(shown)
    assert shown.row_at(x, y) == 0
    assert shown.row_at(x + 3, y + 3) == 0
    assert shown.row_at(5, 395) is None


def test_a_ray_goes_on_beyond_its_second_point_and_a_line_does_not() -> None:
    points = (at(10, 100.0), at(20, 100.0))
    assert outline(drawing("ray", *points)).row_at(590, 200) == 0
    assert outline(drawing("ray", *points)).row_at(10, 200) is None
    assert outline(drawing("extended", *points)).row_at(10, 200) == 0
    assert outline(drawing("line", *points)).row_at(590, 200) is None


@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_ray_from_far_outside_is_seen_where_it_passes(logarithmic: bool) -> None:
    far = (microseconds(DAYS[0]) - 3650 * 86_400_000_000, 60.0)
    shown = outline(drawing("ray", far, (far[0] + 86_400_000_000 * 7, 60.01)), logarithmic=logarithmic)
    assert len(shown.lines) == 1
    assert abs(shown.lines[0]).max() <= 700


def test_the_topmost_of_two_is_taken() -> None:
    points = (at(10, 100.0), at(40, 100.0))
    low, high = drawing("horizontal", points[0]), drawing("line", *points)
    assert outline(low, high).row_at(250, 200) == 1
    assert outline(high, low).row_at(250, 200) == 1


def test_retracements_lie_between_the_points_at_their_levels() -> None:
    fibonacci = drawing("fibonacci", at(10, 140.0), at(40, 60.0), levels=[0, 0.5, 1])
    shown = outline(fibonacci)
    here = ground().viewport
    assert sorted(shown.lines[:, 1].tolist()) == pytest.approx(
        [here.y(140) + 0.5, 200.5, here.y(60) + 0.5], abs=1
    )
    assert [label.text for label in shown.labels] == ["0  60.00", "0.5  100.00", "1  140.00"]


@pytest.mark.parametrize("kind", [DrawingKind.NOTE, DrawingKind.VERTICAL])
@pytest.mark.parametrize("place", [1, 30, 50, 58, 59])
@pytest.mark.parametrize("price", [52.0, 100.0, 149.0])
def test_words_beside_a_point_are_never_cut(kind: DrawingKind, place: int, price: float) -> None:
    (label,) = outline(drawing(kind, at(place, price), text="What was thought of it then")).labels
    assert 0 <= label.box.left() < label.box.right() <= 600
    assert 0 <= label.box.top() < label.box.bottom() <= 400


def test_only_what_is_in_sight_is_worked_out() -> None:
    many = [drawing("line", at(place, 500.0 + place), at(place + 3, 510.0 + place)) for place in range(50)]
    here = ground()
    sheet = Sheet([*many, drawing("line", at(5, 100.0), at(9, 110.0))], here.timeline)
    assert sheet.seen(here.viewport).tolist() == [50]


def test_thousands_are_drawn_without_what_would_only_hide_the_others() -> None:
    kinds = [kind for kind in DrawingKind if kind is not DrawingKind.NOTE]
    points = (at(10, 120.0), at(40, 80.0), at(10, 100.0))
    many = [drawing(kind, *points[: kind.points], text="Word") for kind in kinds * 40]
    few, crowded = outline(*many[:9]), outline(*many)
    assert few.areas
    assert few.labels
    assert not crowded.areas
    assert not crowded.labels
    assert len(crowded.lines) == 40 * len(few.lines)
    assert crowded.in_sight() == set(range(len(many)))


def test_what_a_sheet_knew_is_not_looked_at_again() -> None:
    here = ground()
    drawings = [drawing("line", at(place, 100.0), at(place + 3, 110.0)) for place in range(20)]
    before = Sheet(drawings, here.timeline)
    after = Sheet([*drawings[5:], drawing("note", at(3, 100.0))], here.timeline, before)
    assert all(one is other for one, other in zip(after.styles[:15], before.styles[5:], strict=True))
    assert [each.id for each in after.drawings[:15]] == [each.id for each in drawings[5:]]
    assert after.places[:15].tolist() == before.places[5:].tolist()


@pytest.mark.parametrize(
    "broken",
    [
        drawing("note", (0, float("nan"))),
        drawing("circle", (0, 1.0)),
        drawing("line", (0, 1.0)),
        drawing("note", (0, 1.0), (1, 1.0)),
    ],
)
def test_what_no_tool_makes_is_passed_over(broken: Drawing) -> None:
    assert len(outline(broken, drawing("note", at(3, 100.0))).sheet) == 1


@pytest.mark.parametrize(
    "kept",
    [{}, {"colour": "mud", "width": "x", "dash": 3, "text": 1, "levels": "x", "locked": 1, "filled": 0}],
)
def test_a_damaged_look_is_the_usual_one(kept: dict[str, object]) -> None:
    assert Style.of(kept) == Style()


def test_a_look_goes_away_and_comes_back_and_keeps_only_what_is_unusual() -> None:
    style = Style(DrawingColour.PINK, 4.0, text="A", levels=(0.0, 0.5), locked=True)
    assert Style.of(style.keep()) == style
    assert Style().keep() == {}


def test_levels_are_read_as_people_write_them() -> None:
    assert read_levels("1, 0.5; 38.2% 0") == (0.0, 0.382, 0.5, 1.0)
    assert read_levels(write_levels(USUAL_LEVELS)) == USUAL_LEVELS
    assert read_levels("0.5, nan") is None
    assert read_levels("half") is None
