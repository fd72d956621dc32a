"""Faults that a test orders in advance. None by default.

Each holds for the next `count` frames, commands or requests that its predicate accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

SocketKind = Literal["account", "trade"]
FramePredicate = Callable[[Mapping[str, object]], bool]
"""Takes a frame as it is on the wire."""
RequestPredicate = Callable[[str, str], bool]
"""Takes a method and a target such as "/v1/orders/open?x=1"."""
CommandFate = Literal["run", "run silently", "swallow"]

_Plan = TypeVar("_Plan")


def of_type(*types: str) -> FramePredicate:
    """Frames of one of these types."""
    return lambda frame: frame.get("type") in types


@dataclass(frozen=True, slots=True)
class HttpFault:
    """An HTTP answer in place of the real one; `status` None cuts the connection without any answer."""

    status: int | None
    after_execution: bool
    body: bytes = b""


class _Queue(Generic[_Plan]):
    """Plans, oldest first, each for a number of matching occasions."""

    def __init__(self) -> None:
        self._entries: list[_Entry[_Plan]] = []

    def add(self, matches: Callable[..., bool], plan: _Plan, count: int) -> None:
        self._entries.append(_Entry(matches, plan, count))

    def take(self, *occasion: object) -> _Plan | None:
        for entry in self._entries:
            if entry.matches(*occasion):
                entry.count -= 1
                if not entry.count:
                    self._entries.remove(entry)
                return entry.plan
        return None

    def clear(self) -> None:
        self._entries.clear()


@dataclass(slots=True)
class _Entry(Generic[_Plan]):
    matches: Callable[..., bool]
    plan: _Plan
    count: int


class Faults:
    """The faults to come. `clear` takes back those that have not happened."""

    def __init__(self) -> None:
        self._frames: _Queue[tuple[float, ...]] = _Queue()
        self._commands: _Queue[CommandFate] = _Queue()
        self._requests: _Queue[HttpFault] = _Queue()

    def drop_frame(self, matches: FramePredicate, *, count: int = 1) -> None:
        """Do not send the next outbound frame that matches, on any socket."""
        self._frames.add(matches, (), count)

    def duplicate_frame(self, matches: FramePredicate, *, count: int = 1) -> None:
        """Send the next outbound frame that matches twice."""
        self._frames.add(matches, (0.0, 0.0), count)

    def delay_frame(self, matches: FramePredicate, seconds: float, *, count: int = 1) -> None:
        """Send the next outbound frame that matches that much later; later frames overtake it."""
        self._frames.add(matches, (seconds,), count)

    def swallow_command(self, matches: FramePredicate, *, count: int = 1) -> None:
        """Neither execute nor answer the next account command that matches."""
        self._commands.add(matches, "swallow", count)

    def silence_command(self, matches: FramePredicate, *, count: int = 1) -> None:
        """Execute the next account command that matches, but do not reply. Its events still come."""
        self._commands.add(matches, "run silently", count)

    def answer_request(
        self,
        status: int | None,
        matches: RequestPredicate = lambda _method, _target: True,
        *,
        after_execution: bool = False,
        body: bytes = b"",
        count: int = 1,
    ) -> None:
        """Answer the next REST request that matches with `status`, without executing it or after doing so.

        A `status` of None cuts the connection instead of answering.
        """
        self._requests.add(matches, HttpFault(status, after_execution, body), count)

    def clear(self) -> None:
        """Take back every fault that has not happened yet."""
        self._frames.clear()
        self._commands.clear()
        self._requests.clear()

    def copies(self, frame: Mapping[str, object]) -> tuple[float, ...]:
        """Extra seconds of each copy of an outbound frame: `(0.0,)` when nothing is wrong."""
        plan = self._frames.take(frame)
        return (0.0,) if plan is None else plan

    def command_fate(self, frame: Mapping[str, object]) -> CommandFate:
        """What becomes of an inbound command."""
        return self._commands.take(frame) or "run"

    def http_fault(self, method: str, target: str) -> HttpFault | None:
        """What becomes of a REST request."""
        return self._requests.take(method, target)
