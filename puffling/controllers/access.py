"""Tokens with which programs reach Puffling over HTTP."""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.runtime.actor import Actor, Caller, Scope, UserId, current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import StorageFailed
from puffling.runtime.gate import Effect
from puffling.store.database import Store
from puffling.store.values import AccessToken

PREFIX = "pfl_"

_log = logging.getLogger(__name__)


@frozen
class NewToken:
    """A token at the only moment at which it can be read."""

    token: str
    record: AccessToken


class Access(Controller):
    """Who may come in over HTTP, and how far."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @capability(title="List access tokens", verb="list", effect=Effect.READ)
    async def all(self) -> tuple[AccessToken, ...]:
        """Show the tokens that are in force; what they are is known only to who got them."""
        return await self._store.read(current_caller().user, lambda unit: unit.tokens.all())

    @capability(title="New access token", effect=Effect.GUARD, menu="File")
    async def create(
        self,
        name: Annotated[str, Field(description="What the token is for.", min_length=1, max_length=80)],
        scopes: Annotated[
            tuple[Scope, ...],
            Field(description="What it may do: read, write, trade.", min_length=1, max_length=len(Scope)),
        ] = (Scope.READ,),
    ) -> NewToken:
        """Make a token for a program. It is shown once and kept as a digest only."""
        token = PREFIX + secrets.token_urlsafe(32)
        chosen = tuple(scope for scope in Scope if scope in scopes)
        record = await self._store.run(
            current_caller().user, lambda unit: unit.tokens.grant(name, _digest(token), chosen)
        )
        return NewToken(token, record)

    @capability(
        title="Revoke access token",
        effect=Effect.WRITE,
        http="DELETE /api/access/{token_id}",
    )
    async def revoke(
        self, token_id: Annotated[str, Field(description="Id of the token.", min_length=1, max_length=64)]
    ) -> None:
        """Withdraw a token at once and for good."""
        await self._store.run(current_caller().user, lambda unit: unit.tokens.withdraw(token_id))

    async def caller_of(self, token: str, user: UserId) -> Caller | None:
        """Give the caller whom a token stands for, or None when it stands for nobody."""
        if not token.startswith(PREFIX) or len(token) > 200:
            return None
        found = await self._store.read(user, lambda unit: unit.tokens.find(_digest(token)))
        if found is None:
            return None
        try:
            await self._store.run(user, lambda unit: unit.tokens.used(found.id))
        except StorageFailed as error:
            # A full disk must not keep a program from reading, or from halting.
            _log.warning("The use of a token could not be recorded: %s", error)
        return Caller(Actor.HTTP, user, frozenset(Scope(scope) for scope in found.scopes), name=found.id)


def _digest(token: str) -> str:
    # A token is 256 random bits: one round of a fast hash is as good as a slow one.
    return hashlib.sha256(token.encode()).hexdigest()
