"""Commands on /ws/account, each answered by a receipt (protocol 15.6, 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from valr_connector.simulator.answers import rejection_body
from valr_connector.simulator.authentication import TRADE, Caller
from valr_connector.simulator.batch import SOCKET_PLACEMENTS, run_batch
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_requests import (
    INVALID_REQUEST,
    Body,
    cancel_order,
    limit_order,
    market_order,
    modify_order,
)
from valr_connector.simulator.timeline import Lane
from valr_connector.simulator.vocabulary import NewOrder, Rejection
from valr_connector.simulator.wire import JsonObject, OutboundFrame, frame


class Client(Protocol):
    """Whom a command is answered to."""

    def reply(self, message: OutboundFrame) -> None: ...

    def refuse(self, message: str) -> None: ...


class _Command(NamedTuple):
    """How one type of command is executed, and what its answers are called."""

    execute: Callable[[str, Body], JsonObject]
    reply_type: str
    invalid_type: str


class AccountCommands:
    """The commands of one socket; they are executed in the order of their arrival."""

    def __init__(self, floor: Floor, client: Client, caller: Caller) -> None:
        self._floor = floor
        self._client = client
        self._caller = caller
        self._arrivals = Lane(floor.work)
        self._commands: Mapping[str, _Command] = {
            "PLACE_LIMIT_ORDER": _Command(
                self._place(limit_order), "PLACE_LIMIT_WS_RESPONSE", "INVALID_PLACE_LIMIT_REQUEST"
            ),
            "PLACE_MARKET_ORDER": _Command(
                self._place(market_order), "PLACE_MARKET_WS_RESPONSE", "INVALID_PLACE_MARKET_REQUEST"
            ),
            "CANCEL_LIMIT_ORDER": _Command(
                self._cancel, "CANCEL_ORDER_WS_RESPONSE", "INVALID_CANCEL_ORDER_REQUEST"
            ),
            "MODIFY_ORDER": _Command(self._modify, "MODIFY_ORDER_WS_RESPONSE", "INVALID_MODIFY_WS_REQUEST"),
            "BATCH_ORDERS": _Command(self._batch, "BATCH_ORDERS_WS_RESPONSE", "INVALID_BATCH_ORDERS_REQUEST"),
        }

    def knows(self, frame_type: str) -> bool:
        """Whether this is a command."""
        return frame_type in self._commands

    def receive(self, content: Mapping[str, object]) -> None:
        """Take a command; it is executed after the latency of requests."""
        payload = content.get("payload")
        if not isinstance(payload, dict) or isinstance(content.get("clientMsgId"), dict | list):
            self._client.refuse(INVALID_REQUEST)
            return
        if not self._is_admitted(content):
            return
        fate = self._floor.faults.command_fate(content)
        if fate == "swallow":
            return
        latency = self._floor.settings.request_latency.draw(self._floor.rng)
        self._arrivals.after(latency, lambda: self._run(content, payload, is_silent=fate == "run silently"))

    def _is_admitted(self, content: Mapping[str, object]) -> bool:
        frame_type = str(content["type"])
        account_id, now = self._caller.account_id, self._floor.clock()
        if self._floor.limits.admit_command(frame_type, account_id=account_id, now_ns=now):
            return True
        self._floor.stats.rate_limited += 1
        self._client.reply(
            frame("RATE_LIMIT_EXCEEDED", data={"requestType": frame_type}, **_message_id(content))
        )
        return False

    def _run(self, content: Mapping[str, object], payload: Body, *, is_silent: bool) -> None:
        command = self._commands[str(content["type"])]
        try:
            self._check_allowed()
            data = command.execute(self._caller.account_id, payload)
        except Rejection as rejection:
            answer = self._refusal(command, rejection, content)
        else:
            answer = frame(command.reply_type, data=data, **_message_id(content))
        if not is_silent and self._is_answered(command):
            self._client.reply(answer)

    def _check_allowed(self) -> None:
        if not self._caller.may(TRADE):
            raise Rejection(-11, "Unauthorized", status=403)
        self._floor.check_writable()

    def _is_answered(self, command: _Command) -> bool:
        return self._floor.settings.batch_reply or command is not self._commands["BATCH_ORDERS"]

    def _refusal(
        self, command: _Command, rejection: Rejection, content: Mapping[str, object]
    ) -> OutboundFrame:
        if self._floor.settings.error_replies == "invalid":
            return frame(command.invalid_type, **_message_id(content), data={"message": rejection.message})
        return frame(command.reply_type, **_message_id(content), error=rejection_body(rejection))

    # --- execution

    def _place(self, read: Callable[[Body], NewOrder]) -> Callable[[str, Body], JsonObject]:
        def execute(account_id: str, payload: Body) -> JsonObject:
            order = self._floor.desk.place(account_id, read(payload))
            return _ids(order.order_id, order.request.customer_order_id)

        return execute

    def _cancel(self, account_id: str, payload: Body) -> JsonObject:
        request = cancel_order(payload)
        self._floor.desk.cancel(account_id, request)
        return {"requested": True, **_ids(request.order_id, request.customer_order_id)}

    def _modify(self, account_id: str, payload: Body) -> JsonObject:
        request = modify_order(payload)
        modify_request_id = self._floor.desk.modify(account_id, request)
        return {
            "modifyRequestId": modify_request_id,
            "requested": True,
            **_ids(request.order_id, request.customer_order_id),
        }

    def _batch(self, account_id: str, payload: Body) -> JsonObject:
        return run_batch(self._floor, account_id, payload, SOCKET_PLACEMENTS)


def _ids(order_id: str, customer_order_id: str) -> JsonObject:
    """The ids that are known; an empty one is left out."""
    ids = {"orderId": order_id, "customerOrderId": customer_order_id}
    return {name: text for name, text in ids.items() if text}


def _message_id(content: Mapping[str, object]) -> JsonObject:
    return {"clientMsgId": content["clientMsgId"]} if "clientMsgId" in content else {}
