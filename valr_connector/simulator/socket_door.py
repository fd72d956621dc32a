"""The way onto a socket: connection limit, signature over the handshake, or the refusal (protocol 2.4, 4)."""

from __future__ import annotations

from valr_connector.simulator.answers import Answer, error_answer, rate_limited_answer
from valr_connector.simulator.authentication import KEY_HEADER, Caller
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.transport import HttpRequest
from valr_connector.simulator.vocabulary import Rejection


class UpgradeRefusedError(Exception):
    """The upgrade is refused with this HTTP answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def check_connection_limit(floor: Floor, handshake: HttpRequest) -> None:
    """Raises:
    UpgradeRefusedError: too many connections in this minute.
    """
    seconds = floor.limits.admit_connection(address=handshake.address, now_ns=floor.clock())
    if seconds:
        floor.stats.rate_limited += 1
        raise UpgradeRefusedError(rate_limited_answer(floor.settings, seconds))


def has_key(handshake: HttpRequest) -> bool:
    """Whether the handshake tries to authenticate."""
    return KEY_HEADER in handshake.headers


def authenticate(floor: Floor, handshake: HttpRequest) -> Caller:
    """Who opens the socket.

    Raises:
        UpgradeRefusedError: with 401, whatever is wrong with the credentials.
    """
    try:
        return floor.authenticate(handshake)
    except Rejection as rejection:
        raise UpgradeRefusedError(error_answer(rejection, status=401)) from None
