"""Who waited for room in VALR's limits, and who passed them meanwhile: cancels go first (S8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from valr_connector.core.rate_limits import windows_of
from valr_connector.net.limiter import Limiter, LimiterRegistry
from valr_connector.observe import metrics as m
from valr_connector.protocol.requests import Lane
from valr_connector.verification.invariants import Violation

_CANCELS: Final = ("CANCEL_LIMIT_ORDER", "DELETE /v1/orders", "DELETE /v2/orders")
_PLACEMENTS: Final = ("PLACE_", "POST /v1/orders", "POST /v2/orders")


@dataclass(frozen=True, slots=True)
class Passage:
    """A request that waited for room, or that passed while another one waited.

    Attributes:
        operation: a command's type, or method and path.
        asked_at, ended_at: monotonic nanoseconds.
        has_passed: whether it found room before it was given up.
    """

    operation: str
    asked_at: int
    ended_at: int
    has_passed: bool

    @property
    def has_waited(self) -> bool:
        """Whether there was no room at once."""
        return self.asked_at < self.ended_at

    @property
    def is_cancel(self) -> bool:
        """Whether all it does is to cancel."""
        return self.operation.startswith(_CANCELS)

    @property
    def is_placement(self) -> bool:
        """Whether it places an order, and not in a batch."""
        return self.operation.startswith(_PLACEMENTS)

    def needs_the_room_of(self, other: Passage) -> bool:
        """Whether it counts wherever the other one does: room for this one is room for that one."""
        return set(windows_of(other.operation)) <= set(windows_of(self.operation))


def s8_cancels_first(passages: Sequence[Passage]) -> Iterator[Violation]:
    """Nothing else takes the room that a cancel waits for.

    Args:
        passages: in the order in which they ended.
    """
    for number, cancel in enumerate(passages):
        if not cancel.is_cancel or not cancel.has_waited:
            continue
        for other in passages[:number]:
            if other.has_passed and not other.is_cancel and _overtook(other, cancel):
                yield Violation("S8", f"{other.operation} went before {cancel.operation}, which had waited")


def _overtook(other: Passage, cancel: Passage) -> bool:
    """Whether one that ended before the cancel did passed while that waited.

    Who finds room at once in the moment in which a cancel is let through has taken nothing from it.
    """
    is_meanwhile = cancel.asked_at < other.ended_at
    is_sooner = other.ended_at < cancel.ended_at or other.has_waited
    return is_meanwhile and is_sooner and other.needs_the_room_of(cancel)


def competitions(passages: Sequence[Passage]) -> int:
    """How many cancels waited for the same room as a placement, at the same time."""
    waited = [passage for passage in passages if passage.has_waited]
    placements = [passage for passage in waited if passage.is_placement]
    return sum(
        any(_waited_together(cancel, placement) for placement in placements)
        for cancel in waited
        if cancel.is_cancel
    )


def _waited_together(cancel: Passage, placement: Passage) -> bool:
    is_together = cancel.asked_at < placement.ended_at and placement.asked_at < cancel.ended_at
    return is_together and placement.needs_the_room_of(cancel)


class WatchedLimits(LimiterRegistry):
    """The limits of one process, with a look at who passes them.

    Args:
        clock: monotonic nanoseconds.
        wall_clock: nanoseconds.

    Attributes:
        passages: in the order in which they ended; none of those beside which nobody waited.
    """

    def __init__(self, *, clock: Callable[[], int], wall_clock: Callable[[], int]) -> None:
        super().__init__(clock=clock, wall_clock=wall_clock)
        self.passages: list[Passage] = []
        self._waiting = 0

    def _new_limiter(self, host: str, key: str, share: float, metrics: m.Metrics) -> Limiter:
        return _WatchedLimiter(self, host, key, share, metrics)

    def note_passed(self, operation: str) -> None:
        """A request found room at once."""
        if self._waiting:
            now = self._clock()
            self.passages.append(Passage(operation, now, now, has_passed=True))

    @contextmanager
    def noting_wait(self, operation: str) -> Iterator[None]:
        """A request waits for room meanwhile."""
        asked_at = self._clock()
        has_passed = False
        self._waiting += 1
        try:
            yield
            has_passed = True
        finally:
            self._waiting -= 1
            passage = Passage(operation, asked_at, self._clock(), has_passed)
            if passage.has_waited:
                self.passages.append(passage)


class _WatchedLimiter(Limiter):
    def __init__(self, limits: WatchedLimits, host: str, key: str, share: float, metrics: m.Metrics) -> None:
        super().__init__(limits, host, key, share, metrics)
        self._limits = limits

    def try_acquire(self, lane: Lane, operation: str) -> bool:
        has_passed = super().try_acquire(lane, operation)
        if has_passed:
            self._limits.note_passed(operation)
        return has_passed

    async def acquire(self, lane: Lane, operation: str, deadline: int | None = None) -> None:
        if not self.try_acquire(lane, operation):
            with self._limits.noting_wait(operation):
                await super().acquire(lane, operation, deadline)
