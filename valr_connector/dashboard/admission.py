"""Who may look: programs of this machine without further ado, everybody else with the token.

Pages that a browser got from elsewhere may send requests to this machine as well. They are kept out by the
name of the host that they ask for: such a page comes under its own name, never under that of the loopback.
"""

from __future__ import annotations

import hmac
from typing import Final

from valr_connector.errors import InvalidArgumentError

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SHORTEST_TOKEN: Final = 16
COOKIE: Final = "valr_dashboard"


class Admission:
    """Decides on each request.

    Args:
        host: the address to listen on.
        token: what has to be shown; None where only this machine may look.

    Raises:
        InvalidArgumentError: the address is no text, or not this machine's own without a token; or the token
            is no text, or easily guessed. It is not shown.
    """

    def __init__(self, host: object, token: object) -> None:
        if not isinstance(host, str):
            raise InvalidArgumentError("host", host, "must be the text of an address")
        if token is None and host not in LOOPBACK:
            raise InvalidArgumentError("host", host, "other addresses than 127.0.0.1 need a token")
        if not (token is None or (isinstance(token, str) and len(token) >= SHORTEST_TOKEN)):
            raise InvalidArgumentError("token", "...", f"has to have at least {SHORTEST_TOKEN} characters")
        self._token = token

    def admits(self, *, asked_host: str, shown: str) -> bool:
        """Whether a request may be answered.

        Args:
            asked_host: name of the host that it asks for, without the port.
            shown: the token that came with it, empty where none did.
        """
        if self._token is None:
            return asked_host.strip("[]") in LOOPBACK
        return hmac.compare_digest(shown.encode(errors="replace"), self._token.encode())
