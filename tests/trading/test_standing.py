"""The state of trading is kept in two places, and either halts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import pytest

from puffling.puffin.broker.base import AccountInfo
from puffling.runtime.actor import DEFAULT_USER
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import StorageFailed, Unavailable
from puffling.runtime.port import Port
from puffling.settings.live import LiveSettings
from puffling.settings.model import Trading
from puffling.store.database import Unit
from puffling.store.events import SettingChanged
from puffling.store.values import Json
from puffling.trading.drill import _Probe, _refuse, drill
from puffling.trading.flags import read_standing, write_live, write_restart
from puffling.trading.gate import SafetyGate
from puffling.trading.halt import FILE_NAME, HaltSwitch
from puffling.trading.limits import LimitReader, limits_of
from puffling.trading.standing import StateOfTrading
from puffling.trading.usage import uses
from puffling.trading.values import TradingState
from tests.trading.cases import ACCOUNT, INFO, NOW
from tests.trading.stored import Records, intent, opened

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


class NoRows:
    """Settings that are never changed through themselves here."""

    async def load(self, user: object) -> dict[str, object]:
        """Give none."""
        return {}

    async def put(self, user: object, key: str, value: object, superseded: tuple[str, ...]) -> None:
        """Keep nothing."""

    async def remove(self, user: object, keys: tuple[str, ...]) -> None:
        """Remove nothing."""


def state_of(records: Records, switch: HaltSwitch | None = None) -> StateOfTrading:
    """Give the state of trading, kept in step with the rows as core does."""
    live = LiveSettings(NoRows(), {}, {})

    def hear(event: SettingChanged) -> None:
        if event.removed:
            live.removed(event.key)
        else:
            live.stored(event.key, event.value)

    records.bus.on(SettingChanged, hear)
    return StateOfTrading(switch or records.switch, records.store, live, records.clock)


@pytest.fixture
async def records(home: Path) -> AsyncIterator[Records]:
    """Records that are closed again."""
    async with opened(home) as found:
        yield found


def place_by_hand(folder: Path) -> None:
    """Make a halt file as a person would."""
    (folder / FILE_NAME).write_text("stop!")


def names(folder: Path) -> list[str]:
    """Give what lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


async def remembered(records: Records) -> TradingState:
    """Give what the database says."""
    return (await records.do(read_standing)).state


async def test_a_halt_stands_in_both_places_and_is_lifted_from_both(records: Records) -> None:
    state = state_of(records)
    assert state.look().state is TradingState.ACTIVE
    await state.halt(records.user, "too wild", "you")
    assert (state.look().state, state.look().reason) == (TradingState.HALTED, "too wild")
    assert records.switch.read() is not None
    assert await remembered(records) is TradingState.HALTED
    await state.resume(records.user)
    assert state.look().state is TradingState.ACTIVE
    assert records.switch.read() is None
    assert await remembered(records) is TradingState.ACTIVE


async def test_a_second_halt_keeps_the_first_reason(records: Records) -> None:
    state = state_of(records)
    await state.halt(records.user, "first", "you")
    await state.halt(records.user, "second", "an agent")
    records.switch.lift()
    assert state.look().reason == "first"


async def test_a_lost_file_halts_nothing_less(records: Records) -> None:
    state = state_of(records)
    await state.halt(records.user, "too wild", "you")
    records.switch.lift()
    assert state.look().state is TradingState.HALTED


async def test_where_the_file_cannot_be_written_the_database_halts(records: Records, tmp_path: Path) -> None:
    state = state_of(records, HaltSwitch(tmp_path / "missing"))
    await state.halt(records.user, "too wild", "you")
    assert state.look().state is TradingState.HALTED
    assert (state.look().reason, state.look().since) == ("too wild", NOW)


