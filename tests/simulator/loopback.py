"""A running exchange and traders that talk to it over loopback, with a plain aiohttp client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import aiohttp
import orjson
from yarl import URL

from valr_connector.simulator.authentication import ApiKey
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

START_NS = 1_790_000_000_000_000_000
PATIENCE_S = 10.0
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"
AT_ONCE = SimulatorSettings(
    open_orders_interval_s=0, order_book_interval_s=0, market_summary_interval_s=0, rate_limits=None
)
"""No delay and no throttle anywhere."""

Frame = dict[str, Any]


class WallClock:
    """The exchange's clock; it stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = START_NS

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000_000)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `body` is the parsed JSON, or None where there is none."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return orjson.loads(self.text) if self.text else None


class Socket:
    """An open WebSocket, frame by frame."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, frame: object) -> None:
        await self.raw.send_bytes(orjson.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.raw.send_str(text)

    async def next(self) -> Frame:
        async with asyncio.timeout(PATIENCE_S):
            return dict(await self.raw.receive_json(loads=orjson.loads))

    async def take(self, count: int) -> list[Frame]:
        return [await self.next() for _ in range(count)]

    async def until(self, *types: str) -> Frame:
        """The next frame of one of these types; frames before it are dropped."""
        while True:
            frame = await self.next()
            if frame["type"] in types:
                return frame

    async def before_pong(self) -> list[Frame]:
        """Everything that was on its way, found by asking for a PONG behind it."""
        await self.send({"type": "PING"})
        frames: list[Frame] = []
        while (frame := await self.next())["type"] != "PONG":
            frames.append(frame)
        return frames

    async def end(self) -> int | None:
        """Drop frames until the connection ends; its close code."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.raw:
                pass
        return self.raw.close_code


class Trader:
    """One API key, used over REST and sockets."""

    def __init__(self, street: Street, key: ApiKey) -> None:
        self.street = street
        self.key = key

    def headers(self, verb: str, target: str, body: bytes = b"", subaccount: str = "") -> dict[str, str]:
        timestamp = str(self.street.clock() // 1_000_000)
        signed = self.key.signature(timestamp, verb, target, body=body, subaccount_id=subaccount)
        headers = {
            "X-VALR-API-KEY": self.key.key,
            "X-VALR-SIGNATURE": signed,
            "X-VALR-TIMESTAMP": timestamp,
            "Content-Type": "application/json",
        }
        return headers | ({"X-VALR-SUB-ACCOUNT-ID": subaccount} if subaccount else {})

    async def call(self, verb: str, target: str, body: object = None, **changes: str) -> Reply:
        """A signed request; `changes` replace headers (underscores for dashes)."""
        data = b"" if body is None else orjson.dumps(body)
        headers = self.headers(verb, target, data)
        headers |= {name.replace("_", "-"): text for name, text in changes.items()}
        return await self.street.send(verb, target, data, headers)

    async def get(self, target: str) -> Reply:
        return await self.call("GET", target)

    async def place(self, version: str = "v2", **fields: object) -> Reply:
        return await self.call("POST", f"/{version}/orders/limit", btc_order(**fields))

    @asynccontextmanager
    async def socket(self, path: str = "/ws/account") -> AsyncIterator[Socket]:
        """An authenticated socket, with nothing read from it yet."""
        async with self.street.socket(path, self.headers("GET", path)) as socket:
            yield socket

    @asynccontextmanager
    async def greeted(self) -> AsyncIterator[Socket]:
        """An account socket whose first frames have been read, up to the list of open orders."""
        async with self.socket() as socket:
            await socket.until("OPEN_ORDERS_UPDATE")
            yield socket


class Street:
    """The exchange, its clock, and an HTTP client."""

    def __init__(self, exchange: EmbeddedExchange, clock: WallClock, session: aiohttp.ClientSession) -> None:
        self.exchange = exchange
        self.clock = clock
        self.session = session

    def trader(self, account_id: str = "0", **options: Any) -> Trader:
        return Trader(self, self.exchange.add_api_key(account_id, **options))

    async def send(
        self, verb: str, target: str, data: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        url = URL(self.exchange.endpoints.rest + target, encoded=True)
        async with self.session.request(verb, url, data=data, headers=headers) as response:
            return Reply(response.status, response.headers, await response.text())

    async def get(self, target: str) -> Reply:
        return await self.send("GET", target)

    @asynccontextmanager
    async def socket(
        self, path: str = "/ws/trade", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Socket]:
        url = self.exchange.endpoints.rest.replace("http", "ws") + path
        async with self.session.ws_connect(url, headers=headers) as raw:
            yield Socket(raw)


@asynccontextmanager
async def street(settings: SimulatorSettings = AT_ONCE, /, **changes: Any) -> AsyncIterator[Street]:
    """A running exchange with the accounts 0 and 7; `changes` are made to the settings."""
    clock = WallClock()
    exchange = EmbeddedExchange(replace(settings, **changes), clock=clock, rng=Random(7))
    exchange.open_account("7")
    async with exchange, aiohttp.ClientSession(skip_auto_headers=("Content-Type",)) as session:
        yield Street(exchange, clock, session)


def btc_order(**fields: object) -> dict[str, object]:
    """Body of a limit order: a bid for BTCZAR far from anybody, unless `fields` say otherwise."""
    return {"side": "BUY", "quantity": "0.01", "price": "900000", "pair": "BTCZAR", **fields}


def command(frame_type: str, payload: object, message_id: str = "m-1") -> Frame:
    """A command on the account socket."""
    return {"type": frame_type, "clientMsgId": message_id, "payload": payload}


def types(frames: list[Frame]) -> list[str]:
    return [frame["type"] for frame in frames]


async def status_of(trader: Trader, order_id: str) -> tuple[int, object]:
    """Status code and orderStatusType, or the error's code."""
    reply = await trader.get(f"/v1/orders/BTCZAR/orderid/{order_id}")
    return reply.status, reply.body.get("orderStatusType", reply.body.get("code"))


def data_of(frames: list[Frame], frame_type: str) -> list[Any]:
    return [frame["data"] for frame in frames if frame["type"] == frame_type]


async def make_a_market(valr: Street) -> None:
    """Bids at 900000 (0.02 in two orders) and 890000, an ask at 1000000, and one trade at 950000."""
    maker, other = valr.trader(), valr.trader("7")
    await maker.place(price="950000", quantity="0.001")
    await other.place(side="SELL", price="950000", quantity="0.001")
    await maker.place(price="900000", quantity="0.005")
    await other.place(price="900000", quantity="0.015")
    await maker.place(price="890000", quantity="0.01")
    await maker.place(side="SELL", price="1000000", quantity="0.01")
