"""The sessions that are recorded: every event sequence of protocol 19.2, and the races of 19.4."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.replay.stage import ACCOUNT, BALANCES, PAIR, Stage
from valr_connector.model.enums import OrderStatus, Side, TimeInForce
from valr_connector.model.order import CancelResult, InFlightOrder
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import ModifyMatchStrategy
from valr_connector.simulator.settings import RateLimits, SimulatorSettings

BUY, SELL = Side.BUY, Side.SELL

QUIET = SimulatorSettings(
    balances=BALANCES,
    maker_percent=Decimal("0.05"),
    taker_percent=Decimal("0.1"),
    open_orders_interval_s=0,
    cache=False,
)
"""No delays, no other traders, and a fee for makers too."""

LONG_S = 5.0
"""Past every guard and every first question."""

Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """One session: how the exchange behaves, and what is done."""

    name: str
    note: str
    settings: SimulatorSettings
    play: Play


SCENARIOS: dict[str, Scenario] = {}


def scenario(**settings: Any) -> Callable[[Play], Play]:
    """Register a function as a scenario under its name; its docstring is the recording's note."""

    def register(play: Play) -> Play:
        name = play.__name__
        note = " ".join((play.__doc__ or "").split())
        SCENARIOS[name] = Scenario(name, note, replace(QUIET, **settings), play)
        return play

    return register


# --- placed, and resting ---------------------------------------------------------------------------


@scenario()
async def place_rests(stage: Stage) -> None:
    """A post-only bid rests; ORDER_PROCESSED tells it, and no ORDER_STATUS_UPDATE."""
    await stage.place("bid-1", BUY, "0.01", "900000", post_only=True)


@scenario(send_placed_status=True)
async def place_rests_with_placed_status(stage: Stage) -> None:
    """A bid rests; ORDER_STATUS_UPDATE says Placed as well."""
    await stage.place("bid-1", BUY, "0.01", "900000")


@scenario()
async def place_by_rest_v2(stage: Stage) -> None:
    """A bid is placed by REST v2; the events on the socket come before HTTP 201."""
    await stage.place_by_rest("bid-1", BUY, "0.01", "900000")


@scenario()
async def events_precede_the_reply(stage: Stage) -> None:
    """The reply to a placement is overtaken by every event of the order."""
    release = stage.hold_back("PLACE_LIMIT_WS_RESPONSE")
    stage.trade(SELL, "0.01", "900000")
    await stage.place("bid-1", BUY, "0.01", "900000")
    release()
    await stage.settle()


@scenario(customer_order_id_in_events=False)
async def events_without_customer_order_id(stage: Stage) -> None:
    """Events name an order by VALR's id alone, and come before the reply that tells it."""
    send_reply = stage.hold_back("PLACE_LIMIT_WS_RESPONSE")
    send_list = stage.hold_back("OPEN_ORDERS_UPDATE")  # it would tell the order's own id
    placing = _start_placing(stage)
    await stage.settle()
    send_reply()
    send_list()
    await placing
    await stage.settle()
    stage.trade(SELL, "0.004", "900000")
    await stage.settle()
    await stage.cancel("bid-1")


@scenario()
async def open_orders_older_than_the_reply(stage: Stage) -> None:
    """A list of open orders without the new one arrives after it was sent and before its reply."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.cancel_at_venue("bid-1")
    await stage.place("bid-2", BUY, "0.02", "910000")


@scenario()
async def foreign_order(stage: Stage) -> None:
    """An order of the account that somebody placed elsewhere is listed beside ours."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(BUY, "0.02", "890000", account=ACCOUNT, customer_order_id="website-1")
    await stage.settle()


# --- filled ----------------------------------------------------------------------------------------


@scenario()
async def partial_fill(stage: Stage) -> None:
    """A resting bid is executed in part, and stays."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(SELL, "0.004", "900000")
    await stage.settle()


@scenario()
async def full_fill(stage: Stage) -> None:
    """A resting bid is executed in three trades."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    for amount in ("0.004", "0.005", "0.001"):
        stage.trade(SELL, amount, "900000")
        await stage.settle()


@scenario()
async def full_fill_as_taker(stage: Stage) -> None:
    """An offer takes three bids at once, each at its own price."""
    for amount, price in (("0.004", "910000"), ("0.005", "905000"), ("0.001", "900000")):
        stage.trade(BUY, amount, price)
    await stage.place("ask-1", SELL, "0.01", "900000")


