"""Stop-limit orders over REST, and what the account socket tells of them (protocol 10.4, 10.8-10.10, 15)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulator.loopback import Trader, btc_order, street
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder

STOP = btc_order(
    stopPrice="1000000", type="STOP_LOSS_LIMIT", side="BUY", price="900000", customerOrderId="s-1"
)


async def place(trader: Trader, version: str = "v2", **changes: object) -> str:
    reply = await trader.call("POST", f"/{version}/orders/stop/limit", {**STOP, **changes})
    assert reply.status == {"v1": 202, "v2": 201}[version], reply
    return str(reply.body["id"])


@pytest.mark.parametrize("version", ["v1", "v2"])
@in_virtual_time
async def test_a_stop_that_waits_is_active_in_every_list(version: str) -> None:
    async with street() as valr:
        trader = valr.trader()
        order_id = await place(trader, version)
        status = (await trader.get(f"/v1/orders/BTCZAR/orderid/{order_id}")).body
        [listed] = (await trader.get("/v1/orders/open")).body
        [entry] = (await trader.get("/v1/orders/history/detail/customerorderid/s-1")).body
        [summary] = (await trader.get("/v1/orders/history?statuses=ACTIVE")).body
        assert (listed["orderId"], listed["type"], listed["status"]) == (
            order_id,
            "stop-loss-limit",
            "Active",
        )
        for told in (status, entry, summary):
            assert (told["orderStatusType"], told["orderType"]) == ("Active", "stop-loss-limit")
        assert {told["stopPrice"] for told in (status, listed, entry, summary)} == {"1000000"}


@in_virtual_time
async def test_the_socket_tells_that_it_waits_and_that_it_was_triggered() -> None:
    async with street(send_placed_status=True) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            order_id = await place(trader)
            waits = await account.until("ORDER_STATUS_UPDATE")
            assert waits["data"]["stopPrice"] == "1000000"
            trade_at(valr.exchange, "1000000")
            triggered = await account.until("ORDER_STATUS_UPDATE")
            told = [frame["data"] for frame in (waits, triggered)]
            assert [data["orderStatusType"] for data in told] == ["Active", "Placed"]
            assert {data["orderId"] for data in told} == {order_id}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"type": "STOP"}, "type"), ({"stopPrice": ""}, "stopPrice"), ({"postOnly": True}, "postOnly")],
)
@in_virtual_time
async def test_a_body_that_is_malformed_names_the_field(changes: dict[str, object], field: str) -> None:
    async with street() as valr:
        reply = await valr.trader().call("POST", "/v2/orders/stop/limit", {**STOP, **changes})
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert [error["field"] for error in reply.body["validationErrors"]["errors"]] == [field]


@in_virtual_time
async def test_a_stop_is_placed_in_a_batch() -> None:
    async with street() as valr:
        trader = valr.trader()
        batch = {"requests": [{"type": "PLACE_STOP_LIMIT", "data": STOP}]}
        [outcome] = (await trader.call("POST", "/v1/batch/orders", batch)).body["outcomes"]
        assert (outcome["accepted"], outcome["requestType"]) == (True, "PLACE_STOP_LIMIT")


def trade_at(exchange: EmbeddedExchange, price: str) -> None:
    """Two others trade."""
    exchange.open_account("8")
    sides: tuple[tuple[str, BuyOrSell], ...] = (("7", "sell"), ("8", "buy"))
    for account, side in sides:
        request = NewOrder("BTCZAR", side, "limit", quantity=Decimal("0.01"), price=Decimal(price))
        exchange.venue.process(exchange.venue.accept(account, request).order_id)
