"""What becomes of a request under each fate: whether it is executed, and what the caller sees."""

from __future__ import annotations

import asyncio

import pytest

from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.transport import HttpRequest
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.http_link import HttpLink
from valr_connector.verification.schedule import RequestFate, RequestFault
from valr_connector.verification.virtual_loop import run

BODY = b'{"orderStatusType":"Filled","x":"1"}'
LIMITS = Limits(total_s=3.0, connect_s=1.0, read_s=2.0, largest_answer=1_000)
LATEST_S = 10.0
"""By then whatever was under way has arrived."""

Outcome = tuple[Reply | Failure, int, float]
"""What the caller got, how often the request was executed in the end, and after how many seconds it came."""


def exchanged(fault: RequestFault | None = None, answer: Answer | None = Answer(201, BODY)) -> Outcome:  # noqa: B008
    """One request under one fault."""
    executed: list[HttpRequest] = []

    async def execute(request: HttpRequest) -> Answer | None:
        executed.append(request)
        return answer

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            board = FaultBoard(loop.time)
            if fault is not None:
                board.add(fault)
            link = HttpLink(execute, board, lambda: 0.1, tasks, None)
            pool = link.open_session()
            url = "http://127.0.0.1:0/v2/orders/limit?x=1"
            outcome = await pool.exchange("POST", url, {"X-Key": "k"}, b"{}", LIMITS)
            took = loop.time()
            await asyncio.sleep(LATEST_S)
            assert not link.under_way
        for request in executed:
            assert (request.method, request.target, request.body) == ("POST", "/v2/orders/limit?x=1", b"{}")
            assert request.headers["x-key"] == "k"
        return outcome, len(executed), took

    return run(main())


def fault(fate: RequestFate, *, seconds: float = 0.0, status: int = 503) -> RequestFault:
    return RequestFault(at=0.0, kind="POST_/v2/orders", fate=fate, seconds=seconds, status=status)


def test_without_a_fault_the_answer_comes_after_both_ways() -> None:
    outcome, executed, took = exchanged()
    assert isinstance(outcome, Reply)
    assert (outcome.status, outcome.body, executed) == (201, BODY, 1)
    assert outcome.headers["content-type"] == "application/json"
    assert took == pytest.approx(0.2)


def test_a_refused_connection_carries_nothing() -> None:
    outcome, executed, _ = exchanged(fault(RequestFate.REFUSE))
    assert outcome == Failure("connection refused", may_have_left=False)
    assert executed == 0


def test_a_lost_request_is_not_executed_and_times_out() -> None:
    outcome, executed, took = exchanged(fault(RequestFate.LOSE))
    assert outcome == Failure("no answer in time", may_have_left=True)
    assert executed == 0
    assert took == pytest.approx(2.0)


@pytest.mark.parametrize(
    "fault",
    [fault(RequestFate.LOSE_ANSWER), fault(RequestFate.LATE, seconds=5), fault(RequestFate.SLOW, seconds=5)],
)
def test_a_request_whose_answer_does_not_come_in_time_is_executed_all_the_same(fault: RequestFault) -> None:
    outcome, executed, took = exchanged(fault)
    assert outcome == Failure("no answer in time", may_have_left=True)
    assert executed == 1
    assert took == pytest.approx(2.0)


@pytest.mark.parametrize("fate", [RequestFate.LATE, RequestFate.SLOW])
def test_a_delay_within_the_time_out_is_only_a_delay(fate: RequestFate) -> None:
    outcome, executed, took = exchanged(fault(fate, seconds=1.0))
    assert isinstance(outcome, Reply)
    assert executed == 1
    assert took == pytest.approx(1.2)


@pytest.mark.parametrize(("fate", "times"), [(RequestFate.ERROR_BEFORE, 0), (RequestFate.ERROR_AFTER, 1)])
def test_an_error_comes_before_the_execution_or_after_it(fate: RequestFate, times: int) -> None:
    outcome, executed, _ = exchanged(fault(fate, status=502))
    assert isinstance(outcome, Reply)
    assert (outcome.status, executed) == (502, times)


def test_a_limited_request_says_so_in_its_header() -> None:
    outcome, executed, _ = exchanged(fault(RequestFate.ERROR_BEFORE, status=429))
    assert isinstance(outcome, Reply)
    assert (outcome.headers["x-valr-ratelimited"], executed) == ("true", 0)


def test_half_of_an_answer_is_half_of_an_answer() -> None:
    outcome, executed, _ = exchanged(fault(RequestFate.TRUNCATE))
    assert isinstance(outcome, Reply)
    assert (outcome.body, executed) == (BODY[: len(BODY) // 2], 1)


def test_a_reworded_answer_names_a_status_that_nobody_knows() -> None:
    outcome, _, _ = exchanged(fault(RequestFate.REWORD))
    assert isinstance(outcome, Reply)
    assert outcome.body == b'{"orderStatusType":"Frozen Solid","x":"1"}'


def test_an_exchange_that_cuts_the_connection_leaves_the_outcome_open() -> None:
    outcome, executed, _ = exchanged(answer=None)
    assert outcome == Failure("the connection was lost", may_have_left=True)
    assert executed == 1


def test_closing_the_pool_cuts_what_is_under_way() -> None:
    async def never(_: HttpRequest) -> Answer | None:
        await asyncio.sleep(100)
        return None

    async def main() -> tuple[Reply | Failure, float]:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            pool = HttpLink(never, FaultBoard(loop.time), lambda: 0.1, tasks, None).open_session()
            call = tasks.create_task(pool.exchange("GET", "http://h/x", {}, None, LIMITS))
            await asyncio.sleep(0.5)
            await pool.close()
            return await call, loop.time()

    outcome, took = run(main())
    assert outcome == Failure("the connection was lost", may_have_left=True)
    assert took == pytest.approx(0.5)
