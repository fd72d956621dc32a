"""VALR's clock: measured again when it should be, corrected on suspicion, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.net.trading import AT_ONCE, Desk, make, venue
from valr_connector import (
    AuthenticationError,
    ClientOrderId,
    ClockDrifted,
    DecodeError,
    OrderStatus,
    SessionState,
    Side,
    Symbol,
    TransportError,
)
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.rate_limits import SECOND
from valr_connector.net import clock_sync
from valr_connector.net.clock_sync import ClockSync
from valr_connector.net.connector import Clocks
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.rest import RestClient
from valr_connector.observe import metrics as m
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import PlaceLimit
from valr_connector.protocol.signing import Credentials
from valr_connector.verification.virtual_loop import run

EPOCH = datetime(2026, 9, 1, tzinfo=UTC)
EPOCH_NS = round(EPOCH.timestamp()) * SECOND
BAD_SIGNATURE = Reply(401, {}, b'{"code":-11252,"message":"Request has an invalid signature"}')
NOT_LISTED = Reply(401, {}, b'{"code":-11272,"message":"IP address is not whitelisted"}')
TIME = "/v1/public/time"


class Valr:
    """VALR with a clock of its own, on which signatures have to agree to a second. An `HttpExchange`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.asked: list[str] = []
        self.stamps: list[int] = []
        self.round_trip_s = 0.002
        self.is_down = False
        self.refusal = BAD_SIGNATURE
        self.refuses_everything = False

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        target = url.removeprefix("https://valr.test")
        self.asked.append(target)
        await asyncio.sleep(self.round_trip_s / 2)
        if self.is_down:
            return Failure("nobody there", may_have_left=False)
        now_s = self.now()
        await asyncio.sleep(self.round_trip_s / 2)
        if target == TIME:
            time = (EPOCH + timedelta(seconds=now_s)).isoformat().replace("+00:00", "Z")
            return Reply(200, {}, f'{{"epochTime":1,"time":"{time}"}}'.encode())
        stamp = int(headers["X-VALR-TIMESTAMP"])
        self.stamps.append(stamp)
        is_timely = abs(stamp / 1000 - EPOCH.timestamp() - now_s) < 1.0
        return Reply(200, {}, b"[]") if is_timely and not self.refuses_everything else self.refusal

    async def close(self) -> None:
        pass

    @property
    def measurements(self) -> int:
        """How often its time was asked for."""
        return self.asked.count(TIME)


class Stage:
    """A client whose clock can be set, and a VALR whose clock can be set too."""

    def __init__(self, *, interval_s: float = 300.0, drift_s: float = 0.5) -> None:
        loop = asyncio.get_running_loop()
        self.set_by_s = 0.0
        self.valr_ahead_s = 0.0
        self.valr = Valr(lambda: loop.time() + self.valr_ahead_s)
        self.offset = ClockOffset()
        self.told: list[ClockDrifted] = []
        self.metrics = Metrics()
        publisher = EventPublisher()
        publisher.on(ClockDrifted, self.told.append)
        registry = LimiterRegistry(clock=self.monotonic, wall_clock=self.wall)
        self.limiter = registry.limiter(host="valr.test", key="k")
        timestamps = TimestampSource(self.offset)
        self.rest = RestClient(
            base_url="https://valr.test",
            credentials=Credentials("k" * 64, "5" * 64),
            timestamps=timestamps,
            rng=Random(1),
            clock=self.monotonic,
            wall_clock=self.wall,
            open_session=lambda: self.valr,
            metrics=self.metrics,
            correct_clock=self.correct,
        )
        self.sync = ClockSync(
            rest=self.rest,
            timestamps=timestamps,
            limiter=self.limiter,
            publisher=publisher,
            metrics=self.metrics,
            monotonic=self.monotonic,
            wall=self.wall,
            interval=round(interval_s * SECOND),
            drift=round(drift_s * SECOND),
        )

    async def correct(self, used: int) -> bool:
        return await self.sync.correct(used)

    def monotonic(self) -> int:
        return round(asyncio.get_running_loop().time() * SECOND)

    def wall(self) -> int:
        return EPOCH_NS + self.monotonic() + round(self.set_by_s * SECOND)

    @property
    def offset_s(self) -> float:
        return round(self.offset.offset_ns / SECOND, 2)


async def running(stage: Stage, seconds: float) -> None:
    """Let it run for a while."""
    task = asyncio.create_task(stage.sync.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])


# --- on schedule -----------------------------------------------------------------------------------------


