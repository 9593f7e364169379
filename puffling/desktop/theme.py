"""How the window looks: colours, type and space, read from one palette file and worn by all of it."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from puffling.frozen import frozen
from puffling.runtime.paths import resources

SANS = "Inter"
MONO = "JetBrains Mono"
FONT_FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf")
RADIUS = 8
GAP = 8
PADDING = 12
FLASH_MILLISECONDS = 250
MOTION_MILLISECONDS = 150


class Scheme(StrEnum):
    """Which of the two sets of colours a person wants."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


class Density(StrEnum):
    """How close the rows of tables and forms stand."""

    COMPACT = "compact"
    REGULAR = "regular"
    ROOMY = "roomy"

    @property
    def row_height(self) -> int:
        """Give the height of one table row in pixels."""
        return {Density.COMPACT: 24, Density.REGULAR: 28, Density.ROOMY: 32}[self]


class Size(StrEnum):
    """The few sizes of type there are."""

    CAPTION = "caption"
    BASE = "base"
    PROSE = "prose"
    HEADING = "heading"
    FIGURE = "figure"

    @property
    def pixels(self) -> int:
        """Give the height of the type in pixels."""
        return {"caption": 11, "base": 12, "prose": 13, "heading": 15, "figure": 22}[self.value]


class Tone(StrEnum):
    """What a piece of text means, where its colour says it too."""

    TEXT = "text"
    MUTED = "muted"
    ACCENT = "accent"
    UP = "up"
    DOWN = "down"
    WARN = "warn"
    DANGER = "danger"
    # White on red: real money, and nothing else.
    LIVE = "live"


@frozen
class Appearance:
    """What a person chose; the theme is what comes of it."""

    scheme: Scheme = Scheme.SYSTEM
    density: Density = Density.REGULAR
    colour_blind: bool = False
    reduced_motion: bool = False


@frozen
class Colours:
    """Every colour token of one scheme."""

    window: QColor
    panel: QColor
    raised: QColor
    hover: QColor
    line: QColor
    text: QColor
    muted: QColor
    accent: QColor
    on_accent: QColor
    up: QColor
    down: QColor
    on_up: QColor
    on_down: QColor
    flash_up: QColor
    flash_down: QColor
    warn: QColor
    danger: QColor
    live: QColor
    on_live: QColor
    shadow: QColor
    series: tuple[QColor, ...]

    def tone(self, tone: Tone) -> QColor:
        """Give the colour of a tone of text."""
        found: QColor = getattr(self, tone.value)
        return found


@frozen
class Theme:
    """One look, complete: what every widget draws itself with."""

    dark: bool
    colours: Colours
    density: Density = Density.REGULAR
    colour_blind: bool = False
    reduced_motion: bool = False

    @property
    def row_height(self) -> int:
        """Give the height of one table row in pixels."""
        return self.density.row_height

    @property
    def edge(self) -> QColor:
        """Give the colour of a hairline somebody points at."""
        return mix(self.colours.line, self.colours.muted, 0.4)

    @staticmethod
    def font(size: Size = Size.BASE, *, semibold: bool = False) -> QFont:
        """Give the face for reading, with figures of one width."""
        return _font(SANS, size.pixels, semibold)

    @staticmethod
    def mono(size: Size = Size.BASE) -> QFont:
        """Give the face for code and logs."""
        return _font(MONO, size.pixels, False)


def mix(below: QColor, above: QColor, share: float) -> QColor:
    """Lay a share of one colour over another."""
    return QColor(
        round(below.red() + (above.red() - below.red()) * share),
        round(below.green() + (above.green() - below.green()) * share),
        round(below.blue() + (above.blue() - below.blue()) * share),
    )


def translucent(colour: QColor, opacity: float) -> QColor:
    """Give the colour with this much of it opaque."""
    found = QColor(colour)
    found.setAlphaF(opacity)
    return found


@cache
def colours(*, dark: bool, colour_blind: bool = False) -> Colours:
    """Read one set of colours from the palette file."""
    section = _palette()["dark" if dark else "light"]
    tokens = {**section, **(section["colour_blind"] if colour_blind else {})}
    single = {name: QColor(token) for name, token in tokens.items() if isinstance(token, str)}
    return Colours(**single, series=tuple(QColor(token) for token in tokens["series"]))


@cache
def fallback_theme() -> Theme:
    """Give the theme of widgets that are drawn before the application chose one."""
    return Theme(dark=True, colours=colours(dark=True))


