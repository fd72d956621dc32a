"""Takes the screenshots of docs/operations: ``python -m tests.browser.screenshots``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from tests.browser.chromium import Tab, chromium
from valr_connector.cli.demo_trading import demo_trading
from valr_connector.dashboard.server import HOST, DashboardServer
from valr_connector.dashboard.watch import Watch

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "operations"
TRADING_S: Final = 40.0
WIDE: Final[dict[str, Any]] = {"width": 1440, "height": 1240, "scheme": "light"}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "dashboard-light": {**WIDE, "height": 1900},
    "dashboard-dark": {**WIDE, "scheme": "dark"},
    "dashboard-phone": {"width": 400, "height": 1240, "scheme": "light"},
}
_REDRAWN_S: Final = 1.0


async def pictures(tab: Tab, trading_s: float) -> AsyncIterator[tuple[str, bytes]]:
    """Let the demo trade for a while, and take every picture of it; the last one without a process."""
    async with demo_trading("BTC-ZAR") as (valr, exchange):
        server = DashboardServer(Watch(valr, title="the embedded exchange"), host=HOST, port=0, token=None)
        await server.start()
        await tab.open(server.url)
        await asyncio.sleep(trading_s)
        for name, look in LOOKS.items():
            await tab.look(**look)
            await asyncio.sleep(_REDRAWN_S)
            yield name, await tab.screenshot()
        await tab.look(**WIDE)
        await tab.evaluate("document.querySelector('.orders-card details').open = true")
        await tab.evaluate("document.querySelector('#ended tbody tr').click()")
        await tab.until("document.querySelector('#story').open")
        yield "dashboard-story", await tab.screenshot()
        await tab.evaluate("document.querySelector('#story').close()")
        await tab.evaluate("document.querySelector('.orders-card details').open = false")
        await exchange.stop()
        await tab.until("document.querySelector('#readiness').innerText === 'not ready'")
        await asyncio.sleep(_REDRAWN_S)
        yield "dashboard-disconnected", await tab.screenshot()
        await exchange.start()
        await tab.until("document.querySelector('#readiness').innerText === 'ready'", patience_s=60)
        await server.close()
    await tab.until("document.body.dataset.link === 'lost'")
    yield "dashboard-lost", await tab.screenshot()


async def main(folder: Path = FOLDER, trading_s: float = TRADING_S) -> None:
    """Write every picture into a folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with chromium(Path(profile)) as tab:
            async for name, picture in pictures(tab, trading_s):
                (folder / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    asyncio.run(main())
