"""What the connector reaches VALR through; replaceable as a whole, below everything that has rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from valr_connector.net.dialling import Dial, dial
from valr_connector.net.http_exchange import HttpExchange
from valr_connector.net.rest import open_http_session


@dataclass(frozen=True, slots=True)
class Network:
    """How a socket is dialled, and how the pool for REST calls is made; the real ones by default."""

    dial: Dial = dial
    open_session: Callable[[], HttpExchange] = open_http_session
