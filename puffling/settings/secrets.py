"""Keys: found in a fixed order, kept only where they are safe, and never shown again.

The order is: environment variable, the file that `..._FILE` names, the keychain of the operating
system, a file encrypted with a passphrase, this session. A keychain that would write plain text is
no keychain. When nothing safe is at hand the key lives in this session, and the person is told so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from puffling.frozen import frozen
from puffling.runtime.errors import InvalidInput, NotFound, Unavailable
from puffling.runtime.text import tr
from puffling.settings.vault import Vault

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "puffling"


class Place(StrEnum):
    """Where a key is found or kept."""

    ENVIRONMENT = "environment"
    KEYCHAIN = "keychain"
    VAULT = "encrypted file"
    SESSION = "this session"

    @property
    def said(self) -> str:
        """Say plainly what it means that a key is kept here."""
        return {
            Place.ENVIRONMENT: tr("Read from the environment; Puffling keeps no copy."),
            Place.KEYCHAIN: tr("Kept in the keychain of this computer."),
            Place.VAULT: tr("Kept in a file that only your passphrase opens."),
            Place.SESSION: tr("Kept until Puffling closes, and written nowhere."),
        }[self]


@frozen
class Key:
    """A key that some part of Puffling can use, and the service that gives it."""

    name: str
    title: str
    service: str


KEYS = (
    Key("ALPACA_API_KEY", "Alpaca key", "alpaca"),
    Key("ALPACA_SECRET_KEY", "Alpaca secret", "alpaca"),
    Key("ALPACA_LIVE_API_KEY", "Alpaca key for real money", "alpaca-live"),
    Key("ALPACA_LIVE_SECRET_KEY", "Alpaca secret for real money", "alpaca-live"),
    Key("ANTHROPIC_API_KEY", "Anthropic key", "anthropic"),
    Key("OPENAI_API_KEY", "OpenAI key", "openai"),
)


@frozen
class KeyState:
    """What may be said about a key: that it is there, and where, or why nobody can tell; never what it is."""

    name: str
    title: str
    service: str
    present: bool
    place: str
    trouble: str = ""


@frozen
class KeptKey:
    """Where a key was kept, said so that nobody is surprised later."""

    name: str
    place: Place
    message: str


class Secrets:
    """The keys of this computer's person. Calls block on the keychain: make them in a thread."""

    def __init__(
        self, vault_file: Path, hide: Callable[[str], None], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._environment = environment
        self._hide = hide
        self._session: dict[str, str] = {}
        self.vault = Vault(vault_file)

    def get(self, name: str) -> str | None:
        """Give the key, or None when it is nowhere."""
        return self._find(_known(name).name)[0]

    def states(self) -> tuple[KeyState, ...]:
        """Say of every key whether it is there, and where."""
        found = []
        for key in KEYS:
            try:
                value, place = self._find(key.name)
            except Unavailable as error:
                # One that cannot be looked at must not hide the others.
                found.append(KeyState(key.name, tr(key.title), key.service, False, "", str(error)))
                continue
            found.append(KeyState(key.name, tr(key.title), key.service, value is not None, place or ""))
        return tuple(found)

    def of_service(self, service: str) -> dict[str, str]:
        """Give the keys of one service by name, as far as they are there."""
        names = [key.name for key in KEYS if key.service == service]
        if not names:
            known = ", ".join(sorted({key.service for key in KEYS}))
            raise NotFound(
                tr("There is no service called {name}.", name=service),
                hint=tr("Known: {names}.", names=known),
            )
        found = ((name, self.get(name)) for name in names)
        return {name: value for name, value in found if value is not None}

    def keep(self, name: str, value: str, place: Place) -> Place:
        """Keep the key in this place, and forget it in the others."""
        name = _known(name).name
        value = value.strip()
        if not value or not value.isprintable() or len(value) > 4096:
            raise InvalidInput(
                tr("That is not a key."),
                field="secret",
                hint=tr("Copy the key from the service's page and paste it here."),
            )
        self._hide(value)
        if place is Place.ENVIRONMENT:
            raise InvalidInput(
                tr("Environment variables are set outside Puffling."),
                field="place",
                hint=tr("Set {name} before you start Puffling, or choose another place.", name=name),
            )
        if place is Place.KEYCHAIN:
            _in_keychain(lambda keychain: keychain.set_password(SERVICE, name, value))
        elif place is Place.VAULT:
            self.vault.put(name, value)
        self._forget_elsewhere(name, place)
        if place is Place.SESSION:
            self._session[name] = value
        return place

    def open_vault(self, passphrase: str) -> None:
        """Open the encrypted file for this session; a first passphrase makes a new one."""
        self._hide(passphrase)
        self.vault.open(passphrase)

    def forget(self, name: str) -> None:
        """Remove the key wherever Puffling keeps it."""
        self._forget_elsewhere(_known(name).name, None)

    def safest_place(self) -> Place:
        """Name the place in which a new key is kept unless the person chooses another."""
        if usable_keychain() is not None:
            return Place.KEYCHAIN
        return Place.VAULT if self.vault.is_open else Place.SESSION

    def _find(self, name: str) -> tuple[str | None, Place | None]:
        value = self._from_environment(name)
        if value:
            return self._found(value, Place.ENVIRONMENT)
        if usable_keychain() is not None:
            value = _in_keychain(lambda keychain: keychain.get_password(SERVICE, name))
            if value:
                return self._found(value, Place.KEYCHAIN)
        if self.vault.is_open and (value := self.vault.get(name)):
            return self._found(value, Place.VAULT)
        if value := self._session.get(name):
            return self._found(value, Place.SESSION)
        return None, None

    def _found(self, value: str, place: Place) -> tuple[str, Place]:
        self._hide(value)
        return value, place

    def _from_environment(self, name: str) -> str | None:
        if value := self._environment.get(name, "").strip():
            return value
        file = self._environment.get(f"{name}_FILE", "").strip()
        if not file:
            return None
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                tr("The file that {name}_FILE names cannot be read.", name=name),
                hint=tr("Check that {file} exists and that you may read it.", file=file),
            ) from error

    def _forget_elsewhere(self, name: str, kept: Place | None) -> None:
        if kept is not Place.KEYCHAIN and usable_keychain() is not None:
            _in_keychain(lambda keychain: _delete(keychain, name))
        if kept is not Place.VAULT and self.vault.is_open:
            self.vault.remove(name)
        if kept is not Place.SESSION:
            self._session.pop(name, None)


