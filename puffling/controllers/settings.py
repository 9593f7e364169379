"""What the person can choose, and the keys that only the person may give."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field, JsonValue, SecretStr

from puffling.puffin.access import KeyTest, ask_about_alpaca_keys, ask_about_key
from puffling.runtime.actor import Actor, Caller, current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import Refused
from puffling.runtime.gate import Effect
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.settings.resolve import SettingView
from puffling.settings.secrets import KeptKey, KeyState, Place, Secrets

SettingKey = Annotated[
    str, Field(description="Key of the setting, such as appearance.theme.", min_length=1, max_length=120)
]
KeyName = Annotated[
    str, Field(description="Name of the key, such as ALPACA_API_KEY.", min_length=1, max_length=80)
]

_ALPACA_PAIRS = {
    "alpaca": ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"),
    "alpaca-live": ("ALPACA_LIVE_API_KEY", "ALPACA_LIVE_SECRET_KEY"),
}


class Settings(Controller):
    """Settings in the database, keys in safe places."""

    def __init__(self, live: LiveSettings, secrets: Secrets, port: Port) -> None:
        self._live = live
        self._secrets = secrets
        self._port = port

    @capability(title="List settings", verb="list", effect=Effect.READ, http="GET /api/settings")
    async def all(self) -> tuple[SettingView, ...]:
        """Show every setting with its value, its default and where it comes from."""
        return self._live.views()

    @capability(title="Show setting", effect=Effect.READ, http="GET /api/settings/{key}")
    async def get(self, key: SettingKey) -> SettingView:
        """Show one setting."""
        return self._live.view(key)

    @capability(title="Change setting", effect=Effect.WRITE, http="PUT /api/settings/{key}")
    async def put(
        self, key: SettingKey, value: Annotated[JsonValue, Field(description="The new value.")]
    ) -> SettingView:
        """Give a setting a value; keys of your own start with custom."""
        caller = current_caller()
        self._check_limit(key, caller)
        # Where computing goes, answers are trusted; whoever comes in has a way to the person's data.
        if self._live.is_for_the_person_only(key) and caller.actor is not Actor.PERSON:
            raise Refused(
                tr("Only the person at the machine may change {key}.", key=key),
                hint=tr("Do it in the preferences, or in the terminal with: puffling settings put"),
            )
        await self._live.put(caller.user, key, value)
        return self._live.view(key)

    @capability(title="Reset setting", effect=Effect.WRITE, http="DELETE /api/settings/{key}")
    async def reset(self, key: SettingKey) -> None:
        """Let a setting go back to its default, and forget a key of your own."""
        caller = current_caller()
        self._check_limit(key, caller)
        await self._live.reset(caller.user, key)

    def _check_limit(self, key: str, caller: Caller) -> None:
        """Leave limits of trading to the present person here; tighter ones have their own way in."""
        if self._live.is_limit(key) and not (caller.actor is Actor.PERSON and caller.present):
            raise Refused(
                tr("{key} is a limit of trading: only the person at the machine makes it looser.", key=key),
                hint=tr("Anybody may make it tighter, with: puffling safety tighten"),
            )

    @capability(title="List keys", effect=Effect.READ, http="GET /api/keys")
    async def keys(self) -> tuple[KeyState, ...]:
        """Say which keys are there and where they are kept; never what they are."""
        return await self._port.thread(self._secrets.states)

    @capability(title="Keep key", effect=Effect.WRITE)
    async def keep_key(
        self,
        name: KeyName,
        secret: Annotated[SecretStr, Field(description="The key itself.")],
        place: Annotated[
            Place | None, Field(description="Where to keep it; empty means the safest place.")
        ] = None,
    ) -> KeptKey:
        """Keep a key where it is safe, and say where that is."""
        chosen = await self._port.thread(self._secrets.safest_place) if place is None else place
        await self._port.thread(self._secrets.keep, name, secret.get_secret_value(), chosen)
        said = chosen.said
        if place is None and chosen is Place.SESSION:
            said = f"{said} {tr('There is no safer place on this computer.')}"
        return KeptKey(name, chosen, said)

    @capability(title="Forget key", effect=Effect.WRITE)
    async def forget_key(self, name: KeyName) -> None:
        """Remove a key from every place in which Puffling keeps it."""
        await self._port.thread(self._secrets.forget, name)

    @capability(title="Open key file", effect=Effect.WRITE)
    async def open_vault(
        self, passphrase: Annotated[SecretStr, Field(description="The passphrase of the encrypted key file.")]
    ) -> tuple[KeyState, ...]:
        """Open the encrypted key file for this session; a first passphrase makes a new one."""
        await self._port.thread(self._secrets.open_vault, passphrase.get_secret_value())
        return await self._port.thread(self._secrets.states)

    @capability(title="Test key", effect=Effect.COMPUTE)
    async def test_key(
        self,
        service: Annotated[
            str, Field(description="alpaca, alpaca-live, anthropic or openai.", max_length=40)
        ],
    ) -> KeyTest:
        """Ask the service whether it accepts the keys that are kept for it."""
        values = await self._port.thread(self._secrets.of_service, service)
        if names := _ALPACA_PAIRS.get(service):
            market = self._live.now.market
            ask = partial(
                ask_about_alpaca_keys,
                values,
                market.alpaca_address or None,
                market.alpaca_data,
                names=names,
            )
            return await self._port.thread(ask)
        return await ask_about_key(service, values)

    def has_passphrase(self) -> bool:
        """Tell whether there is a key file behind a passphrase."""
        return self._secrets.vault.exists
