"""Puts the routes, the channels and the document of one core together behind the door."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.paths import resources
from puffling.runtime.text import tr
from puffling.server.access import Doorkeeper, Hosts
from puffling.server.house import House, error_answer, fault, json_answer
from puffling.server.openapi import document, warm
from puffling.server.routes import endpoint_for, in_order
from puffling.server.streams import channel_for

PUBLIC = frozenset({"/api/health", "/docs"})

_log = logging.getLogger(__name__)


class PufflingApi(FastAPI):
    """FastAPI with the routes of a registry; its document is made from the registry as well."""

    def __init__(self, house: House) -> None:
        super().__init__(openapi_url=None)
        self._house = house

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = document(self._house.registry)
        return self.openapi_schema


def build_app(house: House, hosts: Callable[[], Hosts]) -> ASGIApp:
    """Give the whole server as one ASGI application."""
    app = PufflingApi(house)
    app.add_exception_handler(HTTPException, _no_such_route)
    app.add_exception_handler(Exception, _bug)
    app.add_route("/api/health", _health, methods=["GET"])
    app.add_route("/docs", _docs, methods=["GET"])
    app.add_route("/", _to_docs, methods=["GET"])

    async def openapi(request: Request) -> Response:
        if app.openapi_schema is None:
            await warm(house.registry)
        return json_answer(json.dumps(app.openapi(), ensure_ascii=False).encode())

    app.add_route("/openapi.json", openapi, methods=["GET"])
    for route, ability in in_order(house.registry):
        app.add_route(route.path, endpoint_for(ability, route), methods=[route.method], name=ability.id)
    for stream in house.registry.streams:
        app.router.routes.append(WebSocketRoute(stream.ws, channel_for(house, stream), name=stream.id))
    return Doorkeeper(app, house, hosts=hosts, public=PUBLIC)


async def _health(request: Request) -> Response:
    return json_answer(b'{"status":"ok"}')


async def _to_docs(request: Request) -> Response:
    return RedirectResponse("/docs")


async def _docs(request: Request) -> Response:
    page = (resources() / "server" / "docs.html").read_text(encoding="utf-8")
    return HTMLResponse(page, headers={"Content-Security-Policy": page_policy(page)})


def page_policy(page: str) -> str:
    """Give the policy under which only the page's own script and style run, and only this server is asked."""

    def digest(tag: str) -> str:
        found = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        code = found[1] if found else ""
        return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told: PufflingError = InvalidInput(str(error.detail), hint=tr("See /docs for what can be asked."))
    if error.status_code == 404:
        told = NotFound(tr("There is nothing at this address."), hint=tr("See /docs for what can be asked."))
    elif error.status_code == 405:
        told = InvalidInput(
            tr("This address does not take {method}.", method=request.method),
            hint=tr("See /docs for what can be asked."),
        )
    return error_answer(told, error.status_code, error.headers)


async def _bug(request: Request, error: Exception) -> Response:
    return error_answer(fault(), 500)
