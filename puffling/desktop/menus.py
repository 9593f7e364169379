"""Menus with the corners of the rest; they pop up and never block."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from puffling.runtime.text import tr


class Menu(QMenu):
    """A menu on a translucent window, so that its corners are round."""

    def __init__(self, parent: QWidget, title: str = "") -> None:
        super().__init__(title, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        self.setToolTipsVisible(True)


def passing_menu(parent: QWidget) -> Menu:
    """Give a menu that is gone once it closes."""
    menu = Menu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def offer_copy(widget: QWidget, copy: Callable[[], None], at: QPoint) -> None:
    """Pop up the menu of what can only be copied."""
    menu = passing_menu(widget)
    menu.addAction(tr("Copy"), QKeySequence(QKeySequence.StandardKey.Copy), copy)
    menu.popup(at)
