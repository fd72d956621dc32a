"""Takes the picture of `valr top` in docs/operations: ``python -m tests.cli.top_screenshot``."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from valr_connector.cli.demo_trading import demo_trading
from valr_connector.cli.picture_source import own_pictures
from valr_connector.cli.top import TopApp
from valr_connector.dashboard.watch import Watch

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "operations" / "top.svg"
SIZE: Final = (150, 46)
TRADING_S: Final = 25.0
_FONTS_FROM_ELSEWHERE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)


async def picture(trading_s: float = TRADING_S) -> str:
    """What the terminal shows after the demo has traded for a while, as SVG."""
    async with demo_trading("BTC-ZAR") as (valr, _):
        app = TopApp(own_pictures(Watch(valr, title="the embedded exchange")))
        async with app.run_test(size=SIZE) as pilot:
            await asyncio.sleep(trading_s)
            await pilot.pause()
            shown = app.export_screenshot(title="valr top --demo")
    return without_fonts_from_elsewhere(shown)


def without_fonts_from_elsewhere(svg: str) -> str:
    """Whoever looks at the picture asks nobody else."""
    return _FONTS_FROM_ELSEWHERE.sub("", svg)


if __name__ == "__main__":
    FILE.write_text(asyncio.run(picture()))
