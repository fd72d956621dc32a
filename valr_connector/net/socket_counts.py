"""What is counted and timed of one socket, whatever connection it has at the time."""

from __future__ import annotations

from typing import Final

from valr_connector.core.disconnects import Ending
from valr_connector.model.enums import SessionState
from valr_connector.observe import metrics as m

ONE_FRAME_IN: Final = 128
"""Timing a frame takes 2 us of caches that are cold for it; so many frames give the same distribution."""


class SocketCounts:
    """The instruments of one socket; `name` is its label."""

    def __init__(self, metrics: m.Metrics, name: str) -> None:
        self.received = metrics.counter(m.FRAMES_RECEIVED, name)
        self.sent = metrics.counter(m.FRAMES_SENT, name)
        self.handler_errors = metrics.counter(m.HANDLER_ERRORS, name)
        self.handled = metrics.latency(m.FRAME_HANDLED, name)
        self.dials = metrics.counter(m.DIALS, name)
        self.disconnects = metrics.counter(m.DISCONNECTS, name)
        self.round_trip = metrics.latency(m.PING_ROUND_TRIP, name)
        self._recovery = metrics.latency(m.RECOVERY, name)
        self._metrics = metrics
        self._name = name
        self._lost_ns: int | None = None

    def ended(self, ending: Ending) -> None:
        """A connection or a dial ended, and another dial follows."""
        self._metrics.counter(m.RECONNECTS, self._name, ending.kind).add()

    def changed(self, before: SessionState, after: SessionState, now: int) -> None:
        """The connection changed its state: time how long a live one took to come back."""
        if before is SessionState.LIVE and after is SessionState.IDLE:
            self._lost_ns = now
        elif after is SessionState.LIVE and self._lost_ns is not None:
            self._recovery.record(now - self._lost_ns)
            self._lost_ns = None
