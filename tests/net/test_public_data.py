"""Public data over REST: asked once by however many, and no more often than VALR has something new."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.net.virtual_time import NS_PER_S, VirtualTime
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import (
    ExchangeError,
    InvalidArgumentError,
    ThrottledError,
    TransportError,
    UnknownPairError,
)
from valr_connector.model.enums import Side
from valr_connector.model.events import TradingRulesChanged
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.public_data import PublicData
from valr_connector.net.rest import RestClient, RestSettings
from valr_connector.net.shared_calls import SharedCalls
from valr_connector.protocol import endpoints
from valr_connector.protocol.signing import Credentials

D = Decimal
KEY = "0123456789abcdef" * 4


def row(symbol: str, base: str, quote: str, **fields: object) -> dict[str, object]:
    """A row of /v1/public/pairs."""
    return {
        "symbol": symbol,
        "baseCurrency": base,
        "quoteCurrency": quote,
        "active": True,
        "minBaseAmount": "0.0001",
        "maxBaseAmount": "7",
        "minQuoteAmount": "1",
        "maxQuoteAmount": "250000",
        "tickSize": "1",
        "baseDecimalPlaces": "4",
        "marginTradingAllowed": False,
        "currencyPairType": "SPOT",
        **fields,
    }


PAIRS = [row("BTCZAR", "BTC", "ZAR"), row("BTCUSDTPERP", "BTC", "USDT", currencyPairType="FUTURE")]
SUMMARY = {"currencyPair": "BTCZAR", "askPrice": "2", "bidPrice": "1", "lastTradedPrice": "1"}
TRADE = {"price": "5", "quantity": "0.1", "tradedAt": "2026-02-11T09:00:00Z", "takerSide": "buy", "id": "t-1"}
BOOK = {"Asks": [{"price": "2", "quantity": "3"}], "Bids": []}
FULL_BOOK = {"Asks": [{"id": "o-1", "price": "2", "quantity": "3", "positionAtPrice": 1}], "Bids": []}
BUCKET = {
    "startTime": "2026-02-11T09:00:00Z",
    "bucketPeriodInSeconds": 300,
    "open": "1",
    "high": "4",
    "low": "1",
    "close": "3",
}

ANSWERS: Mapping[str, Any] = {
    "/v1/public/pairs": PAIRS,
    "/v1/public/ordertypes": [
        {"currencyPair": "BTCZAR", "orderTypes": ["LIMIT", "MARKET"]},
        {"currencyPair": "NOPEZAR", "orderTypes": ["LIMIT"]},
    ],
    "/v1/public/BTCZAR/ordertypes": ["LIMIT"],
    "/v1/public/currencies": [{"shortName": "ZAR", "longName": "Rand", "decimalPlaces": "2"}],
    "/v1/public/marketsummary": [SUMMARY, SUMMARY | {"currencyPair": "NOPEZAR"}],
    "/v1/public/BTCZAR/marketsummary": SUMMARY,
    "/v1/public/BTCZAR/orderbook": BOOK,
    "/v1/marketdata/BTCZAR/orderbook": BOOK,
    "/v1/public/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/marketdata/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/public/risklimit/BTCUSDTPERP": [{"pairSymbol": "BTCUSDTPERP", "leverageMultiple": 5}],
    "/v1/public/BTCZAR/trades": [TRADE],
    "/v1/marketdata/BTCZAR/tradehistory": [TRADE],
    "/v1/public/BTCZAR/buckets": [BUCKET | {"volume": "7", "quoteVolume": "21"}],
    "/v1/public/BTCZAR/markprice/buckets": [BUCKET],
    "/v1/public/futures/info": [
        {"currencyPair": "BTCUSDTPERP", "openInterest": "1.84"},
        {"currencyPair": "NOPEPERP"},
    ],
    "/v1/public/futures/funding/history": [
        {"currencyPair": "BTCUSDTPERP", "fundingRate": "0.000277", "fundingTime": "2025-07-16T11:00:00Z"}
    ],
    "/v1/public/status": {"status": "read-only"},
    "/v1/public/time": {"epochTime": 1, "time": "2025-06-17T13:02:41.280178Z"},
}


class Valr:
    """What VALR would answer; holds its answers back while `gate` is shut."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = dict(ANSWERS)
        self.asked: list[str] = []
        self.signed: list[bool] = []
        self.age = "0"
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Reply | Failure | None = None

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        target = url.removeprefix("https://valr.test")
        self.asked.append(target)
        self.signed.append("X-VALR-SIGNATURE" in headers)
        await self.gate.wait()
        if self.failure is not None:
            return self.failure
        answer = self.answers[target.partition("?")[0]]
        return Reply(200, {"age": self.age}, orjson.dumps(answer))

    async def close(self) -> None:
        """Nothing is open."""


