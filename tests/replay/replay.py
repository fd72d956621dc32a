"""A recorded session, run again through the real decoder, router and tracker; time is the recording's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from tests.replay.rest_lines import REST, RestLines
from tests.replay.story import Expected, Plain, note_questions, told
from valr_connector.core.account_state import AccountState
from valr_connector.core.commands import CommandKind
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderType, Side, TimeInForce
from valr_connector.model.events import Event
from valr_connector.model.ids import ClientOrderId, Pair, Symbol
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.journal import Direction, RecordedFrame
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import command_frames as f
from valr_connector.protocol.spellings import is_true


class Replay:
    """One session. Its user stream is the real one, over a socket that is never dialled."""

    def __init__(self) -> None:
        self.state = AccountState()
        self.events: list[Plain] = []
        self.questions: list[Plain] = []
        note_questions(self.state, self.questions)
        self._now = 0
        self._epoch: int | None = None
        publisher = EventPublisher()
        publisher.on(Event, self._note)
        self._stream = UserStreamTracker(
            connect=_undialled,
            router=self.state.router,
            ledger=self.state.ledger,
            publisher=publisher,
            resync=_never,
            clock=lambda: self._now,
            metrics=Metrics(),
        )
        self._rest = RestLines(self.state, self._stream, publisher, self._track)
        self._commands: Mapping[type, Callable[[Any], None]] = {
            f.PlaceLimitCommand: self._sent_placement,
            f.PlaceMarketCommand: self._sent_placement,
            f.CancelOrderCommand: self._sent_cancel,
            f.ModifyOrderCommand: self._sent_modify,
        }

    def feed(self, frames: Iterable[RecordedFrame]) -> Expected:
        """Take the frames one after the other; returns what came of it all."""
        for frame in frames:
            self._take(frame)
        return Expected.of(self.state, self.events, self.questions)

    def _take(self, frame: RecordedFrame) -> None:
        self._now = max(self._now, frame.monotonic)
        self._follow_connection(frame.epoch)
        if frame.socket == REST:
            self._rest.feed(frame.direction, frame.raw, self._epoch or 0, self._now)
        elif frame.direction is Direction.IN:
            self._stream.on_frame(frame.raw, self._now)
        else:
            command = f.decode_command(frame.raw)
            handler = self._commands.get(type(command))
            if handler is not None:
                handler(command)

    def _follow_connection(self, epoch: int | None) -> None:
        if epoch == self._epoch:
            return
        if self._epoch is not None:
            self._stream.on_disconnected(self._epoch, "as recorded")
        self._epoch = epoch
        if epoch is not None:
            self._stream.on_connected(epoch)

    # --- what was sent -----------------------------------------------------------------------------

    def _sent_placement(self, command: f.PlaceLimitCommand | f.PlaceMarketCommand) -> None:
        is_limit = isinstance(command, f.PlaceLimitCommand)
        kind = CommandKind.PLACE_LIMIT if is_limit else CommandKind.PLACE_MARKET
        order = self._new_order(command.payload)
        self._enter(kind, order.client_order_id, command.client_msg_id)
        self._say(Says.SENT, order.client_order_id)

    def _sent_cancel(self, command: f.CancelOrderCommand) -> None:
        order = self._order(command.payload)
        self._enter(CommandKind.CANCEL, order.client_order_id, command.client_msg_id)
        self._say(Says.CANCEL_SENT, order.client_order_id)

    def _sent_modify(self, command: f.ModifyOrderCommand) -> None:
        order = self._order(command.payload)
        self._enter(CommandKind.MODIFY, order.client_order_id, command.client_msg_id)
        self._say(Says.MODIFY_SENT, order.client_order_id)

    def _track(self, payload: f.LimitPayload | f.MarketPayload) -> ClientOrderId:
        """An order placed by REST."""
        order = self._new_order(payload)
        self._say(Says.SENT, order.client_order_id)
        return order.client_order_id

    def _new_order(self, payload: f.LimitPayload | f.MarketPayload) -> OrderRecord:
        order = order_of(payload)
        order.created_at, order.epoch = self._now, self._epoch or 0
        self.state.tracker.track(order)
        return order

    def _order(self, payload: f.CancelPayload | f.ModifyPayload) -> OrderRecord:
        order = self.state.tracker.find(payload.customer_order_id, payload.order_id)
        assert order is not None, "the recording commands an order that it did not place"
        return order

    def _enter(self, kind: CommandKind, client_order_id: ClientOrderId, message_id: str) -> None:
        command = self.state.ledger.enter(kind, client_order_id, self._epoch or 0, self._now)
        assert command.message_id == message_id, (
            "the ledger numbers commands as it did when this was recorded"
        )

    def _say(self, says: Says, client_order_id: ClientOrderId) -> None:
        self._stream.apply(Evidence(says=says, source=Source.LOCAL, client_order_id=client_order_id))

    def _note(self, event: Event) -> None:
        plain = told(event)
        if plain is not None:
            self.events.append(plain)


def order_of(payload: f.LimitPayload | f.MarketPayload) -> OrderRecord:
    """The order that a placement asks for. Pairs go by their symbols here."""
    client_order_id = ClientOrderId(payload.customer_order_id or "")
    pair, symbol, side = Pair(payload.pair), Symbol(payload.pair), Side(payload.side)
    if isinstance(payload, f.LimitPayload):
        return OrderRecord(
            client_order_id=client_order_id,
            pair=pair,
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce(payload.time_in_force),
            post_only=is_true(payload.post_only),
            price=Decimal(payload.price),
            amount=Decimal(payload.quantity),
        )
    return OrderRecord(
        client_order_id=client_order_id,
        pair=pair,
        symbol=symbol,
        side=side,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        amount=None if payload.base_amount is None else Decimal(payload.base_amount),
        quote_amount=None if payload.quote_amount is None else Decimal(payload.quote_amount),
    )


def _undialled(stream: UserStreamTracker) -> WebSocketClient:
    return WebSocketClient(url="ws://127.0.0.1", headers=dict, handler=stream, rng=Random(0))


async def _never(_epoch: int) -> None:
    """Nothing is connected, so nothing is resynced."""
