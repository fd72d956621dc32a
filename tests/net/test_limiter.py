"""Waiting for room in VALR's windows: who goes first, how long, who shares what."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec

import pytest

from valr_connector.core.clock import ClockOffset
from valr_connector.core.rate_limits import DIAL, MILLISECOND, MINUTE, SECOND
from valr_connector.core.venue_clock import LONGEST_DIFFERENCE
from valr_connector.errors import InvalidArgumentError, NotSentError, ThrottledError
from valr_connector.net.limiter import PROCESS_LIMITS, DialPermit, Limiter, LimiterRegistry
from valr_connector.observe import metrics as m
from valr_connector.protocol.requests import Lane
from valr_connector.verification.virtual_loop import run

HOST = "api.example"
PLACE, CANCEL = "PLACE_LIMIT_ORDER", "CANCEL_LIMIT_ORDER"
READ, OPEN_ORDERS, PAIRS = "GET /v1/account/balances", "GET /v1/orders/open", "GET /v1/public/pairs"
REST_PLACE, REST_CANCEL = "POST /v2/orders/limit", "DELETE /v2/orders/order"
APART = SECOND + LONGEST_DIFFERENCE

Arguments = ParamSpec("Arguments")


def in_virtual_time(test: Callable[Arguments, Coroutine[Any, Any, None]]) -> Callable[Arguments, None]:
    @wraps(test)
    def in_a_loop_of_its_own(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        run(test(*arguments, **named), start=1_000.0)

    return in_a_loop_of_its_own


def now() -> int:
    """Virtual nanoseconds."""
    return round(asyncio.get_running_loop().time() * SECOND)


def registry(**options: Any) -> LimiterRegistry:
    return LimiterRegistry(clock=now, wall_clock=now, **options)


def limiter_of(found: LimiterRegistry | None = None, **options: Any) -> Limiter:
    return (found or registry()).limiter(**{"host": HOST, "key": "k"} | options)


def fill(limiter: Limiter, lane: Lane, operation: str) -> int:
    """Take all the room there is; how much it was."""
    taken = 0
    while limiter.try_acquire(lane, operation):
        taken += 1
    return taken


async def with_room_for_one_soon(limiter: Limiter) -> None:
    """Use up the limit of placements, so that within the next second there is room for just one."""
    limiter.try_acquire(Lane.PLACE, PLACE)
    await asyncio.sleep(0.5)
    fill(limiter, Lane.PLACE, PLACE)


def jump_before_any_timer(seconds: float) -> None:
    """Let time pass as a busy loop does, in which no timer gets its turn."""
    asyncio.get_running_loop()._now += seconds  # type: ignore[attr-defined]  # known to be virtual


class Queue:
    """Requests that wait beside each other, and the order in which they were let through."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.tasks = tasks
        self.order: list[str] = []

    async def join(self, name: str, acquiring: Awaitable[None]) -> asyncio.Task[None]:
        """Add one who is waiting when this returns."""
        task = self.tasks.create_task(self._note(name, acquiring))
        await asyncio.sleep(0)
        return task

    async def _note(self, name: str, acquiring: Awaitable[None]) -> None:
        await acquiring
        self.order.append(name)


@asynccontextmanager
async def queue() -> AsyncIterator[Queue]:
    async with asyncio.TaskGroup() as tasks:
        yield Queue(tasks)


# --- passing ---------------------------------------------------------------------------------------------


@in_virtual_time
async def test_whether_there_is_room_can_be_seen_without_taking_it() -> None:
    limiter = limiter_of()
    for _ in range(1_000):
        assert limiter.has_room(Lane.PLACE, PLACE)
    fill(limiter, Lane.PLACE, PLACE)
    assert not limiter.has_room(Lane.PLACE, PLACE)
    with pytest.raises(InvalidArgumentError):
        limiter.has_room(Lane.PLACE, "NOTHING")


@in_virtual_time
async def test_with_room_a_request_passes_without_a_turn_of_the_loop() -> None:
    limiter = limiter_of()
    passing = limiter.acquire(Lane.PLACE, PLACE)
    with pytest.raises(StopIteration):
        passing.send(None)


@in_virtual_time
async def test_without_room_a_request_waits_until_there_is_some() -> None:
    limiter = limiter_of()
    began = now()
    assert fill(limiter, Lane.PLACE, PLACE) == 400
    await limiter.acquire(Lane.PLACE, PLACE)
    assert APART <= now() - began <= APART + MILLISECOND


