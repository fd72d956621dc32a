"""Events to those who asked for them: callbacks at once, iterators as fast as they read.

Publishing is synchronous and never waits for anybody. A callback runs within the publishing call; a stream
gets the event into its own queue. One subscriber's error or slowness is nobody else's: a callback that raises
is logged and counted, a stream that is not read grows, drops or fails, as its subscriber chose.

All of it belongs to one event loop's thread.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, Generic, Self, TypeVar

from valr_connector.core.backlog import NEVER_DROPPED, Backlog
from valr_connector.errors import ClosedError, InvalidArgumentError, StreamOverflowError, ValrError
from valr_connector.model.events import Event
from valr_connector.observe import metrics as m

log = logging.getLogger(__name__)

E = TypeVar("E")

DEFAULT_CAPACITY: Final = 10_000

Unsubscribe = Callable[[], None]
"""Ends a subscription, from the very next callback on; calling it again does nothing."""


class Overflow(StrEnum):
    """What happens to a stream that holds `capacity` events unread. What happened to orders is never lost."""

    KEEP_ALL = "KEEP_ALL"
    """Nothing is ever lost: it grows on, and a warning is logged."""
    DROP_OLDEST = "DROP_OLDEST"
    """For market data, where the newest replaces the rest. Events of orders stay, beyond `capacity`."""
    ERROR = "ERROR"
    """The stream ends; its reader gets what was queued, then StreamOverflowError."""


def _nothing() -> None:
    """What there is to unsubscribe before anything subscribed."""


class _Subscription:
    __slots__ = ("callback", "is_active", "types")

    def __init__(self, types: tuple[type, ...], callback: Callable[[Any], object]) -> None:
        self.types = types
        self.callback = callback
        self.is_active = True


class _ByType(dict[type, tuple[_Subscription, ...]]):
    """Who is told of events of a type; found anew after each change of the subscriptions, which clears it."""

    def __init__(self, subscriptions: Sequence[_Subscription]) -> None:
        super().__init__()
        self._subscriptions = subscriptions

    def __missing__(self, kind: type) -> tuple[_Subscription, ...]:
        present = tuple(self._subscriptions)  # a stream that is collected meanwhile leaves the list
        self[kind] = found = tuple(each for each in present if issubclass(kind, each.types))
        return found


class EventPublisher:
    """Hands events to subscribers by their type; a subscription to a type covers its subclasses.

    Every subscriber sees events in the order in which they were published. An event that a callback
    publishes therefore waits until the one at hand has reached everybody.
    """

    def __init__(self, *, metrics: m.Metrics | None = None) -> None:
        self._metrics = metrics or m.Metrics()
        self._subscriptions: list[_Subscription] = []
        self._by_type = _ByType(self._subscriptions)
        self._streams: weakref.WeakSet[EventStream[Any]] = weakref.WeakSet()
        self._waiting: deque[object] = deque()
        self._is_publishing = False
        self._is_closed = False
        self._metrics.watch(m.EVENTS_WAITING, lambda: [((), self.unread)])

    @property
    def unread(self) -> int:
        """How many events wait in streams to be read."""
        return sum(len(stream) for stream in tuple(self._streams))

    @property
    def subscriptions(self) -> int:
        """How many callbacks and streams are subscribed."""
        return len(self._subscriptions)

    def on(self, event_type: type[E] | tuple[type[E], ...], callback: Callable[[E], object]) -> Unsubscribe:
        """Call `callback` with every event of a type, or of one of several, from now on.

        Raises:
            ClosedError: the publisher is closed.
            InvalidArgumentError: `callback` is no function, or a coroutine function, which nobody would
                await; or `event_type` is no class of events.
        """
        if not callable(callback):
            raise InvalidArgumentError("callback", callback, "has to be a function")
        if inspect.iscoroutinefunction(callback):
            rule = "has to be a plain function; a task reads events() instead"
            raise InvalidArgumentError("callback", callback, rule)
        types = event_type if isinstance(event_type, tuple) else (event_type,)
        self._check(types)
        return self._subscribe(types, callback)

    def stream(
        self,
        *types: type[E],
        on_overflow: Overflow = Overflow.KEEP_ALL,
        capacity: int = DEFAULT_CAPACITY,
    ) -> EventStream[E]:
        """An iterator over every event of these types, from this call on. Dropped unread, it unsubscribes.

        Args:
            types: at least one; a root class for everything.
            on_overflow: what happens to a stream that is not read.
            capacity: how many unread events are too many.

        Raises:
            ClosedError: the publisher is closed.
            InvalidArgumentError: `capacity` is below 1, there is no such `on_overflow`, no type is named, or
                one is no class of events.
        """
        self._check(types)
        stream: EventStream[E] = EventStream(on_overflow, capacity, self._metrics.counter(m.EVENTS_DROPPED))
        # Held weakly: an iterator that its reader left by `break` would otherwise fill up for ever.
        reader = weakref.proxy(stream, lambda _: unsubscribe())

        def push(event: E) -> None:
            reader.push(event)

        unsubscribe: Unsubscribe = self._subscribe(types, push)
        stream.when_closed(unsubscribe)
        self._streams.add(stream)
        return stream

    def publish(self, event: object) -> None:
        """Hand an event to everybody who asked for its type. What callbacks raise is logged and counted."""
        if self._is_publishing:
            self._waiting.append(event)
            return
        self._is_publishing = True
        try:
            while True:
                for subscription in self._by_type[type(event)]:
                    if subscription.is_active:
                        try:
                            subscription.callback(event)
                        # Nobody cancels a plain function: it asked a cancelled task for its result.
                        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  its own mistake
                            self._note_error(event, error)
                if not self._waiting:
                    return
                event = self._waiting.popleft()
        finally:
            self._is_publishing = False

    def close(self, failure: ValrError | None = None) -> None:
        """End all streams, once their readers have what is queued, and all subscriptions.

        `failure` is raised to every reader at the end of its stream: it must not pass for an orderly end.
        """
        self._is_closed = True
        for stream in tuple(self._streams):
            stream.close(failure)
        for subscription in self._subscriptions:
            subscription.is_active = False
        self._subscriptions.clear()
        self._by_type.clear()

    def _note_error(self, event: object, error: BaseException) -> None:
        kind = type(event).__name__
        self._metrics.counter(m.CALLBACK_ERRORS, kind).add()
        log.error("a callback raised on %s", kind, exc_info=error)

    def _check(self, types: tuple[object, ...]) -> None:
        if self._is_closed:
            raise ClosedError("the publisher is closed: no event comes any more")
        if not types or not all(isinstance(kind, type) and issubclass(kind, Event) for kind in types):
            raise InvalidArgumentError("event_type", types, "has to be one or more classes of events")

    def _subscribe(self, types: tuple[type[E], ...], callback: Callable[[E], object]) -> Unsubscribe:
        subscription = _Subscription(types, callback)
        self._subscriptions.append(subscription)
        self._by_type.clear()

        def unsubscribe() -> None:
            if subscription.is_active:
                subscription.is_active = False
                self._subscriptions.remove(subscription)
                self._by_type.clear()

        return unsubscribe


def _checked_capacity(capacity: object) -> int:
    if isinstance(capacity, int) and capacity >= 1:
        return capacity
    raise InvalidArgumentError("capacity", capacity, "has to be a whole number, at least 1")


def _checked_overflow(choice: object) -> Overflow:
    try:
        return Overflow(str(choice))
    except ValueError:
        raise InvalidArgumentError("on_overflow", choice, f"must be one of {', '.join(Overflow)}") from None


class EventStream(Generic[E]):
    """An async iterator over events; made by :meth:`EventPublisher.stream`.

    Several tasks may iterate over one stream; each event goes to one of them. Used as an async context
    manager it closes itself.

    Attributes:
        dropped: how many events were lost to DROP_OLDEST.
    """

    def __init__(self, on_overflow: Overflow, capacity: int, dropped: m.Counter) -> None:
        self.dropped = 0
        self._on_overflow = _checked_overflow(on_overflow)
        self._capacity = self._warn_at = _checked_capacity(capacity)
        self._all_dropped = dropped
        self._events: Backlog[E] = Backlog()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._unsubscribe: Unsubscribe = _nothing
        self._is_closed = False
        self._failure: ValrError | None = None

    def __len__(self) -> int:
        """How many events wait to be read."""
        return len(self._events)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        """The next event; ends when the stream is closed and everything queued was read.

        Raises:
            StreamOverflowError: the stream was not read fast enough and must not lose events.
            ValrError: what made the publisher end.
        """
        while not self._events:
            if self._failure is not None:
                raise self._failure
            if self._is_closed:
                raise StopAsyncIteration
            await self._turn()
        return self._events.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def push(self, event: E) -> None:
        """Queue one event; for the publisher."""
        if self._is_closed:
            return
        if len(self._events) >= self._capacity and not self._has_room_after_all(event):
            return
        self._events.append(event)
        self._wake_one()

    def close(self, failure: ValrError | None = None) -> None:
        """Take no more events. What is queued can still be read; then `failure`, if any, is raised."""
        if not self._is_closed:
            self._failure = failure
        self._is_closed = True
        self._unsubscribe()
        while self._readers:
            self._wake_one()

    def when_closed(self, unsubscribe: Unsubscribe) -> None:
        """What to call when the stream closes; for the publisher."""
        self._unsubscribe = unsubscribe

    def _has_room_after_all(self, event: E) -> bool:
        """Do with a full stream as its subscriber chose; returns whether the next event still goes in."""
        if self._on_overflow is Overflow.ERROR:
            self.close(StreamOverflowError(f"more than {self._capacity} events were not read in time"))
            return False
        may_drop = self._on_overflow is Overflow.DROP_OLDEST and not isinstance(event, NEVER_DROPPED)
        if may_drop and self._events.losable >= self._capacity:
            self._events.let_go()
            self.dropped += 1
            self._all_dropped.add()
        elif len(self._events) >= self._warn_at:
            log.warning("a stream of events holds %d unread ones; is it still read?", len(self._events))
            self._warn_at = 2 * len(self._events)
        return True

    async def _turn(self) -> None:
        """Wait until there is something to look at."""
        reader = asyncio.get_running_loop().create_future()
        self._readers.append(reader)
        try:
            await reader
        except asyncio.CancelledError:
            if reader in self._readers:
                self._readers.remove(reader)
            elif not reader.cancelled():
                self._wake_one()  # woken and cancelled at once: the event is somebody else's
            raise

    def _wake_one(self) -> None:
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():
                reader.set_result(None)
                return
