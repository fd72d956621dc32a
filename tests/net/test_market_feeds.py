"""Feeds beside the books: subscribed at any time, told as typed events, kept over lost connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import orjson
import pytest

from tests.net.trading import ACCOUNT, AT_ONCE, Desk, in_virtual_time, trading
from valr_connector import (
    AllowedOrderTypesChanged,
    BookFeed,
    CandleClosed,
    ClosedError,
    ConnectionChanged,
    InvalidArgumentError,
    MarketFeed,
    MarketSummaryChanged,
    MarketTraded,
    MarkPriceChanged,
    NotReadyError,
    Overflow,
    PnlSettled,
    SessionState,
    Side,
    Socket,
    StreamOverflowError,
    SubscriptionRefused,
    TradingRulesChanged,
    UnknownPairError,
    ValrExchange,
)
from valr_connector.net.market_stream import MarketStream
from valr_connector.simulator.vocabulary import NewOrder

D = Decimal


def stream(desk: Desk) -> MarketStream:
    market = desk.connector.market
    assert market is not None
    return market


def deliver(desk: Desk, frame: object) -> None:
    """Hand a frame to the stream, as the socket does."""
    stream(desk).on_frame(orjson.dumps(frame), desk.now)


def trade(desk: Desk, price: str = "950000") -> None:
    """A bid of somebody's, and a sale to it."""
    desk.rival("buy", "0.01", price)
    venue = desk.exchange.venue
    sale = NewOrder("BTCZAR", "sell", "limit", quantity=D("0.01"), price=D(price))
    venue.process(venue.accept(ACCOUNT, sale).order_id)


def heard(desk: Desk) -> dict[str, list[str]]:
    """What VALR was asked to tell on the one trade socket there is: channel -> pairs."""
    sessions = desk.exchange._trade_door._sessions
    assert len(sessions) == 1
    return {channel: pairs for channel, pairs in sessions[0]._pairs.items() if pairs}


async def subscribed(desk: Desk, feed: MarketFeed, symbols: Sequence[str]) -> None:
    await desk.until(lambda: heard(desk).get(feed.value) == list(symbols))


# --- subscribing -----------------------------------------------------------------------------------


@in_virtual_time
async def test_a_pair_that_is_added_and_removed_leaves_all_others_alone() -> None:
    async with trading() as desk:
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        desk.valr.subscribe(MarketFeed.SUMMARY, ["ETH-ZAR"])
        await subscribed(desk, MarketFeed.SUMMARY, ["ETHZAR"])
        desk.valr.subscribe(MarketFeed.TRADES, ["ETH-ZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR", "ETHZAR"])
        desk.valr.unsubscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["ETHZAR"])
        assert heard(desk)[MarketFeed.SUMMARY.value] == ["ETHZAR"]
        assert heard(desk)[BookFeed.L1_DIFF.value] == ["BTCZAR"]
        assert desk.valr.subscribed(MarketFeed.TRADES) == ("ETH-ZAR",)
        assert desk.valr.book("BTC-ZAR").is_valid


@in_virtual_time
async def test_subscribing_what_is_subscribed_sends_nothing() -> None:
    async with trading() as desk:
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR"])
        sent = desk.exchange.stats.frames_in["trade", "SUBSCRIBE"]
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        desk.valr.subscribe(MarketFeed.MARK_PRICE, ["BTC-ZAR"])
        await subscribed(desk, MarketFeed.MARK_PRICE, ["BTCZAR"])
        assert desk.exchange.stats.frames_in["trade", "SUBSCRIBE"] == sent + 1


@in_virtual_time
async def test_subscriptions_outlast_a_lost_connection() -> None:
    async with trading() as desk:
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR", "ETH-ZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR", "ETHZAR"])
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: not desk.valr.ready)
        desk.valr.unsubscribe(MarketFeed.TRADES, ["ETH-ZAR"])
        await desk.until(lambda: desk.valr.ready)
        assert heard(desk)[MarketFeed.TRADES.value] == ["BTCZAR"]
        trade(desk)
        await desk.until(lambda: desk.told(MarketTraded))


@in_virtual_time
async def test_without_pairs_to_follow_the_trade_socket_is_opened_by_the_first_subscription() -> None:
    async with trading(pairs=[]) as desk:
        assert desk.exchange._trade_door._sessions == []
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        await desk.until(lambda: desk.exchange._trade_door._sessions)
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR"])
        assert SessionState.LIVE in [
            event.after for event in desk.told(ConnectionChanged) if event.socket is Socket.TRADE
        ]


