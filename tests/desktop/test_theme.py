from __future__ import annotations

import re
from dataclasses import fields
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QToolButton
from pytestqt.qtbot import QtBot

from puffling.desktop import icons
from puffling.desktop.theme import (
    Appearance,
    Colours,
    Density,
    Scheme,
    Size,
    Theme,
    colours,
    look,
    mix,
    set_role,
    style_sheet,
)
from puffling.runtime.paths import resources

SCHEMES = list(product((True, False), (True, False)))
LEAST_CONTRAST = 4.5


def luminance(colour: QColor) -> float:
    channels = [value / 255 for value in (colour.red(), colour.green(), colour.blue())]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("dark", "colour_blind"), SCHEMES)
def test_every_text_can_be_read_on_every_surface_it_stands_on(dark: bool, colour_blind: bool) -> None:
    shades = colours(dark=dark, colour_blind=colour_blind)
    stands_on = [
        *product(("text", "muted", "accent", "up", "down", "warn", "danger"), ("window", "panel", "raised")),
        *product(("text", "muted"), ("hover",)),
        *product(("text", "up", "down"), ("flash_up", "flash_down")),
        ("on_accent", "accent"),
        ("on_up", "up"),
        ("on_down", "down"),
        ("on_live", "live"),
        ("panel", "text"),
    ]
    weak = {
        f"{ink} on {ground}": round(found, 2)
        for ink, ground in stands_on
        if (found := contrast(getattr(shades, ink), getattr(shades, ground))) < LEAST_CONTRAST
    }
    assert weak == {}


@pytest.mark.parametrize(("dark", "colour_blind"), SCHEMES)
def test_text_stays_readable_on_a_button_under_the_pointer(dark: bool, colour_blind: bool) -> None:
    shades = colours(dark=dark, colour_blind=colour_blind)
    for name in ("accent", "up", "down"):
        ground = mix(getattr(shades, name), shades.text, 0.15)
        assert contrast(getattr(shades, f"on_{name}"), ground) >= LEAST_CONTRAST


@pytest.mark.parametrize("dark", [True, False])
def test_indicator_lines_stand_out_from_the_panel(dark: bool) -> None:
    shades = colours(dark=dark)
    assert len(shades.series) >= 6
    assert all(contrast(line, shades.panel) >= LEAST_CONTRAST for line in shades.series)


def test_gain_and_loss_of_the_colour_blind_pair_are_blue_and_orange() -> None:
    for dark in (True, False):
        pair = colours(dark=dark, colour_blind=True)
        assert 190 < pair.up.hue() < 240
        assert 20 < pair.down.hue() < 50


def test_the_palette_file_is_the_only_place_with_colours(checkout: Path) -> None:
    colour = re.compile(
        r"""#[0-9a-fA-F]{3,8}\b(?<!\w)|QColor\(\s*["'\d]|GlobalColor\.(?!transparent)|rgba?\("""
    )
    places = [*(checkout / "puffling" / "desktop").rglob("*.py"), *(resources() / "themes").glob("*.qss")]
    assert len(places) > 20
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in places
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if colour.search(line)
    ]
    assert found == []


def test_every_colour_of_the_palette_file_is_used(checkout: Path) -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (checkout / "puffling").rglob("*.py"))
    code += (resources() / "themes" / "style.qss").read_text(encoding="utf-8")
    names = [each.name for each in fields(Colours)]
    unused = [name for name in names if not re.search(rf"[.$]{name}\b|roles\.\w+, shades.{name}", code)]
    assert unused == []


def test_the_whole_application_changes_its_look_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    told: list[Theme] = []
    look().wear(Appearance(Scheme.DARK))
    look().changed.connect(told.append)
    dark = window.grab().toImage().pixelColor(1, 1)
    look().wear(Appearance(Scheme.LIGHT, colour_blind=True))
    look().changed.disconnect(told.append)
    light = window.grab().toImage().pixelColor(1, 1)
    assert (dark, light) == (colours(dark=True).window, colours(dark=False).window)
    assert [(theme.dark, theme.colour_blind) for theme in told] == [(False, True)]
    assert qapp.palette().color(QPalette.ColorRole.Text) == colours(dark=False).text


def test_wearing_the_same_look_again_tells_nobody(qtbot: QtBot) -> None:
    look().wear(Appearance(Scheme.DARK))
    told: list[Theme] = []
    look().changed.connect(told.append)
    look().wear(Appearance(Scheme.DARK))
    look().changed.disconnect(told.append)
    assert told == []


def test_figures_are_of_one_width_in_every_size_and_weight(qtbot: QtBot) -> None:
    look().wear(Appearance(Scheme.DARK))
    for size, semibold in product(Size, (True, False)):
        metrics = QFontMetricsF(Theme.font(size, semibold=semibold))
        widths = [metrics.horizontalAdvance(digit) for digit in "0123456789\N{FIGURE SPACE}"]
        assert widths == pytest.approx([widths[0]] * 11, abs=0.05)
        assert metrics.horizontalAdvance(".") == metrics.horizontalAdvance("\N{PUNCTUATION SPACE}")


def test_the_shipped_faces_are_the_ones_that_are_used(qtbot: QtBot) -> None:
    look().wear(Appearance(Scheme.DARK))
    assert QFontInfo(Theme.font()).family() == "Inter"
    assert QFontInfo(Theme.font(semibold=True)).weight() == QFont.Weight.DemiBold
    assert QFontInfo(Theme.mono()).family() == "JetBrains Mono"
    assert (resources() / "fonts" / "OFL.txt").is_file()


def test_density_is_24_28_or_32_pixels_a_row() -> None:
    assert [density.row_height for density in Density] == [24, 28, 32]


def test_the_style_sheet_has_no_unfilled_token() -> None:
    for dark in (True, False):
        assert "$" not in style_sheet(Theme(dark=dark, colours=colours(dark=dark)))


def test_a_role_given_after_showing_takes_effect(qtbot: QtBot) -> None:
    look().wear(Appearance(Scheme.DARK))
    words = QLabel("−0.77%")
    qtbot.addWidget(words)
    words.show()
    set_role(words, tone="down")
    assert words.palette().color(QPalette.ColorRole.WindowText) == colours(dark=True).down


def test_icons_keep_up_with_the_theme(qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    look().wear(Appearance(Scheme.DARK))
    icons.set_icon(button, "close")

    def ink() -> QColor:
        drawn = button.icon().pixmap(16, QIcon.Mode.Normal).toImage()
        return max(
            (drawn.pixelColor(x, y) for x in range(drawn.width()) for y in range(drawn.height())),
            key=QColor.alpha,
        )

    dark = ink()
    look().wear(Appearance(Scheme.LIGHT))
    light = ink()
    assert contrast(dark, colours(dark=True).panel) > 3
    assert contrast(light, colours(dark=False).panel) > 3
    assert dark != light


def test_every_icon_draws_something(qtbot: QtBot) -> None:
    assert len(icons.names()) >= 25
    for name in icons.names():
        drawn = icons.pixmap(name, colours(dark=True).text, 16).toImage()
        assert any(drawn.pixelColor(x, y).alpha() for x in range(16) for y in range(16)), name
    assert not icons.application_icon().isNull()
