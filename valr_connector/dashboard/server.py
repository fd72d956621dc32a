"""Serves the page and what it shows, from the running process; nobody can change anything through it.

``/`` is the page, ``/picture`` the newest picture, ``/quotes`` the prices so far, ``/events`` every picture
as a server-sent event, ``/story?order=`` what was said and done about one order. All of it is read only.
"""

from __future__ import annotations

import asyncio
import logging
from importlib import resources
from types import MappingProxyType
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from valr_connector.dashboard.admission import COOKIE, Admission
from valr_connector.dashboard.broadcast import Broadcast
from valr_connector.dashboard.watch import Watch
from valr_connector.errors import InvalidArgumentError

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
INTERVAL_S: Final = 0.5
_RETRY_MS: Final = 1000
_SHUTDOWN_S: Final = 0.5
_PORTS: Final = range(65536)

HEADERS: Final = MappingProxyType({
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
})  # fmt: skip

PAGE: Final = MappingProxyType({
    "/": ("index.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/app.js": ("app.js", "text/javascript"),
    "/chart.js": ("chart.js", "text/javascript"),
    "/dom.js": ("dom.js", "text/javascript"),
    "/histogram.js": ("histogram.js", "text/javascript"),
    "/panels.js": ("panels.js", "text/javascript"),
    "/uplot.js": ("vendor/uplot/uPlot.iife.min.js", "text/javascript"),
    "/uplot.css": ("vendor/uplot/uPlot.min.css", "text/css"),
})  # fmt: skip
"""Path, file of the package, type."""


class DashboardServer:
    """A web server for one watched connector, from `start` to `close`.

    Args:
        watch: takes the pictures; closed together with this.
        host: address to listen on; others than 127.0.0.1 need a token.
        port: 0 takes a free one.
        token: to be shown by everybody who looks, as ``?token=`` once in a browser.

    Raises:
        InvalidArgumentError: another address without a token, a token that is too short, or no port.
    """

    def __init__(
        self, watch: Watch, *, host: str, port: int, token: str | None, interval_s: float = INTERVAL_S
    ) -> None:
        if port not in _PORTS:
            raise InvalidArgumentError("port", port, f"must be 0 to {_PORTS[-1]}")
        self._admission = Admission(host, token)
        self._watch = watch
        self._host = host
        self._port = port
        self._broadcast = Broadcast(watch, interval_s)
        self._runner: web.AppRunner | None = None
        self._taking: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the page is; without the token."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    async def start(self) -> None:
        """Listen.

        Raises:
            InvalidArgumentError: the address or port cannot be listened on.
        """
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.close()
            problem = error.strerror or "cannot be listened on"
            raise InvalidArgumentError("port", self._port, f"{self._host}: {problem}") from None
        self._port = self._runner.addresses[0][1]
        self._taking = asyncio.create_task(self._broadcast.run())
        self._taking.add_done_callback(_report)

    async def close(self) -> None:
        """End every connection, and follow the connector no more."""
        if self._taking is not None and not self._taking.done():
            self._broadcast.take()  # the last one shows how it ended
            self._taking.cancel()
            await asyncio.wait([self._taking])
        self._watch.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- answering ---------------------------------------------------------------------------------

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard])
        application.add_routes([web.get(path, self._file) for path in PAGE])
        application.add_routes([
            web.get("/picture", self._picture),
            web.get("/quotes", self._quotes),
            web.get("/events", self._events),
            web.get("/story", self._story),
        ])  # fmt: skip
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._admission.admits(asked_host=_asked_host(request), shown=_shown_token(request)):
            return web.Response(status=403, text="Show the token: open this address with ?token=...\n")
        is_ours = request.match_info.http_exception is None
        if is_ours and "token" in request.query:  # it stays out of the address bar, the history and the logs
            moved = web.Response(status=303, headers={**HEADERS, "Location": request.path})
            moved.set_cookie(COOKIE, request.query["token"], httponly=True, samesite="Strict")
            return moved
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        name, kind = PAGE[request.path]
        body = resources.files("valr_connector.dashboard").joinpath("page", name).read_bytes()
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    async def _picture(self, _: web.Request) -> web.Response:
        return web.Response(body=self._broadcast.newest, content_type="application/json", headers=HEADERS)

    async def _quotes(self, _: web.Request) -> web.Response:
        return web.Response(body=self._broadcast.quotes, content_type="application/json", headers=HEADERS)

    async def _story(self, request: web.Request) -> web.Response:
        story = self._watch.story(request.query.get("order", ""))
        if story is None:
            return web.Response(status=404, text="no such order is shown\n", headers=HEADERS)
        return web.Response(text=story, headers=HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        try:
            await response.write(b"retry: %d\n\n" % _RETRY_MS)
            async for picture in self._broadcast.pictures():
                await response.write(b"data: " + picture + b"\n\n")
        except ConnectionError:
            pass  # whoever looked has gone
        return response


def _report(taking: asyncio.Task[None]) -> None:
    """The page goes still when no picture can be taken; here is why."""
    if not taking.cancelled() and (error := taking.exception()) is not None:
        log.error("the dashboard stopped", exc_info=error)


def _asked_host(request: web.Request) -> str:
    """Empty where what stands there is no host."""
    try:
        return request.url.host or ""
    except ValueError:
        return ""


def _shown_token(request: web.Request) -> str:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return request.query.get("token") or bearer or request.cookies.get(COOKIE, "")