@in_virtual_time
async def test_a_pair_that_is_not_listed_is_an_error_and_the_others_are_subscribed() -> None:
    async with trading() as desk:
        with pytest.raises(UnknownPairError, match="NOPE-ZAR"):
            desk.valr.subscribe(MarketFeed.TRADES, ["NOPE-ZAR", "BTC-ZAR", "BTCZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR"])
        with pytest.raises(UnknownPairError, match="write it BTC-ZAR"):
            desk.valr.unsubscribe(MarketFeed.TRADES, ["BTC-ZAR", "BTCZAR"])
        await desk.until(lambda: MarketFeed.TRADES.value not in heard(desk))


@in_virtual_time
async def test_a_pair_that_valr_refuses_is_told_and_the_others_are_left_alone() -> None:
    async with trading() as desk:
        desk.valr.subscribe(MarketFeed.PNL_RUNS, ["BTC-ZAR", "BTC-USDT-PERP"])
        await desk.until(lambda: desk.told(SubscriptionRefused))
        (refused,) = desk.told(SubscriptionRefused)
        assert (refused.feed, refused.pair) == (MarketFeed.PNL_RUNS, "BTC-ZAR")
        assert refused.reason == "Channel PNL_RUN_COMPLETED, pair BTCZAR combination invalid"
        assert desk.valr.subscribed(MarketFeed.PNL_RUNS) == ("BTC-USDT-PERP",)
        await subscribed(desk, MarketFeed.PNL_RUNS, ["BTCUSDTPERP"])
        assert desk.valr.ready


@in_virtual_time
async def test_a_book_that_valr_refuses_is_told_as_a_books_feed() -> None:
    async with trading() as desk:
        deliver(desk, {"type": "ERROR", "message": "Channel OB_L1_DIFF, pair BTCZAR combination invalid"})
        assert [(each.feed, each.pair) for each in desk.told(SubscriptionRefused)] == [
            (BookFeed.L1_DIFF, "BTC-ZAR")
        ]
        assert not desk.valr.ready


@pytest.mark.parametrize(
    ("feed", "pairs", "field"),
    [("GOSSIP", ["BTC-ZAR"], "feed"), (None, ["BTC-ZAR"], "feed"), (MarketFeed.TRADES, "BTC-ZAR", "pairs")],
)
@in_virtual_time
async def test_what_is_no_feed_and_no_list_is_refused(feed: Any, pairs: Any, field: str) -> None:
    async with trading() as desk:
        for call in (desk.valr.subscribe, desk.valr.unsubscribe):
            with pytest.raises(InvalidArgumentError) as caught:
                call(feed, pairs)
            assert caught.value.field == field


@in_virtual_time
async def test_a_feed_may_be_named_as_valr_names_it() -> None:
    async with trading() as desk:
        desk.valr.subscribe(cast("MarketFeed", "NEW_TRADE"), ["BTC-ZAR"])
        assert desk.valr.subscribed(MarketFeed.TRADES) == ("BTC-ZAR",)


@in_virtual_time
async def test_nothing_is_subscribed_before_the_start_and_after_the_end() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    with pytest.raises(NotReadyError):
        valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
    async with trading() as desk:
        pass
    with pytest.raises(ClosedError):
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])


# --- what is told ----------------------------------------------------------------------------------


@in_virtual_time
async def test_trades_are_told_once_by_callback_and_iterator() -> None:
    async with trading() as desk:
        trades = desk.valr.events(MarketTraded)
        desk.valr.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
        await subscribed(desk, MarketFeed.TRADES, ["BTCZAR"])
        trade(desk)
        told = (await anext(trades)).trade
        assert (told.pair, told.side, told.price, told.amount) == (
            "BTC-ZAR",
            Side.SELL,
            D(950_000),
            D("0.01"),
        )
        again = {
            "price": "950000",
            "quantity": "0.01",
            "tradedAt": "2026-09-21T14:13:20Z",
            "takerSide": "sell",
        }
        deliver(desk, {"type": "NEW_TRADE", "currencyPairSymbol": "BTCZAR", "data": again | {"id": told.id}})
        assert desk.told(MarketTraded) == [MarketTraded(told)]


