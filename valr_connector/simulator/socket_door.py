"""The way onto a socket: connection limit, signature over the handshake, or the refusal (protocol 2.4, 4)."""

from __future__ import annotations

from aiohttp import web

from valr_connector.simulator.answers import error_answer, rate_limited_answer
from valr_connector.simulator.authentication import KEY_HEADER, Caller
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.vocabulary import Rejection


class UpgradeRefusedError(Exception):
    """The upgrade is refused with this HTTP answer."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


def check_connection_limit(floor: Floor, request: web.Request) -> None:
    """Raises:
    UpgradeRefusedError: too many connections in this minute.
    """
    seconds = floor.limits.admit_connection(address=request.remote or "", now_ns=floor.clock())
    if seconds:
        floor.stats.rate_limited += 1
        raise UpgradeRefusedError(rate_limited_answer(floor.settings, seconds).response())


def has_key(request: web.Request) -> bool:
    """Whether the handshake tries to authenticate."""
    return KEY_HEADER in request.headers


def authenticate(floor: Floor, request: web.Request) -> Caller:
    """Who opens the socket.

    Raises:
        UpgradeRefusedError: with 401, whatever is wrong with the credentials.
    """
    try:
        return floor.authenticate("GET", request.raw_path, b"", request.headers)
    except Rejection as rejection:
        raise UpgradeRefusedError(error_answer(rejection, status=401).response()) from None
