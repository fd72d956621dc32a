"""How long the account socket takes from a loss to being live again, and where that time goes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.chronicle import Chronicle, Note
from valr_connector import ConnectionChanged, ValrExchange
from valr_connector.model.enums import SessionState, Socket

PROLOGUE_S = 1.0
"""So much of what came before is of interest too: the fault itself."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """From a loss to being live again.

    Attributes:
        began, ended: seconds of the monotonic clock.
        busy_s: processor time that this process had meanwhile, venue and proxy included.
        late_s: for how long the event loop stood still meanwhile.
        notes: what happened in between, and shortly before.
    """

    began: float
    ended: float
    busy_s: float
    late_s: float
    notes: Sequence[Note]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    @property
    def held_up_s(self) -> float:
        """For how long the loop stood still because others had the processor, not because of its own work."""
        return max(0.0, self.late_s - self.busy_s)

    @property
    def own_s(self) -> float:
        """How long it would have taken on a machine that does nothing else."""
        return self.seconds - self.held_up_s

    def __str__(self) -> str:
        head = (
            f"{self.seconds:.3f} s, of which {self.busy_s:.3f} s busy; the loop stood still for"
            f" {self.late_s:.3f} s, {self.held_up_s:.3f} s of them for other programs"
        )
        return "\n".join([head, *(f"  {note.at - self.began:+7.3f} {note.what}" for note in self.notes)])


@dataclass(slots=True)
class Recovery:
    """Follows one connector.

    Attributes:
        undisturbed: ways back while no fault was in force: from the loss, or from the end of the last fault
            where that came later.
        disturbed_s: seconds from the loss to live while faults went on striking.
    """

    chronicle: Chronicle = field(default_factory=Chronicle)
    undisturbed: list[WayBack] = field(default_factory=list)
    disturbed_s: list[float] = field(default_factory=list)
    _calm_since: float | None = None
    _lost_at: float | None = None
    _busy_before_s: float = 0.0
    _late_before_s: float = 0.0

    @property
    def undisturbed_s(self) -> list[float]:
        """Seconds that the undisturbed ways back took."""
        return [way.seconds for way in self.undisturbed]

    @property
    def own_s(self) -> list[float]:
        """The same without what other programs on this machine held them up for."""
        return [way.own_s for way in self.undisturbed]

    def slowest(self, count: int) -> Sequence[WayBack]:
        """The undisturbed ways back that took longest by themselves."""
        return sorted(self.undisturbed, key=lambda way: way.own_s, reverse=True)[:count]

    def follow(self, valr: ValrExchange) -> None:
        """Hear of every change of its connections from now on."""
        valr.on(ConnectionChanged, self._hear)

    def calm_began(self) -> None:
        """The last fault is over, and no other strikes for now."""
        self._calm_since = time.monotonic()
        self._read_meters()
        self.chronicle.note("calm")

    def calm_ended(self) -> None:
        """Faults strike again."""
        self._calm_since = None
        self.chronicle.note("no calm any more")

    def _hear(self, event: ConnectionChanged) -> None:
        self.chronicle.note(
            f"{event.socket.value} socket: {event.after.value}" + (f" ({event.cause})" if event.cause else "")
        )
        if event.socket is not Socket.ACCOUNT:
            return
        now = time.monotonic()
        if event.after is SessionState.IDLE and self._lost_at is None:
            self._lost_at = now
            self._read_meters()
        elif event.after is SessionState.LIVE and self._lost_at is not None:
            if self._calm_since is None:
                self.disturbed_s.append(now - self._lost_at)
            else:
                self._note_way_back(max(self._lost_at, self._calm_since), now)
            self._lost_at = None

    def _read_meters(self) -> None:
        self._busy_before_s, self._late_before_s = time.process_time(), self.chronicle.late_s

    def _note_way_back(self, began: float, ended: float) -> None:
        busy_s = time.process_time() - self._busy_before_s
        late_s = self.chronicle.late_s - self._late_before_s
        notes = self.chronicle.since(began - PROLOGUE_S)
        self.undisturbed.append(WayBack(began, ended, busy_s, late_s, notes))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed, one of them; not a number without any."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else math.nan
