"""What a connection that is cut leaves behind: nothing.

A kernel goes on delivering what a closed connection has sent, for minutes where the network is away. A
placement could arrive that late, long after an order that VALR does not find was taken for lost.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

NOT_A_MOMENT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: closing discards what is not delivered, and resets the connection."""


def forget_undelivered(transport: asyncio.BaseTransport) -> None:
    """From now on, have the kernel discard what it has not delivered when the connection is closed."""
    # It may be closed already; asyncio's transport over TLS knows nothing any more once it was closed twice.
    with suppress(OSError, ValueError, AttributeError):
        own = transport.get_extra_info("socket")
        if own is not None:  # uvloop's is gone once it is closed
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOT_A_MOMENT)
