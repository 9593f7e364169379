"""A file of keys that only a passphrase opens, for computers without a keychain."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
import threading
from pathlib import Path

from puffling.runtime.errors import InvalidInput, StorageFailed, Unavailable
from puffling.runtime.text import tr

# scrypt with 64 MiB of memory: about 0.2 s for a person, and dear for whoever tries a billion words.
_COST = 2**16
_SHORTEST = 8


class Vault:
    """The encrypted file: closed until the passphrase was given, readable by its owner only."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._key: bytes | None = None
        self._salt = b""
        self._values: dict[str, str] = {}
        # Keys are kept from several threads, and the file is written whole.
        self._writing = threading.Lock()

    @property
    def exists(self) -> bool:
        """Tell whether keys were ever kept here."""
        return self._file.exists()

    @property
    def is_open(self) -> bool:
        """Tell whether the passphrase was given in this session."""
        return self._key is not None

    def open(self, passphrase: str) -> None:
        """Open the vault; a new one takes the passphrase for its own."""
        if not self.exists:
            if len(passphrase) < _SHORTEST:
                raise InvalidInput(
                    tr("That passphrase is too short."),
                    field="passphrase",
                    hint=tr("Use at least {count} characters; a few words are best.", count=_SHORTEST),
                )
            salt = secrets.token_bytes(16)
            self._key, self._salt, self._values = _derive(passphrase, salt), salt, {}
            return
        from cryptography.fernet import Fernet, InvalidToken

        try:
            envelope = json.loads(self._file.read_text(encoding="utf-8"))
            salt = base64.b64decode(envelope["salt"])
            sealed = envelope["sealed"].encode()
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise StorageFailed(
                tr("The encrypted key file {file} cannot be read.", file=self._file),
                hint=tr("It was left as it is. Move it away to begin a new one."),
            ) from error
        key = _derive(passphrase, salt)
        try:
            values = json.loads(Fernet(key).decrypt(sealed))
        except InvalidToken:
            raise InvalidInput(
                tr("That is not the passphrase of the key file."),
                field="passphrase",
                hint=tr("Try again. Without it the keys in the file cannot be read by anybody."),
            ) from None
        self._key, self._salt, self._values = key, salt, values

    def get(self, name: str) -> str | None:
        """Give the key of this name."""
        return self._values.get(name)

    def put(self, name: str, value: str) -> None:
        """Keep the key, replacing the file in one step."""
        with self._writing:
            self._write({**self._values, name: value})

    def remove(self, name: str) -> None:
        """Take the key out of the file."""
        with self._writing:
            if name in self._values:
                self._write({key: value for key, value in self._values.items() if key != name})

    def _write(self, values: dict[str, str]) -> None:
        if self._key is None:
            raise Unavailable(
                tr("The encrypted key file is closed."),
                hint=tr("Give its passphrase first, then keep the key."),
            )
        from cryptography.fernet import Fernet

        sealed = Fernet(self._key).encrypt(json.dumps(values).encode())
        envelope = {"salt": base64.b64encode(self._salt).decode(), "sealed": sealed.decode()}
        try:
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(envelope, file)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._file)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(
                tr("The encrypted key file could not be written: {reason}.", reason=error.strerror),
                hint=tr("Check the free space and the rights of {folder}.", folder=self._file.parent),
            ) from error
        self._values = values


def _derive(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return base64.urlsafe_b64encode(
        Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode())
    )
