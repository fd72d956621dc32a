"""The ledger of commands sent on the socket and not answered yet, by message id.

A reply carries the message id and maybe little else; the ledger says which command it answers. It
decides nothing about orders: a command without a reply is resolved by what becomes of its order.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from valr_connector.model.ids import ClientOrderId


class CommandKind(StrEnum):
    """What was asked, in the words of RATE_LIMIT_EXCEEDED's requestType (protocol 15.6)."""

    PLACE_LIMIT = "PLACE_LIMIT_ORDER"
    PLACE_MARKET = "PLACE_MARKET_ORDER"
    CANCEL = "CANCEL_LIMIT_ORDER"
    MODIFY = "MODIFY_ORDER"


class SentCommand(Struct, frozen=True, gc=False):
    """One command under way. `sent_at` in nanoseconds of the monotonic clock."""

    message_id: str
    kind: CommandKind
    client_order_id: ClientOrderId
    epoch: int
    sent_at: int


class CommandLedger:
    """Commands under way, oldest first. Bounded: beyond `capacity` the oldest is forgotten."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._under_way: dict[str, SentCommand] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._under_way)

    def enter(self, kind: CommandKind, client_order_id: ClientOrderId, epoch: int, now: int) -> SentCommand:
        """Note a command that is about to be sent, and give it its message id."""
        self._count += 1
        command = SentCommand(f"c-{self._count}", kind, client_order_id, epoch, now)
        self._under_way[command.message_id] = command
        if len(self._under_way) > self._capacity:
            del self._under_way[next(iter(self._under_way))]
        return command

    def answer(self, message_id: str | None, *kinds: CommandKind) -> SentCommand | None:
        """The command that a reply answers, removed from the ledger.

        A reply without a message id answers the only command of `kinds` under way, if there is exactly
        one; otherwise nobody can say which (protocol 21, 5).
        """
        if message_id:
            return self._under_way.pop(message_id, None)
        candidates = [c for c in self._under_way.values() if c.kind in kinds]
        return self._under_way.pop(candidates[0].message_id) if len(candidates) == 1 else None

    def withdraw(self, command: SentCommand) -> None:
        """Forget a command that was not sent after all."""
        self._under_way.pop(command.message_id, None)

    def lose(self, epoch: int) -> list[SentCommand]:
        """Remove and return what was under way on a connection that is gone: no reply will come."""
        lost = [command for command in self._under_way.values() if command.epoch == epoch]
        for command in lost:
            del self._under_way[command.message_id]
        return lost
