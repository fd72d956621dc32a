"""What everybody may read (protocol 7, 8)."""

from __future__ import annotations

import pytest

from tests.simulator.loopback import START_NS, Street, make_a_market, street

# --- answers


async def test_the_time_has_seconds_as_a_number_and_nanoseconds_as_text() -> None:
    async with street() as valr:
        valr.clock.now += 123_456_789
        assert (await valr.get("/v1/public/time")).body == {
            "epochTime": START_NS // 10**9,
            "time": "2026-09-21T14:13:20.123456789Z",
        }


async def test_pairs_publish_counts_of_decimals_as_text() -> None:
    async with street() as valr:
        pairs = {pair["symbol"]: pair for pair in (await valr.get("/v1/public/pairs")).body}
        assert pairs["SHIBUSDC"]["baseDecimalPlaces"] == "0"
        assert pairs["SHIBUSDC"]["tickSize"] == "0.00000001"
        assert pairs["BTCZAR"]["shortName"] == "BTC/ZAR"
        assert pairs["SOLZAR"]["active"] is False


async def test_pairs_can_be_asked_by_kind() -> None:
    async with street() as valr:
        spot, futures = [(await valr.get(f"/v1/public/pairs/{kind}")).body for kind in ("SPOT", "FUTURE")]
        assert len(spot) + len(futures) == len(valr.exchange.venue.pairs)
        assert [(pair["symbol"], pair["shortName"]) for pair in futures] == [("BTCUSDTPERP", "BTC/USDTPERP")]
        assert (await valr.get("/v1/public/pairs/OPTION")).status == 400


async def test_the_rand_has_a_symbol_that_is_not_its_code() -> None:
    async with street() as valr:
        currencies = (await valr.get("/v1/public/currencies")).body
        rand = next(currency for currency in currencies if currency["shortName"] == "ZAR")
        assert (rand["symbol"], rand["decimalPlaces"]) == ("R", "2")
        codes = [currency["shortName"] for currency in currencies]
        assert len(codes) == len(set(codes))


async def test_order_types_leave_out_inactive_pairs_unless_asked_for() -> None:
    async with street() as valr:
        active = (await valr.get("/v1/public/ordertypes")).body
        everything = (await valr.get("/v1/public/ordertypes?includeInactivePairs=true")).body
        assert "SOLZAR" not in {entry["currencyPair"] for entry in active}
        assert "SOLZAR" in {entry["currencyPair"] for entry in everything}
        assert (await valr.get("/v1/public/ordertypes?includeInactivePairs=maybe")).body["code"] == -11


async def test_order_types_of_one_pair_are_a_list() -> None:
    async with street() as valr:
        assert (await valr.get("/v1/public/BTCZAR/ordertypes")).body == [
            "LIMIT_POST_ONLY",
            "LIMIT",
            "MARKET",
            "SIMPLE",
            "STOP_LOSS_LIMIT",
            "TAKE_PROFIT_LIMIT",
        ]


async def test_the_book_is_aggregated_and_best_first() -> None:
    async with street() as valr:
        await make_a_market(valr)
        book = (await valr.get("/v1/public/BTCZAR/orderbook")).body
        assert [(level["price"], level["quantity"], level["orderCount"]) for level in book["Bids"]] == [
            ("900000", "0.02", 2),
            ("890000", "0.01", 1),
        ]
        assert [level["side"] for level in book["Asks"]] == ["sell"]
        assert book["SequenceNumber"] == valr.exchange.venue.book_sequence("BTCZAR")


async def test_the_full_book_numbers_the_orders_of_a_price() -> None:
    async with street() as valr:
        await make_a_market(valr)
        book = (await valr.get("/v1/public/BTCZAR/orderbook/full")).body
        assert [(order["price"], order["positionAtPrice"]) for order in book["Bids"]] == [
            ("900000", 1),
            ("900000", 2),
            ("890000", 1),
        ]
        assert len({order["id"] for order in book["Bids"]}) == 3


async def test_the_book_tells_when_it_last_changed() -> None:
    async with street(cache=False) as valr:
        target = "/v1/public/BTCZAR/orderbook"
        assert (await valr.get(target)).body["LastChange"] == "2026-09-21T14:13:20.000Z"
        valr.clock.advance(5)
        await valr.trader().place()
        valr.clock.advance(5)
        assert (await valr.get(target)).body["LastChange"] == "2026-09-21T14:13:25.000Z"


async def test_trades_show_the_takers_side() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trades = (await valr.get("/v1/public/BTCZAR/trades")).body
        assert [(trade["takerSide"], trade["quoteVolume"]) for trade in trades] == [("sell", "950")]


async def test_the_summary_tells_best_prices_and_the_day() -> None:
    async with street() as valr:
        await make_a_market(valr)
        summary = (await valr.get("/v1/public/BTCZAR/marketsummary")).body
        assert summary["currencyPair"] == "BTCZAR"
        assert (summary["askPrice"], summary["bidPrice"]) == ("1000000", "900000")
        assert (summary["lastTradedPrice"], summary["baseVolume"]) == ("950000", "0.001")
        assert summary["markPrice"] == "950000"


