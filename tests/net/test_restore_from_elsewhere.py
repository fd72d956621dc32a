"""Orders that another store remembers are taken over, and what became of them is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.net.trading import AT_ONCE
from valr_connector import ClosedError, OrderStatus, Restored, Side, ValrExchange
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderType, Placement
from valr_connector.model.ids import ClientOrderId, Pair, Symbol
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.vocabulary import NewOrder

D = Decimal


def remembered(client_order_id: str, pair: str = "BTC-ZAR") -> OrderRecord:
    return OrderRecord(
        client_order_id=ClientOrderId(client_order_id),
        pair=Pair(pair),
        symbol=Symbol(pair.replace("-", "")),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        price=D(900_000),
        amount=D("0.01"),
        placement=Placement.UNKNOWN,
    )


async def test_an_order_that_lives_at_valr_is_found_again_by_its_id() -> None:
    async with EmbeddedExchange(AT_ONCE) as exchange:
        first = ValrExchange.simulated(pairs=["BTC-ZAR"], exchange=exchange)
        await first.start()
        await first.place_limit_order(
            "BTC-ZAR", Side.BUY, amount="0.01", price="900000", client_order_id="here-1"
        )
        await first.abort()
        second = ValrExchange.simulated(pairs=["BTC-ZAR"], exchange=exchange)
        told: list[Restored] = []
        second.on(Restored, told.append)
        second.restore([remembered("here-1")])
        async with second:
            assert [event.status for event in told] == [OrderStatus.PENDING_CREATE]
            assert second.order("here-1").status is OrderStatus.OPEN


async def test_an_order_of_a_pair_that_was_delisted_is_found_in_history() -> None:
    async with EmbeddedExchange(AT_ONCE) as exchange:
        there = NewOrder("ETHZAR", "buy", "limit", D("0.1"), price=D(30_000), customer_order_id="gone-1")
        exchange.venue.process(exchange.venue.accept("0", there).order_id)
        exchange.venue.cancel("0", "ETHZAR", customer_order_id="gone-1")
        del exchange.venue._pairs["ETHZAR"]
        valr = ValrExchange.simulated(pairs=["BTC-ZAR"], exchange=exchange)
        valr.restore([remembered("gone-1", "ETH-ZAR")])
        async with valr:
            assert valr.order("gone-1").status is OrderStatus.CANCELLED


async def test_once_started_nothing_is_restored_any_more() -> None:
    async with EmbeddedExchange(AT_ONCE) as exchange:
        async with ValrExchange.simulated(pairs=["BTC-ZAR"], exchange=exchange) as valr:
            with pytest.raises(ClosedError, match="before the start"):
                valr.restore([remembered("late-1")])
        with pytest.raises(ClosedError, match="before the start"):
            valr.restore([])
