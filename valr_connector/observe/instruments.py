"""What counts, in memory: counters, gauges and latency histograms, and the one place that holds them all.

Whoever counts asks once for the instrument (``metrics.counter(...)``) and keeps it; counting is then an
addition. What is anyhow known somewhere is not counted twice: it is read when somebody looks
(:meth:`Metrics.watch`), and costs nothing before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar

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


@dataclass(slots=True, eq=False)
class Counter:
    """A number that only rises."""

    value: int = 0

    def add(self, count: int = 1) -> None:
        self.value += count


@dataclass(slots=True, eq=False)
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


Reading = Callable[[], Iterable[tuple[tuple[str, ...], float]]]
"""Reads a gauge when somebody looks: the label values of each of its series, and the figure."""


class MetricSource(Protocol):
    """What an exporter reads: the one thing it has to know of where the figures come from."""

    def numbers(self) -> Iterator[tuple[Metric, tuple[str, ...], float]]:
        """Every series of a counter or gauge: metric, labels and figure."""

    def histograms(self) -> Iterator[tuple[Metric, tuple[str, ...], LatencyHistogram]]:
        """Every series of a latency: metric, labels and the histogram itself, to be read only."""


_Series = tuple[Metric, tuple[str, ...]]


class Metrics:
    """All instruments of one connector. Asking twice for the same series gives the same instrument."""

    def __init__(self) -> None:
        self._counters: dict[_Series, Counter] = {}
        self._gauges: dict[_Series, Gauge] = {}
        self._latencies: dict[_Series, LatencyHistogram] = {}
        self._series: dict[Metric, int] = {}
        self._readings: dict[Metric, Reading] = {}

    def counter(self, metric: Metric, *labels: str) -> Counter:
        """The counter of one series.

        Raises:
            InvalidArgumentError: the metric is no counter, or the labels do not fit it.
        """
        found = self._counters.get((metric, labels))
        return found or self._new(self._counters, Counter, Kind.COUNTER, metric, labels)

    def gauge(self, metric: Metric, *labels: str) -> Gauge:
        """The gauge of one series; raises like :meth:`counter`."""
        found = self._gauges.get((metric, labels))
        return found or self._new(self._gauges, Gauge, Kind.GAUGE, metric, labels)

    def latency(self, metric: Metric, *labels: str) -> LatencyHistogram:
        """The histogram of one series; raises like :meth:`counter`."""
        found = self._latencies.get((metric, labels))
        return found or self._new(self._latencies, LatencyHistogram, Kind.LATENCY, metric, labels)

    def watch(self, metric: Metric, read: Reading) -> None:
        """Have a gauge read by `read` whenever somebody looks; a later call replaces an earlier one.

        Raises:
            InvalidArgumentError: the metric is no gauge.
        """
        if metric.kind is not Kind.GAUGE:
            raise _other_kind(metric, Kind.GAUGE)
        self._readings[metric] = read

    def numbers(self) -> Iterator[tuple[Metric, tuple[str, ...], float]]:
        """Every series of a counter or gauge: metric, labels and figure."""
        for (metric, labels), counter in self._counters.items():
            yield metric, labels, counter.value
        for (metric, labels), gauge in self._gauges.items():
            yield metric, labels, gauge.value
        for metric, read in self._readings.items():
            for labels, value in read():
                yield metric, labels, value

    def histograms(self) -> Iterator[tuple[Metric, tuple[str, ...], LatencyHistogram]]:
        """Every series of a latency: metric, labels and the histogram itself, to be read only."""
        for (metric, labels), histogram in self._latencies.items():
            yield metric, labels, histogram

    def samples(self) -> Iterator[Sample]:
        """Every series at this moment, latencies summed up."""
        for metric, labels, value in self.numbers():
            yield Sample(metric, labels, value)
        for metric, labels, histogram in self.histograms():
            yield Sample(metric, labels, histogram.summary())

    def snapshot(self) -> dict[str, Value]:
        """Every series at this moment by its :attr:`Sample.key`. What was never asked for is not in it."""
        return {sample.key: sample.value for sample in self.samples()}

    def _new(
        self,
        store: dict[_Series, Instrument],
        make: type[Instrument],
        kind: Kind,
        metric: Metric,
        labels: tuple[str, ...],
    ) -> Instrument:
        if metric.kind is not kind:
            raise _other_kind(metric, kind)
        if len(labels) != len(metric.labels):
            raise InvalidArgumentError("labels", labels, f"{metric.name} has the labels {metric.labels}")
        known = self._series.get(metric, 0)
        if known >= MOST_SERIES:
            return store.setdefault((metric, (OTHER,) * len(labels)), make())
        self._series[metric] = known + 1
        return store.setdefault((metric, labels), make())


def _other_kind(metric: Metric, kind: Kind) -> InvalidArgumentError:
    return InvalidArgumentError("metric", metric.name, f"is a {metric.kind}, not a {kind}")
