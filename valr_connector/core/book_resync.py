"""When a book has to be asked for anew, and how (protocol 18.6).

Theory
======

A book that broke is *asked for anew*: its pair is left out of the event's list and named again, and a
snapshot has to follow. One that follows in time ends it. Else the connection is given up, once, for that may
help where asking does not; if even then no snapshot comes, the pair is asked for now and then, and the other
pairs, whose connection it is too, are left in peace.

A book that breaks again soon after it was mended is asked for later each time: where VALR's rule and ours
differ, every snapshot would fail, and nobody would be served by a hundred requests a minute.

A feed whose every frame replaces the book mends itself, and is asked for only if it does not (protocol 18.1).

Times are nanoseconds of one monotonic clock, handed in as ``now``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from valr_connector.model.ids import Symbol

SECOND: Final = 1_000_000_000
PATIENCE: Final = 5 * SECOND
"""So long a snapshot may take (protocol 18.6)."""
CALM: Final = 10 * SECOND
"""A book that has lasted so long is mended for good."""
FIRST_PAUSE: Final = SECOND
LONGEST_PAUSE: Final = 30 * SECOND


class _Step(Enum):
    """What is done when the time has come."""

    ASK = "ask for it anew"
    GIVE_UP = "give the connection up, unless that has been tried"


@dataclass(slots=True)
class _Wait:
    due: int
    step: _Step


class Due(NamedTuple):
    """What is to be done now.

    Attributes:
        ask_anew: pairs to leave out of the list and to name again.
        reconnect: pairs for whose sake the connection is to be given up.
    """

    ask_anew: tuple[Symbol, ...]
    reconnect: tuple[Symbol, ...]


class ResyncSchedule:
    """Which pairs wait for a snapshot, until when, and what then."""

    def __init__(self) -> None:
        self._waits: dict[Symbol, _Wait] = {}
        self._started_at: dict[Symbol, int] = {}
        self._failures: dict[Symbol, int] = {}
        self._given_up_for: set[Symbol] = set()

    @property
    def next_due(self) -> int | None:
        """When `take_due` has something next; None while nothing is waited for."""
        return min((wait.due for wait in self._waits.values()), default=None)

    def subscribed(self, symbols: Iterable[Symbol], now: int) -> None:
        """These pairs were asked for; a snapshot of each should follow."""
        for symbol in symbols:
            self._waits[symbol] = _Wait(now + PATIENCE, _Step.ASK)

    def started(self, symbol: Symbol, now: int) -> None:
        """The pair's book is valid."""
        self._waits.pop(symbol, None)
        self._given_up_for.discard(symbol)
        self._started_at[symbol] = now

    def broke(self, symbol: Symbol, now: int, *, mends_itself: bool = False) -> None:
        """The pair's book is invalid, or what was to start it is."""
        started_at = self._started_at.pop(symbol, None)
        lasted = started_at is not None and now - started_at >= CALM
        failures = self._failures[symbol] = 1 if lasted else self._failures.get(symbol, 0) + 1
        pause = PATIENCE if mends_itself else _pause(failures)
        self._waits[symbol] = _Wait(now + pause, _Step.ASK)

    def dropped(self, symbol: Symbol) -> None:
        """The pair is not wanted any more, or VALR refuses it."""
        self._waits.pop(symbol, None)
        self._started_at.pop(symbol, None)

    def disconnected(self) -> None:
        """Nothing can be asked for."""
        self._waits.clear()
        self._started_at.clear()

    def take_due(self, now: int) -> Due:
        """What is to be done by now; it counts as done."""
        due = [(symbol, wait) for symbol, wait in self._waits.items() if wait.due <= now]
        reconnect = [symbol for symbol, wait in due if self._is_hopeless(symbol, wait)]
        self._given_up_for.update(reconnect)
        ask_anew = [symbol for symbol, _ in due if symbol not in reconnect]
        for symbol, wait in due:
            is_tried = symbol in self._given_up_for
            wait.due = now + (LONGEST_PAUSE if is_tried else PATIENCE)
            wait.step = _Step.GIVE_UP
        return Due(tuple(ask_anew), tuple(reconnect))

    def _is_hopeless(self, symbol: Symbol, wait: _Wait) -> bool:
        return wait.step is _Step.GIVE_UP and symbol not in self._given_up_for


def _pause(failures: int) -> int:
    """None before the first request anew, then longer each time."""
    return 0 if failures == 1 else int(min(FIRST_PAUSE << min(failures - 2, 10), LONGEST_PAUSE))