def test_far_away_it_is_read_a_few_times_and_nearby_once() -> None:
    async def measured(round_trip_s: float) -> int:
        stage = Stage()
        stage.valr.round_trip_s = round_trip_s
        await stage.sync.measure()
        return stage.valr.measurements

    assert run(measured(0.2)) == clock_sync.SAMPLES
    assert run(measured(0.03)) == 1


def test_it_is_measured_again_after_each_interval() -> None:
    async def play() -> None:
        stage = Stage(interval_s=300.0)
        await stage.sync.measure()
        assert stage.valr.measurements == 1
        await running(stage, 290)
        assert stage.valr.measurements == 1
        await running(stage, 300)
        assert stage.valr.measurements == 2

    run(play())


def test_a_clock_of_valrs_that_moved_is_followed_and_told() -> None:
    async def play() -> None:
        stage = Stage(drift_s=0.5)
        await stage.sync.measure()
        stage.valr_ahead_s = 0.4
        await running(stage, 310)
        assert (stage.offset_s, stage.told) == (0.4, [])
        stage.valr_ahead_s = 0.8
        await running(stage, 310)
        assert stage.offset_s == 0.8
        (event,) = stage.told
        assert (round(event.offset_s, 2), event.before_s) == (0.8, 0.0)
        assert round(stage.metrics.gauge(m.CLOCK_OFFSET).value, 2) == 0.8

    run(play())


def test_a_clock_that_is_wrong_from_the_start_is_told() -> None:
    async def play() -> None:
        stage = Stage()
        stage.set_by_s = -3600
        await stage.sync.measure()
        assert [round(event.offset_s) for event in stage.told] == [3600]

    run(play())


def test_a_measurement_that_fails_is_tried_again_soon_and_the_estimate_stands() -> None:
    async def play() -> None:
        stage = Stage()
        stage.valr_ahead_s = 2.0
        await stage.sync.measure()
        stage.valr.is_down = True
        task = asyncio.create_task(stage.sync.run())
        await asyncio.sleep(305)
        assert stage.offset_s == 2.0
        stage.valr.is_down = False
        stage.valr_ahead_s = 4.0
        await asyncio.sleep(15)
        assert stage.offset_s == 4.0
        task.cancel()
        await asyncio.wait([task])

    run(play())


# --- when this machine's clock was set -------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 0.2])
def test_a_clock_of_this_machine_that_was_set_is_noticed_within_a_second(step_s: float) -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = step_s
        await running(stage, 1.5)
        assert stage.offset_s == -step_s
        assert stage.limiter.is_aligned
        await stage.rest.call(endpoints.open_orders())

    run(play())


def test_readings_from_before_the_clock_was_set_do_not_compete_with_those_after() -> None:
    async def play() -> None:
        stage = Stage()
        stage.valr.round_trip_s = 0.1
        await stage.sync.measure()
        stage.set_by_s = 0.11
        stage.valr.round_trip_s = 0.102
        await running(stage, 2.0)
        assert stage.offset_s == -0.11

    run(play())


def test_a_clock_that_is_set_while_valrs_is_read_is_noticed_too() -> None:
    async def play() -> None:
        stage = Stage()
        stage.valr.round_trip_s = 0.1
        measuring = asyncio.create_task(stage.sync.measure())
        await asyncio.sleep(0.25)
        stage.set_by_s = 10.0
        await measuring
        before = stage.offset_s, stage.limiter.is_aligned
        assert before == (0.0, False), "the third reading met the step, and those before it were better"
        await running(stage, 2.0)
        assert (stage.offset_s, stage.limiter.is_aligned) == (-10.0, True)

    run(play())


def test_the_limiter_is_told_where_valrs_windows_begin_after_every_measurement() -> None:
    async def play() -> None:
        stage = Stage()
        seen = [stage.limiter.is_aligned]
        await stage.sync.measure()
        seen.append(stage.limiter.is_aligned)
        stage.set_by_s = 1.0
        stage.limiter.try_acquire(endpoints.open_orders().lane, endpoints.open_orders().name)
        seen.append(stage.limiter.is_aligned)
        await running(stage, 1.5)
        seen.append(stage.limiter.is_aligned)
        assert seen == [False, True, False, True]

    run(play())


# --- when VALR refuses a signature -----------------------------------------------------------------------


def test_a_signature_refused_for_its_time_is_made_again_once_with_the_right_one() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        assert await stage.rest.call(endpoints.open_orders()) == []
        first, second = stage.valr.stamps
        assert second - first == pytest.approx(60_000, abs=100)
        assert stage.valr.measurements == 2

    run(play())


