"""The sockets and the REST of a `LightVenue`, within the process and in virtual time.

They stand where the real ones do, below ``net.websocket`` and ``net.rest``: a frame is bytes and takes
`LATENCY_S` either way; what is on its way when a socket is lost is lost with it. Signatures and limits are
made and kept by the library, and not looked at here: the embedded exchange does that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from websockets.protocol import State

from tests.soak.light_venue import SYMBOL, LightVenue
from valr_connector import Hosts
from valr_connector.core.disconnects import Ending, judge_close
from valr_connector.core.session import KeepAlive
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.network import Network
from valr_connector.simulator.wire import nanoseconds_of, precise_time_text, time_text

LATENCY_S = 0.01
OPEN_ORDERS_EVERY_S = 1.0
"""Least time between two OPEN_ORDERS_UPDATE."""
HOSTS = Hosts(rest="http://light", account_socket="ws://light/ws/account", trade_socket="ws://light/ws/trade")
_NS_PER_S = 1_000_000_000
_LOST = 1006
_INVALID_ORDER = 400, {"code": -1, "message": "Invalid Order. "}
_PAIR = {
    "symbol": SYMBOL,
    "baseCurrency": "BTC",
    "quoteCurrency": "ZAR",
    "shortName": "BTC/ZAR",
    "active": True,
    "minBaseAmount": "0.00001",
    "maxBaseAmount": "5",
    "minQuoteAmount": "10",
    "maxQuoteAmount": "5000000",
    "tickSize": "1",
    "baseDecimalPlaces": "8",
    "marginTradingAllowed": True,
    "currencyPairType": "SPOT",
}

Answer = tuple[int, object]


class LightSocket:
    """The `SocketConnection` that the library holds; `receive` is the venue's side of it."""

    def __init__(self, kind: str, receive: Callable[[LightSocket, dict[str, Any]], None]) -> None:
        self.kind = kind
        self.state = State.OPEN
        self.channels: set[str] = set()
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._take: Callable[[bytes], None] | None = None

    @property
    def ending(self) -> Ending:
        """See `SocketConnection`."""
        return judge_close(_LOST)

    def attach(self, take: Callable[[bytes], None]) -> None:
        """See `SocketConnection`."""
        self._take = take

    def detach(self) -> None:
        """See `SocketConnection`."""
        self._take = None

    def write(self, message: bytes) -> bool:
        """See `SocketConnection`."""
        if self.state is not State.OPEN:
            return False
        self._loop.call_later(LATENCY_S, self._arrive, message)
        return True

    async def drain(self) -> None:
        """See `SocketConnection`. There is always room."""

    async def wait_closed(self) -> None:
        """See `SocketConnection`."""
        await asyncio.shield(self._closed)

    async def close(self) -> None:
        """See `SocketConnection`."""
        self.abort()

    def abort(self) -> None:
        """The connection is gone, for both sides."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._closed.set_result(None)

    def tell(self, *frames: bytes) -> None:
        """The venue sends frames."""
        self._loop.call_later(LATENCY_S, self._deliver, frames)

    def _arrive(self, message: bytes) -> None:
        if self.state is State.OPEN:
            self._receive(self, orjson.loads(message))

    def _deliver(self, frames: tuple[bytes, ...]) -> None:
        for frame in frames:
            if self._take is not None and self.state is State.OPEN:
                self._take(frame)


class LightNetwork:
    """Reaches a venue of its own.

    Args:
        clock: wall time, nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self.venue = LightVenue(clock, self._tell_account, self._tell_market)
        self._clock = clock
        self._sockets: list[LightSocket] = []
        self._open_orders_are_due = False
        self._commands: Mapping[str, Callable[[LightSocket, dict[str, Any]], None]] = {
            "PING": lambda socket, _: socket.tell(b'{"type":"PONG"}'),
            "SUBSCRIBE": self._subscribe,
            "PLACE_LIMIT_ORDER": self._place,
            "CANCEL_LIMIT_ORDER": self._cancel,
        }
        self._answers: Mapping[str, Callable[[Mapping[str, str]], object]] = {
            "/v1/public/time": lambda _: self._time(),
            "/v1/public/pairs": lambda _: [_PAIR],
            "/v1/public/ordertypes": lambda _: [
                {"currencyPair": SYMBOL, "orderTypes": ["LIMIT_POST_ONLY", "LIMIT", "MARKET"]}
            ],
            "/v1/account/api-keys/current": lambda _: self._api_key(),
            "/v1/account/balances": lambda _: self.venue.balances(),
            "/v1/account/tradehistory": self._fills,
            f"/v1/account/{SYMBOL}/tradehistory": self._fills,
            "/v1/orders/open": lambda _: self.venue.open_rows(),
        }

    @property
    def as_network(self) -> Network:
        """What a `ValrExchange` is given."""
        return Network(dial=self.dial, open_session=lambda: _LightSession(self))

    async def dial(self, url: str, _headers: Mapping[str, str], _limits: KeepAlive) -> LightSocket:
        """Open a socket; a `Dial`."""
        await asyncio.sleep(2 * LATENCY_S)
        socket = LightSocket(url.rpartition("/")[2], self._receive)
        self._sockets = [each for each in self._sockets if each.state is State.OPEN] + [socket]
        socket.tell(b'{"type":"AUTHENTICATED"}')
        if socket.kind == "account":
            socket.tell(*self.venue.balance_updates(), self.venue.open_orders())
        return socket

    def drop_sockets(self) -> int:
        """All sockets are lost, with what is on its way; how many there were."""
        lost, self._sockets = self._sockets, []
        for socket in lost:
            socket.abort()
        return len(lost)

    def answer(self, method: str, target: str, body: bytes | None) -> Answer:
        """The answer to a REST request."""
        path, _, query = target.partition("?")
        if method == "POST" and path == "/v2/orders/limit" and body is not None:
            return 201, {"id": self.venue.place(orjson.loads(body)).order_id}
        if method == "DELETE" and path == "/v2/orders/order" and body is not None:
            order_id = orjson.loads(body)["orderId"]
            return (200, {"id": order_id}) if self.venue.cancel(order_id) else _INVALID_ORDER
        if path in self._answers:
            return 200, self._answers[path]({name: values[0] for name, values in parse_qs(query).items()})
        if path.startswith("/v1/orders/history/detail/"):
            return 200, []
        status = self.venue.status(path.rpartition("/")[2])
        return _INVALID_ORDER if status is None or "history" in path else (200, status)

    # --- sockets

    def _receive(self, socket: LightSocket, content: dict[str, Any]) -> None:
        self._commands[content["type"]](socket, content)

    def _subscribe(self, socket: LightSocket, content: dict[str, Any]) -> None:
        for subscription in content["subscriptions"]:
            channel = subscription["event"]
            names = [f"{channel}:{pair}" for pair in subscription.get("pairs", ())] or [channel]
            socket.tell(*(b'{"type":"SUBSCRIBED","message":"%s"}' % name.encode() for name in names))
            if channel == "OB_L1_DIFF" and channel not in socket.channels:
                socket.tell(self.venue.book())
            socket.channels.add(channel)

    def _place(self, socket: LightSocket, content: dict[str, Any]) -> None:
        order = self.venue.place(content["payload"])
        ids = {"orderId": order.order_id, "customerOrderId": order.customer_order_id}
        socket.tell(_reply("PLACE_LIMIT_WS_RESPONSE", content, ids))

    def _cancel(self, socket: LightSocket, content: dict[str, Any]) -> None:
        order_id = content["payload"]["orderId"]
        socket.tell(_reply("CANCEL_ORDER_WS_RESPONSE", content, {"requested": True, "orderId": order_id}))
        self.venue.cancel(order_id)

    def _tell_account(self, frames: list[bytes]) -> None:
        for socket in self._sockets:
            if socket.kind == "account":
                socket.tell(*frames)
        if not self._open_orders_are_due:
            self._open_orders_are_due = True
            asyncio.get_running_loop().call_later(OPEN_ORDERS_EVERY_S, self._tell_open_orders)

    def _tell_open_orders(self) -> None:
        self._open_orders_are_due = False
        for socket in self._sockets:
            if socket.kind == "account":
                socket.tell(self.venue.open_orders())

    def _tell_market(self, frames: list[bytes]) -> None:
        for socket in self._sockets:
            if "OB_L1_DIFF" in socket.channels:
                socket.tell(*frames)

    # --- REST

    def _time(self) -> dict[str, object]:
        now = self._clock()
        return {"epochTime": now // _NS_PER_S, "time": precise_time_text(now)}

    def _api_key(self) -> dict[str, object]:
        added = time_text(self._clock())
        permissions = ["View access", "Trade"]
        return {"label": "light", "permissions": permissions, "addedAt": added, "isSubAccount": False}

    def _fills(self, query: Mapping[str, str]) -> list[dict[str, object]]:
        since = nanoseconds_of(query["startTime"]) if "startTime" in query else 0
        return self.venue.fills(int(query.get("skip", 0)), int(query.get("limit", 100)), since)


class _LightSession:
    """The `HttpExchange` that a `RestClient` holds."""

    def __init__(self, network: LightNetwork) -> None:
        self._network = network

    async def exchange(
        self, method: str, url: str, _headers: Mapping[str, str], body: bytes | None, _limits: Limits
    ) -> Reply | Failure:
        """See `HttpExchange`."""
        await asyncio.sleep(LATENCY_S)
        status, content = self._network.answer(method, url.removeprefix(HOSTS.rest), body)
        await asyncio.sleep(LATENCY_S)
        return Reply(status, {"content-type": "application/json"}, orjson.dumps(content))

    async def close(self) -> None:
        """See `HttpExchange`."""


def _reply(kind: str, content: Mapping[str, Any], data: Mapping[str, object]) -> bytes:
    return orjson.dumps({"type": kind, "data": data, "clientMsgId": content["clientMsgId"]})