class Reader:
    """`PublicData` before a VALR of the test's own, in virtual time."""

    def __init__(self, *, has_key: bool = False, limited: bool = False, beside: Reader | None = None) -> None:
        self.valr = Valr()
        self.time: VirtualTime = VirtualTime() if beside is None else beside.time
        self.changes: list[TradingRulesChanged] = []
        self.limits = LimiterRegistry(clock=self.time.clock, wall_clock=self.time.clock)
        if beside is not None:
            self.limits = beside.limits
        limiter = self.limits.limiter(host="valr.test", key="") if limited else None
        self.rest = RestClient(
            base_url="https://valr.test",
            credentials=Credentials(KEY, KEY) if has_key else None,
            timestamps=TimestampSource(ClockOffset()),
            rng=random.Random(1),
            settings=RestSettings(attempts=1),
            clock=self.time.clock,
            open_session=lambda: self.valr,
            limiter=limiter,
        )
        self.calls = SharedCalls(self.rest, clock=self.time.clock, limiter=limiter)
        self.public = PublicData(
            calls=self.calls,
            rules=TradingRules(),
            has_key=has_key,
            on_rules=self.changes.append,
        )

    def pass_by(self, seconds: float) -> None:
        self.time.now += round(seconds * NS_PER_S)


@asynccontextmanager
async def reading(**options: Any) -> AsyncIterator[Reader]:
    reader = Reader(**options)
    yield reader
    await reader.rest.close()


# --- what is read ----------------------------------------------------------------------------------


async def test_pairs_are_named_as_users_write_them_and_each_change_is_told() -> None:
    async with reading() as reader:
        pairs = await reader.public.pairs()
        assert [info.pair for info in pairs] == ["BTC-ZAR", "BTC-USDT-PERP"]
        assert [(change.pair, change.before) for change in reader.changes] == [
            ("BTC-ZAR", None),
            ("BTC-USDT-PERP", None),
        ]
        reader.valr.answers["/v1/public/pairs"] = [row("BTCZAR", "BTC", "ZAR", tickSize="0.5"), PAIRS[1]]
        reader.pass_by(60)
        await reader.public.pairs()
        assert [change.after.tick_size for change in reader.changes[2:]] == [D("0.5")]


async def test_order_types_are_told_of_pairs_that_are_listed() -> None:
    async with reading() as reader:
        assert await reader.public.order_types() == {"BTC-ZAR": ("LIMIT", "MARKET")}
        assert await reader.public.pair_order_types("BTC-ZAR") == ("LIMIT",)


async def test_currencies_are_read() -> None:
    async with reading() as reader:
        assert [(each.code, each.decimals) for each in await reader.public.currencies()] == [("ZAR", 2)]


async def test_summaries_are_read_for_one_pair_and_for_all() -> None:
    async with reading() as reader:
        summary = await reader.public.summary("BTC-ZAR")
        assert (summary.pair, summary.ask, summary.bid) == ("BTC-ZAR", D(2), D(1))
        assert await reader.public.summaries() == (summary,)


async def test_candles_are_read_with_volumes_and_mark_prices_without() -> None:
    async with reading() as reader:
        candle = (await reader.public.candles("BTC-ZAR", period_s=300, limit=2))[0]
        marked = (await reader.public.mark_price_candles("BTC-ZAR"))[0]
        assert (candle.high, candle.volume, candle.period_s) == (D(4), D(7), 300)
        assert (marked.pair, marked.close, marked.volume) == ("BTC-ZAR", D(3), None)
        assert reader.valr.asked[1:] == [
            "/v1/public/BTCZAR/buckets?skip=0&limit=2&periodSeconds=300",
            "/v1/public/BTCZAR/markprice/buckets?skip=0&limit=100&periodSeconds=60",
        ]


