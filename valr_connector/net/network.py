"""What the connector reaches VALR through; replaceable as a whole, below everything that has rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from valr_connector.config import Transport
from valr_connector.errors import ConfigurationError
from valr_connector.net import dialling
from valr_connector.net.dialling import Dial
from valr_connector.net.http_exchange import HttpExchange
from valr_connector.net.rest import open_http_session


@dataclass(frozen=True, slots=True)
class Network:
    """How a socket is dialled, and how the pool for REST calls is made; the real ones by default."""

    dial: Dial = dialling.dial
    open_session: Callable[[], HttpExchange] = open_http_session


def dial_over(transport: Transport) -> Dial:
    """How sockets are dialled over a transport.

    Raises:
        ConfigurationError: it is not installed.
    """
    if transport == "websockets":
        return dialling.dial
    try:
        from valr_connector.net import fast_socket  # noqa: PLC0415  an extra
    except ImportError:
        rule = "needs the extra `fast`: pip install 'valr-connector[fast]'"
        raise ConfigurationError(f"transport={transport!r}: {rule}") from None
    return fast_socket.dial