@in_virtual_time
async def test_the_limits_that_requests_wait_for_are_told_in_words_as_long_as_they_wait() -> None:
    limiter = limiter_of(share=0.02)
    fill(limiter, Lane.READ, DIAL)
    waiting = [asyncio.create_task(limiter.acquire(Lane.READ, DIAL)) for _ in range(2)]
    await asyncio.sleep(0)
    assert limiter.waits == (
        "waiting for room in VALR's limits: 1 of 60 new sockets per minute (limits_share=0.02)",
    )
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not limiter.waits


@in_virtual_time
async def test_requests_of_one_lane_pass_in_turn() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.PLACE, PLACE)
    async with queue() as waiting:
        for number in range(20):
            operation = PLACE if number % 2 else "PLACE_MARKET_ORDER"
            await waiting.join(f"{number}", limiter.acquire(Lane.PLACE, operation))
    assert waiting.order == [f"{number}" for number in range(20)]


@in_virtual_time
async def test_a_newcomer_does_not_overtake_who_waits_for_the_same() -> None:
    limiter = limiter_of()
    await with_room_for_one_soon(limiter)
    async with queue() as waiting:
        await waiting.join("first", limiter.acquire(Lane.PLACE, PLACE))
        jump_before_any_timer(1.0)
        await waiting.join("newcomer", limiter.acquire(Lane.PLACE, PLACE))
        await asyncio.sleep(0)
        assert waiting.order == ["first"]


@in_virtual_time
async def test_more_urgent_requests_pass_first_whoever_came_first() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.CANCEL, REST_CANCEL)
    async with queue() as waiting:
        for lane, operation in (
            (Lane.READ, READ),
            (Lane.PLACE, REST_PLACE),
            (Lane.RECONCILE, OPEN_ORDERS),
            (Lane.CANCEL, REST_CANCEL),
            (Lane.PUBLIC, PAIRS),
        ):
            await waiting.join(lane, limiter.acquire(lane, operation))
    assert waiting.order == [Lane.CANCEL, Lane.RECONCILE, Lane.PLACE, Lane.READ, Lane.PUBLIC]


@in_virtual_time
async def test_cancels_find_their_reserve_while_placements_wait() -> None:
    limiter = limiter_of()
    assert fill(limiter, Lane.PLACE, REST_PLACE) == 1020
    async with queue() as waiting:
        placing = await waiting.join("place", limiter.acquire(Lane.PLACE, REST_PLACE))
        assert fill(limiter, Lane.CANCEL, REST_CANCEL) == 180
        assert not placing.done()
        placing.cancel()


@in_virtual_time
async def test_who_waits_passes_as_soon_as_valrs_clock_shows_that_there_is_room() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.PLACE, PLACE)
    async with queue() as waiting:
        await waiting.join("placement", limiter.acquire(Lane.PLACE, PLACE))
        await asyncio.sleep(1.1)
        limiter.align(measured(0))
        fill(limiter, Lane.CANCEL, CANCEL)  # whoever comes next has the others looked at
        await asyncio.sleep(0)
        assert waiting.order == ["placement"]


# --- deadlines -------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_deadline_that_cannot_be_met_is_told_at_once() -> None:
    limiter = limiter_of()
    began = now()
    fill(limiter, Lane.READ, READ)
    with pytest.raises(ThrottledError) as throttled:
        await limiter.acquire(Lane.READ, READ, now() + 5 * SECOND)
    assert now() == began
    assert isinstance(throttled.value, NotSentError)
    assert throttled.value.operation == READ
    assert throttled.value.limit == "1200 requests of an address per minute"
    assert throttled.value.wait_s == pytest.approx(63.25)
    assert throttled.value.message == (
        "GET /v1/account/balances: VALR's limit of 1200 requests of an address per minute"
        " leaves no room for another 63.25 s"
    )


@in_virtual_time
async def test_the_part_that_a_share_leaves_of_a_limit_is_told() -> None:
    limiter = limiter_of(share=0.04)
    fill(limiter, Lane.PUBLIC, PAIRS)
    with pytest.raises(ThrottledError) as throttled:
        await limiter.acquire(Lane.PUBLIC, PAIRS, deadline=now())
    assert throttled.value.limit == "1 of 30 public requests per minute (limits_share=0.04)"


