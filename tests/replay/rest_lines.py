"""REST calls in a recording: lines of the socket "rest", written, and read back as evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from msgspec import Raw, Struct

from valr_connector.core.account_state import AccountState
from valr_connector.core.evidence import Evidence, Says, Source, fill_evidence
from valr_connector.errors import ExchangeError, OrderNotFoundError
from valr_connector.model.ids import ClientOrderId
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.journal import Direction
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.protocol.command_frames import LimitPayload, MarketPayload
from valr_connector.protocol.endpoints import ENDPOINTS, decode_response
from valr_connector.protocol.rest_bodies import Placed
from valr_connector.protocol.rows import AccountTradeRow, BalanceRow, OpenOrderRow, OrderStatusRow

REST = "rest"
"""Name of the "socket" of these lines."""


class RestLine(Struct, frozen=True):
    """A request, or with a status the answer to it. `body` is JSON."""

    method: str
    path: str
    status: int | None = None
    body: Raw = Raw(b"null")


def rest_line(method: str, path: str, body: bytes | None, status: int | None = None) -> bytes:
    """One line's content; `path` with its query."""
    line: dict[str, Any] = {"method": method, "path": path}
    if status is not None:
        line["status"] = status
    return orjson.dumps(line | {"body": orjson.Fragment(body or b"null")})


_decoder = msgspec.json.Decoder(RestLine)
_limit = msgspec.json.Decoder(LimitPayload)
_market = msgspec.json.Decoder(MarketPayload)

Track = Callable[[LimitPayload | MarketPayload], ClientOrderId]
"""Takes an order under control, and says its id."""


class RestLines:
    """Turns REST lines into the evidence that the connector made of them."""

    def __init__(
        self, state: AccountState, stream: UserStreamTracker, publisher: EventPublisher, track: Track
    ) -> None:
        self._state = state
        self._stream = stream
        self._publisher = publisher
        self._track = track
        self._placing: ClientOrderId | None = None
        self._asked_at = 0
        self._readers: Mapping[str, Callable[[Any, int], None]] = {
            "POST /v2/orders/limit": self._placed,
            "POST /v2/orders/market": self._placed,
            "GET /v1/orders/open": self._open_orders,
            "GET /v1/orders/{pair}/customerorderid/{id}": self._status,
            "GET /v1/account/balances": self._balances,
            "GET /v1/account/tradehistory": self._trades,
            "GET /v1/account/{pair}/tradehistory": self._trades,
            "DELETE /v1/orders": _learn_nothing,
        }

    def feed(self, direction: Direction, raw: bytes, epoch: int, now: int) -> None:
        """One line, at `now` of the monotonic clock; `epoch` is the connection that was up."""
        line = _decoder.decode(raw)
        if direction is Direction.OUT:
            self._asked_at = now
            self._sent(line)
        else:
            self._answered(line, epoch)

    def _sent(self, line: RestLine) -> None:
        if line.path == "/v2/orders/limit":
            self._placing = self._track(_limit.decode(line.body))
        elif line.path == "/v2/orders/market":
            self._placing = self._track(_market.decode(line.body))

    def _answered(self, line: RestLine, epoch: int) -> None:
        path = line.path.partition("?")[0]
        endpoint = next(known for known in ENDPOINTS if known.matches(line.method, path))
        request = endpoint.request(pair="PAIR", id="ID")
        try:
            answer = decode_response(request, line.status or 0, {}, bytes(line.body))
        except OrderNotFoundError:
            return  # the connector looks elsewhere, by another call
        except ExchangeError as error:
            self._say(Says.REFUSED, error.order_id, error.reason)
            return
        self._readers[endpoint.name](answer, epoch)

    def _placed(self, answer: Placed, _epoch: int) -> None:
        self._say(Says.PROCESSED, answer.order_id)

    def _say(self, says: Says, order_id: str | None, reason: str = "") -> None:
        self._stream.apply(
            Evidence(
                says=says,
                source=Source.REPLY,
                client_order_id=self._placing,
                exchange_order_id=order_id,
                reason=reason,
            )
        )

    def _open_orders(self, rows: Sequence[OpenOrderRow], epoch: int) -> None:
        self._stream.note_open_orders(rows, epoch)

    def _status(self, row: OrderStatusRow, _epoch: int) -> None:
        self._stream.report(row, self._asked_at)

    def _balances(self, rows: Sequence[BalanceRow], _epoch: int) -> None:
        for change in self._state.balances.replace(row.to_balance() for row in rows):
            self._publisher.publish(change)

    def _trades(self, rows: Sequence[AccountTradeRow], _epoch: int) -> None:
        for row in reversed(rows):
            evidence = fill_evidence(row, Source.QUERY)
            if evidence is not None and self._state.tracker.find(row.client_order_id, row.exchange_order_id):
                self._stream.apply(evidence)


def _learn_nothing(_answer: object, _epoch: int) -> None:
    """A list of ids is no evidence: each order's own event is (protocol 19.4, 12)."""
