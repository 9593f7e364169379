from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from puffling.runtime.bus import Bus


@dataclass(frozen=True)
class Rained:
    """Some news."""

    millimetres: int


@dataclass(frozen=True)
class Poured(Rained):
    """More of the same, and yet other news."""


def test_news_reaches_those_who_asked_for_its_class_in_the_order_of_asking() -> None:
    bus, heard = Bus(), list[tuple[str, int]]()
    bus.on(Rained, lambda news: heard.append(("first", news.millimetres)))
    bus.on(Rained, lambda news: heard.append(("second", news.millimetres)))
    bus.on(Poured, lambda news: heard.append(("other", news.millimetres)))
    bus.publish(Rained(5))
    bus.publish("nobody asked for this")
    assert heard == [("first", 5), ("second", 5)]


def test_unsubscribing_takes_away_one_subscription_however_often_it_is_done() -> None:
    bus, heard = Bus(), list[Rained]()
    end_first, end_second = bus.on(Rained, heard.append), bus.on(Rained, heard.append)
    end_first()
    end_first()
    assert bus.listeners(Rained) == 1
    bus.publish(Rained(1))
    assert heard == [Rained(1)]
    end_second()
    bus.publish(Rained(2))
    assert heard == [Rained(1)]
    assert bus.listeners(Rained) == 0


def test_a_failing_handler_is_reported_and_the_others_still_hear(caplog: pytest.LogCaptureFixture) -> None:
    bus, heard = Bus(), list[Rained]()

    def fail(news: Rained) -> None:
        raise ValueError("a bad handler")

    bus.on(Rained, fail)
    bus.on(Rained, heard.append)
    bus.publish(Rained(3))
    assert heard == [Rained(3)]
    assert "a bad handler" in caplog.text


def test_a_handler_that_was_taken_away_by_an_earlier_one_hears_nothing_more() -> None:
    bus, heard, ends = Bus(), list[Rained](), list[Callable[[], None]]()
    bus.on(Rained, lambda _: ends[0]())
    ends.append(bus.on(Rained, heard.append))
    bus.publish(Rained(4))
    assert heard == []


def test_a_handler_may_subscribe_and_publish_while_it_hears() -> None:
    bus, heard = Bus(), list[int]()

    def hear(news: Rained) -> None:
        heard.append(news.millimetres)
        if news.millimetres < 3:
            bus.on(Rained, lambda later: heard.append(later.millimetres * 10))
            bus.publish(Rained(3))

    bus.on(Rained, hear)
    bus.publish(Rained(2))
    assert heard == [2, 3, 30]
