"""What Hummingbot reads of the market through the connector: candles, rates, fees, balances and books."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hummingbot.client.settings import AllConnectorSettings
from hummingbot.connector.exchange.paper_trade import create_paper_trade_market
from hummingbot.core.clock import Clock
from hummingbot.core.clock_mode import ClockMode
from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.network_iterator import NetworkStatus
from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory
from hummingbot.core.web_assistant.connections.data_types import RESTMethod, RESTRequest, WSJSONRequest
from hummingbot.data_feed.candles_feed.candles_factory import CandlesFactory
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig, HistoricalCandlesConfig
from hummingbot.data_feed.market_data_provider import MarketDataProvider
from msgspec.structs import replace

from tests.hummingbot.live import ACCOUNT, AT_ONCE, PAIR, SYMBOL, Live, live
from valr_connector.errors import ConfigurationError, InvalidArgumentError, PermissionDeniedError, ValrError
from valr_connector.integrations.hummingbot import register
from valr_connector.integrations.hummingbot.auth import ValrAuth
from valr_connector.integrations.hummingbot.exchange import ValrHummingbotExchange
from valr_connector.integrations.hummingbot.hosts import VARIABLES, hosts_from_environment
from valr_connector.integrations.hummingbot.rate_source import ValrRateSource
from valr_connector.model.enums import BookFeed, MarketFeed
from valr_connector.model.events import SubscriptionRefused, TradingRulesChanged
from valr_connector.model.ids import Pair
from valr_connector.net.market_data import MarketData
from valr_connector.net.websocket import WebSocketClient
from valr_connector.protocol.signing import Credentials
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_pair
from valr_connector.simulator.settings import SimulatorSettings

D = Decimal


@pytest.fixture
async def market(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmbeddedExchange]:
    """A living market that the environment names as VALR."""
    register()
    async with EmbeddedExchange(SimulatorSettings(crowd=True, rate_limits=None)) as exchange:
        at = exchange.endpoints
        places = {"rest": at.rest, "account_socket": at.ws_account, "trade_socket": at.ws_trade}
        for part, name in VARIABLES.items():
            monkeypatch.setenv(name, places[part])
        yield exchange
        await ConnectionsFactory().close()


def test_hosts_are_valrs_own_unless_the_environment_names_others(market: EmbeddedExchange) -> None:
    assert hosts_from_environment({}).rest == "https://api.valr.com"
    assert hosts_from_environment().rest == market.endpoints.rest


def test_an_address_that_is_none_is_told_by_the_name_of_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="VALR_REST_URL: rest='nowhere'"):
        hosts_from_environment({"VALR_REST_URL": "nowhere"})


async def test_candles_are_filled_to_their_number_and_kept_up_to_date(market: EmbeddedExchange) -> None:
    candles = CandlesFactory.get_candle(CandlesConfig(connector="valr", trading_pair=PAIR, max_records=100))
    assert await candles.check_network() is NetworkStatus.CONNECTED
    await candles.start_network()
    try:
        async with asyncio.timeout(10):
            while not candles.ready:  # noqa: ASYNC110  there is nothing else to wait for
                await asyncio.sleep(0.02)
        times = list(candles.candles_df["timestamp"])
        assert [later - earlier for earlier, later in pairwise(times)] == [60.0] * 99
        candles._take(await candles._market.public.candles(PAIR, limit=2, include_empty=True))
        assert len(candles.candles_df) == 100
    finally:
        await candles.stop_network()
        await candles._market.close()


async def test_whether_valr_answers_is_not_asked_again_just_after_it_did(market: EmbeddedExchange) -> None:
    candles = CandlesFactory.get_candle(CandlesConfig(connector="valr", trading_pair=PAIR))
    assert await candles.check_network() is NetworkStatus.CONNECTED
    await market.stop()
    assert await candles.check_network() is NetworkStatus.CONNECTED
    candles._answered_at -= 61
    with pytest.raises(ValrError):
        await candles.check_network()
    await candles._market.close()


async def test_a_history_that_is_shorter_than_wanted_is_not_asked_for_without_a_pause(
    market: EmbeddedExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles = CandlesFactory.get_candle(CandlesConfig(connector="valr", trading_pair=PAIR, max_records=9_999))
    candles._take(await candles._market.public.candles(PAIR, limit=2, include_empty=True))
    market.stats.requests.clear()
    pauses = list[float]()

    async def end(delay: float) -> None:
        pauses.append(delay)
        if len(pauses) < 2:
            market.faults.answer_request(400)  # which is no reason to ask at once again either
            return
        raise asyncio.CancelledError

    monkeypatch.setattr(candles, "_sleep", end)
    with pytest.raises(asyncio.CancelledError):
        await candles._fill_candles_task
    assert pauses == [20.0, 20.0]
    assert market.stats.requests["GET /v1/public/{pair}/buckets"] <= 4
    times = [row[0] for row in candles._candles]
    assert {later - earlier for earlier, later in pairwise(times)} == {60.0}
    await candles.stop_network()
    await candles._market.close()


@pytest.mark.parametrize("missed", [3, 1_000])
async def test_candles_have_no_hole_where_valr_did_not_answer_for_a_while(
    market: EmbeddedExchange, monkeypatch: pytest.MonkeyPatch, missed: int
) -> None:
    candles = CandlesFactory.get_candle(CandlesConfig(connector="valr", trading_pair=PAIR, max_records=300))
    last = time.time() // 60 * 60 - missed * 60
    candles._candles.extend(np.array([at, *[0.0] * 9]) for at in (last - 60, last))

    async def end(delay: float) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(candles, "_sleep", end)
    with pytest.raises(asyncio.CancelledError):
        await candles.listen_for_subscriptions()
    times = [row[0] for row in candles._candles]
    assert {later - earlier for earlier, later in pairwise(times)} == {60.0}
    await candles.stop_network()
    await candles._market.close()


async def test_history_is_read_for_any_interval(market: EmbeddedExchange) -> None:
    config = CandlesConfig(connector="valr", trading_pair=PAIR, interval="5m")
    candles = CandlesFactory.get_candle(config)
    now = int(time.time())
    table = await candles.get_historical_candles(
        HistoricalCandlesConfig(
            connector_name="valr",
            trading_pair=PAIR,
            interval="5m",
            start_time=now - 3_600,
            end_time=now - 600,
        )
    )
    assert len(table) >= 9
    with pytest.raises(ValueError, match="must be specified"):
        await candles.fetch_candles()
    await candles._market.close()


async def test_rates_are_mid_prices_in_the_quote_that_is_wanted(market: EmbeddedExchange) -> None:
    source = ValrRateSource()
    prices = await source.get_prices(quote_token="ZAR")
    assert 1_300_000 < prices["BTC-ZAR"] < 1_700_000
    assert all(pair.endswith("-ZAR") for pair in prices)


async def test_without_valr_there_are_no_rates_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES["rest"], "http://127.0.0.1:9")
    assert await ValrRateSource().get_prices(quote_token="EUR") == {}


async def test_a_connector_without_keys_follows_the_market(market: EmbeddedExchange) -> None:
    connector = ValrHummingbotExchange("", "", trading_pairs=[PAIR], trading_required=False)
    await connector.start_network()
    try:
        async with asyncio.timeout(10):
            while not connector.order_book_tracker.ready:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
        assert connector.get_order_book(PAIR).get_price(True) > 1_300_000
        assert await connector.check_network() is NetworkStatus.CONNECTED
        async with asyncio.timeout(10):  # it has none before the market's first trade
            while not (last := (await connector.get_last_traded_prices([PAIR]))[PAIR]):  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
        assert last > 1_300_000
        assert await connector.add_trading_pair("ETH-ZAR")
        assert connector.get_order_book("ETH-ZAR").get_price(False) > 10_000
        assert await connector.remove_trading_pair("ETH-ZAR")
    finally:
        await connector.stop_network()


async def test_paper_trade_follows_the_market_without_keys(market: EmbeddedExchange) -> None:
    AllConnectorSettings.initialize_paper_trade_settings(["valr"])
    paper = create_paper_trade_market("valr", [PAIR])
    with Clock(ClockMode.REALTIME) as clock:
        clock.add_iterator(paper)
        ticking = asyncio.ensure_future(clock.run())
        async with asyncio.timeout(10):
            while not paper.ready:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.02)
        ticking.cancel()
        assert 1_300_000 < paper.get_mid_price(PAIR) < 1_700_000
        await paper.stop_network()


async def test_hummingbots_provider_of_market_data_makes_one_without_keys(market: EmbeddedExchange) -> None:
    provider = MarketDataProvider(connectors={})
    connector = provider.get_non_trading_connector("valr")
    try:
        assert await provider.initialize_order_book("valr", PAIR)
        assert 1_300_000 < connector.get_order_book(PAIR).get_price(True) < 1_700_000
    finally:
        await connector.stop_network()


async def test_a_call_of_hummingbots_own_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valr_connector.integrations.hummingbot.exchange._LONGEST_CALL_S", 0.05)
    ended = asyncio.Event()

    async def says_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as server:
        monkeypatch.setenv(VARIABLES["rest"], f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        connector = ValrHummingbotExchange("", "", trading_pairs=[])
        with pytest.raises(TimeoutError):
            await connector._api_get(path_url="/v1/public/status")
        ended.set()
    await ConnectionsFactory().close()


async def test_a_book_that_may_not_be_used_is_shown_empty() -> None:
    async with live() as trader:
        book = trader.connector.get_order_book(PAIR)
        assert book.get_price(False) == 850_000
        trader.lose_the_book()
        await trader.until(lambda: not list(book.bid_entries()))
        await trader.until(lambda: list(book.bid_entries()))


async def test_a_book_is_empty_while_market_data_is_begun_anew() -> None:
    async with live() as trader:
        book = trader.connector.get_order_book(PAIR)
        trader.exchange.faults.answer_request(500, count=99)
        trader.connector._orderbook_ds._begin_anew()
        await trader.until(lambda: not list(book.bid_entries()))
        trader.exchange.faults.clear()
        await trader.until(lambda: list(book.bid_entries()))


async def test_books_are_empty_once_the_network_is_stopped() -> None:
    async with live() as trader:
        await trader.stop()
        assert not list(trader.connector.get_order_book(PAIR).bid_entries())


async def test_books_are_empty_once_the_market_data_failed() -> None:
    async with live() as trader:
        source, book = trader.connector._orderbook_ds, trader.connector.get_order_book(PAIR)
        trader.exchange.faults.answer_request(500, count=99)
        assert source._market is not None
        source._market._fail(PermissionDeniedError("refused for good"))
        await trader.until(lambda: not list(book.bid_entries()))


async def test_a_pair_that_changed_just_before_it_was_removed_leaves_the_others_alone() -> None:
    async with live() as trader:
        source, book = trader.connector._orderbook_ds, trader.connector.get_order_book(PAIR)
        assert await trader.connector.add_trading_pair("ETH-ZAR")
        await asyncio.sleep(0)  # Hummingbot's own task for it begins
        source._changed.add("ETH-ZAR")
        assert await trader.connector.remove_trading_pair("ETH-ZAR")
        await trader.until(lambda: source._market is not None)
        trader.rival("buy", "0.5", "860000")
        await trader.until(lambda: [level.price for level in book.bid_entries()][:1] == [860_000])


async def test_a_pair_is_followed_that_is_added_while_market_data_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, later = MarketData.start, list[asyncio.Future[bool]]()
    async with live() as trader:
        add = trader.connector.add_trading_pair

        async def start_and_add(market: MarketData) -> None:
            if not later:
                later.append(asyncio.ensure_future(add("BTC-USDC")))
            await start(market)

        monkeypatch.setattr(MarketData, "start", start_and_add)
        assert await add("ETH-ZAR")
        assert await later[0]


async def test_a_pair_that_valr_does_not_list_is_not_followed() -> None:
    async with live() as trader:
        assert not await trader.connector.add_trading_pair("NO-PAIR")
        assert trader.connector.trading_pairs == [PAIR]


async def test_pairs_that_valr_does_not_list_hold_up_no_other_book(caplog: pytest.LogCaptureFixture) -> None:
    async with live() as trader:
        await trader.stop()
        trader.connector.trading_pairs[:] = ["NO-PAIR", PAIR, "NONE-ZAR"]
        await trader.start()
        assert list(trader.connector.get_order_book(PAIR).bid_entries())
        assert not list(trader.connector.get_order_book("NO-PAIR").bid_entries())
        assert caplog.text.count("'NO-PAIR': VALR lists no such pair") == 1
        assert caplog.text.count("'NONE-ZAR': VALR lists no such pair") == 1
        prices = await trader.connector._orderbook_ds.get_last_traded_prices(["NO-PAIR"])
        assert math.isnan(prices["NO-PAIR"])


async def test_a_book_that_valr_refuses_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with live() as trader:
        await trader.stop()
        trader.exchange.faults.drop_frame(of_pair("ETHZAR"), count=99)
        trader.connector.trading_pairs[:] = ["ETH-ZAR", PAIR]
        await trader.connector.start_network()
        source = trader.connector._orderbook_ds
        await trader.until(lambda: source._market is not None)
        refused = (
            SubscriptionRefused(feed, Pair("ETH-ZAR"), "no") for feed in (MarketFeed.TRADES, BookFeed.L1_DIFF)
        )
        for event in refused:
            source._market._publisher.publish(event)
        await trader.until(lambda: trader.connector.ready)
        assert caplog.text.count("VALR refuses it: no") == 1


async def test_pairs_that_are_added_at_once_begin_market_data_anew_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start, started = MarketData.start, list[MarketData]()

    async def note_and_start(market: MarketData) -> None:
        await start(market)
        started.append(market)

    async with live() as trader:
        monkeypatch.setattr(MarketData, "start", note_and_start)
        pairs = ("ETH-ZAR", "NO-PAIR", "BTC-USDC", "XRP-ZAR")
        added = await asyncio.gather(*map(trader.connector.add_trading_pair, pairs))
        assert added == [True, False, True, True]
        assert trader.connector.trading_pairs == [PAIR, "ETH-ZAR", "BTC-USDC", "XRP-ZAR"]
        assert len(started) == 1


async def test_market_data_that_ended_for_good_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    serve = WebSocketClient._dial_and_serve
    refusals = [PermissionDeniedError("HTTP 403, twice in a row")]

    async def refuse_once(client: WebSocketClient) -> Any:
        if client._name == "trade" and refusals:
            raise refusals.pop()
        return await serve(client)

    async with live() as trader:
        monkeypatch.setattr(WebSocketClient, "_dial_and_serve", refuse_once)
        book = trader.connector.get_order_book(PAIR)
        trader.exchange.drop_sockets("trade")
        await trader.until(lambda: not list(book.bid_entries()))
        await trader.until(lambda: list(book.bid_entries()))
        assert not refusals


async def test_fees_are_the_accounts_own_once_they_are_known() -> None:
    async with live() as trader:
        fee = trader.connector.get_fee
        await trader.connector._update_trading_fees()
        assert fee("BTC", "ZAR", OrderType.LIMIT_MAKER, TradeType.BUY, D(1), D(1)).percent == D("-0.0001")
        assert fee("BTC", "ZAR", OrderType.MARKET, TradeType.SELL, D(1), D(1)).percent == D("0.001")
        assert fee("NEW", "ZAR", OrderType.LIMIT, TradeType.BUY, D(1), D(1), True).percent == D("-0.0001")


@pytest.mark.parametrize(("what", "expected"), [("fees", [60.0, 12 * 3_600]), ("rules", [10.0, 30 * 60])])
async def test_without_an_answer_fees_and_rules_are_asked_for_again_but_not_at_once(
    what: str, expected: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedExchange(SimulatorSettings(rate_limits=None)) as exchange:
        trader = Live(exchange)
        pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                raise asyncio.CancelledError

        monkeypatch.setattr(trader.connector, "_sleep", sleep)
        exchange.faults.answer_request(400)
        with pytest.raises(asyncio.CancelledError):
            await getattr(trader.connector, f"_trading_{what}_polling_loop")()
        await ConnectionsFactory().close()
    assert pauses == expected


async def test_a_network_that_is_started_twice_at_once_is_one() -> None:
    async with live() as trader:
        await asyncio.gather(trader.connector.start_network(), trader.connector.start_network())
        await trader.until(lambda: trader.connector.ready)
        await trader.stop()
        await trader.until(lambda: not trader.exchange._connections())


async def test_a_wallet_that_was_emptied_while_the_network_was_stopped_is_empty() -> None:
    async with live(dataclasses.replace(AT_ONCE, cache=False)) as trader:
        await trader.stop()
        del trader.exchange.venue._account(ACCOUNT).wallets["XRP"]
        await trader.start()
        assert trader.connector.get_available_balance("XRP") == 0


async def test_the_last_prices_of_several_pairs_are_one_question() -> None:
    async with live() as trader:
        asked = trader.exchange.stats.requests
        asked.clear()
        prices = await trader.connector.get_last_traded_prices([PAIR, "ETH-ZAR", "NO-PAIR"])
        assert set(prices) == {PAIR, "ETH-ZAR"}
        assert asked["GET /v1/public/marketsummary"] == 1
        assert (
            asked["GET /v1/public/{pair}/marketsummary"] <= 1
        )  # Hummingbot's own, about the pair of the book


async def test_changed_rules_reach_hummingbot() -> None:
    async with live() as trader:
        before = trader.account.valr.pair_info(PAIR)
        change = TradingRulesChanged(before.pair, before, replace(before, tick_size=D(5)))
        trader.account.valr._publisher.publish(change)
        assert trader.connector.trading_rules[PAIR].min_price_increment == 5


async def test_a_pair_that_was_halted_has_its_rules_again_when_it_is_traded_again() -> None:
    async with live(dataclasses.replace(AT_ONCE, cache=False)) as trader:
        traded = trader.account.valr.pair_info(PAIR)
        trader.exchange.change_pair(SYMBOL, active=False)
        await trader.connector._update_trading_rules()
        halted = replace(traded, is_active=False)
        for before, after, expected in ((traded, halted, False), (halted, traded, True)):
            trader.account.valr._publisher.publish(TradingRulesChanged(traded.pair, before, after))
            assert (PAIR in trader.connector.trading_rules) is expected
        assert await trader.connector.get_last_traded_prices([PAIR]) == {PAIR: 0.0}


async def test_keys_are_checked_by_rest_before_anything_is_started() -> None:
    async with live() as trader:
        await trader.stop()
        await trader.connector._update_balances()
        assert trader.connector.get_balance("BTC") == 5
    async with EmbeddedExchange(SimulatorSettings(rate_limits=None)) as exchange:
        refused = Live(exchange)
        refused.connector._secret = "x" * 64
        with pytest.raises(Exception, match="signature"):
            await refused.connector._update_balances()


async def test_a_refused_key_is_said_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with EmbeddedExchange(SimulatorSettings(rate_limits=None)) as exchange:
        trader = Live(exchange)
        trader.connector._secret = "x" * 64
        await trader.connector.start_network()
        try:
            await trader.until(lambda: "trying again" in caplog.text)
            assert not trader.connector.ready
        finally:
            await trader.stop()
            await ConnectionsFactory().close()
    assert "x" * 64 not in caplog.text


async def test_what_hummingbot_sends_by_itself_is_signed_as_valr_wants_it() -> None:
    auth = ValrAuth(lambda: Credentials("k" * 64, "s" * 64))
    request = RESTRequest(
        method=RESTMethod.GET, url="https://api.valr.com/v1/orders/open", params={"a": "b c"}
    )
    signed = await auth.rest_authenticate(request)
    assert signed.url == "https://api.valr.com/v1/orders/open?a=b+c"
    assert signed.params is None
    expected = Credentials("k" * 64, "s" * 64).auth_headers(
        int(signed.headers["X-VALR-TIMESTAMP"]), "GET", "/v1/orders/open?a=b+c", b""
    )
    assert signed.headers["X-VALR-SIGNATURE"] == expected["X-VALR-SIGNATURE"]
    message = WSJSONRequest(payload={})
    assert await auth.ws_authenticate(message) is message


async def test_without_a_key_only_signing_fails() -> None:
    connector = ValrHummingbotExchange("", "", trading_pairs=[])
    request = RESTRequest(method=RESTMethod.GET, url="https://api.valr.com/v1/orders/open")
    with pytest.raises(InvalidArgumentError):
        await connector.authenticator.rest_authenticate(request)
