"""Prometheus itself scrapes the demo, and answers what the dashboard and the alert rules ask."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.operations.monitoring import ALERTS, FOLDER, alert_queries, panel_queries
from valr_connector.cli.demo_trading import demo_trading
from valr_connector.observe.prometheus import serve_metrics

PROGRAMS = Path(__file__).resolve().parents[2] / ".venv" / "prometheus" / "usr" / "bin"
PATIENCE_S = 60.0
QUIET = (
    "_zombie",
    "_reconnects",
    "_untracked",
    "_book",
    "_dropped",
    "_unknown",
    "_questions",
    "_probes",
    "_restarts",
)
"""Parts of the names of what a healthy demo need not have counted."""


def program(name: str) -> str:
    path = PROGRAMS / name
    assert path.is_file(), f"{name} is not there; make prometheus fetches it"
    return str(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def prometheus(folder: Path, target_port: int) -> Iterator[str]:
    """Prometheus with the documented configuration, faster; gives its address."""
    settings = (FOLDER / "prometheus.yml").read_text()
    settings = settings.replace("scrape_interval: 5s", "scrape_interval: 500ms")
    settings = settings.replace("9464", str(target_port))
    (folder / "prometheus.yml").write_text(settings)
    shutil.copy(ALERTS, folder)
    port = free_port()
    command = [
        program("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


@asynccontextmanager
async def scraped_demo(folder: Path) -> AsyncIterator[Asking]:
    async with (
        demo_trading("BTC-ZAR", refresh_s=0.2) as (valr, _),
        serve_metrics(valr.metrics, port=0) as port,
        aiohttp.ClientSession() as session,
    ):
        with prometheus(folder, port) as address:
            yield Asking(session, address)


class Asking:
    """Puts queries."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def query(self, expression: str) -> list[Any]:
        """What a query gives now."""
        answer = await self.get("query", query=expression)
        assert answer["status"] == "success", (expression, answer)
        found: list[Any] = answer["data"]["result"]
        return found

    async def get(self, what: str, **parameters: str) -> dict[str, Any]:
        async with self._session.get(f"{self._address}/api/v1/{what}", params=parameters) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def until(self, expression: str) -> None:
        """Wait until a query gives something; Prometheus may not even listen yet."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if await self.query(expression):
                        return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.25)


def test_the_rules_are_what_prometheus_understands() -> None:
    checked = subprocess.run(
        [program("promtool"), "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_every_query_is_answered_with_data_of_the_running_demo(tmp_path: Path) -> None:
    async with scraped_demo(tmp_path) as asking:
        await asking.until("rate(valr_order_place_confirmed_seconds_count[1m]) > 0")
        await asking.until("rate(valr_order_cancel_confirmed_seconds_count[1m]) > 0")
        await asking.until("valr_ready == 1")
        empty = [query for query in panel_queries() if not await asking.query(query)]
        for query in alert_queries():
            await asking.query(query)
        rules = await asking.get("rules")

    assert [query for query in empty if not any(part in query for part in QUIET)] == []
    health = {rule["health"] for group in rules["data"]["groups"] for rule in group["rules"]}
    assert "err" not in health
