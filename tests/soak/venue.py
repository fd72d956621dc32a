"""The embedded exchange as a process of its own: time and memory of the other one are the library's alone.

    python -m tests.soak.venue SETTINGS

SETTINGS is JSON: fields of `SimulatorSettings`, with `history_limit` for the account beside them. The first
line that it writes says where it listens and with which key; after that each line that it reads is answered
by what it has counted. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import orjson

from valr_connector import Hosts
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.limits import RateLimiter
from valr_connector.simulator.settings import RateLimits, SimulatorSettings
from valr_connector.simulator.vocabulary import AccountTrade, BuyOrSell, NewOrder

ROOT = Path(__file__).resolve().parents[2]
TRADER = "soak"
"""The account that is traded with; it may have a bounded history."""
RIVAL = "rival"
STILL_S = 0.005
_RICH = {"ZAR": Decimal(10**12), "BTC": Decimal(10**6), "ETH": Decimal(10**6)}


class PeakLimiter(RateLimiter):
    """VALR's limits, with the fullest window of each remembered."""

    def __init__(self, limits: RateLimits | None) -> None:
        super().__init__(limits)
        self.peaks: Counter[str] = Counter()

    def _admit(self, windows: Sequence[Any], address: str, key: str, now_ns: int) -> float:
        wait_s = super()._admit(windows, address, key, now_ns)
        for (name, _), (_, count) in self._counts.items():
            self.peaks[name] = max(self.peaks[name], count)
        return wait_s


class VenueProcess:
    """A running venue, seen from another process."""

    def __init__(self, process: Process, greeting: Mapping[str, Any]) -> None:
        self.hosts = Hosts.model_validate(greeting["hosts"])
        self.key: str = greeting["key"]
        self.secret: str = greeting["secret"]
        self._process = process

    async def ask(self, **order: Any) -> dict[str, Any]:
        """What the venue has counted; `take`, a side, has a rival take so many orders of it first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(order) + b"\n")
        answer: dict[str, Any] = orjson.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def venue_process(**settings: Any) -> AsyncIterator[VenueProcess]:
    """A venue in a process of its own, with these settings."""
    command = [sys.executable, "-m", "tests.soak.venue", orjson.dumps(settings).decode()]
    process = await create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield VenueProcess(process, orjson.loads(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()


class _Served:
    """The exchange in this process."""

    def __init__(self, settings: SimulatorSettings, history_limit: int | None) -> None:
        self.exchange = EmbeddedExchange(settings, rng=Random(1))
        self.limits = self.exchange._floor.limits = PeakLimiter(settings.rate_limits)
        for account in (TRADER, RIVAL):
            self.exchange.venue.open_account(
                account,
                _RICH,
                maker_percent=settings.maker_percent,
                taker_percent=settings.taker_percent,
                history_limit=history_limit,
            )
        self.fills = 0
        self.stalled_s = 0.0
        self.exchange.venue.listen(self._hear)

    def greeting(self) -> dict[str, Any]:
        key, at = self.exchange.add_api_key(TRADER), self.exchange.endpoints
        hosts = {"rest": at.rest, "account_socket": at.ws_account, "trade_socket": at.ws_trade}
        return {"hosts": hosts, "key": key.key, "secret": key.secret}

    def take(self, take: int = 0) -> dict[str, Any]:
        venue, stats = self.exchange.venue, self.exchange.stats
        for order in venue.open_orders(TRADER)[:take]:
            side: BuyOrSell = "sell" if order.request.side == "buy" else "buy"
            request = NewOrder(
                symbol=order.symbol,
                side=side,
                kind="limit",
                quantity=order.remaining_quantity,
                price=order.price,
                time_in_force="IOC",
            )
            venue.process(venue.accept(RIVAL, request).order_id)
        return {
            "accepted": stats.orders_accepted[TRADER],
            "open": len(venue.open_orders(TRADER)),
            "fills": self.fills,
            "rate_limited": stats.rate_limited,
            "stalled_ms": self.stalled_s * 1_000,
            "peaks": dict(self.limits.peaks),
            "commands": {name: n for (socket, name), n in stats.frames_in.items() if socket == "account"},
        }

    async def watch(self) -> None:
        """Note how much later this process gets to do something than it ought to."""
        now = asyncio.get_running_loop().time
        while True:
            due = now() + STILL_S
            await asyncio.sleep(STILL_S)
            self.stalled_s = max(self.stalled_s, now() - due)

    def _hear(self, event: object) -> None:
        self.fills += isinstance(event, AccountTrade) and event.account_id == TRADER


async def main(settings: str) -> None:
    """Serve until standard input ends."""
    chosen = orjson.loads(settings)
    history_limit = chosen.pop("history_limit", None)
    if chosen.pop("unlimited", False):
        chosen["rate_limits"] = None
    served = _Served(SimulatorSettings(**chosen), history_limit)
    questions = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(questions), sys.stdin
    )
    async with served.exchange:
        watcher = asyncio.create_task(served.watch())
        _write(served.greeting())
        while question := await questions.readline():
            _write(served.take(**orjson.loads(question)))
        watcher.cancel()


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
