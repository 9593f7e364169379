"""Our own stroke icons, tinted with the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from puffling.desktop.theme import Theme, Tone, look, translucent
from puffling.runtime.paths import resources

SMALL = 16
LARGE = 20
_RATIOS = (1, 2)


def names() -> tuple[str, ...]:
    """Give the name of every icon there is."""
    return tuple(
        sorted(path.stem for path in (resources() / "icons").glob("*.svg") if path.stem != "puffling")
    )


def pixmap(name: str, colour: QColor, size: int = SMALL, ratio: float = 1.0) -> QPixmap:
    """Draw one icon in one colour, sharp at this device pixel ratio."""
    return _drawn(name, _written(colour), size, ratio)


def icon(name: str, theme: Theme, tone: Tone = Tone.MUTED) -> QIcon:
    """Give an icon in a tone: brighter under the pointer, in the accent when on, faded when unusable."""
    shades = theme.colours
    return _dyed(
        name,
        _written(shades.tone(tone)),
        _written(shades.text if tone is Tone.MUTED else shades.tone(tone)),
        _written(shades.accent),
        _written(translucent(shades.muted, 0.45)),
    )


def set_icon(target: QAbstractButton | QAction, name: str, tone: Tone = Tone.MUTED) -> None:
    """Give a button or action an icon that keeps up with the theme."""
    tint = target.findChild(_Tint, options=Qt.FindChildOption.FindDirectChildrenOnly)
    (tint or _Tint(target)).show(name, tone)


@cache
def application_icon() -> QIcon:
    """Give the puffin that stands for the application."""
    found = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        found.addPixmap(_render(_strokes("puffling"), size))
    return found


class _Tint(QObject):
    """Keeps the icon of its parent in the colours of the theme."""

    def __init__(self, target: QAbstractButton | QAction) -> None:
        super().__init__(target)
        self._target = target
        self._name = ""
        self._tone = Tone.MUTED
        look().changed.connect(self._dye)

    def show(self, name: str, tone: Tone) -> None:
        self._name, self._tone = name, tone
        self._dye(look().theme)

    def _dye(self, theme: Theme) -> None:
        self._target.setIcon(icon(self._name, theme, self._tone))
        if isinstance(self._target, QAbstractButton):
            self._target.setIconSize(QSize(SMALL, SMALL))


@cache
def _dyed(name: str, normal: str, pointed_at: str, on: str, unusable: str) -> QIcon:
    found = QIcon()
    looks = [
        (QIcon.Mode.Normal, QIcon.State.Off, normal),
        (QIcon.Mode.Normal, QIcon.State.On, on),
        (QIcon.Mode.Disabled, QIcon.State.Off, unusable),
    ]
    # What is not given for the pointer is taken from what is given without it.
    if pointed_at != normal:
        looks.append((QIcon.Mode.Active, QIcon.State.Off, pointed_at))
    for mode, state, colour in looks:
        for ratio in _RATIOS:
            found.addPixmap(_drawn(name, colour, SMALL, ratio), mode, state)
    return found


def _written(colour: QColor) -> str:
    return colour.name(QColor.NameFormat.HexArgb)


@cache
def _drawn(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    # Reading strokes is what costs: they are drawn once in black, and every colour is poured over a copy.
    drawn = QPixmap(_stroked(name, size, ratio))
    painter = QPainter(drawn)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(drawn.rect(), QColor(colour))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def _stroked(name: str, size: int, ratio: float) -> QPixmap:
    return _render(_strokes(name), size, ratio)


@cache
def _strokes(name: str) -> QSvgRenderer:
    source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", "#000000").encode()))


def _render(strokes: QSvgRenderer, size: int, ratio: float = 1.0) -> QPixmap:
    drawn = QPixmap(round(size * ratio), round(size * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    strokes.render(painter, QRectF(0, 0, drawn.width(), drawn.height()))
    painter.end()
    return drawn