async def test_where_the_database_cannot_be_written_the_file_halts(records: Records) -> None:
    state = state_of(records)
    await records.spoil()
    await state.halt(records.user, "too wild", "you")
    assert state.look().state is TradingState.HALTED
    with pytest.raises(StorageFailed):
        await state_of(records, HaltSwitch(records.data / "missing")).halt(records.user, "no way", "you")


async def test_a_halt_by_hand_is_adopted_with_its_words(records: Records) -> None:
    state = state_of(records)
    place_by_hand(records.data)
    await state.halt(records.user, "later", "you")
    records.switch.lift()
    assert (state.look().reason, state.look().since) == ("stop!", NOW)


async def test_the_last_look_knows_what_the_database_says(records: Records) -> None:
    trading = state_of(records)
    await trading.reduce(DEFAULT_USER, "Slowly now", "you")
    assert records.switch.narrowed == "Slowly now"
    await trading.resume(DEFAULT_USER)
    assert records.switch.narrowed == ""
    await trading.halt(DEFAULT_USER, "Stop", "you")
    await trading.halted_to_reducing(DEFAULT_USER, "Out", "you")
    assert (records.switch.read(), records.switch.narrowed) == (None, "Out")


async def test_where_the_file_cannot_be_removed_it_alone_keeps_everything_back(records: Records) -> None:
    trading = state_of(records)
    await trading.reduce(DEFAULT_USER, "Slowly now", "you")
    in_the_way = records.data / FILE_NAME
    in_the_way.mkdir()
    with pytest.raises(StorageFailed, match="could not be removed"):
        await trading.resume(DEFAULT_USER)
    assert records.switch.read() is not None
    in_the_way.rmdir()
    assert (records.switch.read(), records.switch.narrowed) == (None, "")


async def test_winding_down_never_loosens_a_halt(records: Records) -> None:
    state = state_of(records)
    await state.reduce(records.user, "slowly", "you")
    assert (state.look().state, state.look().reason) == (TradingState.REDUCING, "slowly")
    await state.reduce(records.user, "again", "you")
    assert state.look().reason == "slowly"
    await state.halt(records.user, "now", "you")
    assert state.look().state is TradingState.HALTED
    await state.reduce(records.user, "slowly", "you")
    records.switch.lift()
    assert state.look().state is TradingState.HALTED


async def test_a_confirmed_flatten_moves_halted_to_reducing(records: Records) -> None:
    state = state_of(records)
    await state.halt(records.user, "now", "you")
    await state.halted_to_reducing(records.user, "flatten", "you")
    assert (state.look().state, state.look().reason) == (TradingState.REDUCING, "flatten")
    assert records.switch.read() is None


async def test_accounts_that_went_live_are_known(records: Records) -> None:
    state = state_of(records)
    await records.do(lambda unit: write_live(unit, "alpaca-1", True))
    assert state.live_accounts() == ("alpaca-1",)


@pytest.mark.parametrize("value", [None, 7, {"state": "ACTIVE"}])
async def test_what_the_database_says_and_nobody_can_read_halts(records: Records, value: Json) -> None:
    state = state_of(records)
    await records.do(lambda unit: unit.settings.put("state.trading", value))
    assert state.look().state is TradingState.HALTED


async def test_the_drill_measures_and_halts_nothing(records: Records) -> None:
    port = Port(records.clock)
    before = names(records.data)
    report = await drill(records.data, store=records.store, port=port, clock=records.clock, user=records.user)
    await port.close()
    assert report.looks >= 2
    assert min(report.pressed_ms, report.last_look_ms, report.refused_ms) >= 0
    assert "no order can leave" in report.text
    assert records.switch.read() is None
    assert await remembered(records) is TradingState.ACTIVE
    assert names(records.data) == before


class MeddlingPort(Port):
    """A port behind which somebody puts a halt file into every folder that is made."""

    async def thread(self, fn: Callable[[*Ts], R], *args: *Ts) -> R:
        """Run the function, and meddle."""
        done = await super().thread(fn, *args)
        if isinstance(done, str):
            place_by_hand(Path(done))
        return done


