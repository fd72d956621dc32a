"""S8 under load: more is offered than VALR takes, and the embedded exchange's own counters refuse nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from statistics import quantiles

import pytest

from valr_connector.core.clock import ClockOffset
from valr_connector.core.rate_limits import MILLISECOND, MINUTE, SECOND
from valr_connector.errors import ThrottledError
from valr_connector.net.limiter import Limiter, LimiterRegistry
from valr_connector.protocol.requests import Lane
from valr_connector.simulator.limits import RateLimiter
from valr_connector.simulator.settings import RateLimits
from valr_connector.verification.virtual_loop import run

pytestmark = pytest.mark.untraced  # a load that is traced is another load

LASTS_S = 12
PATIENCE = 2 * SECOND
WALL = 1_790_000_000 * SECOND + 123_456_789
"""Virtual time 0, on the wall clock here."""

Arrivals = Callable[[int], Iterator[float]]


def evenly(per_second: int) -> Iterator[float]:
    """One after the other, at equal distances."""
    return (number / per_second for number in range(per_second * LASTS_S))


def in_refreshes(per_second: int) -> Iterator[float]:
    """Ten times a second, a tenth of it at once."""
    return (number * 10 // per_second / 10 for number in range(per_second * LASTS_S))


def in_seconds(per_second: int) -> Iterator[float]:
    """Everything at the beginning of each second."""
    return (float(number // per_second) for number in range(per_second * LASTS_S))


def now() -> int:
    return round(asyncio.get_running_loop().time() * SECOND)


class Load:
    """Offers requests to a limiter; what it lets through arrives at VALR some milliseconds later.

    Attributes:
        waits: seconds that each request waited that was let through, by command.
        throttled: how many were not let through in time, by command.
    """

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.ahead = self.rng.randrange(SECOND)
        """VALR's clock before ours."""
        self.way = self.rng.randrange(2 * MILLISECOND, 20 * MILLISECOND)
        self.arrived: list[tuple[int, str]] = []
        self.waits: dict[str, list[float]] = {"PLACE_LIMIT_ORDER": [], "CANCEL_LIMIT_ORDER": []}
        self.throttled = dict.fromkeys(self.waits, 0)

    async def run(self, arrivals: Arrivals, placements: int, cancels: int) -> None:
        registry = LimiterRegistry(clock=now, wall_clock=lambda: WALL + now())
        limiter = registry.limiter(host="api.example", key="k")
        await self.measure(limiter)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.offer(limiter, Lane.PLACE, "PLACE_LIMIT_ORDER", arrivals(placements)))
            tasks.create_task(self.offer(limiter, Lane.CANCEL, "CANCEL_LIMIT_ORDER", arrivals(cancels)))

    async def measure(self, limiter: Limiter) -> None:
        """Three samples, as when the connector starts."""
        offset = ClockOffset()
        for _ in range(3):
            sent = WALL + now()
            await asyncio.sleep(self.under_way() / SECOND)
            server = WALL + now() + self.ahead
            await asyncio.sleep(self.under_way() / SECOND)
            offset.add(sent, WALL + now(), server)
        limiter.align(offset)

    async def offer(self, limiter: Limiter, lane: Lane, command: str, arrivals: Iterator[float]) -> None:
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            for at in arrivals:
                delay = began + at - asyncio.get_running_loop().time()
                if delay > 0:
                    await asyncio.sleep(delay)
                tasks.create_task(self.send(limiter, lane, command))

    async def send(self, limiter: Limiter, lane: Lane, command: str) -> None:
        offered = now()
        try:
            await limiter.acquire(lane, command, offered + PATIENCE)
        except ThrottledError:
            self.throttled[command] += 1
            return
        self.waits[command].append((now() - offered) / SECOND)
        self.arrived.append((WALL + now() + self.ahead + self.under_way(), command))

    def under_way(self) -> int:
        return self.way + self.rng.randrange(5 * MILLISECOND)

    def refusals(self) -> int:
        """How many the embedded exchange would have refused."""
        counters = RateLimiter(RateLimits())
        return sum(
            not counters.admit_command(command, account_id="0", now_ns=at)
            for at, command in sorted(self.arrived)
        )

    def p99_ms(self, command: str) -> float:
        return quantiles(self.waits[command], n=100)[98] * 1_000


def load(seed: int, arrivals: Arrivals, placements: int, cancels: int) -> Load:
    offered = Load(seed)
    run(offered.run(arrivals, placements, cancels))
    print(  # noqa: T201  shown when it fails, or with -s: the figures are what it is about
        f"seed {seed}, {placements} + {cancels} offered {arrivals.__name__}: {offered.refusals()} refused,",
        f"p99 of waits {offered.p99_ms('PLACE_LIMIT_ORDER'):.1f} ms to place,",
        f"{offered.p99_ms('CANCEL_LIMIT_ORDER'):.1f} ms to cancel, {offered.throttled} not sent",
    )
    return offered


@pytest.mark.parametrize("arrivals", [evenly, in_refreshes, in_seconds])
@pytest.mark.parametrize("seed", [1])
def test_at_the_limit_nothing_is_refused_and_cancels_hardly_wait(seed: int, arrivals: Arrivals) -> None:
    offered = load(seed, arrivals, 400, 450)
    assert offered.refusals() == 0
    assert offered.p99_ms("CANCEL_LIMIT_ORDER") < 50
    assert len(offered.waits["CANCEL_LIMIT_ORDER"]) == 450 * LASTS_S


def test_far_beyond_the_limit_placements_queue_and_cancels_do_not_notice() -> None:
    offered = load(3, evenly, 800, 450)
    assert offered.refusals() == 0
    assert offered.p99_ms("CANCEL_LIMIT_ORDER") < 50
    assert len(offered.waits["CANCEL_LIMIT_ORDER"]) == 450 * LASTS_S
    assert offered.throttled["PLACE_LIMIT_ORDER"] > 300 * LASTS_S
    assert max(offered.waits["PLACE_LIMIT_ORDER"]) <= PATIENCE / SECOND


def test_placements_over_rest_leave_room_for_cancels_in_the_minutes_that_they_share() -> None:
    arrived: list[tuple[int, str, str]] = []
    cancel_waits: list[int] = []

    async def place(limiter: Limiter) -> None:
        for _ in range(3_000):
            try:
                await limiter.acquire(Lane.PLACE, "POST /v2/orders/limit", now() + SECOND // 2)
            except ThrottledError:
                await asyncio.sleep(0.1)
            else:
                arrived.append((WALL + now(), "POST", "/v2/orders/limit"))
            await asyncio.sleep(0.02)

    async def cancel(limiter: Limiter) -> None:
        for _ in range(300):
            offered = now()
            await limiter.acquire(Lane.CANCEL, "DELETE /v2/orders/order", offered + PATIENCE)
            cancel_waits.append(now() - offered)
            arrived.append((WALL + now(), "DELETE", "/v2/orders/order"))
            await asyncio.sleep(0.5)

    async def both() -> None:
        limiter = LimiterRegistry(clock=now, wall_clock=now).limiter(host="api.example", key="k")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(place(limiter))
            tasks.create_task(cancel(limiter))

    run(both())
    counters = RateLimiter(RateLimits())
    for at, method, path in sorted(arrived):
        assert counters.admit_request(method, path, address="here", key="k", now_ns=at) == 0.0
    assert max(cancel_waits) == 0
    assert arrived[-1][0] - arrived[0][0] > 2 * MINUTE
