"""A headless Chromium, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

_PROGRAMS: Final = ("chromium", "google-chrome")
_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
_START_S: Final = 30.0
_ANSWER_S: Final = 20.0
_LARGEST_ANSWER: Final = 64 * 1024 * 1024


class Tab:
    """One page of the browser.

    Attributes:
        complaints: errors and warnings that the page or the browser wrote to the console.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []

    async def read(self) -> None:
        """Take what the browser sends until it is gone."""
        async for message in self._connection:
            told = json.loads(message)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            else:
                self._note(told["method"], told["params"])

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command, and its answer."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(_ANSWER_S):
            answer = await self._answers[number]
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str, *, width: int = 1440, height: int = 1100, scheme: str = "light") -> None:
        """Go to an address, in a window of that size and colour scheme."""
        for domain in ("Page", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.look(width=width, height=height, scheme=scheme)
        await self.call("Page.navigate", url=url)

    async def look(self, *, width: int, height: int, scheme: str) -> None:
        """Change size and colour scheme."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", features=[feature])

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression: str, patience_s: float = 15.0) -> None:
        """Wait until an expression holds in the page."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not await self.evaluate(expression):
            assert asyncio.get_running_loop().time() < deadline, f"never came true: {expression}"
            await asyncio.sleep(0.05)

    async def text(self, selector: str) -> str:
        """What stands in the first element that a selector finds."""
        found = await self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return str(found)

    async def screenshot(self) -> bytes:
        """What the window shows, as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Tab]:
    """A browser with an empty profile in `folder`, and its only tab."""
    with _running(folder):
        url = await _page_url(await _port(folder / "DevToolsActivePort"))
        async with connect(url, max_size=_LARGEST_ANSWER) as connection:
            tab = Tab(connection)
            reading = asyncio.create_task(tab.read())
            try:
                yield tab
            finally:
                reading.cancel()
                await asyncio.wait([reading])


@contextmanager
def _running(folder: Path) -> Iterator[None]:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    assert program is not None, "Chromium is not installed; make browser installs it"
    command = [program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


async def _port(file: Path) -> int:
    """Chromium writes down where it listens."""
    async with asyncio.timeout(_START_S):
        while (port := _first_line(file)) is None:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)
    return int(port)


def _first_line(file: Path) -> str | None:
    """Of a file that is complete when it has two of them."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return lines[0] if len(lines) > 1 else None


async def _page_url(port: int) -> str:
    """Where the first tab is driven."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/json/list") as answer,
    ):
        tabs = await answer.json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