async def test_a_drill_whose_switch_lets_nothing_pass_before_the_press_says_so(records: Records) -> None:
    port, before = MeddlingPort(records.clock), names(records.data)
    with pytest.raises(Unavailable, match="could not be read"):
        await drill(records.data, store=records.store, port=port, clock=records.clock, user=records.user)
    await port.close()
    assert names(records.data) == before
    assert records.switch.read() is None


async def test_a_drill_of_a_gate_that_lets_orders_through_is_no_success(records: Records) -> None:
    gate = SafetyGate(HaltSwitch(records.data), LimitReader({}))
    with pytest.raises(RuntimeError, match="let an order through"):
        await records.do(lambda unit: _refuse(unit, gate))


def test_a_drill_that_is_over_looks_no_more(tmp_path: Path) -> None:
    probe = _Probe(HaltSwitch(tmp_path), FixedClock(NOW))
    probe.over.set()
    assert probe.look() == (0.0, 0)


async def test_winding_down_that_could_not_be_written_down_narrows_nothing(records: Records) -> None:
    state = state_of(records)
    await records.spoil()
    with pytest.raises(StorageFailed):
        await state.reduce(records.user, "Slowly now", "you")
    assert records.switch.narrowed == ""


class TestUse:
    """What is used of each limit."""

    async def of(
        self, records: Records, info: AccountInfo | None = INFO, **worth: int
    ) -> dict[str, tuple[Decimal | None, str]]:
        limits = limits_of(Trading(position_grants=("QQQ=60",)))
        found = await records.do(
            lambda unit: uses(unit, ACCOUNT, info, limits, {k: Decimal(v) for k, v in worth.items()})
        )
        return {name: (use.used, use.text) for name, use in found.items()}

    async def test_of_a_fresh_account_is_none(self, records: Records) -> None:
        found = await self.of(records)
        assert {used for used, _ in found.values()} == {Decimal(0)}
        assert found["position_percent"][1] == "Nothing is held"

    async def test_counts_orders_and_exits(self, records: Records) -> None:
        await records.keep(intent("a"), intent("b", shrinks=True), intent("c", shrinks=True))
        found = await self.of(records)
        assert found["orders_per_day"] == (Decimal(1), "1 of 10 today")
        assert found["exits_per_hour"] == (Decimal(2), "2 of 100 in an hour")

    async def test_names_the_largest_position_that_has_no_grant(self, records: Records) -> None:
        found = await self.of(records, SPY=4_000, GLD=-5_000, QQQ=50_000)
        assert found["position_percent"] == (Decimal("0.05"), "GLD is 5%")

    async def test_says_how_the_day_and_the_account_stand(self, records: Records) -> None:
        def work(unit: Unit) -> None:
            unit.worth.mark("paper", NOW, Decimal(125_000), Decimal(0))

        await records.do(work)
        found = await self.of(records, replace(INFO, equity=Decimal(98_000)))
        assert found["daily_loss_percent"] == (Decimal("0.02"), "The day is at -2%")
        assert found["drawdown_percent"][0] == Decimal("0.216")
        won = await self.of(records, replace(INFO, equity=Decimal(102_000)))
        assert won["daily_loss_percent"] == (Decimal(0), "The day is at 2%")
        await records.do(lambda unit: write_restart(unit, "paper"))

    async def test_that_is_not_known_says_so(self, records: Records) -> None:
        found = await self.of(records, None)
        for name in ("position_percent", "daily_loss_percent", "drawdown_percent"):
            assert found[name] == (None, "Not known yet")
        assert (await self.of(records, replace(INFO, equity=0)))["drawdown_percent"][0] == 0
        nothing = replace(INFO, equity=Decimal(0), last_equity=0)
        assert (await self.of(records, nothing))["daily_loss_percent"][0] is None
