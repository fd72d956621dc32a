"""A recorded session, run again without a network: the same frames and steps, the same core, the same end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from valr_connector.core import steps as s
from valr_connector.core.account_state import AccountState
from valr_connector.core.commands import CommandKind
from valr_connector.core.order_log import fold
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.state_digest import state_digest
from valr_connector.errors import DecodeError, RecordingError
from valr_connector.model.enums import Placement, Socket
from valr_connector.net.journal import Direction, RecordedFrame
from valr_connector.net.recording import OWN, decode_step
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.frames import decode_account_frame


class Replay:
    """Takes the lines of a recording one after the other; time is the recording's own.

    Attributes:
        state: what was known after the lines so far.
        began: when the first line was recorded, nanoseconds of the monotonic clock; None before it.
        now: when the last one was.
        recorded_digest: of the state that the session ended in; None where it did not come to its end.
    """

    def __init__(self) -> None:
        self.state = AccountState()
        self.began: int | None = None
        self.now = 0
        self.recorded_digest: str | None = None
        self._sent: dict[str, Any] = {}
        self._takers: Mapping[type, Callable[[Any], object]] = {
            s.Tracked: self._tracked,
            s.Withdrawn: self._withdrawn,
            s.Told: lambda step: self.state.router.apply(step.evidence, self.now),
            s.Listed: lambda step: self.state.router.note_open_orders(step.rows, self.now, step.epoch),
            s.Held: lambda step: self.state.balances.replace(step.balances),
            s.Connected: lambda step: self.state.router.begin_epoch(step.epoch),
            s.Lost: lambda step: self.state.ledger.lose(step.epoch),
            s.Commanded: self._commanded,
            s.Forgotten: self._forgotten,
            s.Asked: self._asked,
            s.Ended: self._ended,
        }

    @property
    def digest(self) -> str:
        """Of the state as it is now."""
        return state_digest(self.state)

    def feed(self, lines: Iterable[RecordedFrame]) -> None:
        """Take all of these lines."""
        for line in lines:
            self.take(line)

    def take(self, line: RecordedFrame) -> None:
        """Take one line.

        Raises:
            RecordingError: it is a step that nobody knows.
        """
        if self.began is None:
            self.began = line.monotonic
        self.now = max(self.now, line.monotonic)
        if line.socket == OWN:
            try:
                step = decode_step(line.raw)
            except DECODER_FAILURES as error:
                raise RecordingError(f"step {line.seq} is damaged: {error}") from None
            self._takers[type(step)](step)
        elif line.socket == Socket.ACCOUNT and line.direction is Direction.IN:
            self._frame(line.raw)

    def orders(self) -> Iterable[OrderRecord]:
        """Every order that is remembered, oldest first."""
        return sorted(self.state.tracker.orders(), key=lambda order: order.created_at)

    def _frame(self, raw: bytes) -> None:
        try:
            frame = decode_account_frame(raw)
        except DecodeError:
            return  # refused when it was recorded, too
        self.state.router.route(frame, self.now)

    def _tracked(self, step: s.Tracked) -> None:
        (order,) = fold(step.records).values()
        order.created_at, order.epoch = step.created_at, step.epoch
        if step.origin is s.Origin.PLACED:
            order.placement = Placement.UNSENT
            self.state.tracker.track(order)
        elif step.origin is s.Origin.ADOPTED:
            self.state.tracker.adopt(order, self.now)
        else:
            order.ended_undated_at = order.done_at = self.now if order.is_done else 0
            self.state.tracker.restore(order, self.now)

    def _withdrawn(self, step: s.Withdrawn) -> None:
        order = self.state.tracker.find(step.order)
        if order is not None:
            self.state.tracker.withdraw(order)

    def _commanded(self, step: s.Commanded) -> None:
        command = self.state.ledger.enter(CommandKind(step.kind), step.order, step.epoch, self.now)
        self._sent[command.message_id] = command

    def _forgotten(self, step: s.Forgotten) -> None:
        command = self._sent.pop(step.message_id, None)
        if command is not None:
            self.state.ledger.withdraw(command)

    def _asked(self, step: s.Asked) -> None:
        order = self.state.tracker.find(step.order)
        if order is not None:
            self.state.tracker.note_question(order, step.reason, step.attempt, self.now)

    def _ended(self, step: s.Ended) -> None:
        self.recorded_digest = step.digest