async def test_a_summary_of_a_pair_nobody_trades_is_zero() -> None:
    async with street() as valr:
        summary = (await valr.get("/v1/public/ETHZAR/marketsummary")).body
        zero = ("askPrice", "bidPrice", "lastTradedPrice", "highPrice", "changeFromPrevious", "markPrice")
        assert {summary[name] for name in zero} == {"0"}


async def test_all_summaries_come_in_one_list() -> None:
    async with street() as valr:
        summaries = (await valr.get("/v1/public/marketsummary")).body
        assert {summary["currencyPair"] for summary in summaries} == set(valr.exchange.venue.pairs)


async def test_market_data_needs_a_key_and_is_the_same() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = valr.trader()
        for private, public in (("orderbook", "orderbook"), ("orderbook/full", "orderbook/full")):
            mine = await trader.get(f"/v1/marketdata/BTCZAR/{private}")
            assert mine.body == (await valr.get(f"/v1/public/BTCZAR/{public}")).body
        trades = await trader.get("/v1/marketdata/BTCZAR/tradehistory")
        assert trades.body == (await valr.get("/v1/public/BTCZAR/trades")).body
        assert (await valr.get("/v1/marketdata/BTCZAR/orderbook")).status == 400


@pytest.mark.parametrize(
    "target",
    [
        "/v1/public/NOPE/orderbook",
        "/v1/public/NOPE/orderbook/full",
        "/v1/public/NOPE/trades",
        "/v1/public/NOPE/ordertypes",
    ],
)
async def test_an_unknown_pair_is_400(target: str) -> None:
    async with street() as valr:
        reply = await valr.get(target)
        assert (reply.status, reply.body) == (400, {"code": -21, "message": "Unsupported Currency Pair"})


async def test_an_unknown_summary_is_404() -> None:
    async with street() as valr:
        reply = await valr.get("/v1/public/NOPE/marketsummary")
        assert (reply.status, reply.body) == (404, {"code": -111, "message": "Market summary not found"})


@pytest.mark.parametrize("target", ["/", "/v1/public/nothing", "/v3/orders", "/v1/public/BTCZAR/candles"])
async def test_an_unknown_route_is_404(target: str) -> None:
    async with street() as valr:
        assert (await valr.get(target)).status == 404


async def test_a_known_path_with_another_verb_is_404() -> None:
    async with street() as valr:
        assert (await valr.send("POST", "/v1/public/time")).status == 404


# --- pages


async def trade_ids(valr: Street, query: str) -> list[str]:
    reply = await valr.get(f"/v1/public/BTCZAR/trades{query}")
    return [trade["id"] for trade in reply.body]


async def with_trades(valr: Street, count: int) -> list[str]:
    """Trades a second apart; their ids, newest first."""
    maker, taker = valr.trader(), valr.trader("7")
    for _ in range(count):
        await maker.place(quantity="0.001")
        await taker.place(side="SELL", quantity="0.001")
        valr.clock.advance(1)
    return await trade_ids(valr, "")


async def test_pages_are_cut_from_the_newest_on() -> None:
    async with street(cache=False) as valr:
        ids = await with_trades(valr, 4)
        assert await trade_ids(valr, "?skip=1&limit=2") == ids[1:3]
        assert await trade_ids(valr, f"?beforeId={ids[1]}") == ids[2:]
        assert await trade_ids(valr, "?beforeId=unknown") == []


async def test_pages_can_be_bounded_in_time() -> None:
    async with street(cache=False) as valr:
        ids = await with_trades(valr, 4)
        assert await trade_ids(valr, "?startTime=2026-09-21T14:13:22.000Z") == ids[:2]
        assert (
            await trade_ids(valr, "?startTime=2026-09-21T14:13:21Z&endTime=2026-09-21T14:13:22Z") == ids[1:3]
        )
        assert await trade_ids(valr, "?endTime=2026-09-21T16:13:20%2B02:00") == ids[3:]
        assert await trade_ids(valr, "?endTime=2026-09-21T14:13:20.000000001") == ids[3:]


async def test_a_page_can_go_on_from_the_time_that_the_last_entry_was_told_with() -> None:
    async with street(cache=False) as valr:
        valr.clock.advance(0.0004)
        (traded,) = await with_trades(valr, 1)
        told = (await valr.get("/v1/public/BTCZAR/trades")).body[0]["tradedAt"]
        assert await trade_ids(valr, f"?startTime={told}&endTime={told}") == [traded]


@pytest.mark.parametrize("query", ["limit=101", "limit=x", "skip=-1", "startTime=yesterday", "endTime="])
async def test_a_malformed_page_is_refused(query: str) -> None:
    async with street() as valr:
        reply = await valr.get(f"/v1/public/BTCZAR/trades?{query}")
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert reply.body["validationErrors"]["errors"][0]["field"] == query.partition("=")[0]
