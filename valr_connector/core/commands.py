"""The ledger of commands sent on the socket and not answered yet, by message id.

A reply carries the message id and maybe little else; the ledger says which command it answers. It
decides nothing about orders: a command without a reply is resolved by what becomes of its order.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from valr_connector.core.steps import Commanded, Forgotten, Listener, Lost, unheard
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


class CommandFate(StrEnum):
    """What became of a command's way to VALR and back, whatever VALR said."""

    ANSWERED = "ANSWERED"
    UNANSWERED = "UNANSWERED"
    """It may have left, and no reply came: in time, or before the connection was lost."""
    NOT_SENT = "NOT_SENT"


_ANSWERED = CommandFate.ANSWERED  # CPython 3.11 takes 0.1 us to find a member in its class

CommandWatcher = Callable[[SentCommand, CommandFate], None]
"""Told the fate of each command, once. Of those that one lost connection took along, only of the first."""


class CommandLedger:
    """Commands under way, oldest first. Bounded: beyond `capacity` the oldest is forgotten.

    Attributes:
        on_step: told of each command, of each that no reply is waited for any more, and of lost connections.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._under_way: dict[str, SentCommand] = {}
        self._overdue: set[str] = set()
        self._count = 0
        self._watchers: tuple[CommandWatcher, ...] = ()
        self.on_step: Listener = unheard

    def watch(self, *watchers: CommandWatcher) -> None:
        """Have `watchers` told the fate of every command, and nobody else."""
        self._watchers = watchers

    def __len__(self) -> int:
        return len(self._under_way)

    def enter(self, kind: CommandKind, client_order_id: ClientOrderId, epoch: int, now: int) -> SentCommand:
        """Note a command that is about to be sent, and give it its message id."""
        if self.on_step is not unheard:
            self.on_step(Commanded(kind.value, client_order_id, epoch))
        self._count += 1
        command = SentCommand(f"c-{self._count}", kind, client_order_id, epoch, now)
        self._under_way[command.message_id] = command
        if len(self._under_way) > self._capacity:
            oldest = next(iter(self._under_way))
            del self._under_way[oldest]
            self._overdue.discard(oldest)
        return command

    def answer(self, message_id: str | None, *kinds: CommandKind) -> SentCommand | None:
        """The command that a reply answers, removed from the ledger.

        A reply without a message id answers the only command of `kinds` under way, if there is exactly
        one; otherwise nobody can say which (protocol 21, 5).
        """
        if message_id:
            command = self._under_way.get(message_id)
        else:
            candidates = [c for c in self._under_way.values() if c.kind in kinds]
            command = candidates[0] if len(candidates) == 1 else None
        if command is not None:
            del self._under_way[command.message_id]
            if self._overdue:
                self._overdue.discard(command.message_id)
            self._tell(command, _ANSWERED)
        return command

    def withdraw(self, command: SentCommand) -> None:
        """Forget a command that was not sent after all."""
        self.on_step(Forgotten(command.message_id))
        self._remove(command, CommandFate.NOT_SENT)

    def give_up(self, command: SentCommand) -> None:
        """Forget a command of which it is not known whether it left."""
        self.on_step(Forgotten(command.message_id))
        self._remove(command, CommandFate.UNANSWERED)

    def overdue(self, client_order_id: ClientOrderId) -> None:
        """The outcome of an order's commands did not come in time. A reply may still come."""
        for command in self._under_way.values():
            if command.client_order_id == client_order_id and command.message_id not in self._overdue:
                self._overdue.add(command.message_id)
                self._tell(command, CommandFate.UNANSWERED)

    def lose(self, epoch: int) -> list[SentCommand]:
        """Remove and return what was under way on a connection that is gone: no reply will come."""
        self.on_step(Lost(epoch))
        lost = [command for command in self._under_way.values() if command.epoch == epoch]
        news = [command for command in lost if command.message_id not in self._overdue]
        for command in lost:
            del self._under_way[command.message_id]
            self._overdue.discard(command.message_id)
        if news:
            self._tell(news[0], CommandFate.UNANSWERED)
        return lost

    def _remove(self, command: SentCommand, fate: CommandFate) -> None:
        if self._under_way.pop(command.message_id, None) is None:
            return
        was_told = command.message_id in self._overdue
        self._overdue.discard(command.message_id)
        if not was_told:
            self._tell(command, fate)

    def _tell(self, command: SentCommand, fate: CommandFate) -> None:
        for watch in self._watchers:
            watch(command, fate)
