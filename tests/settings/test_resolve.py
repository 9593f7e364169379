"""From rows and environment to typed settings: bounds hold, nothing is lost, everything is named."""

from __future__ import annotations

import pytest
from pydantic import Field

from puffling.runtime.errors import InvalidInput, NotFound
from puffling.settings.model import Section, Settings
from puffling.settings.resolve import check_value, resolve, views


def test_without_rows_the_defaults_are_in_force() -> None:
    resolved = resolve(Settings, {}, {})
    assert resolved.settings == Settings()
    assert resolved.problems == ()


def test_the_environment_wins_over_rows_and_rows_over_defaults() -> None:
    rows = {"server.port": 9001, "appearance.theme": "dark"}
    environment = {"PUFFLING_SERVER__PORT": "9002", "PUFFLING_MARKET__FEEDS": '["samples"]'}
    resolved = resolve(Settings, rows, environment)
    assert resolved.settings.server.port == 9002
    assert resolved.settings.appearance.theme == "dark"
    assert resolved.settings.market.feeds == ("samples",)
    assert resolved.sources["appearance.theme"] == "stored"
    assert "PUFFLING_SERVER__PORT" in resolved.sources["server.port"]


def test_an_unusable_value_is_named_and_the_next_source_stands_in() -> None:
    resolved = resolve(Settings, {"server.port": 9001}, {"PUFFLING_SERVER__PORT": "eighty"})
    assert resolved.settings.server.port == 9001
    [problem] = resolved.problems
    assert problem.key == "server.port"
    assert "PUFFLING_SERVER__PORT" in problem.source


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("server.port", 80),
        ("server.port", "many"),
        ("appearance.theme", "purple"),
        ("market.feeds", []),
        ("cluster.scheduler", "not an address"),
        ("custom.", 1),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_the_key_and_a_hint(key: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_value(Settings, key, value)
    assert key in caught.value.message
    assert caught.value.hint


def test_a_list_may_be_written_with_commas() -> None:
    assert check_value(Settings, "market.feeds", "yahoo, demo,") == ["yahoo", "demo"]
    resolved = resolve(Settings, {}, {"PUFFLING_MARKET__FEEDS": "files,samples"})
    assert resolved.settings.market.feeds == ("files", "samples")
    with pytest.raises(InvalidInput, match="should be 'demo', 'samples'"):
        check_value(Settings, "market.feeds", "yahoo, nonsense")


@pytest.mark.parametrize("written", ["spy, qqq", "SPY QQQ", "spy;qqq,", ["spy,qqq"], ["SPY", "QQQ"]])
def test_symbols_are_taken_as_people_write_them(written: object) -> None:
    assert check_value(Settings, "trading.whitelist", written) == ["SPY", "QQQ"]
    assert check_value(Settings, "trading.position_grants", "SPY=20 BTC/USD=30") == ["SPY=20", "BTC/USD=30"]
    assert check_value(Settings, "portfolio.benchmark", "qqq") == "QQQ"


def test_an_unknown_key_is_answered_with_near_ones() -> None:
    with pytest.raises(NotFound, match=r"appearance\.theme"):
        check_value(Settings, "appearance.thme", "dark")


class NewerAppearance(Section):
    """A section whose setting had another name before."""

    colours: str = Field("blue", title="Colours", json_schema_extra={"formerly": ["look.palette"]})


class NewerSettings(Section):
    """Settings of a later version."""

    appearance: NewerAppearance = Field(NewerAppearance(), title="Appearance")


def test_a_renamed_setting_keeps_the_value_it_had() -> None:
    assert resolve(NewerSettings, {"look.palette": "red"}, {}).settings.appearance.colours == "red"
    both = {"look.palette": "red", "appearance.colours": "green"}
    assert resolve(NewerSettings, both, {}).settings.appearance.colours == "green"


def test_every_setting_can_be_shown_described_and_kept() -> None:
    shown = views(resolve(Settings, {}, {}), {"custom.note": "mine"})
    sections = {view.key.partition(".")[0] for view in shown}
    assert sections == {*Settings.model_fields, "custom"}
    assert len(shown) == 1 + sum(len(fields) for fields in Settings().model_dump().values())
    for view in shown[:-1]:
        assert view.title
        assert view.description.endswith(".")
        assert check_value(Settings, view.key, view.default) == view.value