def usable_keychain() -> KeyringBackend | None:
    """Give the keychain of the operating system, or None when there is none that encrypts."""
    import keyring
    from keyring.backends.chainer import ChainerBackend
    from keyring.errors import KeyringError

    try:
        chosen = keyring.get_keyring()
        candidates = chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]
        return next((backend for backend in candidates if type(backend).__module__ in _ENCRYPTING), None)
    except (KeyringError, RuntimeError):
        return None


# Only these are known to encrypt; others (plain text files, none at all) are not trusted with keys.
_ENCRYPTING = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.kwallet",
        "keyring.backends.libsecret",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)


def _in_keychain(act: Callable[[KeyringBackend], str | None]) -> str | None:
    from keyring.errors import KeyringError

    keychain = usable_keychain()
    if keychain is None:
        raise Unavailable(
            tr("This computer offers no keychain that can be trusted with a key."),
            hint=tr("Keep the key for this session, in a file behind a passphrase, or in the environment."),
        )
    try:
        return act(keychain)
    except KeyringError as error:
        raise Unavailable(
            tr("The keychain did not answer."),
            hint=tr("Unlock it and try again, or keep the key for this session only."),
        ) from error


def _delete(keychain: KeyringBackend, name: str) -> None:
    if keychain.get_password(SERVICE, name) is not None:
        keychain.delete_password(SERVICE, name)


def _known(name: str) -> Key:
    for key in KEYS:
        if key.name == name:
            return key
    raise NotFound(
        tr("There is no key called {name}.", name=name),
        hint=tr("Known keys: {names}.", names=", ".join(key.name for key in KEYS)),
    )
