"""/ws/account: who may in, what is pushed, and what may be asked (protocol 2.4, 14, 15, 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from valr_connector.simulator.account_commands import AccountCommands
from valr_connector.simulator.account_events import AccountEvent, AccountEvents
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.authentication import TRADE, VIEW, Caller
from valr_connector.simulator.connection import Connection, InboundFrame
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_requests import INVALID_REQUEST
from valr_connector.simulator.socket_door import UpgradeRefusedError, authenticate, check_connection_limit
from valr_connector.simulator.timeline import Throttle
from valr_connector.simulator.transport import HttpRequest, Serve, SocketTransport
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    CancelFailed,
    ModifyOutcome,
    MoneyMoved,
    OpenOrdersChanged,
    OrderChange,
    Processed,
    SimpleOrderDone,
    WalletChanged,
)
from valr_connector.simulator.wire import OutboundFrame, frame

_STATUS = "ORDER_STATUS_UPDATE"
_OPEN_ORDERS = "OPEN_ORDERS_UPDATE"
_CHANNELS = frozenset(
    {
        _STATUS,
        "BALANCE_UPDATE",
        _OPEN_ORDERS,
        "ORDER_PROCESSED",
        "NEW_ACCOUNT_TRADE",
        "NEW_ACCOUNT_HISTORY_RECORD",
        "FAILED_ORDER",
        "FAILED_CANCEL_ORDER",
        "MODIFY_ORDER_OUTCOME",
        "INSTANT_ORDER_COMPLETED",
        "OPEN_POSITION_UPDATE",
        "REDUCE_POSITION",
        "POSITION_CLOSED",
        "ADD_CONDITIONAL_ORDER",
        "REMOVE_CONDITIONAL_ORDER",
        "LEVERAGE_UPDATED",
        "NEW_PENDING_RECEIVE",
        "NEW_PENDING_SEND",
        "SEND_STATUS_UPDATE",
    }
)
"""All that VALR tells unasked (15.1), also what nothing here brings about; MARGIN_INFO needs margin."""
_CAN_BE_LEFT = frozenset({"BALANCE_UPDATE", _OPEN_ORDERS})


class AccountSession:
    """One account socket, authenticated."""

    def __init__(self, floor: Floor, connection: Connection, caller: Caller) -> None:
        self.connection = connection
        self.account_id = caller.account_id
        self._may_trade = caller.may(TRADE)
        self.cancels_on_disconnect = False
        self._settings = floor.settings
        self._silent = {_STATUS} if floor.settings.order_status_needs_subscription else set[str]()
        self._commands = AccountCommands(floor, connection, caller)
        self._requests: Mapping[str, Callable[[InboundFrame], None]] = {
            "PING": lambda _: connection.control(frame("PONG")),
            "SUBSCRIBE": self._subscribe,
            "UNSUBSCRIBE": self._unsubscribe,
            "CANCEL_ON_DISCONNECT": self._arm_cancel_on_disconnect,
        }

    def push(self, message: OutboundFrame) -> None:
        """Send an event, unless the client does not listen to its type."""
        if message.type in self._silent:
            return
        age_s = self._settings.open_orders_latency_s
        if age_s and message.type == _OPEN_ORDERS:
            self.connection.push_aged(message, age_s)
        else:
            self.connection.push(message)

    def receive(self, content: InboundFrame) -> None:
        """Take a frame of the client."""
        frame_type = str(content["type"])
        if frame_type in self._requests:
            self._requests[frame_type](content)
        elif self._commands.knows(frame_type):
            self._commands.receive(content)
        else:
            self.connection.control(frame("UNSUPPORTED"))

    def _subscribe(self, content: InboundFrame) -> None:
        for channel in self._channels(content.get("subscriptions")):
            if channel in _CHANNELS:
                self._silent.discard(channel)
                self._acknowledge("SUBSCRIBED", channel)
            else:
                self.connection.refuse(f"Channel {channel} invalid")

    def _unsubscribe(self, content: InboundFrame) -> None:
        for channel in self._channels(content.get("requests")):
            if channel in _CAN_BE_LEFT:
                self._silent.add(channel)
                self._acknowledge("UNSUBSCRIBED", channel)
            else:
                self.connection.refuse(f"Channel {channel} invalid")

    def _channels(self, entries: object) -> list[str]:
        """Names of the events in a list of `{"event": name}`; anything else is refused, and names none."""
        if not isinstance(entries, list) or not all(_is_subscription(entry) for entry in entries):
            self.connection.refuse(INVALID_REQUEST)
            return []
        return [entry["event"] for entry in entries]

    def _acknowledge(self, ack_type: str, channel: str) -> None:
        if self._settings.account_acks:
            self.connection.control(frame(ack_type, message=channel))

    def _arm_cancel_on_disconnect(self, content: InboundFrame) -> None:
        if not self._may_trade:
            self.connection.refuse("Unauthorized")
            return
        payload = content.get("payload")
        choice = payload.get("cancelOnDisconnect") if isinstance(payload, dict) else None
        if not isinstance(choice, bool):
            self.connection.refuse(INVALID_REQUEST)
            return
        self.cancels_on_disconnect = choice
        text = "true" if choice else "false"
        self.connection.reply(frame("CANCEL_ON_DISCONNECT_UPDATE", data={"cancelOnDisconnect": text}))


def _is_subscription(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("event"), str)


class AccountDoor:
    """All account sockets."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._events = AccountEvents(floor)
        self._sessions: list[AccountSession] = []
        self._strangers: list[Connection] = []
        self._open_orders: dict[str, Throttle] = {}
        floor.venue.listen(
            self._tell,
            Processed,
            OrderChange,
            AccountTrade,
            SimpleOrderDone,
            MoneyMoved,
            CancelFailed,
            ModifyOutcome,
            WalletChanged,
        )
        floor.venue.listen(self._note_open_orders, OpenOrdersChanged)

    @property
    def connections(self) -> list[Connection]:
        return [*(session.connection for session in self._sessions), *self._strangers]

    def forget(self) -> None:
        """Drop what was waiting for the next snapshot; for an exchange that stops."""
        self._open_orders.clear()

    def admit(self, handshake: HttpRequest) -> Answer | Serve:
        """Let a socket in, or refuse it."""
        try:
            check_connection_limit(self._floor, handshake)
            caller = authenticate(self._floor, handshake)
        except UpgradeRefusedError as refusal:
            if self._floor.settings.auth_failure == "frame" and refusal.answer.status == 401:
                return self._serve_stranger
            return refusal.answer
        if not caller.may(VIEW):
            return Answer(403)
        return partial(self._serve, caller)

    async def _serve(self, caller: Caller, transport: SocketTransport) -> None:
        connection = Connection(self._floor, "account", is_authenticated=True)
        session = AccountSession(self._floor, connection, caller)
        self._sessions.append(session)
        try:
            await connection.run(transport, lambda: self._greet(session), session.receive)
        finally:
            self._sessions.remove(session)
            self._cancel_on_disconnect(session)

    async def _serve_stranger(self, transport: SocketTransport) -> None:
        """A socket whose credentials are no good, told so by a frame and by nothing else."""
        connection = Connection(self._floor, "account", is_authenticated=False)
        self._strangers.append(connection)
        try:
            await connection.run(
                transport,
                lambda: connection.refuse("Unauthorized"),
                lambda _: connection.control(frame("UNAUTHORIZED", message="Unauthorized")),
            )
        finally:
            self._strangers.remove(connection)

    def _greet(self, session: AccountSession) -> None:
        session.connection.control(frame("AUTHENTICATED"))
        for message in self._events.balances(session.account_id):
            session.push(message)
        session.push(self._events.open_orders(session.account_id))

    def _tell(self, event: AccountEvent) -> None:
        sessions = self._sessions_of(event.account_id)
        for message in self._events.frames(event) if sessions else ():
            for session in sessions:
                session.push(message)

    def _note_open_orders(self, event: OpenOrdersChanged) -> None:
        if self._sessions_of(event.account_id):
            self._throttle(event.account_id).ask()

    def _tell_open_orders(self, account_id: str) -> None:
        message = self._events.open_orders(account_id)
        for session in self._sessions_of(account_id):
            session.push(message)

    def _throttle(self, account_id: str) -> Throttle:
        if account_id not in self._open_orders:
            self._open_orders[account_id] = Throttle(
                self._floor.frames,
                self._floor.settings.open_orders_interval_s,
                lambda: self._tell_open_orders(account_id),
            )
        return self._open_orders[account_id]

    def _sessions_of(self, account_id: str) -> list[AccountSession]:
        """Sessions of the account that are past their greeting: before it, they have not missed anything."""
        return [
            session
            for session in self._sessions
            if session.account_id == account_id and session.connection.is_open
        ]

    def _cancel_on_disconnect(self, session: AccountSession) -> None:
        if session.cancels_on_disconnect:
            self._floor.work.after(
                self._floor.settings.cancel_on_disconnect_delay_s,
                lambda: self._floor.desk.cancel_all_later(session.account_id),
            )
