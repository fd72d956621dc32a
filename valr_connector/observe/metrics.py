"""Counters, gauges and latency histograms, in memory.

A metric is an object of this module, not a text: a misspelt name does not pass the type checker. All of them
stand in one table, :data:`CATALOGUE`. Whoever counts asks once for the instrument (``metrics.counter(...)``)
and keeps it; counting is then an addition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from valr_connector.errors import InvalidArgumentError
from valr_connector.observe.latency import LatencyHistogram, LatencySummary

MOST_SERIES: Final = 256
"""Label values can come from the wire; beyond this many the rest is counted together, as ``other``."""
OTHER: Final = "other"


class Kind(StrEnum):
    """What a metric measures."""

    COUNTER = "counter"
    GAUGE = "gauge"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """Name, kind and meaning of one metric; there is one object of each. Latencies are in nanoseconds."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


FRAMES_RECEIVED = Metric("ws_frames_received", Kind.COUNTER, ("socket",), "frames that came in")
FRAMES_SENT = Metric("ws_frames_sent", Kind.COUNTER, ("socket",), "frames that went out, PINGs included")
HANDLER_ERRORS = Metric(
    "ws_handler_errors", Kind.COUNTER, ("socket",), "calls to handlers and taps that raised"
)
DIALS = Metric("ws_dials", Kind.COUNTER, ("socket",), "attempts to connect")
DISCONNECTS = Metric("ws_disconnects", Kind.COUNTER, ("socket",), "open connections that ended")
PING_ROUND_TRIP = Metric("ws_ping_round_trip", Kind.LATENCY, ("socket",), "from a PING to its PONG")
RECOVERY = Metric("ws_recovery", Kind.LATENCY, ("socket",), "from a lost connection to the next live one")
REST_LATENCY = Metric(
    "rest_latency", Kind.LATENCY, ("endpoint",), "from sending a request to its whole answer"
)
REST_ANSWERS = Metric("rest_answers", Kind.COUNTER, ("endpoint", "status"), "answers by HTTP status")
REST_FAILURES = Metric("rest_failures", Kind.COUNTER, ("endpoint", "kind"), "attempts without an answer")
REST_RETRIES = Metric("rest_retries", Kind.COUNTER, ("endpoint",), "attempts after the first")
FRAMES_REFUSED = Metric(
    "ws_frames_refused", Kind.COUNTER, ("socket", "type"), "frames that do not fit the protocol"
)
PLACE_CONFIRMED = Metric(
    "order_place_confirmed", Kind.LATENCY, (), "from the call that places to VALR's word on the order"
)
CANCEL_CONFIRMED = Metric(
    "order_cancel_confirmed", Kind.LATENCY, (), "from the call that cancels to VALR's word on the order"
)
ORDERS_UNTRACKED = Metric(
    "orders_untracked", Kind.COUNTER, ("handling",), "open orders of the account that are not known here"
)
ORDERS_ZOMBIE = Metric(
    "orders_zombie", Kind.COUNTER, ("handling",), "orders that ended here and that VALR shows open"
)
CALLBACK_ERRORS = Metric(
    "event_callback_errors", Kind.COUNTER, ("event",), "subscribers' callbacks that raised"
)
LIMIT_WAIT = Metric(
    "limit_wait", Kind.LATENCY, ("lane",), "time that requests waited for room in VALR's limits"
)
LIMIT_THROTTLED = Metric(
    "limit_throttled", Kind.COUNTER, ("operation",), "requests not sent, for want of room in VALR's limits"
)
LIMIT_REFUSED = Metric("limit_refused", Kind.COUNTER, ("operation",), "requests that VALR's limits refused")
BOOK_BREAKS = Metric("book_breaks", Kind.COUNTER, ("pair",), "frames that proved a book wrong")
BOOK_RESYNCS = Metric("book_resyncs", Kind.COUNTER, ("pair",), "books that were asked for anew")
BOOK_RECOVERY = Metric("book_recovery", Kind.LATENCY, (), "from a book's becoming invalid to its next use")
CIRCUIT_STATE = Metric(
    "circuit_state", Kind.GAUGE, ("path",), "circuit breaker of a way to VALR: 0 closed, 1 half-open, 2 open"
)
CIRCUIT_OPENED = Metric("circuit_opened", Kind.COUNTER, ("path",), "times that a circuit breaker opened")
CLOCK_OFFSET = Metric("clock_offset", Kind.GAUGE, (), "VALR's time minus this machine's, seconds")
PART_RESTARTS = Metric("part_restarts", Kind.COUNTER, ("part",), "parts started again after an error")
STANDBY_TOLD = Metric(
    "standby_told", Kind.COUNTER, (), "frames that the standby alone brought, or brought first"
)
EVENTS_DROPPED = Metric("events_dropped", Kind.COUNTER, (), "events that a full stream had no room for")