class Look(QObject):
    """The look the application wears: follows the system or the person, and tells all who draw."""

    changed = Signal(object)

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._appearance = Appearance()
        self._theme = fallback_theme()
        self._worn = False
        self._marks = QTemporaryDir()
        application.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def theme(self) -> Theme:
        """Give the theme everything is drawn with now."""
        return self._theme

    @property
    def appearance(self) -> Appearance:
        """Give what the person chose."""
        return self._appearance

    def wear(self, appearance: Appearance) -> None:
        """Put this look on, at once and everywhere."""
        if not self._worn:
            _load_fonts()
            self._application.setStyle("Fusion")
            self._application.setFont(Theme.font())
        self._appearance = appearance
        hints = self._application.styleHints()
        if appearance.scheme is Scheme.SYSTEM:
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(_QT_SCHEMES[appearance.scheme])
        self._apply(self._theme_of(appearance))

    def _follow_system(self) -> None:
        if self._worn and self._appearance.scheme is Scheme.SYSTEM:
            self._apply(self._theme_of(self._appearance))

    def _theme_of(self, appearance: Appearance) -> Theme:
        if appearance.scheme is Scheme.SYSTEM:
            dark = self._application.styleHints().colorScheme() is not Qt.ColorScheme.Light
        else:
            dark = appearance.scheme is Scheme.DARK
        return Theme(
            dark=dark,
            colours=colours(dark=dark, colour_blind=appearance.colour_blind),
            density=appearance.density,
            colour_blind=appearance.colour_blind,
            reduced_motion=appearance.reduced_motion,
        )

    def _apply(self, theme: Theme) -> None:
        if self._worn and theme == self._theme:
            return
        self._worn = True
        self._theme = theme
        self._application.setPalette(qt_palette(theme))
        self._application.setStyleSheet(style_sheet(theme) + self._draw_marks(theme))
        self.changed.emit(theme)

    def _draw_marks(self, theme: Theme) -> str:
        """Tint the few marks a style sheet can only take from files, and give the rules that show them."""
        rules = []
        for number, (selector, name, colour) in enumerate(
            (
                ("QComboBox::down-arrow", "down", theme.colours.muted),
                ("QCheckBox::indicator:checked", "check", theme.colours.on_accent),
                ("QMenu::indicator:checked", "check", theme.colours.text),
            )
        ):
            drawing = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            # Qt keeps what it read from a path: the colour is in the name, so that a new one is read anew.
            place = Path(self._marks.filePath(f"{number}-{colour.name()[1:]}.svg"))
            place.write_text(drawing.replace("currentColor", colour.name()), encoding="utf-8")
            rules.append(f'{selector} {{ image: url("{place.as_posix()}"); }}')
        return "\n".join(rules)


def look() -> Look:
    """Give the one look of the running application."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise RuntimeError("There is no QApplication to wear a look.")
    found = application.findChild(Look, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found or Look(application)


def theme() -> Theme:
    """Give the theme everything is drawn with now."""
    return look().theme


def qt_palette(theme: Theme) -> QPalette:
    """Give Qt's own palette for a theme."""
    shades = theme.colours
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, shades.window),
        (roles.WindowText, shades.text),
        (roles.Base, shades.panel),
        (roles.AlternateBase, shades.raised),
        (roles.Text, shades.text),
        (roles.PlaceholderText, shades.muted),
        (roles.Button, shades.raised),
        (roles.ButtonText, shades.text),
        (roles.BrightText, shades.on_live),
        (roles.ToolTipBase, shades.raised),
        (roles.ToolTipText, shades.text),
        (roles.Highlight, shades.accent),
        (roles.HighlightedText, shades.on_accent),
        (roles.Accent, shades.accent),
        (roles.Link, shades.accent),
        (roles.LinkVisited, shades.accent),
        (roles.Light, shades.hover),
        (roles.Midlight, shades.hover),
        (roles.Mid, shades.line),
        (roles.Dark, shades.line),
        (roles.Shadow, shades.shadow),
    ):
        palette.setColor(role, colour)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, shades.muted)
    return palette


def style_sheet(theme: Theme) -> str:
    """Give the style sheet for a theme: shapes and states that a palette cannot say."""
    shades = theme.colours
    names = {
        field.name: getattr(shades, field.name).name() for field in fields(Colours) if field.name != "series"
    }
    return _style_template().substitute(
        names,
        edge=theme.edge.name(),
        accent_hover=mix(shades.accent, shades.text, 0.15).name(),
        up_hover=mix(shades.up, shades.text, 0.15).name(),
        down_hover=mix(shades.down, shades.text, 0.15).name(),
        live_hover=mix(shades.live, shades.shadow, 0.15).name(),
        control=theme.row_height - 6,
    )


def set_role(widget: QWidget, **roles: str | bool) -> None:
    """Give a widget a role of the style sheet (`kind="primary"`, `tone="muted"`), also after it was shown."""
    if all(widget.property(name) == value for name, value in roles.items()):
        return
    for name, value in roles.items():
        widget.setProperty(name, value)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        # It is styled when it is shown, roles and all.
        return
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


_QT_SCHEMES = {Scheme.DARK: Qt.ColorScheme.Dark, Scheme.LIGHT: Qt.ColorScheme.Light}


@cache
def _palette() -> dict[str, dict[str, Any]]:
    with (resources() / "themes" / "palette.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _style_template() -> Template:
    return Template((resources() / "themes" / "style.qss").read_text(encoding="utf-8"))


@cache
def _load_fonts() -> None:
    for name in FONT_FILES:
        QFontDatabase.addApplicationFont(str(resources() / "fonts" / name))


@cache
def _font(family: str, pixels: int, semibold: bool) -> QFont:
    font = QFont(family)
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if semibold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