async def test_futures_are_read() -> None:
    async with reading() as reader:
        assert [(each.pair, each.open_interest) for each in await reader.public.futures_info()] == [
            ("BTC-USDT-PERP", D("1.84"))
        ]
        rates = await reader.public.funding_rates("BTC-USDT-PERP", limit=1)
        assert [(each.pair, each.rate) for each in rates] == [("BTC-USDT-PERP", D("0.000277"))]
        tiers = await reader.public.risk_limits("BTC-USDT-PERP")
        assert [(each.pair, each.leverage) for each in tiers] == [("BTC-USDT-PERP", D(5))]


async def test_valrs_state_and_clock_are_read() -> None:
    async with reading() as reader:
        assert not await reader.public.is_online()
        assert await reader.public.time() == datetime(2025, 6, 17, 13, 2, 41, 280_178, tzinfo=UTC)


@pytest.mark.parametrize(
    ("has_key", "path", "age_s"), [(False, "/v1/public", 30), (True, "/v1/marketdata", 1)]
)
async def test_a_book_says_how_old_it_may_be_and_is_younger_with_a_key(
    has_key: bool, path: str, age_s: int
) -> None:
    async with reading(has_key=has_key) as reader:
        book = await reader.public.order_book("BTC-ZAR")
        assert (book.may_be_old_s, book.asks[0].price, book.bids) == (age_s, D(2), ())
        assert reader.valr.asked[-1] == f"{path}/BTCZAR/orderbook"
        full, again = await asyncio.gather(*[reader.public.full_order_book("BTC-ZAR") for _ in range(2)])
        assert (full.may_be_old_s, full.asks[0].place, full.bids) == (age_s, 1, ())
        assert again == full
        assert reader.valr.asked[-1] == f"{path}/BTCZAR/orderbook/full"
        assert reader.valr.signed == [False, has_key, has_key]


@pytest.mark.parametrize(
    ("has_key", "target"), [(False, "public/BTCZAR/trades"), (True, "marketdata/BTCZAR/tradehistory")]
)
async def test_trades_are_read_through_the_key_where_there_is_one(has_key: bool, target: str) -> None:
    async with reading(has_key=has_key) as reader:
        trade = (await reader.public.trades("BTC-ZAR", limit=1, before_id="t-2"))[0]
        assert (trade.pair, trade.side, trade.id) == ("BTC-ZAR", Side.BUY, "t-1")
        assert reader.valr.asked[-1] == f"/v1/{target}?skip=0&limit=1&beforeId=t-2"


async def test_a_pair_that_is_not_listed_is_an_error_and_nothing_is_asked_about_it() -> None:
    async with reading() as reader:
        with pytest.raises(UnknownPairError, match="write it BTC-ZAR"):
            await reader.public.trades("BTCZAR")
        assert reader.valr.asked == ["/v1/public/pairs"]


async def test_a_bad_argument_is_refused_before_anything_is_asked() -> None:
    async with reading() as reader:
        await reader.public.pairs()
        with pytest.raises(InvalidArgumentError, match="period_s=7"):
            await reader.public.candles("BTC-ZAR", period_s=7)
        assert len(reader.valr.asked) == 1


# --- how often it is asked -------------------------------------------------------------------------


async def test_an_answer_is_asked_for_again_only_when_valr_has_a_new_one() -> None:
    async with reading() as reader:
        for _ in range(3):
            await reader.public.currencies()
        reader.pass_by(59)
        await reader.public.currencies()
        assert len(reader.valr.asked) == 1
        reader.pass_by(1)
        await reader.public.currencies()
        assert len(reader.valr.asked) == 2


async def test_what_valrs_cache_had_kept_before_shortens_the_time() -> None:
    async with reading() as reader:
        reader.valr.age = "50"
        await reader.public.currencies()
        reader.pass_by(10)
        await reader.public.currencies()
        assert len(reader.valr.asked) == 2


