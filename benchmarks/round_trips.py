"""What the library adds to a round trip over loopback: placing and hearing of it.

    python -m benchmarks.round_trips [--calls 400] [--rounds 5]

The server is a process of its own. Bare is the least that one can do with `websockets`: send the same
command, wait for the same two frames, look at neither. The library places with `place_limit_order` and
returns when VALR's confirmation is applied. Bare and library take turns, some hundred calls each; the way
that is called fast is picows on uvloop against that same bare one. The last part has the library place while
10,000 other account frames arrive each second.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic_ns, perf_counter_ns
from typing import Final

from websockets.asyncio.client import connect as connect_bare

from benchmarks.account_line import PAIR, move_to, trader
from benchmarks.goals import Result, tell
from benchmarks.loopback import WAYS, Way, connect, loop_of, order_server
from benchmarks.machine import slowness
from benchmarks.order_frames import life, placed
from valr_connector import Fee, Liquidity, OrderCompleted, Side, ValrExchange
from valr_connector.core.evidence import Evidence, Says, Source, Trade
from valr_connector.model.ids import TradeId

MUST_P50, MUST_P99, AIM, AIM_FAST = 1.35, 1.6, 1.1, 0.8
MUST_LOADED_MS, AIM_LOADED_MS = 2.0, 0.6
FLOOD_PER_S = 10_000
WARM_UP = 50
CALL: Final = "call-"
"""How the ids of the orders begin that are placed here."""


COMMAND: Final = (
    b'{"type":"PLACE_LIMIT_ORDER","clientMsgId":"c-1","payload":{"side":"BUY","quantity":"0.01",'
    b'"price":"900000","pair":"BTCZAR","postOnly":true,"customerOrderId":"call-1","timeInForce":"GTC","allowMargin":false}}'
)
"""What the library sends."""

Taken = Coroutine[None, None, list[int]]
"""The nanoseconds of each of so many calls to the server on a port."""


async def bare(port: int, calls: int) -> list[int]:
    """From a command to the confirmation, which comes after the receipt."""
    taken: list[int] = []
    async with connect_bare(f"ws://127.0.0.1:{port}/orders", compression=None) as connection:
        for _ in range(calls + WARM_UP):
            began = perf_counter_ns()
            await connection.send(COMMAND, text=True)
            await connection.recv(decode=False)
            await connection.recv(decode=False)
            taken.append(perf_counter_ns() - began)
    return taken[WARM_UP:]


async def place(valr: ValrExchange, name: str) -> int:
    """Nanoseconds from the call to its return, with the order confirmed."""
    began = perf_counter_ns()
    order = await valr.place_limit_order(
        PAIR, Side.BUY, amount="0.01", price="900000", post_only=True, client_order_id=name
    )
    took = perf_counter_ns() - began
    assert order.exchange_order_id is not None
    return took


async def placing(way: Way, port: int, calls: int) -> list[int]:
    """From the library's call to its return."""
    async with trader() as valr:
        connection = await connect(way, f"ws://127.0.0.1:{port}/orders")
        connection.attach(move_to(valr, connection))
        taken = [await place(valr, f"{CALL}{number}") for number in range(calls + WARM_UP)]
        await connection.close()
    return taken[WARM_UP:]


async def placing_under_load(way: Way, port: int, calls: int) -> list[int]:
    """Every 5 ms, while other orders live through their lives."""
    pause_s = 0.005
    orders = round(4 * calls * pause_s * FLOOD_PER_S / len(life(0)))
    async with trader() as valr:
        connection = await connect(way, f"ws://127.0.0.1:{port}/flood/{FLOOD_PER_S}/0/{orders}")
        read = move_to(valr, connection)
        numbers = iter(range(orders))

        def track_next() -> None:
            order, sent = placed(next(numbers), monotonic_ns())
            valr._state.tracker.track(order)  # noqa: SLF001  placed by nobody here, so it is taken in by hand
            valr._started().account.apply(sent)  # noqa: SLF001

        def completed(event: OrderCompleted) -> None:
            if not event.order.client_order_id.startswith(CALL):
                track_next()

        track_next()
        valr.on(OrderCompleted, completed)
        connection.attach(read)
        taken: list[int] = []
        for number in range(calls + WARM_UP):
            taken.append(await place(valr, f"{CALL}{number}"))
            end(valr, f"{CALL}{number}")
            await asyncio.sleep(pause_s)
        await connection.close()
    return taken[WARM_UP:]


def end(valr: ValrExchange, name: str) -> None:
    """Have an order filled: the lists of open orders that arrive know nothing of it."""
    price, amount, fee = Decimal(900_000), Decimal("0.01"), Fee("BTC", Decimal("0.000005"))
    fill = Trade(TradeId(name), price, amount, fee, Liquidity.MAKER, datetime.now(UTC))
    filled = Evidence(says=Says.FILL, source=Source.STREAM, client_order_id=name, trade=fill)
    valr._started().account.apply(filled)  # noqa: SLF001  the server tells no more of it


def percentile(taken: Sequence[int], percent: int) -> float:
    """Nanoseconds that so many of a hundred do not exceed."""
    return statistics.quantiles(taken, n=100, method="inclusive")[percent - 1]


def against_bare(
    what: str,
    bare: Callable[[int, int], Taken],
    library: Callable[[Way, int, int], Taken],
    *,
    port: int,
    calls: int,
    rounds: int,
) -> list[Result]:
    """P6: both take turns; the middle of the rounds' ratios counts."""
    ratios: dict[tuple[Way, int], list[float]] = {(way, percent): [] for way in WAYS for percent in (50, 99)}
    for _ in range(rounds):
        with loop_of("websockets") as runner:
            least = runner.run(bare(port, calls))
        for way in WAYS:
            with loop_of(way) as runner:
                taken = runner.run(library(way, port, calls))
            for percent in (50, 99):
                ratios[way, percent].append(percentile(taken, percent) / percentile(least, percent))
            print(
                f"{what}: bare {percentile(least, 50) / 1e3:.0f} / {percentile(least, 99) / 1e3:.0f} us,"
                f" {way} {percentile(taken, 50) / 1e3:.0f} / {percentile(taken, 99) / 1e3:.0f} us"
            )
    return [
        Result(
            "P6",
            f"{what} over bare, p{percent}, {way}",
            statistics.median(seen),
            MUST_P50 if percent == 50 else MUST_P99,
            AIM if way == "websockets" else AIM_FAST,
        )
        for (way, percent), seen in ratios.items()
    ]


def under_load(port: int, calls: int, rounds: int) -> list[Result]:
    """P7: the middle round's p99."""
    results = []
    for way in WAYS:
        seen = []
        for _ in range(rounds):
            with loop_of(way) as runner:
                taken = runner.run(placing_under_load(way, port, calls))
            slow = slowness()
            seen.append(percentile(taken, 99) / 1e6 / slow)
            print(f"{way} under load: p99 {percentile(taken, 99) / 1e6:.2f} ms; machine {slow:.2f} x slower")
        what = f"place to confirmed among 10,000 frames/s, p99, {way}"
        results.append(Result("P7", what, statistics.median(seen), MUST_LOADED_MS, AIM_LOADED_MS, "ms"))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with order_server() as port:
        results = against_bare(
            "place to confirmed", bare, placing, port=port, calls=options.calls, rounds=options.rounds
        )
        results += under_load(port, options.calls, min(3, options.rounds))
    return tell(results)


if __name__ == "__main__":
    raise SystemExit(main())
