"""`valr simulator`: the embedded exchange by itself, for any program that speaks VALR's protocol."""

from __future__ import annotations

import errno
from typing import Final, TextIO

from valr_connector.errors import InvalidArgumentError
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.standalone import serve

_PORT_REFUSED: Final = {
    errno.EADDRINUSE: "somebody else listens on it",
    errno.EACCES: "listening on it is not permitted",
}


async def run_simulator(port: int, seconds: float | None, out: TextIO) -> None:
    """Serve until a signal, or for so many seconds; say on `out` how to connect.

    Raises:
        InvalidArgumentError: `port` cannot be listened on.
    """
    try:
        await serve(SimulatorSettings(port=port), seconds=seconds, output=out)
    except OSError as error:
        if error.errno not in _PORT_REFUSED:
            raise
        raise InvalidArgumentError("port", port, _PORT_REFUSED[error.errno]) from None
