"""Which parts a trading program needs are in place, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from valr_connector.model.events import ReadinessChanged


class Part(StrEnum):
    """What has to be in place before an order may be placed, and what was asked for besides.

    CANCEL_ON_DISCONNECT does not count for readiness: it is a safety net that VALR may not grant.
    """

    TRADING_RULES = "trading rules"
    ACCOUNT_STREAM = "account stream"
    BALANCES = "balances"
    OPEN_ORDERS = "open orders"
    ORDER_BOOKS = "order books"
    CANCEL_ON_DISCONNECT = "cancel on disconnect"
    ORDER_ENTRY = "order entry"
    """Not both ways for orders have failed too often (`CircuitPath`)."""


_NOT_NEEDED: Final = frozenset({Part.CANCEL_ON_DISCONNECT})


def parts_in_use(*, order_books: bool, cancel_on_disconnect: bool) -> tuple[Part, ...]:
    """The parts of an instance that follows order books, or none, and that wants that safety net, or not."""
    left_out = {
        Part.ORDER_BOOKS: not order_books,
        Part.CANCEL_ON_DISCONNECT: not cancel_on_disconnect,
    }
    return tuple(part for part in Part if not left_out.get(part, False))


class PartStatus(Struct, frozen=True, gc=False):
    """Whether one part is ready, and if not, why."""

    ready: bool
    why_not: str = ""


class Readiness:
    """The table of parts. Ready means every one of them; nothing forces it.

    Attributes:
        parts: each part's status.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = {part: PartStatus(ready=False, why_not="not started") for part in parts}
        self.parts: Mapping[Part, PartStatus] = MappingProxyType(self._parts)
        self.is_ready = self._are_all_ready()

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not ready, each with its reason."""
        return tuple(
            f"{part.value}: {status.why_not}"
            for part, status in self._parts.items()
            if not status.ready and part not in _NOT_NEEDED
        )

    def _are_all_ready(self) -> bool:
        return all(status.ready or part in _NOT_NEEDED for part, status in self._parts.items())

    def ready(self, part: Part) -> ReadinessChanged | None:
        """One part is in place."""
        return self._set(part, PartStatus(ready=True))

    def not_ready(self, part: Part, why_not: str) -> ReadinessChanged | None:
        """One part is not in place (any more)."""
        return self._set(part, PartStatus(ready=False, why_not=why_not))

    def _set(self, part: Part, status: PartStatus) -> ReadinessChanged | None:
        if self._parts.get(part, status) == status:
            return None  # nothing new, or nothing that is in use
        before = self.is_ready
        self._parts[part] = status
        self.is_ready = self._are_all_ready()
        if self.is_ready is before:
            return None
        return ReadinessChanged(self.is_ready, self.missing)
