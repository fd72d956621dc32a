"""What a WebSocket client talks to: who handles the frames, who looks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from valr_connector.model.enums import SessionState


class SocketHandler(Protocol):
    """What a socket is connected to. All but `while_connected` is called synchronously, from the reader."""

    def on_frame(self, raw: bytes, now: int) -> None:
        """Take one frame, text or binary, at that time: nanoseconds of the monotonic clock.

        What it raises is logged and counted; the reader lives on.
        """

    def on_connected(self, epoch: int) -> None:
        """The socket is open, nothing is proved yet; precedes every frame of the epoch."""

    def on_disconnected(self, epoch: int, cause: str) -> None:
        """The socket is gone. Called exactly once for every `on_connected`, after `while_connected` ended."""

    async def while_connected(self, epoch: int) -> None:
        """Runs beside the reader from AUTHENTICATED to the end of the connection: subscribe, resync.

        Cancelled when the connection ends. It may return early. What it raises closes the connection.
        """


class FrameTap(Protocol):
    """Sees every frame: the inbound ones before they are handled, the outbound ones before they are sent."""

    def frame_in(self, raw: bytes) -> None:
        """A frame came in."""

    def frame_out(self, raw: bytes) -> None:
        """A frame is about to go out."""


StateListener = Callable[[SessionState, SessionState, str], None]
"""Called with the old state, the new one and the cause in words ("" where the state says it all)."""
