"""Both sides are watched over real sockets, and a planted disagreement is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from valr_connector import Side, ValrExchange
from valr_connector.cli.demo_record import DemoRecord
from valr_connector.cli.demo_sides import TwoSides
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.vocabulary import NewOrder


@pytest.fixture
async def exchange() -> AsyncIterator[EmbeddedExchange]:
    async with EmbeddedExchange() as exchange:
        yield exchange


@pytest.fixture
async def valr(exchange: EmbeddedExchange) -> AsyncIterator[ValrExchange]:
    async with ValrExchange.simulated(pairs=[], exchange=exchange) as valr:
        yield valr


@pytest.fixture
def sides(valr: ValrExchange, exchange: EmbeddedExchange) -> TwoSides:
    return TwoSides(valr, exchange, DemoRecord(valr))


def plant(exchange: EmbeddedExchange, client_order_id: str) -> str:
    """Place an order at the venue, behind the library's back; returns the venue's id."""
    request = NewOrder(
        "BTCZAR",
        "buy",
        "limit",
        quantity=Decimal("0.001"),
        price=Decimal(900_000),
        customer_order_id=client_order_id,
    )
    order = exchange.venue.accept(exchange.settings.account_id, request)
    exchange.venue.process(order.order_id)
    return order.order_id


async def test_an_order_placed_and_cancelled_here_is_the_same_story_there(
    valr: ValrExchange, sides: TwoSides
) -> None:
    order = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="900000")
    sides.check()
    was_open_there = sides.open_there
    await valr.cancel_order(order)
    sides.check()
    await sides.settle(within_s=5)

    assert was_open_there == 1
    assert sides.most_open_there == 1
    assert sides.found == set()


async def test_an_open_order_that_the_library_does_not_know_is_found(
    exchange: EmbeddedExchange, sides: TwoSides
) -> None:
    plant(exchange, "planted")

    sides.check()

    assert [(each.client_order_id, each.here) for each in sides.found] == [("planted", "unknown")]


async def test_the_next_event_of_any_order_finds_it_too(
    exchange: EmbeddedExchange, valr: ValrExchange, sides: TwoSides
) -> None:
    plant(exchange, "planted")

    await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="900000")

    assert "planted" in {each.client_order_id for each in sides.found}


async def test_an_ended_order_that_the_library_does_not_know_is_found_once_all_is_quiet(
    exchange: EmbeddedExchange, sides: TwoSides
) -> None:
    order_id = plant(exchange, "planted")
    exchange.venue.cancel(exchange.settings.account_id, "BTCZAR", order_id=order_id)

    await sides.settle(within_s=0)

    assert [(each.client_order_id, each.there) for each in sides.found] == [("planted", "CANCELLED")]