CATALOGUE: Final = (
    FRAMES_RECEIVED, FRAMES_SENT, HANDLER_ERRORS,
    DIALS, DISCONNECTS, PING_ROUND_TRIP, RECOVERY,
    REST_LATENCY, REST_ANSWERS, REST_FAILURES, REST_RETRIES,
    FRAMES_REFUSED, PLACE_CONFIRMED, CANCEL_CONFIRMED, ORDERS_UNTRACKED, ORDERS_ZOMBIE,
    LIMIT_WAIT, LIMIT_THROTTLED, LIMIT_REFUSED,
    BOOK_BREAKS, BOOK_RESYNCS, BOOK_RECOVERY,
    CIRCUIT_STATE, CIRCUIT_OPENED, CLOCK_OFFSET, PART_RESTARTS, STANDBY_TOLD,
    CALLBACK_ERRORS, EVENTS_DROPPED,
)  # fmt: skip
"""Every metric of the library."""


@dataclass(slots=True)
class Counter:
    """A number that only rises."""

    value: int = 0

    def add(self, count: int = 1) -> None:
        self.value += count


@dataclass(slots=True)
class Gauge:
    """A number that is set."""

    value: float = 0.0

    def set(self, value: float) -> None:
        self.value = value


Value = int | float | LatencySummary
Instrument = TypeVar("Instrument", Counter, Gauge, LatencyHistogram)


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at one moment."""

    metric: Metric
    labels: tuple[str, ...]
    value: Value

    @property
    def key(self) -> str:
        """``name{label=value}``, or the bare name where the metric has no labels."""
        pairs = ",".join(f"{name}={text}" for name, text in zip(self.metric.labels, self.labels, strict=True))
        return f"{self.metric.name}{{{pairs}}}" if pairs else self.metric.name


_Series = tuple[Metric, tuple[str, ...]]


class Metrics:
    """All instruments of one connector. Asking twice for the same series gives the same instrument."""

    def __init__(self) -> None:
        self._counters: dict[_Series, Counter] = {}
        self._gauges: dict[_Series, Gauge] = {}
        self._latencies: dict[_Series, LatencyHistogram] = {}
        self._series: dict[Metric, int] = {}

    def counter(self, metric: Metric, *labels: str) -> Counter:
        """The counter of one series.

        Raises:
            InvalidArgumentError: the metric is no counter, or the labels do not fit it.
        """
        return self._instrument(self._counters, Counter, Kind.COUNTER, metric, labels)

    def gauge(self, metric: Metric, *labels: str) -> Gauge:
        """The gauge of one series; raises like :meth:`counter`."""
        return self._instrument(self._gauges, Gauge, Kind.GAUGE, metric, labels)

    def latency(self, metric: Metric, *labels: str) -> LatencyHistogram:
        """The histogram of one series; raises like :meth:`counter`."""
        return self._instrument(self._latencies, LatencyHistogram, Kind.LATENCY, metric, labels)

    def samples(self) -> Iterator[Sample]:
        """Every series at this moment, for exporters."""
        for (metric, labels), counter in self._counters.items():
            yield Sample(metric, labels, counter.value)
        for (metric, labels), gauge in self._gauges.items():
            yield Sample(metric, labels, gauge.value)
        for (metric, labels), histogram in self._latencies.items():
            yield Sample(metric, labels, histogram.summary())

    def histograms(self) -> Iterator[tuple[Metric, tuple[str, ...], LatencyHistogram]]:
        """Every latency's series: its metric, its labels and the histogram itself, to be read only."""
        for (metric, labels), histogram in self._latencies.items():
            yield metric, labels, histogram

    def snapshot(self) -> dict[str, Value]:
        """Every series at this moment by its :attr:`Sample.key`. What was never asked for is not in it."""
        return {sample.key: sample.value for sample in self.samples()}

    def _instrument(
        self,
        store: dict[_Series, Instrument],
        make: type[Instrument],
        kind: Kind,
        metric: Metric,
        labels: tuple[str, ...],
    ) -> Instrument:
        found = store.get((metric, labels))
        if found is not None:
            return found
        if metric.kind is not kind:
            raise InvalidArgumentError("metric", metric.name, f"is a {metric.kind}, not a {kind}")
        if len(labels) != len(metric.labels):
            raise InvalidArgumentError("labels", labels, f"{metric.name} has the labels {metric.labels}")
        known = self._series.get(metric, 0)
        if known >= MOST_SERIES:
            return store.setdefault((metric, (OTHER,) * len(labels)), make())
        self._series[metric] = known + 1
        return store.setdefault((metric, labels), make())
