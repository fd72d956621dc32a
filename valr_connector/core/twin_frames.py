"""Two connections that say the same: each thing said counts once.

Theory
------
VALR tells the same events on every account socket, in the same words, and replays nothing: what is told
while a socket is away is lost to it (protocol 14.4). The *first* connection is the one that counts; the
*second* only listens. Frames are compared by their content, and counted: what was said twice by one of them
has to be said twice by the other.

While the first lives, it keeps the order of things: what the second says is held back until its twin comes,
and is then let go. A twin that does not come within `patience` is not going to, for the first has stalled or
lost it, so the second's frame is told after all. Once the first is gone, what is held is told at once, and so
is everything that the second says from then on; should the first, connected anew, say it too, that is let go.

A picture of the whole state, such as the balances that VALR sends on connecting, has no twin: it is told only
while the first is away, for a picture that is held back is an old one.

Of a *state*, such as the best prices of a pair, each frame says all, and a new subscription is told it at
once: that frame has no twin where the first was told the same before. So once any frame of a state has met
its twin, what the second said of that state before is old, and is let go.

Times are nanoseconds of one monotonic clock, handed in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeVar

from msgspec import Struct

_Key = TypeVar("_Key", bytes, str)

MOST_REMEMBERED: Final = 4_096
"""Frames of which the twin is still to come, of each side."""


class _Held(Struct):
    due: int
    is_picture: bool
    state: str


class _Tally:
    """How often each frame was seen, the newest so many."""

    def __init__(self) -> None:
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    def add(self, frame: bytes) -> None:
        self._counts[frame] = self._counts.pop(frame, 0) + 1
        if len(self._counts) > MOST_REMEMBERED:
            self._counts.popitem(last=False)

    def take(self, frame: bytes) -> bool:
        """Whether it was there, once less from now on."""
        count = self._counts.get(frame, 0)
        if count > 1:
            self._counts[frame] = count - 1
        elif count:
            del self._counts[frame]
        return count > 0

    def clear(self) -> None:
        self._counts.clear()


class TwinFrames:
    """Says of each frame whether it is to be told.

    Args:
        patience: how long the second's frame waits for its twin.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._told_by_first = _Tally()
        self._told_by_second = _Tally()
        self._held: OrderedDict[int, tuple[bytes, _Held]] = OrderedDict()
        self._places: dict[bytes, list[int]] = {}
        self._places_of_state: dict[str, list[int]] = {}
        self._count = 0

    @property
    def next_due(self) -> int | None:
        """When the patience with a held frame ends; None where nothing is held."""
        return next(iter(self._held.values()))[1].due if self._held else None

    def first(self, frame: bytes) -> bool:
        """The first connection brought a frame; whether it is to be told."""
        if self._told_by_second.take(frame):
            return False
        if frame in self._places:
            place = self._places[frame][0]
            self._outdate(self._held[place][1].state, place)
            self._release(place)
        else:
            self._told_by_first.add(frame)
        return True

    def second(
        self, frame: bytes, now: int, *, is_first_live: bool, is_picture: bool, state: str = ""
    ) -> bool:
        """The second connection brought a frame; whether it is to be told now.

        Args:
            state: the name of the state of which the frame says all; "" where it is none.
        """
        if self._told_by_first.take(frame):
            self._outdate(state, self._count + 1)
            return False
        if not is_first_live:
            self._told_by_second.add(frame)
            return True
        self._count += 1
        self._held[self._count] = frame, _Held(now + self._patience, is_picture, state)
        self._places.setdefault(frame, []).append(self._count)
        if state:
            self._places_of_state.setdefault(state, []).append(self._count)
        return False

    def overdue(self, now: int) -> Sequence[bytes]:
        """Held frames whose twin is not going to come, to be told now; the first lives."""
        overdue: list[bytes] = []
        while self._held:
            place, (frame, held) = next(iter(self._held.items()))
            if held.due > now:
                break
            self._release(place)
            if not held.is_picture:
                self._told_by_second.add(frame)
                overdue.append(frame)
        return overdue

    def first_lost(self) -> Sequence[bytes]:
        """The first connection is gone: the held frames, to be told now."""
        self._told_by_first.clear()
        return self.held()

    def held(self) -> Sequence[bytes]:
        """The held frames, to be told now; what the first has told is remembered."""
        held = [frame for frame, _ in self._held.values()]
        self._held.clear()
        self._places.clear()
        self._places_of_state.clear()
        return held

    def first_began(self) -> None:
        """The first is connected anew: nothing that was told before will come there again."""
        self._told_by_second.clear()

    def second_lost(self) -> None:
        """The second connection is gone, and with it the twins that it owed."""
        self._told_by_first.clear()

    def _outdate(self, state: str, before: int) -> None:
        """Let go what is held of a state from before that place."""
        while (places := self._places_of_state.get(state)) is not None and places[0] < before:
            self._release(places[0])

    def _release(self, place: int) -> None:
        frame, held = self._held.pop(place)
        _forget(self._places, frame, place)
        if held.state:
            _forget(self._places_of_state, held.state, place)


def _forget(places_of: dict[_Key, list[int]], key: _Key, place: int) -> None:
    places = places_of[key]
    places.remove(place)
    if not places:
        del places_of[key]