def test_a_placement_is_signed_again_too_for_a_refused_one_was_not_executed() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        order = PlaceLimit(
            symbol=Symbol("BTCZAR"),
            side=Side.BUY,
            quantity=Decimal(1),
            price=Decimal(1),
            client_order_id=ClientOrderId("MM-1"),
        )
        with pytest.raises(DecodeError):  # this VALR accepts it with the wrong words
            await stage.rest.call(endpoints.place_limit(order))
        assert len(stage.valr.stamps) == 2

    run(play())


def test_a_second_refusal_is_the_answer() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        stage.valr.refuses_everything = True
        with pytest.raises(AuthenticationError, match="invalid signature"):
            await stage.rest.call(endpoints.open_orders())
        assert len(stage.valr.stamps) == 2

    run(play())


def test_with_the_right_time_a_refused_signature_is_refused_for_good() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.valr.refuses_everything = True
        with pytest.raises(AuthenticationError):
            await stage.rest.call(endpoints.open_orders())
        assert len(stage.valr.stamps) == 1

    run(play())


def test_a_clock_that_could_not_be_read_is_read_at_the_next_refusal() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        measure = stage.sync.measure
        stage.sync.measure = unreadable  # type: ignore[method-assign]
        with pytest.raises(AuthenticationError):
            await stage.rest.call(endpoints.open_orders())
        stage.sync.measure = measure  # type: ignore[method-assign]
        assert await stage.rest.call(endpoints.open_orders()) == []

    async def unreadable(*, until: int | None = None) -> None:
        raise TransportError("torn")

    run(play())


def test_another_refusal_of_who_we_are_says_nothing_about_the_clock() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        stage.valr.refusal = NOT_LISTED
        with pytest.raises(AuthenticationError, match="whitelisted"):
            await stage.rest.call(endpoints.open_orders())
        assert (len(stage.valr.stamps), stage.valr.measurements) == (1, 1)

    run(play())


def test_many_who_are_refused_at_once_share_one_measurement() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.set_by_s = -60.0
        await asyncio.gather(*(stage.rest.call(endpoints.open_orders()) for _ in range(5)))
        assert stage.valr.measurements == 2
        assert len(stage.valr.stamps) == 10

    run(play())


def test_where_valrs_clock_cannot_be_read_the_refusal_stands_and_the_limiter_relies_on_nothing() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        used = stage.offset.offset_ns
        stage.valr.is_down = True
        assert not await stage.sync.correct(used)
        assert not stage.limiter.is_aligned
        assert stage.offset.offset_ns == used

    run(play())


def test_a_key_that_is_refused_for_another_reason_leads_to_a_measurement_now_and_then_only() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.valr.refuses_everything = True
        for _ in range(9):
            with pytest.raises(AuthenticationError):
                await stage.rest.call(endpoints.open_orders())
            await asyncio.sleep(5)
        assert stage.valr.measurements == 3

    run(play())


def test_whoever_was_refused_does_not_wait_for_ever() -> None:
    async def play() -> None:
        stage = Stage()
        await stage.sync.measure()
        stage.valr.round_trip_s = 100.0
        began = asyncio.get_running_loop().time()
        assert not await stage.sync.correct(stage.offset.offset_ns)
        assert asyncio.get_running_loop().time() - began == pytest.approx(clock_sync.LONGEST_S)

    run(play())


# --- in the connector ------------------------------------------------------------------------------------


async def test_a_clock_that_is_set_while_trading_costs_no_order_and_no_connection() -> None:
    async with venue(replace(AT_ONCE, timestamp_tolerance_s=1.0)) as exchange:
        valr = make(exchange)
        set_by = 0
        valr._clocks = Clocks(wall=lambda: exchange._clock() + set_by)
        desk = Desk(exchange, valr)
        async with valr:
            set_by = -3600 * SECOND
            desk.drop_account_socket()
            await desk.back()
            order = await desk.buy()
            assert order.status is OrderStatus.OPEN
            assert [round(event.offset_s) for event in desk.told(ClockDrifted)] == [3600]
            assert valr.failure is None


async def test_a_socket_refused_for_its_clock_is_dialled_with_the_right_one() -> None:
    async with venue(replace(AT_ONCE, timestamp_tolerance_s=1.0)) as exchange:
        valr = make(exchange)
        desk = Desk(exchange, valr)
        ahead = 0
        clock = exchange._clock
        exchange._floor.clock = lambda: clock() + ahead
        async with valr:
            ahead = 3600 * SECOND
            desk.drop_account_socket()
            await desk.back()
            assert desk.connector.account.client.session.state is SessionState.LIVE
            assert desk.connector.account.epoch == 3, "one refused dial, and no second"
