"""The faults in force: which fate awaits the next frame, request or dial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from valr_connector.verification.schedule import (
    DialFault,
    Fault,
    FrameFault,
    RequestFault,
    SocketName,
    Way,
)

F = TypeVar("F", bound=Fault)


@dataclass(slots=True)
class _Rule(Generic[F]):
    fault: F
    count: int
    until: float


class FaultBoard:
    """Faults by what they are for. Each is used up by its occasions, or ends with its time.

    Args:
        now: seconds.

    Attributes:
        hits: how often each fault really struck, by its name.
        request_struck_at: when a request met its fault last, seconds.
        has_limited: whether anything was answered with 429, which VALR takes back at the next full minute.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.hits: Counter[str] = Counter()
        self.request_struck_at = float("-inf")
        self.has_limited = False
        self._now = now
        self._frames: dict[tuple[SocketName, Way], list[_Rule[FrameFault]]] = {}
        self._requests: list[_Rule[RequestFault]] = []
        self._dials: dict[SocketName, list[_Rule[DialFault]]] = {}

    def add(self, fault: FrameFault | RequestFault | DialFault) -> None:
        """Let a fault begin."""
        until = self._now() + fault.lasting if fault.lasting else float("inf")
        if isinstance(fault, FrameFault):
            rules = self._frames.setdefault((fault.socket, fault.way), [])
            rules.append(_Rule(fault, fault.count, until))
        elif isinstance(fault, RequestFault):
            self._requests.append(_Rule(fault, fault.count, until))
        else:
            self._dials.setdefault(fault.socket, []).append(_Rule(fault, fault.count, until))

    def clear(self) -> None:
        """End all faults."""
        self._frames.clear()
        self._requests.clear()
        self._dials.clear()

    def frame(self, socket: SocketName, way: Way, data: bytes) -> FrameFault | None:
        """What awaits this frame."""
        rules = self._frames.get((socket, way))
        if not rules:
            return None
        kind = kind_of(data)
        fault = self._take(rules, lambda fault: fault.kind in ("", kind))
        return None if fault is None else self._struck(f"frame {way} {fault.fate.value}", fault)

    def request(self, method: str, path: str) -> RequestFault | None:
        """What awaits this request."""
        if not self._requests:
            return None
        line = f"{method}_{path}"
        fault = self._take(self._requests, lambda fault: line.startswith(fault.kind))
        if fault is None:
            return None
        self.request_struck_at = self._now()
        return self._struck(f"request {self._with_status(fault.fate.value, fault.status)}", fault)

    def dial(self, socket: SocketName) -> DialFault | None:
        """What awaits this attempt to open a socket."""
        rules = self._dials.get(socket)
        fault = self._take(rules, lambda _: True) if rules else None
        return (
            None
            if fault is None
            else self._struck(f"dial {self._with_status(fault.fate.value, fault.status)}", fault)
        )

    def _take(self, rules: list[_Rule[F]], matches: Callable[[F], bool]) -> F | None:
        now = self._now()
        rules[:] = [rule for rule in rules if now <= rule.until]
        for rule in rules:
            if matches(rule.fault):
                if not rule.fault.lasting:
                    rule.count -= 1
                    if rule.count <= 0:
                        rules.remove(rule)
                return rule.fault
        return None

    def _with_status(self, fate: str, status: int) -> str:
        if status != _TOO_MANY:
            return fate
        self.has_limited = True
        return f"{fate} 429"

    def _struck(self, name: str, fault: F) -> F:
        self.hits[name] += 1
        return fault


_TOO_MANY = 429
_PREFIX = b'{"type":"'


def kind_of(data: bytes) -> str:
    """The type of a frame, where it stands first in it, as it does with both sides' writers; else ""."""
    if not data.startswith(_PREFIX):
        return ""
    return data[len(_PREFIX) : data.find(b'"', len(_PREFIX))].decode(errors="replace")