@scenario(maker_percent=Decimal("-0.01"))
async def maker_reward(stage: Stage) -> None:
    """A resting bid and a resting offer are executed, and earn a reward in place of a fee."""
    await stage.place("bid-1", BUY, "0.01", "900000", post_only=True)
    await stage.place("ask-1", SELL, "0.01", "1100000", post_only=True)
    stage.trade(BUY, "0.01", "1100000")
    await stage.settle()
    stage.trade(SELL, "0.01", "900000")
    await stage.settle()


@scenario()
async def market_by_base(stage: Stage) -> None:
    """A market order for an amount of base currency takes two offers."""
    stage.trade(SELL, "0.004", "1000000")
    stage.trade(SELL, "0.02", "1001000")
    await stage.place_market("take-1", BUY, amount="0.01")


@scenario()
async def market_by_quote(stage: Stage) -> None:
    """A market order for an amount of quote currency takes two offers; its size is VALR's to say."""
    stage.trade(SELL, "0.004", "1000000")
    stage.trade(SELL, "0.02", "1001000")
    await stage.place_market("take-1", BUY, quote_amount="9005")


@scenario()
async def ioc_partly_matched(stage: Stage) -> None:
    """An immediate-or-cancel order finds less than it wants; the rest is cancelled."""
    stage.trade(SELL, "0.004", "900000")
    await stage.place("take-1", BUY, "0.01", "900000", time_in_force=TimeInForce.IOC)


# --- cancelled -------------------------------------------------------------------------------------


@scenario()
async def cancel(stage: Stage) -> None:
    """A resting bid is cancelled on the socket: a receipt first, then the cancellation."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    assert await stage.cancel("bid-1") is CancelResult.CANCELLED


@scenario()
async def cancel_after_a_partial_fill(stage: Stage) -> None:
    """A bid is executed in part, and what is left is cancelled."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(SELL, "0.004", "900000")
    await stage.settle()
    assert await stage.cancel("bid-1") is CancelResult.CANCELLED


@scenario()
async def cancel_too_late(stage: Stage) -> None:
    """A bid is executed while the request to cancel it is under way, which then fails."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(SELL, "0.01", "900000")
    assert await stage.cancel("bid-1") is CancelResult.FILLED


@scenario()
async def cancel_refused(stage: Stage) -> None:
    """Requests to cancel are answered with an error; each time VALR is asked, and says the order is open."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.exchange.read_only = True
    assert await stage.cancel("bid-1") is CancelResult.STILL_OPEN


@scenario()
async def cancel_all_on_the_socket(stage: Stage) -> None:
    """Three orders are cancelled at once, each by a command of its own."""
    await _three_orders(stage)
    await stage.valr.cancel_all()
    await stage.settle()


@scenario()
async def cancel_all_by_rest(stage: Stage) -> None:
    """All orders are cancelled by one REST call, which answers with VALR's ids alone."""
    await _three_orders(stage)
    await stage.connector.rest.call(endpoints.cancel_all())
    await stage.settle()


