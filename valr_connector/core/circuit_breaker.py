"""The circuit breaker: a way to VALR that fails again and again is left alone for a while.

Theory
======

Only the transport counts: an attempt that may have left and was never answered, a connection that could not
be opened, an answer from the infrastructure instead of VALR. Whatever VALR itself answers, a refusal or a
rate limit included, proves that the way is good.

::

    CLOSED --failures in a row--> OPEN --pause over--> HALF_OPEN --attempt answered--> CLOSED
                                   ^                        |
                                   +------attempt failed----+   (the pause doubles)

Closed, everything may go. Open, nothing should: the caller takes another way, or says at once that there is
none. Half-open, one attempt may go, and what becomes of it decides; one of which nothing is heard within
`trial_s` makes room for the next.

Whoever has no other way, as a cancel has sometimes, goes in spite of an open circuit. An answer to what was
begun since the circuit opened closes it, whoever began it, and half-open too: better proof there is not. An
answer to what was begun before says nothing about the time after it, nor does a failure of what was begun
before the last change of state: late failures do not open a circuit that has recovered.

Times are nanoseconds of one monotonic clock, handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import CircuitState

_NS_PER_S: Final = 1_000_000_000
_CLOSED: Final = CircuitState.CLOSED  # CPython 3.11 takes 0.1 us to find a member in its class


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """When a circuit opens, and for how long. Times in seconds.

    Attributes:
        failures: so many in a row open it.
        pause_s: how long it stays open at first; every trial that fails doubles it.
        longest_pause_s: the pause never grows beyond this.
        trial_s: a trial without any outcome after this time no longer keeps others from trying.
    """

    failures: int = 5
    pause_s: float = 1.0
    longest_pause_s: float = 30.0
    trial_s: float = 10.0

    def __post_init__(self) -> None:
        for name in ("failures", "pause_s", "longest_pause_s", "trial_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidArgumentError(name, value, "has to be positive")
        if self.longest_pause_s < self.pause_s:
            rule = f"has to be at least pause_s ({self.pause_s})"
            raise InvalidArgumentError("longest_pause_s", self.longest_pause_s, rule)


@dataclass(slots=True)
class CircuitBreaker:
    """One way's circuit.

    Attributes:
        state: where it stands; OPEN becomes HALF_OPEN by time, which `look` notices.
        failures: transport failures in a row while closed.
        opens: how often it has opened, failed trials included, since it was last closed.
        changed_ns: when it last changed its state.
    """

    settings: CircuitSettings = field(default_factory=CircuitSettings)
    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    opens: int = 0
    changed_ns: int = 0
    _trial_ns: int | None = None
    _opened_ns: int = 0

    @property
    def is_untroubled(self) -> bool:
        """Whether it is closed and the last attempt did not fail: one that succeeds changes nothing."""
        return not self.failures and self.state is _CLOSED

    @property
    def half_opens_ns(self) -> int | None:
        """When an open circuit lets a trial go; None unless it is open."""
        return self.changed_ns + self._pause() if self.state is CircuitState.OPEN else None

    def look(self, now: int) -> None:
        """Let time do what it does: an open circuit whose pause is over is half-open."""
        due = self.half_opens_ns
        if due is not None and now >= due:
            self._change(CircuitState.HALF_OPEN, now)

    def allows(self, now: int) -> bool:
        """Whether an attempt may go now; `enter` is asked by whoever makes one."""
        self.look(now)
        if self.state is not CircuitState.HALF_OPEN:
            return self.state is CircuitState.CLOSED
        return self._trial_ns is None or now - self._trial_ns >= _ns(self.settings.trial_s)

    def enter(self, now: int) -> bool:
        """Whether an attempt may go now; half-open, it is the trial from here on."""
        is_allowed = self.allows(now)
        if is_allowed and self.state is CircuitState.HALF_OPEN:
            self._trial_ns = now
        return is_allowed

    def withdrawn(self) -> None:
        """An attempt that had entered was not made after all: another may be the trial."""
        self._trial_ns = None

    def succeeded(self, begun: int, now: int) -> None:
        """VALR answered what was begun at `begun`, whatever it said."""
        if begun < (self._opened_ns if self.state is CircuitState.HALF_OPEN else self.changed_ns):
            return
        if self.state is CircuitState.CLOSED:
            self.failures = 0
        else:
            self.opens = 0
            self._change(CircuitState.CLOSED, now)

    def failed(self, begun: int, now: int) -> None:
        """The transport failed what was begun at `begun`."""
        if begun < self.changed_ns or self.state is CircuitState.OPEN:
            return
        self.failures += 1
        if self.state is CircuitState.HALF_OPEN or self.failures >= self.settings.failures:
            self.opens += 1
            self._opened_ns = now
            self._change(CircuitState.OPEN, now)

    def _pause(self) -> int:
        doublings = min(self.opens - 1, 63)
        return _ns(min(self.settings.longest_pause_s, self.settings.pause_s * 2.0**doublings))

    def _change(self, state: CircuitState, now: int) -> None:
        self.state = state
        self.changed_ns = now
        self.failures = 0
        self._trial_ns = None


def _ns(seconds: float) -> int:
    return round(seconds * _NS_PER_S)
