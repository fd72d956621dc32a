"""The metrics as Prometheus reads them."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from valr_connector.observe import metrics as m
from valr_connector.observe.prometheus import BOUNDS_S, exported_name, exposition, serve_metrics


def series(text: bytes) -> dict[str, float]:
    """Every series by name and labels."""
    return {
        sample.name
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_metric_of_the_catalogue_is_declared_with_its_meaning() -> None:
    families = {
        family.name: family for family in text_string_to_metric_families(exposition(m.Metrics()).decode())
    }
    for metric in m.CATALOGUE:
        family = families[exported_name(metric).removesuffix("_total")]
        assert family.documentation == metric.meaning
        assert family.type == ("histogram" if metric.kind is m.Kind.LATENCY else metric.kind.value)


def test_counters_and_gauges_stand_with_their_labels() -> None:
    metrics = m.Metrics()
    metrics.counter(m.DIALS, "account").add(2)
    metrics.gauge(m.CLOCK_OFFSET).set(-0.25)
    metrics.watch(m.ORDERS_UNKNOWN, lambda: [((), 3)])
    found = series(exposition(metrics))
    assert found["valr_ws_dials_total socket=account"] == 2
    assert (found["valr_clock_offset"], found["valr_orders_unknown"]) == (-0.25, 3)


def test_a_latency_is_a_histogram_in_seconds() -> None:
    metrics = m.Metrics()
    for duration_ns in (40_000, 3_000_000, 60_000_000_000):
        metrics.latency(m.PLACE_CONFIRMED).record(duration_ns)
    found = series(exposition(metrics))
    name = "valr_order_place_confirmed_seconds"
    assert [found[f"{name}_bucket le={bound}"] for bound in ("5e-05", "0.0025", "0.005", "30.0", "+Inf")] == [
        1, 1, 2, 2, 3,
    ]  # fmt: skip
    assert found[f"{name}_count"] == 3
    assert found[f"{name}_sum"] == pytest.approx(60.00304)
    assert list(BOUNDS_S) == sorted(BOUNDS_S)


async def test_a_port_serves_them_while_the_block_lasts() -> None:
    metrics = m.Metrics()
    async with serve_metrics(metrics, port=0) as port, aiohttp.ClientSession() as session:
        metrics.counter(m.DIALS, "trade").add()
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.content_type == "text/plain"
            assert series(await answer.read())["valr_ws_dials_total socket=trade"] == 1
