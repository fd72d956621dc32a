"""What a served dashboard costs the event loop: processor time of one picture and of its JSON.

python -m benchmarks.dashboard_picture
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec

from valr_connector.cli.demo_trading import demo_trading
from valr_connector.dashboard.server import INTERVAL_S
from valr_connector.dashboard.watch import Watch

TRADING_S: Final = 10.0
TIMES: Final = 200


def milliseconds(act: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for _ in range(TIMES):
        act()
    return (time.process_time() - began) / TIMES * 1000


async def main() -> None:
    """Measure in the demo, after it has traded for a while."""
    async with demo_trading("BTC-ZAR", refresh_s=0.1) as (valr, _):
        watch = Watch(valr, title="the embedded exchange")
        await asyncio.sleep(TRADING_S)
        picture = watch.take()
        taking, encoding = milliseconds(watch.take), milliseconds(lambda: msgspec.json.encode(picture))
        size = len(msgspec.json.encode(picture))
    share = (taking + encoding) / (INTERVAL_S * 1000)
    print(f"a picture takes {taking:.2f} ms, its JSON {encoding:.2f} ms ({size / 1000:.0f} kB)")
    print(f"one every {INTERVAL_S} s takes {share:.2%} of a processor")


if __name__ == "__main__":
    asyncio.run(main())
