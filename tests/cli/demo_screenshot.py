"""Takes the picture of the demo in the README: ``python -m tests.cli.demo_screenshot``."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.cli.top_screenshot import without_fonts_from_elsewhere
from valr_connector.cli.demo import DemoOptions, run_demo
from valr_connector.cli.demo_view import DemoMoment, DemoView, table

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "demo.svg"
COLUMNS: Final = 84


class LastMoment(DemoView):
    """Keeps the newest moment."""

    interval_s = 0.25
    moment: DemoMoment

    def show(self, moment: DemoMoment) -> None:
        self.moment = moment


async def picture(seconds: float = 30) -> str:
    """What `make demo` shows at its end, as SVG."""
    view = LastMoment()
    summary = await run_demo(DemoOptions(seconds, "BTC-ZAR", 0.5), view, asyncio.Event())
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print("$ make demo", table(view.moment), *summary.lines(), sep="\n", highlight=False)
    return without_fonts_from_elsewhere(console.export_svg(title="make demo"))


if __name__ == "__main__":
    FILE.write_text(asyncio.run(picture()))
