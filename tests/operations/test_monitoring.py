"""What the Grafana dashboard and the alert rules name exists."""

from __future__ import annotations

import re

from tests.operations.monitoring import ALERTS, alert_queries, panel_queries, panels
from valr_connector.observe.metrics import CATALOGUE, Kind
from valr_connector.observe.prometheus import exported_name

SERIES = {
    f"{exported_name(metric)}{ending}": metric
    for metric in CATALOGUE
    for ending in (("_bucket", "_sum", "_count") if metric.kind is Kind.LATENCY else ("",))
}
GIVEN_BY_PROMETHEUS = {"instance", "job", "le"}
QUERIES = panel_queries() + alert_queries()


def test_every_metric_of_a_query_exists() -> None:
    for query in QUERIES:
        named = set(re.findall(r"\bvalr_\w+", query))
        assert named <= set(SERIES), query
        assert named or query == 'up{job="valr"} == 0'


def test_every_label_of_a_query_is_one_of_its_metrics() -> None:
    for query in QUERIES:
        groups = re.findall(r"by \(([^)]*)\)", query)
        grouped = {label.strip() for group in groups for label in group.split(",")}
        labels = {label for name in re.findall(r"\bvalr_\w+", query) for label in SERIES[name].labels}
        assert grouped <= labels | GIVEN_BY_PROMETHEUS, query


def test_every_label_that_an_alert_tells_is_there() -> None:
    rules = ALERTS.read_text().split("- alert: ")[1:]
    for rule in rules:
        told = set(re.findall(r"\$labels\.(\w+)", rule))
        labels = {label for name in re.findall(r"\bvalr_\w+", rule) for label in SERIES[name].labels}
        assert told <= labels | GIVEN_BY_PROMETHEUS, rule


def test_the_first_of_a_series_is_no_increase_to_prometheus_and_wakes_somebody_all_the_same() -> None:
    for query in alert_queries():
        for name in re.findall(r"increase\((\w+)\[10m\]\) > 0", query):
            assert not SERIES[name].labels or f"({name} > 0 unless {name} offset 10m)" in query, query


def test_panels_do_not_lie_upon_each_other() -> None:
    cells = [
        (x, y)
        for panel in panels()
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels()}) == len(panels())