@scenario()
async def cancelled_by_the_exchange(stage: Stage) -> None:
    """The exchange cancels an order that nobody asked it to cancel."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.cancel_at_venue("bid-1")
    await stage.settle()


async def _three_orders(stage: Stage) -> None:
    await stage.place("bid-1", BUY, "0.01", "900000")
    await stage.place("bid-2", BUY, "0.02", "890000")
    await stage.place("ask-1", SELL, "0.03", "1100000")


# --- refused ---------------------------------------------------------------------------------------


def _take_post_only_orders(stage: Stage) -> None:
    """Every other type of order is refused at validation from now on; the connector has not heard of it."""
    stage.exchange.change_pair("BTCZAR", order_types=("LIMIT_POST_ONLY",))


@scenario()
async def refused_at_validation_by_an_error_reply(stage: Stage) -> None:
    """A placement is refused before it gets an id: the reply holds an error and no data."""
    _take_post_only_orders(stage)
    await stage.place("bid-1", BUY, "0.01", "900000")


@scenario(error_replies="invalid")
async def refused_at_validation_by_an_invalid_frame(stage: Stage) -> None:
    """Placements are refused before they get an id, by INVALID_PLACE_LIMIT_REQUEST and its sister."""
    _take_post_only_orders(stage)
    await stage.place("bid-1", BUY, "0.01", "900000")
    await stage.place_market("take-1", BUY, amount="0.01")


@scenario(failure_frames="processed", send_failed_status=False)
async def refused_by_the_engine_in_order_processed(stage: Stage) -> None:
    """The balance does not suffice; ORDER_PROCESSED says so and nothing else."""
    await stage.place("bid-1", BUY, "4", "900000")


@scenario(failure_frames="failed_order", send_failed_status=False)
async def refused_by_the_engine_in_failed_order(stage: Stage) -> None:
    """The balance does not suffice; FAILED_ORDER says so and nothing else."""
    await stage.place("bid-1", BUY, "4", "900000")


@scenario()
async def refused_by_the_engine_in_three_frames(stage: Stage) -> None:
    """The balance does not suffice; ORDER_PROCESSED, FAILED_ORDER and ORDER_STATUS_UPDATE all say so."""
    await stage.place("bid-1", BUY, "4", "900000")


@scenario()
async def post_only_would_cross(stage: Stage) -> None:
    """A post-only bid would take an offer, and fails."""
    stage.trade(SELL, "0.01", "900000")
    await stage.place("bid-1", BUY, "0.01", "900000", post_only=True)


@scenario()
async def ioc_nothing_matched(stage: Stage) -> None:
    """An immediate-or-cancel order finds nothing, and fails."""
    await stage.place("take-1", BUY, "0.01", "900000", time_in_force=TimeInForce.IOC)


@scenario()
async def fok_not_fillable(stage: Stage) -> None:
    """A fill-or-kill order finds too little, and fails."""
    stage.trade(SELL, "0.004", "900000")
    await stage.place("take-1", BUY, "0.01", "900000", time_in_force=TimeInForce.FOK)


@scenario(rate_limits=RateLimits(place_per_second=1))
async def rate_limited(stage: Stage) -> None:
    """The second placement within a second is not executed."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    await stage.place("bid-2", BUY, "0.01", "890000")


# --- modified --------------------------------------------------------------------------------------


@scenario()
async def modify_accepted(stage: Stage) -> None:
    """A resting bid gets another price and a smaller size, and is executed in part."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    await stage.modify("bid-1", new_price=Decimal(901000), new_remaining=Decimal("0.006"))
    stage.trade(SELL, "0.002", "901000")
    await stage.settle()


@scenario()
async def modify_refused(stage: Stage) -> None:
    """A new price would match; the order stays as it is."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(SELL, "0.01", "910000")
    await stage.modify("bid-1", new_price=Decimal(910000))


@scenario()
async def modify_refused_and_cancelled(stage: Stage) -> None:
    """A new price would match; the order is cancelled, as was asked for that case."""
    await stage.place("bid-1", BUY, "0.01", "900000")
    stage.trade(SELL, "0.01", "910000")
    await stage.modify("bid-1", new_price=Decimal(910000), strategy=ModifyMatchStrategy.CANCEL_ORIGINAL)


# --- reconnected -----------------------------------------------------------------------------------


@scenario()
async def reconnect_and_resync(stage: Stage) -> None:
    """While the connection is down one order is executed, one is cancelled, and one stays."""
    await _three_orders(stage)
    stage.trade(SELL, "0.004", "900000")
    await stage.settle(LONG_S)

    def meanwhile() -> None:
        stage.trade(SELL, "0.006", "900000")
        stage.cancel_at_venue("bid-2")

    await stage.reconnect(meanwhile)
    await stage.settle(LONG_S)


@scenario()
async def connection_lost_before_the_reply(stage: Stage) -> None:
    """A placement arrives, nothing about it comes back, and the connection is lost: REST finds the order."""
    await stage.settle(LONG_S)
    stage.exchange.faults.drop_frame(lambda _: True, count=4)
    placing = _start_placing(stage)
    await stage.silence()
    await stage.reconnect()
    assert (await placing).status is OrderStatus.OPEN


def _start_placing(stage: Stage) -> asyncio.Task[InFlightOrder]:
    """Place a bid, and go on before its outcome is known."""
    return asyncio.create_task(
        stage.valr.place_limit_order(PAIR, BUY, amount="0.01", price="900000", client_order_id="bid-1")
    )
