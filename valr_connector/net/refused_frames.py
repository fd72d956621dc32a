"""Frames that break the protocol: every one is counted, and the first of each kind told."""

from __future__ import annotations

import logging
from collections.abc import Callable

from valr_connector.errors import DecodeError
from valr_connector.model.enums import Socket
from valr_connector.model.events import FrameRefused
from valr_connector.observe import metrics as m

log = logging.getLogger(__name__)


class RefusedFrames:
    """Those of one socket.

    Args:
        publish: tells an event.
    """

    def __init__(
        self, socket: Socket, *, publish: Callable[[FrameRefused], None], metrics: m.Metrics
    ) -> None:
        self._socket = socket
        self._publish = publish
        self._metrics = metrics
        self._kinds: set[str] = set()

    def note(self, error: DecodeError) -> None:
        """A frame was refused."""
        self._metrics.counter(m.FRAMES_REFUSED, self._socket.value, error.kind).add()
        if error.kind not in self._kinds:
            self._kinds.add(error.kind)
            log.error(
                "%s socket: frame refused, further ones of its kind are only counted: %s",
                self._socket.value,
                error,
            )
            self._publish(FrameRefused(self._socket, error.kind, str(error)))