@in_virtual_time
async def test_who_is_too_far_back_in_the_line_learns_at_the_deadline_that_nothing_was_sent() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.PLACE, PLACE)
    began = now()
    deadline = began + APART + 500 * MILLISECOND
    outcomes = await asyncio.gather(
        *(limiter.acquire(Lane.PLACE, PLACE, deadline) for _ in range(450)), return_exceptions=True
    )
    assert outcomes[:400] == [None] * 400
    assert all(isinstance(outcome, ThrottledError) for outcome in outcomes[400:])
    assert deadline <= now() <= deadline + MILLISECOND


@in_virtual_time
async def test_a_deadline_in_the_past_does_not_matter_while_there_is_room() -> None:
    await limiter_of().acquire(Lane.PLACE, PLACE, now() - SECOND)


@in_virtual_time
async def test_who_was_let_through_in_the_very_moment_of_the_deadline_may_send() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.PLACE, PLACE)
    async with queue() as waiting:
        deadline = now() + APART + MILLISECOND
        await waiting.join("in time", limiter.acquire(Lane.PLACE, PLACE, deadline))
        jump_before_any_timer(5.0)
    assert waiting.order == ["in time"]


@in_virtual_time
async def test_who_gave_up_takes_no_room() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.PLACE, PLACE)
    async with queue() as waiting:
        tasks = [await waiting.join(f"{n}", limiter.acquire(Lane.PLACE, PLACE)) for n in range(10)]
        for task in tasks[1:]:
            task.cancel()
    assert waiting.order == ["0"]
    assert fill(limiter, Lane.PLACE, PLACE) == 399


@in_virtual_time
async def test_who_gives_up_in_the_moment_of_being_let_through_is_skipped() -> None:
    limiter = limiter_of()
    await with_room_for_one_soon(limiter)
    async with queue() as waiting:
        first, _ = [await waiting.join(f"{n}", limiter.acquire(Lane.PLACE, PLACE)) for n in range(2)]
        jump_before_any_timer(0.8)
        first.cancel()
        limiter.try_acquire(Lane.CANCEL, CANCEL)
        await asyncio.sleep(0)
        assert waiting.order == ["1"]


@in_virtual_time
async def test_whoever_waited_leaves_no_timer_behind() -> None:
    limiter = limiter_of()
    fill(limiter, Lane.READ, READ)
    waiting = asyncio.create_task(limiter.acquire(Lane.READ, READ, now() + 2 * MINUTE))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    timers = [handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]  # asyncio has no public list
    assert timers == []


# --- refusals --------------------------------------------------------------------------------------------


@in_virtual_time
async def test_after_a_refusal_requests_wait_for_the_next_window() -> None:
    limiter = limiter_of()
    limiter.refused(PLACE)
    began = now()
    await limiter.acquire(Lane.PLACE, PLACE)
    assert APART <= now() - began <= APART + MILLISECOND
    assert fill(limiter, Lane.PLACE, PLACE) == 299


@in_virtual_time
async def test_a_refusal_of_placements_does_not_hold_up_cancels() -> None:
    limiter = limiter_of()
    limiter.refused(PLACE)
    assert not limiter.try_acquire(Lane.PLACE, PLACE)
    assert limiter.try_acquire(Lane.CANCEL, CANCEL)


@in_virtual_time
async def test_a_refused_command_pauses_its_kind() -> None:
    limiter = limiter_of()
    limiter.command_refused("PLACE_MARKET_ORDER")
    assert not limiter.try_acquire(Lane.PLACE, PLACE)
    assert limiter.try_acquire(Lane.MODIFY, "MODIFY_ORDER")


@pytest.mark.parametrize("unknown", [None, "SOMETHING_NEW"])
@in_virtual_time
async def test_a_refused_command_of_which_the_kind_is_not_known_pauses_all(unknown: str | None) -> None:
    limiter = limiter_of()
    limiter.command_refused(unknown)
    for lane, command in ((Lane.PLACE, PLACE), (Lane.CANCEL, CANCEL), (Lane.MODIFY, "MODIFY_ORDER")):
        assert not limiter.try_acquire(lane, command)
    assert limiter.try_acquire(Lane.CANCEL, REST_CANCEL)


@in_virtual_time
async def test_retry_after_is_waited_for() -> None:
    limiter = limiter_of()
    limiter.refused(READ, sent=now() - SECOND, retry_after_s=7.5)
    began = now()
    await limiter.acquire(Lane.READ, READ)
    assert now() - began == pytest.approx(7.5 * SECOND, abs=MILLISECOND)


