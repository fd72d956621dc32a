"""Unread events in their order, of which some may be let go and others never.

Market data is replaced by its own future: the newest is what counts. What happened to an order is told once,
and a program that missed it would trade on a wrong picture for ever.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, TypeVar

from valr_connector.model.events import OrderEvent, UntrackedOrder

E = TypeVar("E")

NEVER_DROPPED: Final = (OrderEvent, UntrackedOrder)
"""What no subscriber loses, whatever it chose."""


class Backlog(Generic[E]):
    """A queue. Every operation takes the same time, however long it has become."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: deque[tuple[int, E]] = deque()
        self._losable: deque[tuple[int, E]] = deque()

    def __len__(self) -> int:
        """How many events are unread."""
        return len(self._kept) + len(self._losable)

    @property
    def losable(self) -> int:
        """How many of them may be let go."""
        return len(self._losable)

    def append(self, event: E) -> None:
        """Take an event in as the newest."""
        self._count += 1
        line = self._kept if isinstance(event, NEVER_DROPPED) else self._losable
        line.append((self._count, event))

    def popleft(self) -> E:
        """Remove and return the oldest event.

        Raises:
            IndexError: there is none.
        """
        kept, losable = self._kept, self._losable
        line = losable if losable and (not kept or losable[0][0] < kept[0][0]) else kept
        return line.popleft()[1]

    def let_go(self) -> None:
        """Lose the oldest of those that may be lost; there is one."""
        self._losable.popleft()
