"""Events to callbacks and to streams: who gets what, in which order, and what a slow reader costs."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator

import pytest

from valr_connector.errors import AuthenticationError, ClosedError, InvalidArgumentError, StreamOverflowError
from valr_connector.model.events import Event
from valr_connector.net import event_stream
from valr_connector.net.event_stream import EventPublisher, EventStream, Overflow
from valr_connector.observe.metrics import Metrics


class Happened(Event, frozen=True):
    number: int = 0


class Filled(Happened, frozen=True):
    pass


class Cancelled(Happened, frozen=True):
    pass


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def publisher(metrics: Metrics) -> EventPublisher:
    return EventPublisher(metrics=metrics)


@pytest.fixture(autouse=True)
async def _no_task_is_left_behind() -> AsyncIterator[None]:
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def everything(stream: EventStream[Happened]) -> list[int]:
    return [event.number async for event in stream]


# Callbacks


def test_a_callback_gets_events_of_its_type_at_once(publisher: EventPublisher) -> None:
    got: list[Filled] = []
    publisher.on(Filled, got.append)
    publisher.publish(Filled(1))
    publisher.publish(Cancelled(2))
    assert got == [Filled(1)]


def test_a_subscription_to_a_root_covers_its_subclasses(publisher: EventPublisher) -> None:
    got: list[Happened] = []
    publisher.on(Happened, got.append)
    publisher.publish(Filled(1))
    publisher.publish(Cancelled(2))
    assert got == [Filled(1), Cancelled(2)]


def test_one_callback_can_ask_for_several_types(publisher: EventPublisher) -> None:
    got: list[object] = []
    publisher.on((Filled, Cancelled), got.append)
    for event in (Filled(1), Happened(2), Cancelled(3)):
        publisher.publish(event)
    assert got == [Filled(1), Cancelled(3)]


def test_callbacks_run_in_the_order_of_their_subscription(publisher: EventPublisher) -> None:
    order: list[str] = []
    publisher.on(Filled, lambda _: order.append("first"))
    publisher.on(Happened, lambda _: order.append("second"))
    publisher.publish(Filled())
    assert order == ["first", "second"]


def test_a_later_subscription_counts_for_types_already_published(publisher: EventPublisher) -> None:
    publisher.publish(Filled(1))
    got: list[Happened] = []
    publisher.on(Happened, got.append)
    publisher.publish(Filled(2))
    assert got == [Filled(2)]


def test_unsubscribing_ends_a_subscription_and_may_be_repeated(publisher: EventPublisher) -> None:
    got: list[Filled] = []
    unsubscribe = publisher.on(Filled, got.append)
    publisher.publish(Filled(1))
    unsubscribe()
    unsubscribe()
    publisher.publish(Filled(2))
    assert got == [Filled(1)]


def test_a_callback_can_unsubscribe_itself(publisher: EventPublisher) -> None:
    got: list[Filled] = []

    def once(event: Filled) -> None:
        got.append(event)
        unsubscribe()

    unsubscribe = publisher.on(Filled, once)
    publisher.publish(Filled(1))
    publisher.publish(Filled(2))
    assert got == [Filled(1)]


def test_a_callback_unsubscribed_by_another_does_not_get_the_event_at_hand(publisher: EventPublisher) -> None:
    got: list[Filled] = []
    publisher.on(Filled, lambda _: unsubscribe())
    unsubscribe = publisher.on(Filled, got.append)
    publisher.publish(Filled())
    assert got == []


@pytest.mark.parametrize("mistake", [KeyError("orderId"), asyncio.CancelledError()])
def test_a_callback_that_raises_harms_nobody_else(
    publisher: EventPublisher, metrics: Metrics, caplog: pytest.LogCaptureFixture, mistake: BaseException
) -> None:
    got: list[Filled] = []

    def fail(_: Filled) -> None:
        raise mistake

    publisher.on(Filled, fail)
    publisher.on(Filled, got.append)
    publisher.publish(Filled(1))
    publisher.publish(Filled(2))
    assert got == [Filled(1), Filled(2)]
    assert metrics.snapshot()["event_callback_errors{event=Filled}"] == 2
    assert "a callback raised on Filled" in caplog.text


def test_everybody_sees_events_in_the_order_of_publishing(publisher: EventPublisher) -> None:
    first: list[int] = []
    second: list[int] = []

    def echo(event: Happened) -> None:
        first.append(event.number)
        if event.number == 1:
            publisher.publish(Happened(2))

    publisher.on(Happened, echo)
    publisher.on(Happened, lambda event: second.append(event.number))
    publisher.publish(Happened(1))
    assert first == second == [1, 2]


def test_an_interruption_in_a_callback_passes_and_the_publisher_works_on(publisher: EventPublisher) -> None:
    got: list[Filled] = []

    def interrupt(event: Filled) -> None:
        if event.number == 1:
            raise KeyboardInterrupt

    publisher.on(Filled, interrupt)
    publisher.on(Filled, got.append)
    with pytest.raises(KeyboardInterrupt):
        publisher.publish(Filled(1))
    publisher.publish(Filled(2))
    assert got == [Filled(2)]


def test_a_coroutine_function_is_refused_as_a_callback(publisher: EventPublisher) -> None:
    async def callback(_: Filled) -> None:
        """Nobody would await it."""

    with pytest.raises(InvalidArgumentError, match="has to be a plain function"):
        publisher.on(Filled, callback)


@pytest.mark.parametrize("wrong", [(), "Filled", (Filled, 1)])
def test_what_is_no_class_is_refused_as_a_type(publisher: EventPublisher, wrong: object) -> None:
    with pytest.raises(InvalidArgumentError, match="has to be one or more classes"):
        publisher.on(wrong, print)  # type: ignore[call-overload,arg-type,unused-ignore]  # that is the point


def test_publishing_without_subscribers_does_nothing(publisher: EventPublisher) -> None:
    publisher.publish(Filled())


# Streams


async def test_a_stream_gets_everything_published_after_it_was_asked_for(publisher: EventPublisher) -> None:
    publisher.publish(Happened(0))
    stream = publisher.stream(Happened)
    for number in (1, 2, 3):
        publisher.publish(Happened(number))
    assert len(stream) == 3
    publisher.close()
    assert await everything(stream) == [1, 2, 3]


async def test_a_stream_of_several_types_takes_those_only(publisher: EventPublisher) -> None:
    stream: EventStream[Happened] = publisher.stream(Filled, Cancelled)
    for event in (Filled(1), Happened(2), Cancelled(3)):
        publisher.publish(event)
    publisher.close()
    assert await everything(stream) == [1, 3]


async def test_a_reader_waits_for_the_next_event(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    reading = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    assert not reading.done()
    publisher.publish(Filled(7))
    assert await reading == Filled(7)


async def test_each_event_goes_to_one_of_several_readers(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    readers = [asyncio.create_task(everything(stream)) for _ in range(3)]
    await asyncio.sleep(0)
    for number in range(10):
        publisher.publish(Happened(number))
        if number % 3 == 0:
            await asyncio.sleep(0)
    publisher.close()
    shares = await asyncio.gather(*readers)
    assert sorted(number for share in shares for number in share) == list(range(10))


async def test_every_stream_gets_every_event(publisher: EventPublisher) -> None:
    streams = [publisher.stream(Happened) for _ in range(2)]
    publisher.publish(Happened(1))
    publisher.close()
    assert [await everything(stream) for stream in streams] == [[1], [1]]


async def test_closing_the_publisher_ends_waiting_readers(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    readers = [asyncio.create_task(everything(stream)) for _ in range(3)]
    await asyncio.sleep(0)
    publisher.close()
    assert await asyncio.gather(*readers) == [[], [], []]


async def test_a_closed_stream_stays_at_its_end(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    stream.close()
    stream.close()
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_a_stream_left_as_a_context_takes_no_more(publisher: EventPublisher) -> None:
    async with publisher.stream(Happened) as stream:
        publisher.publish(Happened(1))
    publisher.publish(Happened(2))
    assert await everything(stream) == [1]


async def test_what_is_pushed_into_a_closed_stream_is_ignored(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    stream.close()
    stream.push(Happened(1))
    assert len(stream) == 0


async def test_a_stream_that_its_reader_left_is_forgotten(publisher: EventPublisher) -> None:
    publisher.publish(Happened(0))
    stream = publisher.stream(Happened)
    publisher.publish(Happened(1))
    async for _ in stream:
        break
    del stream
    gc.collect()
    publisher.publish(Happened(2))
    assert publisher.subscriptions == 0


async def test_a_stream_collected_while_subscribers_are_looked_for_hides_none(
    publisher: EventPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned = [publisher.stream(Happened)]
    heard: list[object] = []
    publisher.on(Happened, heard.append)

    def collect_and_look(kind: type, types: tuple[type, ...]) -> bool:
        abandoned.clear()
        return issubclass(kind, types)

    monkeypatch.setattr(event_stream, "issubclass", collect_and_look, raising=False)
    publisher.publish(Happened(1))
    assert heard == [Happened(1)]


async def test_a_reader_that_is_cancelled_leaves_its_event_to_the_next(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    cancelled, other = asyncio.create_task(anext(stream)), asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    publisher.publish(Happened(1))
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    async with asyncio.timeout(10):
        assert await other == Happened(1)


async def test_a_reader_that_is_cancelled_while_it_waits_takes_nothing(publisher: EventPublisher) -> None:
    stream = publisher.stream(Happened)
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    publisher.publish(Happened(1))
    async with asyncio.timeout(10):
        assert await anext(stream) == Happened(1)


async def test_readers_that_give_up_while_nothing_happens_leave_nothing_behind(
    publisher: EventPublisher,
) -> None:
    stream = publisher.stream(Happened)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(stream)
    assert not stream._readers


# Streams that are not read


async def test_by_default_nothing_is_lost_and_a_warning_is_logged_at_each_doubling(
    publisher: EventPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    stream = publisher.stream(Happened, capacity=10)
    with caplog.at_level(logging.WARNING):
        for number in range(50):
            publisher.publish(Happened(number))
    assert [record.getMessage() for record in caplog.records] == [
        f"a stream of events holds {count} unread ones; is it still read?" for count in (10, 20, 40)
    ]
    publisher.close()
    assert await everything(stream) == list(range(50))


async def test_a_stream_that_drops_keeps_the_newest(publisher: EventPublisher, metrics: Metrics) -> None:
    stream = publisher.stream(Happened, on_overflow=Overflow.DROP_OLDEST, capacity=3)
    for number in range(10):
        publisher.publish(Happened(number))
    publisher.close()
    assert await everything(stream) == [7, 8, 9]
    assert stream.dropped == 7
    assert metrics.snapshot()["events_dropped"] == 7


async def test_a_stream_that_must_not_lose_events_fails_after_what_it_holds(
    publisher: EventPublisher,
) -> None:
    stream = publisher.stream(Happened, on_overflow=Overflow.ERROR, capacity=2)
    for number in range(5):
        publisher.publish(Happened(number))
    assert [await anext(stream), await anext(stream)] == [Happened(0), Happened(1)]
    for _ in range(2):
        with pytest.raises(StreamOverflowError, match="more than 2 events were not read in time"):
            await anext(stream)


async def test_one_stream_s_overflow_is_nobody_else_s(publisher: EventPublisher) -> None:
    slow = publisher.stream(Happened, on_overflow=Overflow.ERROR, capacity=1)
    other = publisher.stream(Happened)
    for number in range(4):
        publisher.publish(Happened(number))
    publisher.close()
    assert await everything(other) == [0, 1, 2, 3]
    assert len(slow) == 1


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_stream_without_room_is_refused(publisher: EventPublisher, capacity: int) -> None:
    with pytest.raises(
        InvalidArgumentError, match=f"capacity={capacity}: has to be a whole number, at least 1"
    ):
        publisher.stream(Happened, capacity=capacity)


def test_a_stream_of_nothing_is_refused(publisher: EventPublisher) -> None:
    with pytest.raises(InvalidArgumentError, match="has to be one or more classes"):
        publisher.stream()


# Closing


def test_after_closing_nothing_is_delivered(publisher: EventPublisher) -> None:
    got: list[Filled] = []
    unsubscribe = publisher.on(Filled, got.append)
    publisher.publish(Filled(1))
    publisher.close()
    publisher.close()
    publisher.publish(Filled(2))
    unsubscribe()
    assert got == [Filled(1)]


def test_closing_within_a_callback_keeps_the_event_from_the_rest(publisher: EventPublisher) -> None:
    got: list[Filled] = []
    publisher.on(Filled, lambda _: publisher.close())
    publisher.on(Filled, got.append)
    publisher.publish(Filled(1))
    assert got == []


def test_a_closed_publisher_takes_no_subscribers(publisher: EventPublisher) -> None:
    publisher.close()
    with pytest.raises(ClosedError):
        publisher.on(Filled, print)
    with pytest.raises(ClosedError):
        publisher.stream(Filled)


async def test_a_publisher_that_ends_by_a_failure_raises_it_to_readers_after_what_was_queued(
    publisher: EventPublisher,
) -> None:
    stream = publisher.stream(Filled)
    publisher.publish(Filled(1))
    publisher.close(AuthenticationError("key revoked"))
    assert await anext(stream) == Filled(1)
    for _ in range(2):
        with pytest.raises(AuthenticationError, match="key revoked"):
            await anext(stream)


async def test_a_stream_that_its_reader_closed_ends_quietly_even_if_the_publisher_fails(
    publisher: EventPublisher,
) -> None:
    stream = publisher.stream(Filled)
    stream.close()
    publisher.close(AuthenticationError("key revoked"))
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
