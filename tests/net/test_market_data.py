"""The market without an account: books, feeds and public data over real sockets, and no key anywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.net.trading import AT_ONCE, AlmostNoJitter, hosts_of, tasks_of_the_library, venue
from valr_connector import (
    AllowedOrderTypesChanged,
    BookInvalidated,
    BookResynced,
    ClosedError,
    Event,
    InvalidArgumentError,
    MarketData,
    MarketFeed,
    MarketSummaryChanged,
    MarketTraded,
    NotReadyError,
    PermissionDeniedError,
    Settings,
    TopOfBookChanged,
    TransportError,
    UnknownPairError,
)
from valr_connector.net.websocket import WebSocketClient
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

LIVELY = replace(AT_ONCE, crowd=True, crowd_interval_s=0.005)


@asynccontextmanager
async def watching(
    simulator: SimulatorSettings = LIVELY, **options: Any
) -> AsyncIterator[tuple[EmbeddedExchange, MarketData]]:
    """A started `MarketData` on a living venue. Checks that nothing of it keeps running."""
    before = asyncio.all_tasks()
    async with venue(simulator) as exchange:
        settings = Settings(hosts=hosts_of(exchange), **options.pop("settings", {}))
        market = MarketData(**{"pairs": ["BTC-ZAR"]} | options, settings=settings, rng=AlmostNoJitter())
        async with market:
            yield exchange, market
    assert asyncio.all_tasks() == before


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited 10 s in vain"
        await asyncio.sleep(0.001)


async def test_a_book_is_followed_without_a_key() -> None:
    async with watching() as (exchange, market):
        tops = market.events(TopOfBookChanged)
        top = await anext(tops)
        assert top.pair == "BTC-ZAR"
        assert market.book("BTC-ZAR").pair == "BTC-ZAR"
        assert exchange.stats.frames_out["trade", "AUTHENTICATED"] == 0


async def test_a_book_comes_back_after_the_connection_was_cut() -> None:
    async with watching() as (exchange, market):
        told: list[Event] = []
        market.on(Event, told.append)
        await until(lambda: market.book("BTC-ZAR").is_valid)
        exchange.drop_sockets("trade")
        await until(lambda: any(isinstance(event, BookResynced) for event in told))
        assert any(isinstance(event, BookInvalidated) for event in told)


async def test_feeds_are_subscribed_and_unsubscribed() -> None:
    async with watching(pairs=[]) as (_, market):
        summaries = market.events(MarketSummaryChanged)
        market.subscribe(MarketFeed.SUMMARY, ["ETH-ZAR"])
        assert (await anext(summaries)).summary.pair == "ETH-ZAR"
        market.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        assert (await anext(market.events(MarketTraded))).trade.pair == "BTC-ZAR"
        market.unsubscribe(MarketFeed.SUMMARY, ["ETH-ZAR"])
        assert market.subscribed(MarketFeed.SUMMARY) == ()
        assert market.subscribed(MarketFeed.TRADES) == ("BTC-ZAR",)


async def test_new_order_types_reach_the_rules() -> None:
    async with watching(AT_ONCE) as (exchange, market):
        await until(lambda: market.book("BTC-ZAR").is_valid)
        changes = market.events(AllowedOrderTypesChanged)
        exchange.change_pair("BTCZAR", order_types=("MARKET", "LIMIT"))
        await anext(changes)
        assert market.pair_info("BTC-ZAR").order_types == ("LIMIT", "MARKET")
        assert market.pairs["BTC-ZAR"] is market.pair_info("BTC-ZAR")


async def test_public_data_is_read_unsigned() -> None:
    async with watching() as (exchange, market):
        book = await market.public.order_book("BTC-ZAR")
        assert book.may_be_old_s == 30
        assert exchange.stats.requests["GET /v1/public/{pair}/orderbook"] == 1
        assert len(await market.public.candles("BTC-ZAR", limit=5)) == 5


async def test_public_data_is_read_without_a_start() -> None:
    async with venue() as exchange:
        market = MarketData(settings=Settings(hosts=hosts_of(exchange)))
        assert await market.public.is_online()
        await market.close()


async def test_an_unknown_pair_ends_the_start_and_nothing_stays_open() -> None:
    async with venue() as exchange:
        market = MarketData(pairs=["NOPE-ZAR"], settings=Settings(hosts=hosts_of(exchange)))
        with pytest.raises(UnknownPairError, match="NOPE-ZAR"):
            await market.start()
        with pytest.raises(ClosedError):
            await market.start()


async def test_a_second_start_beside_the_first_is_refused_and_does_it_no_harm() -> None:
    async with venue() as exchange:
        market = MarketData(pairs=["BTC-ZAR"], settings=Settings(hosts=hosts_of(exchange)))
        first, second = await asyncio.gather(market.start(), market.start(), return_exceptions=True)
        assert (first, type(second)) == (None, ClosedError)
        await until(lambda: market.book("BTC-ZAR").is_valid)
        await market.close()
        assert not (running := tasks_of_the_library()), running


async def test_a_close_that_meets_the_answer_to_the_start_leaves_nothing_running() -> None:
    async with venue() as exchange:
        market = MarketData(pairs=["BTC-ZAR"], settings=Settings(hosts=hosts_of(exchange)))
        asked = market.public.pairs

        async def answer_while_it_is_closed() -> Any:
            rows = await asked()
            await market.close()
            return rows

        market.public.pairs = answer_while_it_is_closed  # type: ignore[method-assign]
        with pytest.raises(ClosedError):
            await market.start()
        assert not (running := tasks_of_the_library()), running


async def test_what_ends_it_for_good_is_logged_and_raised_to_readers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_: WebSocketClient) -> Any:
        raise PermissionDeniedError("HTTP 403, twice in a row")

    async with watching() as (exchange, market):
        events = market.events(BookInvalidated)
        await until(lambda: market.book("BTC-ZAR").is_valid)
        monkeypatch.setattr(WebSocketClient, "_dial_and_serve", refuse)
        exchange.drop_sockets("trade")
        with pytest.raises(PermissionDeniedError):
            _ = [event async for event in events]
        assert not market.book("BTC-ZAR").is_valid
    assert "the market data stopped: HTTP 403, twice in a row" in caplog.text


async def test_where_valr_cannot_be_reached_the_start_says_so() -> None:
    async with venue() as exchange:
        hosts = hosts_of(exchange)
    market = MarketData(pairs=["BTC-ZAR"], settings=Settings(hosts=hosts))
    with pytest.raises(TransportError):
        await market.start()


async def test_a_pair_whose_book_is_not_followed_has_none() -> None:
    async with watching() as (_, market):
        with pytest.raises(InvalidArgumentError, match="its book is not followed"):
            market.book("ETH-ZAR")
        with pytest.raises(UnknownPairError):
            market.book("NOPE-ZAR")


async def test_before_the_start_and_after_the_end_there_is_no_market() -> None:
    market = MarketData(pairs=["BTC-ZAR"])
    with pytest.raises(NotReadyError):
        market.book("BTC-ZAR")
    await market.close()
    with pytest.raises(ClosedError):
        market.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
    with pytest.raises(ClosedError):
        market.on(Event, print)


def test_pairs_are_a_list() -> None:
    with pytest.raises(InvalidArgumentError, match="must be a list of pairs"):
        MarketData(pairs="BTC-ZAR")
