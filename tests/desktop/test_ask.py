from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget

from puffling.desktop.ask import Question, ask, ask_text
from puffling.desktop.theme import Appearance, Scheme, look


@pytest.fixture
async def window() -> AsyncIterator[QWidget]:
    look().wear(Appearance(Scheme.DARK, reduced_motion=True))
    made = QWidget()
    made.resize(800, 600)
    QVBoxLayout(made).addWidget(QLineEdit())
    QApplication.setQuitOnLastWindowClosed(False)
    made.show()
    made.activateWindow()
    yield made
    made.close()
    QApplication.setQuitOnLastWindowClosed(True)
    made.deleteLater()


async def question_in(window: QWidget) -> Question:
    for _ in range(100):
        found = [question for question in window.findChildren(Question) if question.isVisible()]
        if found:
            return found[-1]
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was asked")


def button(question: Question, text: str) -> QPushButton:
    return next(each for each in question.findChildren(QPushButton) if each.text() == text)


@pytest.mark.parametrize(("pressed", "answer"), [("Delete list", True), ("Cancel", False)])
async def test_the_button_that_names_the_act_means_yes(window: QWidget, pressed: str, answer: bool) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(window, "Delete the list Core?", act="Delete list", danger=True))
        question = await question_in(window)
        button(question, pressed).click()
    assert asked.result() is answer


async def test_escape_means_no(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(window, "Delete?", act="Delete"))
        QTest.keyClick(await question_in(window), Qt.Key.Key_Escape)
    assert asked.result() is False


async def test_a_dangerous_question_starts_on_its_way_out(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(window, "Delete?", act="Delete", danger=True))
        question = await question_in(window)
        QTest.keyClick(question, Qt.Key.Key_Return)
    assert asked.result() is False


async def test_closing_the_window_means_no(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(window, "Delete?", act="Delete"))
        await question_in(window)
        window.close()
    assert asked.result() is False


async def test_a_cancelled_question_disappears(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(window, "Delete?", act="Delete"))
        await question_in(window)
        asked.cancel()
    assert asked.cancelled()
    assert [question for question in window.findChildren(Question) if question.isVisible()] == []


async def test_a_question_blocks_nobody_and_the_next_one_stands_lower(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        one = group.create_task(ask(window, "One?", act="One"))
        first = await question_in(window)
        two = group.create_task(ask(window, "Two?", act="Two"))
        await asyncio.sleep(0.05)
        second = await question_in(window)
        assert second is not first
        assert second.y() > first.y()
        assert not window.isModal()
        button(second, "Two").click()
        button(first, "One").click()
    assert (one.result(), two.result()) == (True, True)


async def test_a_name_is_asked_for_and_must_not_be_empty(window: QWidget) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask_text(window, "New list", "Name", act="Create list"))
        question = await question_in(window)
        create = button(question, "Create list")
        create.click()
        assert question.isVisible()
        editor = question.findChild(QLineEdit)
        assert editor is not None
        editor.setText("Tech")
        create.click()
    assert asked.result() == "Tech"
