"""Faults that a test orders in advance. None by default.

Each holds for the next `count` frames, commands or requests that its predicate accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, cast

SocketKind = Literal["account", "trade"]
FramePredicate = Callable[[Mapping[str, object]], bool]
"""Takes a frame as it is on the wire."""
RequestPredicate = Callable[[str, str], bool]
"""Takes a method and a target such as "/v1/orders/open?x=1"."""
FrameChange = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Takes a frame as it is on the wire, gives what is sent in its place."""
CommandFate = Literal["run", "run silently", "swallow"]

_FOR_EVER = -1

_Plan = TypeVar("_Plan")


def of_type(*types: str) -> FramePredicate:
    """Frames of one of these types."""
    return lambda frame: frame.get("type") in types


def of_pair(symbol: str, *types: str) -> FramePredicate:
    """Frames of the market about one pair, of all types or of these."""
    return lambda frame: (
        symbol in (frame.get("ps"), frame.get("currencyPairSymbol"))
        and (not types or frame.get("type") in types)
    )


def diff_of(symbol: str) -> FramePredicate:
    """Changes of one pair's book; not its snapshots."""
    return of_pair(symbol, "OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE")


@dataclass(frozen=True, slots=True)
class HttpFault:
    """An HTTP answer in place of the real one; `status` None cuts the connection without any answer."""

    status: int | None
    after_execution: bool
    body: bytes = b""


class _Queue(Generic[_Plan]):
    """Plans, oldest first, each for a number of matching occasions."""

    def __init__(self) -> None:
        self.entries: list[_Entry[_Plan]] = []

    def add(self, matches: Callable[..., bool], plan: _Plan, count: int) -> _Entry[_Plan]:
        entry = _Entry(matches, plan, count)
        self.entries.append(entry)
        return entry

    def take(self, *occasion: object) -> _Plan | None:
        for entry in self.entries:
            if entry.matches(*occasion):
                entry.count -= 1
                if not entry.count:
                    self.entries.remove(entry)
                return entry.plan
        return None

    def take_back(self, entry: _Entry[_Plan]) -> None:
        self.entries = [each for each in self.entries if each is not entry]

    def clear(self) -> None:
        self.entries.clear()


@dataclass(slots=True)
class _Entry(Generic[_Plan]):
    matches: Callable[..., bool]
    plan: _Plan
    count: int


class Faults:
    """The faults to come. `clear` takes back those that have not happened."""

    def __init__(self) -> None:
        self._frames: _Queue[tuple[float, ...]] = _Queue()
        self._alterations: _Queue[FrameChange] = _Queue()
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

    def alter_frame(self, matches: FramePredicate, change: FrameChange, *, count: int = 1) -> None:
        """Send something else in place of the next outbound frame that matches."""
        self._alterations.add(matches, change, count)

    def falsify_checksum(self, symbol: str, *, count: int = 1) -> None:
        """Send a wrong checksum with the next change of the pair's book."""
        self.alter_frame(diff_of(symbol), _with_wrong_checksum, count=count)

    def silence_pair(self, symbol: str) -> Callable[[], None]:
        """Send no frame about a pair any more, until the result is called."""
        silence = self._frames.add(of_pair(symbol), (), _FOR_EVER)
        return lambda: self._frames.take_back(silence)

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
        self._alterations.clear()
        self._commands.clear()
        self._requests.clear()

    @property
    def await_frames(self) -> bool:
        """Whether an outbound frame can meet one."""
        return bool(self._frames.entries or self._alterations.entries)

    def copies(self, frame: Mapping[str, object]) -> tuple[float, ...]:
        """Extra seconds of each copy of an outbound frame: `(0.0,)` when nothing is wrong."""
        plan = self._frames.take(frame)
        return (0.0,) if plan is None else plan

    def altered(self, frame: Mapping[str, object]) -> Mapping[str, object] | None:
        """What is sent in place of an outbound frame; None where nothing is wrong."""
        change = self._alterations.take(frame)
        return None if change is None else change(frame)

    def command_fate(self, frame: Mapping[str, object]) -> CommandFate:
        """What becomes of an inbound command."""
        return self._commands.take(frame) or "run"

    def http_fault(self, method: str, target: str) -> HttpFault | None:
        """What becomes of a REST request."""
        return self._requests.take(method, target)


def _with_wrong_checksum(frame: Mapping[str, object]) -> Mapping[str, object]:
    place, key = ("d", "cs") if "d" in frame else ("data", "Checksum")
    book = cast("dict[str, int]", frame[place])  # the whole of it holds more than numbers
    return {**frame, place: {**book, key: book[key] ^ 1}}