@in_virtual_time
async def test_summaries_are_told_at_once_and_follow_the_market() -> None:
    async with trading() as desk:
        desk.valr.subscribe(MarketFeed.SUMMARY, ["BTC-ZAR"])
        await desk.until(lambda: desk.told(MarketSummaryChanged))
        assert desk.told(MarketSummaryChanged)[0].summary.bid is None
        desk.rival("buy", "1", "900000")
        await desk.until(lambda: desk.told(MarketSummaryChanged)[-1].summary.bid == 900_000)


@in_virtual_time
async def test_new_order_types_of_a_followed_pair_become_a_rule_without_being_asked_for() -> None:
    async with trading() as desk:
        await desk.until(lambda: "ALLOWED_ORDER_TYPES_UPDATED" in heard(desk))
        desk.exchange.change_pair("BTCZAR", order_types=("LIMIT",))
        await desk.until(lambda: desk.told(AllowedOrderTypesChanged))
        assert desk.valr.pair_info("BTC-ZAR").order_types == ("LIMIT",)
        assert desk.told(TradingRulesChanged)[-1].after.order_types == ("LIMIT",)


@in_virtual_time
async def test_candles_mark_prices_and_runs_are_told() -> None:
    async with trading() as desk:
        bucket = {"startTime": "2026-09-21T14:13:00Z", "open": "1", "high": "2", "low": "1", "close": "2"}
        deliver(desk, {"type": "NEW_TRADE_BUCKET", "currencyPairSymbol": "BTCZAR", "data": bucket})
        deliver(desk, {"type": "MARK_PRICE_UPDATE", "currencyPairSymbol": "BTCZAR", "data": {"price": "5"}})
        deliver(desk, {"type": "PNL_RUN_COMPLETED", "currencyPairSymbol": "BTCUSDTPERP"})
        assert [event.candle.close for event in desk.told(CandleClosed)] == [D(2)]
        assert desk.told(MarkPriceChanged) == [MarkPriceChanged(desk.valr.pair_info("BTC-ZAR").pair, D(5))]
        assert [event.pair for event in desk.told(PnlSettled)] == ["BTC-USDT-PERP"]


@in_virtual_time
async def test_a_crowds_mark_price_is_told_without_being_asked_again() -> None:
    settings = replace(AT_ONCE, crowd=True, crowd_interval_s=0.01, mark_price_interval_s=0.02)
    async with trading(settings) as desk:
        desk.valr.subscribe(MarketFeed.MARK_PRICE, ["BTC-ZAR"])
        await desk.until(lambda: len(desk.told(MarkPriceChanged)) > 1)


# --- a reader that is too slow ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_overflow", "kept"), [(Overflow.DROP_OLDEST, [3, 4]), (Overflow.KEEP_ALL, [0, 1, 2, 3, 4])]
)
@in_virtual_time
async def test_a_slow_reader_loses_the_oldest_or_nothing_as_it_chose(
    on_overflow: Overflow, kept: list[int]
) -> None:
    async with trading() as desk:
        prices = desk.valr.events(MarkPriceChanged, on_overflow=on_overflow, capacity=2)
        for price in range(5):
            data = {"price": str(price + 1)}
            deliver(desk, {"type": "MARK_PRICE_UPDATE", "currencyPairSymbol": "BTCZAR", "data": data})
        read = [(await anext(prices)).price for _ in range(len(kept))]
        assert read == [D(price + 1) for price in kept]


@in_virtual_time
async def test_a_slow_reader_that_may_lose_nothing_is_told_so() -> None:
    async with trading() as desk:
        prices = desk.valr.events(MarkPriceChanged, on_overflow=Overflow.ERROR, capacity=1)
        for price in ("1", "2"):
            deliver(
                desk, {"type": "MARK_PRICE_UPDATE", "currencyPairSymbol": "BTCZAR", "data": {"price": price}}
            )
        assert (await anext(prices)).price == 1
        with pytest.raises(StreamOverflowError):
            await anext(prices)


# --- by REST ---------------------------------------------------------------------------------------


@in_virtual_time
async def test_public_data_is_read_through_the_same_object() -> None:
    async with trading() as desk:
        desk.rival("buy", "1", "900000")
        book = await desk.valr.public.order_book("BTC-ZAR")
        assert (book.may_be_old_s, [level.price for level in book.bids]) == (1, [D(900_000)])
        assert desk.asked("GET /v1/marketdata/{pair}/orderbook") == 1
        assert {info.pair for info in await desk.valr.public.pairs()} == set(desk.valr.pairs)
        assert [each.pair for each in await desk.valr.public.futures_info()] == ["BTC-USDT-PERP"]
