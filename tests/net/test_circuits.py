"""Ways that fail too often are left alone: orders take the other one, and come back when it is good again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.net.trading import Desk, in_virtual_time, make, to_path, trading, virtual_venue
from valr_connector import (
    BatchCancel,
    BatchLimit,
    CancelResult,
    CircuitChanged,
    CircuitOpenError,
    CircuitPath,
    CircuitState,
    ClientOrderId,
    ConnectionChanged,
    ExchangeError,
    NotReadyError,
    OrderStatus,
    OrderType,
    OutcomeUnknownError,
    Part,
    Placement,
    ReadinessChanged,
    RetryPolicy,
    SessionState,
    Side,
    Socket,
    Symbol,
    ThrottledError,
)
from valr_connector.core.circuit_breaker import CircuitSettings
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.net.circuits import Circuits
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.http_exchange import Failure, Reply
from valr_connector.net.limiter import Limiter, LimiterRegistry
from valr_connector.net.rest import RestClient
from valr_connector.observe import metrics as m
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import CancelOrder, PlaceLimit
from valr_connector.protocol.signing import Credentials
from valr_connector.simulator.faults import of_type
from valr_connector.verification.schedule import DialFate, DialFault
from valr_connector.verification.virtual_loop import run

S = 1_000_000_000
SOCKET, REST, MARKET = CircuitPath.SOCKET_ORDERS, CircuitPath.REST_ORDERS, CircuitPath.MARKET_DATA
CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
PLACE, CANCEL = "PLACE_LIMIT_ORDER", "CANCEL_LIMIT_ORDER"
BY_REST = "POST /v2/orders/limit"
NEVER_AGAIN = 3600.0
BID = BatchLimit(pair="BTC-ZAR", side=Side.BUY, amount="0.01", price="700000")


@asynccontextmanager
async def quickly_cut(pause_s: float = NEVER_AGAIN, **settings: Any) -> AsyncIterator[Desk]:
    """A desk whose circuits open with the second failure."""
    options: dict[str, Any] = {
        "circuit_failures": 2,
        "circuit_pause_s": pause_s,
        "circuit_longest_pause_s": NEVER_AGAIN,
        "place_timeout_s": 0.1,
        "cancel_timeout_s": 0.1,
        "cancel_attempts": 1,
    }
    async with trading(**(options | settings)) as desk:
        yield desk


def changes(desk: Desk, path: CircuitPath) -> list[CircuitState]:
    return [event.after for event in desk.told(CircuitChanged) if event.path is path]


async def cut_socket(desk: Desk) -> None:
    """Two placements that VALR never answers."""
    desk.exchange.faults.swallow_command(of_type(PLACE), count=2)
    for _ in range(2):
        assert (await desk.buy()).placement is Placement.UNKNOWN
    assert desk.valr.circuits[SOCKET] is OPEN


async def cut_rest(desk: Desk) -> None:
    """Two batches that the infrastructure answers."""
    desk.exchange.faults.answer_request(502, to_path("/v1/batch/orders"), count=2)
    for _ in range(2):
        (order,) = await desk.valr.batch([BID])
        assert order.placement is Placement.UNKNOWN  # type: ignore[union-attr]  # of a placement
    assert desk.valr.circuits[REST] is OPEN


async def stop_order(desk: Desk) -> None:
    """An order that goes by REST alone."""
    await desk.valr.place_stop_limit_order(
        "BTC-ZAR",
        Side.SELL,
        order_type=OrderType.STOP_LOSS_LIMIT,
        amount="0.01",
        price="700000",
        stop_price="710000",
    )


# --- the socket's circuit --------------------------------------------------------------------------------


@in_virtual_time
async def test_commands_without_an_answer_open_the_sockets_circuit_and_rest_takes_over() -> None:
    async with quickly_cut() as desk:
        await cut_socket(desk)
        sent = desk.sent(PLACE)
        assert (await desk.buy("800000")).status is OrderStatus.OPEN
        assert (desk.sent(PLACE) - sent, desk.asked(BY_REST)) == (0, 1)
        assert desk.valr.ready
        (event,) = desk.told(CircuitChanged)
        assert (event.path, event.before, event.after) == (SOCKET, CLOSED, OPEN)
        assert event.cause == "PLACE_LIMIT_ORDER was not answered"


@in_virtual_time
async def test_after_the_pause_one_order_is_the_trial_and_the_rest_goes_by_the_socket_again() -> None:
    async with quickly_cut(pause_s=0.02) as desk:
        await cut_socket(desk)
        await desk.until(lambda: desk.valr.circuits[SOCKET] is HALF_OPEN)
        sent = desk.sent(PLACE)
        for n in range(3):
            assert (await desk.buy(str(800_000 + n))).status is OrderStatus.OPEN
        assert (desk.sent(PLACE) - sent, desk.asked(BY_REST)) == (3, 0)
        assert changes(desk, SOCKET) == [OPEN, HALF_OPEN, CLOSED]


@in_virtual_time
async def test_while_a_trial_is_under_way_others_go_by_rest() -> None:
    async with quickly_cut(pause_s=0.02, place_timeout_s=0.2) as desk:
        await cut_socket(desk)
        await desk.until(lambda: desk.valr.circuits[SOCKET] is HALF_OPEN)
        desk.exchange.faults.delay_frame(of_type("PLACE_LIMIT_WS_RESPONSE"), 0.05)
        sent = desk.sent(PLACE)
        orders = await asyncio.gather(*(desk.buy(str(800_000 + n)) for n in range(3)))
        assert {order.status for order in orders} == {OrderStatus.OPEN}
        assert (desk.sent(PLACE) - sent, desk.asked(BY_REST)) == (1, 2)


@in_virtual_time
async def test_a_trial_that_fails_opens_it_again() -> None:
    async with quickly_cut(pause_s=0.02) as desk:
        await cut_socket(desk)
        await desk.until(lambda: desk.valr.circuits[SOCKET] is HALF_OPEN)
        desk.exchange.faults.swallow_command(of_type(PLACE))
        await desk.buy()
        assert changes(desk, SOCKET) == [OPEN, HALF_OPEN, OPEN]


@in_virtual_time
async def test_refusals_of_the_venue_open_nothing() -> None:
    async with quickly_cut() as desk:
        desk.rival("sell", "1", "900000")
        for _ in range(4):
            refused = await desk.buy("900000", post_only=True)
            assert refused.status is OrderStatus.FAILED
        assert set(desk.valr.circuits.values()) == {CLOSED}


@in_virtual_time
async def test_one_lost_connection_is_one_failure_however_much_was_under_way() -> None:
    async with quickly_cut(place_timeout_s=0.5) as desk:
        desk.exchange.faults.swallow_command(of_type(PLACE), count=5)
        placing = [asyncio.create_task(desk.buy(str(800_000 + n))) for n in range(5)]
        await desk.until(lambda: desk.sent(PLACE) == 5)
        desk.drop_account_socket()
        await asyncio.gather(*placing)
        assert desk.valr.circuits[SOCKET] is CLOSED
        await desk.until(lambda: desk.valr.ready)


@in_virtual_time
async def test_an_order_that_may_not_go_by_rest_is_refused_at_once() -> None:
    async with quickly_cut() as desk:
        await cut_socket(desk)
        before = dict(desk.valr.orders)
        with pytest.raises(CircuitOpenError, match=r"^not sent: socket orders failed too often in a row"):
            await desk.buy(retry=RetryPolicy.NEVER)
        assert desk.valr.orders == before


@in_virtual_time
async def test_a_cancel_goes_by_rest_and_a_modify_too() -> None:
    async with quickly_cut() as desk:
        order = await desk.buy("800000")
        await cut_socket(desk)
        outcome = await desk.valr.modify_order(order, price="810000")
        assert outcome.order.price == 810_000
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert (desk.sent("MODIFY_ORDER"), desk.sent(CANCEL)) == (0, 0)


# --- REST's circuit, and both ----------------------------------------------------------------------------


@in_virtual_time
async def test_answers_of_the_infrastructure_open_rests_circuit_and_what_needs_it_is_refused() -> None:
    async with quickly_cut() as desk:
        await cut_rest(desk)
        with pytest.raises(CircuitOpenError, match=r"^not sent: REST orders failed too often"):
            await stop_order(desk)
        with pytest.raises(CircuitOpenError, match="REST orders"):
            await desk.valr.batch([BID])
        assert desk.asked("POST /v2/orders/stop/limit") == 0
        assert (await desk.buy("800000")).status is OrderStatus.OPEN, "the socket is good"


@in_virtual_time
async def test_with_both_open_placements_are_refused_at_once_and_cancels_still_try() -> None:
    async with quickly_cut() as desk:
        order = await desk.buy("800000")
        await cut_socket(desk)
        await cut_rest(desk)
        tracked = len(desk.valr.orders)
        with pytest.raises(CircuitOpenError, match=r"not sent: socket orders failed .*; REST orders failed"):
            await desk.buy("810000")
        assert len(desk.valr.orders) == tracked
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert desk.valr.circuits[SOCKET] is CLOSED, "the cancel was answered"


@in_virtual_time
async def test_with_both_open_and_the_socket_away_a_cancel_still_goes_by_rest() -> None:
    async with quickly_cut() as desk:
        order = await desk.buy("800000")
        await cut_socket(desk)
        await cut_rest(desk)
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.2)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.connector.account.is_live)
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert desk.asked("DELETE /v2/orders/order") == 1
        await desk.until(lambda: desk.valr.circuits[REST] is CLOSED)
        await desk.until(lambda: desk.valr.ready)


@in_virtual_time
async def test_order_entry_is_not_ready_while_both_are_open_and_is_again_when_a_trial_may_go() -> None:
    async with quickly_cut(pause_s=0.8) as desk:
        await cut_socket(desk)
        assert desk.valr.status[Part.ORDER_ENTRY].ready
        await cut_rest(desk)
        assert not desk.valr.ready
        why = desk.valr.status[Part.ORDER_ENTRY].why_not
        assert why.startswith("socket orders failed too often in a row, at last: ")
        assert "REST orders failed" in why
        await desk.until(lambda: desk.valr.ready)
        assert HALF_OPEN in desk.valr.circuits.values()
        assert [event.ready for event in desk.told(ReadinessChanged)] == [True, False, True]


@in_virtual_time
async def test_a_batch_of_cancels_is_refused_by_the_circuit_and_each_then_goes_alone() -> None:
    async with quickly_cut() as desk:
        order = await desk.buy("800000")
        await cut_rest(desk)
        (outcome,) = await desk.valr.batch([BatchCancel(order=order)])
        assert outcome.order is order  # type: ignore[union-attr]  # of a cancel it is an outcome
        assert order.status is OrderStatus.CANCELLED


# --- market data -----------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_trade_socket_that_cannot_be_reached_opens_the_circuit_of_market_data() -> None:
    async with virtual_venue() as (exchange, network, clocks):
        for _ in range(99):
            network.board.add(DialFault(at=0.0, socket="trade", fate=DialFate.REFUSE))
        valr = make(exchange, circuit_failures=2, clocks=clocks, network=network.as_network)
        desk = Desk(exchange, valr)
        with pytest.raises(NotReadyError):
            await valr.start()
        assert changes(desk, MARKET)[0] is OPEN
        assert "dial failed" in desk.told(CircuitChanged)[0].cause


# --- by themselves ---------------------------------------------------------------------------------------


class Stage:
    """Circuits in virtual time."""

    def __init__(self, pause_s: float = 1.0) -> None:
        self.loop = asyncio.get_running_loop()
        self.publisher = EventPublisher()
        self.metrics = Metrics()
        self.told: list[CircuitChanged] = []
        self.publisher.on(CircuitChanged, self.told.append)
        self.circuits = Circuits(
            CircuitSettings(failures=2, pause_s=pause_s, longest_pause_s=64.0),
            clock=self.now,
            publisher=self.publisher,
            metrics=self.metrics,
        )

    def now(self) -> int:
        return round(self.loop.time() * S)

    def fail(self, count: int = 2) -> None:
        for _ in range(count):
            self.circuits.socket_orders.failed(self.now(), "no answer")

    def trade(self, *states: SessionState, cause: str = "") -> None:
        """The trade socket goes through these states."""
        before = SessionState.IDLE
        for state in states:
            self.circuits.note_connection(ConnectionChanged(Socket.TRADE, before, state, 1, cause))
            before = state


def test_the_end_of_a_pause_is_told_when_it_comes() -> None:
    async def play() -> None:
        stage = Stage()
        stage.fail()
        began = stage.loop.time()
        await asyncio.sleep(0.9)
        assert stage.circuits.states[SOCKET] is OPEN
        await asyncio.sleep(0.2)
        assert stage.circuits.states[SOCKET] is HALF_OPEN
        assert [event.cause for event in stage.told] == ["no answer", "its pause is over"]
        assert stage.loop.time() - began == pytest.approx(1.1)

    run(play())


def test_a_timer_that_is_early_looks_again() -> None:
    async def play() -> None:
        stage = Stage()
        stage.fail()
        stage.circuits.socket_orders._on_timer()
        assert stage.circuits.states[SOCKET] is OPEN
        await asyncio.sleep(1.1)
        assert stage.circuits.states[SOCKET] is HALF_OPEN

    run(play())


def test_state_and_openings_are_metrics() -> None:
    async def play() -> None:
        stage = Stage()
        gauge = stage.metrics.gauge(m.CIRCUIT_STATE, SOCKET.value)
        assert gauge.value == 0
        stage.fail()
        assert gauge.value == 2
        await asyncio.sleep(1.1)
        assert gauge.value == 1
        assert stage.metrics.counter(m.CIRCUIT_OPENED, SOCKET.value).value == 1
        stage.circuits.close()

    run(play())


def test_once_closed_it_leaves_no_timer_behind() -> None:
    async def play() -> None:
        stage = Stage()
        stage.fail()
        stage.circuits.close()
        stage.circuits.close()
        await asyncio.sleep(5)
        assert len(stage.told) == 1

    run(play())


def test_a_long_cause_is_cut() -> None:
    async def play() -> None:
        stage = Stage()
        for _ in range(2):
            stage.circuits.rest_orders.failed(stage.now(), "x" * 1000)
        assert stage.told[0].cause == "x" * 200
        stage.circuits.close()

    run(play())


def test_dials_that_do_not_get_live_open_the_circuit_of_market_data_and_a_live_one_closes_it() -> None:
    async def play() -> None:
        stage = Stage()
        dialling, idle = SessionState.DIALLING, SessionState.IDLE
        stage.trade(dialling, idle, cause="refused")
        stage.trade(dialling, SessionState.AUTHENTICATING, idle, cause="refused")
        assert stage.circuits.states[MARKET] is OPEN
        stage.trade(dialling, SessionState.AUTHENTICATING, SessionState.RESYNCING, SessionState.LIVE)
        assert stage.circuits.states[MARKET] is CLOSED
        stage.trade(idle, cause="an hour later")
        assert stage.told[-1].after is CLOSED

    run(play())


def test_a_dial_that_gets_live_after_the_pause_that_it_began_in_closes_the_circuit_of_market_data() -> None:
    async def play() -> None:
        stage = Stage()
        for _ in range(2):
            stage.trade(SessionState.DIALLING, SessionState.IDLE, cause="refused")
        await asyncio.sleep(0.9)
        stage.trade(SessionState.DIALLING)
        await asyncio.sleep(0.2)
        assert stage.circuits.states[MARKET] is HALF_OPEN
        stage.trade(SessionState.LIVE)
        assert stage.circuits.states[MARKET] is CLOSED

    run(play())


def test_the_account_socket_has_no_say_in_market_data() -> None:
    async def play() -> None:
        stage = Stage()
        for _ in range(9):
            for state in (SessionState.DIALLING, SessionState.IDLE):
                event = ConnectionChanged(Socket.ACCOUNT, SessionState.IDLE, state, 1, "refused")
                stage.circuits.note_connection(event)
        assert set(stage.circuits.states.values()) == {CLOSED}

    run(play())


# --- requests for orders by REST ---------------------------------------------------------------------------


class Pool:
    """An `HttpExchange` that does what a test says."""

    def __init__(self, *outcomes: Reply | Failure) -> None:
        self.outcomes = list(outcomes)
        self.asked = 0

    async def exchange(self, *_: object) -> Reply | Failure:
        self.asked += 1
        await asyncio.sleep(1.0)
        return self.outcomes.pop(0)

    async def close(self) -> None:
        pass


def rest_of(stage: Stage, pool: Pool, limiter: Limiter | None = None) -> RestClient:
    return RestClient(
        base_url="https://valr.test",
        credentials=Credentials("k" * 64, "5" * 64),
        timestamps=TimestampSource(ClockOffset()),
        rng=Random(1),
        clock=stage.now,
        open_session=lambda: pool,
        limiter=limiter,
        order_circuit=stage.circuits.rest_orders,
    )


CANCELLING = endpoints.cancel_order(CancelOrder(symbol=Symbol("BTCZAR"), client_order_id=ClientOrderId("x")))
PLACING = endpoints.place_limit(
    PlaceLimit(
        symbol=Symbol("BTCZAR"),
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(1),
        client_order_id=ClientOrderId("x"),
    )
)
LOST = Failure("no answer", may_have_left=True)
REFUSED = Reply(400, {}, b'{"code":-6,"message":"Insufficient Balance"}')


def half_open(stage: Stage) -> None:
    """REST's circuit is about to be tried."""
    for _ in range(2):
        stage.circuits.rest_orders.failed(stage.now(), "no answer")


