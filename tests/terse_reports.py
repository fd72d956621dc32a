"""How processes of pytest-xdist report what passed: in as few words as it takes.

Each test has three reports, and nearly all say no more than that nothing happened. As a whole, with
everything that a test is known by, they cost more than many a test.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

PASSED: Final = "passed, and nothing else"
_SAID: Final = ("nodeid", "location", "when", "duration", "start", "stop")
_ADDED_BY_XDIST: Final = ("item_index", "worker_id", "testrun_uid")


class TerseReports:
    """A plugin for all processes: those that run tests shorten reports, the one that shows them restores.

    What is restored has everything but the keywords, which nothing looks at after the collection.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_to_serializable(self, report: object) -> dict[str, Any] | None:
        """Shorten what passed without a word; everything else is left to pytest."""
        if type(report) is not pytest.TestReport or report.outcome != "passed" or _says_more(report):
            return None
        return {PASSED: [getattr(report, name) for name in _SAID]}

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> pytest.TestReport | None:
        """Restore what was shortened."""
        if PASSED not in data:
            return None
        said = dict(zip(_SAID, data[PASSED], strict=True))
        added = {name: data[name] for name in _ADDED_BY_XDIST}
        return pytest.TestReport(**said, **added, keywords={}, outcome="passed", longrepr=None)


def _says_more(report: pytest.TestReport) -> bool:
    return bool(report.longrepr or report.sections or report.user_properties) or hasattr(report, "wasxfail")