@in_virtual_time
async def test_waits_refusals_and_what_was_not_sent_are_counted() -> None:
    metrics = m.Metrics()
    limiter = limiter_of(metrics=metrics)
    limiter.refused(PLACE)
    with pytest.raises(ThrottledError):
        await limiter.acquire(Lane.PLACE, PLACE, now())
    await limiter.acquire(Lane.PLACE, PLACE)
    assert metrics.counter(m.LIMIT_REFUSED, PLACE).value == 1
    assert metrics.counter(m.LIMIT_THROTTLED, PLACE).value == 1
    assert metrics.latency(m.LIMIT_WAIT, Lane.PLACE).summary().count == 1


# --- who shares what -------------------------------------------------------------------------------------


@in_virtual_time
async def test_instances_of_one_key_share_its_windows() -> None:
    shared = registry()
    fill(limiter_of(shared, key="k"), Lane.CANCEL, READ)
    assert not limiter_of(shared, key="k").try_acquire(Lane.CANCEL, READ)


@in_virtual_time
async def test_instances_of_one_host_share_its_windows_whatever_their_keys() -> None:
    shared = registry()
    fill(limiter_of(shared, key="one"), Lane.PLACE, PLACE)
    assert not limiter_of(shared, key="other").try_acquire(Lane.PLACE, PLACE)


@in_virtual_time
async def test_instances_at_different_hosts_share_nothing() -> None:
    shared = registry()
    fill(limiter_of(shared, host="one"), Lane.CANCEL, READ)
    assert limiter_of(shared, host="other").try_acquire(Lane.CANCEL, READ)


@in_virtual_time
async def test_instances_of_different_registries_share_nothing() -> None:
    fill(limiter_of(), Lane.CANCEL, READ)
    assert limiter_of().try_acquire(Lane.CANCEL, READ)


@in_virtual_time
async def test_instances_of_one_host_wait_in_one_line() -> None:
    shared = registry()
    one, other = limiter_of(shared, key="one"), limiter_of(shared, key="other")
    fill(one, Lane.PLACE, PLACE)
    async with queue() as waiting:
        for number in range(6):
            await waiting.join(f"{number}", (one, other)[number % 2].acquire(Lane.PLACE, PLACE))
    assert waiting.order == [f"{number}" for number in range(6)]


@in_virtual_time
async def test_a_full_window_outlives_the_instance_that_filled_it() -> None:
    shared = registry()
    assert fill(limiter_of(shared), Lane.CANCEL, READ) == 1200
    gc.collect()
    await asyncio.sleep(30)
    assert not limiter_of(shared).try_acquire(Lane.CANCEL, READ)


@in_virtual_time
async def test_a_window_in_use_is_never_forgotten_however_long_it_was_idle() -> None:
    shared = registry()
    first = limiter_of(shared)
    assert first.try_acquire(Lane.CANCEL, READ)
    await asyncio.sleep(600)
    second = limiter_of(shared)
    fill(first, Lane.CANCEL, READ)
    assert not second.try_acquire(Lane.CANCEL, READ)


@in_virtual_time
async def test_a_window_that_nobody_uses_any_more_is_forgotten_once_it_is_empty() -> None:
    shared = registry()
    for number in range(5):
        limiter_of(shared, host=f"{number}").try_acquire(Lane.PLACE, PLACE)
    gc.collect()
    await asyncio.sleep(600)
    limiter_of(shared)
    assert shared._windows == {}


@in_virtual_time
async def test_a_share_leaves_the_rest_to_others() -> None:
    shared = registry()
    assert fill(limiter_of(shared, share=0.25), Lane.PLACE, PLACE) == 100
    assert fill(limiter_of(shared), Lane.PLACE, PLACE) == 300


@in_virtual_time
async def test_limits_can_be_multiplied_for_an_exchange_of_ones_own() -> None:
    assert fill(limiter_of(registry(scale=3)), Lane.PLACE, PLACE) == 1200


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_a_share_is_more_than_nothing_and_at_most_all(share: float) -> None:
    with pytest.raises(InvalidArgumentError, match="share="):
        LimiterRegistry().limiter(host=HOST, key="", share=share)


def test_limits_are_not_divided() -> None:
    with pytest.raises(InvalidArgumentError, match="scale=0"):
        LimiterRegistry(scale=0)


def test_an_operation_that_is_none_is_refused() -> None:
    async def try_it() -> None:
        limiter_of().try_acquire(Lane.PLACE, "PLACE")

    with pytest.raises(InvalidArgumentError, match="operation='PLACE'"):
        run(try_it())


