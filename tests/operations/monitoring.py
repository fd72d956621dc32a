"""The queries of the Grafana dashboard and of the alert rules, as they stand in docs/operations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "operations"
ALERTS: Final = FOLDER / "alerts.yml"
DASHBOARD: Final = FOLDER / "grafana-dashboard.json"
_EXPRESSION: Final = re.compile(r"^\s+expr: (.+)$", re.MULTILINE)


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def panel_queries() -> list[str]:
    """Every query of every panel, with what Grafana fills in filled in."""
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [query.replace("$__rate_interval", "1m").replace("$instance", ".*") for query in queries]


def alert_queries() -> list[str]:
    """The condition of every alert."""
    return _EXPRESSION.findall(ALERTS.read_text())
