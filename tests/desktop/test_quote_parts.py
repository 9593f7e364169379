"""What the Quote panel is made of, by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QWidget

from puffling.desktop.quote.facts import Facts, countdown, size_words
from puffling.desktop.quote.parts import Parts
from puffling.desktop.quote.tape import MOST_KEPT, Tape
from puffling.desktop.theme import Tone
from puffling.market.values import BidAsk, Book, Level, Price, Quality, SessionState, Tick

Show = Callable[[QWidget, int, int], None]

PRICE = Price(
    "SPY", 101.0, 1, SessionState.OPEN, 100.0, 100.5, 102.0, 99.0, 5e6, "demo", "Demo data", Quality.DEMO
)


@pytest.fixture
def show(qapp: object) -> Iterator[Show]:
    """Show widgets at a size, and let go of them with the test."""
    shown: list[QWidget] = []

    def show_one(widget: QWidget, width: int, height: int) -> None:
        shown.append(widget)
        widget.resize(width, height)
        widget.show()

    yield show_one
    for widget in shown:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def ticks(*prices: float, size: float = 100.0, since_us: int = 1) -> list[Tick]:
    return [Tick("SPY", price, size, since_us + place) for place, price in enumerate(prices)]


def hour(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def point_at(tape: Tape) -> None:
    tape.enterEvent(QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))


def leave(tape: Tape) -> None:
    tape.leaveEvent(QEvent(QEvent.Type.Leave))


def test_the_tape_tells_rises_from_falls_also_across_equal_prices(
    show: Show,
) -> None:
    tape = Tape()
    show(tape, 260, 300)
    tape.begin(ticks(1.0, 2.0, 2.0, 1.5, 1.5), 2, hour)
    assert [line.direction for line in tape.lines] == [-1, -1, 1, 1, 0]


def test_the_tape_stands_still_while_somebody_points_at_it(
    show: Show,
) -> None:
    tape = Tape()
    show(tape, 260, 300)
    tape.begin(ticks(1.0, 2.0), 2, hour)
    point_at(tape)
    tape.add(ticks(3.0, 4.0, since_us=10))
    assert [line.price for line in tape.lines] == [2.0, 1.0]
    assert tape.waiting == 2
    leave(tape)
    assert [line.price for line in tape.lines] == [4.0, 3.0, 2.0, 1.0]
    assert tape.waiting == 0


def test_the_tape_stands_still_while_somebody_reads_further_down(
    show: Show,
) -> None:
    tape = Tape()
    show(tape, 260, 300)
    tape.begin(ticks(*range(1, 200)), 2, hour)
    bar = tape.verticalScrollBar()
    bar.setValue(500)
    tape.add(ticks(7.0, since_us=1_000))
    assert (tape.waiting, tape.lines[0].price) == (1, 199)
    bar.setValue(0)
    assert (tape.waiting, tape.lines[0].price) == (0, 7.0)


def test_a_trade_that_is_told_twice_is_shown_once(show: Show) -> None:
    tape = Tape()
    show(tape, 260, 300)
    tape.begin(ticks(1.0, 2.0), 2, hour)
    tape.add(ticks(1.0, 2.0, 3.0))
    assert [line.price for line in tape.lines] == [3.0, 2.0, 1.0]


def test_the_tape_shows_large_trades_alone_and_forgets_old_ones(
    show: Show,
) -> None:
    tape = Tape()
    show(tape, 260, 300)
    tape.begin([], 2, hour)
    tape.add(ticks(*([1.0] * (MOST_KEPT + 500))))
    assert len(tape.lines) == MOST_KEPT
    tape.add(ticks(9.0, size=5_000.0, since_us=100_000))
    tape.show_from(1_000.0)
    assert [line.price for line in tape.lines] == [9.0]
    tape.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1].endswith("\t9.00\t5000")


@pytest.mark.parametrize(
    ("width", "height", "tape", "book"),
    [(300, 700, True, False), (620, 400, True, False), (900, 400, True, True)],
)
def test_tape_and_book_stand_beside_each_other_where_there_is_room(
    show: Show, width: int, height: int, tape: bool, book: bool
) -> None:
    parts = Parts()
    show(parts, width, height)
    assert (parts.tape.isVisible(), parts.ladder.isVisible()) == (tape, book)
    assert (parts.shows_tape, parts.shows_book) == (tape, book)
    assert parts.face.width() <= width
    inside = parts.rect().adjusted(-1, -1, 1, 1)
    for part in (parts.face, parts.tape):
        assert inside.contains(part.mapTo(parts, QPoint(0, 0)))
        assert inside.contains(part.mapTo(parts, part.rect().bottomRight()))


def test_a_book_copies_as_a_table(show: Show) -> None:
    parts = Parts()
    show(parts, 900, 400)
    book = Book("SPY", (Level(9.0, 100.0), Level(8.5, 50.0)), (Level(9.5, 10.0),), 1)
    parts.ladder.show_book(book, 2)
    parts.ladder.grab()
    parts.ladder.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1:] == ["100\t9.00\t9.50\t10", "50\t8.50\t\t"]


def test_facts_read_as_people_read_them() -> None:
    facts = Facts("SPY", "A fund", price=PRICE, quote=BidAsk("SPY", 100.99, 101.01, 1_100.0, 0.25, 1))
    assert (facts.last, facts.change, facts.tone) == ("101.00", "+1.00  +1.00%", Tone.UP)
    assert facts.spread_words == ("0.02", "2.0 bp")
    assert facts.side("bid") == ("100.99", "\N{MULTIPLICATION SIGN} 1,100")
    assert facts.side("ask") == ("101.01", "\N{MULTIPLICATION SIGN} 0.2500")
    assert facts.quality == ("Demo data", Tone.WARN)


def test_a_side_on_which_nobody_stands_has_no_price_and_no_spread() -> None:
    facts = Facts("SPY", price=PRICE, quote=BidAsk("SPY", 100.0, 0.0, 10.0, 0.0, 1))
    assert facts.side("ask") == ("–", "")
    assert facts.spread_words == ("–", "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (59.2, "59 s"), (60, "1 min"), (3_660, "1 h 1 min"), (200_000, "2 d 7 h")],
)
def test_a_countdown_reads_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert countdown(seconds) == said


def test_sizes_have_the_digits_they_need() -> None:
    assert [size_words(size) for size in (1_100.0, 0.0125, 12.5, 9_211.25)] == [
        "1,100",
        "0.0125",
        "12.50",
        "9,211",
    ]


def test_a_name_that_would_be_a_formula_is_copied_as_words() -> None:
    lines = Facts(symbol="@BTC", name='=HYPERLINK("x")').as_text().splitlines()
    assert lines[:2] == ["Symbol\t'@BTC", 'Name\t"\'=HYPERLINK(""x"")"']
