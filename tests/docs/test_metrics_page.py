"""The page on metrics names every metric as Prometheus is told it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from valr_connector.observe.metrics import CATALOGUE
from valr_connector.observe.prometheus import exported_name

PAGE = (Path(__file__).parents[2] / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8")


def test_every_metric_has_its_row_with_its_labels_and_its_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [(name, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, labels, meaning in rows] == [
        (exported_name(metric), metric.labels, metric.meaning) for metric in CATALOGUE
    ]