# --- clocks, loops, threads ------------------------------------------------------------------------------


def measured(phase: int) -> ClockOffset:
    """VALR's clock is ahead by `phase`; nothing was under way for any time."""
    offset = ClockOffset()
    offset.add(0, 0, phase)
    return offset


@in_virtual_time
async def test_with_valrs_clock_measured_full_windows_follow_each_other() -> None:
    limiter = limiter_of()
    limiter.align(measured(0))
    await asyncio.sleep(0.9)
    assert fill(limiter, Lane.PLACE, PLACE) == 400
    await limiter.acquire(Lane.PLACE, PLACE)
    assert now() % SECOND < 20 * MILLISECOND
    assert fill(limiter, Lane.PLACE, PLACE) == 399


@in_virtual_time
async def test_without_a_sample_there_is_nothing_to_align_with() -> None:
    limiter = limiter_of()
    limiter.align(ClockOffset())
    assert not limiter.is_aligned


@in_virtual_time
async def test_a_clock_that_is_set_makes_the_measurement_void() -> None:
    steps = [0]
    limiter = limiter_of(LimiterRegistry(clock=now, wall_clock=lambda: now() + steps[0]))
    limiter.align(measured(0))
    assert limiter.is_aligned
    steps[0] = SECOND
    limiter.try_acquire(Lane.PLACE, PLACE)
    assert not limiter.is_aligned


def test_windows_outlast_an_event_loop_and_those_who_waited_in_it() -> None:
    time = [1_000 * SECOND]
    shared = LimiterRegistry(clock=lambda: time[0], wall_clock=lambda: time[0])
    limiter = limiter_of(shared)

    async def wait_in_vain() -> None:
        fill(limiter, Lane.PLACE, PLACE)
        waiting = asyncio.ensure_future(limiter.acquire(Lane.PLACE, PLACE))
        await asyncio.sleep(0)
        assert not waiting.done()

    async def find_room() -> bool:
        return limiter.try_acquire(Lane.PLACE, PLACE)

    run(wait_in_vain())
    assert not run(find_room())
    time[0] += APART
    assert run(find_room())


def test_loops_of_several_threads_share_the_windows() -> None:
    shared = LimiterRegistry()
    taken: list[int] = []

    async def take() -> int:
        limiter = limiter_of(shared)
        return sum(limiter.try_acquire(Lane.CANCEL, READ) for _ in range(1_000))

    def work() -> None:
        taken.append(asyncio.run(take()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1200


def test_there_is_one_registry_for_the_process() -> None:
    assert isinstance(PROCESS_LIMITS, LimiterRegistry)


def test_neither_registry_nor_limiter_shows_the_key() -> None:
    shared = LimiterRegistry()
    limiter = shared.limiter(host=HOST, key="a-key-that-is-secret")
    assert "secret" not in repr(limiter) + str(limiter) + repr(shared)


# --- dials -----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_both_sockets_dial_within_one_limit_and_the_account_socket_has_the_reserve() -> None:
    limiter = limiter_of()
    account, trade = DialPermit(limiter, Lane.RECONCILE), DialPermit(limiter, Lane.PUBLIC)
    began = now()
    for _ in range(36):
        await trade.acquire()
    assert not limiter.try_acquire(Lane.PUBLIC, DIAL)
    for _ in range(21):
        await account.acquire()
    assert now() == began
    await account.acquire()
    assert now() - began >= MINUTE


@in_virtual_time
async def test_a_refused_dial_pauses_the_dials_of_both_sockets() -> None:
    limiter = limiter_of()
    DialPermit(limiter, Lane.PUBLIC).refused()
    assert not limiter.try_acquire(Lane.RECONCILE, DIAL)


@in_virtual_time
async def test_the_use_of_each_limit_is_told_whoever_filled_it() -> None:
    shared = registry()
    first, second = limiter_of(shared), limiter_of(shared)
    first.try_acquire(Lane.PLACE, PLACE)
    second.try_acquire(Lane.PLACE, PLACE)
    second.try_acquire(Lane.READ, READ)
    assert [(use.name, use.used, use.limit, use.period_s) for use in second.uses] == [
        ("placements on sockets per second", 2, 400, 1),
        ("requests of a key per minute", 1, 2000, 60),
        ("requests of an address per minute", 1, 1200, 60),
    ]