@pytest.mark.parametrize("age", ["", "soon", "-5", "1" * 20])
async def test_an_age_that_is_none_counts_as_new(age: str) -> None:
    async with reading() as reader:
        reader.valr.age = age
        await reader.public.currencies()
        reader.pass_by(59)
        await reader.public.currencies()
        assert len(reader.valr.asked) == 1


async def test_what_is_not_cached_is_asked_every_time() -> None:
    async with reading() as reader:
        await reader.public.time()
        await reader.public.time()
        assert len(reader.valr.asked) == 2


async def test_two_askers_at_a_time_send_one_request() -> None:
    async with reading() as reader:
        reader.valr.gate.clear()
        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(reader.public.time()) for _ in range(5)]
            await asyncio.sleep(0.01)
            reader.valr.gate.set()
        assert len({task.result() for task in asking}) == 1
        assert len(reader.valr.asked) == 1


async def test_whoever_waits_for_the_same_answer_gets_the_same_error() -> None:
    async with reading() as reader:
        reader.valr.gate.clear()
        reader.valr.failure = Failure("no route", may_have_left=True)
        asking = [asyncio.create_task(reader.public.time()) for _ in range(2)]
        await asyncio.sleep(0.01)
        reader.valr.gate.set()
        failures = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(failure) for failure in failures] == [TransportError, TransportError]
        assert len(reader.valr.asked) == 1


async def test_an_error_is_not_kept() -> None:
    async with reading() as reader:
        reader.valr.failure = Reply(400, {}, b'{"code": -21, "message": "Unsupported Currency Pair"}')
        with pytest.raises(ExchangeError):
            await reader.public.currencies()
        reader.valr.failure = None
        assert await reader.public.currencies()


async def test_an_asker_who_gives_up_takes_the_answer_from_nobody() -> None:
    async with reading() as reader:
        reader.valr.gate.clear()
        first, second = (asyncio.create_task(reader.public.time()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        reader.valr.gate.set()
        assert (await second).year == 2025
        assert first.cancelled()
        assert len(reader.valr.asked) == 2


async def test_a_waiting_asker_can_be_cancelled_alone() -> None:
    async with reading() as reader:
        reader.valr.gate.clear()
        first, second = (asyncio.create_task(reader.public.time()) for _ in range(2))
        await asyncio.sleep(0.01)
        second.cancel()
        reader.valr.gate.set()
        assert (await first).year == 2025
        assert len(reader.valr.asked) == 1


async def test_without_a_key_no_more_than_30_questions_a_minute_leave() -> None:
    async with reading(limited=True) as reader:
        await reader.public.pairs()
        for number in range(1, 30):
            await reader.public.trades("BTC-ZAR", limit=number)
        with pytest.raises(ThrottledError, match="30 public requests per minute"):
            await reader.public.trades("BTC-ZAR", limit=30)
        assert len(reader.valr.asked) == 30


async def test_without_room_what_valr_told_somebody_else_is_answer_enough_while_it_would_repeat_it() -> None:
    async with reading(limited=True) as first, reading(limited=True, beside=first) as second:
        first.valr.age = "20"
        await first.public.pairs()
        await first.public.order_types()
        for number in range(1, 29):
            await first.public.trades("BTC-ZAR", limit=number)
        assert await second.calls.call_patiently(endpoints.pairs(), until=second.time.now)
        assert [info.pair for info in await second.public.pairs()]
        assert await second.public.order_types() == await first.public.order_types()
        with pytest.raises(ThrottledError):
            await second.public.trades("BTC-ZAR", limit=1)  # a minute is too long for these
        assert second.valr.asked == []
        second.pass_by(40)
        async with reading(limited=True, beside=first) as third:
            with pytest.raises(ThrottledError):
                await third.calls.call_patiently(endpoints.pairs(), until=third.time.now)


async def test_with_room_everybody_asks_for_himself() -> None:
    async with reading(limited=True) as first, reading(limited=True, beside=first) as second:
        await first.public.pairs()
        await second.public.pairs()
        assert second.valr.asked == ["/v1/public/pairs"]


async def test_what_is_asked_patiently_is_asked_once_for_a_minute() -> None:
    async with reading(limited=True) as reader:
        await reader.public.pairs()
        await reader.calls.call_patiently(endpoints.pairs(), until=reader.time.now)
        assert reader.valr.asked == ["/v1/public/pairs"]