def test_a_call_that_was_given_up_leaves_the_trial_to_another() -> None:
    async def play() -> None:
        stage, pool = Stage(), Pool(REFUSED)
        rest = rest_of(stage, pool)
        half_open(stage)
        await asyncio.sleep(1.5)
        trial = asyncio.create_task(rest.call(PLACING))
        await asyncio.sleep(0.5)
        with pytest.raises(CircuitOpenError, match="POST /v2/orders/limit: REST orders failed too often"):
            await rest.call(PLACING)
        trial.cancel()
        await asyncio.wait([trial])
        with pytest.raises(ExchangeError, match="Insufficient"):
            await rest.call(PLACING)
        assert stage.circuits.states[REST] is CLOSED, "a refusal is an answer"

    run(play())


def test_a_call_without_room_in_valrs_limits_is_no_trial() -> None:
    async def play() -> None:
        stage, pool = Stage(), Pool(REFUSED)
        limiter = LimiterRegistry(clock=stage.now, wall_clock=stage.now).limiter(host="valr.test", key="k")
        limiter.refused(PLACING.name, retry_after_s=3600)
        rest = rest_of(stage, pool, limiter)
        half_open(stage)
        await asyncio.sleep(1.5)
        with pytest.raises(ThrottledError):
            await rest.call(PLACING)
        assert (pool.asked, stage.circuits.states[REST]) == (0, HALF_OPEN)
        assert stage.circuits.rest_orders.enter(), "the trial is still to be had"

    run(play())


def test_a_cancel_goes_in_spite_of_an_open_circuit_and_what_becomes_of_it_counts() -> None:
    async def play() -> None:
        stage, pool = Stage(), Pool(LOST, LOST, LOST, REFUSED)
        rest = rest_of(stage, pool)
        half_open(stage)
        with pytest.raises(OutcomeUnknownError):
            await rest.call(CANCELLING)
        assert stage.circuits.states[REST] is not CLOSED
        with pytest.raises(ExchangeError, match="Insufficient"):
            await rest.call(CANCELLING)
        assert stage.circuits.states[REST] is CLOSED
        stage.circuits.close()

    run(play())
