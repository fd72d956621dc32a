"""A market maker with a journal, as a process of its own that can be killed: run by `tests.soak.kill_maker`.

    python -m tests.soak.maker HOSTS JOURNAL

HOSTS is JSON for `Hosts`; the key comes from the environment. Whatever it is told of orders goes to standard
output, one line of JSON each, handed to the operating system at once. SIGTERM ends it in good order.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path

import orjson

from valr_connector import (
    FillAmended,
    Hosts,
    InFlightOrder,
    OrderEvent,
    OrderFilled,
    Restored,
    Settings,
    ValrExchange,
)
from valr_connector.cli.maker_example import load_market_maker
from valr_connector.model.order import Fill

PAIR = "BTC-ZAR"
QUIET_S = 10.0


class Speaker:
    """Says what it is told.

    Attributes:
        complete: set while everything has ended, with all its fills.
    """

    def __init__(self) -> None:
        self.complete = asyncio.Event()
        self.complete.set()
        self._incomplete: set[str] = set()

    def say(self, event: str, **said: object) -> None:
        os.write(sys.stdout.fileno(), orjson.dumps({"event": event, **said}) + b"\n")

    def hear(self, event: OrderEvent) -> None:
        order = event.order
        self._note_completeness(order)
        fills: list[Fill] = []
        if isinstance(event, Restored):
            fills += order.fills
        elif isinstance(event, OrderFilled | FillAmended):
            fills.append(event.fill)
        self.say(
            type(event).__name__,
            order=order.client_order_id,
            status=order.status,
            fills={fill.trade_id: _fee(fill) for fill in fills},
        )

    def _note_completeness(self, order: InFlightOrder) -> None:
        if order.is_done and order.has_all_fills:
            self._incomplete.discard(order.client_order_id)
        else:
            self._incomplete.add(order.client_order_id)
        if self._incomplete:
            self.complete.clear()
        else:
            self.complete.set()


def _fee(fill: Fill) -> list[str] | None:
    return None if fill.fee is None else [str(fill.fee.amount.normalize()), fill.fee.currency]


async def main(hosts: str, journal: str) -> None:
    """Quote until SIGTERM, then cancel everything and wait until every fill is known."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings(
        hosts=Hosts.model_validate_json(hosts),
        place_timeout_s=0.5,
        cancel_timeout_s=0.5,
        not_found_grace_s=0.5,
    )
    valr = ValrExchange.from_env(pairs=[PAIR], settings=settings, journal=Path(journal))
    speaker = Speaker()
    valr.on(OrderEvent, speaker.hear)
    speaker.say("starting")
    async with valr:
        speaker.say("ready")
        maker = load_market_maker()(
            valr,
            pair=PAIR,
            spread=Decimal(4),
            amount=Decimal("0.001"),
            refresh_s=0.01,
            max_position=Decimal(1),
            skew=Decimal(1),
        )
        await maker.run(stop)
        async with asyncio.timeout(QUIET_S):
            await speaker.complete.wait()
    speaker.say("closed")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
