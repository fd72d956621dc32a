"""That everything sent asks the limiter first, and that everything VALR refuses is heeded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from msgspec.structs import asdict

from tests.net.trading import AT_ONCE, Desk, hurry
from valr_connector import (
    BatchLimit,
    BatchStopLimit,
    CancelResult,
    CircuitState,
    InFlightOrder,
    ModifyResult,
    OrderStatus,
    OrderType,
    Settings,
    Side,
    ThrottledError,
    ValrExchange,
)
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.rate_limits import DIAL, SECOND
from valr_connector.errors import ConfigurationError, OutcomeUnknownError, RateLimitedError
from valr_connector.model.ids import ClientOrderId, Symbol
from valr_connector.net.connector import Clocks, limits_of
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.limiter import PROCESS_LIMITS, Limiter, LimiterRegistry
from valr_connector.net.rest import RestClient
from valr_connector.observe import metrics as m
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import CancelOrder, PlaceLimit
from valr_connector.protocol.requests import Lane
from valr_connector.protocol.signing import Credentials
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import RateLimits, SimulatorSettings
from valr_connector.verification.virtual_loop import run

PLACE, CANCEL, MODIFY = "PLACE_LIMIT_ORDER", "CANCEL_LIMIT_ORDER", "MODIFY_ORDER"
BALANCES = "GET /v1/account/balances"
BY_REST = "POST /v2/orders/limit"
BATCH = "POST /v1/batch/orders"
EMPTY = Reply(200, {}, b"[]")
LOST = Failure("the connection was lost", may_have_left=True)


# --- REST ------------------------------------------------------------------------------------------------


def now() -> int:
    """Virtual nanoseconds."""
    return round(asyncio.get_running_loop().time() * SECOND)


class Scripted:
    """An `HttpExchange` that answers by a script; the last line goes on."""

    def __init__(self, *outcomes: Reply | Failure) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[tuple[int, int]] = []
        """When each request came, and when it was signed, nanoseconds."""

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        self.sent.append((now(), int(headers["X-VALR-TIMESTAMP"]) * 1_000_000))
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def close(self) -> None:
        """Nothing is open."""


def client_of(limiter: Limiter, exchange: Scripted) -> RestClient:
    return RestClient(
        base_url="https://api.example",
        credentials=Credentials("k" * 64, "s" * 64),
        timestamps=TimestampSource(ClockOffset()),
        rng=Random(1),
        clock=now,
        wall_clock=now,
        open_session=lambda: exchange,
        limiter=limiter,
    )


def limiter_of() -> Limiter:
    return LimiterRegistry(clock=now, wall_clock=now).limiter(host="api.example", key="k")


def fill(limiter: Limiter, lane: Lane, operation: str) -> int:
    """Take all the room there is; how much it was."""
    taken = 0
    while limiter.try_acquire(lane, operation):
        taken += 1
    return taken


def test_each_attempt_of_a_request_is_counted() -> None:
    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(LOST, LOST, EMPTY)
        await client_of(limiter, exchange).call(endpoints.balances())
        assert len(exchange.sent) == 3
        assert fill(limiter, Lane.CANCEL, BALANCES) == 1200 - 3

    run(session(), start=1_000.0)


def test_without_room_in_time_nothing_is_sent() -> None:
    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(EMPTY)
        fill(limiter, Lane.READ, BALANCES)
        with pytest.raises(ThrottledError, match="GET /v1/account/balances"):
            await client_of(limiter, exchange).call(endpoints.balances())
        assert exchange.sent == []

    run(session(), start=1_000.0)


@pytest.mark.parametrize(("room_after_s", "sent"), [(0.9, 1), (1.1, 0)])
def test_what_may_be_sent_only_once_leaves_with_half_of_its_time_for_the_answer_or_not_at_all(
    room_after_s: float, sent: int
) -> None:
    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(LOST)
        limiter.refused(BY_REST, retry_after_s=room_after_s)
        order = PlaceLimit(
            symbol=Symbol("BTCZAR"),
            side=Side.BUY,
            quantity=Decimal("0.01"),
            price=Decimal(900_000),
            client_order_id=ClientOrderId("a"),
        )
        with pytest.raises(OutcomeUnknownError if sent else ThrottledError):
            await client_of(limiter, exchange).call(endpoints.place_limit(order), timeout=2.0)
        assert len(exchange.sent) == sent

    run(session(), start=1_000.0)


def test_a_request_that_waited_is_signed_when_it_is_sent() -> None:
    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(EMPTY)
        limiter.refused(BALANCES, retry_after_s=5.0)
        began = now()
        await client_of(limiter, exchange).call(endpoints.balances())
        ((sent, signed),) = exchange.sent
        assert sent - began >= 5 * SECOND
        assert abs(sent - signed) < SECOND // 100

    run(session(), start=1_000.0)


def test_what_an_attempt_led_to_is_told_though_there_is_no_room_for_another() -> None:
    """It may have been executed: to say that it was not sent would be wrong."""

    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(LOST)
        for _ in range(1200 - 1):
            assert limiter.try_acquire(Lane.CANCEL, BALANCES)
        cancel = endpoints.cancel_order(CancelOrder(Symbol("BTCZAR"), client_order_id=ClientOrderId("c1")))
        with pytest.raises(OutcomeUnknownError, match="the connection was lost"):
            await client_of(limiter, exchange).call(cancel)
        assert len(exchange.sent) == 1

    run(session(), start=1_000.0)


@pytest.mark.parametrize(
    ("asked", "pause_s"), [({"retry-after": "4"}, 4), ({"retry-after": "9" * 400}, 3600)]
)
def test_a_429_holds_up_all_that_counts_in_the_same_windows(asked: dict[str, str], pause_s: int) -> None:
    async def session() -> None:
        limiter, exchange = limiter_of(), Scripted(Reply(429, asked, b""), EMPTY)
        client = client_of(limiter, exchange)
        began = now()
        with pytest.raises(RateLimitedError):
            await client.call(endpoints.balances(), timeout=1.0)
        assert not limiter.try_acquire(Lane.CANCEL, "DELETE /v2/orders/order")
        assert limiter.try_acquire(Lane.CANCEL, CANCEL)
        await limiter.acquire(Lane.CANCEL, BALANCES)
        assert (now() - began) // SECOND == pause_s

    run(session(), start=1_000.0)


# --- the whole connector ---------------------------------------------------------------------------------


class ShiftedClock:
    """A monotonic clock that a test can move on."""

    def __init__(self) -> None:
        self.ahead_s = 0

    def __call__(self) -> int:
        return time.monotonic_ns() + self.ahead_s * SECOND


class LimitedDesk(Desk):
    """A desk whose limits are counted by a clock of their own."""

    clock: ShiftedClock

    @property
    def limiter(self) -> Limiter:
        return self.connector._limiter

    def pause_over(self, seconds: int = 3_700) -> None:
        """Let all pauses end, and whoever waits pass."""
        self.clock.ahead_s += seconds
        self.limiter.try_acquire(Lane.CANCEL, CANCEL)

    async def start_buying(self) -> tuple[asyncio.Task[InFlightOrder], InFlightOrder]:
        """A placement that waits for room, and its order."""
        task = asyncio.create_task(self.buy())
        await self.until(lambda: self.valr.orders)
        (order,) = self.valr.orders.values()
        await asyncio.sleep(0)
        assert not task.done()
        return task, order

    def refusals(self, operation: str) -> int:
        return self.valr.metrics.counter(m.LIMIT_REFUSED, operation).value


@asynccontextmanager
async def limited(venue: SimulatorSettings = AT_ONCE, **settings: Any) -> AsyncIterator[LimitedDesk]:
    clock = ShiftedClock()
    async with EmbeddedExchange(venue, rng=Random(7)) as exchange:
        exchange.open_account("9")
        valr = ValrExchange.simulated(
            pairs=["BTC-ZAR"],
            exchange=exchange,
            settings=Settings(**settings),
            limiters=LimiterRegistry(clock=clock, wall_clock=time.time_ns),
        )
        hurry(valr)
        desk = LimitedDesk(exchange, valr)
        desk.clock = clock
        async with valr:
            yield desk


async def test_a_connector_that_started_knows_valrs_clock_and_has_counted_its_dials() -> None:
    async with limited() as desk:
        assert desk.limiter.is_aligned
        assert fill(desk.limiter, Lane.CANCEL, DIAL) == 60 - 2


async def test_commands_count_in_the_windows_of_the_sockets() -> None:
    async with limited() as desk:
        order = await desk.buy()
        await desk.valr.modify_order(order, price="900001")
        await desk.valr.cancel_order(order)
        desk.clock.ahead_s -= 1  # counts as no time, and VALR's windows are not known any more
        taken = [
            fill(desk.limiter, lane, command)
            for lane, command in ((Lane.PLACE, PLACE), (Lane.MODIFY, MODIFY), (Lane.CANCEL, CANCEL))
        ]
        assert taken == [399, 399, 449]


async def test_a_placement_that_finds_no_room_in_time_ends_as_not_sent() -> None:
    async with limited() as desk:
        desk.limiter.refused(PLACE, retry_after_s=60)
        order = await desk.buy()
        assert order.status is OrderStatus.FAILED
        assert order.failure_reason.startswith("not sent: PLACE_LIMIT_ORDER: VALR's limit of 400 placements")
        assert desk.story(order) == ["OrderFailed"]
        assert desk.sent(PLACE) == desk.asked("POST /v2/orders/limit") == 0


async def test_a_placement_that_finds_room_a_little_later_is_sent_then() -> None:
    async with limited(place_timeout_s=60) as desk:
        desk.limiter.refused(PLACE, retry_after_s=20)
        placing, order = await desk.start_buying()
        assert desk.sent(PLACE) == 0
        desk.pause_over()
        assert await placing is order
        assert (order.status, desk.sent(PLACE)) == (OrderStatus.OPEN, 1)


async def test_a_placement_that_waited_over_a_new_connection_belongs_to_the_new_one() -> None:
    """Otherwise its absence would be proved by the end of a connection that never carried it."""
    async with limited(place_timeout_s=60) as desk:
        desk.limiter.refused(PLACE, retry_after_s=20)
        placing, order = await desk.start_buying()
        desk.drop_account_socket()
        await desk.back()
        assert not placing.done()
        assert desk.asked("GET /v1/orders/{pair}/customerorderid/{id}") == 0  # it has not been sent
        desk.pause_over()
        await placing
        assert order.status is OrderStatus.OPEN
        record = desk.connector._state.tracker.find(order.client_order_id)
        assert record is not None
        assert record.epoch == desk.connector.account.epoch == 2


async def test_a_placement_that_finds_room_when_the_socket_is_left_alone_goes_by_rest() -> None:
    async with limited(place_timeout_s=60, circuit_failures=1) as desk:
        desk.limiter.refused(PLACE, retry_after_s=20)
        placing, order = await desk.start_buying()
        desk.connector.circuits.socket_orders.failed(desk.now, "no answer")
        desk.pause_over()
        await placing
        assert (order.status, desk.sent(PLACE), desk.asked(BY_REST)) == (OrderStatus.OPEN, 0, 1)


async def test_a_placement_that_waits_for_room_keeps_no_other_command_from_being_the_trial() -> None:
    async with limited(place_timeout_s=60, circuit_failures=1, circuit_pause_s=0.01) as desk:
        socket = desk.connector.circuits.socket_orders
        desk.limiter.refused(PLACE, retry_after_s=20)
        socket.failed(desk.now, "no answer")
        await desk.until(lambda: socket.state is CircuitState.HALF_OPEN)
        placing, _ = await desk.start_buying()
        assert socket.allows()
        desk.pause_over()
        await placing
        assert socket.state is CircuitState.CLOSED


async def test_a_placement_whose_caller_gives_up_while_it_waits_was_not_sent() -> None:
    async with limited(place_timeout_s=60) as desk:
        desk.limiter.refused(PLACE, retry_after_s=20)
        placing, order = await desk.start_buying()
        placing.cancel()
        await asyncio.wait([placing])
        assert placing.cancelled()
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, GIVEN_UP)
        desk.pause_over()
        assert desk.sent(PLACE) == 0


@pytest.mark.parametrize("is_batch", [False, True])
async def test_a_placement_by_rest_whose_caller_gives_up_while_it_waits_was_not_sent(is_batch: bool) -> None:
    """Otherwise it would be asked about in a while, proved absent, and maybe placed for nobody."""
    stop = BatchStopLimit(
        pair="BTC-ZAR",
        side=Side.BUY,
        order_type=OrderType.STOP_LOSS_LIMIT,
        amount="0.01",
        price="900000",
        stop_price="950000",
    )
    async with limited(place_timeout_s=60, retry="if_proved_absent") as desk:
        for route in (BATCH, "POST /v2/orders/stop/limit"):
            desk.limiter.refused(route, retry_after_s=20)
        call = desk.valr.batch([stop]) if is_batch else desk.valr.place_stop_limit_order(**asdict(stop))
        placing: asyncio.Task[object] = asyncio.create_task(call)
        await desk.until(lambda: desk.valr.orders)
        (order,) = desk.valr.orders.values()
        placing.cancel()
        await asyncio.wait([placing])
        assert isinstance(order, OrderRecord)
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, GIVEN_UP)


GIVEN_UP = "not sent: cancelled while it waited for room in VALR's limits"
CLOSING = "not sent: closing began before it was sent [VC31]"


async def test_a_placement_that_waits_when_closing_begins_ends_at_once_and_is_not_sent() -> None:
    async with limited(place_timeout_s=60, on_close="leave") as desk:
        desk.limiter.refused(PLACE, retry_after_s=20)
        placing, order = await desk.start_buying()
        report = await desk.valr.close()
        await placing
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, CLOSING)
        assert report.is_clean
        desk.pause_over()
        assert desk.sent(PLACE) == 0


async def test_a_placement_that_waits_for_rest_when_closing_begins_is_not_sent() -> None:
    async with limited(place_timeout_s=60) as desk:
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        desk.limiter.refused(BY_REST, retry_after_s=20)
        placing, order = await desk.start_buying()
        report = await desk.valr.close()
        await placing
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, CLOSING)
        assert report.is_clean
        assert desk.asked(BY_REST) == 0


async def test_a_batch_that_waits_when_closing_begins_is_not_sent() -> None:
    async with limited(place_timeout_s=60) as desk:
        desk.limiter.refused(BATCH, retry_after_s=20)
        bid = BatchLimit(pair="BTC-ZAR", side=Side.BUY, amount="0.01", price="900000")
        batch = asyncio.create_task(desk.valr.batch([bid]))
        await desk.until(lambda: desk.valr.orders)
        await desk.valr.close()
        (order,) = await batch
        assert isinstance(order, OrderRecord)
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, CLOSING)
        assert desk.asked(BATCH) == 0


async def test_a_modify_that_waits_when_closing_begins_is_not_sent() -> None:
    async with limited(cancel_timeout_s=60) as desk:
        order = await desk.buy()
        desk.limiter.refused(MODIFY, retry_after_s=20)
        modifying = asyncio.create_task(desk.valr.modify_order(order, price="910000"))
        await desk.until(lambda: order.modify_request)
        desk.connector.orders.shut()
        assert (await modifying).result is ModifyResult.NOT_SENT
        assert (desk.sent(MODIFY), desk.asked("PUT /v2/orders/modify")) == (0, 0)


@pytest.mark.parametrize("command", [CANCEL, MODIFY])
async def test_a_command_whose_caller_gives_up_while_it_waits_was_not_sent_and_keeps_nobody_waiting(
    command: str,
) -> None:
    async with limited(cancel_timeout_s=60) as desk:
        order = await desk.buy()
        desk.limiter.refused(command, retry_after_s=20)
        waiting: asyncio.Task[object] = asyncio.create_task(
            desk.valr.cancel_order(order)
            if command == CANCEL
            else desk.valr.modify_order(order, price="900001")
        )
        await desk.until(lambda: order.is_being_cancelled or order.modify_request)
        desk.drop_account_socket()  # nothing of it was on that connection
        await desk.back()
        assert order.is_being_cancelled or order.modify_request
        assert desk.connector.circuits.socket_orders._breaker.is_untroubled
        waiting.cancel()
        await asyncio.wait([waiting])
        assert not order.is_being_cancelled
        assert order.modify_request is None
        told = "CancelRefused" if command == CANCEL else "ModifyRefused"
        assert desk.story(order) == ["OrderCreated", told]
        desk.pause_over()
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert (desk.sent(CANCEL), desk.sent(MODIFY)) == (1, 0)


async def test_cancels_go_while_placements_are_paused() -> None:
    async with limited() as desk:
        order = await desk.buy()
        desk.limiter.refused(PLACE, retry_after_s=60)
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert desk.sent(CANCEL) == 1


async def test_a_cancel_without_room_on_the_socket_goes_by_rest() -> None:
    async with limited() as desk:
        order = await desk.buy()
        desk.limiter.refused(CANCEL, retry_after_s=60)
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert desk.sent(CANCEL) == 0
        assert desk.asked("DELETE /v2/orders/order") == 1


async def test_a_modify_without_room_on_the_socket_goes_by_rest() -> None:
    async with limited() as desk:
        order = await desk.buy()
        desk.limiter.refused(MODIFY, retry_after_s=60)
        await desk.valr.modify_order(order, price="900001")
        assert desk.at_venue(order).price == Decimal(900_001)
        assert desk.sent(MODIFY) == 0
        assert desk.asked("PUT /v2/orders/modify") == 1


async def test_a_command_that_valr_refuses_for_its_limits_pauses_its_kind() -> None:
    async with limited(replace(AT_ONCE, rate_limits=RateLimits(place_per_second=1))) as desk:
        await asyncio.gather(*(desk.buy() for _ in range(3)))
        assert desk.refusals(PLACE) >= 1
        assert not desk.limiter.try_acquire(Lane.PLACE, PLACE)
        assert desk.limiter.try_acquire(Lane.CANCEL, CANCEL)


async def test_a_socket_dials_only_within_the_limit() -> None:
    async with limited() as desk:
        desk.limiter.refused(DIAL, retry_after_s=60)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert desk.connector.account.epoch == 1
        desk.pause_over()
        await desk.until(lambda: desk.valr.ready)
        assert desk.connector.account.epoch == 2


async def test_a_dial_that_valr_refuses_for_its_limit_pauses_all_dials() -> None:
    async with limited(replace(AT_ONCE, rate_limits=RateLimits(connections_per_minute=2))) as desk:
        desk.drop_account_socket()
        await desk.until(lambda: desk.refusals(DIAL))
        assert not desk.limiter.try_acquire(Lane.CANCEL, DIAL)


async def test_a_share_of_the_limits_is_a_setting() -> None:
    async with limited(limits_share=0.5) as desk:
        assert fill(desk.limiter, Lane.PLACE, PLACE) == 200


async def test_two_instances_of_one_process_count_together() -> None:
    async with EmbeddedExchange(AT_ONCE, rng=Random(7)) as exchange:
        one, other = (ValrExchange.simulated(pairs=[], exchange=exchange) for _ in range(2))
        async with one, other:
            fill(one._started()._limiter, Lane.CANCEL, CANCEL)
            assert not other._started()._limiter.try_acquire(Lane.CANCEL, CANCEL)


def test_whoever_has_clocks_of_his_own_counts_for_himself() -> None:
    assert limits_of(Clocks()) is PROCESS_LIMITS
    assert limits_of(Clocks(monotonic=lambda: 0)) is not PROCESS_LIMITS


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_a_share_of_the_limits_is_more_than_nothing_and_at_most_all(share: float) -> None:
    with pytest.raises(ConfigurationError, match="limits_share"):
        Settings(limits_share=share)
