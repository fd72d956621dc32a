"""The metrics as Prometheus reads them: ``valr_`` before the name.

Counters end in ``_total``, latencies are histograms in ``_seconds``; gauges have no ending. Needs the extra
``valr-connector[prometheus]``; nothing else imports this module before it is wanted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector, CollectorRegistry

from valr_connector.observe.latency import LatencyHistogram
from valr_connector.observe.metrics import CATALOGUE, Kind, Metric, MetricSource

BOUNDS_S: Final = (
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Upper bounds of the buckets of every latency, seconds."""
_NS_PER_S: Final = 1_000_000_000
_BOUNDS_NS: Final = tuple(round(bound * _NS_PER_S) for bound in BOUNDS_S)
_UNITS: Final = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.LATENCY: "_seconds"}


def exported_name(metric: Metric) -> str:
    """What a metric is called at Prometheus; the series of a latency have one more ending."""
    return f"valr_{metric.name}{_UNITS[metric.kind]}"


class MetricsCollector(Collector):
    """One connector's metrics as a collector, for a registry of one's own.

    Collect on the thread of the event loop that the metrics belong to.
    """

    def __init__(self, metrics: MetricSource) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Family]:
        """Every metric there is, whether it was ever counted or not."""
        return [*_numbers().values(), *_latencies().values()]

    def collect(self) -> Iterable[Family]:
        """Every metric with its series at this moment."""
        numbers, latencies = _numbers(), _latencies()
        for metric, labels, value in self._metrics.numbers():
            numbers[metric].add_metric(labels, value)
        for metric, labels, histogram in self._metrics.histograms():
            total_s = histogram.total_ns / _NS_PER_S
            latencies[metric].add_metric(labels, _buckets(histogram), total_s)
        return [*numbers.values(), *latencies.values()]


def exposition(metrics: MetricSource) -> bytes:
    """The text that ``/metrics`` answers with."""
    registry = CollectorRegistry()
    registry.register(MetricsCollector(metrics))
    return generate_latest(registry)


@asynccontextmanager
async def serve_metrics(metrics: MetricSource, *, port: int, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Answer ``GET /metrics`` for as long as the block lasts; gives the port, which 0 leaves to the system.

    Raises:
        OSError: the port is taken.
    """

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=exposition(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/metrics", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _numbers() -> dict[Metric, CounterMetricFamily | GaugeMetricFamily]:
    makers = {Kind.COUNTER: CounterMetricFamily, Kind.GAUGE: GaugeMetricFamily}
    return {
        metric: makers[metric.kind](exported_name(metric), metric.meaning, labels=metric.labels)
        for metric in CATALOGUE
        if metric.kind in makers
    }


def _latencies() -> dict[Metric, HistogramMetricFamily]:
    return {
        metric: HistogramMetricFamily(exported_name(metric), metric.meaning, labels=metric.labels)
        for metric in CATALOGUE
        if metric.kind is Kind.LATENCY
    }


def _buckets(histogram: LatencyHistogram) -> list[tuple[str, float]]:
    counts = histogram.counts_up_to(_BOUNDS_NS)
    bounded = [(repr(bound), float(count)) for bound, count in zip(BOUNDS_S, counts, strict=True)]
    return [*bounded, ("+Inf", float(histogram.count))]
