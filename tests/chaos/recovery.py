"""How long the account socket takes from a loss to being live again."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from valr_connector import ConnectionChanged, ValrExchange
from valr_connector.model.enums import SessionState, Socket


@dataclass(slots=True)
class Recovery:
    """Follows one connector.

    Attributes:
        undisturbed_s: seconds to live while no fault was in force: from the loss, or from the end of the last
            fault where that came later.
        disturbed_s: seconds from the loss to live while faults went on striking.
    """

    undisturbed_s: list[float] = field(default_factory=list)
    disturbed_s: list[float] = field(default_factory=list)
    _calm_since: float | None = None
    _lost_at: float | None = None

    def follow(self, valr: ValrExchange) -> None:
        """Hear of every change of its connections from now on."""
        valr.on(ConnectionChanged, self._hear)

    def calm_began(self) -> None:
        """The last fault is over, and no other strikes for now."""
        self._calm_since = time.monotonic()

    def calm_ended(self) -> None:
        """Faults strike again."""
        self._calm_since = None

    def _hear(self, event: ConnectionChanged) -> None:
        if event.socket is not Socket.ACCOUNT:
            return
        now = time.monotonic()
        if event.after is SessionState.IDLE:
            self._lost_at = now if self._lost_at is None else self._lost_at
        elif event.after is SessionState.LIVE and self._lost_at is not None:
            if self._calm_since is None:
                self.disturbed_s.append(now - self._lost_at)
            else:
                self.undisturbed_s.append(now - max(self._lost_at, self._calm_since))
            self._lost_at = None


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed, one of them; not a number without any."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else math.nan
