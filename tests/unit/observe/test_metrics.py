"""Counters, gauges and latency histograms, in memory."""

from __future__ import annotations

import re

import pytest

from valr_connector.errors import InvalidArgumentError
from valr_connector.observe import metrics as m
from valr_connector.observe.latency import LatencySummary

DEPTH = m.Metric("depth", m.Kind.GAUGE, ("pair",), "a gauge for these tests")


def test_a_counter_adds_up() -> None:
    metrics = m.Metrics()
    metrics.counter(m.DIALS, "account").add()
    metrics.counter(m.DIALS, "account").add(2)
    metrics.counter(m.DIALS, "trade").add()
    assert metrics.snapshot() == {"ws_dials{socket=account}": 3, "ws_dials{socket=trade}": 1}


def test_a_gauge_keeps_what_was_set_last() -> None:
    metrics = m.Metrics()
    metrics.gauge(DEPTH, "BTC-ZAR").set(3)
    metrics.gauge(DEPTH, "BTC-ZAR").set(1.5)
    assert metrics.snapshot() == {"depth{pair=BTC-ZAR}": 1.5}


def test_a_latency_is_summed_up() -> None:
    metrics = m.Metrics()
    metrics.latency(m.REST_LATENCY, "GET /v1/read").record(100)
    summary = metrics.snapshot()["rest_latency{endpoint=GET /v1/read}"]
    assert isinstance(summary, LatencySummary)
    assert (summary.count, summary.p50_ns) == (1, 100)


def test_a_metric_without_labels_goes_by_its_name() -> None:
    metrics = m.Metrics()
    metrics.counter(m.EVENTS_DROPPED).add()
    assert metrics.snapshot() == {"events_dropped": 1}


def test_several_labels_stand_in_their_order() -> None:
    metrics = m.Metrics()
    metrics.counter(m.REST_ANSWERS, "GET /x", "200").add()
    assert metrics.snapshot() == {"rest_answers{endpoint=GET /x,status=200}": 1}


def test_asking_twice_gives_the_same_instrument() -> None:
    metrics = m.Metrics()
    assert metrics.counter(m.DIALS, "account") is metrics.counter(m.DIALS, "account")


def test_two_sets_of_metrics_share_nothing() -> None:
    first, second = m.Metrics(), m.Metrics()
    first.counter(m.DIALS, "account").add()
    assert second.snapshot() == {}


def test_a_snapshot_does_not_change_any_more() -> None:
    metrics = m.Metrics()
    counter = metrics.counter(m.DIALS, "account")
    snapshot = metrics.snapshot()
    counter.add()
    assert snapshot == {"ws_dials{socket=account}": 0}


def test_an_instrument_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="metric='ws_dials': is a counter, not a gauge"):
        m.Metrics().gauge(m.DIALS, "account")


@pytest.mark.parametrize("labels", [(), ("account", "more")])
def test_labels_that_do_not_fit_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArgumentError, match=r"ws_dials has the labels \('socket',\)"):
        m.Metrics().counter(m.DIALS, *labels)


def test_labels_from_the_wire_cannot_fill_the_memory() -> None:
    metrics = m.Metrics()
    for number in range(m.MOST_SERIES + 50):
        metrics.counter(m.CALLBACK_ERRORS, f"Kind{number}").add()
    snapshot = metrics.snapshot()
    assert len(snapshot) == m.MOST_SERIES + 1
    assert snapshot["event_callback_errors{event=other}"] == 50


def test_every_metric_of_the_module_stands_in_the_catalogue_once() -> None:
    defined = [value for value in vars(m).values() if isinstance(value, m.Metric)]
    assert sorted(metric.name for metric in m.CATALOGUE) == sorted(metric.name for metric in defined)
    assert len({metric.name for metric in defined}) == len(defined)


def test_every_metric_says_what_it_means_and_can_be_exported() -> None:
    for metric in m.CATALOGUE:
        assert metric.meaning
        assert re.fullmatch(r"[a-z_]+", metric.name)
        assert all(re.fullmatch(r"[a-z]+", label) for label in metric.labels)


def test_histograms_can_be_read_as_they_are() -> None:
    metrics = m.Metrics()
    ping = metrics.latency(m.PING_ROUND_TRIP, "account")
    metrics.counter(m.FRAMES_SENT, "account")

    assert list(metrics.histograms()) == [(m.PING_ROUND_TRIP, ("account",), ping)]


def test_a_watched_gauge_is_read_whenever_somebody_looks() -> None:
    metrics, waiting = m.Metrics(), [1]
    metrics.watch(m.EVENTS_WAITING, lambda: [((), len(waiting))])
    before = metrics.snapshot()
    waiting.append(2)
    assert (before, metrics.snapshot()) == ({"events_waiting": 1}, {"events_waiting": 2})


def test_what_is_no_gauge_cannot_be_watched() -> None:
    with pytest.raises(InvalidArgumentError, match="metric='ws_dials': is a counter, not a gauge"):
        m.Metrics().watch(m.DIALS, list)
